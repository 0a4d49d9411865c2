//! How often and how soon a failed request is sent again. Pure: randomness comes in.

use std::time::Duration;

/// Bounds on the attempts of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most requests that one call sends to each URL; 1 never retries.
    pub attempts_max: u32,
    /// Longest wait before the second attempt; doubles with each further one.
    pub wait_base: Duration,
    /// Longest wait before any attempt.
    pub wait_max: Duration,
    /// Longest time for one attempt.
    pub attempt_timeout: Duration,
    /// Longest time for the whole call, waits included.
    pub deadline: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 4,
            wait_base: Duration::from_millis(200),
            wait_max: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// The wait after `round` failed rounds (from 1): anything from nothing to the doubled base,
    /// so that many clients do not come back at the same moment. `random` chooses.
    pub(super) fn wait(&self, round: u32, random: u64) -> Duration {
        let doubled = self.wait_base.saturating_mul(1 << (round.saturating_sub(1)).min(20));
        let ceiling = doubled.min(self.wait_max);
        let micros = u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(random % (micros + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_doubles_up_to_the_cap_and_jitters_over_the_whole_range() {
        let policy = RetryPolicy {
            wait_base: Duration::from_millis(100),
            wait_max: Duration::from_millis(350),
            ..RetryPolicy::default()
        };
        let ceilings: Vec<_> = [100_000, 200_000, 350_000, 350_000]
            .iter()
            .map(|&micros| Duration::from_micros(micros))
            .collect();
        for (round, ceiling) in (1..).zip(ceilings) {
            let micros = u64::try_from(ceiling.as_micros()).unwrap();
            assert_eq!(policy.wait(round, 0), Duration::ZERO);
            assert_eq!(policy.wait(round, micros), ceiling);
            assert_eq!(policy.wait(round, micros + 1), Duration::ZERO);
        }
    }

    #[test]
    fn wait_after_very_many_rounds_stays_at_the_cap() {
        let policy = RetryPolicy::default();
        assert!(policy.wait(u32::MAX, u64::MAX) <= policy.wait_max);
    }
}
