//! Requests that wait, and members across a restart.

use super::*;

#[tokio::test(start_paused = true)]
async fn waiting_joins_are_answered_when_the_last_member_has_come() {
    let rig = Rig::new();
    let (first, _) = rig.lone_member("g").await;
    let newcomer = tokio::spawn({
        let coordinator = rig.coordinator.clone();
        async move { coordinator.join("g", join_request("")).await.unwrap() }
    });
    tokio::task::yield_now().await;
    assert_eq!(rig.state("g"), Some("PreparingRebalance"));
    let leader = rig.join("g", &first).await.unwrap();
    let follower = newcomer.await.unwrap().unwrap();
    assert_eq!((leader.generation_id, follower.generation_id), (2, 2));
    assert_eq!((leader.members.len(), follower.members.len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn request_that_is_dropped_while_it_waits_leaves_nothing_behind() {
    let rig = Rig::new();
    let (first, _) = rig.lone_member("g").await;
    let hung_up = tokio::spawn({
        let coordinator = rig.coordinator.clone();
        async move { coordinator.join("g", join_request("")).await }
    });
    tokio::task::yield_now().await;
    hung_up.abort();
    let leader = rig.join("g", &first).await.unwrap();
    assert_eq!(leader.members.len(), 2, "its seat stays until its session ends");
    let cell = rig.coordinator.find("g").unwrap();
    assert!(cell.state.lock().joins.is_empty());
    rig.pass(SESSION_MS / 2).await;
    let beat = rig.coordinator.heartbeat("g", &identity(&first), leader.generation_id);
    assert_eq!(beat, Ok(()));
    rig.pass(SESSION_MS / 2).await;
    assert_eq!(rig.state("g"), Some("PreparingRebalance"));
}

#[tokio::test(start_paused = true)]
async fn timer_task_expires_a_silent_member() {
    let rig = Rig::new();
    let stop = tokio_util::sync::CancellationToken::new();
    let timers = tokio::spawn(rig.coordinator.clone().run_timers(stop.clone()));
    rig.lone_member("g").await;
    while rig.state("g") == Some("Stable") {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    stop.cancel();
    timers.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn member_goes_on_in_its_generation_after_a_restart() {
    let mut rig = Rig::new();
    let (id, generation) = rig.lone_member("g").await;
    rig.restart().await;
    assert_eq!(rig.coordinator.heartbeat("g", &identity(&id), generation), Ok(()));
    assert_eq!(rig.commit("g", &member(&id, generation), &[("read", 0, 1)]).await, Ok(()));
    let synced = rig.sync("g", &id, generation).await.unwrap();
    assert_eq!(synced.assignment, Bytes::from_static(b"everything"));
}

#[tokio::test(start_paused = true)]
async fn member_that_stays_away_after_a_restart_is_expired() {
    let mut rig = Rig::new();
    rig.lone_member("g").await;
    rig.restart().await;
    rig.pass(SESSION_MS).await;
    assert_eq!(rig.state("g"), Some("Empty"));
}

#[tokio::test(start_paused = true)]
async fn older_generation_cannot_commit_after_a_restart() {
    let mut rig = Rig::new();
    let (id, old) = rig.lone_member("g").await;
    let joined = rig.join("g", &id).await.unwrap();
    rig.sync("g", &id, joined.generation_id).await.unwrap();
    rig.restart().await;
    let refused = rig.commit("g", &member(&id, old), &[("read", 0, 1)]).await;
    assert_eq!(refused, Err(ResponseError::IllegalGeneration));
}

#[tokio::test(start_paused = true)]
async fn former_member_cannot_commit_after_a_restart() {
    let mut rig = Rig::new();
    let (id, generation) = rig.lone_member("g").await;
    rig.leave("g", &id).await;
    rig.restart().await;
    let refused = rig.commit("g", &member(&id, generation), &[("read", 0, 1)]).await;
    assert_eq!(refused, Err(ResponseError::UnknownMemberId));
    let next = rig.join("g", "").await.unwrap();
    assert_eq!(next.generation_id, generation + 2, "one for the empty group, one for the join");
}

#[tokio::test(start_paused = true)]
async fn refused_write_takes_the_step_back() {
    let rig = Rig::new();
    let joined = rig.join("g", "").await.unwrap();
    rig.log_dir.delete(OFFSETS_TOPIC, 0).unwrap();
    let synced = rig.sync("g", &joined.member_id, joined.generation_id).await;
    assert_eq!(synced, Err(ResponseError::CoordinatorNotAvailable));
    assert_eq!(rig.state("g"), Some("CompletingRebalance"));
    let cell = rig.coordinator.find("g").unwrap();
    assert!(cell.state.lock().syncs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn deadline_whose_write_is_refused_is_tried_again() {
    let rig = Rig::new();
    rig.lone_member("g").await;
    rig.log_dir.delete(OFFSETS_TOPIC, 0).unwrap();
    rig.pass(SESSION_MS).await;
    assert_eq!(rig.state("g"), Some("Stable"));
    assert!(rig.coordinator.timers.next().is_some());
}

#[tokio::test(start_paused = true)]
async fn refused_session_timeout_brings_no_group_into_being() {
    let rig = Rig::new();
    let request = JoinRequest { session_timeout_ms: 1, ..join_request("") };
    let refusal = rig.coordinator.join("g", request).await.unwrap().unwrap_err();
    assert_eq!(refusal.error, ResponseError::InvalidSessionTimeout);
    assert_eq!(rig.state("g"), None);
}

#[tokio::test(start_paused = true)]
async fn requests_of_a_group_that_does_not_exist_are_unknown() {
    let rig = Rig::new();
    let unknown = ResponseError::UnknownMemberId;
    assert_eq!(rig.join("g", "a").await.unwrap_err().error, unknown);
    assert_eq!(rig.sync("g", "a", 1).await, Err(unknown));
    assert_eq!(rig.coordinator.heartbeat("g", &identity("a"), 1), Err(unknown));
    let left = rig.coordinator.leave("g", &[identity("a"), identity("b")]).await.unwrap();
    assert_eq!(left, Ok(vec![Err(unknown), Err(unknown)]));
    assert_eq!(rig.coordinator.list(), vec![]);
}

#[tokio::test(start_paused = true)]
async fn groups_beyond_their_number_are_refused() {
    let config =
        GroupConfig { initial_rebalance_delay_ms: 0, max_groups: 1, ..GroupConfig::default() };
    let rig = Rig::with(config);
    rig.lone_member("g").await;
    let refused = rig.join("h", "").await.unwrap_err().error;
    assert_eq!(refused, ResponseError::GroupMaxSizeReached);
    let refused = rig.commit("h", &outsider(), &[("read", 0, 1)]).await;
    assert_eq!(refused, Err(ResponseError::GroupMaxSizeReached));
}

#[tokio::test(start_paused = true)]
async fn description_shows_metadata_and_assignments_while_stable_only() {
    let rig = Rig::new();
    let joined = rig.join("g", "").await.unwrap();
    let forming = rig.coordinator.describe("g").unwrap();
    assert_eq!((forming.state, forming.protocol.as_str()), ("CompletingRebalance", ""));
    assert_eq!(forming.members[0].metadata, Bytes::new());
    rig.sync("g", &joined.member_id, joined.generation_id).await.unwrap();
    let stable = rig.coordinator.describe("g").unwrap();
    assert_eq!((stable.state, stable.protocol.as_str()), ("Stable", "range"));
    assert_eq!(stable.members[0].assignment, Bytes::from_static(b"everything"));
    assert_eq!(stable.members[0].metadata, join_request("").protocols[0].metadata);
}
