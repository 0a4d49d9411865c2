//! Where in the two texts a difference stands: the keyword it is about, else the schema.

use std::collections::HashMap;

use super::Difference;
use super::hub::Owner;
use crate::json::JsonSchema;
use crate::json_text::{Data, Object, Value};
use crate::{JsonRule, Location};

/// The objects of a schema's own text by their places, for telling where differences stand.
pub(super) struct Places<'a> {
    owner: Owner,
    schema: &'a JsonSchema,
    objects: HashMap<Location, &'a Object>,
}

impl<'a> Places<'a> {
    pub(super) fn new(owner: Owner, schema: &'a JsonSchema) -> Self {
        let mut objects = HashMap::new();
        let mut open = vec![&schema.documents.schema.root];
        while let Some(value) = open.pop() {
            match &value.data {
                Data::Object(object) => {
                    objects.insert(value.location, &**object);
                    open.extend(object.iter().map(|member| &member.value));
                }
                Data::Array(items) => open.extend(items.iter()),
                _ => {}
            }
        }
        Self { owner, schema, objects }
    }

    /// The place of a difference on this side; none where it stands in a reference.
    pub(super) fn of(&self, difference: &Difference) -> Option<Location> {
        let (original, update) = difference.pair;
        let at = if original.owner == self.owner { original } else { update };
        let schema = self.schema.model.node(at.node).notes.location?;
        let object = self.objects.get(&schema);
        Some(object.and_then(|object| keyword(object, difference)).unwrap_or(schema))
    }
}

/// The place of the keyword, property or item that the difference is about, if `object` has it.
fn keyword(object: &Object, difference: &Difference) -> Option<Location> {
    let key = |key: &str| object.member(key).map(|member| member.key_location);
    let first = |keys: &[&str]| keys.iter().find_map(|name| key(name));
    let within = |keys: &[&str], name: &str| {
        let member = |key: &&str| object.get(key)?.as_object()?.member(name);
        keys.iter().find_map(member).map(|member| member.key_location)
    };
    let path = difference.own_path();
    match path.split_once('/') {
        Some(("properties", name)) => within(&["properties"], name),
        Some(("required", name)) => key("required").or_else(|| within(&["properties"], name)),
        Some(("dependencies", name)) => {
            within(&["dependencies", "dependentRequired", "dependentSchemas"], name)
        }
        Some(("items", index)) => {
            let index: usize = index.parse().ok()?;
            let item = |key: &&str| object.get(key)?.as_array()?.get(index);
            ["prefixItems", "items"].iter().find_map(item).map(|item: &Value| item.location)
        }
        Some(_) => None,
        // Behind "prefixItems" the keyword is "items".
        None if path == "additionalItems" => match key("prefixItems") {
            Some(_) => key("items"),
            None => key(path),
        },
        None if !path.is_empty() => key(path),
        None => match difference.rule {
            JsonRule::TypeChanged | JsonRule::TypeNarrowed => first(&["type"]),
            _ => first(&["allOf", "anyOf", "oneOf"]),
        },
    }
}
