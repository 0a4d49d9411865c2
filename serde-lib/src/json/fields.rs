//! Which fields a JSON schema has, with their tags, for rules to walk along.

use std::collections::{BTreeSet, HashMap};

use levada_schema_core::json::{Dialect, Validator};
use levada_schema_core::{Limits, Reference, ResolvedReference};
use serde_json::{Map, Value as Json};

use super::places::{Places, escaped};
use crate::Error;
use crate::client::RegisteredSchema;
use crate::rules::{Constraint, RULES};

/// The member of a property that names its tags.
const TAGS: &str = "confluent:tags";
/// Most schemas within one that are looked at, and most that values are tried against.
const NODES_MAX: usize = 10_000;
const BRANCHES_MAX: usize = 500;
/// What the schema itself is called where one of its branches is compiled.
const ROOT: &str = "levada-root.json";

/// Schemas of schemas, which have no tags.
const META_SCHEMAS: [&str; 2] = ["http://json-schema.org/", "https://json-schema.org/"];

/// Position of a [`Node`].
pub(super) type NodeId = usize;

/// A schema with everything that it refers to.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    nodes: Vec<Node>,
}

/// What one schema says of values.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) tags: BTreeSet<String>,
    /// What the schema wants of objects, and of the property whose schema it is.
    pub(super) constraints: Vec<Constraint>,
    pub(super) kinds: Vec<Kind>,
    pub(super) is_enum: bool,
    pub(super) properties: Vec<(String, NodeId)>,
    pub(super) items: Option<NodeId>,
    pub(super) reference: Option<NodeId>,
    pub(super) all_of: Vec<NodeId>,
    /// `oneOf` or `anyOf`.
    pub(super) branches: Vec<Branch>,
    /// Only the first branch that takes a value counts.
    pub(super) takes_one: bool,
}

/// A schema that a value may follow.
#[derive(Debug)]
pub(super) struct Branch {
    validator: Validator,
    pub(super) node: NodeId,
}

impl Branch {
    pub(super) fn takes(&self, value: &Json) -> bool {
        self.validator.is_valid(value)
    }
}

/// The types of values without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
}

impl Fields {
    pub(super) fn of(schema: &RegisteredSchema) -> Result<Self, Error> {
        let parse = |text: &str| {
            serde_json::from_str::<Json>(text)
                .map_err(|error| Error::InvalidSchema { reason: error.to_string() })
        };
        let mut documents = vec![(ROOT.to_owned(), parse(&schema.text)?)];
        for reference in &schema.references {
            documents.push((reference.reference.name.clone(), parse(&reference.text)?));
        }
        let reference = Reference { name: ROOT.to_owned(), subject: String::new(), version: 1 };
        let mut references = schema.references.clone();
        references.push(ResolvedReference { reference, text: schema.text.clone() });
        let mut compiler = Compiler {
            documents: &documents,
            targets: Places::of(&documents),
            references: &references,
            fields: Self::default(),
            places: HashMap::new(),
            branches: 0,
        };
        compiler.node(0, "")?;
        Ok(compiler.fields)
    }

    #[expect(clippy::unused_self, reason = "says whose root it is")]
    pub(super) fn root(&self) -> NodeId {
        0
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }
}

struct Compiler<'a> {
    documents: &'a [(String, Json)],
    targets: Places,
    references: &'a [ResolvedReference],
    fields: Fields,
    /// The node of each document and pointer that was met.
    places: HashMap<(usize, String), NodeId>,
    branches: usize,
}

impl Compiler<'_> {
    /// The node of the schema at a pointer of a document. Recurses as deep as schema text nests,
    /// which the parser bounds.
    fn node(&mut self, document: usize, pointer: &str) -> Result<NodeId, Error> {
        if let Some(known) = self.places.get(&(document, pointer.to_owned())) {
            return Ok(*known);
        }
        let id = self.fields.nodes.len();
        if id >= NODES_MAX {
            let reason = format!("rules cannot look through more than {NODES_MAX} schemas");
            return Err(Error::InvalidSchema { reason });
        }
        self.places.insert((document, pointer.to_owned()), id);
        self.fields.nodes.push(Node::default());
        let documents = self.documents;
        let found = documents.get(document).and_then(|(_, root)| root.pointer(pointer));
        if let Some(Json::Object(schema)) = found {
            let node = self.compiled(document, pointer, schema)?;
            self.fields.nodes[id] = node;
        }
        Ok(id)
    }

    fn compiled(
        &mut self,
        document: usize,
        pointer: &str,
        schema: &Map<String, Json>,
    ) -> Result<Node, Error> {
        let mut node = Node {
            tags: words(schema.get(TAGS)).map(str::to_owned).collect(),
            constraints: Constraint::all_of_json(schema.get(RULES)),
            kinds: words(schema.get("type")).filter_map(kind_of).collect(),
            is_enum: schema.contains_key("enum") || schema.contains_key("const"),
            ..Node::default()
        };
        if let Some(Json::Object(properties)) = schema.get("properties") {
            for name in properties.keys() {
                let place = format!("{pointer}/properties/{}", escaped(name));
                node.properties.push((name.clone(), self.node(document, &place)?));
            }
        }
        if schema.get("items").is_some_and(Json::is_object) {
            node.items = Some(self.node(document, &format!("{pointer}/items"))?);
        }
        if let Some(target) = schema.get("$ref").and_then(Json::as_str)
            && !META_SCHEMAS.iter().any(|address| target.starts_with(address))
        {
            // Without it rules would miss what they are there for, such as to encrypt a field.
            let (document, pointer) =
                self.targets.target((document, pointer), target).ok_or_else(|| {
                    let reason =
                        format!("rules cannot follow $ref {target:?}, which leads to no schema");
                    Error::InvalidSchema { reason }
                })?;
            node.reference = Some(self.node(document, &pointer)?);
        }
        for index in 0..schema.get("allOf").and_then(Json::as_array).map_or(0, Vec::len) {
            node.all_of.push(self.node(document, &format!("{pointer}/allOf/{index}"))?);
        }
        node.takes_one = schema.contains_key("oneOf");
        let keyword = if node.takes_one { "oneOf" } else { "anyOf" };
        for index in 0..schema.get(keyword).and_then(Json::as_array).map_or(0, Vec::len) {
            let place = format!("{pointer}/{keyword}/{index}");
            let validator = self.validator(document, &place)?;
            node.branches.push(Branch { validator, node: self.node(document, &place)? });
        }
        Ok(node)
    }

    /// What tells whether a value follows the schema at a pointer.
    fn validator(&mut self, document: usize, pointer: &str) -> Result<Validator, Error> {
        self.branches += 1;
        if self.branches > BRANCHES_MAX {
            let reason = format!("rules cannot look through more than {BRANCHES_MAX} alternatives");
            return Err(Error::InvalidSchema { reason });
        }
        let (name, root) = &self.documents[document];
        let mut schema = Map::new();
        if let Some(dialect) = root.get("$schema") {
            schema.insert("$schema".to_owned(), dialect.clone());
        }
        schema.insert("$ref".to_owned(), Json::String(format!("{name}#{pointer}")));
        let text = Json::Object(schema).to_string();
        let limits = Limits::default();
        Ok(Validator::compile(&text, Dialect::Draft07, self.references, &limits)?)
    }
}

/// A text, or a list of texts.
fn words(json: Option<&Json>) -> impl Iterator<Item = &str> {
    let one = json.and_then(Json::as_str);
    let many = json.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    one.into_iter().chain(many)
}

fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "string" => Kind::String,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        _ => return None,
    })
}
