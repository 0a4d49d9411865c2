//! Syncing: followers wait for the leader, everyone gets its own part once.

use super::*;

/// Two members in `CompletingRebalance` of the returned generation; "a" leads.
fn completing(bench: &mut Bench) -> i32 {
    bench.join(first_join("a"));
    bench.join(first_join("b"));
    bench.join(rejoin("a"));
    assert_eq!(bench.state(), "CompletingRebalance");
    bench.group.generation_id()
}

#[test]
fn follower_waits_until_the_leader_has_synced() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    let b = bench.sync(follower_sync("b", generation));
    assert!(bench.sync_waits(b));
    let a = bench.sync(leader_sync("a", generation, &[("a", "p0"), ("b", "p1")]));
    assert_eq!((bench.synced(a), bench.synced(b)), (Bytes::from("p0"), Bytes::from("p1")));
    assert_eq!((bench.state(), bench.persisted), ("Stable", 1));
}

#[test]
fn sync_in_a_stable_group_returns_the_saved_assignment() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    bench.sync(leader_sync("a", generation, &[("a", "p0"), ("b", "p1")]));
    let first = bench.sync(follower_sync("b", generation));
    let again = bench.sync(follower_sync("b", generation));
    assert_eq!((bench.synced(first), bench.synced(again)), (Bytes::from("p1"), Bytes::from("p1")));
    assert_eq!(bench.persisted, 1);
}

#[test]
fn forgotten_member_gets_an_empty_assignment_and_an_invented_one_is_ignored() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    let b = bench.sync(follower_sync("b", generation));
    bench.sync(leader_sync("a", generation, &[("a", "p0"), ("ghost", "p1")]));
    assert_eq!(bench.synced(b), Bytes::new());
    assert_eq!(bench.group.members().count(), 2);
}

#[test]
fn assignment_from_a_follower_is_not_taken() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    let b = bench.sync(leader_sync("b", generation, &[("b", "everything")]));
    assert!(bench.sync_waits(b));
    bench.sync(leader_sync("a", generation, &[("b", "p1")]));
    assert_eq!(bench.synced(b), Bytes::from("p1"));
}

#[test]
fn sync_of_another_generation_is_illegal() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    let late = bench.sync(follower_sync("b", generation - 1));
    assert_eq!(bench.sync_error(late), ResponseError::IllegalGeneration);
}

#[test]
fn sync_of_a_stranger_is_unknown() {
    let mut bench = Bench::new();
    let empty = bench.sync(follower_sync("x", 0));
    let generation = completing(&mut bench);
    let stranger = bench.sync(follower_sync("x", generation));
    assert_eq!(bench.sync_error(empty), ResponseError::UnknownMemberId);
    assert_eq!(bench.sync_error(stranger), ResponseError::UnknownMemberId);
}

#[test]
fn sync_with_another_protocol_or_type_is_inconsistent() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    let other = Some("sticky".to_owned());
    let name = bench.sync(SyncRequest { protocol: other, ..follower_sync("b", generation) });
    let other = Some("connect".to_owned());
    let kind = bench.sync(SyncRequest { protocol_type: other, ..follower_sync("b", generation) });
    assert_eq!(bench.sync_error(name), ResponseError::InconsistentGroupProtocol);
    assert_eq!(bench.sync_error(kind), ResponseError::InconsistentGroupProtocol);
}

#[test]
fn sync_during_a_new_rebalance_is_told_to_rejoin() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    bench.join(rejoin("a"));
    let b = bench.sync(follower_sync("b", generation));
    assert_eq!(bench.sync_error(b), ResponseError::RebalanceInProgress);
}

#[test]
fn waiting_sync_is_told_to_rejoin_when_a_newcomer_starts_the_rebalance_over() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    let b = bench.sync(follower_sync("b", generation));
    bench.join(first_join("c"));
    assert_eq!(bench.sync_error(b), ResponseError::RebalanceInProgress);
    assert_eq!(bench.state(), "PreparingRebalance");
}

#[test]
fn second_sync_of_a_waiting_member_ends_the_first_one() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    let first = bench.sync(follower_sync("b", generation));
    let second = bench.sync(follower_sync("b", generation));
    assert_eq!(bench.sync_error(first), ResponseError::RebalanceInProgress);
    assert!(bench.sync_waits(second));
}

#[test]
fn leader_that_never_syncs_is_dropped_and_the_others_rebalance() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    let b = bench.sync(follower_sync("b", generation));
    for _ in 0..REBALANCE_MS / 5_000 {
        bench.pass(5_000);
        let _ = bench.heartbeat("a", generation);
    }
    assert_eq!(bench.sync_error(b), ResponseError::RebalanceInProgress);
    let b = bench.join(rejoin("b"));
    assert_eq!((bench.joined(b).leader.as_str(), bench.joined(b).members.len()), ("b", 1));
}

#[test]
fn follower_that_never_asks_for_its_assignment_is_dropped() {
    let mut bench = Bench::new();
    let generation = completing(&mut bench);
    bench.sync(leader_sync("a", generation, &[("a", "p0"), ("b", "p1")]));
    for _ in 0..REBALANCE_MS / 5_000 {
        bench.pass(5_000);
        let _ = bench.heartbeat("a", generation);
        let _ = bench.heartbeat("b", generation);
    }
    assert_eq!(bench.state(), "PreparingRebalance");
    assert_eq!(bench.heartbeat("b", generation), Err(ResponseError::UnknownMemberId));
}

#[test]
fn dead_group_answers_no_sync() {
    let mut bench = Bench::new();
    bench.group.die();
    let sync = bench.sync(follower_sync("a", 1));
    assert_eq!(bench.sync_error(sync), ResponseError::CoordinatorNotAvailable);
}
