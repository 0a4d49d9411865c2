//! The JSON Schema of a script.

use indexmap::IndexMap;
use levada_schema_core::{Limits, ResolvedReference};
use serde_json::{Map, Value, json};

use super::{default, prop, title};
use crate::annotation::{
    self, branch_entries, put_doc, put_enum_values, put_map_key, put_params, put_tags,
};
use crate::error::{Mismatch, check_depth};
use crate::model::{
    Branch, Enum, Field, Kind, Named, Script, Struct, Type, UNBOUNDED, free_params,
};
use crate::row_name::RowNames;

type Object = Map<String, Value>;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON text of the schema. `row_name` is the title of what the script leaves unnamed.
pub(crate) fn write(
    script: &Script,
    row_name: &str,
    references: &[ResolvedReference],
    limits: &Limits,
) -> Result<String, Mismatch> {
    let external = external(script, references)?;
    let writer =
        Writer { script, external, rows: RowNames::new(limits), depth_max: limits.depth_max };
    let mut root = writer.nullable(&script.root, row_name, 0)?;
    let mut definitions = Object::new();
    for (name, body) in &script.named {
        let body = match body {
            Named::Struct(body) => writer.object(body, name, 0)?,
            Named::Enum(body) => enumeration(name, body),
        };
        definitions.insert(name.clone(), body.into());
    }
    for (name, address) in &script.imports {
        definitions.insert(name.clone(), json!({"$ref": address, prop::IMPORT: true}));
    }
    if !definitions.is_empty() {
        root.insert("$defs".into(), definitions.into());
    }
    if let Some(namespace) = &script.namespace {
        root.insert(prop::NAMESPACE.into(), namespace.as_str().into());
    }
    root.insert("$schema".into(), DIALECT.into());
    Ok(Value::Object(root).to_string())
}

/// The names that the references define, with the address of each.
fn external(
    script: &Script,
    references: &[ResolvedReference],
) -> Result<IndexMap<String, String>, Mismatch> {
    let mut names = IndexMap::new();
    for reference in references {
        let uri = &reference.reference.name;
        let document: Value = serde_json::from_str(&reference.text)
            .map_err(|error| Mismatch::new(format!("in reference {uri}: {error}")))?;
        for container in ["$defs", "definitions"] {
            for name in
                document.get(container).and_then(Value::as_object).into_iter().flat_map(Map::keys)
            {
                let address = format!("{uri}#/{container}/{}", escaped(name));
                let is_new = script.named.contains_key(name)
                    || names.insert(name.clone(), address).is_none();
                if !is_new {
                    return Err(Mismatch::new(format!("two references define a type '{name}'")));
                }
            }
        }
    }
    Ok(names)
}

/// A name as a part of a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

struct Writer<'s> {
    script: &'s Script,
    external: IndexMap<String, String>,
    rows: RowNames,
    depth_max: usize,
}

impl Writer<'_> {
    fn nullable(&self, ty: &Type, row: &str, depth: usize) -> Result<Object, Mismatch> {
        let plain = self.required(&ty.kind, row, depth)?;
        Ok(if ty.is_nullable { with_null(plain) } else { plain })
    }

    /// A type without regard to whether it is nullable. `row` is the title of an unnamed struct.
    fn required(&self, kind: &Kind, row: &str, depth: usize) -> Result<Object, Mismatch> {
        check_depth(depth, self.depth_max)?;
        match kind {
            Kind::Array(item) => {
                let mut out = object("array");
                out.insert("items".into(), self.nullable(item, row, depth + 1)?.into());
                Ok(out)
            }
            Kind::Map(key, value) => self.map(key, value, row, depth),
            Kind::Multiset(item) => {
                let mut out = self.map(item, &Kind::Int.required(), row, depth)?;
                put(
                    &mut out,
                    [(prop::VERSION, "1".into()), (annotation::FLINK_TYPE, "multiset".into())],
                );
                Ok(out)
            }
            Kind::Struct(body) => self.object(body, row, depth),
            Kind::Union(branches) => self.union(branches, depth),
            Kind::Named(name) => self.reference(name),
            plain => primitive(plain),
        }
    }

    fn union(&self, branches: &[Branch], depth: usize) -> Result<Object, Mismatch> {
        let members = branches
            .iter()
            .map(|branch| Ok(self.nullable(&branch.ty, &branch.name, depth + 1)?.into()))
            .collect::<Result<Vec<Value>, Mismatch>>()?;
        let mut out = Object::new();
        put(&mut out, [("oneOf", members.into()), (annotation::UNION, branch_entries(branches))]);
        Ok(out)
    }

    fn reference(&self, name: &str) -> Result<Object, Mismatch> {
        let is_local =
            self.script.named.contains_key(name) || self.script.imports.contains_key(name);
        let address = match self.external.get(name) {
            _ if is_local => format!("#/$defs/{}", escaped(name)),
            Some(address) => address.clone(),
            None => {
                let reason =
                    format!("type '{name}' is neither declared nor defined by a reference");
                return Err(Mismatch::new(reason));
            }
        };
        Ok(Object::from_iter([("$ref".to_owned(), address.into())]))
    }

    fn object(&self, body: &Struct, row: &str, depth: usize) -> Result<Object, Mismatch> {
        let mut out = object("object");
        out.insert("title".into(), row.into());
        let mut properties = Object::new();
        for (at, field) in body.fields.iter().enumerate() {
            properties.insert(field.name.clone(), self.field(field, at, row, depth)?.into());
        }
        let required = body.fields.iter().filter(|field| !field.ty.is_nullable);
        let required: Vec<&str> = required.map(|field| field.name.as_str()).collect();
        if !required.is_empty() {
            out.insert("required".into(), required.into());
        }
        if !properties.is_empty() {
            put(
                &mut out,
                [("properties", properties.into()), ("additionalProperties", false.into())],
            );
        }
        put_doc(&mut out, "description", body.notes.doc.as_ref());
        put_tags(&mut out, &body.notes);
        put_params(&mut out, body.notes.params.iter());
        Ok(out)
    }

    fn field(&self, field: &Field, at: usize, row: &str, depth: usize) -> Result<Object, Mismatch> {
        let mut out = self.nullable(&field.ty, &self.rows.inside(row, &field.name)?, depth + 1)?;
        if let Some(default) = &field.default
            && let Some(value) = default::to_json(default, &field.ty.kind)?
        {
            out.insert("default".into(), value);
        }
        out.insert(prop::INDEX.into(), at.into());
        put_doc(&mut out, "description", field.notes.doc.as_ref());
        put_tags(&mut out, &field.notes);
        put_params(&mut out, free_params(&field.notes.params));
        Ok(out)
    }

    /// A map by strings, or a list of entries for keys of any other type.
    fn map(&self, key: &Type, value: &Type, row: &str, depth: usize) -> Result<Object, Mismatch> {
        if matches!(key.kind, Kind::Char(_) | Kind::VarChar(_)) {
            let values = self.nullable(value, row, depth + 1)?;
            let mut out = object("object");
            put(
                &mut out,
                [("additionalProperties", values.into()), (prop::CONNECT_TYPE, "map".into())],
            );
            put_map_key(&mut out, &key.kind);
            return Ok(out);
        }
        let key = self.nullable(key, &self.rows.inside(row, "key")?, depth + 1)?;
        let value = self.nullable(value, &self.rows.inside(row, "value")?, depth + 1)?;
        let mut entry = object("object");
        put(
            &mut entry,
            [
                ("properties", json!({"key": key, "value": value})),
                ("additionalProperties", false.into()),
            ],
        );
        let mut out = object("array");
        put(&mut out, [("items", entry.into()), (prop::CONNECT_TYPE, "map".into())]);
        Ok(out)
    }
}

/// A choice of the type and null; a union takes null among its members.
fn with_null(mut ty: Object) -> Object {
    let null = json!({"type": "null"});
    if let Some(Value::Array(members)) = ty.get_mut("oneOf") {
        members.insert(0, null);
        return ty;
    }
    Object::from_iter([("oneOf".to_owned(), Value::Array(vec![null, ty.into()]))])
}

fn object(kind: &str) -> Object {
    Object::from_iter([("type".to_owned(), kind.into())])
}

fn put<const N: usize>(out: &mut Object, members: [(&str, Value); N]) {
    out.extend(members.map(|(key, value)| (key.to_owned(), value)));
}

fn enumeration(name: &str, body: &Enum) -> Object {
    let symbols: Vec<&str> = body.values.iter().map(|value| value.symbol.as_str()).collect();
    let mut out = Object::new();
    put(&mut out, [("title", name.into()), ("enum", symbols.into())]);
    put_doc(&mut out, "description", body.notes.doc.as_ref());
    put_params(&mut out, body.notes.params.iter());
    put_enum_values(&mut out, &body.values);
    out
}

fn primitive(kind: &Kind) -> Result<Object, Mismatch> {
    let number = |connect: &str| {
        let mut out = object("number");
        out.insert(prop::CONNECT_TYPE.into(), connect.into());
        out
    };
    Ok(match kind {
        Kind::Boolean => object("boolean"),
        Kind::TinyInt => number("int8"),
        Kind::SmallInt => number("int16"),
        Kind::Int => number("int32"),
        Kind::BigInt => number("int64"),
        Kind::Float => number("float32"),
        Kind::Double => number("float64"),
        Kind::Date => {
            let mut out = number("int32");
            out.insert("title".into(), title::DATE.into());
            out
        }
        Kind::Time(digits) => moment("int32", *digits, Some(title::TIME)),
        Kind::TimestampLtz(digits) => moment("int64", *digits, Some(title::TIMESTAMP)),
        Kind::Timestamp(digits) => moment("int64", *digits, None),
        Kind::Decimal { precision, scale } => {
            let mut out = number("bytes");
            let parameters = json!({
                prop::DECIMAL_PRECISION: precision.to_string(), "scale": scale.unwrap_or(0).to_string(),
            });
            put(&mut out, [("title", title::DECIMAL.into()), (prop::PARAMETERS, parameters)]);
            out
        }
        Kind::Char(length) | Kind::VarChar(length) => {
            let mut out = object("string");
            if matches!(kind, Kind::Char(_)) {
                out.insert("minLength".into(), (*length).into());
            }
            if *length < UNBOUNDED {
                out.insert("maxLength".into(), (*length).into());
            }
            out
        }
        Kind::Binary(length) | Kind::VarBinary(length) => {
            let mut out = object("string");
            out.insert(prop::CONNECT_TYPE.into(), "bytes".into());
            if matches!(kind, Kind::Binary(_)) {
                out.insert(prop::MIN_LENGTH.into(), (*length).into());
            }
            if *length < UNBOUNDED {
                put(&mut out, [(prop::MAX_LENGTH, (*length).into()), (prop::VERSION, "1".into())]);
            }
            out
        }
        // Any value.
        Kind::Variant => Object::new(),
        other => return Err(Mismatch::new(format!("JSON Schema has no {}", other.name()))),
    })
}

/// A moment as a number, told by its title; without one it is local.
fn moment(connect: &str, digits: u8, title: Option<&str>) -> Object {
    let mut out = object("number");
    out.insert(prop::CONNECT_TYPE.into(), connect.into());
    if digits != 3 {
        put(&mut out, [(prop::VERSION, "1".into()), (prop::PRECISION, digits.into())]);
    }
    match title {
        Some(title) => put(&mut out, [("title", title.into())]),
        None => {
            put(
                &mut out,
                [(prop::VERSION, "1".into()), (annotation::FLINK_TYPE, "timestamp".into())],
            );
        }
    }
    out
}
