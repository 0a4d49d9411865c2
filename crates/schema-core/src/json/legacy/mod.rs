//! The front end of drafts 04, 06 and 07: a schema object becomes the parts that its keywords
//! make, and a generated allOf of them where there are several.

mod families;
mod refs;

use std::collections::VecDeque;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};
pub(super) use refs::unresolved;
use smol_str::SmolStr;

use super::dialect::Dialect;
use super::documents::{Document, Documents, rest_of};
use super::model::{Builder, Combined, Criterion, Held, Kind, Model, Node, NodeId, Notes, RefId};
use super::shape::Generated;
use super::text::normalized;
use super::{NESTING_SHARE, uri};
use crate::json_text::{Data, Object, Value};
use crate::limits::breach;
use crate::{Limits, ParseError, ParseErrorKind};

/// Loads the schema of `documents`.
pub(super) fn load(documents: &Documents, limits: &Limits) -> Result<(Model, NodeId), ParseError> {
    let mut loader = Loader {
        registered: refs::register(documents)?,
        known: HashMap::new(),
        queue: VecDeque::new(),
        ids: HashMap::new(),
        loading: None,
        depth: 0,
        depth_max: limits.depth_max / NESTING_SHARE,
        asked: HashMap::new(),
        builder: Builder::new(limits, Generated::Apart),
    };
    let document = &documents.schema;
    let dialect = match document.root.as_object().and_then(|root| root.get("$schema")) {
        None => Dialect::Draft07,
        Some(schema) => {
            let named =
                schema.as_str().ok_or_else(|| document.mismatch("$schema", schema, "a string"))?;
            Dialect::legacy_named(named).unwrap_or(Dialect::Draft07)
        }
    };
    let scope = Scope { document, dialect, root_base: None, base: None };
    let base = scope.enter(&document.root)?.base;
    let scope = Scope { document, dialect, root_base: base.clone(), base };
    let root = loader.schema(&scope, &document.root)?;
    while let Some((slot, scope, value)) = loader.queue.pop_front() {
        loader.loading = Some(slot);
        let target = loader.schema(&scope, value)?;
        loader.builder.set_target(slot, target);
    }
    loader.keep_defaults();
    Ok((loader.builder.finish(), root))
}

/// A boolean root, which knows no references.
pub(super) fn load_boolean(
    documents: &Documents,
    limits: &Limits,
) -> Result<(Model, NodeId), ParseError> {
    let truth = matches!(documents.schema.root.data, Data::Boolean(true));
    let kind = if truth { Kind::True } else { Kind::False };
    let mut builder = Builder::new(limits, Generated::Apart);
    let pushed = builder.push(Node { kind, notes: Box::default() });
    let root = pushed.map_err(|_| ParseError::new(ParseErrorKind::TooLarge, "no node allowed"))?;
    Ok((builder.finish(), root))
}

/// Where a value stands: its document and the base that its `$ref`s are resolved against.
#[derive(Clone)]
struct Scope<'a> {
    document: &'a Document,
    dialect: Dialect,
    /// The base at the root of the document.
    root_base: Option<Rc<str>>,
    base: Option<Rc<str>>,
}

struct Loader<'a> {
    /// The references by address.
    registered: HashMap<String, &'a Document>,
    /// Targets by absolute address: all `$ref`s to one share a node.
    known: HashMap<String, RefId>,
    queue: VecDeque<(RefId, Scope<'a>, &'a Value)>,
    /// For each document the schemas that have an id, by the id as written.
    ids: HashMap<*const Document, refs::Ids<'a>>,
    depth: usize,
    depth_max: usize,
    /// The target being loaded, none for the schema itself.
    loading: Option<RefId>,
    /// The `$ref`s in each target, in the order they are met.
    asked: HashMap<Option<RefId>, Vec<refs::Asked>>,
    builder: Builder,
}

impl Scope<'_> {
    /// The scope of `value`, which stands directly in this one: its own id moves the base.
    fn enter(&self, value: &Value) -> Result<Self, ParseError> {
        let keyword = self.dialect.id_keyword();
        let id = value.as_object().and_then(|object| object.get(keyword));
        let Some((at, id)) = id.and_then(|at| at.as_str().map(|id| (at, id))) else {
            return Ok(self.clone());
        };
        if !uri::is_valid(id) {
            return Err(self.document.invalid(at, format!("'{keyword}' is not a URI: '{id}'")));
        }
        let base = self.base.as_ref().map_or_else(|| id.to_owned(), |base| uri::resolve(base, id));
        Ok(Self { base: Some(base.into()), ..self.clone() })
    }

    fn has(&self, dialect: Dialect) -> bool {
        self.dialect >= dialect
    }
}

/// A schema object under extraction.
struct Extraction<'s, 'a> {
    scope: &'s Scope<'a>,
    object: &'a Object,
    /// The keywords that a part took.
    taken: Vec<&'static str>,
    parts: Vec<Kind>,
}

impl<'a> Loader<'a> {
    /// Loads `value` as a schema; `scope` is its own.
    fn schema(&mut self, scope: &Scope<'a>, value: &'a Value) -> Result<NodeId, ParseError> {
        match &value.data {
            Data::Boolean(true) => self.push(scope, value, Kind::True, Box::default()),
            Data::Boolean(false) => self.push(scope, value, Kind::False, Box::default()),
            Data::Object(object) => {
                if self.depth >= self.depth_max {
                    let message = breach("schemas nest too deep", self.depth_max, "depth-max");
                    let kind = ParseErrorKind::TooLarge;
                    return Err(scope.document.error(kind, value.location, message));
                }
                self.depth += 1;
                let mut extraction =
                    Extraction { scope, object, taken: Vec::new(), parts: Vec::new() };
                self.extract(&mut extraction)?;
                self.depth -= 1;
                self.extracted(value, extraction)
            }
            _ => {
                let message = format!("a schema is an object or a boolean, not {}", value.kind());
                Err(scope.document.invalid(value, message))
            }
        }
    }

    /// The node of the extracted parts.
    fn extracted(
        &mut self,
        value: &Value,
        mut extraction: Extraction<'_, 'a>,
    ) -> Result<NodeId, ParseError> {
        let (scope, object) = (extraction.scope, extraction.object);
        let mut notes = notes(&mut extraction)?;
        notes.rest = rest_of(object, |key| extraction.taken.contains(&key), held);
        let mut kind = match extraction.parts.len() {
            0 => Kind::Empty,
            1 => extraction.parts.pop().unwrap_or_default(),
            _ => self.all_of(scope, value, extraction.parts)?,
        };
        families::count_contains(&mut kind, object);
        let target = match kind {
            Kind::Reference { target, .. } => Some((target, notes.default.take())),
            _ => None,
        };
        let node = self.push(scope, value, kind, notes)?;
        if let Some((target, default)) = target {
            let asked = self.asked.entry(self.loading).or_default();
            asked.push(refs::Asked { node, target, default });
        }
        Ok(node)
    }

    /// Loads the value of a keyword or a member of one.
    fn child(&mut self, scope: &Scope<'a>, value: &'a Value) -> Result<NodeId, ParseError> {
        self.schema(&scope.enter(value)?, value)
    }

    fn push(
        &mut self,
        scope: &Scope<'a>,
        value: &Value,
        kind: Kind,
        mut notes: Box<Notes>,
    ) -> Result<NodeId, ParseError> {
        notes.location = scope.document.location_of(value);
        self.builder.push(Node { kind, notes }).map_err(|_| {
            let message = "the schema and its references have too many nodes (setting nodes-max)";
            scope.document.error(ParseErrorKind::TooLarge, value.location, message)
        })
    }

    fn all_of(
        &mut self,
        scope: &Scope<'a>,
        value: &Value,
        parts: Vec<Kind>,
    ) -> Result<Kind, ParseError> {
        let members = parts
            .into_iter()
            .map(|kind| self.push(scope, value, kind, Box::default()))
            .collect::<Result<_, _>>()?;
        Ok(Kind::Combined(Combined { criterion: Criterion::All, members, generated: true }))
    }

    /// Takes the parts out of a schema object in the reference's order. `$ref` wins alone.
    fn extract(&mut self, at: &mut Extraction<'_, 'a>) -> Result<(), ParseError> {
        if let Some(reference) = at.object.get("$ref") {
            at.taken.push("$ref");
            let part = self.reference(at.scope, reference)?;
            at.parts.push(part);
            return Ok(());
        }
        enumeration(at)?;
        self.combinations(at)?;
        if let Some(refused) = at.object.get("not") {
            at.taken.push("not");
            let refused = self.child(at.scope, refused)?;
            at.parts.push(Kind::Not(refused));
        }
        constant(at);
        self.types(at)?;
        self.untyped_families(at)
    }

    fn combinations(&mut self, at: &mut Extraction<'_, 'a>) -> Result<(), ParseError> {
        for (keyword, criterion) in Criterion::ALL {
            let Some(list) = at.object.get(keyword) else { continue };
            let inner = at.scope.enter(list)?;
            let mut members = Vec::new();
            for member in array(at.scope.document, keyword, list)? {
                members.push(self.child(&inner, member)?);
            }
            at.taken.push(keyword);
            at.parts.push(Kind::Combined(Combined { criterion, members, generated: false }));
        }
        Ok(())
    }

    /// `type` and the keywords of the types it names.
    fn types(&mut self, at: &mut Extraction<'_, 'a>) -> Result<(), ParseError> {
        let Some(types) = at.object.get("type") else { return Ok(()) };
        at.taken.push("type");
        let part = match &types.data {
            Data::String(name) => self.typed(at, types, name)?,
            Data::Array(names) => {
                let mut members = Vec::with_capacity(names.len());
                for name in names.iter() {
                    let text = name
                        .as_str()
                        .ok_or_else(|| at.scope.document.mismatch("type", name, "a string"))?;
                    let kind = self.typed(at, name, text)?;
                    members.push(self.push(at.scope, name, kind, Box::default())?);
                }
                let criterion = Criterion::Any;
                Kind::Combined(Combined { criterion, members, generated: false })
            }
            _ => {
                let wanted = "a string or an array of strings";
                return Err(at.scope.document.mismatch("type", types, wanted));
            }
        };
        at.parts.push(part);
        Ok(())
    }

    fn typed(
        &mut self,
        at: &mut Extraction<'_, 'a>,
        place: &Value,
        name: &str,
    ) -> Result<Kind, ParseError> {
        Ok(match name {
            "string" => families::string(at, true)?,
            "integer" => families::number(at, true, true)?,
            "number" => families::number(at, true, false)?,
            "boolean" => Kind::Boolean,
            "null" => Kind::Null,
            "array" => self.array(at, true)?,
            "object" => self.object(at, true)?,
            _ => return Err(at.scope.document.invalid(place, format!("unknown type '{name}'"))),
        })
    }

    /// Keywords of families that `type` did not name.
    fn untyped_families(&mut self, at: &mut Extraction<'_, 'a>) -> Result<(), ParseError> {
        let any = |at: &Extraction<'_, 'a>, keywords: &[&'static str]| {
            keywords.iter().any(|key| at.object.get(key).is_some() && !at.taken.contains(key))
        };
        if any(at, families::array_keywords(at.scope.dialect)) {
            let part = self.array(at, false)?;
            at.parts.push(part);
        }
        if any(at, families::object_keywords(at.scope.dialect)) {
            let part = self.object(at, false)?;
            at.parts.push(part);
        }
        if any(at, families::NUMBER) {
            let part = families::number(at, false, false)?;
            at.parts.push(part);
        }
        if any(at, families::STRING) {
            let part = families::string(at, false)?;
            at.parts.push(part);
        }
        if at.scope.has(Dialect::Draft07) && any(at, &CONDITIONAL) {
            self.conditional(at)?;
        }
        Ok(())
    }

    fn conditional(&mut self, at: &mut Extraction<'_, 'a>) -> Result<(), ParseError> {
        let mut branches = Vec::new();
        for keyword in CONDITIONAL {
            if let Some(branch) = at.object.get(keyword) {
                at.taken.push(keyword);
                branches.push((keyword, self.child(at.scope, branch)?));
            }
        }
        at.parts.push(Kind::Conditional(branches));
        Ok(())
    }
}

fn enumeration(at: &mut Extraction<'_, '_>) -> Result<(), ParseError> {
    if let Some(members) = at.object.get("enum") {
        let members = array(at.scope.document, "enum", members)?;
        at.taken.push("enum");
        at.parts.push(Kind::Enum(members.iter().map(normalized).collect()));
    }
    Ok(())
}

fn constant(at: &mut Extraction<'_, '_>) {
    if let Some(value) = at.object.get("const").filter(|_| at.scope.has(Dialect::Draft06)) {
        at.taken.push("const");
        at.parts.push(Kind::Const(normalized(value)));
    }
}

const CONDITIONAL: [&str; 3] = ["if", "then", "else"];

fn held(value: &Value) -> Held {
    Held::Legacy(value.clone())
}

/// The keywords that every schema may have. A default that is `null` is a default.
fn notes(at: &mut Extraction<'_, '_>) -> Result<Box<Notes>, ParseError> {
    let (document, object) = (at.scope.document, at.object);
    let mut text = |keyword: &'static str| -> Result<Option<SmolStr>, ParseError> {
        at.taken.push(keyword);
        object.get(keyword).map(|value| string(document, keyword, value)).transpose()
    };
    let notes = Notes {
        id: text(at.scope.dialect.id_keyword())?,
        title: text("title")?,
        description: text("description")?,
        default: object.get("default").map(held),
        ..Notes::default()
    };
    at.taken.push("default");
    if at.scope.has(Dialect::Draft07) {
        for keyword in ["readOnly", "writeOnly"] {
            if let Some(value) = object.get(keyword) {
                boolean(document, keyword, value)?;
            }
        }
    }
    Ok(Box::new(notes))
}

fn string(document: &Document, key: &str, value: &Value) -> Result<SmolStr, ParseError> {
    let text = value.as_text().ok_or_else(|| document.mismatch(key, value, "a string"))?;
    Ok(text.clone())
}

fn boolean(document: &Document, key: &str, value: &Value) -> Result<bool, ParseError> {
    match value.data {
        Data::Boolean(truth) => Ok(truth),
        _ => Err(document.mismatch(key, value, "a boolean")),
    }
}

fn array<'v>(document: &Document, key: &str, value: &'v Value) -> Result<&'v [Value], ParseError> {
    value.as_array().ok_or_else(|| document.mismatch(key, value, "an array"))
}

fn members<'v>(document: &Document, key: &str, value: &'v Value) -> Result<&'v Object, ParseError> {
    value.as_object().ok_or_else(|| document.mismatch(key, value, "an object"))
}
