//! The printed form of a node, by which members of a combination count as duplicates.

use std::fmt::Write as _;

use super::model::{Additional, Kind, Model, Node, NodeId, Notes};

/// A text that is equal for nodes which the reference prints alike. Held nodes stand for their own
/// shape, so the text stays short and the cost linear. A `$ref` prints as its text alone.
pub(super) fn printed(node: &Node, model: &Model) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let Notes { id, title, description, default, rest, format: _, location: _ } = &*node.notes;
    let _ = write!(out, "{id:?} {title:?} {description:?} {default:?} {rest:?} ");
    let _ = match &node.kind {
        Kind::Reference { text, .. } => write!(out, "ref {text:?}"),
        Kind::Object(_) | Kind::Array(_) | Kind::Not(_) => {
            write_holder(&node.kind, model, &mut out)
        }
        Kind::Conditional(parts) => {
            parts.iter().try_for_each(|(name, id)| write!(out, "{name} {} ", model.shape(*id)))
        }
        Kind::Combined(combined) => {
            let _ = write!(out, "{:?} {} ", combined.criterion, combined.generated);
            combined.members.iter().try_for_each(|id| write!(out, "{} ", model.shape(*id)))
        }
        kind => write!(out, "{kind:?}"),
    };
    out
}

fn write_holder(kind: &Kind, model: &Model, out: &mut String) -> std::fmt::Result {
    let one = |id: Option<NodeId>| id.map(|id| model.shape(id));
    let additional = |rule: Additional| match rule {
        Additional::Allowed => (true, None),
        Additional::Refused => (false, None),
        Additional::Schema(id) => (true, Some(model.shape(id))),
    };
    match kind {
        Kind::Not(id) => write!(out, "not {}", model.shape(*id)),
        Kind::Object(rules) => {
            let named: Vec<_> =
                rules.properties.iter().map(|(name, id)| (name, model.shape(*id))).collect();
            let patterns: Vec<_> =
                rules.patterns.iter().map(|(text, id)| (text, model.shape(*id))).collect();
            let schemas: Vec<_> =
                rules.schemas_by.iter().map(|(name, id)| (name, model.shape(*id))).collect();
            let (low, high) = (rules.min_properties, rules.max_properties);
            write!(out, "object {} {named:?} {:?} ", rules.typed, rules.required)?;
            write!(out, "{:?} {patterns:?} ", additional(rules.additional))?;
            write!(out, "{:?} {:?} ", one(rules.property_names), rules.required_by)?;
            write!(out, "{schemas:?} {:?} {low:?} {high:?}", one(rules.unevaluated))
        }
        Kind::Array(rules) => {
            let positions: Vec<_> = rules.positions.iter().map(|id| model.shape(*id)).collect();
            let (low, high) = (rules.min_items, rules.max_items);
            let contains =
                (one(rules.contains), rules.min_contains.as_ref(), rules.max_contains.as_ref());
            write!(out, "array {} {:?} {positions:?} ", rules.typed, one(rules.items))?;
            write!(out, "{:?} {:?} ", additional(rules.additional), one(rules.unevaluated))?;
            write!(out, "{contains:?} {low:?} {high:?} {}", rules.unique)
        }
        _ => Ok(()),
    }
}
