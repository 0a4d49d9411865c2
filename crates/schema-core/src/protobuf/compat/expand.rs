//! The findings of a comparison in the order and number in which the reference tells them.
//!
//! The reference compares a message from another file anew for each field that names it, and stops
//! only at a message that is being compared already. Walking that way takes exponential time on
//! small schemas, so: pairs that lead to no finding are passed over, and what a pair comes to is
//! kept and told again - as long as nothing that is being compared could make it come out
//! otherwise, that is, no message out of its cycle. Where the repetitions themselves get out of hand
//! each finding is told once.

use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};

use super::components::components;
use super::graph::{FindingId, Graph, Node, PairId, Step};
use crate::Limits;

/// Most repeated findings that are told, beyond each once; nobody reads that many.
const REPEATED_MAX: usize = 10_000;

pub(super) fn expand(graph: &Graph, limits: &Limits) -> Vec<FindingId> {
    let mut walk = Walk::new(graph, limits.pairs_max);
    match walk.run() {
        Ok(()) => walk.found,
        Err(Exhausted) => once(graph),
    }
}

/// The walk passed the limit.
struct Exhausted;

/// Every finding once, in the order of the pairs.
fn once(graph: &Graph) -> Vec<FindingId> {
    let is_incompatible = |id: FindingId| !graph.is_compatible(id);
    let breaking = reaching(&graph.nodes, is_incompatible);
    let told = |step: &Step| match *step {
        Step::Found(finding) => Some(finding),
        Step::Named { pair, changed } if breaking.get(pair) == Some(&true) => Some(changed),
        Step::Named { .. } | Step::Nested(_) => None,
    };
    graph
        .nodes
        .iter()
        .flat_map(|node| node.members.iter().chain(&node.nested))
        .filter_map(told)
        .collect()
}

struct Walk<'g> {
    graph: &'g Graph,
    /// Whether a finding can be reached from the pair.
    fruitful: Vec<bool>,
    /// The writer's message of each pair, counted from 0, and its cycle.
    writers: Vec<usize>,
    cycles: Vec<usize>,
    /// Messages, and members of cycles, that are being compared.
    open: Vec<bool>,
    open_in_cycle: Vec<usize>,
    known: HashMap<PairId, Rc<[FindingId]>>,
    stack: Vec<Frame>,
    found: Vec<FindingId>,
    spent: usize,
    spent_max: usize,
}

/// A pair that is being compared.
struct Frame {
    pair: PairId,
    /// Its next step, members before nested types.
    next: usize,
    /// Whether it entered the writer's message, which was not being compared before.
    entered: bool,
    /// Whether what it comes to may be kept.
    is_independent: bool,
    found: Vec<FindingId>,
    /// What the field that led here adds if something incompatible is found.
    changed: Option<FindingId>,
}

impl<'g> Walk<'g> {
    fn new(graph: &'g Graph, spent_max: usize) -> Self {
        let mut dense = HashMap::new();
        let writers: Vec<usize> = graph
            .nodes
            .iter()
            .map(|node| {
                let next = dense.len();
                *dense.entry(node.writer).or_insert(next)
            })
            .collect();
        let mut edges = vec![Vec::new(); dense.len()];
        for (node, writer) in graph.nodes.iter().zip(&writers) {
            if let Some(edges) = edges.get_mut(*writer) {
                edges.extend(targets(node).filter_map(|to| writers.get(to).copied()));
            }
        }
        Self {
            graph,
            fruitful: reaching(&graph.nodes, |_| true),
            cycles: components(&edges),
            open: vec![false; edges.len()],
            open_in_cycle: vec![0; edges.len()],
            writers,
            known: HashMap::new(),
            stack: Vec::new(),
            found: Vec::new(),
            spent: 0,
            spent_max,
        }
    }

    fn leads_to_findings(&self, pair: PairId) -> bool {
        self.fruitful.get(pair).copied().unwrap_or_default()
    }

    fn spend(&mut self, count: usize) -> Result<(), Exhausted> {
        self.spent = self.spent.saturating_add(count);
        if self.spent > self.spent_max {
            return Err(Exhausted);
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), Exhausted> {
        self.enter(0, None)?;
        while let Some(frame) = self.stack.last_mut() {
            let step = self.graph.nodes.get(frame.pair).and_then(|node| step_at(node, frame.next));
            frame.next += 1;
            match step {
                Some(Step::Found(finding)) => {
                    frame.found.push(finding);
                    self.spend(1)?;
                }
                Some(Step::Nested(pair)) => self.enter(pair, None)?,
                Some(Step::Named { pair, changed }) => self.enter(pair, Some(changed))?,
                None => self.leave()?,
            }
        }
        Ok(())
    }

    fn enter(&mut self, pair: PairId, changed: Option<FindingId>) -> Result<(), Exhausted> {
        if !self.leads_to_findings(pair) {
            return Ok(());
        }
        self.spend(1)?;
        let writer = self.writers.get(pair).copied().unwrap_or_default();
        let cycle = self.cycles.get(writer).copied().unwrap_or_default();
        let is_independent = self.open_in_cycle.get(cycle) == Some(&0);
        if is_independent && let Some(known) = self.known.get(&pair).cloned() {
            return self.tell(&known, changed);
        }
        let entered = self.open.get(writer) == Some(&false);
        if entered {
            self.mark(writer, cycle, true);
        }
        let members = self.graph.nodes.get(pair).map_or(0, |node| node.members.len());
        self.stack.push(Frame {
            pair,
            next: if entered { 0 } else { members },
            entered,
            is_independent,
            found: Vec::new(),
            changed,
        });
        Ok(())
    }

    fn mark(&mut self, writer: usize, cycle: usize, is_open: bool) {
        if let (Some(open), Some(count)) =
            (self.open.get_mut(writer), self.open_in_cycle.get_mut(cycle))
        {
            *open = is_open;
            *count = if is_open { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    fn leave(&mut self) -> Result<(), Exhausted> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        if frame.entered {
            let writer = self.writers.get(frame.pair).copied().unwrap_or_default();
            let cycle = self.cycles.get(writer).copied().unwrap_or_default();
            self.mark(writer, cycle, false);
        }
        if self.stack.is_empty() {
            self.found = frame.found;
            return Ok(());
        }
        let found: Rc<[FindingId]> = frame.found.into();
        if frame.is_independent {
            self.known.insert(frame.pair, Rc::clone(&found));
        }
        self.tell(&found, frame.changed)
    }

    /// Adds what a pair came to, to the pair that led to it.
    fn tell(&mut self, found: &[FindingId], changed: Option<FindingId>) -> Result<(), Exhausted> {
        self.spend(found.len())?;
        let is_incompatible = found.iter().any(|finding| !self.graph.is_compatible(*finding));
        let Some(outer) = self.stack.last_mut() else { return Ok(()) };
        outer.found.extend(found);
        outer.found.extend(changed.filter(|_| is_incompatible));
        if outer.found.len() > self.graph.findings.len() + REPEATED_MAX {
            return Err(Exhausted);
        }
        Ok(())
    }
}

fn step_at(node: &Node, at: usize) -> Option<Step> {
    match at.checked_sub(node.members.len()) {
        None => node.members.get(at).copied(),
        Some(nested) => node.nested.get(nested).copied(),
    }
}

fn targets(node: &Node) -> impl Iterator<Item = PairId> + '_ {
    node.members.iter().chain(&node.nested).filter_map(|step| match step {
        Step::Found(_) => None,
        Step::Nested(pair) | Step::Named { pair, .. } => Some(*pair),
    })
}

/// Whether a finding that `counts` can be reached, for each pair.
fn reaching(nodes: &[Node], counts: impl Fn(FindingId) -> bool) -> Vec<bool> {
    let mut sources = vec![Vec::new(); nodes.len()];
    let mut queue = Vec::new();
    for (pair, node) in nodes.iter().enumerate() {
        for to in targets(node) {
            if let Some(sources) = sources.get_mut(to) {
                sources.push(pair);
            }
        }
        let mut steps = node.members.iter().chain(&node.nested);
        if steps.any(|step| matches!(step, Step::Found(finding) if counts(*finding))) {
            queue.push(pair);
        }
    }
    let mut reaching = vec![false; nodes.len()];
    while let Some(pair) = queue.pop() {
        if let Some(reached) = reaching.get_mut(pair)
            && !std::mem::replace(reached, true)
        {
            queue.extend(sources.get(pair).into_iter().flatten().copied());
        }
    }
    reaching
}

#[cfg(test)]
mod tests;
