//! Puts the schemas of derived types together, each named type once.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

/// The named types met so far, and the namespace that names without one fall into.
#[derive(Debug, Default)]
pub struct Defined {
    names: HashSet<String>,
    namespaces: Vec<String>,
    /// Enums whose unions are begun, each with the number of records around it.
    unions: Vec<(&'static str, usize)>,
}

impl Defined {
    /// Begins a type, unless it is defined already: then its full name stands for it.
    fn begin(&mut self, name: &str, namespace: Option<&str>) -> Result<String, Json> {
        let enclosing = self.namespaces.last().map(String::as_str);
        let namespace = namespace.or(enclosing).unwrap_or_default().to_owned();
        let dot = if namespace.is_empty() { "" } else { "." };
        let full_name = format!("{namespace}{dot}{name}");
        if self.names.insert(full_name.clone()) { Ok(namespace) } else { Err(full_name.into()) }
    }
}

fn head(kind: &str, name: &str, namespace: &str, doc: &str, aliases: &[&str]) -> Map<String, Json> {
    let mut head = Map::new();
    head.insert("type".to_owned(), kind.into());
    head.insert("name".to_owned(), name.into());
    if !namespace.is_empty() {
        head.insert("namespace".to_owned(), namespace.into());
    }
    describe(&mut head, doc, aliases);
    head
}

fn describe(object: &mut Map<String, Json>, doc: &str, aliases: &[&str]) {
    if !doc.is_empty() {
        object.insert("doc".to_owned(), doc.into());
    }
    if !aliases.is_empty() {
        object.insert("aliases".to_owned(), aliases.into());
    }
}

/// A record whose fields are added one by one.
#[derive(Debug)]
pub struct RecordSchema {
    head: Map<String, Json>,
    fields: Vec<Json>,
}

impl RecordSchema {
    /// Begins a record; the error is its name, where it is defined already.
    pub fn begin(
        defined: &mut Defined,
        name: &str,
        namespace: Option<&str>,
        doc: &str,
        aliases: &[&str],
    ) -> Result<Self, Json> {
        let namespace = defined.begin(name, namespace)?;
        let head = head("record", name, &namespace, doc, aliases);
        defined.namespaces.push(namespace);
        Ok(Self { head, fields: Vec::new() })
    }

    /// Adds a field; `default` is JSON text.
    pub fn field(
        &mut self,
        name: &str,
        schema: Json,
        doc: &str,
        aliases: &[&str],
        default: Option<&str>,
    ) {
        let mut field = Map::new();
        field.insert("name".to_owned(), name.into());
        field.insert("type".to_owned(), schema);
        // The derive macro has parsed the text before.
        if let Some(default) = default.and_then(|text| serde_json::from_str(text).ok()) {
            field.insert("default".to_owned(), default);
        }
        describe(&mut field, doc, aliases);
        self.fields.push(field.into());
    }

    /// Ends the record.
    pub fn end(mut self, defined: &mut Defined) -> Json {
        defined.namespaces.pop();
        self.head.insert("fields".to_owned(), self.fields.into());
        self.head.into()
    }
}

/// The schema of an enum of plain symbols.
pub fn enumeration(
    defined: &mut Defined,
    (name, namespace): (&str, Option<&str>),
    (doc, aliases): (&str, &[&str]),
    symbols: &[&str],
    default: Option<&str>,
) -> Json {
    let namespace = match defined.begin(name, namespace) {
        Ok(namespace) => namespace,
        Err(name) => return name,
    };
    let mut schema = head("enum", name, &namespace, doc, aliases);
    schema.insert("symbols".to_owned(), symbols.into());
    if let Some(default) = default {
        schema.insert("default".to_owned(), default.into());
    }
    schema.into()
}

/// The schema of a `fixed`; `meaning` makes of its definition that of a logical type.
pub fn fixed(
    defined: &mut Defined,
    (name, namespace): (&str, Option<&str>),
    (doc, aliases): (&str, &[&str]),
    size: usize,
    meaning: fn(Json) -> Json,
) -> Json {
    let namespace = match defined.begin(name, namespace) {
        Ok(namespace) => namespace,
        Err(name) => return name,
    };
    let mut schema = head("fixed", name, &namespace, doc, aliases);
    schema.insert("size".to_owned(), size.into());
    meaning(schema.into())
}

/// The schema of the union that an enum stands for.
///
/// One that contains itself without a record in between has no schema, for unions have no name
/// to refer to; JSON's null stands for it, which no registry and no parser takes.
pub fn union(
    defined: &mut Defined,
    own_path: &'static str,
    branches: &[fn(&mut Defined) -> Json],
) -> Json {
    let own = (own_path, defined.namespaces.len());
    if defined.unions.contains(&own) {
        return Json::Null;
    }
    defined.unions.push(own);
    let branches = branches.iter().map(|branch| branch(defined)).collect();
    defined.unions.pop();
    Json::Array(branches)
}

/// A primitive type that means something more; of an option, list or map that is what it holds.
pub fn logical(schema: Json, logical_type: &str) -> Json {
    match schema {
        Json::Array(branches) => {
            let branches = branches.into_iter();
            branches
                .map(|branch| if branch == "null" { branch } else { logical(branch, logical_type) })
                .collect()
        }
        Json::Object(mut object) => {
            if object.get("type").is_some_and(|kind| kind == "fixed") {
                object.insert("logicalType".to_owned(), logical_type.into());
            }
            for member in ["items", "values"] {
                if let Some(inner) = object.get_mut(member) {
                    *inner = logical(inner.take(), logical_type);
                }
            }
            object.into()
        }
        base => {
            let (key, name) = ("logicalType".to_owned(), Json::from(logical_type));
            [("type".to_owned(), base), (key, name)].into_iter().collect()
        }
    }
}

/// The schema of an option.
pub fn nullable(schema: Json) -> Json {
    Json::Array(vec!["null".into(), schema])
}

/// The schema of a decimal in `bytes`, or in the `fixed` whose definition this is.
pub fn decimal(base: Json, precision: u32, scale: u32) -> Json {
    let mut schema = logical(base, "decimal");
    if let Json::Object(schema) = &mut schema {
        schema.insert("precision".to_owned(), precision.into());
        schema.insert("scale".to_owned(), scale.into());
    }
    schema
}
