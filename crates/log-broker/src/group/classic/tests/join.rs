//! Joining: ids, protocols, the initial delay, who waits and who is let through.

use super::*;
use crate::group::classic::JoinRefusal;
use crate::group::classic::JoinedMember;

fn with_protocols(request: JoinRequest, names: &[&str]) -> JoinRequest {
    JoinRequest { protocols: protocols(names), ..request }
}

fn changed(id: &str) -> JoinRequest {
    let mut request = rejoin(id);
    request.protocols[0].metadata = Bytes::from_static(b"other topics");
    request
}

#[test]
fn first_join_without_delay_is_answered_at_once_and_leads() {
    let mut bench = Bench::new();
    let join = bench.join(first_join("a"));
    let member = JoinedMember {
        member_id: "a".to_owned(),
        instance_id: None,
        metadata: Bytes::from_static(b"m"),
    };
    let want = Joined {
        generation_id: 1,
        protocol_type: "consumer".to_owned(),
        protocol: "range".to_owned(),
        leader: "a".to_owned(),
        member_id: "a".to_owned(),
        skip_assignment: false,
        members: vec![member],
    };
    assert_eq!(bench.joined(join), want);
    assert_eq!(bench.state(), "CompletingRebalance");
}

#[test]
fn dynamic_member_of_version_4_must_come_back_with_the_id_it_is_given() {
    let mut bench = Bench::new();
    let ask = bench.join(JoinRequest { requires_known_member: true, ..first_join("a") });
    let refusal = JoinRefusal { error: ResponseError::MemberIdRequired, member_id: "a".to_owned() };
    assert_eq!(bench.joins[&ask], Err(refusal));
    assert_eq!(bench.state(), "Empty");
    let join = bench.join(JoinRequest { requires_known_member: true, ..rejoin("a") });
    assert_eq!(bench.joined(join).member_id, "a");
}

#[test]
fn static_member_needs_no_second_join() {
    let mut bench = Bench::new();
    let join = bench.join(JoinRequest { requires_known_member: true, ..static_join("i", "a") });
    assert_eq!(bench.joined(join).member_id, "a");
}

#[test]
fn id_that_was_never_handed_out_is_unknown() {
    let mut bench = Bench::new();
    let join = bench.join(rejoin("stranger"));
    assert_eq!(bench.join_error(join), ResponseError::UnknownMemberId);
}

#[test]
fn handed_out_id_is_forgotten_after_a_session_timeout() {
    let mut bench = Bench::new();
    bench.join(JoinRequest { requires_known_member: true, ..first_join("a") });
    assert!(!bench.group.is_abandoned());
    bench.pass(SESSION_MS);
    assert!(bench.group.is_abandoned());
    let join = bench.join(rejoin("a"));
    assert_eq!(bench.join_error(join), ResponseError::UnknownMemberId);
}

#[test]
fn rebalance_waits_for_a_member_that_was_handed_an_id() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    bench.join(JoinRequest { requires_known_member: true, ..first_join("b") });
    let a = bench.join(rejoin("a"));
    assert!(bench.join_waits(a));
    let b = bench.join(rejoin("b"));
    assert_eq!((bench.joined(a).generation_id, bench.joined(b).generation_id), (2, 2));
}

#[test]
fn rebalance_goes_on_when_the_pending_member_does_not_come() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    bench.join(JoinRequest { requires_known_member: true, ..first_join("b") });
    let a = bench.join(rejoin("a"));
    bench.pass(SESSION_MS);
    assert_eq!(bench.joined(a).members.len(), 1);
}

#[test]
fn session_timeout_outside_the_bounds_is_refused() {
    let config = GroupConfig::default();
    let check =
        |session_timeout_ms| JoinRequest { session_timeout_ms, ..first_join("a") }.check(&config);
    assert_eq!(check(5_999), Err(ResponseError::InvalidSessionTimeout));
    assert_eq!(check(6_000), Ok(()));
    assert_eq!(check(1_800_000), Ok(()));
    assert_eq!(check(1_800_001), Err(ResponseError::InvalidSessionTimeout));
}

#[test]
fn member_metadata_beyond_its_limit_is_refused() {
    let config = GroupConfig { max_member_metadata_bytes: 6, ..GroupConfig::default() };
    assert_eq!(first_join("a").check(&config), Ok(()));
    let config = GroupConfig { max_member_metadata_bytes: 5, ..config };
    assert_eq!(first_join("a").check(&config), Err(ResponseError::GroupMaxSizeReached));
}

#[test]
fn a_member_names_as_many_protocols_as_can_be_compared_under_a_lock() {
    let named = |count: usize| {
        let name = |at| Protocol { name: format!("p{at}"), metadata: Bytes::new() };
        JoinRequest { protocols: (0..count).map(name).collect(), ..first_join("a") }
    };
    let config = GroupConfig::default();
    assert_eq!(named(32).check(&config), Ok(()));
    assert_eq!(named(33).check(&config), Err(ResponseError::GroupMaxSizeReached));
}

#[test]
fn join_without_protocols_or_type_is_inconsistent() {
    let mut bench = Bench::new();
    let none = bench.join(with_protocols(first_join("a"), &[]));
    let untyped = bench.join(JoinRequest { protocol_type: String::new(), ..first_join("a") });
    assert_eq!(bench.join_error(none), ResponseError::InconsistentGroupProtocol);
    assert_eq!(bench.join_error(untyped), ResponseError::InconsistentGroupProtocol);
}

#[test]
fn join_with_another_type_or_no_common_protocol_is_inconsistent() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    let connect =
        bench.join(JoinRequest { protocol_type: "connect".to_owned(), ..first_join("b") });
    let foreign = bench.join(with_protocols(first_join("b"), &["sticky"]));
    assert_eq!(bench.join_error(connect), ResponseError::InconsistentGroupProtocol);
    assert_eq!(bench.join_error(foreign), ResponseError::InconsistentGroupProtocol);
    assert_eq!(bench.state(), "Stable");
}

#[test]
fn empty_group_takes_another_protocol_type() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    bench.leave(&[dynamic("a")]);
    let join = bench.join(JoinRequest { protocol_type: "connect".to_owned(), ..first_join("b") });
    assert_eq!(bench.joined(join).protocol_type, "connect");
}

#[test]
fn most_votes_among_the_protocols_of_all_win() {
    let mut bench = Bench::new();
    bench.join(with_protocols(first_join("a"), &["range", "sticky", "own"]));
    bench.join(with_protocols(first_join("b"), &["sticky", "range"]));
    bench.join(with_protocols(first_join("c"), &["alien", "sticky", "range"]));
    let a = bench.join(with_protocols(rejoin("a"), &["range", "sticky", "own"]));
    let b = bench.join(with_protocols(rejoin("b"), &["sticky", "range"]));
    assert_eq!(bench.joined(a).protocol, "sticky");
    assert_eq!(bench.joined(b).protocol, "sticky");
}

#[test]
fn leader_settles_a_tied_vote() {
    let mut bench = Bench::new();
    bench.join(with_protocols(first_join("b"), &["range", "sticky"]));
    bench.join(with_protocols(first_join("a"), &["sticky", "range"]));
    let b = bench.join(with_protocols(rejoin("b"), &["range", "sticky"]));
    assert_eq!(bench.joined(b).protocol, "range");
}

#[test]
fn initial_rebalance_waits_and_waits_again_while_members_arrive() {
    let mut bench = Bench::with(GroupConfig::default());
    let a = bench.join(first_join("a"));
    bench.pass(2_000);
    let b = bench.join(first_join("b"));
    bench.pass(3_999);
    assert!(bench.join_waits(a) && bench.join_waits(b));
    bench.pass(1);
    assert_eq!(bench.joined(a).members.len(), 2);
    assert_eq!(bench.joined(b).generation_id, 1);
}

#[test]
fn initial_rebalance_ends_when_nobody_else_arrives() {
    let mut bench = Bench::with(GroupConfig::default());
    let a = bench.join(first_join("a"));
    bench.pass(2_999);
    assert!(bench.join_waits(a));
    bench.pass(1);
    assert_eq!(bench.joined(a).generation_id, 1);
}

#[test]
fn initial_rebalance_never_outlasts_the_rebalance_timeout() {
    let mut bench = Bench::with(GroupConfig::default());
    let short = |id| JoinRequest { rebalance_timeout_ms: 7_000, ..first_join(id) };
    let first = bench.join(short("a"));
    for id in ["b", "c", "d"] {
        bench.pass(2_000);
        bench.join(short(id));
    }
    assert!(bench.join_waits(first));
    bench.pass(1_000);
    assert_eq!(bench.joined(first).members.len(), 4);
}

#[test]
fn new_member_rebalances_a_stable_group_and_the_leader_stays() {
    let mut bench = Bench::new();
    bench.stable(&["b"]);
    let a = bench.join(first_join("a"));
    assert_eq!(bench.state(), "PreparingRebalance");
    assert!(bench.join_waits(a));
    let b = bench.join(rejoin("b"));
    assert_eq!((bench.joined(a).leader, bench.joined(b).leader), ("b".to_owned(), "b".to_owned()));
    assert_eq!((bench.joined(a).members.len(), bench.joined(b).members.len()), (0, 2));
}

#[test]
fn member_that_misses_the_rebalance_is_dropped_and_another_leads() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    let b = bench.join(changed("b"));
    for _ in 0..REBALANCE_MS / 5_000 {
        bench.pass(5_000);
        let _ = bench.heartbeat("a", generation);
    }
    let joined = bench.joined(b);
    assert_eq!((joined.leader.as_str(), joined.members.len()), ("b", 1));
    assert_eq!(bench.heartbeat("a", generation), Err(ResponseError::UnknownMemberId));
}

#[test]
fn follower_that_repeats_itself_in_a_stable_group_gets_its_generation_back() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    let b = bench.join(rejoin("b"));
    assert_eq!(bench.joined(b).generation_id, generation);
    assert_eq!(bench.joined(b).members, vec![]);
    assert_eq!(bench.state(), "Stable");
}

#[test]
fn leader_that_rejoins_a_stable_group_always_rebalances() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b"]);
    bench.join(rejoin("a"));
    assert_eq!(bench.state(), "PreparingRebalance");
}

#[test]
fn follower_with_changed_metadata_rebalances_a_stable_group() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b"]);
    bench.join(changed("b"));
    assert_eq!(bench.state(), "PreparingRebalance");
}

#[test]
fn lost_join_answer_is_repeated_while_the_group_waits_for_its_leader() {
    let mut bench = Bench::new();
    let first = bench.join(first_join("a"));
    let again = bench.join(rejoin("a"));
    assert_eq!(bench.joined(again), bench.joined(first));
    assert_eq!(bench.state(), "CompletingRebalance");
}

#[test]
fn changed_metadata_while_completing_starts_over() {
    let mut bench = Bench::new();
    bench.join(first_join("a"));
    let again = bench.join(changed("a"));
    assert_eq!(bench.joined(again).generation_id, 2);
}

#[test]
fn second_join_of_a_waiting_member_ends_the_first_one() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b"]);
    let first = bench.join(rejoin("a"));
    let second = bench.join(rejoin("a"));
    assert_eq!(bench.join_error(first), ResponseError::RebalanceInProgress);
    assert!(bench.join_waits(second));
}

#[test]
fn full_group_refuses_a_newcomer_and_keeps_its_members() {
    let mut bench = Bench::new();
    bench.config.max_size = 2;
    bench.stable(&["a", "b"]);
    let c = bench.join(first_join("c"));
    let refusal =
        JoinRefusal { error: ResponseError::GroupMaxSizeReached, member_id: String::new() };
    assert_eq!(bench.joins[&c], Err(refusal));
    assert_eq!(bench.state(), "Stable");
}

#[test]
fn seat_of_a_member_that_has_not_rejoined_is_free_during_a_rebalance() {
    let mut bench = Bench::new();
    bench.config.max_size = 2;
    bench.stable(&["a", "b"]);
    let a = bench.join(rejoin("a"));
    let c = bench.join(first_join("c"));
    let b = bench.join(rejoin("b"));
    assert_eq!(bench.join_error(b), ResponseError::GroupMaxSizeReached);
    assert_eq!(bench.joined(a).members.len(), 2);
    assert_eq!(bench.joined(c).generation_id, bench.joined(a).generation_id);
}

#[test]
fn ids_handed_out_are_limited_as_members_are() {
    let mut bench = Bench::new();
    bench.config.max_size = 1;
    bench.join(JoinRequest { requires_known_member: true, ..first_join("a") });
    let b = bench.join(JoinRequest { requires_known_member: true, ..first_join("b") });
    assert_eq!(bench.join_error(b), ResponseError::GroupMaxSizeReached);
}

#[test]
fn new_member_that_is_never_answered_is_given_up_after_five_minutes() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    let slow = JoinRequest { rebalance_timeout_ms: 3_600_000, ..rejoin("a") };
    bench.join(JoinRequest { rebalance_timeout_ms: 3_600_000, ..first_join("b") });
    bench.join(JoinRequest {
        requires_known_member: true,
        session_timeout_ms: 1_000_000,
        ..first_join("c")
    });
    bench.join(slow);
    bench.pass(299_999);
    assert_eq!(bench.group.members().count(), 2);
    bench.pass(1);
    assert_eq!(bench.group.members().map(|(id, _)| id).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn dead_group_asks_to_look_again() {
    let mut bench = Bench::new();
    bench.group.die();
    let join = bench.join(first_join("a"));
    assert_eq!(bench.join_error(join), ResponseError::CoordinatorNotAvailable);
}
