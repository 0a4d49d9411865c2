//! A group that comes back from its metadata goes on where it was.

use super::*;

/// The group after a restart that took `milliseconds`.
fn restart(bench: &mut Bench, milliseconds: u64) {
    bench.set_clock(bench.now.monotonic_ms + milliseconds);
    bench.group = ClassicGroup::restore(bench.group.metadata(), bench.now);
}

#[test]
fn restored_metadata_is_the_same() {
    let mut bench = Bench::new();
    bench.join(static_join("i", "a"));
    bench.sync(leader_sync("a", 1, &[("a", "p0")]));
    let before = bench.group.metadata();
    restart(&mut bench, 5);
    assert_eq!((bench.group.metadata(), bench.state()), (before, "Stable"));
}

#[test]
fn members_of_a_stable_group_go_on_after_a_restart() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    restart(&mut bench, 3_600_000);
    assert_eq!(bench.heartbeat("a", generation), Ok(()));
    let sync = bench.sync(follower_sync("b", generation));
    assert_eq!(bench.synced(sync), Bytes::from("b"));
}

#[test]
fn members_that_stay_silent_after_a_restart_expire() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    restart(&mut bench, 3_600_000);
    bench.pass(SESSION_MS);
    assert_eq!((bench.state(), bench.group.generation_id()), ("Empty", generation + 1));
}

#[test]
fn follower_that_repeats_its_join_after_a_restart_causes_no_rebalance() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    restart(&mut bench, 10);
    let b = bench.join(rejoin("b"));
    assert_eq!(bench.joined(b).generation_id, generation);
}

#[test]
fn static_member_is_known_by_its_instance_after_a_restart() {
    let mut bench = Bench::new();
    bench.join(static_join("i", "a"));
    bench.sync(leader_sync("a", 1, &[("a", "p0")]));
    restart(&mut bench, 10);
    let back = bench.join(static_join("i", "a2"));
    assert_eq!((bench.joined(back).generation_id, bench.state()), (1, "Stable"));
}

#[test]
fn empty_group_keeps_counting_generations_after_a_restart() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    bench.leave(&[dynamic("a")]);
    restart(&mut bench, 10);
    let join = bench.join(first_join("b"));
    assert_eq!(bench.joined(join).generation_id, generation + 2);
}
