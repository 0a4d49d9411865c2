//! Static membership: taking over an old place, and fencing whoever held it.

use super::*;

/// Two static members, leader "a" (instance "i") and "b" (instance "j"), stable.
fn stable_pair(bench: &mut Bench) -> i32 {
    bench.join(static_join("i", "a"));
    bench.join(static_join("j", "b"));
    bench.join(JoinRequest { identity: fixed("a", "i"), ..first_join("unused") });
    let generation = bench.group.generation_id();
    bench.sync(leader_sync("a", generation, &[("a", "p0"), ("b", "p1")]));
    bench.sync(follower_sync("b", generation));
    assert_eq!(bench.state(), "Stable");
    generation
}

fn subscribed(request: JoinRequest, topic: &str) -> JoinRequest {
    let mut metadata = vec![0, 0, 0, 0, 0, 1, 0, u8::try_from(topic.len()).unwrap()];
    metadata.extend_from_slice(topic.as_bytes());
    let protocols = vec![Protocol { name: "range".to_owned(), metadata: metadata.into() }];
    JoinRequest { protocols, ..request }
}

#[test]
fn returning_follower_takes_its_old_place_without_a_rebalance() {
    let mut bench = Bench::new();
    let generation = stable_pair(&mut bench);
    let persisted = bench.persisted;
    let back = bench.join(static_join("j", "b2"));
    let joined = bench.joined(back);
    assert_eq!((joined.generation_id, joined.member_id.as_str()), (generation, "b2"));
    assert_eq!((joined.leader.as_str(), joined.skip_assignment), ("a", false));
    assert_eq!((bench.state(), bench.persisted), ("Stable", persisted + 1));
    let sync = bench.sync(follower_sync("b2", generation));
    assert_eq!(bench.synced(sync), Bytes::from("p1"));
}

#[test]
fn returning_leader_of_version_9_leads_and_skips_the_assignment() {
    let mut bench = Bench::new();
    stable_pair(&mut bench);
    let back = bench.join(JoinRequest { can_skip_assignment: true, ..static_join("i", "a2") });
    let joined = bench.joined(back);
    assert_eq!((joined.leader.as_str(), joined.skip_assignment), ("a2", true));
    assert_eq!(joined.members.len(), 2);
}

#[test]
fn returning_leader_before_version_9_is_not_told_that_it_leads() {
    let mut bench = Bench::new();
    stable_pair(&mut bench);
    let back = bench.join(static_join("i", "a2"));
    let joined = bench.joined(back);
    assert_eq!((joined.leader.as_str(), joined.skip_assignment), ("a", false));
    assert_eq!(joined.members, vec![]);
}

#[test]
fn every_call_of_the_replaced_member_is_fenced() {
    let mut bench = Bench::new();
    let generation = stable_pair(&mut bench);
    bench.join(static_join("j", "b2"));
    let old = fixed("b", "j");
    let beat = bench.step(|group, step| group.heartbeat(&old, generation, step));
    let sync = bench.sync(SyncRequest { identity: old.clone(), ..follower_sync("", generation) });
    let join = bench.join(JoinRequest { identity: old.clone(), ..first_join("unused") });
    assert_eq!(beat, Err(ResponseError::FencedInstanceId));
    assert_eq!(bench.sync_error(sync), ResponseError::FencedInstanceId);
    assert_eq!(bench.join_error(join), ResponseError::FencedInstanceId);
    assert_eq!(bench.leave(&[old]), [Err(ResponseError::FencedInstanceId)]);
}

#[test]
fn waiting_requests_of_the_replaced_member_are_fenced() {
    let mut bench = Bench::new();
    stable_pair(&mut bench);
    let old = bench.join(JoinRequest { identity: fixed("a", "i"), ..first_join("unused") });
    assert!(bench.join_waits(old));
    let new = bench.join(static_join("i", "a2"));
    assert_eq!(bench.join_error(old), ResponseError::FencedInstanceId);
    assert!(bench.join_waits(new));
}

#[test]
fn replacement_while_the_leader_assigns_starts_over() {
    let mut bench = Bench::new();
    stable_pair(&mut bench);
    bench.join(JoinRequest { identity: fixed("a", "i"), ..first_join("unused") });
    bench.join(JoinRequest { identity: fixed("b", "j"), ..first_join("unused") });
    assert_eq!(bench.state(), "CompletingRebalance");
    let generation = bench.group.generation_id();
    let sync = bench.sync(follower_sync("b", generation));
    bench.join(static_join("j", "b2"));
    assert_eq!(bench.sync_error(sync), ResponseError::FencedInstanceId);
    assert_eq!(bench.state(), "PreparingRebalance");
}

#[test]
fn member_that_returns_with_another_protocol_choice_rebalances() {
    let mut bench = Bench::new();
    let both = |request| JoinRequest { protocols: protocols(&["range", "sticky"]), ..request };
    bench.join(both(static_join("i", "a")));
    bench.sync(leader_sync("a", 1, &[]));
    let other =
        JoinRequest { protocols: protocols(&["sticky", "range"]), ..static_join("i", "a2") };
    let back = bench.join(other);
    assert_eq!(
        (bench.joined(back).generation_id, bench.joined(back).protocol),
        (2, "sticky".to_owned())
    );
}

#[test]
fn member_that_returns_with_other_topics_rebalances() {
    let mut bench = Bench::new();
    bench.join(subscribed(static_join("i", "a"), "orders"));
    bench.sync(leader_sync("a", 1, &[]));
    let same = bench.join(subscribed(static_join("i", "a2"), "orders"));
    assert_eq!(bench.joined(same).generation_id, 1);
    let other = bench.join(subscribed(static_join("i", "a3"), "payments"));
    assert_eq!(bench.joined(other).generation_id, 2);
}

#[test]
fn rebalance_goes_on_without_an_absent_static_member_which_stays() {
    let mut bench = Bench::new();
    let long = |request| JoinRequest { session_timeout_ms: 200_000, ..request };
    bench.join(long(static_join("i", "a")));
    bench.join(long(static_join("j", "b")));
    let a = bench.join(long(JoinRequest { identity: fixed("a", "i"), ..first_join("unused") }));
    let generation = bench.joined(a).generation_id;
    bench.sync(leader_sync("a", generation, &[]));
    bench.sync(follower_sync("b", generation));
    let a = bench.join(long(JoinRequest { identity: fixed("a", "i"), ..first_join("unused") }));
    bench.pass(REBALANCE_MS);
    assert_eq!(bench.joined(a).members.len(), 2);
    bench.sync(leader_sync("a", generation + 1, &[("b", "p1")]));
    assert_eq!(bench.state(), "Stable");
    let back = bench.join(long(static_join("j", "b2")));
    assert_eq!(bench.joined(back).generation_id, generation + 1);
}

#[test]
fn absent_static_leader_hands_over() {
    let mut bench = Bench::new();
    let long = |request| JoinRequest { session_timeout_ms: 200_000, ..request };
    bench.join(long(static_join("i", "a")));
    bench.sync(leader_sync("a", 1, &[]));
    let b = bench.join(long(static_join("j", "b")));
    bench.pass(REBALANCE_MS);
    assert_eq!((bench.joined(b).leader.as_str(), bench.joined(b).members.len()), ("b", 2));
}

#[test]
fn rebalance_with_absent_static_members_only_waits_for_their_sessions() {
    let mut bench = Bench::new();
    let long = |request| JoinRequest { session_timeout_ms: 200_000, ..request };
    bench.join(long(static_join("i", "a")));
    bench.sync(leader_sync("a", 1, &[]));
    bench.join(first_join("x"));
    bench.leave(&[dynamic("x")]);
    bench.pass(REBALANCE_MS * 2);
    assert_eq!((bench.state(), bench.group.generation_id()), ("PreparingRebalance", 1));
    bench.pass(200_000);
    assert_eq!((bench.state(), bench.group.generation_id()), ("Empty", 2));
}

#[test]
fn full_group_lets_a_static_member_come_back() {
    let mut bench = Bench::new();
    bench.config.max_size = 2;
    let generation = stable_pair(&mut bench);
    let back = bench.join(static_join("j", "b2"));
    assert_eq!(bench.joined(back).generation_id, generation);
}

#[test]
fn instance_id_with_an_unknown_member_id_is_unknown() {
    let mut bench = Bench::new();
    let join = bench.join(JoinRequest { identity: fixed("a", "i"), ..first_join("unused") });
    assert_eq!(bench.join_error(join), ResponseError::UnknownMemberId);
}
