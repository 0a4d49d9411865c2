//! Heartbeats and session expiry in every state.

use super::*;

#[test]
fn heartbeat_keeps_a_member_alive_and_silence_ends_it() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    for _ in 0..5 {
        bench.pass(SESSION_MS - 1);
        assert_eq!(bench.heartbeat("a", generation), Ok(()));
    }
    bench.pass(SESSION_MS);
    assert_eq!(bench.state(), "Empty");
    assert_eq!(bench.heartbeat("a", generation), Err(ResponseError::UnknownMemberId));
}

#[test]
fn last_member_gone_leaves_an_empty_group_with_a_new_persisted_generation() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    let persisted = bench.persisted;
    bench.pass(SESSION_MS);
    assert_eq!((bench.state(), bench.group.generation_id()), ("Empty", generation + 1));
    assert_eq!((bench.persisted, bench.group.protocol()), (persisted + 1, None));
    assert_eq!(bench.group.protocol_type(), Some("consumer"));
}

#[test]
fn heartbeat_during_a_rebalance_says_so_and_counts() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    bench.join(rejoin("a"));
    for _ in 0..3 {
        bench.pass(SESSION_MS - 1);
        assert_eq!(bench.heartbeat("b", generation), Err(ResponseError::RebalanceInProgress));
    }
    assert_eq!(bench.group.members().count(), 2);
}

#[test]
fn heartbeat_while_the_leader_assigns_is_fine() {
    let mut bench = Bench::new();
    bench.join(first_join("a"));
    assert_eq!(bench.heartbeat("a", 1), Ok(()));
    assert_eq!(bench.state(), "CompletingRebalance");
}

#[test]
fn heartbeat_of_another_generation_is_illegal() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    assert_eq!(bench.heartbeat("a", generation - 1), Err(ResponseError::IllegalGeneration));
    assert_eq!(bench.heartbeat("a", generation + 1), Err(ResponseError::IllegalGeneration));
}

#[test]
fn heartbeat_of_a_stranger_is_unknown() {
    let mut bench = Bench::new();
    assert_eq!(bench.heartbeat("a", 0), Err(ResponseError::UnknownMemberId));
    let generation = bench.stable(&["a"]);
    assert_eq!(bench.heartbeat("b", generation), Err(ResponseError::UnknownMemberId));
}

#[test]
fn heartbeat_on_a_dead_group_asks_to_look_again() {
    let mut bench = Bench::new();
    bench.group.die();
    assert_eq!(bench.heartbeat("a", 0), Err(ResponseError::CoordinatorNotAvailable));
}

#[test]
fn member_that_waits_for_its_join_answer_does_not_expire() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    let a = bench.join(rejoin("a"));
    for _ in 0..5 {
        bench.pass(SESSION_MS - 1);
        let _ = bench.heartbeat("b", generation);
    }
    assert!(bench.join_waits(a));
    assert_eq!(bench.group.members().count(), 2);
}

#[test]
fn member_that_waits_for_its_assignment_does_not_expire() {
    let mut bench = Bench::new();
    bench.join(first_join("a"));
    bench.join(first_join("b"));
    bench.join(rejoin("a"));
    let generation = bench.group.generation_id();
    let b = bench.sync(follower_sync("b", generation));
    for _ in 0..5 {
        bench.pass(SESSION_MS - 1);
        assert_eq!(bench.heartbeat("a", generation), Ok(()));
    }
    assert!(bench.sync_waits(b));
}

#[test]
fn silence_of_one_member_rebalances_the_others() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    bench.pass(SESSION_MS - 1);
    assert_eq!(bench.heartbeat("b", generation), Ok(()));
    bench.pass(1);
    assert_eq!(bench.state(), "PreparingRebalance");
    let b = bench.join(rejoin("b"));
    assert_eq!((bench.joined(b).leader.as_str(), bench.joined(b).members.len()), ("b", 1));
}

#[test]
fn silence_of_the_last_missing_member_completes_the_rebalance() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b"]);
    let a = bench.join(rejoin("a"));
    bench.pass(SESSION_MS);
    assert_eq!(bench.joined(a).members.len(), 1);
}

#[test]
fn answered_member_has_a_whole_session_to_sync() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b"]);
    let a = bench.join(rejoin("a"));
    bench.pass(SESSION_MS - 1);
    bench.join(rejoin("b"));
    let generation = bench.joined(a).generation_id;
    bench.pass(SESSION_MS - 1);
    assert_eq!(bench.heartbeat("a", generation), Ok(()));
}
