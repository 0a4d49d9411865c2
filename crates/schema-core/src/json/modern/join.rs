//! Puts the keywords of one schema together, two at a time, as the reference does.
//!
//! Keywords of one family become one node, others members of a generated allOf; a generated anyOf
//! (of a list of types) takes in what fits one of its types. The order of keywords can matter.

use super::super::model::{
    Additional, ArrayRules, Builder, Combined, Criterion, Kind, Node, NodeId, NumberRules,
    ObjectRules, StringRules, TooManyNodes,
};

/// Joins `b` to `a`; `within` is the criterion whose members are being listed, if any.
pub(super) fn join(
    builder: &mut Builder,
    within: Option<Criterion>,
    a: Node,
    b: Node,
) -> Result<Node, TooManyNodes> {
    if same_family(&a.kind, &b.kind) {
        return Ok(merge(a, b));
    }
    if let Some(members) = generated(&a, Criterion::Any)
        && holds_kind(builder, members, &b)
    {
        let members = absorb(builder, members.to_vec(), b)?;
        return Ok(combined(Criterion::Any, members, true));
    }
    if let Some(members) = generated(&b, Criterion::Any)
        && holds_kind(builder, members, &a)
    {
        let members = absorb(builder, members.to_vec(), a)?;
        return Ok(combined(Criterion::Any, members, true));
    }
    if let (Some(criterion), Kind::Combined(list)) = (within, &a.kind) {
        let mut members = list.members.clone();
        members.extend(flatten(builder, b)?);
        return Ok(combined(criterion, members, false));
    }
    let mut parts = flatten(builder, a)?;
    parts.extend(flatten(builder, b)?);
    let mut members = Vec::with_capacity(parts.len());
    for part in parts {
        members = absorb_node(builder, members, part)?;
    }
    Ok(combined(Criterion::All, members, true))
}

pub(super) fn combined(criterion: Criterion, members: Vec<NodeId>, generated: bool) -> Node {
    let kind = Kind::Combined(Combined { criterion, members, generated });
    Node { kind, ..Node::default() }
}

/// The members of a generated combination of this criterion.
pub(super) fn generated(node: &Node, criterion: Criterion) -> Option<&[NodeId]> {
    match &node.kind {
        Kind::Combined(list) if list.generated && list.criterion == criterion => {
            Some(&list.members)
        }
        _ => None,
    }
}

/// Families whose keywords are merged into one node.
fn same_family(a: &Kind, b: &Kind) -> bool {
    matches!(
        (a, b),
        (Kind::String(_), Kind::String(_))
            | (Kind::Number(_), Kind::Number(_))
            | (Kind::Object(_), Kind::Object(_))
            | (Kind::Array(_), Kind::Array(_))
    )
}

fn holds_kind(builder: &Builder, members: &[NodeId], node: &Node) -> bool {
    let wanted = std::mem::discriminant(&node.kind);
    members
        .iter()
        .any(|member| std::mem::discriminant(&builder.model().node(*member).kind) == wanted)
}

/// A generated allOf is its members, anything else is itself.
fn flatten(builder: &mut Builder, node: Node) -> Result<Vec<NodeId>, TooManyNodes> {
    match generated(&node, Criterion::All) {
        Some(members) => Ok(members.to_vec()),
        None => Ok(vec![built(builder, node)?]),
    }
}

/// The node of a draft; a `$ref` is one node however often it is used.
pub(super) fn built(builder: &mut Builder, node: Node) -> Result<NodeId, TooManyNodes> {
    if let Kind::Reference { target, .. } = node.kind {
        return builder.push_reference(target, node);
    }
    builder.push(node)
}

fn absorb(
    builder: &mut Builder,
    members: Vec<NodeId>,
    node: Node,
) -> Result<Vec<NodeId>, TooManyNodes> {
    let id = built(builder, node)?;
    absorb_node(builder, members, id)
}

/// Adds a node to a list, merged into the first member of its family.
fn absorb_node(
    builder: &mut Builder,
    mut members: Vec<NodeId>,
    node: NodeId,
) -> Result<Vec<NodeId>, TooManyNodes> {
    let model = builder.model();
    let found = members
        .iter_mut()
        .find(|member| same_family(&model.node(**member).kind, &model.node(node).kind));
    if let Some(member) = found {
        let merged = merge(model.node(*member).clone(), model.node(node).clone());
        *member = builder.push(merged)?;
    } else {
        members.push(node);
    }
    Ok(members)
}

/// Merges two nodes of one family; what `b` says wins.
fn merge(mut a: Node, b: Node) -> Node {
    match (&mut a.kind, b.kind) {
        (Kind::String(into), Kind::String(from)) => merge_strings(into, *from),
        (Kind::Number(into), Kind::Number(from)) => merge_numbers(into, *from),
        (Kind::Object(into), Kind::Object(from)) => merge_objects(into, *from),
        (Kind::Array(into), Kind::Array(from)) => merge_arrays(into, *from),
        _ => {}
    }
    let (into, from) = (&mut a.notes, b.notes);
    take(&mut into.title, from.title);
    take(&mut into.description, from.description);
    take(&mut into.default, from.default);
    into.rest.extend(from.rest);
    a
}

fn take<T>(into: &mut Option<T>, from: Option<T>) {
    if from.is_some() {
        *into = from;
    }
}

fn merge_strings(into: &mut StringRules, from: StringRules) {
    into.typed |= from.typed;
    take(&mut into.min_length, from.min_length);
    take(&mut into.max_length, from.max_length);
    take(&mut into.pattern, from.pattern);
}

fn merge_numbers(into: &mut NumberRules, from: NumberRules) {
    into.typed |= from.typed;
    into.integer |= from.integer;
    take(&mut into.minimum, from.minimum);
    take(&mut into.maximum, from.maximum);
    take(&mut into.exclusive_minimum, from.exclusive_minimum);
    take(&mut into.exclusive_maximum, from.exclusive_maximum);
    take(&mut into.multiple_of, from.multiple_of);
}

fn merge_additional(into: &mut Additional, from: Additional) {
    if from != Additional::Allowed {
        *into = from;
    }
}

fn merge_objects(into: &mut ObjectRules, from: ObjectRules) {
    into.typed |= from.typed;
    into.properties.extend(from.properties);
    into.required.extend(from.required);
    merge_additional(&mut into.additional, from.additional);
    into.patterns.extend(from.patterns);
    take(&mut into.property_names, from.property_names);
    for (name, names) in from.required_by {
        into.required_by.entry(name).or_default().extend(names);
    }
    into.schemas_by.extend(from.schemas_by);
    take(&mut into.unevaluated, from.unevaluated);
    take(&mut into.min_properties, from.min_properties);
    take(&mut into.max_properties, from.max_properties);
}

fn merge_arrays(into: &mut ArrayRules, from: ArrayRules) {
    into.typed |= from.typed;
    take(&mut into.items, from.items);
    into.positions.extend(from.positions);
    merge_additional(&mut into.additional, from.additional);
    take(&mut into.unevaluated, from.unevaluated);
    take(&mut into.contains, from.contains);
    take(&mut into.min_contains, from.min_contains);
    take(&mut into.max_contains, from.max_contains);
    take(&mut into.min_items, from.min_items);
    take(&mut into.max_items, from.max_items);
    into.unique |= from.unique;
}
