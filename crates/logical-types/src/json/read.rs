//! The script that a JSON Schema means.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};
use levada_schema_core::Limits;
use serde_json::{Map, Value};

use super::{default, prop, title};
use crate::annotation::{
    self, checks, entry_params, enum_values, map_key, map_kind, notes, plain_text, text,
};
use crate::error::{Mismatch, breach};
use crate::model::{
    Branch, Enum, Field, Kind, Named, Script, Struct, Type, UNBOUNDED, is_format_native,
};

type Object = Map<String, Value>;

/// Keywords whose meaning no type has.
const UNKNOWN: [&str; 6] = ["allOf", "not", "if", "const", "prefixItems", "$dynamicRef"];

/// Reads a canonical text.
pub(crate) fn read(text: &str, limits: &Limits) -> Result<Script, Mismatch> {
    let root: Value =
        serde_json::from_str(text).map_err(|error| Mismatch::new(error.to_string()))?;
    let mut reader = Reader::default();
    let mut named = IndexMap::new();
    let containers = ["$defs", "definitions"].map(|key| root.get(key).and_then(Value::as_object));
    for (name, _) in containers.iter().copied().flatten().flatten() {
        if name.matches('.').count() >= limits.depth_max {
            let reason = breach("name of too many parts", limits.depth_max, "depth-max");
            return Err(Mismatch::new(reason));
        }
        if name.split('.').any(str::is_empty) {
            return Err(Mismatch::new(format!("'{name}' is no name of a type")));
        }
        reader.names.insert(name.clone());
    }
    for (name, body) in containers.into_iter().flatten().flatten() {
        let is_import = body.get(prop::IMPORT).and_then(Value::as_bool) == Some(true);
        match body.get("$ref").and_then(Value::as_str) {
            Some(address) if is_import => {
                reader.imports.insert(name.clone(), address.to_owned());
                reader.by_address.insert(address.to_owned(), name.clone());
            }
            _ => {
                named.insert(name.clone(), reader.declaration(name, body)?);
            }
        }
    }
    let root_type = reader.ty(&root)?;
    let namespace = self::text(&root, prop::NAMESPACE);
    Ok(Script { namespace, root: root_type, named, imports: reader.imports })
}

#[derive(Default)]
struct Reader {
    /// What the schema declares, imports among it.
    names: IndexSet<String>,
    imports: IndexMap<String, String>,
    /// The names of the imports.
    by_address: HashMap<String, String>,
    /// How many names were made up.
    made_up: usize,
}

impl Reader {
    fn declaration(&mut self, name: &str, body: &Value) -> Result<Named, Mismatch> {
        if let Some(symbols) = body.get("enum").and_then(Value::as_array)
            && let Some(object) = body.as_object()
        {
            let values = enum_values(symbols.iter().map(plain_text), object);
            return Ok(Named::Enum(Enum { values, notes: notes(object, "description") }));
        }
        match self.ty(body)?.kind {
            Kind::Struct(body) => Ok(Named::Struct(body)),
            other => {
                let found = other.name();
                Err(Mismatch::new(format!(
                    "'{name}' declares {found}; only structs and enums have names"
                )))
            }
        }
    }

    /// A type; nullable if it says so itself. Recurses no deeper than the JSON reader allowed.
    fn ty(&mut self, value: &Value) -> Result<Type, Mismatch> {
        let object = match value {
            Value::Bool(true) => return Ok(Kind::Variant.required()),
            Value::Object(object) => object,
            other => return Err(Mismatch::new(format!("the schema {other} describes no type"))),
        };
        if let Some(keyword) = UNKNOWN.iter().find(|keyword| object.contains_key(**keyword)) {
            return Err(Mismatch::new(format!("the keyword '{keyword}' has no counterpart")));
        }
        if let Some(address) = object.get("$ref").and_then(Value::as_str) {
            return Ok(self.reference(address));
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(members) = object.get(keyword).and_then(Value::as_array) {
                return self.union(members, object);
            }
        }
        match object.get("type") {
            Some(Value::Array(names)) => self.several(names, object),
            Some(Value::String(name)) => self.single(name, object),
            _ if object.contains_key("properties") => self.single("object", object),
            _ if object.contains_key("items") => self.single("array", object),
            _ if object.contains_key("enum") => Err(Mismatch::new(
                "an enum outside $defs has no name by which it could be declared",
            )),
            _ => Ok(Kind::Variant.required()),
        }
    }

    /// A type of `$defs` by its name, or one elsewhere.
    fn reference(&mut self, address: &str) -> Type {
        let name = ["/$defs/", "/definitions/"]
            .iter()
            .find_map(|marker| address.split_once(marker))
            .map(|(_, name)| name.replace("~1", "/").replace("~0", "~"))
            .filter(|name| !name.contains('/') && !name.is_empty());
        let name = match name {
            Some(name) if !address.starts_with('#') || self.names.contains(&name) => name,
            _ => self.import(address),
        };
        Kind::Named(name).required()
    }

    /// The name that stands for an address which names no type.
    fn import(&mut self, address: &str) -> String {
        if let Some(name) = self.by_address.get(address) {
            return name.clone();
        }
        let name = loop {
            self.made_up += 1;
            let name = format!("Ref{}", self.made_up);
            if !self.names.contains(&name) {
                break name;
            }
        };
        self.imports.insert(name.clone(), address.to_owned());
        self.by_address.insert(address.to_owned(), name.clone());
        name
    }

    fn union(&mut self, members: &[Value], object: &Object) -> Result<Type, Mismatch> {
        let is_null = |member: &&Value| member.get("type").and_then(Value::as_str) == Some("null");
        let plain: Vec<&Value> = members.iter().filter(|member| !is_null(member)).collect();
        let is_nullable = plain.len() < members.len();
        let said = object.get(annotation::UNION).and_then(Value::as_array);
        if let ([only], None) = (plain.as_slice(), said) {
            let ty = self.ty(only)?;
            return Ok(Type { is_nullable: is_nullable || ty.is_nullable, ..ty });
        }
        let mut branches: Vec<Branch> = Vec::with_capacity(plain.len());
        for (at, member) in plain.into_iter().enumerate() {
            let said = said.and_then(|said| said.get(at));
            let name = said.and_then(|said| text(said, "name")).or_else(|| text(member, "title"));
            let name = name.unwrap_or_else(|| format!("connect_union_field_{at}"));
            if branches.iter().any(|branch| branch.name == name) {
                return Err(Mismatch::new(format!("two branches of a union are called '{name}'")));
            }
            let mut params = entry_params(said);
            params.retain(|key, _| !is_format_native(key));
            let doc = said.and_then(|said| text(said, "doc"));
            branches.push(Branch { name, ty: self.ty(member)?, doc, params });
        }
        if branches.is_empty() {
            return Err(Mismatch::new("null alone is no type"));
        }
        Ok(Type { kind: Kind::Union(branches), is_nullable })
    }

    /// `"type": […]`: the schema once for each name.
    fn several(&mut self, names: &[Value], object: &Object) -> Result<Type, Mismatch> {
        let member = |name: &Value| {
            let mut member = object.clone();
            member.insert("type".into(), name.clone());
            Value::Object(member)
        };
        let members: Vec<Value> = names.iter().map(member).collect();
        self.union(&members, &Object::new())
    }

    fn single(&mut self, name: &str, object: &Object) -> Result<Type, Mismatch> {
        let connect = object.get(prop::CONNECT_TYPE).and_then(Value::as_str);
        let kind = match name {
            "boolean" => Kind::Boolean,
            "integer" | "number" => number(name, connect, object)?,
            "string" => string(connect, object)?,
            "array" => self.array(connect, object)?,
            "object" if connect == Some("map") => {
                let values = object.get("additionalProperties").unwrap_or(&Value::Bool(true));
                let value = self.ty(values)?;
                map_kind(object, map_key(object).required(), value)?
            }
            "object" => Kind::Struct(self.fields(object)?),
            "null" => return Err(Mismatch::new("null alone is no type")),
            other => return Err(Mismatch::new(format!("'{other}' is no type of JSON Schema"))),
        };
        Ok(kind.required())
    }

    fn array(&mut self, connect: Option<&str>, object: &Object) -> Result<Kind, Mismatch> {
        let Some(items) = object.get("items").filter(|items| !items.is_array()) else {
            return Err(Mismatch::new("an array has one schema for all of its items"));
        };
        if connect != Some("map") {
            return Ok(Kind::Array(Box::new(self.ty(items)?)));
        }
        let member = |name: &str| items.get("properties").and_then(|all| all.get(name));
        let (Some(key), Some(value)) = (member("key"), member("value")) else {
            return Err(Mismatch::new("the entries of a map have the properties key and value"));
        };
        let (key, value) = (self.ty(key)?, self.ty(value)?);
        map_kind(object, key, value)
    }

    /// In the order of their indexes, and behind those by name.
    fn fields(&mut self, object: &Object) -> Result<Struct, Mismatch> {
        let properties = object.get("properties").and_then(Value::as_object);
        let mut properties: Vec<(&String, &Value)> = properties.into_iter().flatten().collect();
        let index =
            |value: &Value| value.get(prop::INDEX).and_then(Value::as_u64).unwrap_or(u64::MAX);
        properties.sort_by_key(|(name, value)| (index(value), *name));
        let required = object.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name)))
        };
        let mut body = Struct {
            checks: checks(object.get(annotation::RULES)),
            notes: notes(object, "description"),
            ..Struct::default()
        };
        for (name, value) in properties {
            let mut ty = self.ty(value)?;
            ty.is_nullable |= !is_required(name);
            let default =
                value.get("default").and_then(|value| default::from_json(value, &ty.kind));
            let mut said =
                value.as_object().map(|object| notes(object, "description")).unwrap_or_default();
            said.params.retain(|key, _| !is_format_native(key));
            let checks = checks(value.get(annotation::RULES));
            body.fields.push(Field { name: name.clone(), ty, default, checks, notes: said });
        }
        Ok(body)
    }
}

fn number(name: &str, connect: Option<&str>, object: &Object) -> Result<Kind, Mismatch> {
    let title = object.get("title").and_then(Value::as_str);
    let is_local = object.get(annotation::FLINK_TYPE).and_then(Value::as_str) == Some("timestamp");
    Ok(match (connect, title) {
        (None, _) if name == "integer" => Kind::BigInt,
        (None | Some("float64"), _) => Kind::Double,
        (Some("int8"), _) => Kind::TinyInt,
        (Some("int16"), _) => Kind::SmallInt,
        (Some("int32"), Some(title::TIME)) => Kind::Time(digits(object)?),
        (Some("int32"), Some(title::DATE)) => Kind::Date,
        (Some("int32"), _) => Kind::Int,
        (Some("int64"), Some(title::TIMESTAMP)) => Kind::TimestampLtz(digits(object)?),
        (Some("int64"), _) if is_local => Kind::Timestamp(digits(object)?),
        (Some("int64"), _) => Kind::BigInt,
        (Some("float32"), _) => Kind::Float,
        (Some("bytes"), Some(title::DECIMAL)) => {
            let parameters = object.get(prop::PARAMETERS).unwrap_or(&Value::Null);
            let parameter = |key: &str, absent: i32| match text(parameters, key) {
                None => Ok(absent),
                Some(digits) => digits.parse::<i32>().map_err(|_| {
                    Mismatch::new(format!("the parameter '{key}' of a decimal is '{digits}'"))
                }),
            };
            Kind::Decimal {
                precision: parameter(prop::DECIMAL_PRECISION, 38)?,
                scale: Some(parameter("scale", 18)?),
            }
        }
        (Some(other), _) => {
            return Err(Mismatch::new(format!("a number with {} '{other}'", prop::CONNECT_TYPE)));
        }
    })
}

/// Digits of the second; milliseconds where nothing is said.
fn digits(object: &Object) -> Result<u8, Mismatch> {
    let digits = size(object, prop::PRECISION)?.unwrap_or(3);
    let fits = u8::try_from(digits).ok().filter(|digits| *digits <= 9);
    fits.ok_or_else(|| Mismatch::new(format!("{} is 0 to 9, not {digits}", prop::PRECISION)))
}

fn string(connect: Option<&str>, object: &Object) -> Result<Kind, Mismatch> {
    let is_bytes = connect == Some("bytes");
    let (min, max) =
        if is_bytes { (prop::MIN_LENGTH, prop::MAX_LENGTH) } else { ("minLength", "maxLength") };
    let (min, max) = (size(object, min)?, size(object, max)?);
    let length = max.unwrap_or(UNBOUNDED);
    let is_fixed = min.is_some() && min == max;
    Ok(match (is_bytes, is_fixed) {
        (true, true) => Kind::Binary(length),
        (true, false) => Kind::VarBinary(length),
        (false, true) => Kind::Char(length),
        (false, false) => Kind::VarChar(length),
    })
}

fn size(object: &Object, key: &str) -> Result<Option<i32>, Mismatch> {
    let Some(value) = object.get(key) else { return Ok(None) };
    let size = value.as_i64().and_then(|size| i32::try_from(size).ok());
    size.ok_or_else(|| Mismatch::new(format!("{key} is a whole number, not {value}"))).map(Some)
}
