//! Avro schema text with its references, turned into one self-contained schema.
//!
//! References are resolved by full name: the first use of a referenced type is replaced by its
//! definition, later uses keep the name. The text itself is never searched or substituted.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::OnceLock;

use apache_avro::Schema;
use apache_avro::schema::{NamesRef, NamespaceRef, ResolvedSchema};
use serde_json::Value as Json;

use super::lenient::Defaults;
use super::write_plan::WritePlan;
use crate::Error;

/// Deepest nesting of types that is parsed; the parsers behind it recurse.
const TYPE_DEPTH_MAX: usize = 128;

const PRIMITIVES: [&str; 8] =
    ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// A schema in which every name is defined.
pub(crate) struct ParsedSchema {
    root: Schema,
    /// Whether a type is used again by its name, as in any recursive schema.
    has_names: bool,
    /// Compiled when the first Rust value is written.
    write_plan: OnceLock<WritePlan>,
}

impl ParsedSchema {
    /// Parses `text`; `references` are the texts of its whole closure in any order.
    pub(crate) fn parse(text: &str, references: &[&str]) -> Result<Self, Error> {
        let mut definitions = Definitions::default();
        for reference in references {
            definitions.collect(&parse_json(reference)?, None, 0)?;
        }
        let mut root = parse_json(text)?;
        Inliner { definitions: &definitions, defined: HashSet::new() }.visit(&mut root, None, 0)?;
        let mut defaults = Defaults::take(&mut root);
        let mut schema = Schema::parse(&root).map_err(invalid)?;
        defaults.put_back(&mut schema);
        Self::from_schema(schema)
    }

    /// Takes a schema that is self-contained already, such as a derived one.
    pub(crate) fn from_schema(root: Schema) -> Result<Self, Error> {
        ResolvedSchema::new(&root).map_err(invalid)?; // every name once, none undefined
        let has_names = uses_names(&root);
        Ok(Self { root, has_names, write_plan: OnceLock::new() })
    }

    pub(crate) fn root(&self) -> &Schema {
        &self.root
    }

    #[inline]
    pub(super) fn write_plan(&self) -> &WritePlan {
        self.write_plan.get_or_init(|| WritePlan::compile(self))
    }

    /// The types that names stand for; empty when the schema uses no names. The codec wants them
    /// borrowed from the schema, so they cannot be kept beside it.
    pub(crate) fn names(&self) -> NamesRef<'_> {
        let mut names = NamesRef::new();
        if self.has_names {
            collect_names(&self.root, None, &mut names);
        }
        names
    }

    /// The full name of the root type; unnamed types have none.
    pub(crate) fn full_name(&self) -> Option<String> {
        self.root().name().map(|name| name.fullname(None))
    }
}

impl fmt::Debug for ParsedSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

fn uses_names(schema: &Schema) -> bool {
    match schema {
        Schema::Ref { .. } => true,
        Schema::Array(array) => uses_names(&array.items),
        Schema::Map(map) => uses_names(&map.types),
        Schema::Union(union) => union.variants().iter().any(uses_names),
        Schema::Record(record) => record.fields.iter().any(|field| uses_names(&field.schema)),
        _ => false,
    }
}

fn collect_names<'s>(schema: &'s Schema, namespace: NamespaceRef<'_>, names: &mut NamesRef<'s>) {
    match schema {
        Schema::Ref { .. } => {}
        Schema::Array(array) => collect_names(&array.items, namespace, names),
        Schema::Map(map) => collect_names(&map.types, namespace, names),
        Schema::Union(union) => {
            union.variants().iter().for_each(|branch| collect_names(branch, namespace, names));
        }
        other => {
            let Some(name) = other.name() else { return };
            names.insert(name.fully_qualified_name(namespace).into_owned(), other);
            if let Schema::Record(record) = other {
                let namespace = name.namespace().or(namespace);
                let fields = record.fields.iter();
                fields.for_each(|field| collect_names(&field.schema, namespace, names));
            }
        }
    }
}

fn invalid(error: impl fmt::Display) -> Error {
    Error::InvalidSchema { reason: error.to_string() }
}

fn parse_json(text: &str) -> Result<Json, Error> {
    serde_json::from_str(text).map_err(invalid)
}

/// Refuses nesting that would exhaust the stack of whoever walks the schema.
fn check_depth(depth: usize) -> Result<(), Error> {
    if depth < TYPE_DEPTH_MAX {
        return Ok(());
    }
    Err(Error::InvalidSchema { reason: format!("types nest deeper than {TYPE_DEPTH_MAX} levels") })
}

/// A full name taken apart; the namespace is what names inside the type fall back to.
pub(super) struct FullName {
    pub(super) full: String,
    pub(super) namespace: Option<String>,
}

impl FullName {
    fn new(name: &str, namespace: Option<&str>) -> Self {
        let (namespace, short) = match name.rsplit_once('.') {
            Some((namespace, short)) => (Some(namespace), short),
            None => (namespace, name),
        };
        let namespace = namespace.filter(|namespace| !namespace.is_empty());
        let full = match namespace {
            Some(namespace) => format!("{namespace}.{short}"),
            None => short.to_owned(),
        };
        Self { full, namespace: namespace.map(str::to_owned) }
    }

    /// The name that an object of a named type defines.
    pub(super) fn of_definition(
        object: &serde_json::Map<String, Json>,
        enclosing: Option<&str>,
    ) -> Self {
        let name = object.get("name").and_then(Json::as_str).unwrap_or_default();
        let own = object.get("namespace").and_then(Json::as_str);
        Self::new(name, own.or(enclosing))
    }
}

/// What an object in type position is.
pub(super) enum Shape {
    Record,
    EnumOrFixed,
    Array,
    Map,
    /// `{"type": ...}` around another type, with or without a logical type.
    Wrapper,
}

pub(super) fn shape(object: &serde_json::Map<String, Json>) -> Shape {
    match object.get("type").and_then(Json::as_str) {
        Some("record" | "error") => Shape::Record,
        Some("enum" | "fixed") => Shape::EnumOrFixed,
        Some("array") => Shape::Array,
        Some("map") => Shape::Map,
        _ => Shape::Wrapper,
    }
}

/// The member of an unnamed type that holds a type again.
pub(super) fn inner_member(shape: &Shape) -> &'static str {
    match shape {
        Shape::Array => "items",
        Shape::Map => "values",
        Shape::Wrapper | Shape::Record | Shape::EnumOrFixed => "type",
    }
}

/// Every named type of the references, with its full name written out.
#[derive(Default)]
struct Definitions(HashMap<String, Json>);

impl Definitions {
    fn collect(&mut self, json: &Json, namespace: Option<&str>, depth: usize) -> Result<(), Error> {
        check_depth(depth)?;
        match json {
            Json::Array(branches) => {
                branches.iter().try_for_each(|branch| self.collect(branch, namespace, depth + 1))
            }
            Json::Object(object) => match shape(object) {
                shape @ (Shape::Record | Shape::EnumOrFixed) => {
                    let name = FullName::of_definition(object, namespace);
                    let mut definition = object.clone();
                    definition.insert("name".into(), Json::from(name.full.clone()));
                    let namespace = name.namespace.clone().unwrap_or_default();
                    definition.insert("namespace".into(), Json::from(namespace));
                    self.0.entry(name.full).or_insert(Json::Object(definition));
                    if matches!(shape, Shape::Record) {
                        for field in fields(object) {
                            self.collect(field, name.namespace.as_deref(), depth + 1)?;
                        }
                    }
                    Ok(())
                }
                shape => match object.get(inner_member(&shape)) {
                    Some(inner) => self.collect(inner, namespace, depth + 1),
                    None => Ok(()),
                },
            },
            _ => Ok(()),
        }
    }
}

fn fields(record: &serde_json::Map<String, Json>) -> impl Iterator<Item = &Json> {
    let fields = record.get("fields").and_then(Json::as_array);
    fields.into_iter().flatten().filter_map(|field| field.get("type"))
}

/// Writes each referenced definition where its name is used first.
struct Inliner<'a> {
    definitions: &'a Definitions,
    defined: HashSet<String>,
}

impl Inliner<'_> {
    fn visit(
        &mut self,
        json: &mut Json,
        namespace: Option<&str>,
        depth: usize,
    ) -> Result<(), Error> {
        check_depth(depth)?;
        match json {
            Json::String(name) => {
                let name = std::mem::take(name);
                *json = self.named(&name, namespace, depth)?;
                Ok(())
            }
            Json::Array(branches) => {
                branches.iter_mut().try_for_each(|branch| self.visit(branch, namespace, depth + 1))
            }
            Json::Object(object) => match shape(object) {
                shape @ (Shape::Record | Shape::EnumOrFixed) => {
                    let name = FullName::of_definition(object, namespace);
                    if !self.defined.insert(name.full.clone()) {
                        *json = used(&name.full);
                        return Ok(());
                    }
                    if matches!(shape, Shape::EnumOrFixed) {
                        return Ok(());
                    }
                    self.visit_fields(object, name.namespace.as_deref(), depth)
                }
                shape => match object.get_mut(inner_member(&shape)) {
                    Some(inner) => self.visit(inner, namespace, depth + 1),
                    None => Ok(()),
                },
            },
            _ => Ok(()),
        }
    }

    fn visit_fields(
        &mut self,
        record: &mut serde_json::Map<String, Json>,
        namespace: Option<&str>,
        depth: usize,
    ) -> Result<(), Error> {
        let fields = record.get_mut("fields").and_then(Json::as_array_mut);
        for field in fields.into_iter().flatten() {
            if let Some(field_type) = field.get_mut("type") {
                self.visit(field_type, namespace, depth + 1)?;
            }
        }
        Ok(())
    }

    /// What stands for `name`: a primitive, a type defined above, or the definition itself.
    fn named(&mut self, name: &str, namespace: Option<&str>, depth: usize) -> Result<Json, Error> {
        if PRIMITIVES.contains(&name) {
            return Ok(Json::from(name));
        }
        // A bare name means the enclosing namespace first and no namespace second.
        for candidate in [FullName::new(name, namespace).full, name.to_owned()] {
            if self.defined.contains(&candidate) {
                return Ok(used(&candidate));
            }
            if let Some(definition) = self.definitions.0.get(&candidate) {
                let mut definition = definition.clone();
                self.visit(&mut definition, None, depth + 1)?;
                return Ok(definition);
            }
        }
        let name = FullName::new(name, namespace).full;
        let reason =
            format!("schema refers to `{name}`, which neither it nor its references define");
        Err(Error::UnresolvedReference { reason })
    }
}

/// A use of a type by its full name. One without a namespace begins with a dot, or it would be looked
/// for in the namespace around it.
fn used(full_name: &str) -> Json {
    if full_name.contains('.') {
        Json::from(full_name)
    } else {
        Json::from(format!(".{full_name}"))
    }
}
