//! Numbers and limits as the validator compares them, which is as doubles, and exactly where that
//! does not tell two of them apart.

use std::cmp::Ordering;

use crate::json::decimal::Decimal;
use crate::json_text::{Data, Value};

/// Whole numbers up to here are exact as doubles.
const EXACT_MAX: f64 = 9e15;

#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) double: f64,
    exact: Decimal,
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Data::Number(number) = &value.data else { return None };
        let exact = Decimal::parse(number.source())?;
        let double = exact.to_f64();
        double.is_finite().then_some(Self { double, exact })
    }

    fn whole(double: f64) -> Option<Self> {
        let exact = Decimal::parse(&format!("{double:.0}"))?;
        (double.abs() <= EXACT_MAX).then_some(Self { double, exact })
    }

    /// `None` where doubles do not tell the two apart and the digits do.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match self.double.partial_cmp(&other.double)? {
            Ordering::Equal if !self.exact.equals(&other.exact) => None,
            order => Some(order),
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.double.fract() == 0.0 && self.double.abs() <= EXACT_MAX
    }

    /// Whether it is a multiple; told for whole numbers alone, where doubles are exact.
    pub(super) fn is_multiple_of(&self, unit: &Self) -> Option<bool> {
        let is_told = self.is_whole() && unit.is_whole() && unit.double > 0.0;
        is_told.then(|| self.double % unit.double == 0.0)
    }
}

/// A limit of numbers from one side.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) at: Number,
    pub(super) is_open: bool,
}

/// Which side of a bound numbers are on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Below,
}

impl Side {
    fn inwards(self) -> Ordering {
        match self {
            Self::Above => Ordering::Greater,
            Self::Below => Ordering::Less,
        }
    }
}

impl Bound {
    /// Whether what is within this bound is surely within the other one.
    pub(super) fn is_within(&self, other: &Self, side: Side) -> bool {
        match self.at.compare(&other.at) {
            Some(Ordering::Equal) => self.is_open || !other.is_open,
            order => order == Some(side.inwards()),
        }
    }

    /// Whether a number is within; `None` if that cannot be told.
    pub(super) fn holds(&self, number: &Number, side: Side) -> Option<bool> {
        Some(match number.compare(&self.at)? {
            Ordering::Equal => !self.is_open,
            order => order == side.inwards(),
        })
    }

    /// The nearest whole multiple of `unit` within, as a bound.
    pub(super) fn tightened(&self, unit: f64, side: Side) -> Option<Self> {
        let steps = self.at.double / unit;
        let mut whole = match side {
            Side::Above => steps.ceil(),
            Side::Below => steps.floor(),
        };
        if self.is_open && (whole * unit).total_cmp(&self.at.double).is_eq() {
            whole += if side == Side::Above { 1.0 } else { -1.0 };
        }
        Number::whole(whole * unit).map(|at| Self { at, is_open: false })
    }
}

/// Keeps the narrower of two bounds.
pub(super) fn narrow(into: &mut Option<Bound>, bound: Bound, side: Side) {
    if into.as_ref().is_none_or(|known| bound.is_within(known, side)) {
        *into = Some(bound);
    }
}

/// A limit of lengths and counts.
pub(super) fn count(value: &Value) -> Option<usize> {
    let number = Number::of(value).filter(|number| number.is_whole() && number.double >= 0.0)?;
    format!("{:.0}", number.double).parse().ok()
}

/// Equal as JSON values; `None` if numbers are too near each other to tell.
pub(super) fn same(a: &Value, b: &Value) -> Option<bool> {
    match (&a.data, &b.data) {
        (Data::Number(_), Data::Number(_)) => {
            let (a, b) = (Number::of(a)?, Number::of(b)?);
            a.compare(&b).map(Ordering::is_eq)
        }
        (Data::Array(a), Data::Array(b)) if a.len() == b.len() => {
            all(a.iter().zip(b.iter()).map(|(a, b)| same(a, b)))
        }
        (Data::Object(a), Data::Object(b)) if a.len() == b.len() => {
            all(a.iter().map(|member| match b.get(&member.key) {
                Some(other) => same(&member.value, other),
                None => Some(false),
            }))
        }
        (Data::Null, Data::Null) => Some(true),
        (Data::Boolean(a), Data::Boolean(b)) => Some(a == b),
        (Data::String(a), Data::String(b)) => Some(a == b),
        _ => Some(false),
    }
}

/// All hold, some fails, or it cannot be told.
pub(super) fn all(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut is_sure = true;
    for verdict in verdicts {
        match verdict {
            Some(false) => return Some(false),
            Some(true) => {}
            None => is_sure = false,
        }
    }
    is_sure.then_some(true)
}
