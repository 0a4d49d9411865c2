//! Leaving: alone, in a batch, by instance id, while others wait.

use super::*;

#[test]
fn leaving_member_rebalances_the_others() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b"]);
    assert_eq!(bench.leave(&[dynamic("b")]), [Ok(())]);
    assert_eq!(bench.state(), "PreparingRebalance");
    let a = bench.join(rejoin("a"));
    assert_eq!(bench.joined(a).members.len(), 1);
}

#[test]
fn last_member_to_leave_empties_the_group() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    assert_eq!(bench.leave(&[dynamic("a")]), [Ok(())]);
    assert_eq!((bench.state(), bench.group.generation_id()), ("Empty", generation + 1));
}

#[test]
fn stranger_that_leaves_is_unknown_and_disturbs_nobody() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    assert_eq!(bench.leave(&[dynamic("b")]), [Err(ResponseError::UnknownMemberId)]);
    assert_eq!(bench.state(), "Stable");
}

#[test]
fn waiting_join_of_a_leaving_member_is_answered() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b"]);
    let a = bench.join(rejoin("a"));
    bench.leave(&[dynamic("a")]);
    assert_eq!(bench.join_error(a), ResponseError::UnknownMemberId);
}

#[test]
fn waiting_sync_of_a_leaving_member_is_answered() {
    let mut bench = Bench::new();
    bench.join(first_join("a"));
    bench.join(first_join("b"));
    bench.join(rejoin("a"));
    let generation = bench.group.generation_id();
    let b = bench.sync(follower_sync("b", generation));
    bench.leave(&[dynamic("b")]);
    assert_eq!(bench.sync_error(b), ResponseError::UnknownMemberId);
    assert_eq!(bench.state(), "PreparingRebalance");
}

#[test]
fn last_missing_member_to_leave_completes_the_rebalance() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b"]);
    let a = bench.join(rejoin("a"));
    bench.leave(&[dynamic("b")]);
    assert_eq!(bench.joined(a).members.len(), 1);
}

#[test]
fn handed_out_id_can_be_given_back() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    bench.join(JoinRequest { requires_known_member: true, ..first_join("b") });
    assert_eq!(bench.leave(&[dynamic("b")]), [Ok(())]);
    assert_eq!(bench.state(), "Stable");
    let b = bench.join(rejoin("b"));
    assert_eq!(bench.join_error(b), ResponseError::UnknownMemberId);
}

#[test]
fn handed_out_id_given_back_completes_a_rebalance_that_waits_for_it() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    bench.join(JoinRequest { requires_known_member: true, ..first_join("b") });
    let a = bench.join(rejoin("a"));
    bench.leave(&[dynamic("b")]);
    assert_eq!(bench.joined(a).members.len(), 1);
}

#[test]
fn batch_answers_each_member_and_rebalances_once() {
    let mut bench = Bench::new();
    bench.stable(&["a", "b", "c"]);
    let generation = bench.group.generation_id();
    let gone = [dynamic("a"), dynamic("ghost"), dynamic("c"), dynamic("a")];
    let unknown = Err(ResponseError::UnknownMemberId);
    assert_eq!(bench.leave(&gone), [Ok(()), unknown, Ok(()), unknown]);
    let b = bench.join(rejoin("b"));
    assert_eq!(bench.joined(b).generation_id, generation + 1);
}

#[test]
fn batch_of_all_members_empties_the_group_in_one_generation() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    assert_eq!(bench.leave(&[dynamic("a"), dynamic("b")]), [Ok(()), Ok(())]);
    assert_eq!((bench.state(), bench.group.generation_id()), ("Empty", generation + 1));
}

#[test]
fn administrator_removes_a_static_member_by_its_instance_id() {
    let mut bench = Bench::new();
    bench.join(static_join("i", "a"));
    let unknown = Err(ResponseError::UnknownMemberId);
    assert_eq!(bench.leave(&[fixed("", "other"), fixed("", "i")]), [unknown, Ok(())]);
    assert_eq!(bench.state(), "Empty");
}

#[test]
fn wrong_member_id_with_an_instance_id_is_fenced() {
    let mut bench = Bench::new();
    bench.join(static_join("i", "a"));
    assert_eq!(bench.leave(&[fixed("b", "i")]), [Err(ResponseError::FencedInstanceId)]);
}

#[test]
fn dead_group_cannot_be_left() {
    let mut bench = Bench::new();
    bench.group.die();
    let left = bench.step(|group, step| group.leave(&[dynamic("a")], step));
    assert_eq!(left, Err(ResponseError::CoordinatorNotAvailable));
}
