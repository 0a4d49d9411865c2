//! Strings, numbers and enumerations.

use std::collections::BTreeSet;

use super::Findings;
use super::bounds::{Bound, lower, upper};
use crate::JsonRule;
use crate::json::decimal::Decimal;
use crate::json::model::{NumberRules, StringRules};

const MAX_LENGTH: Bound = Bound {
    keyword: "maxLength",
    added: JsonRule::MaxLengthAdded,
    tightened: JsonRule::MaxLengthDecreased,
};
const MIN_LENGTH: Bound = Bound {
    keyword: "minLength",
    added: JsonRule::MinLengthAdded,
    tightened: JsonRule::MinLengthIncreased,
};
const MAXIMUM: Bound = Bound {
    keyword: "maximum",
    added: JsonRule::MaximumAdded,
    tightened: JsonRule::MaximumDecreased,
};
const MINIMUM: Bound = Bound {
    keyword: "minimum",
    added: JsonRule::MinimumAdded,
    tightened: JsonRule::MinimumIncreased,
};
const EXCLUSIVE_MINIMUM: Bound = Bound {
    keyword: "exclusiveMinimum",
    added: JsonRule::ExclusiveMinimumAdded,
    tightened: JsonRule::ExclusiveMinimumIncreased,
};

/// Digits of two numbers divided in the time of a step.
const DIGITS_PER_STEP: usize = 3;

pub(super) fn strings(findings: &mut Findings, old: &StringRules, new: &StringRules) {
    upper(findings, MAX_LENGTH, old.max_length, new.max_length);
    lower(findings, MIN_LENGTH, old.min_length, new.min_length);
    match (&old.pattern, &new.pattern) {
        (None, Some(_)) => findings.add(JsonRule::PatternAdded, "pattern"),
        (Some(a), Some(b)) if a != b => findings.add(JsonRule::PatternChanged, "pattern"),
        _ => {}
    }
}

/// Limits are compared as doubles, multiples exactly.
pub(super) fn numbers(findings: &mut Findings, old: &NumberRules, new: &NumberRules) {
    let double = |limit: &Option<Decimal>| limit.as_ref().map(Decimal::to_f64);
    upper(findings, MAXIMUM, double(&old.maximum), double(&new.maximum));
    lower(findings, MINIMUM, double(&old.minimum), double(&new.minimum));
    exclusive_maximum(findings, old, new);
    let (a, b) = (double(&old.exclusive_minimum), double(&new.exclusive_minimum));
    lower(findings, EXCLUSIVE_MINIMUM, a, b);
    multiples(findings, old.multiple_of.as_ref(), new.multiple_of.as_ref());
    if !old.integer && new.integer {
        findings.add(JsonRule::TypeNarrowed, "");
    }
}

/// The reference holds the old limit against the new `maximum` instead of the new exclusive one.
/// Where there is none it fails with an internal error; here the exclusive limits then decide.
fn exclusive_maximum(findings: &mut Findings, old: &NumberRules, new: &NumberRules) {
    const KEYWORD: &str = "exclusiveMaximum";
    let (before, after) = match (&old.exclusive_maximum, &new.exclusive_maximum) {
        (None, Some(_)) => return findings.add(JsonRule::ExclusiveMaximumAdded, KEYWORD),
        (Some(before), Some(after)) if before != after => (before, after),
        _ => return,
    };
    let judged = new.maximum.as_ref().unwrap_or(after);
    if before.to_f64() >= after.to_f64() && before.to_f64() > judged.to_f64() {
        findings.add(JsonRule::ExclusiveMaximumDecreased, KEYWORD);
    }
}

/// What [`numbers`] takes beyond a step: one long number is divided by another.
pub(super) fn division_work(old: &NumberRules, new: &NumberRules) -> usize {
    match (&old.multiple_of, &new.multiple_of) {
        (Some(a), Some(b)) => (a.digits() + b.digits()) / DIGITS_PER_STEP,
        _ => 0,
    }
}

fn multiples(findings: &mut Findings, old: Option<&Decimal>, new: Option<&Decimal>) {
    let rule = match (old, new) {
        (None, Some(_)) => JsonRule::MultipleOfAdded,
        (Some(a), Some(b)) if a.equals(b) => return,
        (Some(a), Some(b)) if b.is_multiple_of(a) => JsonRule::MultipleOfExpanded,
        (Some(a), Some(b)) if a.is_multiple_of(b) => return,
        (Some(_), Some(_)) => JsonRule::MultipleOfChanged,
        (_, None) => return,
    };
    findings.add(rule, "multipleOf");
}

pub(super) fn enums(findings: &mut Findings, old: &BTreeSet<String>, new: &BTreeSet<String>) {
    if new.is_superset(old) {
        return;
    }
    let narrowed = old.is_superset(new);
    let rule = if narrowed { JsonRule::EnumArrayNarrowed } else { JsonRule::EnumArrayChanged };
    findings.add(rule, "enum");
}

pub(super) fn consts(findings: &mut Findings, old: &str, new: &str) {
    if old != new {
        findings.add(JsonRule::EnumArrayChanged, "const");
    }
}

/// What is refused must not grow: the inner schemas are compared with their roles exchanged.
pub(super) fn nots(findings: &mut Findings, refuses_no_more: bool) {
    if !refuses_no_more {
        findings.add(JsonRule::NotTypeExtended, "not");
    }
}
