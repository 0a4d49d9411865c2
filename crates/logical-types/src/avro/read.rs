//! The script that an Avro schema means.

use indexmap::{IndexMap, IndexSet};
use levada_schema_core::{Limits, ResolvedReference};
use serde_json::{Map, Value};

use super::{MAP_ENTRY, MAP_ENTRY_NAME, VARIANT, default, names, primitive, prop};
use crate::annotation::{
    self, checks, entry_params, enum_values, map_key, map_kind, notes, plain_text, text,
};
use crate::error::{Mismatch, breach};
use crate::model::{
    ALIASES, Branch, Enum, Field, Kind, Named, Script, Struct, Type, is_format_native, simple_name,
};
use crate::row_name::NAME_BYTES_MAX;

type Object = Map<String, Value>;

/// Reads a canonical text.
pub(crate) fn read(
    text: &str,
    references: &[ResolvedReference],
    limits: &Limits,
) -> Result<Script, Mismatch> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| Mismatch::new(error.to_string()))?;
    let external = names::external(references)?;
    let mut reader = Reader { external, named: IndexMap::new(), depth_max: limits.depth_max };
    let root = reader.ty(&value, &Scope::default())?;
    let external = reader.external;
    let mut named = reader.named;
    named.retain(|name, _| !external.contains(name));
    Ok(Script { namespace: None, root, named, imports: IndexMap::new() })
}

/// What surrounds a type.
#[derive(Clone, Copy, Default)]
struct Scope<'v> {
    /// The namespace of names without one.
    space: &'v str,
    /// What the nearest field says of the branches of its union.
    branches: Option<&'v Vec<Value>>,
}

struct Reader {
    external: IndexSet<String>,
    named: IndexMap<String, Named>,
    depth_max: usize,
}

impl Reader {
    /// Recurses no deeper than the JSON reader allowed.
    fn ty(&mut self, value: &Value, scope: &Scope<'_>) -> Result<Type, Mismatch> {
        match value {
            Value::String(name) => self.by_name(name, scope.space),
            Value::Array(members) => self.union(members, scope),
            Value::Object(object) => match object.get("type") {
                Some(Value::String(kind)) => self.object(object, kind, scope),
                Some(inner) => self.ty(inner, scope),
                None => Err(Mismatch::new("a type without the attribute 'type'")),
            },
            other => Err(Mismatch::new(format!("{other} is no Avro type"))),
        }
    }

    fn by_name(&self, name: &str, space: &str) -> Result<Type, Mismatch> {
        if name.len() > NAME_BYTES_MAX {
            return Err(too_long());
        }
        if let Some(kind) = primitive::read(name, &Object::new())? {
            return Ok(kind.required());
        }
        let inside = format!("{space}.{name}");
        let is_known = |name: &str| self.named.contains_key(name) || self.external.contains(name);
        let full = if !name.contains('.') && is_known(&inside) { &inside } else { name };
        Ok(if full == VARIANT { Kind::Variant } else { Kind::Named(full.to_owned()) }.required())
    }

    fn object(&mut self, object: &Object, kind: &str, scope: &Scope<'_>) -> Result<Type, Mismatch> {
        let kind = match kind {
            "record" | "error" => self.record(object, scope)?,
            "enum" => self.enumeration(object, scope)?,
            "array" => self.array(object, scope)?,
            "map" => {
                let value = self.ty(required(object, "values")?, scope)?;
                map_kind(object, map_key(object).required(), value)?
            }
            name => match primitive::read(name, object)? {
                Some(kind) => kind,
                None => return self.by_name(name, scope.space),
            },
        };
        Ok(kind.required())
    }

    fn array(&mut self, object: &Object, scope: &Scope<'_>) -> Result<Kind, Mismatch> {
        let items = required(object, "items")?;
        if !is_map(object, items, scope.space) {
            return Ok(Kind::Array(Box::new(self.ty(items, scope)?)));
        }
        let fields = items.get("fields").and_then(Value::as_array);
        let field = |name: &str| {
            let fields = fields.filter(|fields| fields.len() == 2)?;
            fields
                .iter()
                .find(|field| field.get("name").and_then(Value::as_str) == Some(name))?
                .get("type")
        };
        let (Some(key), Some(value)) = (field("key"), field("value")) else {
            return Err(Mismatch::new("the entries of a map have the fields key and value"));
        };
        let full = items.as_object().map(|entry| names::full_name(entry, scope.space));
        let full = full.unwrap_or_default();
        let inner = Scope { space: full.rsplit_once('.').map_or("", |(space, _)| space), ..*scope };
        let (key, value) = (self.ty(key, &inner)?, self.ty(value, &inner)?);
        map_kind(object, key, value)
    }

    fn union(&mut self, members: &[Value], scope: &Scope<'_>) -> Result<Type, Mismatch> {
        let plain: Vec<&Value> =
            members.iter().filter(|member| member.as_str() != Some("null")).collect();
        let is_nullable = plain.len() < members.len();
        if let [only] = plain.as_slice() {
            let ty = self.ty(only, scope)?;
            return Ok(Type { is_nullable: is_nullable || ty.is_nullable, ..ty });
        }
        if plain.is_empty() {
            return Err(Mismatch::new("null alone is no type"));
        }
        let named: Vec<String> =
            plain.iter().map(|member| member_name(member, scope.space)).collect();
        let mut branches = Vec::with_capacity(plain.len());
        for (at, (member, full)) in plain.iter().zip(&named).enumerate() {
            let ty = self.ty(member, scope)?;
            let said = scope.branches.and_then(|branches| branches.get(at));
            let hinted = said.and_then(|said| said.get("name")).and_then(Value::as_str);
            let simple = simple_name(full);
            let is_single = named.iter().filter(|other| simple_name(other) == simple).count() == 1;
            let own = if is_single { simple.to_owned() } else { full.replace('.', "_") };
            let mut params = entry_params(said);
            params.retain(|key, _| !is_format_native(key));
            branches.push(Branch {
                name: hinted.map_or(own, str::to_owned),
                ty,
                doc: said.and_then(|said| text(said, "doc")),
                params,
            });
        }
        Ok(Type { kind: Kind::Union(branches), is_nullable })
    }

    fn record(&mut self, object: &Object, scope: &Scope<'_>) -> Result<Kind, Mismatch> {
        let full = self.full_name(object, scope)?;
        if primitive::is_variant(object, &full) {
            return Ok(Kind::Variant);
        }
        let space = full.rsplit_once('.').map_or("", |(space, _)| space);
        if is_anonymous(object) {
            return Ok(Kind::Struct(self.fields(object, space)?));
        }
        // Before its fields, which may use it.
        let empty = Named::Struct(Struct::default());
        if self.named.insert(full.clone(), empty).is_some() {
            return Err(Mismatch::new(format!("type '{full}' is defined twice")));
        }
        let body = self.fields(object, space)?;
        self.named.insert(full.clone(), Named::Struct(body));
        Ok(Kind::Named(full))
    }

    fn full_name(&self, object: &Object, scope: &Scope<'_>) -> Result<String, Mismatch> {
        let full = names::full_name(object, scope.space);
        if full.matches('.').count() >= self.depth_max {
            return Err(Mismatch::new(breach(
                "name of too many parts",
                self.depth_max,
                "depth-max",
            )));
        }
        if full.len() > NAME_BYTES_MAX {
            return Err(too_long());
        }
        Ok(full)
    }

    fn fields(&mut self, object: &Object, space: &str) -> Result<Struct, Mismatch> {
        let fields = required(object, "fields")?.as_array().map_or(&[][..], Vec::as_slice);
        let fields = fields.iter().map(|field| self.field(field, space));
        Ok(Struct {
            fields: fields.collect::<Result<_, _>>()?,
            checks: checks(object.get(annotation::RULES)),
            notes: notes(object, "doc"),
        })
    }

    fn field(&mut self, value: &Value, space: &str) -> Result<Field, Mismatch> {
        let object = value.as_object().ok_or_else(|| Mismatch::new("a field is no object"))?;
        let branches = object.get(annotation::UNION).and_then(Value::as_array);
        let ty = self.ty(required(object, "type")?, &Scope { space, branches })?;
        let default = object.get("default").map(|value| default::from_json(value, &ty.kind));
        let mut notes = notes(object, "doc");
        notes.params.retain(|key, _| !is_format_native(key));
        let aliases = object.get("aliases").and_then(Value::as_array);
        let aliases: Vec<&str> = aliases.into_iter().flatten().filter_map(Value::as_str).collect();
        if !aliases.is_empty() {
            notes.params.insert(ALIASES.to_owned(), aliases.join(","));
        }
        let name = text(value, "name").unwrap_or_default();
        Ok(Field { name, ty, default, checks: checks(object.get(annotation::RULES)), notes })
    }

    fn enumeration(&mut self, object: &Object, scope: &Scope<'_>) -> Result<Kind, Mismatch> {
        let full = self.full_name(object, scope)?;
        let symbols = required(object, "symbols")?.as_array();
        let symbols = symbols.into_iter().flatten().map(plain_text);
        let values = enum_values(symbols, object);
        let body = Named::Enum(Enum { values, notes: notes(object, "doc") });
        self.named.entry(full.clone()).or_insert(body);
        Ok(Kind::Named(full))
    }
}

fn required<'v>(object: &'v Object, key: &str) -> Result<&'v Value, Mismatch> {
    object.get(key).ok_or_else(|| Mismatch::new(format!("a type without the attribute '{key}'")))
}

fn too_long() -> Mismatch {
    Mismatch::new(format!("a name has at most {NAME_BYTES_MAX} bytes"))
}

fn is_anonymous(object: &Object) -> bool {
    object.get(prop::ANONYMOUS).and_then(Value::as_str) == Some("true")
}

/// Whether the entries stand for a map: by the logical type, or as Kafka Connect marks them.
fn is_map(array: &Object, items: &Value, space: &str) -> bool {
    let Some(entry) = items.as_object() else { return false };
    let is_record = entry.get("type").and_then(Value::as_str) == Some("record");
    let says = |object: &Object, key: &str, what: &str| {
        object.get(key).and_then(Value::as_str) == Some(what)
    };
    is_record
        && (says(array, prop::LOGICAL_TYPE, "map")
            || says(entry, prop::INTERNAL_TYPE, MAP_ENTRY)
            || names::full_name(entry, space) == MAP_ENTRY_NAME)
}

/// The full name of a member of a union; that of an unnamed type is its kind.
fn member_name(member: &Value, space: &str) -> String {
    match member {
        Value::String(name) => name.clone(),
        Value::Object(object) if object.contains_key("name") => names::full_name(object, space),
        Value::Object(object) => {
            object.get("type").and_then(Value::as_str).unwrap_or("union").to_owned()
        }
        _ => "union".to_owned(),
    }
}
