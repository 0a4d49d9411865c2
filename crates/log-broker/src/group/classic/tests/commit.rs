//! Who may commit offsets, by state.

use super::*;

fn commit(
    bench: &mut Bench,
    identity: &MemberIdentity,
    generation: i32,
) -> Result<(), ResponseError> {
    bench.step(|group, step| group.commit(identity, generation, step))
}

#[test]
fn consumer_without_membership_commits_for_an_empty_group_only() {
    let mut bench = Bench::new();
    assert_eq!(commit(&mut bench, &dynamic(""), -1), Ok(()));
    bench.stable(&["a"]);
    assert_eq!(commit(&mut bench, &dynamic(""), -1), Err(ResponseError::UnknownMemberId));
}

#[test]
fn member_commits_in_its_generation_only() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    assert_eq!(commit(&mut bench, &dynamic("a"), generation), Ok(()));
    let illegal = Err(ResponseError::IllegalGeneration);
    assert_eq!(commit(&mut bench, &dynamic("a"), generation - 1), illegal);
    assert_eq!(commit(&mut bench, &dynamic("a"), -1), illegal);
    assert_eq!(commit(&mut bench, &dynamic("b"), generation), Err(ResponseError::UnknownMemberId));
}

#[test]
fn former_member_cannot_commit_for_the_empty_group() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    bench.leave(&[dynamic("a")]);
    assert_eq!(commit(&mut bench, &dynamic("a"), generation), Err(ResponseError::UnknownMemberId));
}

#[test]
fn commit_while_members_gather_is_taken() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a", "b"]);
    bench.join(rejoin("a"));
    assert_eq!(commit(&mut bench, &dynamic("b"), generation), Ok(()));
}

#[test]
fn commit_while_the_leader_assigns_is_told_to_rejoin() {
    let mut bench = Bench::new();
    bench.join(first_join("a"));
    assert_eq!(commit(&mut bench, &dynamic("a"), 1), Err(ResponseError::RebalanceInProgress));
    assert_eq!(commit(&mut bench, &dynamic("a"), 0), Err(ResponseError::IllegalGeneration));
}

#[test]
fn commit_counts_as_a_heartbeat() {
    let mut bench = Bench::new();
    let generation = bench.stable(&["a"]);
    for _ in 0..3 {
        bench.pass(SESSION_MS - 1);
        assert_eq!(commit(&mut bench, &dynamic("a"), generation), Ok(()));
    }
}

#[test]
fn fenced_instance_cannot_commit() {
    let mut bench = Bench::new();
    bench.join(static_join("i", "old"));
    bench.sync(leader_sync("old", 1, &[]));
    bench.join(static_join("i", "new"));
    let fenced = Err(ResponseError::FencedInstanceId);
    assert_eq!(commit(&mut bench, &fixed("old", "i"), 1), fenced);
    assert_eq!(commit(&mut bench, &fixed("new", "i"), 1), Ok(()));
}

#[test]
fn dead_group_takes_no_commit() {
    let mut bench = Bench::new();
    bench.group.die();
    let gone = Err(ResponseError::CoordinatorNotAvailable);
    assert_eq!(commit(&mut bench, &dynamic(""), -1), gone);
}
