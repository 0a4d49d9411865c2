//! Schemas as they are written, with what their references lead to.
//!
//! Proofs go by the text, because that is what validates: the compared model has merged and dropped
//! keywords as the reference does.

use foldhash::{HashMap, HashMapExt};

use crate::json::dialect::Dialect;
use crate::json::documents::{Document, Documents};
use crate::json_text::{Data, Object, Value};

/// A schema of some document.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    /// By its place in [`Sources`].
    source: usize,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.value, other.value)
    }
}

/// Both schemas with their references.
pub(super) struct Sources<'a> {
    list: Vec<Source<'a>>,
}

struct Source<'a> {
    document: &'a Document,
    dialect: Dialect,
    /// Something inside has an address of its own, which references start from.
    has_inner_ids: bool,
    /// The places of the references that it may name; none for a reference itself.
    others: std::ops::Range<usize>,
}

/// Keywords whose meaning is not followed here.
const UNFOLLOWED: [&str; 3] = ["$dynamicRef", "$recursiveRef", "$vocabulary"];
const CONTENT: [&str; 2] = ["contentMediaType", "contentEncoding"];

impl<'a> Sources<'a> {
    pub(super) fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// The root of a schema, whose references come to be known with it.
    pub(super) fn add(&mut self, documents: &'a Documents) -> Node<'a> {
        let dialect = named(&documents.schema).unwrap_or(Dialect::Draft07);
        let source = self.list.len();
        let others = source + 1..source + 1 + documents.references.len();
        self.push(&documents.schema, dialect, others);
        for document in &documents.references {
            self.push(document, named(document).unwrap_or(dialect), 0..0);
        }
        Node { value: &documents.schema.root, source }
    }

    fn push(&mut self, document: &'a Document, dialect: Dialect, others: std::ops::Range<usize>) {
        let has_inner_ids = has_ids_inside(&document.root);
        self.list.push(Source { document, dialect, has_inner_ids, others });
    }

    pub(super) fn dialect(&self, node: Node<'a>) -> Dialect {
        self.list.get(node.source).map_or(Dialect::Draft07, |source| source.dialect)
    }

    /// The value of a keyword, if it means something in the dialect and beside the others.
    pub(super) fn get(&self, node: Node<'a>, key: &str) -> Option<&'a Value> {
        let object = node.value.as_object()?;
        let dialect = self.dialect(node);
        let hidden = key != "$ref" && !dialect.is_modern() && object.get("$ref").is_some();
        object.get(key).filter(|_| !hidden && since(key).is_none_or(|first| dialect >= first))
    }

    pub(super) fn schema(&self, node: Node<'a>, key: &str) -> Option<Node<'a>> {
        self.get(node, key).map(|value| node.at(value))
    }

    /// The schemas that a keyword lists.
    pub(super) fn schemas(&self, node: Node<'a>, key: &str) -> Vec<Node<'a>> {
        let listed = self.get(node, key).and_then(Value::as_array).unwrap_or_default();
        listed.iter().map(|value| node.at(value)).collect()
    }

    /// The named schemas that a keyword holds.
    pub(super) fn named(&self, node: Node<'a>, key: &str) -> Option<&'a Object> {
        self.get(node, key).and_then(Value::as_object)
    }

    /// Whether the schema says something whose meaning is not followed here.
    pub(super) fn is_unfollowed(&self, node: Node<'a>) -> bool {
        let Some(object) = node.value.as_object() else { return false };
        let dialect = self.dialect(node);
        let has = |keys: &[&str]| keys.iter().any(|key| object.get(key).is_some());
        has(&UNFOLLOWED)
            || (!dialect.is_modern() && has(&CONTENT))
            || (dialect < Dialect::Draft07 && has(&["if"]))
    }

    /// What a `$ref` leads to; `None` if that cannot be told without its base address.
    pub(super) fn target(&self, node: Node<'a>) -> Option<Node<'a>> {
        let text = self.get(node, "$ref")?.as_str()?;
        let source = self.list.get(node.source).filter(|source| !source.has_inner_ids)?;
        let (name, fragment) = text.split_once('#').unwrap_or((text, ""));
        let place = if name.is_empty() {
            node.source
        } else {
            let mut others = source.others.clone();
            others.find(|at| {
                self.list.get(*at).is_some_and(|other| other.document.name.as_deref() == Some(name))
            })?
        };
        let target = self.list.get(place).filter(|target| !target.has_inner_ids)?;
        let root = &target.document.root;
        pointed(root, fragment).map(|value| Node { value, source: place })
    }
}

/// Keywords whose schemas judge the value that their own schema judges.
const IN_PLACE: [&str; 9] =
    ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"];

impl<'a> Sources<'a> {
    /// Whether some schema judges a value by judging that value: what that means is not defined.
    pub(super) fn has_circle(&self) -> bool {
        let mut known: HashMap<*const Value, Visit> = HashMap::new();
        let everything = self
            .list
            .iter()
            .enumerate()
            .map(|(source, held)| Node { value: &held.document.root, source });
        let mut starts: Vec<Node<'a>> = everything.collect();
        while let Some(start) = starts.pop() {
            starts.extend(held(start.value).map(|value| start.at(value)));
            let mut open = vec![start];
            while let Some(node) = open.last().copied() {
                match known.get(&std::ptr::from_ref(node.value)) {
                    Some(Visit::Done) => {
                        open.pop();
                    }
                    Some(Visit::Open) => {
                        known.insert(node.value, Visit::Done);
                        open.pop();
                    }
                    None => {
                        known.insert(node.value, Visit::Open);
                        for inner in self.in_place(node) {
                            match known.get(&std::ptr::from_ref(inner.value)) {
                                Some(Visit::Open) => return true,
                                Some(Visit::Done) => {}
                                None => open.push(inner),
                            }
                        }
                    }
                }
            }
        }
        false
    }

    fn in_place(&self, node: Node<'a>) -> Vec<Node<'a>> {
        let mut inner: Vec<Node<'a>> = self.target(node).into_iter().collect();
        for key in IN_PLACE {
            let Some(value) = self.get(node, key) else { continue };
            match key {
                "not" | "if" | "then" | "else" => inner.push(node.at(value)),
                _ => inner.extend(held(value).map(|value| node.at(value))),
            }
        }
        inner
    }
}

#[derive(Clone, Copy)]
enum Visit {
    Open,
    Done,
}

/// The values in a value.
fn held(value: &Value) -> impl Iterator<Item = &Value> {
    let items = value.as_array().unwrap_or_default();
    let members = value.as_object().into_iter().flat_map(Object::iter);
    items.iter().chain(members.map(|member| &member.value))
}

impl<'a> Node<'a> {
    pub(super) fn at(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    /// Whether everything is valid by it.
    pub(super) fn takes_all(self) -> bool {
        match &self.value.data {
            Data::Boolean(truth) => *truth,
            Data::Object(object) => object.is_empty(),
            _ => false,
        }
    }
}

fn named(document: &Document) -> Option<Dialect> {
    Dialect::named(document.root.as_object()?.get("$schema")?.as_str()?)
}

/// The dialect that brought a keyword, if not all have it.
fn since(key: &str) -> Option<Dialect> {
    match key {
        "const" | "contains" | "propertyNames" => Some(Dialect::Draft06),
        "if" | "then" | "else" => Some(Dialect::Draft07),
        "minContains"
        | "maxContains"
        | "dependentRequired"
        | "dependentSchemas"
        | "unevaluatedProperties"
        | "unevaluatedItems" => Some(Dialect::Draft201909),
        "prefixItems" => Some(Dialect::Draft202012),
        _ => None,
    }
}

fn has_ids_inside(root: &Value) -> bool {
    let mut open: Vec<&Value> = held(root).collect();
    while let Some(value) = open.pop() {
        let id =
            value.as_object().and_then(|object| object.get("$id").or_else(|| object.get("id")));
        if id.is_some_and(|id| id.as_str().is_some()) {
            return true;
        }
        open.extend(held(value));
    }
    false
}

/// What a JSON pointer without escaped letters points at.
fn pointed<'a>(root: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.is_empty() {
        return Some(root);
    }
    if pointer.contains(['%', '+']) {
        return None;
    }
    let mut value = root;
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = match &value.data {
            Data::Object(object) => object.get(&token)?,
            Data::Array(items) => items.get(token.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}
