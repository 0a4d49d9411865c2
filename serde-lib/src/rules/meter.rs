//! Counts what rules do and how long it takes them, for whoever has installed a recorder of `metrics`.

use super::{RuleError, RuleMode};

/// How often rules ran, whatever came of it.
#[cfg(feature = "metrics")]
const EXECUTIONS: &str = "levada_serde_rule_executions_total";
/// How often they did not pass a value.
#[cfg(feature = "metrics")]
const FAILURES: &str = "levada_serde_rule_failures_total";
/// How long each took, in seconds.
#[cfg(feature = "metrics")]
const SECONDS: &str = "levada_serde_rule_seconds";

/// Which rule is measured.
pub(super) struct Meter {
    #[cfg(feature = "metrics")]
    labels: Vec<metrics::Label>,
}

#[cfg(feature = "metrics")]
impl Meter {
    pub(super) fn new(subject: &str, rule: &str, mode: RuleMode) -> Self {
        // Labels are copied for each run, and a shared text costs less then.
        let shared = std::sync::Arc::<str>::from;
        let labels = vec![
            metrics::Label::new("subject", shared(subject)),
            metrics::Label::new("rule", shared(rule)),
            metrics::Label::from_static_parts("mode", mode.as_str()),
        ];
        Self { labels }
    }

    /// Runs the rule. One that lacks something, such as a key, has not run yet.
    pub(super) fn run(
        &self,
        rule: impl FnOnce() -> Result<(), RuleError>,
    ) -> Result<(), RuleError> {
        let began = std::time::Instant::now();
        let outcome = rule();
        if let Err(RuleError::NotLoaded(_)) = outcome {
            return outcome;
        }
        metrics::histogram!(SECONDS, self.labels.clone()).record(began.elapsed());
        metrics::counter!(EXECUTIONS, self.labels.clone()).increment(1);
        if outcome.is_err() {
            metrics::counter!(FAILURES, self.labels.clone()).increment(1);
        }
        outcome
    }
}

#[cfg(not(feature = "metrics"))]
impl Meter {
    pub(super) fn new(_subject: &str, _rule: &str, _mode: RuleMode) -> Self {
        Self {}
    }

    #[expect(clippy::unused_self, reason = "the feature `metrics` needs it")]
    pub(super) fn run(
        &self,
        rule: impl FnOnce() -> Result<(), RuleError>,
    ) -> Result<(), RuleError> {
        rule()
    }
}
