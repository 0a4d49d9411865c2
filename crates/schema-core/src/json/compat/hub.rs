//! The hub of the comparison: memo, recursion, combinations against plain schemas, kinds.

use std::rc::Rc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::{Difference, Findings};
use crate::error::shortened;
use crate::json::model::{Criterion, Kind, Model, Node, NodeId};
use crate::json::pattern::Searches;
use crate::json::shape::Shapes;
use crate::{CheckError, CompatibilityPolicy, JsonRule, Limits};

/// Which schema a node belongs to; `not` lets them change roles, so roles do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Writer,
    Reader,
}

/// A node and its owner: the identity that recursion is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub(super) owner: Owner,
    pub(super) node: NodeId,
}

impl At {
    pub(super) fn with(self, node: NodeId) -> Self {
        Self { node, ..self }
    }
}

type Pair = (At, At);

/// Paths hold names, which may be as long as the schema.
const PATH_BYTES_PER_PAIR: usize = 16;
/// Looking up a known pair, or comparing one that holds no others, costs this much less than
/// comparing a new one.
const LOOKUPS_PER_PAIR: usize = 4;
/// Symbols of two enums compared in the time of a step.
const SYMBOLS_PER_STEP: usize = 8;
/// What comparing a new pair takes, unless it holds no others.
const PAIR_COST: usize = 4;
pub(super) type Found = Rc<[Difference]>;

pub(super) struct Comparison<'a> {
    writer: &'a Model,
    reader: &'a Model,
    pub(super) policy: CompatibilityPolicy,
    /// Results of this pass, relative to their pairs.
    memo: HashMap<Pair, Found>,
    in_progress: HashSet<Pair>,
    /// Pairs that the pass before found incompatible.
    seeds: HashMap<Pair, Found>,
    /// A pair met itself and was taken for compatible.
    assumed: bool,
    writer_shapes: Shapes<'a>,
    reader_shapes: Shapes<'a>,
    searches: Searches,
    /// What is left of [`Limits::pairs_max`], over all passes.
    pairs_left: usize,
    /// What is left of the look-ups of pairs that are known already.
    lookups_left: usize,
    pairs_max: usize,
    depth: usize,
    depth_max: usize,
    /// The comparison was given up for its depth.
    pub(super) is_too_deep: bool,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(
        [writer, reader]: [&'a Model; 2],
        policy: CompatibilityPolicy,
        limits: &Limits,
        depth_max: usize,
    ) -> Self {
        let [writer_shapes, reader_shapes] = Shapes::of_both([writer, reader]);
        Self {
            writer,
            reader,
            policy,
            memo: HashMap::new(),
            in_progress: HashSet::new(),
            seeds: HashMap::new(),
            assumed: false,
            writer_shapes,
            reader_shapes,
            searches: Searches::new(limits),
            pairs_left: limits.pairs_max,
            lookups_left: limits.pairs_max.saturating_mul(LOOKUPS_PER_PAIR),
            pairs_max: limits.pairs_max,
            depth: 0,
            depth_max,
            is_too_deep: false,
        }
    }

    /// Compares two schemas to a fixpoint. A pass takes a pair that meets itself for compatible;
    /// the pairs that it finds incompatible after all are the seeds of the next pass, until no
    /// pass adds one.
    pub(super) fn run(&mut self, original: At, update: At) -> Result<Found, CheckError> {
        loop {
            self.memo.clear();
            self.assumed = false;
            let found = self.compare(original, update)?;
            let incompatible: HashMap<Pair, Found> = self
                .memo
                .iter()
                .filter(|(_, found)| !found.is_empty())
                .map(|(pair, found)| (*pair, found.clone()))
                .collect();
            let settled = incompatible.len() == self.seeds.len()
                && incompatible.keys().all(|pair| self.seeds.contains_key(pair));
            if !self.assumed || settled {
                return Ok(found);
            }
            self.seeds = incompatible;
        }
    }

    pub(super) fn model(&self, at: At) -> &'a Model {
        match at.owner {
            Owner::Writer => self.writer,
            Owner::Reader => self.reader,
        }
    }

    /// Equal for two nodes, of whichever schema, that print alike.
    pub(super) fn shape(&mut self, at: At) -> usize {
        match at.owner {
            Owner::Writer => self.writer_shapes.of(at.node),
            Owner::Reader => self.reader_shapes.of(at.node),
        }
    }

    pub(super) fn node(&self, at: At) -> &'a Node {
        self.model(at).node(at.node)
    }

    /// A `$ref` stands for its target, one hop far.
    fn hop(&self, at: At) -> At {
        match &self.node(at).kind {
            Kind::Reference { target, .. } => {
                self.model(at).target(*target).map_or(at, |target| at.with(target))
            }
            _ => at,
        }
    }

    /// A schema that may be missing on either side, at `path`.
    pub(super) fn optional(
        &mut self,
        findings: &mut Findings,
        path: &str,
        original: Option<At>,
        update: Option<At>,
    ) -> Result<(), CheckError> {
        match (original, update) {
            (None, Some(_)) => findings.add(JsonRule::SchemaAdded, path),
            (Some(original), Some(update)) => {
                self.below(findings, path, original, update)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Compares a pair that stands at `path`; says whether it is compatible.
    pub(super) fn below(
        &mut self,
        findings: &mut Findings,
        path: &str,
        original: At,
        update: At,
    ) -> Result<bool, CheckError> {
        let found = self.compare(original, update)?;
        let bytes = found.iter().map(|difference| path.len() + difference.path.len());
        self.spend(found.len() + bytes.sum::<usize>() / PATH_BYTES_PER_PAIR)?;
        findings.add_below(path, &found);
        Ok(found.is_empty())
    }

    /// The differences of a pair, each pair compared once a pass.
    pub(super) fn compare(&mut self, original: At, update: At) -> Result<Found, CheckError> {
        self.lookups_left = self.lookups_left.checked_sub(1).ok_or_else(|| self.too_complex())?;
        let pair = (self.hop(original), self.hop(update));
        if self.is_plain(pair.0, pair.1) {
            let mut findings = Findings::new(self.policy, pair);
            self.plain(&mut findings, pair.0, pair.1)?;
            return Ok(findings.list.into());
        }
        if let Some(known) = self.memo.get(&pair) {
            return Ok(known.clone());
        }
        if self.in_progress.contains(&pair) {
            if let Some(seed) = self.seeds.get(&pair) {
                return Ok(seed.clone());
            }
            self.assumed = true;
            return Ok(Rc::from([]));
        }
        self.spend(PAIR_COST)?;
        if self.depth >= self.depth_max {
            self.is_too_deep = true;
            return Err(self.too_complex());
        }
        self.in_progress.insert(pair);
        self.depth += 1;
        let mut findings = Findings::new(self.policy, pair);
        self.pair(&mut findings, pair.0, pair.1)?;
        self.depth -= 1;
        self.in_progress.remove(&pair);
        let found: Found = findings.list.into();
        self.memo.insert(pair, found.clone());
        Ok(found)
    }

    /// Counts work against the limit.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), CheckError> {
        self.pairs_left = self.pairs_left.checked_sub(steps).ok_or_else(|| self.too_complex())?;
        Ok(())
    }

    fn too_complex(&self) -> CheckError {
        CheckError::TooComplex(self.pairs_max)
    }

    fn pair(
        &mut self,
        findings: &mut Findings,
        original: At,
        update: At,
    ) -> Result<(), CheckError> {
        if self.unwrapped(original, update)? {
            return Ok(());
        }
        match (&self.node(original).kind, &self.node(update).kind) {
            (Kind::Not(a), Kind::Not(b)) => {
                let reversed = self.compare(update.with(*b), original.with(*a))?;
                super::values::nots(findings, reversed.is_empty());
            }
            (Kind::Object(a), Kind::Object(b)) => {
                self.objects(findings, (original, a), (update, b))?;
            }
            (Kind::Array(a), Kind::Array(b)) => {
                self.arrays(findings, (original, a), (update, b))?;
            }
            (Kind::Combined(a), Kind::Combined(b)) => {
                self.combined(findings, (original, a), (update, b))?;
            }
            _ => self.plain(findings, original, update)?,
        }
        Ok(())
    }

    /// A pair whose differences stand in its two nodes alone.
    fn plain(
        &mut self,
        findings: &mut Findings,
        original: At,
        update: At,
    ) -> Result<(), CheckError> {
        let (old, new) = (self.node(original), self.node(update));
        match (&old.kind, &new.kind) {
            (Kind::String(a), Kind::String(b)) => super::values::strings(findings, a, b),
            (Kind::Number(a), Kind::Number(b)) => {
                self.spend(super::values::division_work(a, b))?;
                super::values::numbers(findings, a, b);
            }
            (Kind::Enum(a), Kind::Enum(b)) => {
                self.spend(a.len().min(b.len()) / SYMBOLS_PER_STEP)?;
                super::values::enums(findings, a, b);
            }
            (Kind::Const(a), Kind::Const(b)) => super::values::consts(findings, a, b),
            (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => {}
            (Kind::False, _) | (_, Kind::Empty | Kind::True) => {}
            _ if is_bytes(old) && is_bytes(new) => {}
            _ => findings.add(JsonRule::TypeChanged, ""),
        }
        Ok(())
    }

    /// Whether [`Self::plain`] tells all differences of a pair.
    fn is_plain(&self, original: At, update: At) -> bool {
        match (&self.node(original).kind, &self.node(update).kind) {
            (Kind::Combined(_), _) | (_, Kind::Combined(_)) => false,
            (a, b) if std::mem::discriminant(a) != std::mem::discriminant(b) => true,
            (kind, _) => !matches!(kind, Kind::Not(_) | Kind::Object(_) | Kind::Array(_)),
        }
    }

    /// A combination against a plain schema: whether one of its members already does.
    fn unwrapped(&mut self, original: At, update: At) -> Result<bool, CheckError> {
        match (&self.node(original).kind, &self.node(update).kind) {
            (Kind::Combined(_), Kind::Combined(_)) => Ok(false),
            (_, Kind::Combined(new)) => {
                let helps = new.members.len() == 1 || new.criterion != Criterion::All;
                for member in new.members.iter().filter(|_| helps) {
                    if self.compare(original, update.with(*member))?.is_empty() {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Kind::Combined(old), _) => {
                let helps = old.members.len() == 1 || old.criterion == Criterion::All;
                for member in old.members.iter().filter(|_| helps) {
                    if self.compare(original.with(*member), update)?.is_empty() {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// Whether `pattern` occurs in `name`.
    pub(super) fn finds(&mut self, pattern: &str, name: &str) -> Result<bool, CheckError> {
        let found = self.searches.finds(pattern, name);
        let Some((found, work)) = found else {
            return Err(CheckError::Pattern(shortened(pattern.to_owned())));
        };
        self.spend(work)?;
        Ok(found)
    }
}

/// The converter's mark on decimals, whose types may change.
fn is_bytes(node: &Node) -> bool {
    node.notes.rest.get("connect.type").and_then(|mark| mark.value().as_str()) == Some("bytes")
}
