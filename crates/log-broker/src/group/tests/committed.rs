//! Commits, their end by delete, by topic and by age.

use super::*;

fn at(topic: &str, partition: i32, offset: i64) -> (String, i32, i64) {
    (topic.to_owned(), partition, offset)
}

#[tokio::test(start_paused = true)]
async fn restart_finds_the_last_commit_of_each_partition() {
    let mut rig = Rig::new();
    rig.commit("g", &outsider(), &[("a", 0, 10), ("a", 1, 11), ("b", 0, 1)]).await.unwrap();
    rig.commit("g", &outsider(), &[("a", 0, 20)]).await.unwrap();
    rig.commit("g", &outsider(), &[("a", 1, 5)]).await.unwrap();
    rig.restart().await;
    let want = vec![at("a", 0, 20), at("a", 1, 5), at("b", 0, 1)];
    assert_eq!(rig.offsets("g").await, Some(want));
    let whole =
        rig.coordinator.read_offsets("g", |all| all.unwrap().offsets.committed("a", 1).cloned());
    assert_eq!(whole.await.unwrap(), Some(rig.committed_now(5)));
}

#[tokio::test(start_paused = true)]
async fn commit_of_a_member_of_no_group_finds_none() {
    let rig = Rig::new();
    let refused = rig.commit("g", &member("a", 1), &[("a", 0, 1)]).await;
    assert_eq!(refused, Err(ResponseError::GroupIdNotFound));
    assert_eq!(rig.offsets("g").await, None);
}

#[tokio::test(start_paused = true)]
async fn refused_commit_changes_nothing() {
    let mut rig = Rig::new();
    rig.commit("g", &outsider(), &[("a", 0, 1)]).await.unwrap();
    let refused = rig.commit("g", &member("a", 1), &[("a", 0, 2)]).await;
    assert_eq!(refused, Err(ResponseError::UnknownMemberId));
    assert_eq!(rig.offsets("g").await, Some(vec![at("a", 0, 1)]));
    rig.restart().await;
    assert_eq!(rig.offsets("g").await, Some(vec![at("a", 0, 1)]));
}

#[tokio::test(start_paused = true)]
async fn commit_that_the_log_refuses_is_not_seen() {
    let rig = Rig::new();
    rig.commit("g", &outsider(), &[("a", 0, 1)]).await.unwrap();
    rig.log_dir.delete(OFFSETS_TOPIC, 0).unwrap();
    let refused = rig.commit("g", &outsider(), &[("a", 0, 2)]).await;
    assert_eq!(refused, Err(ResponseError::CoordinatorNotAvailable));
    let cell = rig.coordinator.find("g").unwrap();
    assert_eq!(cell.state.lock().group.offsets.committed("a", 0).unwrap().offset, 1);
}

#[tokio::test(start_paused = true)]
async fn text_that_the_record_cannot_hold_is_refused_before_it_is_written() {
    let rig = Rig::new();
    let long = "g".repeat(40_000);
    let refused = rig.commit(&long, &outsider(), &[("a", 0, 2)]).await;
    assert_eq!(refused, Err(ResponseError::CoordinatorNotAvailable));
}

#[tokio::test(start_paused = true)]
async fn deleted_group_stays_away_after_a_restart() {
    let mut rig = Rig::new();
    let (id, generation) = rig.lone_member("g").await;
    rig.commit("g", &member(&id, generation), &[("read", 0, 1)]).await.unwrap();
    let refused = rig.coordinator.delete_group("g").await.unwrap();
    assert_eq!(refused, Err(ResponseError::NonEmptyGroup));
    rig.leave("g", &id).await;
    assert_eq!(rig.coordinator.delete_group("g").await.unwrap(), Ok(()));
    assert_eq!((rig.state("g"), rig.offsets("g").await), (None, None));
    rig.restart().await;
    assert_eq!((rig.state("g"), rig.offsets("g").await), (None, None));
    let again = rig.coordinator.delete_group("g").await.unwrap();
    assert_eq!(again, Err(ResponseError::GroupIdNotFound));
}

#[tokio::test(start_paused = true)]
async fn group_can_be_used_again_after_its_delete() {
    let mut rig = Rig::new();
    rig.commit("g", &outsider(), &[("a", 0, 1)]).await.unwrap();
    rig.coordinator.delete_group("g").await.unwrap().unwrap();
    rig.commit("g", &outsider(), &[("b", 0, 2)]).await.unwrap();
    rig.restart().await;
    assert_eq!(rig.offsets("g").await, Some(vec![at("b", 0, 2)]));
}

#[tokio::test(start_paused = true)]
async fn offsets_of_subscribed_topics_cannot_be_deleted() {
    let mut rig = Rig::new();
    let (id, generation) = rig.lone_member("g").await;
    let offsets = [("read", 0, 1), ("other", 0, 2)];
    rig.commit("g", &member(&id, generation), &offsets).await.unwrap();
    let places = [place("read", 0), place("other", 0), place("other", 9)];
    let deleted = rig.coordinator.delete_offsets("g", &places).await.unwrap();
    let subscribed = Err(ResponseError::GroupSubscribedToTopic);
    assert_eq!(deleted, Ok(vec![subscribed, Ok(()), Ok(())]));
    rig.restart().await;
    assert_eq!(rig.offsets("g").await, Some(vec![at("read", 0, 1)]));
}

#[tokio::test(start_paused = true)]
async fn offsets_of_no_group_cannot_be_deleted() {
    let rig = Rig::new();
    let deleted = rig.coordinator.delete_offsets("g", &[place("a", 0)]).await.unwrap();
    assert_eq!(deleted, Err(ResponseError::GroupIdNotFound));
}

#[tokio::test(start_paused = true)]
async fn offsets_of_members_that_are_no_consumers_cannot_be_deleted() {
    let rig = Rig::new();
    let request = JoinRequest { protocol_type: "connect".to_owned(), ..join_request("") };
    rig.coordinator.join("g", request).await.unwrap().unwrap();
    let deleted = rig.coordinator.delete_offsets("g", &[place("a", 0)]).await.unwrap();
    assert_eq!(deleted, Err(ResponseError::NonEmptyGroup));
}

#[tokio::test(start_paused = true)]
async fn deleted_topic_takes_its_offsets_along() {
    let mut rig = Rig::new();
    rig.commit("g", &outsider(), &[("a", 0, 1), ("b", 0, 2)]).await.unwrap();
    rig.coordinator.forget_topics(|topic| topic == "a");
    assert_eq!(rig.offsets("g").await, Some(vec![at("b", 0, 2)]));
    rig.restart().await;
    assert_eq!(rig.offsets("g").await, Some(vec![at("b", 0, 2)]));
}

#[tokio::test(start_paused = true)]
async fn offsets_and_their_group_end_seven_days_after_it_became_empty() {
    let mut rig = Rig::new();
    let (id, generation) = rig.lone_member("g").await;
    rig.commit("g", &member(&id, generation), &[("read", 0, 1)]).await.unwrap();
    rig.clock.advance(8 * DAY_MS);
    rig.coordinator.expire_offsets();
    assert_eq!(rig.offsets("g").await, Some(vec![at("read", 0, 1)]));
    rig.leave("g", &id).await;
    rig.clock.advance(7 * DAY_MS - 1);
    rig.coordinator.expire_offsets();
    assert_eq!(rig.offsets("g").await, Some(vec![at("read", 0, 1)]));
    rig.clock.advance(1);
    rig.coordinator.expire_offsets();
    assert_eq!((rig.state("g"), rig.offsets("g").await), (None, None));
    rig.restart().await;
    assert_eq!(rig.state("g"), None);
}

#[tokio::test(start_paused = true)]
async fn retention_that_a_client_asked_for_survives_a_restart() {
    let mut rig = Rig::new();
    let expire_timestamp_ms = Some(rig.committed_now(0).commit_timestamp_ms + 500);
    let mut committed = rig.committed_now(1);
    committed.expire_timestamp_ms = expire_timestamp_ms;
    let offsets = vec![(place("a", 0), committed)];
    rig.coordinator.commit("g", &outsider(), offsets).await.unwrap().unwrap();
    rig.restart().await;
    rig.clock.advance(499);
    rig.coordinator.expire_offsets();
    assert_eq!(rig.offsets("g").await, Some(vec![at("a", 0, 1)]));
    rig.clock.advance(1);
    rig.coordinator.expire_offsets();
    assert_eq!(rig.offsets("g").await, None);
}

#[tokio::test(start_paused = true)]
async fn compacted_log_holds_what_counts_and_no_more() {
    let mut rig = Rig::new();
    for offset in 0..50 {
        rig.commit("g", &outsider(), &[("a", 0, offset), ("a", 1, offset)]).await.unwrap();
    }
    rig.commit("gone", &outsider(), &[("a", 0, 1)]).await.unwrap();
    rig.coordinator.delete_group("gone").await.unwrap().unwrap();
    let (id, generation) = rig.lone_member("h").await;
    rig.coordinator.compact().await.unwrap();
    assert_eq!(rig.coordinator.log.record_count(), 3);
    rig.restart().await;
    assert_eq!(rig.offsets("g").await, Some(vec![at("a", 0, 49), at("a", 1, 49)]));
    assert_eq!(rig.offsets("gone").await, None);
    assert_eq!(rig.coordinator.heartbeat("h", &identity(&id), generation), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn compaction_during_a_rebalance_keeps_the_last_persisted_generation() {
    let mut rig = Rig::new();
    let (id, generation) = rig.lone_member("g").await;
    let next = rig.join("g", &id).await.unwrap().generation_id;
    rig.coordinator.compact().await.unwrap();
    rig.restart().await;
    let beat = |generation| rig.coordinator.heartbeat("g", &identity(&id), generation);
    assert_eq!(beat(next), Err(ResponseError::IllegalGeneration));
    assert_eq!(beat(generation), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn short_log_is_not_compacted() {
    let rig = Rig::new();
    for offset in 0..20 {
        rig.commit("g", &outsider(), &[("a", 0, offset)]).await.unwrap();
    }
    rig.coordinator.compact_if_worthwhile().await.unwrap();
    assert_eq!(rig.coordinator.log.record_count(), 20);
}

#[tokio::test(start_paused = true)]
async fn whoever_still_holds_a_deleted_group_is_told_to_look_again() {
    let rig = Rig::new();
    let (id, generation) = rig.lone_member("g").await;
    rig.commit("g", &member(&id, generation), &[("a", 0, 1)]).await.unwrap();
    rig.leave("g", &id).await;
    let held = rig.coordinator.find("g").unwrap();
    rig.coordinator.delete_group("g").await.unwrap().unwrap();
    assert_eq!(held.state.lock().group.classic.state_name(), "Dead");
    assert_eq!(held.state.lock().records("g"), vec![], "a compaction must not bring it back");
}
