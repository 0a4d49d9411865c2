//! Whether a case has no values; on the way it learns what follows from its parts.

use super::Prover;
use super::cases::{Case, Integer, Types};
use super::covers::Goal;
use super::node::Node;
use super::number::{Side, narrow};
use crate::Location;
use crate::json_text::{Data, Value};

/// Most positions of an array that are looked at one by one.
pub(super) const POSITIONS_MAX: usize = 50;

impl<'a> Prover<'a> {
    /// Whether no value is known to be left. Narrows the case.
    pub(super) fn is_void(&mut self, case: &mut Case<'a>) -> bool {
        if !self.enter() {
            return false;
        }
        let is_void = self.narrows_to_nothing(case);
        self.leave();
        is_void
    }

    fn narrows_to_nothing(&mut self, case: &mut Case<'a>) -> bool {
        if case.types.has(Types::NUMBER) && is_without_numbers(case) {
            case.types = case.types.without(Types::NUMBER);
        }
        if case.lengths.is_empty() {
            case.types = case.types.without(Types::STRING);
        }
        if case.types.has(Types::ARRAY) && self.is_without_arrays(case) {
            case.types = case.types.without(Types::ARRAY);
        }
        if case.types.has(Types::OBJECT) && self.is_without_objects(case) {
            case.types = case.types.without(Types::OBJECT);
        }
        list_simple(case);
        if let Some(listed) = case.listed.take() {
            let kept =
                listed.into_iter().filter(|value| self.may_be(case, value)).collect::<Vec<_>>();
            let is_listed =
                |types: &Types| kept.iter().any(|value| Types::of_value(value) == *types);
            for types in Types::EACH.into_iter().filter(|types| !is_listed(types)) {
                case.types = case.types.without(types);
            }
            case.listed = Some(kept);
        }
        if case.types.is_empty() {
            return true;
        }
        let refused = case.refused.clone();
        refused.into_iter().any(|node| self.covers(case, node, Goal::Everything))
    }

    fn may_be(&mut self, case: &Case<'a>, value: &'a Value) -> bool {
        case.types.has(Types::of_value(value))
            && case.parts.iter().all(|part| self.holds(*part, value) != Some(false))
            && case.refused.iter().all(|part| self.holds(*part, value) != Some(true))
    }

    fn is_without_arrays(&mut self, case: &mut Case<'a>) -> bool {
        let positions = self.positions(&case.parts);
        for index in 0..=positions.min(POSITIONS_MAX) {
            if index < case.items.most && self.item(&case.parts, index).is_none() {
                case.items.at_most(index);
            }
        }
        let parts = case.parts.clone();
        for part in parts {
            let Some((contained, counts)) = self.contains(part) else { continue };
            case.items.at_least(counts.least);
            if counts.is_empty() || self.room(case, contained) < counts.least {
                return true;
            }
            if self.are_all(case, contained) {
                case.items.at_most(counts.most);
            }
        }
        case.items.is_empty()
    }

    /// How many items of the case may be valid by `contained`.
    pub(super) fn room(&mut self, case: &Case<'a>, contained: Node<'a>) -> usize {
        let positions = self.positions(&case.parts);
        if positions > POSITIONS_MAX {
            return usize::MAX;
        }
        let mut room: usize = 0;
        for index in 0..=positions.min(case.items.most) {
            if index >= case.items.most {
                break;
            }
            let Some(mut nodes) = self.item(&case.parts, index) else { break };
            nodes.push(contained);
            if !self.is_empty(&nodes) {
                let is_last = index == positions;
                room += if is_last { case.items.most - positions } else { 1 };
            }
        }
        room
    }

    /// Whether each item of the case is valid by `contained`.
    pub(super) fn are_all(&mut self, case: &Case<'a>, contained: Node<'a>) -> bool {
        let positions = self.positions(&case.parts);
        positions <= POSITIONS_MAX
            && (0..=positions).all(|index| {
                index >= case.items.most
                    || match self.item(&case.parts, index) {
                        Some(nodes) => self.follows(&nodes, contained),
                        None => true,
                    }
            })
    }

    fn is_without_objects(&mut self, case: &mut Case<'a>) -> bool {
        case.properties.at_least(case.required.len());
        let required = case.required.clone();
        if required.iter().any(|name| self.member(&case.parts, name).is_none()) {
            return true;
        }
        if let Some(most) = self.names_at_most(&case.parts) {
            case.properties.at_most(most);
        }
        case.properties.is_empty()
    }

    /// How many different properties there can be, if only listed ones can.
    fn names_at_most(&mut self, parts: &[Node<'a>]) -> Option<usize> {
        if !self.unlisted(parts, None).is_empty() {
            return None;
        }
        let names = self.listed_names(parts);
        Some(names.into_iter().filter(|name| self.member(parts, name).is_some()).count())
    }
}

/// Narrows the bounds to whole numbers and multiples where all are.
fn is_without_numbers(case: &mut Case<'_>) -> bool {
    let whole_units = case.units.iter().filter(|unit| unit.is_whole() && unit.double >= 1.0);
    let unit = whole_units.map(|unit| unit.double).fold(0.0, f64::max);
    if unit >= 1.0 {
        case.integer = case.integer.max(Integer::InValue);
    }
    if case.integer != Integer::Unknown {
        let unit = unit.max(1.0);
        for (slot, side) in [(&mut case.lower, Side::Above), (&mut case.upper, Side::Below)] {
            if let Some(bound) = slot.as_ref().and_then(|bound| bound.tightened(unit, side)) {
                narrow(slot, bound, side);
            }
        }
    }
    match (&case.lower, &case.upper) {
        (Some(lower), Some(upper)) => {
            let order = lower.at.compare(&upper.at);
            let is_open = lower.is_open || upper.is_open;
            order.is_some_and(|order| order.is_gt() || (order.is_eq() && is_open))
        }
        _ => false,
    }
}

/// Types of few values, which are listed then.
fn list_simple(case: &mut Case<'_>) {
    let is_simple = case.types.without(Types::NULL).without(Types::BOOLEAN).is_empty();
    if case.listed.is_none() && is_simple {
        case.listed = Some(SIMPLE.iter().filter(|v| case.types.has(Types::of_value(v))).collect());
    }
}

static SIMPLE: [Value; 3] =
    [simple(Data::Null), simple(Data::Boolean(false)), simple(Data::Boolean(true))];

const fn simple(data: Data) -> Value {
    Value { data, location: Location { line: 1, column: 1 } }
}
