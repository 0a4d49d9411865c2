//! What a process has used, as Linux tells it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Failure;

/// The processor time of a process from now on.
#[derive(Debug)]
pub(crate) struct Cpu {
    pid: u32,
    /// Of each thread, by its id.
    before_ns: BTreeMap<String, u64>,
}

impl Cpu {
    pub(crate) fn since_now(pid: u32) -> Result<Self, Failure> {
        Ok(Self { pid, before_ns: threads(pid)? })
    }

    /// Used since. What a thread has used that ended meanwhile is not in it.
    pub(crate) fn used(&self) -> Result<Duration, Failure> {
        let now = threads(self.pid)?;
        let used_ns = now.iter().map(|(thread, ns)| {
            ns.saturating_sub(self.before_ns.get(thread).copied().unwrap_or_default())
        });
        Ok(Duration::from_nanos(used_ns.sum()))
    }
}

/// Nanoseconds each thread has run; the scheduler's own sum, which has no ticks.
fn threads(pid: u32) -> Result<BTreeMap<String, u64>, Failure> {
    let mut threads = BTreeMap::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let entry = entry?;
        // A thread may end between the listing and the look at it.
        let Ok(text) = std::fs::read_to_string(entry.path().join("schedstat")) else { continue };
        let ns = text.split(' ').next().unwrap_or_default().parse()?;
        threads.insert(entry.file_name().to_string_lossy().into_owned(), ns);
    }
    Ok(threads)
}

/// Resident memory in bytes.
pub(crate) fn rss_bytes(pid: u32) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.unwrap_or_default().trim().trim_end_matches(" kB").parse()?;
    Ok(kib << 10)
}
