//! Each pair of messages compared once: what is found there, and which pairs it leads to.
//!
//! A message is known by its name in the tree of types, so a pair is two names. Its findings and
//! steps depend on nothing but the two, whatever way led there, because the reference reports a
//! message from another file under its own path and not under the path of the field that named it.

use foldhash::{HashMap, HashMapExt};

use super::place::Place;
use super::{Sides, messages};
use crate::protobuf::ast::File;
use crate::protobuf::types::{NodeId, Origin, ROOT, Types};
use crate::{CheckError, Limits, Rule};

/// A pair of messages, by its place in [`Graph::nodes`].
pub(super) type PairId = usize;
/// A finding, by its place in [`Graph::findings`].
pub(super) type FindingId = usize;

#[derive(Debug)]
pub(super) struct Finding {
    pub(super) rule: Rule,
    pub(super) path: String,
    /// Byte offsets in the schemas' own texts.
    pub(super) at: Sides<Option<usize>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Found(FindingId),
    /// A message of the same name inside the pair.
    Nested(PairId),
    /// The message that a field names; `changed` is found too if its comparison finds an
    /// incompatible difference.
    Named {
        pair: PairId,
        changed: FindingId,
    },
}

#[derive(Debug)]
pub(super) struct Node {
    /// The writer's message: while it is being compared it is not entered again.
    pub(super) writer: NodeId,
    /// What the members of the two messages come to; skipped while the writer's is being compared.
    pub(super) members: Vec<Step>,
    /// What their nested types come to; never skipped.
    pub(super) nested: Vec<Step>,
}

#[derive(Debug)]
pub(super) struct Graph {
    /// The first stands for the two files.
    pub(super) nodes: Vec<Node>,
    /// The messages of each node.
    pub(super) pairs: Vec<Sides<NodeId>>,
    pub(super) findings: Vec<Finding>,
}

impl Graph {
    pub(super) fn finding(&self, id: FindingId) -> Option<&Finding> {
        self.findings.get(id)
    }

    pub(super) fn is_compatible(&self, id: FindingId) -> bool {
        self.finding(id).is_none_or(|finding| finding.rule.is_compatible())
    }
}

pub(super) fn build<'a>(
    files: Sides<&'a File>,
    types: &'a Sides<Types<'a>>,
    with_compatible: bool,
    limits: &Limits,
) -> Result<Graph, CheckError> {
    let mut builder = Builder {
        types,
        with_compatible,
        findings: Vec::new(),
        pairs: Vec::new(),
        ids: HashMap::new(),
        path_bytes_left: Some(path_bytes_max(limits)),
    };
    builder.pair(Sides { writer: ROOT, reader: ROOT });
    let mut nodes = vec![builder.files(files)];
    while let Some(pair) = builder.pairs.get(nodes.len()).copied() {
        if builder.pairs.len() > limits.pairs_max {
            return Err(CheckError::TooComplex(limits.pairs_max));
        }
        nodes.push(builder.messages(pair));
    }
    if builder.path_bytes_left.is_none()
        || builder.findings.len().saturating_mul(FINDING_COST) > limits.pairs_max
    {
        return Err(CheckError::TooComplex(limits.pairs_max));
    }
    Ok(Graph { nodes, pairs: builder.pairs, findings: builder.findings })
}

pub(super) struct Builder<'a> {
    pub(super) types: &'a Sides<Types<'a>>,
    with_compatible: bool,
    findings: Vec<Finding>,
    pairs: Vec<Sides<NodeId>>,
    ids: HashMap<Sides<NodeId>, PairId>,
    /// `None` once the paths took more than they may; those after that are left empty.
    path_bytes_left: Option<usize>,
}

/// What a finding costs in pairs, to keep and to tell.
const FINDING_COST: usize = 32;
/// Paths hold the names around a finding, which may be as long as the schema.
const PATH_BYTES_PER_PAIR: usize = 16;

pub(super) fn path_bytes_max(limits: &Limits) -> usize {
    limits.pairs_max.saturating_mul(PATH_BYTES_PER_PAIR)
}

impl Builder<'_> {
    /// The id of a pair, which is compared in its turn if it is new.
    pub(super) fn pair(&mut self, pair: Sides<NodeId>) -> PairId {
        *self.ids.entry(pair).or_insert_with(|| {
            self.pairs.push(pair);
            self.pairs.len() - 1
        })
    }

    pub(super) fn finding(&mut self, rule: Rule, place: &Place<'_>) -> FindingId {
        let path = if self.path_bytes_left.is_some() { place.path() } else { String::new() };
        let left = self.path_bytes_left.and_then(|left| left.checked_sub(path.len()));
        self.path_bytes_left = left;
        self.findings.push(Finding { rule, path, at: place.at });
        self.findings.len() - 1
    }

    /// Notes a difference, unless it is compatible and nobody asked for those.
    pub(super) fn add(&mut self, steps: &mut Vec<Step>, rule: Rule, place: &Place<'_>) {
        if self.with_compatible || !rule.is_compatible() {
            steps.push(Step::Found(self.finding(rule, place)));
        }
    }

    fn files(&mut self, files: Sides<&File>) -> Node {
        let scope = |types: &Types<'_>, file: &File| {
            types.scope_of_package(file.package.as_deref().unwrap_or_default())
        };
        let place = Place::of_files(Sides {
            writer: scope(&self.types.writer, files.writer),
            reader: scope(&self.types.reader, files.reader),
        });
        let mut members = Vec::new();
        if files.writer.package != files.reader.package {
            self.add(&mut members, Rule::ProtobufPackageChanged, &place);
        }
        let types = Sides { writer: files.writer.types.as_slice(), reader: &files.reader.types };
        Node { writer: ROOT, members, nested: messages::nested(self, &place, types) }
    }

    fn messages(&mut self, scope: Sides<NodeId>) -> Node {
        let mut node = Node { writer: scope.writer, members: Vec::new(), nested: Vec::new() };
        let types = self.types;
        let writer = types.writer.message(scope.writer);
        let reader = types.reader.message(scope.reader);
        if let (Some((from, writer)), Some((to, reader))) = (writer, reader) {
            let name = types.writer.local_name(scope.writer);
            let is_own = Sides { writer: writer == Origin::Own, reader: reader == Origin::Own };
            let place = Place::of_messages(&name, scope, is_own);
            node.members = messages::members(self, &place, Sides { writer: from, reader: to });
            let types = Sides { writer: from.nested.as_slice(), reader: &to.nested };
            node.nested = messages::nested(self, &place, types);
        }
        node
    }
}
