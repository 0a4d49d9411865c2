//! How many files the process may have open: each connection and each segment is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Beside connections and segments: listeners, checkpoints, files that are being replaced.
const OTHERS: u64 = 200;

/// Raises the limit of this process as far as it may.
pub(crate) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        warn!(%error, ?current, ?maximum, "the limit of open files was not raised");
    }
}

/// Says so when the limit is below what may be needed.
pub(crate) fn check_limit(connections_max: usize, segments: usize) {
    let needed = needed(connections_max, segments);
    if let Some(limit) = getrlimit(Resource::Nofile).current.filter(|limit| *limit < needed) {
        warn!(
            limit,
            needed,
            segments,
            connections_max,
            "fewer files may be open than segments and connections need, and without one more \
             nothing can be appended; raise the limit (ulimit -n, LimitNOFILE), or have larger \
             segments"
        );
    }
}

fn needed(connections_max: usize, segments: usize) -> u64 {
    let files = connections_max.saturating_add(segments);
    u64::try_from(files).unwrap_or(u64::MAX).saturating_add(OTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_the_process_may() {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let lower = current.or(maximum).map_or(1 << 20, |limit| limit - 1);
        let lowered = Rlimit { current: Some(lower), maximum };
        setrlimit(Resource::Nofile, lowered).unwrap();
        raise_limit();
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
    }

    #[test]
    fn segments_and_connections_count() {
        assert_eq!(needed(2_000, 10_000), 12_200);
    }
}
