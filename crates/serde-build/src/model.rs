//! Schema files as the types that are to be written.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use levada_schema_core::{
    Limits, RawSchema, Reference, ResolvedReference, Schema, SchemaType, Validation,
};
use serde_json::{Map, Value as Json};

use crate::{BuildError, Source};

/// A type of Avro, as a field has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    /// The name of a primitive type.
    Primitive(String),
    /// A primitive type that means something more.
    Marked {
        base: String,
        marking: Marking,
    },
    Array(Box<Self>),
    Map(Box<Self>),
    /// A union of null, which comes first, and the type.
    Nullable(Box<Self>),
    Union(Vec<Self>),
    /// The full name of a record, enum or fixed type.
    Named(String),
}

/// A record, an enum or a fixed type.
#[derive(Debug)]
pub(crate) struct Definition {
    /// The file that it stands in.
    pub(crate) path: PathBuf,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) shape: Shape,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Record(Vec<Field>),
    Enum { symbols: Vec<String>, default: Option<String> },
    Fixed { size: u64, marking: Option<Marking> },
}

/// What a type means beyond its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Marking {
    Logical(String),
    Decimal { precision: u64, scale: u64 },
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) default: Option<Json>,
    pub(crate) r#type: Type,
}

impl Definition {
    pub(crate) fn full_name(&self) -> String {
        full_name(&self.namespace, &self.name)
    }
}

fn full_name(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// All named types of the files, in the order of their text.
pub(crate) fn parse(sources: &[Source]) -> Result<Vec<Definition>, BuildError> {
    let mut parser = Parser { path: Path::new(""), definitions: Vec::new(), known: HashSet::new() };
    for (at, source) in sources.iter().enumerate() {
        schema(sources, at)?;
        parser.path = &source.path;
        let json: Json = serde_json::from_str(&source.text).map_err(|error| {
            BuildError::Schema { path: source.path.clone(), reason: error.to_string() }
        })?;
        parser.part(&json, "", "")?;
    }
    Ok(parser.definitions)
}

/// The file at a place, judged as a registry judges it; it may use what the files before it define.
pub(crate) fn schema(sources: &[Source], at: usize) -> Result<Schema, BuildError> {
    let (before, source) = (sources.get(..at).unwrap_or_default(), &sources[at]);
    let references: Vec<_> = before
        .iter()
        .map(|source| {
            let name = source.path.display().to_string();
            let reference = Reference { subject: name.clone(), name, version: 1 };
            ResolvedReference { reference, text: source.text.clone() }
        })
        .collect();
    let raw =
        RawSchema { schema_type: SchemaType::Avro, text: &source.text, references: &references };
    Schema::parse(raw, Validation::New, &Limits::default()).map_err(|error| BuildError::Schema {
        path: source.path.clone(),
        reason: error.to_string(),
    })
}

struct Parser<'a> {
    path: &'a Path,
    definitions: Vec<Definition>,
    /// The full names of all types met, those among them that are not finished.
    known: HashSet<String>,
}

impl Parser<'_> {
    /// A type; `place` is where it stands, for errors. Recurses as deep as the text nests, which its
    /// parser bounds.
    fn part(&mut self, json: &Json, namespace: &str, place: &str) -> Result<Type, BuildError> {
        match json {
            Json::String(name) => self.name(name, namespace, place),
            Json::Array(branches) => self.union(branches, namespace, place),
            Json::Object(object) => self.object(object, namespace, place),
            _ => Err(self.unsupported(place, "this is no type")),
        }
    }

    fn name(&self, name: &str, namespace: &str, place: &str) -> Result<Type, BuildError> {
        if is_primitive(name) {
            return Ok(Type::Primitive(name.to_owned()));
        }
        let qualified = full_name(namespace, name);
        let candidates = if name.contains('.') { [name, name] } else { [qualified.as_str(), name] };
        let found = candidates.into_iter().find(|name| self.known.contains(*name));
        let unknown = || self.unsupported(place, &format!("`{name}` is not defined before"));
        Ok(Type::Named(found.ok_or_else(unknown)?.to_owned()))
    }

    fn union(
        &mut self,
        branches: &[Json],
        namespace: &str,
        place: &str,
    ) -> Result<Type, BuildError> {
        let branches = branches.iter().map(|branch| self.part(branch, namespace, place));
        let branches: Vec<Type> = branches.collect::<Result<_, _>>()?;
        match &branches[..] {
            [Type::Primitive(null), other] if null == "null" => {
                Ok(Type::Nullable(Box::new(other.clone())))
            }
            _ => Ok(Type::Union(branches)),
        }
    }

    fn object(
        &mut self,
        object: &Map<String, Json>,
        namespace: &str,
        place: &str,
    ) -> Result<Type, BuildError> {
        let kind = match object.get("type") {
            Some(Json::String(kind)) => kind.as_str(),
            Some(inner) => return self.part(inner, namespace, place),
            None => return Err(self.unsupported(place, "this is no type")),
        };
        let inner = |name: &str| object.get(name).unwrap_or(&Json::Null);
        match kind {
            "array" => {
                let items = self.part(inner("items"), namespace, &format!("{place}[]"))?;
                Ok(Type::Array(Box::new(items)))
            }
            "map" => {
                let values = self.part(inner("values"), namespace, &format!("{place}[]"))?;
                Ok(Type::Map(Box::new(values)))
            }
            "record" | "error" | "enum" | "fixed" => self.definition(object, kind, namespace),
            _ if is_primitive(kind) => {
                let base = kind.to_owned();
                Ok(match marking(object, kind) {
                    Some(marking) => Type::Marked { base, marking },
                    None => Type::Primitive(base),
                })
            }
            name => self.name(name, namespace, place),
        }
    }

    fn definition(
        &mut self,
        object: &Map<String, Json>,
        kind: &str,
        enclosing: &str,
    ) -> Result<Type, BuildError> {
        let own = text(object, "name");
        let (namespace, name) = if let Some((namespace, name)) = own.rsplit_once('.') {
            (namespace.to_owned(), name.to_owned())
        } else {
            let namespace = object.get("namespace").and_then(Json::as_str);
            (namespace.unwrap_or(enclosing).to_owned(), own)
        };
        let full_name = full_name(&namespace, &name);
        self.known.insert(full_name.clone());
        let shape = match kind {
            "enum" => {
                let default = object.get("default").and_then(Json::as_str).map(str::to_owned);
                Shape::Enum { symbols: texts(object, "symbols"), default }
            }
            "fixed" => {
                let size = object.get("size").and_then(Json::as_u64).unwrap_or_default();
                Shape::Fixed { size, marking: marking(object, kind) }
            }
            _ => {
                let mut fields = Vec::new();
                for field in object.get("fields").and_then(Json::as_array).into_iter().flatten() {
                    let Json::Object(field) = field else { continue };
                    fields.push(self.field(field, &namespace, &full_name)?);
                }
                Shape::Record(fields)
            }
        };
        let (doc, aliases) = (text(object, "doc"), texts(object, "aliases"));
        let path = self.path.to_owned();
        self.definitions.push(Definition { path, namespace, name, doc, aliases, shape });
        Ok(Type::Named(full_name))
    }

    fn field(
        &mut self,
        field: &Map<String, Json>,
        namespace: &str,
        record: &str,
    ) -> Result<Field, BuildError> {
        let name = text(field, "name");
        let place = format!("{record}.{name}");
        let r#type = field.get("type").unwrap_or(&Json::Null);
        Ok(Field {
            r#type: self.part(r#type, namespace, &place)?,
            doc: text(field, "doc"),
            aliases: texts(field, "aliases"),
            default: field.get("default").cloned(),
            name,
        })
    }

    fn unsupported(&self, place: &str, reason: &str) -> BuildError {
        let (place, reason) = (place.to_owned(), reason.to_owned());
        BuildError::Unsupported { path: self.path.to_owned(), place, reason }
    }
}

/// What an object says of a type; a logical type that is not known means nothing.
fn marking(object: &Map<String, Json>, base: &str) -> Option<Marking> {
    let name = text(object, "logicalType");
    let number = |name: &str| object.get(name).and_then(Json::as_u64);
    match (base, name.as_str()) {
        ("bytes" | "fixed", "decimal") => {
            let scale = number("scale").unwrap_or_default();
            number("precision").map(|precision| Marking::Decimal { precision, scale })
        }
        ("fixed", "duration") if number("size") == Some(12) => Some(Marking::Logical(name)),
        ("fixed", "uuid") if number("size") == Some(16) => Some(Marking::Logical(name)),
        ("int", "date" | "time-millis")
        | ("string", "uuid")
        | (
            "long",
            "time-micros"
            | "timestamp-millis"
            | "timestamp-micros"
            | "timestamp-nanos"
            | "local-timestamp-millis"
            | "local-timestamp-micros"
            | "local-timestamp-nanos",
        ) => Some(Marking::Logical(name)),
        _ => None,
    }
}

fn is_primitive(name: &str) -> bool {
    const PRIMITIVES: [&str; 8] =
        ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    PRIMITIVES.contains(&name)
}

fn text(object: &Map<String, Json>, name: &str) -> String {
    object.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn texts(object: &Map<String, Json>, name: &str) -> Vec<String> {
    let texts = object.get(name).and_then(Json::as_array).into_iter().flatten();
    texts.filter_map(Json::as_str).map(str::to_owned).collect()
}
