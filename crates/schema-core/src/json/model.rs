//! The schema as it is compared: typed nodes in one arena, whatever the dialect.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt};
use smol_str::SmolStr;

use super::decimal::Decimal;
use super::shape::Generated;
use super::{modern, text};
use crate::json_text::Value;
use crate::{Limits, Location};

/// A node of a [`Model`]; identity is what recursion is detected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(usize);

/// The place of a `$ref`'s target, which may be known only later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct RefId(usize);

/// Nodes stand behind those that they hold, so a model has no cycles but through [`RefId`]s.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    nodes: Vec<Node>,
    targets: Vec<Option<NodeId>>,
    pub(super) generated: Generated,
}

/// Small, because the recursion over schemas holds several in each frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) notes: Box<Notes>,
}

/// What a schema says beside its rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub(super) id: Option<SmolStr>,
    pub(super) title: Option<SmolStr>,
    pub(super) description: Option<SmolStr>,
    /// Never compared; instances may have to meet it.
    pub(super) format: Option<SmolStr>,
    pub(super) default: Option<Held>,
    /// Where the schema stands, if not in a reference.
    pub(super) location: Option<Location>,
    /// The keywords that no rule took.
    pub(super) rest: BTreeMap<SmolStr, Held>,
}

/// A value beside the rules, from the old drafts or from the newer dialects. Its text is put
/// together where it is compared, because most never are.
#[derive(Clone, Debug)]
pub(super) enum Held {
    Legacy(Value),
    Modern { value: Value, from_reference: bool },
}

impl Held {
    pub(super) fn value(&self) -> &Value {
        match self {
            Self::Legacy(value) | Self::Modern { value, .. } => value,
        }
    }

    /// The normalized text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Legacy(value) => text::normalized(value),
            Self::Modern { value, from_reference } => modern::held(value, *from_reference),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) enum Kind {
    #[default]
    Empty,
    True,
    False,
    Boolean,
    Null,
    String(Box<StringRules>),
    Number(Box<NumberRules>),
    Object(Box<ObjectRules>),
    Array(Box<ArrayRules>),
    /// Normalized texts of the members: they tell 1 from 1.0 and forgive the order of members.
    Enum(BTreeSet<String>),
    Const(String),
    Not(NodeId),
    Conditional(Vec<(&'static str, NodeId)>),
    Combined(Combined),
    Reference {
        text: SmolStr,
        target: RefId,
    },
}

#[derive(Clone, Debug, Default)]
pub(super) struct StringRules {
    pub(super) typed: bool,
    pub(super) min_length: Option<i32>,
    pub(super) max_length: Option<i32>,
    pub(super) pattern: Option<SmolStr>,
    /// A format that the reference knows in the dialect.
    pub(super) format: Option<SmolStr>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct NumberRules {
    pub(super) typed: bool,
    pub(super) integer: bool,
    pub(super) minimum: Option<Decimal>,
    pub(super) maximum: Option<Decimal>,
    pub(super) exclusive_minimum: Option<Decimal>,
    pub(super) exclusive_maximum: Option<Decimal>,
    /// Draft 4 writes the exclusive bounds as booleans, which are never compared.
    pub(super) exclusive_flags: (bool, bool),
    pub(super) multiple_of: Option<Decimal>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ObjectRules {
    pub(super) typed: bool,
    pub(super) properties: BTreeMap<SmolStr, NodeId>,
    pub(super) required: Vec<SmolStr>,
    pub(super) additional: Additional,
    pub(super) patterns: Vec<(SmolStr, NodeId)>,
    pub(super) property_names: Option<NodeId>,
    pub(super) required_by: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
    pub(super) schemas_by: BTreeMap<SmolStr, NodeId>,
    pub(super) unevaluated: Option<NodeId>,
    pub(super) min_properties: Option<i32>,
    pub(super) max_properties: Option<i32>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ArrayRules {
    pub(super) typed: bool,
    pub(super) items: Option<NodeId>,
    pub(super) positions: Vec<NodeId>,
    pub(super) additional: Additional,
    pub(super) unevaluated: Option<NodeId>,
    pub(super) contains: Option<NodeId>,
    pub(super) min_contains: Option<Decimal>,
    pub(super) max_contains: Option<Decimal>,
    pub(super) min_items: Option<i32>,
    pub(super) max_items: Option<i32>,
    pub(super) unique: bool,
}

/// What may stand beyond the named properties or the listed positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Additional {
    #[default]
    Allowed,
    Refused,
    Schema(NodeId),
}

#[derive(Clone, Debug)]
pub(super) struct Combined {
    pub(super) criterion: Criterion,
    pub(super) members: Vec<NodeId>,
    /// Put together from keywords side by side, not written as such.
    pub(super) generated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Criterion {
    All,
    Any,
    One,
}

impl Criterion {
    pub(super) const ALL: [(&'static str, Self); 3] =
        [("allOf", Self::All), ("anyOf", Self::Any), ("oneOf", Self::One)];

    pub(super) fn keyword(self) -> &'static str {
        match self {
            Self::All => "allOf",
            Self::Any => "anyOf",
            Self::One => "oneOf",
        }
    }
}

impl Kind {
    /// How many names, values and nodes it lists.
    fn held(&self) -> usize {
        match self {
            Self::Object(rules) => {
                let ObjectRules { properties, required, patterns, .. } = &**rules;
                let named = properties.len() + required.len() + patterns.len();
                let dependent = rules.required_by.values().map(BTreeSet::len).sum::<usize>();
                named + dependent + rules.required_by.len() + rules.schemas_by.len()
            }
            Self::Array(rules) => rules.positions.len(),
            Self::Enum(values) => values.len(),
            Self::Conditional(parts) => parts.len(),
            Self::Combined(combined) => combined.members.len(),
            _ => 0,
        }
    }
}

/// The model has more nodes than the limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyNodes;

/// Copies of nodes repeat what they hold: all nodes together may hold this many times what there
/// may be of nodes.
const HELD_PER_NODE: usize = 4;

/// A model under construction.
#[derive(Debug)]
pub(super) struct Builder {
    model: Model,
    references: HashMap<RefId, NodeId>,
    nodes_max: usize,
    held_left: usize,
}

impl Builder {
    pub(super) fn new(limits: &Limits, generated: Generated) -> Self {
        Self {
            model: Model { generated, ..Model::default() },
            references: HashMap::new(),
            nodes_max: limits.nodes_max,
            held_left: limits.nodes_max.saturating_mul(HELD_PER_NODE),
        }
    }

    pub(super) fn push(&mut self, node: Node) -> Result<NodeId, TooManyNodes> {
        if self.model.nodes.len() >= self.nodes_max {
            return Err(TooManyNodes);
        }
        self.held_left = self.held_left.checked_sub(node.kind.held()).ok_or(TooManyNodes)?;
        self.model.nodes.push(node);
        Ok(NodeId(self.model.nodes.len() - 1))
    }

    pub(super) fn new_ref(&mut self) -> RefId {
        self.model.targets.push(None);
        RefId(self.model.targets.len() - 1)
    }

    /// The one node of a `$ref`, pushed when first asked for.
    pub(super) fn push_reference(&mut self, at: RefId, node: Node) -> Result<NodeId, TooManyNodes> {
        if let Some(&known) = self.references.get(&at) {
            return Ok(known);
        }
        let id = self.push(node)?;
        self.references.insert(at, id);
        Ok(id)
    }

    /// Gives a `$ref` the default that stands beside it.
    pub(super) fn set_default(&mut self, id: NodeId, default: Held) {
        if let Some(node) = self.model.nodes.get_mut(id.0) {
            node.notes.default = Some(default);
        }
    }

    pub(super) fn set_target(&mut self, at: RefId, target: NodeId) {
        if let Some(slot) = self.model.targets.get_mut(at.0) {
            *slot = Some(target);
        }
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn finish(self) -> Model {
        self.model
    }
}

impl Model {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        #[expect(clippy::indexing_slicing, reason = "ids are handed out by `Builder::push` alone")]
        &self.nodes[id.0]
    }

    pub(super) fn target(&self, at: RefId) -> Option<NodeId> {
        self.targets.get(at.0).copied().flatten()
    }
}
