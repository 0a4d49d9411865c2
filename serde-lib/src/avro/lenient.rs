//! What the parser of schemas refuses and the registry holds all the same: defaults that do not fit
//! their types, which data do not need, and records that are called errors. Taken out of the text
//! before it is parsed, and the defaults put back behind, for whoever needs one to judge.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::UnionSchema;
use serde_json::{Map, Value as Json};

use super::schema::{FullName, Shape, inner_member, shape};

/// The defaults of the fields of records, by the full names of the records.
#[derive(Debug, Default)]
pub(super) struct Defaults(HashMap<String, Vec<Option<Json>>>);

impl Defaults {
    /// Takes them out of a text whose names are all defined. Recurses as deep as types nest, which
    /// was bounded before.
    pub(super) fn take(json: &mut Json) -> Self {
        let mut defaults = Self::default();
        defaults.collect(json, None);
        defaults
    }

    fn collect(&mut self, json: &mut Json, namespace: Option<&str>) {
        match json {
            Json::Array(branches) => {
                for branch in branches {
                    self.collect(branch, namespace);
                }
            }
            Json::Object(object) => match shape(object) {
                Shape::Record => {
                    object.insert("type".to_owned(), Json::from("record"));
                    let name = FullName::of_definition(object, namespace);
                    let fields = object.get_mut("fields").and_then(Json::as_array_mut);
                    let mut fields: Vec<_> =
                        fields.into_iter().flatten().filter_map(Json::as_object_mut).collect();
                    let taken = fields.iter_mut().map(|field| field.remove("default")).collect();
                    for field_type in fields.into_iter().filter_map(|field| field.get_mut("type")) {
                        self.collect(field_type, name.namespace.as_deref());
                    }
                    self.0.insert(name.full, taken);
                }
                Shape::EnumOrFixed => drop_unknown_symbol(object),
                other => {
                    if let Some(inner) = object.get_mut(inner_member(&other)) {
                        self.collect(inner, namespace);
                    }
                }
            },
            _ => {}
        }
    }

    pub(super) fn put_back(&mut self, schema: &mut Schema) {
        match schema {
            Schema::Array(array) => self.put_back(&mut array.items),
            Schema::Map(map) => self.put_back(&mut map.types),
            Schema::Union(union) => {
                let mut branches = union.variants().to_vec();
                for branch in &mut branches {
                    self.put_back(branch);
                }
                if let Ok(same) = UnionSchema::new(branches) {
                    *union = same;
                }
            }
            Schema::Record(record) => {
                let defaults = self.0.remove(record.name.as_ref()).unwrap_or_default();
                for (field, default) in record.fields.iter_mut().zip(defaults) {
                    field.default = default;
                }
                for field in &mut record.fields {
                    self.put_back(&mut field.schema);
                }
            }
            _ => {}
        }
    }
}

/// An enum's default that is none of its symbols stands for nothing.
fn drop_unknown_symbol(object: &mut Map<String, Json>) {
    let symbols = object.get("symbols").and_then(Json::as_array);
    let is_known = |default| symbols.is_some_and(|symbols| symbols.contains(default));
    if object.get("default").is_some_and(|default| !is_known(default)) {
        object.remove("default");
    }
}
