//! Values from and to Avro's JSON encoding, logical types as their base types.

use std::collections::HashMap;

use levada_serde::apache_avro::Schema;
use levada_serde::apache_avro::schema::{
    DecimalSchema, InnerDecimalSchema, Name, NamespaceRef, UuidSchema,
};
use levada_serde::avro::Value;
use serde_json::{Map, Value as Json, json};

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// A schema and the types that its names stand for.
pub(crate) struct Types {
    root: Schema,
    named: HashMap<Name, Schema>,
}

impl Types {
    pub(crate) fn parse(text: &str, references: &[String]) -> Self {
        let parsed = Schema::parse_str_with_list(text, references);
        let Ok((root, references)) = parsed else {
            // Broken on purpose; nothing will be converted with it.
            return Self { root: Schema::Null, named: HashMap::new() };
        };
        let mut named = HashMap::new();
        collect(&root, None, &mut named);
        for schema in &references {
            collect(schema, None, &mut named);
        }
        Self { root, named }
    }

    pub(crate) fn root_kind(&self) -> String {
        branch_name(&self.root)
    }

    pub(crate) fn to_json(&self, value: &Value) -> Json {
        self.json(value, &self.root)
    }

    pub(crate) fn read_json(&self, json: &Json) -> Value {
        self.value(json, &self.root)
    }

    fn follow<'s>(&'s self, schema: &'s Schema) -> &'s Schema {
        match schema {
            Schema::Ref { name } => &self.named[name],
            schema => schema,
        }
    }

    fn json(&self, value: &Value, schema: &Schema) -> Json {
        match (self.follow(schema), value) {
            (Schema::Union(union), Value::Union(index, inner)) => {
                let branch = &union.variants()[*index as usize];
                match &**inner {
                    Value::Null => Json::Null,
                    inner => json!({branch_name(self.follow(branch)): self.json(inner, branch)}),
                }
            }
            (Schema::Record(record), Value::Record(fields)) => {
                let fields = fields.iter().zip(&record.fields);
                let members = fields.map(|((name, value), field)| {
                    assert_eq!(*name, field.name);
                    (name.clone(), self.json(value, &field.schema))
                });
                Json::Object(members.collect())
            }
            (Schema::Array(array), Value::Array(items)) => {
                items.iter().map(|item| self.json(item, &array.items)).collect()
            }
            (Schema::Map(map), Value::Map(entries)) => {
                let mut members: Map<_, _> = entries
                    .iter()
                    .map(|(key, value)| (key.clone(), self.json(value, &map.types)))
                    .collect();
                members.sort_keys();
                Json::Object(members)
            }
            (_, value) => leaf(value),
        }
    }

    /// Follows the JSON where it disagrees with the schema, so that wrong values can be made.
    fn value(&self, json: &Json, schema: &Schema) -> Value {
        match (self.follow(schema), json) {
            (Schema::Union(union), Json::Null) => {
                let index = union.variants().iter().position(|it| matches!(it, Schema::Null));
                index.map_or(Value::Null, |index| {
                    Value::Union(u32::try_from(index).unwrap(), Box::new(Value::Null))
                })
            }
            (Schema::Union(union), Json::Object(tagged)) if tagged.len() == 1 => {
                let (name, inner) = tagged.iter().next().unwrap();
                let is_named = |branch: &Schema| branch_name(self.follow(branch)) == *name;
                let index = union.variants().iter().position(is_named).unwrap();
                let inner = self.value(inner, &union.variants()[index]);
                Value::Union(u32::try_from(index).unwrap(), Box::new(inner))
            }
            (Schema::Record(record), Json::Object(members)) => {
                let fields = members.iter().map(|(name, json)| {
                    let field = record.fields.iter().find(|field| field.name == *name);
                    let schema = field.map_or(&Schema::Null, |field| &field.schema);
                    (name.clone(), self.value(json, schema))
                });
                Value::Record(fields.collect())
            }
            (Schema::Array(array), Json::Array(items)) => {
                Value::Array(items.iter().map(|item| self.value(item, &array.items)).collect())
            }
            (Schema::Map(map), Json::Object(members)) => {
                let entries = members.iter();
                let entries =
                    entries.map(|(key, json)| (key.clone(), self.value(json, &map.types)));
                Value::Map(entries.collect())
            }
            (Schema::Enum(_), Json::String(name)) => Value::Enum(0, name.clone()),
            (schema, json) => untagged(json, schema),
        }
    }
}

fn collect(schema: &Schema, namespace: NamespaceRef<'_>, named: &mut HashMap<Name, Schema>) {
    match schema {
        Schema::Array(array) => collect(&array.items, namespace, named),
        Schema::Map(map) => collect(&map.types, namespace, named),
        Schema::Union(union) => {
            union.variants().iter().for_each(|branch| collect(branch, namespace, named));
        }
        Schema::Ref { .. } => {}
        other => {
            let Some(name) = other.name() else { return };
            named.insert(name.fully_qualified_name(namespace).into_owned(), other.clone());
            if let Schema::Record(record) = other {
                let namespace = name.namespace();
                record.fields.iter().for_each(|field| collect(&field.schema, namespace, named));
            }
        }
    }
}

fn branch_name(schema: &Schema) -> String {
    if let Some(name) = schema.name() {
        return name.fullname(None);
    }
    match schema {
        Schema::Null => "null",
        Schema::Boolean => "boolean",
        Schema::Int | Schema::Date | Schema::TimeMillis => "int",
        Schema::Float => "float",
        Schema::Double => "double",
        Schema::String | Schema::Uuid(UuidSchema::String) => "string",
        Schema::Array(_) => "array",
        Schema::Map(_) => "map",
        Schema::Bytes | Schema::Decimal(DecimalSchema { inner: InnerDecimalSchema::Bytes, .. }) => {
            "bytes"
        }
        _ => "long",
    }
    .to_owned()
}

fn latin1(bytes: &[u8]) -> Json {
    Json::String(bytes.iter().map(|&byte| char::from(byte)).collect())
}

fn leaf(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => json!(value),
        Value::Int(value) | Value::Date(value) | Value::TimeMillis(value) => json!(value),
        Value::Long(value)
        | Value::TimeMicros(value)
        | Value::TimestampMillis(value)
        | Value::TimestampMicros(value)
        | Value::TimestampNanos(value)
        | Value::LocalTimestampMillis(value)
        | Value::LocalTimestampMicros(value)
        | Value::LocalTimestampNanos(value) => json!(value),
        Value::Float(value) => floating(f64::from(*value)),
        Value::Double(value) => floating(*value),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => latin1(bytes),
        Value::String(text) | Value::Enum(_, text) => json!(text),
        Value::Decimal(decimal) => latin1(&Vec::try_from(decimal).unwrap()),
        Value::Duration(duration) => latin1(&<[u8; 12]>::from(duration)),
        Value::Uuid(uuid) => json!(uuid.to_string()),
        other => panic!("{other:?} is no leaf"),
    }
}

fn floating(value: f64) -> Json {
    match value {
        value if value.is_nan() => json!("NaN"),
        value if value.is_infinite() => {
            json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
        }
        value => json!(value),
    }
}

fn untagged(json: &Json, schema: &Schema) -> Value {
    let bytes = |text: &str| text.chars().map(|it| u8::try_from(it).unwrap()).collect::<Vec<_>>();
    let number = |json: &Json| match json.as_str() {
        Some("NaN") => f64::NAN,
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        _ => json.as_f64().unwrap(),
    };
    match (schema, json) {
        (Schema::Double, json) => Value::Double(number(json)),
        #[expect(clippy::cast_possible_truncation, reason = "the vectors hold floats as doubles")]
        (Schema::Float, json) => Value::Float(number(json) as f32),
        (Schema::Bytes | Schema::Decimal(_) | Schema::BigDecimal, Json::String(text)) => {
            Value::Bytes(bytes(text))
        }
        (Schema::Fixed(_) | Schema::Duration(_), Json::String(text)) => {
            Value::Fixed(text.chars().count(), bytes(text))
        }
        (_, Json::Null) => Value::Null,
        (_, Json::Bool(value)) => Value::Boolean(*value),
        (_, Json::String(text)) => Value::String(text.clone()),
        (_, json) => json.as_i64().map_or(Value::Null, |number| {
            i32::try_from(number).map_or(Value::Long(number), Value::Int)
        }),
    }
}
