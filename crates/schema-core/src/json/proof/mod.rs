//! Proofs that no value shows a finding: what the writer's schema says implies what the reader's
//! asks at the place, or nothing can stand there.
//!
//! Everything is decided from one side: `true` is proven, `false` is not known. What passes the
//! budget is not known either. Schemas that lead back to themselves are met by induction over the
//! size of values: a claim may be used for the values inside the values that it is about.

mod cases;
mod containers;
mod covers;
mod holds;
mod inside;
mod node;
mod number;
mod place;
#[cfg(test)]
mod tests;
mod void;

use self::node::{Node, Sources};
use self::place::Walk;
use super::JsonSchema;
use super::pattern::{Pattern, Searches};
use crate::{JsonRule, Limits, NoneExists};

/// Deepest chain of questions inside questions.
const DEPTH_MAX: usize = 60;

/// Why no value shows what `rule` says at `path`, if that can be proven in `steps`.
pub(super) fn none_exists(
    (writer, reader): (&JsonSchema, &JsonSchema),
    (rule, keywords): (JsonRule, Option<&[&str]>),
    path: &str,
    (limits, steps): (&Limits, usize),
) -> Option<NoneExists> {
    let mut sources = Sources::new();
    let roots = (sources.add(&writer.documents), sources.add(&reader.documents));
    if sources.has_circle() {
        return None;
    }
    let searches = Searches::new(limits);
    let pattern_depth_max = limits.pattern_depth_max;
    let claims = Vec::new();
    let mut prover =
        Prover { sources, searches, pattern_depth_max, claims, steps_left: steps, depth: 0 };
    Walk::new(&mut prover, rule, keywords).proof(roots, path)
}

struct Prover<'a> {
    sources: Sources<'a>,
    searches: Searches,
    pattern_depth_max: usize,
    /// What is being proven, outermost first.
    claims: Vec<Claim>,
    steps_left: usize,
    depth: usize,
}

/// Schemas by their addresses, and the one that follows from them; none if nothing is valid by all.
#[derive(PartialEq, Eq)]
struct Claim {
    nodes: Vec<usize>,
    goal: Option<usize>,
}

impl<'a> Prover<'a> {
    fn claim(nodes: &[Node<'a>], goal: Option<Node<'a>>) -> Claim {
        let address = |node: &Node<'a>| std::ptr::from_ref(node.value).addr();
        let mut known: Vec<usize> = nodes.iter().map(address).collect();
        known.sort_unstable();
        known.dedup();
        Claim { nodes: known, goal: goal.as_ref().map(address) }
    }

    fn spend(&mut self) -> bool {
        let left = self.steps_left.checked_sub(1);
        self.steps_left = left.unwrap_or(0);
        left.is_some()
    }

    /// Begins an inner question, unless there are too many.
    fn enter(&mut self) -> bool {
        if self.depth >= DEPTH_MAX || !self.spend() {
            return false;
        }
        self.depth += 1;
        true
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Whether a pattern occurs in a text; `None` where engines may differ.
    fn matches(&mut self, pattern: &str, text: &str) -> Option<bool> {
        if text.contains('\n') || (pattern.contains('\\') && !text.is_ascii()) {
            return None;
        }
        let (found, work) = self.searches.finds(pattern, text)?;
        self.steps_left = self.steps_left.saturating_sub(work);
        Some(found)
    }

    /// Whether a pattern occurs in every text.
    fn is_everywhere(&self, pattern: &str) -> bool {
        let parsed = Pattern::parse(pattern, self.pattern_depth_max).ok();
        let parsed = parsed.and_then(|parsed| regex_syntax::parse(parsed.translated()).ok());
        parsed.is_some_and(|hir| {
            let properties = hir.properties();
            properties.minimum_len() == Some(0) && properties.look_set().is_empty()
        })
    }
}
