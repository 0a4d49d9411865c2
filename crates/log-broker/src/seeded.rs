//! Bugs on purpose, to see that the tests would notice them.
//!
//! `seeded!(Bug => statement)` is a wrong turn that the code takes when the environment names the
//! bug. It exists in the unit tests of this crate alone: every other build compiles the line to
//! nothing. The table below says which tests go red for which bug, and is checked.

macro_rules! seeded {
    ($bug:ident => $wrong:stmt) => {
        #[cfg(test)]
        {
            if crate::seeded::is_on(crate::seeded::Bug::$bug) {
                $wrong
            }
        }
    };
}

pub(crate) use seeded;

#[cfg(test)]
pub(crate) use self::tests::{Bug, is_on};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;
    use std::sync::OnceLock;

    /// Names a bug by the name of its variant.
    const VARIABLE: &str = "LEVADA_SEEDED_BUG";

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Bug {
        /// The disk says that it has synced a file, and has not.
        SyncSkipped,
        /// The disk says that it has synced a directory, and has not.
        DirectoryNotSynced,
        /// `acks=all` is answered before the sync.
        AckBeforeSync,
        /// Recovery cuts what was durable as if it were a torn tail.
        CutBelowDurablePoint,
        /// Recovery believes batches whatever their checksum.
        CrcNotChecked,
        /// Recovery forgets which sequences came since the last snapshot.
        SequencesNotRebuilt,
        /// Markers are written while the decision is not durable yet.
        MarkerBeforePrepare,
        /// A new generation of a group is not written down.
        GenerationNotPersisted,
    }

    const POWER_CUT: &str =
        "log::tests::crash::acknowledged_records_survive_a_power_cut_at_every_operation";
    const ANSWERED: &str =
        "log::tests::crash::what_was_answered_after_its_flush_survives_a_power_cut_at_that_moment";
    const DAMAGE: &str =
        "log::tests::damage::damage_below_the_durable_offset_is_reported_and_changes_nothing";
    const FLIP: &str = "log::tests::damage::a_flip_in_the_last_batches_keeps_the_records_before_it";
    const TRANSACTIONS: &str = "txn::tests::crash::a_power_cut_anywhere_leaves_transactions_whole";
    const OLDER_GENERATION: &str =
        "group::tests::membership::older_generation_cannot_commit_after_a_restart";

    /// Tests that go red; other tests may, too.
    const RED: [(Bug, &[&str]); 8] = [
        (Bug::SyncSkipped, &[POWER_CUT, ANSWERED]),
        (Bug::DirectoryNotSynced, &[POWER_CUT]),
        (Bug::AckBeforeSync, &[ANSWERED]),
        (Bug::CutBelowDurablePoint, &[DAMAGE]),
        (Bug::CrcNotChecked, &[FLIP]),
        (Bug::SequencesNotRebuilt, &[POWER_CUT]),
        (Bug::MarkerBeforePrepare, &[TRANSACTIONS]),
        (Bug::GenerationNotPersisted, &[OLDER_GENERATION]),
    ];

    pub(crate) fn is_on(bug: Bug) -> bool {
        static NAMED: OnceLock<Option<Bug>> = OnceLock::new();
        *NAMED.get_or_init(named) == Some(bug)
    }

    fn named() -> Option<Bug> {
        let name = std::env::var(VARIABLE).ok()?;
        let bug = RED.iter().map(|(bug, _)| *bug).find(|bug| format!("{bug:?}") == name);
        Some(bug.unwrap_or_else(|| panic!("{VARIABLE}={name} is none of the seeded bugs")))
    }

    #[test]
    fn each_seeded_bug_turns_its_tests_red() {
        for (bug, tests) in RED {
            let mut suite = Command::new(std::env::current_exe().unwrap());
            suite.arg("--exact").args(tests).env(VARIABLE, format!("{bug:?}"));
            let output = suite.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            let red = said.lines().filter_map(|line| {
                line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED"))
            });
            let red: BTreeSet<&str> = red.collect();
            assert_eq!(red, tests.iter().copied().collect(), "{bug:?}: {said}");
        }
    }
}
