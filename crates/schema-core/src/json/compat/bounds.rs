//! Limits that are there or not, and larger or smaller.

use super::Findings;
use crate::JsonRule;

/// The rules of a limit: one for its appearance, one for its tightening.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub(super) keyword: &'static str,
    pub(super) added: JsonRule,
    pub(super) tightened: JsonRule,
}

/// A limit from above: smaller is tighter.
pub(super) fn upper<T: PartialOrd>(
    findings: &mut Findings,
    bound: Bound,
    old: Option<T>,
    new: Option<T>,
) {
    match (old, new) {
        (None, Some(_)) => findings.add(bound.added, bound.keyword),
        (Some(old), Some(new)) if new < old => findings.add(bound.tightened, bound.keyword),
        _ => {}
    }
}

/// A limit from below: larger is tighter.
pub(super) fn lower<T: PartialOrd>(
    findings: &mut Findings,
    bound: Bound,
    old: Option<T>,
    new: Option<T>,
) {
    match (old, new) {
        (None, Some(_)) => findings.add(bound.added, bound.keyword),
        (Some(old), Some(new)) if new > old => findings.add(bound.tightened, bound.keyword),
        _ => {}
    }
}
