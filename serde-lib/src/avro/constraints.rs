//! The rules that an Avro schema carries itself, on records and on their fields.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::types::Value;

use super::resolve::Typed;
use super::schema::ParsedSchema;
use crate::rules::{Constraint, Inspection, RULES, This, joined};

/// By full name, the records that have rules, or whose fields do.
#[derive(Debug, Default)]
pub(super) struct Constraints(HashMap<String, OfRecord>);

/// The rules of a record and of its fields, in the order of the fields.
#[derive(Debug)]
struct OfRecord {
    own: Vec<Constraint>,
    fields: Vec<Vec<Constraint>>,
}

impl Constraints {
    pub(super) fn of(schema: &ParsedSchema) -> Self {
        let names = schema.names();
        let mut constraints = Self::default();
        constraints.collect(Typed::root(schema, &names));
        constraints
    }

    /// Recurses as deep as the parser lets types nest; a name is followed once.
    fn collect(&mut self, typed: Typed<'_>) {
        match typed.schema {
            Schema::Array(array) => self.collect(typed.part(&array.items)),
            Schema::Map(map) => self.collect(typed.part(&map.types)),
            Schema::Union(union) => {
                union.variants().iter().for_each(|branch| self.collect(typed.part(branch)));
            }
            Schema::Record(record) => {
                let name = typed.full_name();
                if self.0.contains_key(&name) {
                    return;
                }
                let fields = record.fields.iter();
                let fields =
                    fields.map(|field| Constraint::all_of_json(field.custom_attributes.get(RULES)));
                let own = Constraint::all_of_json(record.attributes.get(RULES));
                self.0.insert(name, OfRecord { own, fields: fields.collect() });
                for field in &record.fields {
                    self.collect(typed.field(record, field));
                }
            }
            _ => {}
        }
    }

    pub(super) fn inspect(
        &self,
        schema: &ParsedSchema,
        value: &Value,
        inspection: &mut Inspection,
    ) {
        let names = schema.names();
        self.part(Typed::root(schema, &names), value, "", inspection);
    }

    /// Recurses as deep as the decoder let the value be.
    fn part(&self, typed: Typed<'_>, value: &Value, path: &str, inspection: &mut Inspection) {
        if inspection.is_over() {
            return;
        }
        match (typed.schema, value) {
            (Schema::Union(union), Value::Union(index, inner)) => {
                let at = usize::try_from(*index).ok();
                if let Some(branch) = at.and_then(|at| union.variants().get(at)) {
                    self.part(typed.part(branch), inner, path, inspection);
                }
            }
            (Schema::Array(array), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.part(typed.part(&array.items), item, &path, inspection);
                }
            }
            (Schema::Map(map), Value::Map(entries)) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                for (key, item) in entries {
                    let path = format!("{path}[\"{key}\"]");
                    self.part(typed.part(&map.types), item, &path, inspection);
                }
            }
            (Schema::Record(_), Value::Record(_)) => self.record(typed, value, path, inspection),
            _ => {}
        }
    }

    fn record(&self, typed: Typed<'_>, value: &Value, path: &str, inspection: &mut Inspection) {
        let (Schema::Record(record), Value::Record(fields)) = (typed.schema, value) else { return };
        let Some(constraints) = self.0.get(&typed.full_name()) else { return };
        inspection.of(&constraints.own, This::Avro(value), path);
        // The decoder gives the fields in the order of the schema.
        let fields = record.fields.iter().zip(fields).zip(&constraints.fields);
        for ((field, (name, value)), constraints) in fields {
            let path = joined(path, name);
            let content = match value {
                Value::Union(_, inner) => inner,
                other => other,
            };
            if *content != Value::Null {
                inspection.of(constraints, This::Avro(content), &path);
            }
            self.part(typed.field(record, field), value, &path, inspection);
        }
    }
}
