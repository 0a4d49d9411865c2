//! Compiles a writer and a reader schema into a [`ReadPlan`] by Avro's resolution rules.
//!
//! A pair that can never be read fails here, with the path of the first difference. A union
//! branch or an enum symbol that the reader lacks fails only in the message that uses it.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;

use apache_avro::Schema;
use apache_avro::schema::{EnumSchema, NamesRef, NamespaceRef, RecordField, RecordSchema};

use super::base::{Base, base, fixed_of, is_promotable, is_wire_of, leaf_of, names_match, wire_of};
use super::default::default_value;
use super::plan::{
    FieldDefault, InOrder, Node, NodeId, ReadPlan, RecordPlan, Skip, SkipId, Step, Symbol,
};
use super::schema::ParsedSchema;
use super::typed_decode::ITEM_SIZE;
use crate::Error;

/// Deepest pair of types that is compiled, and most nodes of a plan.
const DEPTH_MAX: usize = 200;
const NODES_MAX: usize = 100_000;

/// A schema node together with what its names mean.
#[derive(Clone, Copy)]
pub(super) struct Typed<'s> {
    pub(super) schema: &'s Schema,
    pub(super) names: &'s NamesRef<'s>,
    pub(super) namespace: NamespaceRef<'s>,
}

impl<'s> Typed<'s> {
    pub(super) fn root(owner: &'s ParsedSchema, names: &'s NamesRef<'s>) -> Self {
        Self { schema: owner.root(), names, namespace: None }.dereferenced()
    }

    /// A part of this type; a name stands for the type it names.
    pub(super) fn part(self, schema: &'s Schema) -> Self {
        Self { schema, ..self }.dereferenced()
    }

    /// A field's type, whose names fall back to the record's namespace.
    pub(super) fn field(self, record: &'s RecordSchema, field: &'s RecordField) -> Self {
        let namespace = record.name.namespace().or(self.namespace);
        Self { schema: &field.schema, names: self.names, namespace }.dereferenced()
    }

    fn dereferenced(self) -> Self {
        let Schema::Ref { name } = self.schema else { return self };
        let full_name = name.fully_qualified_name(self.namespace);
        match self.names.get(full_name.as_ref()) {
            // A parsed schema defines every name it uses.
            Some(schema) => Self { schema, ..self },
            None => self,
        }
    }

    pub(super) fn full_name(self) -> String {
        self.schema.name().map(|name| name.fullname(self.namespace)).unwrap_or_default()
    }
}

/// Why a pair of types does not resolve, and where.
#[derive(Clone, Debug)]
pub(super) struct Mismatch {
    pub(super) path: String,
    pub(super) reason: String,
}

impl Mismatch {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }

    pub(super) fn inside(mut self, segment: &str) -> Self {
        self.path = join_path(segment, &self.path);
        self
    }
}

impl From<Mismatch> for Error {
    fn from(mismatch: Mismatch) -> Self {
        Self::Resolution { path: mismatch.path, reason: mismatch.reason }
    }
}

/// `segment` before `path`, with a dot only where a name follows.
pub(super) fn join_path(segment: &str, path: &str) -> String {
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{segment}{dot}{path}")
}

impl ReadPlan {
    /// Compiles the plan for data of `writer` read as `reader`.
    pub(super) fn compile(writer: &ParsedSchema, reader: &ParsedSchema) -> Result<Self, Error> {
        let mut compiler = Compiler {
            plan: Self::default(),
            pairs: HashMap::new(),
            skips: HashMap::new(),
            depth: 0,
        };
        let (writer_names, reader_names) = (writer.names(), reader.names());
        let writer = Typed::root(writer, &writer_names);
        let root = compiler.resolve(writer, Typed::root(reader, &reader_names))?;
        let is_bare_bytes = base(writer.schema) == Base::Bytes;
        Ok(Self { root, is_bare_bytes, ..compiler.plan })
    }

    /// Whether every value of the writer schema can be read, whatever branch or symbol it has.
    pub(super) fn is_total(&self) -> bool {
        !self.nodes.iter().any(|node| match node {
            Node::Unresolvable { .. } => true,
            Node::Enum { symbols } => symbols.iter().any(|s| matches!(s, Symbol::Unknown { .. })),
            _ => false,
        })
    }
}

impl ReadPlan {
    /// Whether the reader's own bytes would be those of the writer, for every value.
    pub(super) fn is_identity(&self) -> bool {
        let is_wrap = |id: NodeId| matches!(self.nodes[id], Node::Wrap { .. });
        let is_same = |node: &Node| {
            match node {
            Node::Leaf { wire, leaf } => is_wire_of(*wire, *leaf),
            Node::Array { items: inner }
            | Node::Map { values: inner }
            | Node::Wrap { inner, .. } => !is_wrap(*inner),
            Node::Record(record) => {
                let in_place = |(slot, step): (usize, &Step)| match step {
                    Step::Read { slot: target, node } => *target == slot && !is_wrap(*node),
                    Step::Skip { .. } => false,
                };
                record.defaults.is_empty() && record.steps.iter().enumerate().all(in_place)
            }
            Node::Enum { symbols } => (0..).zip(symbols).all(|(place, symbol)| {
                matches!(symbol, Symbol::Known { index, .. } if *index == place)
            }),
            Node::Union { branches } => (0..).zip(branches).all(|(place, &id)| {
                matches!(self.nodes[id], Node::Wrap { branch, .. } if branch == place)
            }),
            Node::Unresolvable { .. } => false,
        }
        };
        !self.is_bare_bytes && !is_wrap(self.root) && self.nodes.iter().all(is_same)
    }
}

type Resolved<T> = Result<T, Mismatch>;

struct Compiler {
    plan: ReadPlan,
    /// Pairs of records met before, by full names: done, or begun further up.
    pairs: HashMap<(String, String), Result<NodeId, Mismatch>>,
    /// Records of the writer that have a skip already, by full name.
    skips: HashMap<String, SkipId>,
    depth: usize,
}

impl Compiler {
    fn add(&mut self, node: Node) -> Resolved<NodeId> {
        if self.plan.nodes.len() >= NODES_MAX {
            return Err(Mismatch::new(format!("the schemas have more than {NODES_MAX} pairs")));
        }
        self.plan.nodes.push(node);
        Ok(self.plan.nodes.len() - 1)
    }

    fn resolve(&mut self, writer: Typed<'_>, reader: Typed<'_>) -> Resolved<NodeId> {
        if self.depth >= DEPTH_MAX {
            return Err(Mismatch::new(format!("types nest deeper than {DEPTH_MAX} levels")));
        }
        self.depth += 1;
        let resolved = self.resolve_pair(writer, reader);
        self.depth -= 1;
        resolved
    }

    /// As [`Self::resolve`], for a pair that something else takes the place of when it does not
    /// resolve: of such an attempt nothing is left.
    fn attempt(&mut self, writer: Typed<'_>, reader: Typed<'_>) -> Resolved<NodeId> {
        let (nodes, skips) = (self.plan.nodes.len(), self.plan.skips.len());
        let resolved = self.resolve(writer, reader);
        if resolved.is_err() && self.plan.nodes.len() > nodes {
            self.plan.nodes.truncate(nodes);
            self.pairs.retain(|_, pair| pair.as_ref().map_or(true, |&id| id < nodes));
        }
        if resolved.is_err() && self.plan.skips.len() > skips {
            self.plan.skips.truncate(skips);
            self.skips.retain(|_, id| *id < skips);
        }
        resolved
    }

    fn resolve_pair(&mut self, writer: Typed<'_>, reader: Typed<'_>) -> Resolved<NodeId> {
        match (writer.schema, reader.schema) {
            (Schema::Union(branches), _) => self.writer_union(branches.variants(), writer, reader),
            (_, Schema::Union(branches)) => self.reader_union(writer, branches.variants(), reader),
            (Schema::Array(w), Schema::Array(r)) => {
                let items = self.resolve(writer.part(&w.items), reader.part(&r.items));
                let items = items.map_err(|error| error.inside("[]"))?;
                self.add(Node::Array { items })
            }
            (Schema::Map(w), Schema::Map(r)) => {
                let values = self.resolve(writer.part(&w.types), reader.part(&r.types));
                let values = values.map_err(|error| error.inside("{}"))?;
                self.add(Node::Map { values })
            }
            (Schema::Record(w), Schema::Record(r)) => {
                let key = (writer.full_name(), reader.full_name());
                if let Some(known) = self.pairs.get(&key) {
                    return known.clone();
                }
                let id =
                    self.add(Node::Unresolvable { reason: "record did not resolve".into() })?;
                self.pairs.insert(key.clone(), Ok(id));
                match self.record((w, writer), (r, reader)) {
                    Ok(node) => self.plan.nodes[id] = node,
                    Err(error) => {
                        self.pairs.insert(key, Err(error.clone()));
                        return Err(error);
                    }
                }
                Ok(id)
            }
            (Schema::Enum(w), Schema::Enum(r)) => {
                check_names(writer, reader)?;
                self.add(Node::Enum { symbols: symbols(w, r) })
            }
            _ => self.leaf(writer, reader),
        }
    }

    /// Each branch of the writer against the whole reader; one that fits suffices.
    fn writer_union(
        &mut self,
        branches: &[Schema],
        writer: Typed<'_>,
        reader: Typed<'_>,
    ) -> Resolved<NodeId> {
        let mut first_error = None;
        let mut has_match = false;
        let mut nodes = Vec::with_capacity(branches.len());
        for branch in branches {
            nodes.push(match self.attempt(writer.part(branch), reader) {
                Ok(node) => {
                    has_match = true;
                    node
                }
                Err(error) => {
                    let at = if error.path.is_empty() { "" } else { " at " };
                    let reason = format!("{}{at}{}", error.reason, error.path);
                    first_error.get_or_insert(error);
                    self.add(Node::Unresolvable { reason })?
                }
            });
        }
        match first_error {
            Some(error) if !has_match => Err(error),
            _ => self.add(Node::Union { branches: nodes.into() }),
        }
    }

    /// The branch of the reader's union that takes the writer's type: the same type before one
    /// that it can be promoted to.
    fn reader_union(
        &mut self,
        writer: Typed<'_>,
        branches: &[Schema],
        reader: Typed<'_>,
    ) -> Resolved<NodeId> {
        let same = |branch: Typed<'_>| {
            base(writer.schema) == base(branch.schema) && check_names(writer, branch).is_ok()
        };
        let promoted = |branch: Typed<'_>| is_promotable(base(writer.schema), base(branch.schema));
        let exact_name =
            |branch: Typed<'_>| same(branch) && writer.full_name() == branch.full_name();
        let mut last_error = None;
        let rules: [&dyn Fn(Typed<'_>) -> bool; 3] = [&exact_name, &same, &promoted];
        let mut is_tried = vec![false; branches.len()];
        for rule in rules {
            for ((index, branch), is_tried) in (0u32..).zip(branches).zip(&mut is_tried) {
                let branch = reader.part(branch);
                if *is_tried || !rule(branch) {
                    continue;
                }
                *is_tried = true;
                match self.attempt(writer, branch) {
                    Ok(inner) => return self.add(Node::Wrap { branch: index, inner }),
                    Err(error) => last_error = Some(error),
                }
            }
        }
        let kind = base(writer.schema);
        Err(last_error.unwrap_or_else(|| {
            Mismatch::new(format!("no branch of the reader's union takes {kind}"))
        }))
    }

    fn record(
        &mut self,
        (w, writer): (&RecordSchema, Typed<'_>),
        (r, reader): (&RecordSchema, Typed<'_>),
    ) -> Resolved<Node> {
        check_names(writer, reader)?;
        let mut is_read = vec![false; r.fields.len()];
        let mut steps = Vec::with_capacity(w.fields.len());
        for field in &w.fields {
            let typed = writer.field(w, field);
            // The reader's own name for a field wins over another field's alias.
            let by_name = |f: &RecordField| f.name == field.name;
            let by_alias = |f: &RecordField| f.aliases.contains(&field.name);
            let slot = r.fields.iter().position(by_name).or_else(|| {
                r.fields.iter().position(by_alias).filter(|&slot| !w_has_field(w, &r.fields[slot]))
            });
            let Some(slot) = slot.filter(|&slot| !is_read[slot]) else {
                let skip = self.skip(typed).map_err(|error| error.inside(&field.name))?;
                steps.push(Step::Skip { name: field.name.clone(), skip });
                continue;
            };
            is_read[slot] = true;
            let node = self.resolve(typed, reader.field(r, &r.fields[slot]));
            let node = node.map_err(|error| error.inside(&field.name))?;
            steps.push(Step::Read { slot, node });
        }
        let mut defaults = Vec::new();
        for (slot, field) in r.fields.iter().enumerate().filter(|(slot, _)| !is_read[*slot]) {
            let Some(json) = &field.default else {
                let reason = "the reader wants this field, the writer has none, and no default";
                return Err(Mismatch::new(reason).inside(&field.name));
            };
            let value = default_value(json, reader.field(r, field));
            let value = value.map_err(|error| error.inside(&field.name))?;
            let size = super::decode::size_of_value(&value);
            defaults.push(FieldDefault { slot, value, size });
        }
        let fields: Box<[_]> = r.fields.iter().map(|field| field.name.clone()).collect();
        let size = fields.len().saturating_mul(ITEM_SIZE);
        let in_order = InOrder::of(&steps, &defaults, r.fields.len());
        let (steps, defaults, place) = (steps.into(), defaults.into(), AtomicUsize::new(0));
        let record = RecordPlan { fields, steps, defaults, in_order, size, place };
        Ok(Node::Record(Box::new(record)))
    }

    fn leaf(&mut self, writer: Typed<'_>, reader: Typed<'_>) -> Resolved<NodeId> {
        let (from, to) = (base(writer.schema), base(reader.schema));
        if from != to && !is_promotable(from, to) {
            return Err(Mismatch::new(format!("{from} cannot be read as {to}")));
        }
        if from == Base::Fixed {
            check_names(writer, reader)?;
            let (w, r) = (fixed_of(writer.schema), fixed_of(reader.schema));
            if w != r {
                let sizes = (w.unwrap_or_default(), r.unwrap_or_default());
                let reason = format!("fixed of {} bytes is read as one of {}", sizes.0, sizes.1);
                return Err(Mismatch::new(reason));
            }
        }
        if let (Schema::Decimal(w), Schema::Decimal(r)) = (writer.schema, reader.schema)
            && (w.precision, w.scale) != (r.precision, r.scale)
        {
            let reason = format!(
                "decimal({}, {}) is read as decimal({}, {})",
                w.precision, w.scale, r.precision, r.scale
            );
            return Err(Mismatch::new(reason));
        }
        let (Some(wire), Some(leaf)) = (wire_of(writer.schema), leaf_of(reader.schema)) else {
            return Err(Mismatch::new(format!("{from} cannot be read as {to}")));
        };
        self.add(Node::Leaf { wire, leaf })
    }

    fn skip(&mut self, writer: Typed<'_>) -> Resolved<SkipId> {
        if self.depth >= DEPTH_MAX {
            return Err(Mismatch::new(format!("types nest deeper than {DEPTH_MAX} levels")));
        }
        self.depth += 1;
        let skip = self.skip_type(writer);
        self.depth -= 1;
        skip
    }

    fn skip_type(&mut self, writer: Typed<'_>) -> Resolved<SkipId> {
        let skip = match writer.schema {
            Schema::Array(array) => Skip::Array(self.skip(writer.part(&array.items))?),
            Schema::Map(map) => Skip::Map(self.skip(writer.part(&map.types))?),
            Schema::Enum(symbols) => Skip::Enum(symbols.symbols.len()),
            Schema::Union(union) => {
                let branches = union.variants().iter().map(|branch| self.skip(writer.part(branch)));
                Skip::Union(branches.collect::<Resolved<_>>()?)
            }
            Schema::Record(record) => return self.skip_record(record, writer),
            other => match wire_of(other) {
                Some(wire) => Skip::Leaf(wire),
                None => return Err(Mismatch::new("the writer schema names an undefined type")),
            },
        };
        self.plan.skips.push(skip);
        Ok(self.plan.skips.len() - 1)
    }

    fn skip_record(&mut self, record: &RecordSchema, writer: Typed<'_>) -> Resolved<SkipId> {
        let name = writer.full_name();
        if let Some(&known) = self.skips.get(&name) {
            return Ok(known);
        }
        self.plan.skips.push(Skip::Record(Box::default()));
        let id = self.plan.skips.len() - 1;
        self.skips.insert(name, id);
        let fields = record.fields.iter().map(|field| self.skip(writer.field(record, field)));
        self.plan.skips[id] = Skip::Record(fields.collect::<Resolved<_>>()?);
        Ok(id)
    }
}

fn w_has_field(writer: &RecordSchema, field: &RecordField) -> bool {
    writer.fields.iter().any(|f| f.name == field.name)
}

/// Named types match by the last part of their name or by an alias of the reader.
fn check_names(writer: Typed<'_>, reader: Typed<'_>) -> Resolved<()> {
    if names_match(writer, reader) {
        return Ok(());
    }
    let (w, r) = (writer.full_name(), reader.full_name());
    Err(Mismatch::new(format!(
        "`{w}` of the writer is `{r}` to the reader, and no alias joins them"
    )))
}

fn symbols(writer: &EnumSchema, reader: &EnumSchema) -> Box<[Symbol]> {
    let index_of = |name: &String| reader.symbols.iter().position(|symbol| symbol == name);
    let default = reader.default.as_ref().and_then(|name| Some((index_of(name)?, name)));
    let known = |name| index_of(name).map(|index| (index, name)).or(default);
    writer
        .symbols
        .iter()
        .map(|name| match known(name) {
            Some((index, name)) => Symbol::Known {
                index: u32::try_from(index).unwrap_or(u32::MAX),
                name: name.clone(),
            },
            None => Symbol::Unknown { name: name.clone() },
        })
        .collect()
}
