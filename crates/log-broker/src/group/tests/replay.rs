//! Whatever has happened: a coordinator that replays the log knows what the living one knows.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::group::classic::GroupMetadata;

#[derive(Debug, Clone)]
enum Act {
    Join { group: usize },
    Rejoin { group: usize },
    Leave { group: usize },
    Commit { group: usize, place: (usize, i32), offset: i64 },
    CommitAsMember { group: usize, place: (usize, i32), offset: i64 },
    DeleteGroup { group: usize },
    DeleteOffset { group: usize, place: (usize, i32) },
    ForgetTopic { topic: usize },
    Pass { milliseconds: u64 },
    Expire { days: i64 },
    Compact,
    Restart,
}

const GROUPS: [&str; 2] = ["g", "h"];
const TOPICS: [&str; 3] = ["read", "a", "b"];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let group = 0..GROUPS.len();
    let place = (0..TOPICS.len(), 0..2_i32);
    let act = prop_oneof![
        4 => group.clone().prop_map(|group| Act::Join { group }),
        2 => group.clone().prop_map(|group| Act::Rejoin { group }),
        2 => group.clone().prop_map(|group| Act::Leave { group }),
        4 => (group.clone(), place.clone(), 0..9_i64)
            .prop_map(|(group, place, offset)| Act::Commit { group, place, offset }),
        4 => (group.clone(), place.clone(), 0..9_i64)
            .prop_map(|(group, place, offset)| Act::CommitAsMember { group, place, offset }),
        1 => group.clone().prop_map(|group| Act::DeleteGroup { group }),
        1 => (group, place).prop_map(|(group, place)| Act::DeleteOffset { group, place }),
        1 => (0..TOPICS.len()).prop_map(|topic| Act::ForgetTopic { topic }),
        1 => prop_oneof![Just(1_u64), Just(SESSION_MS)]
            .prop_map(|milliseconds| Act::Pass { milliseconds }),
        1 => prop_oneof![Just(0_i64), Just(8)].prop_map(|days| Act::Expire { days }),
        1 => Just(Act::Compact),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 1..30)
}

/// What must be the same before and after a restart.
#[derive(Debug, PartialEq)]
struct Known {
    metadata: Option<GroupMetadata>,
    offsets: Option<Vec<(String, i32, i64)>>,
}

async fn known(rig: &Rig) -> BTreeMap<&'static str, Known> {
    let mut all = BTreeMap::new();
    for group in GROUPS {
        let metadata =
            rig.coordinator.find(group).map(|cell| cell.state.lock().group.classic.metadata());
        // A group of which nothing was ever written is no group after a restart.
        let written = metadata.filter(|metadata| metadata.generation_id > 0);
        let offsets = rig.offsets(group).await.filter(|offsets| !offsets.is_empty());
        all.insert(group, Known { metadata: written, offsets });
    }
    all
}

/// Groups have one member at most, so that every join and sync is answered at once.
async fn perform(rig: &mut Rig, members: &mut [Option<(String, i32)>; 2], act: Act) {
    match act {
        Act::Join { group } => {
            if rig.state(GROUPS[group]).is_none_or(|state| state == "Empty") {
                members[group] = Some(rig.lone_member(GROUPS[group]).await);
            }
        }
        Act::Rejoin { group } => rejoin(rig, group, members).await,
        Act::Leave { group } => {
            if let Some((id, _)) = members[group].take() {
                let _ = rig.coordinator.leave(GROUPS[group], &[identity(&id)]).await.unwrap();
            }
        }
        Act::Commit { group, place: (topic, partition), offset } => {
            let offsets = [(TOPICS[topic], partition, offset)];
            let _ = rig.commit(GROUPS[group], &outsider(), &offsets).await;
        }
        Act::CommitAsMember { group, place: (topic, partition), offset } => {
            if let Some((id, generation)) = &members[group] {
                let offsets = [(TOPICS[topic], partition, offset)];
                let _ = rig.commit(GROUPS[group], &member(id, *generation), &offsets).await;
            }
        }
        Act::DeleteGroup { group } => {
            let _ = rig.coordinator.delete_group(GROUPS[group]).await.unwrap();
        }
        Act::DeleteOffset { group, place: (topic, partition) } => {
            let places = [place(TOPICS[topic], partition)];
            let _ = rig.coordinator.delete_offsets(GROUPS[group], &places).await.unwrap();
        }
        Act::ForgetTopic { topic } => rig.coordinator.forget_topics(|name| name == TOPICS[topic]),
        Act::Pass { milliseconds } => rig.pass(milliseconds).await,
        Act::Expire { days } => {
            rig.clock.advance(days * DAY_MS);
            rig.coordinator.expire_offsets();
        }
        Act::Compact => rig.coordinator.compact().await.unwrap(),
        Act::Restart => rig.restart().await,
    }
}

async fn rejoin(rig: &Rig, group: usize, members: &mut [Option<(String, i32)>; 2]) {
    if let Some((id, _)) = members[group].take()
        && let Ok(joined) = rig.join(GROUPS[group], &id).await
    {
        rig.sync(GROUPS[group], &id, joined.generation_id).await.unwrap();
        members[group] = Some((id, joined.generation_id));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn replay_knows_what_the_living_coordinator_knew(history in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut rig = Rig::new();
            let mut members = [None, None];
            for act in history {
                perform(&mut rig, &mut members, act).await;
            }
            let before = known(&rig).await;
            rig.restart().await;
            assert_eq!(known(&rig).await, before);
        });
    }
}
