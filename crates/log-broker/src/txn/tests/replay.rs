//! Whatever has happened: a coordinator that replays the log knows what the living one knows, and
//! goes on as it would.

use proptest::prelude::*;

use super::super::transaction::{Outcome, Protocol};
use super::rig::{ID, Rig, Stopped, TIMEOUT_MS};
use crate::clock::Clock;
use crate::io::SimDisk;
use crate::txn::Caller;

const NOW_MS: i64 = 1_700_000_000_000;

#[derive(Debug, Clone)]
enum Act {
    Claim { is_holder: bool },
    Write { topic: usize },
    Commit,
    End { outcome: Outcome, protocol: Protocol },
    Pass { milliseconds: i64 },
    Compact,
    Restart,
}

const TOPICS: [&str; 2] = ["a", "b"];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let outcome = prop_oneof![Just(Outcome::Commit), Just(Outcome::Abort)];
    let protocol = prop_oneof![Just(Protocol::V1), Just(Protocol::V2)];
    let act = prop_oneof![
        2 => any::<bool>().prop_map(|is_holder| Act::Claim { is_holder }),
        6 => (0..TOPICS.len()).prop_map(|topic| Act::Write { topic }),
        3 => Just(Act::Commit),
        6 => (outcome, protocol).prop_map(|(outcome, protocol)| Act::End { outcome, protocol }),
        1 => prop_oneof![Just(1), Just(i64::from(TIMEOUT_MS) + 1)]
            .prop_map(|milliseconds| Act::Pass { milliseconds }),
        1 => Just(Act::Compact),
        2 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 1..25)
}

/// A client that goes on whatever it is told.
struct History {
    rig: Rig,
    caller: Option<Caller>,
    /// By topic: of the caller's epoch.
    sequences: [i32; 2],
    offset: i64,
}

impl History {
    async fn new() -> Self {
        let rig = Rig::open(SimDisk::new(), NOW_MS);
        for topic in TOPICS {
            rig.create(topic).await;
        }
        Self { rig, caller: None, sequences: [0; 2], offset: 0 }
    }

    fn is_now(&mut self, caller: Caller) {
        if self.caller != Some(caller) {
            self.sequences = [0; 2];
        }
        self.caller = Some(caller);
    }

    async fn perform(&mut self, act: Act) -> Result<(), Stopped> {
        match (act, self.caller) {
            (Act::Claim { is_holder }, holder) => {
                let caller = self.rig.claim(holder.filter(|_| is_holder)).await?;
                self.is_now(caller);
            }
            (Act::Write { topic }, Some(caller)) => {
                let sequence = self.sequences[topic];
                self.rig.add(caller, &[TOPICS[topic]]).await?;
                self.rig.write(caller, TOPICS[topic], sequence, "v").await?;
                self.sequences[topic] += 1;
            }
            (Act::Commit, Some(caller)) => {
                self.offset += 1;
                self.rig.add(caller, &[crate::group::OFFSETS_TOPIC]).await?;
                self.rig.commit(caller, self.offset).await?;
            }
            (Act::End { outcome, protocol }, Some(caller)) => {
                let next = self.rig.end(caller, outcome, protocol).await?;
                self.is_now(next);
            }
            (Act::Pass { milliseconds }, _) => {
                self.rig.clock.advance(milliseconds);
                self.rig.transactions.sweep().await;
            }
            (Act::Compact, _) => {
                self.rig.transactions.compact().await.unwrap();
                self.rig.groups.compact().await.unwrap();
            }
            (Act::Restart, _) => self.restart().await,
            (_, None) => {}
        }
        Ok(())
    }

    /// What nobody waited for becomes durable first; the rest is that of a crash.
    async fn restart(&mut self) {
        for topic in [TOPICS[0], TOPICS[1], "__transaction_state", crate::group::OFFSETS_TOPIC] {
            let log = self.rig.topics.partition(topic, 0).unwrap();
            let end = log.bounds().log_end_offset;
            if end > 0 {
                log.flushed(end - 1).await.unwrap();
            }
        }
        let disk = self.rig.disk.crash(0);
        self.rig = Rig::open(disk, self.rig.clock.now_ms());
        self.rig.transactions.complete_prepared().await;
    }

    async fn known(
        &self,
    ) -> (Option<super::super::TransactionView>, [Vec<String>; 2], Option<i64>) {
        let view = self.rig.transactions.describe(ID);
        (view, TOPICS.map(|topic| self.rig.committed(topic)), self.rig.group_offset().await)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn replay_knows_what_the_living_coordinator_knew(history in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut living = History::new().await;
            for act in history {
                match living.perform(act).await {
                    Ok(()) | Err(Stopped::Refused(_)) => {}
                    Err(Stopped::Disk) => panic!("the disk is sound"),
                }
            }
            let before = living.known().await;
            living.restart().await;
            assert_eq!(living.known().await, before);
        });
    }
}
