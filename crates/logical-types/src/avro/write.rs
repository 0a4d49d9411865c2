//! The Avro schema of a script.

use indexmap::{IndexMap, IndexSet};
use levada_schema_core::{Limits, ResolvedReference};
use serde_json::{Map, Value, json};

use super::{MAP_ENTRY, VARIANT, default, names, prop};
use crate::annotation::{
    self, branch_entries, put_doc, put_enum_values, put_map_key, put_params, put_tags,
};
use crate::error::{Mismatch, check_depth};
use crate::model::{
    ALIASES, Enum, Field, FieldDefault, Kind, Named, Script, Struct, Type, UNBOUNDED, free_params,
};
use crate::row_name::RowNames;

type Object = Map<String, Value>;

/// The JSON text of the schema. `row_name` names what the script leaves unnamed.
pub(crate) fn write(
    script: &Script,
    row_name: &str,
    references: &[ResolvedReference],
    limits: &Limits,
) -> Result<String, Mismatch> {
    if let Some(name) = script.imports.keys().next() {
        return Err(Mismatch::new(format!(
            "USING TYPE {name}: Avro refers to types by their names alone; leave the statement out"
        )));
    }
    let external = names::external(references)?;
    let mut writer = Writer {
        script,
        external,
        written: IndexMap::new(),
        rows: RowNames::new(limits),
        depth_max: limits.depth_max,
    };
    let root = writer.nullable(&script.root, row_name, 0)?;
    Ok(root.to_string())
}

struct Writer<'s> {
    script: &'s Script,
    external: IndexSet<String>,
    /// What each full name was defined as: `Null` while a declared struct is being written.
    written: IndexMap<String, Value>,
    rows: RowNames,
    depth_max: usize,
}

impl Writer<'_> {
    fn nullable(&mut self, ty: &Type, row: &str, depth: usize) -> Result<Value, Mismatch> {
        let plain = self.required(&ty.kind, row, depth)?;
        Ok(if ty.is_nullable { with_null(plain, false) } else { plain })
    }

    /// A type without regard to whether it is nullable. `row` names it if it must have a name.
    fn required(&mut self, kind: &Kind, row: &str, depth: usize) -> Result<Value, Mismatch> {
        check_depth(depth, self.depth_max)?;
        match kind {
            Kind::Array(item) => {
                let items = self.nullable(item, row, depth + 1)?;
                Ok(json!({"type": "array", "items": items}))
            }
            Kind::Map(key, value) => self.map(key, value, row, depth).map(Value::Object),
            Kind::Multiset(item) => {
                let mut map = self.map(item, &Kind::Int.required(), row, depth)?;
                map.insert(prop::VERSION.into(), "1".into());
                map.insert(annotation::FLINK_TYPE.into(), "multiset".into());
                Ok(map.into())
            }
            Kind::Union(branches) => {
                let members = branches
                    .iter()
                    .map(|branch| self.required(&branch.ty.kind, &branch.name, depth + 1))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(members.into())
            }
            Kind::Struct(body) => {
                let mut record = self.record(row, body, row, depth)?;
                record.insert(prop::ANONYMOUS.into(), "true".into());
                self.define(row, record)
            }
            Kind::Binary(size) => {
                let mut fixed = named("fixed", row);
                fixed.insert("size".into(), (*size).into());
                self.define(row, fixed)
            }
            Kind::Variant => {
                let mut record = named("record", VARIANT);
                let bytes = |name: &str| json!({"name": name, "type": "bytes"});
                record.insert("fields".into(), json!([bytes("metadata"), bytes("value")]));
                record.insert(prop::LOGICAL_TYPE.into(), "variant".into());
                self.define(VARIANT, record)
            }
            Kind::Named(name) => self.named(name, depth),
            plain => primitive(plain),
        }
    }

    fn named(&mut self, name: &str, depth: usize) -> Result<Value, Mismatch> {
        if self.written.contains_key(name) {
            return Ok(name.into());
        }
        let script = self.script;
        match script.named.get(name) {
            Some(Named::Struct(body)) => {
                self.written.insert(name.to_owned(), Value::Null);
                let record = Value::Object(self.record(name, body, name, depth)?);
                self.written.insert(name.to_owned(), record.clone());
                Ok(record)
            }
            Some(Named::Enum(body)) => self.define(name, enumeration(name, body)),
            None if self.external.contains(name) => Ok(name.into()),
            None => Err(Mismatch::new(format!(
                "type '{name}' is neither declared nor defined by a reference"
            ))),
        }
    }

    /// A definition at its first use, the name at every other. Two of one name must be equal.
    fn define(&mut self, name: &str, definition: Object) -> Result<Value, Mismatch> {
        let definition = Value::Object(definition);
        match self.written.get(name) {
            Some(earlier) if *earlier == definition => Ok(name.into()),
            Some(_) => {
                Err(Mismatch::new(format!("two different Avro types would be named '{name}'")))
            }
            None => {
                self.written.insert(name.to_owned(), definition.clone());
                Ok(definition)
            }
        }
    }

    /// `row` is what the names of unnamed types inside begin with.
    fn record(
        &mut self,
        name: &str,
        body: &Struct,
        row: &str,
        depth: usize,
    ) -> Result<Object, Mismatch> {
        let mut record = named("record", name);
        put_doc(&mut record, "doc", body.notes.doc.as_ref());
        let fields = body
            .fields
            .iter()
            .map(|field| self.field(field, row, depth))
            .collect::<Result<Vec<_>, _>>()?;
        record.insert("fields".into(), fields.into());
        put_tags(&mut record, &body.notes);
        put_params(&mut record, body.notes.params.iter());
        Ok(record)
    }

    fn field(&mut self, field: &Field, row: &str, depth: usize) -> Result<Value, Mismatch> {
        let inner_row = self.rows.inside(row, &field.name)?;
        let mut ty = self.required(&field.ty.kind, &inner_row, depth + 1)?;
        if field.ty.is_nullable {
            let starts_with_value =
                field.default.as_ref().is_some_and(|default| *default != FieldDefault::Null);
            ty = with_null(ty, starts_with_value);
        }
        let mut out = Object::new();
        out.insert("name".into(), field.name.as_str().into());
        out.insert("type".into(), ty);
        put_doc(&mut out, "doc", field.notes.doc.as_ref());
        if let Some(default) = &field.default {
            out.insert("default".into(), default::to_json(default, &field.ty.kind)?);
        }
        let aliases = field.notes.params.get(ALIASES).filter(|aliases| !aliases.is_empty());
        if let Some(aliases) = aliases {
            out.insert("aliases".into(), aliases.split(',').collect::<Vec<_>>().into());
        }
        put_tags(&mut out, &field.notes);
        put_params(&mut out, free_params(&field.notes.params));
        if let Kind::Union(branches) = &field.ty.kind {
            out.insert(annotation::UNION.into(), branch_entries(branches));
        }
        Ok(out.into())
    }

    /// A map by strings, or a list of entries for keys of any other type.
    fn map(
        &mut self,
        key: &Type,
        value: &Type,
        row: &str,
        depth: usize,
    ) -> Result<Object, Mismatch> {
        if matches!(key.kind, Kind::Char(_) | Kind::VarChar(_)) {
            let values = self.nullable(value, row, depth + 1)?;
            let mut map = object("map");
            map.insert("values".into(), values);
            put_map_key(&mut map, &key.kind);
            return Ok(map);
        }
        let key = self.nullable(key, &self.rows.inside(row, "key")?, depth + 1)?;
        let value = self.nullable(value, &self.rows.inside(row, "value")?, depth + 1)?;
        let name = self.rows.inside(row, "Entry")?;
        let mut entry = named("record", &name);
        entry.insert(
            "fields".into(),
            json!([entry_field("key", &key), entry_field("value", &value)]),
        );
        entry.insert(prop::INTERNAL_TYPE.into(), MAP_ENTRY.into());
        let mut list = object("array");
        list.insert("items".into(), self.define(&name, entry)?);
        list.insert(prop::LOGICAL_TYPE.into(), "map".into());
        Ok(list)
    }
}

fn entry_field(name: &str, ty: &Value) -> Value {
    let is_null_first = matches!(ty, Value::Array(members) if members.len() == 2 && members.first() == Some(&"null".into()));
    if is_null_first {
        return json!({"name": name, "type": ty, "default": null});
    }
    json!({"name": name, "type": ty})
}

/// A union of the type and null; null comes last where the default is another value.
fn with_null(ty: Value, is_null_last: bool) -> Value {
    let mut members = match ty {
        Value::Array(members) => members,
        single => vec![single],
    };
    let at = if is_null_last { members.len() } else { 0 };
    members.insert(at, "null".into());
    members.into()
}

fn object(kind: &str) -> Object {
    Object::from_iter([("type".to_owned(), kind.into())])
}

/// The start of a definition. A name without namespace must not fall into the one around it.
fn named(kind: &str, name: &str) -> Object {
    let mut out = object(kind);
    let (space, simple) = name.rsplit_once('.').unwrap_or(("", name));
    out.insert("name".into(), simple.into());
    out.insert("namespace".into(), space.into());
    out
}

fn enumeration(name: &str, body: &Enum) -> Object {
    let mut out = named("enum", name);
    put_doc(&mut out, "doc", body.notes.doc.as_ref());
    let symbols: Vec<Value> =
        body.values.iter().map(|value| value.symbol.as_str().into()).collect();
    out.insert("symbols".into(), symbols.into());
    put_tags(&mut out, &body.notes);
    put_params(&mut out, body.notes.params.iter());
    put_enum_values(&mut out, &body.values);
    out
}

fn primitive(kind: &Kind) -> Result<Value, Mismatch> {
    let with = |name: &str, props: &[(&str, Value)]| {
        let mut out = object(name);
        out.extend(props.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        Value::Object(out)
    };
    let version = (prop::VERSION, Value::from("1"));
    Ok(match kind {
        Kind::Boolean => "boolean".into(),
        Kind::TinyInt => with("int", &[(prop::CONNECT_TYPE, "int8".into())]),
        Kind::SmallInt => with("int", &[(prop::CONNECT_TYPE, "int16".into())]),
        Kind::Int => "int".into(),
        Kind::BigInt => "long".into(),
        Kind::Float => "float".into(),
        Kind::Double => "double".into(),
        Kind::VarChar(UNBOUNDED) => "string".into(),
        Kind::VarBinary(UNBOUNDED) => "bytes".into(),
        Kind::Char(length) => with(
            "string",
            &[version, (prop::MIN_LENGTH, (*length).into()), (prop::MAX_LENGTH, (*length).into())],
        ),
        Kind::VarChar(length) => with("string", &[version, (prop::MAX_LENGTH, (*length).into())]),
        Kind::VarBinary(length) => with("bytes", &[version, (prop::MAX_LENGTH, (*length).into())]),
        Kind::Date => with("int", &[(prop::LOGICAL_TYPE, "date".into())]),
        Kind::Time(digits) if *digits <= 3 => moment("int", "time-millis", *digits, 3),
        // Avro has no finer time of day.
        Kind::Time(digits) => moment("long", "time-micros", *digits, 6),
        Kind::Timestamp(digits) => timestamp("local-timestamp", *digits),
        Kind::TimestampLtz(digits) => timestamp("timestamp", *digits),
        Kind::Decimal { precision, scale } => with(
            "bytes",
            &[
                (prop::LOGICAL_TYPE, "decimal".into()),
                ("precision", (*precision).into()),
                ("scale", scale.unwrap_or(0).into()),
            ],
        ),
        other => return Err(Mismatch::new(format!("Avro has no {}", other.name()))),
    })
}

fn timestamp(name: &str, digits: u8) -> Value {
    let (unit, carried) = match digits {
        0..=3 => ("millis", 3),
        4..=6 => ("micros", 6),
        _ => ("nanos", 9),
    };
    moment("long", &format!("{name}-{unit}"), digits, carried)
}

/// A moment; digits other than those that the logical type carries are said beside it.
fn moment(ty: &str, logical: &str, digits: u8, carried: u8) -> Value {
    let mut out = object(ty);
    out.insert(prop::LOGICAL_TYPE.into(), logical.into());
    if digits != carried {
        out.insert(prop::VERSION.into(), "1".into());
        out.insert(prop::PRECISION.into(), digits.into());
    }
    out.into()
}
