//! JSON values as rules see them, field by field along their schema.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value as Json};

use super::fields::{Fields, Kind, Node, NodeId};
use crate::rules::{
    FieldContext, FieldType, FieldValue, Inspection, MessageView, RuleError, This, Walk, misfit,
};

/// A value, with its schema unless it is between two versions of one.
#[derive(Clone, Debug)]
pub(crate) struct JsonMessage<'s> {
    fields: Option<&'s Fields>,
    pub(crate) value: Json,
}

impl<'s> JsonMessage<'s> {
    pub(super) fn new(fields: &'s Fields, value: Json) -> Self {
        Self { fields: Some(fields), value }
    }

    /// A value that no schema binds.
    pub(crate) fn free(value: Json) -> Self {
        Self { fields: None, value }
    }

    /// Applies the rules that the schema carries itself.
    pub(crate) fn inspect(&self, inspection: &mut Inspection) {
        if let Some(fields) = self.fields {
            inspect(fields, (fields.root(), 0), &self.value, "$", inspection);
        }
    }

    pub(crate) fn walk(&mut self, walk: &Walk<'_>) -> Result<(), RuleError> {
        let Some(fields) = self.fields else {
            let reason = "rules on fields need a schema, and between two versions there is none";
            return Err(RuleError::Invalid(reason.to_owned()));
        };
        if let Some(changed) = part(fields, walk, fields.root(), &self.value, None)? {
            self.value = changed;
        }
        Ok(())
    }
}

/// The field that a value belongs to.
struct Place<'a> {
    path: &'a str,
    name: &'a str,
    tags: &'a BTreeSet<String>,
    object: &'a Json,
}

/// Walks a value; gives the one to put in its place, if it is another. Recurses as deep as the
/// value nests, with a bound on the schemas that are only referred to and combined.
fn part(
    fields: &Fields,
    walk: &Walk<'_>,
    id: NodeId,
    value: &Json,
    place: Option<&Place<'_>>,
) -> Result<Option<Json>, RuleError> {
    let mut changed = None;
    part_of(fields, walk, id, &mut Changing { old: value, new: &mut changed }, place, 0)?;
    Ok(changed)
}

/// A value that several schemas may change, one after the other.
struct Changing<'a> {
    old: &'a Json,
    new: &'a mut Option<Json>,
}

impl Changing<'_> {
    fn now(&self) -> &Json {
        self.new.as_ref().unwrap_or(self.old)
    }
}

/// Most schemas that refer to each other for one value.
const REFERENCES_MAX: usize = 64;

fn part_of(
    fields: &Fields,
    walk: &Walk<'_>,
    id: NodeId,
    value: &mut Changing<'_>,
    place: Option<&Place<'_>>,
    depth: usize,
) -> Result<(), RuleError> {
    let Some(node) = fields.node(id).filter(|_| depth < REFERENCES_MAX) else { return Ok(()) };
    if value.now().is_null() {
        return Ok(());
    }
    for part in &node.all_of {
        part_of(fields, walk, *part, value, place, depth + 1)?;
    }
    let mut taken = node.branches.iter().filter(|branch| branch.takes(value.old));
    let apt: Vec<_> =
        if node.takes_one { taken.next().into_iter().collect() } else { taken.collect() };
    for branch in apt {
        part_of(fields, walk, branch.node, value, place, depth + 1)?;
    }
    if let Some(target) = node.reference {
        return part_of(fields, walk, target, value, place, depth + 1);
    }
    match value.now() {
        Json::Array(items) => {
            if let Some(items) = array(fields, walk, node, items, place)? {
                *value.new = Some(items);
            }
        }
        Json::Object(_) => {
            if !node.properties.is_empty() {
                let path = place.map_or("$", |place| place.path);
                let new = object(fields, walk, node, value.now(), path)?;
                *value.new = Some(new);
            }
        }
        _ => {
            if let Some(new) = leaf(walk, node, value.now(), place)? {
                *value.new = Some(new);
            }
        }
    }
    Ok(())
}

/// Recurses as [`part_of`] does; `depth` counts the schemas that led to this one for the same value.
fn inspect(
    fields: &Fields,
    (id, depth): (NodeId, usize),
    value: &Json,
    path: &str,
    inspection: &mut Inspection,
) {
    let Some(node) = fields.node(id).filter(|_| depth < REFERENCES_MAX) else { return };
    if value.is_null() || inspection.is_over() {
        return;
    }
    for part in &node.all_of {
        inspect(fields, (*part, depth + 1), value, path, inspection);
    }
    let mut taken = node.branches.iter().filter(|branch| branch.takes(value));
    let apt: Vec<_> =
        if node.takes_one { taken.next().into_iter().collect() } else { taken.collect() };
    for branch in apt {
        inspect(fields, (branch.node, depth + 1), value, path, inspection);
    }
    if let Some(target) = node.reference {
        return inspect(fields, (target, depth + 1), value, path, inspection);
    }
    match value {
        Json::Array(items) => {
            let Some(schema) = node.items else { return };
            for (index, item) in items.iter().enumerate() {
                inspect(fields, (schema, 0), item, &format!("{path}[{index}]"), inspection);
            }
        }
        Json::Object(members) => {
            inspection.of(&node.constraints, This::Json(value), path);
            for (name, property) in &node.properties {
                let Some(value) = members.get(name).filter(|value| !value.is_null()) else {
                    continue;
                };
                let path = format!("{path}.{name}");
                // Those of an object come up when it is looked into.
                if let Some(node) = fields.node(*property)
                    && (!value.is_object() || node.reference.is_some())
                {
                    inspection.of(&node.constraints, This::Json(value), &path);
                }
                inspect(fields, (*property, 0), value, &path, inspection);
            }
        }
        _ => {}
    }
}

fn array(
    fields: &Fields,
    walk: &Walk<'_>,
    node: &Node,
    items: &[Json],
    place: Option<&Place<'_>>,
) -> Result<Option<Json>, RuleError> {
    let Some(schema) = node.items else { return Ok(None) };
    let mut changed = None;
    for (index, item) in items.iter().enumerate() {
        if let Some(new) = part(fields, walk, schema, item, place)? {
            changed.get_or_insert_with(|| items.to_vec())[index] = new;
        }
    }
    Ok(changed.map(Json::Array))
}

/// Each property sees those before it as they have become.
fn object(
    fields: &Fields,
    walk: &Walk<'_>,
    node: &Node,
    object: &Json,
    path: &str,
) -> Result<Json, RuleError> {
    let mut object = object.clone();
    for (name, property) in &node.properties {
        let Some(value) = object.get(name).filter(|value| !value.is_null()) else { continue };
        let full_name = format!("{path}.{name}");
        let inline = fields.node(*property).map(|node| node.tags.clone());
        let tags = walk.tags(&full_name, inline.unwrap_or_default());
        let place = Place { path: &full_name, name, tags: &tags, object: &object };
        let new = part(fields, walk, *property, value, Some(&place))?;
        if let (Some(new), Some(members)) = (new, object.as_object_mut()) {
            put(members, name, new);
        }
    }
    Ok(object)
}

fn put(members: &mut Map<String, Json>, name: &str, new: Json) {
    if let Some(member) = members.get_mut(name) {
        *member = new;
    }
}

fn leaf(
    walk: &Walk<'_>,
    node: &Node,
    value: &Json,
    place: Option<&Place<'_>>,
) -> Result<Option<Json>, RuleError> {
    let Some(place) = place.filter(|place| walk.wants(place.tags)) else { return Ok(None) };
    let Some((field_type, value)) = field_value(node, value) else { return Ok(None) };
    let field = FieldContext {
        full_name: place.path,
        name: place.name,
        field_type,
        tags: place.tags,
        message: MessageView::Json(place.object),
    };
    let Some(new) = walk.apply(&field, &value)? else { return Ok(None) };
    json_value(&new).map(Some).ok_or_else(|| misfit(&field, &new))
}

/// The type that the schema names for a value of it; a schema without one names no field.
fn field_value(node: &Node, value: &Json) -> Option<(FieldType, FieldValue)> {
    let content = match value {
        Json::Bool(value) => FieldValue::Boolean(*value),
        Json::String(text) => FieldValue::String(text.clone()),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => FieldValue::Integer(value),
            (None, Some(value)) => FieldValue::Unsigned(value),
            (None, None) => FieldValue::Double(number.as_f64()?),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
    };
    if node.is_enum {
        return Some((FieldType::Enum, content));
    }
    let has = |kind| node.kinds.contains(&kind);
    let field_type = match &content {
        FieldValue::Boolean(_) if has(Kind::Boolean) => FieldType::Boolean,
        FieldValue::String(_) if has(Kind::String) => FieldType::String,
        FieldValue::Integer(_) | FieldValue::Unsigned(_) if has(Kind::Integer) => FieldType::Int,
        FieldValue::Integer(_) | FieldValue::Unsigned(_) | FieldValue::Double(_)
            if has(Kind::Number) =>
        {
            FieldType::Double
        }
        // A whole number may be written with a fraction of zero.
        FieldValue::Double(_) if has(Kind::Integer) => FieldType::Int,
        _ => return None,
    };
    Some((field_type, content))
}

fn json_value(value: &FieldValue) -> Option<Json> {
    Some(match value {
        FieldValue::Null => Json::Null,
        FieldValue::Boolean(value) => Json::Bool(*value),
        FieldValue::Integer(value) => Json::from(*value),
        FieldValue::Unsigned(value) => Json::from(*value),
        FieldValue::Double(value) => Json::Number(Number::from_f64(*value)?),
        FieldValue::String(text) => Json::String(text.clone()),
        FieldValue::Bytes(_) => return None,
    })
}
