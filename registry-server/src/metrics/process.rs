//! The process as the operating system sees it, read anew each time it is asked for.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

#[derive(Debug)]
pub(super) struct Process;

#[cfg(not(target_os = "linux"))]
impl Collector for Process {
    fn encode(&self, _: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
impl Collector for Process {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        // Without /proc there is nothing to tell.
        linux::Reading::take().map_or(Ok(()), |reading| reading.encode(encoder))
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use procfs::process::{LimitValue, Process};
    use procfs::{ProcResult, ticks_per_second};
    use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
    use prometheus_client::metrics::counter::ConstCounter;
    use prometheus_client::metrics::gauge::ConstGauge;

    /// The metrics of a process that Prometheus' own clients show, under their names.
    pub(super) struct Reading {
        cpu_ticks: u64,
        start_ticks: u64,
        resident_bytes: u64,
        virtual_bytes: u64,
        threads: i64,
        open_fds: usize,
        max_fds: Option<u64>,
        boot_seconds: u64,
    }

    impl Reading {
        pub(super) fn take() -> ProcResult<Self> {
            let process = Process::myself()?;
            let stat = process.stat()?;
            let max_fds = match process.limits()?.max_open_files.soft_limit {
                LimitValue::Value(most) => Some(most),
                LimitValue::Unlimited => None,
            };
            Ok(Self {
                cpu_ticks: stat.utime.saturating_add(stat.stime),
                start_ticks: stat.starttime,
                resident_bytes: stat.rss.saturating_mul(procfs::page_size()),
                virtual_bytes: stat.vsize,
                threads: stat.num_threads,
                open_fds: process.fd_count()?,
                max_fds,
                boot_seconds: procfs::boot_time_secs()?,
            })
        }

        pub(super) fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
            let cpu = ConstCounter::new(seconds(self.cpu_ticks));
            let start = seconds(self.start_ticks) + float(self.boot_seconds);
            let mut tell = |name: &str, help: &str, metric: &dyn EncodeMetric| {
                metric.encode(to.encode_descriptor(name, help, None, metric.metric_type())?)
            };
            tell("process_cpu_seconds", "Processor time", &cpu)?;
            tell("process_start_time_seconds", "Since the epoch", &ConstGauge::new(start))?;
            let resident = ConstGauge::new(float(self.resident_bytes));
            tell("process_resident_memory_bytes", "Memory in use", &resident)?;
            let reserved = ConstGauge::new(float(self.virtual_bytes));
            tell("process_virtual_memory_bytes", "Address space", &reserved)?;
            tell("process_threads", "Threads", &ConstGauge::new(self.threads))?;
            let open = ConstGauge::new(i64::try_from(self.open_fds).unwrap_or(i64::MAX));
            tell("process_open_fds", "Open file descriptors", &open)?;
            match self.max_fds {
                Some(most) => tell(
                    "process_max_fds",
                    "Most open file descriptors",
                    &ConstGauge::new(float(most)),
                ),
                None => Ok(()),
            }
        }
    }

    fn seconds(ticks: u64) -> f64 {
        float(ticks) / float(ticks_per_second())
    }

    #[expect(clippy::cast_precision_loss, reason = "gauges are floats, and 2⁵³ is enough")]
    fn float(count: u64) -> f64 {
        count as f64
    }
}
