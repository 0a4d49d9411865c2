//! Families of metrics as lines: one call a family.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;

use crate::metrics::Histogram;

/// Name, without what all of them begin with and without the `_total` of counters, and help.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a>(pub(super) &'a str, pub(super) &'a str);

pub(super) struct Page<'a>(DescriptorEncoder<'a>);

impl<'a> Page<'a> {
    pub(super) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    fn family(
        &mut self,
        About(name, help): About<'_>,
        kind: MetricType,
        fill: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let name = format!("levada_broker_{name}");
        fill(&mut self.0.encode_descriptor(&name, help, None, kind)?)
    }

    /// One line a set of labels.
    fn families<const N: usize, V: EncodeLabelValue, T>(
        &mut self,
        about: About<'_>,
        kind: MetricType,
        values: impl Iterator<Item = ([(&'static str, V); N], T)>,
        fill: impl Fn(&mut MetricEncoder<'_>, T) -> fmt::Result,
    ) -> fmt::Result
    where
        [(&'static str, V); N]: EncodeLabelSet,
    {
        self.family(about, kind, |to| {
            for (labels, value) in values {
                fill(&mut to.encode_family(&labels)?, value)?;
            }
            Ok(())
        })
    }

    pub(super) fn gauge(&mut self, about: About<'_>, value: i64) -> fmt::Result {
        self.family(about, MetricType::Gauge, |to| to.encode_gauge(&value))
    }

    pub(super) fn seconds(&mut self, about: About<'_>, value: Duration) -> fmt::Result {
        self.family(about, MetricType::Gauge, |to| to.encode_gauge(&value.as_secs_f64()))
    }

    pub(super) fn counter(&mut self, about: About<'_>, value: u64) -> fmt::Result {
        self.family(about, MetricType::Counter, |to| count(to, value))
    }

    pub(super) fn histogram(&mut self, about: About<'_>, histogram: &Histogram) -> fmt::Result {
        self.family(about, MetricType::Histogram, |to| observed(to, histogram))
    }

    pub(super) fn gauges<const N: usize, V: EncodeLabelValue>(
        &mut self,
        about: About<'_>,
        values: impl Iterator<Item = ([(&'static str, V); N], i64)>,
    ) -> fmt::Result {
        self.families(about, MetricType::Gauge, values, |to, value| to.encode_gauge(&value))
    }

    pub(super) fn counters<const N: usize, V: EncodeLabelValue>(
        &mut self,
        about: About<'_>,
        values: impl Iterator<Item = ([(&'static str, V); N], u64)>,
    ) -> fmt::Result {
        self.families(about, MetricType::Counter, values, count)
    }

    pub(super) fn histograms<'h, const N: usize, V: EncodeLabelValue>(
        &mut self,
        about: About<'_>,
        values: impl Iterator<Item = ([(&'static str, V); N], &'h Histogram)>,
    ) -> fmt::Result {
        self.families(about, MetricType::Histogram, values, observed)
    }
}

fn count(to: &mut MetricEncoder<'_>, value: u64) -> fmt::Result {
    to.encode_counter::<NoLabelSet, u64, f64>(&value, None)
}

fn observed(to: &mut MetricEncoder<'_>, histogram: &Histogram) -> fmt::Result {
    let buckets = histogram.buckets();
    // Of the very buckets that are shown: more may have come in since.
    let count = buckets.iter().map(|(_, count)| count).sum();
    to.encode_histogram::<NoLabelSet>(histogram.sum(), count, &buckets, None)
}

pub(super) fn signed(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
