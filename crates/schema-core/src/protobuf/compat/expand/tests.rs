//! The walk gives what the reference's own, plain walk gives, on any graph.

use proptest::prelude::*;

use super::expand;
use crate::protobuf::compat::Sides;
use crate::protobuf::compat::graph::{Finding, FindingId, Graph, Node, PairId, Step};
use crate::protobuf::types::NodeId;
use crate::{Limits, Rule};

/// The walk without anything kept or passed over.
fn plain(graph: &Graph, pair: PairId, open: &mut Vec<NodeId>, found: &mut Vec<FindingId>) {
    let node = &graph.nodes[pair];
    let entered = !open.contains(&node.writer);
    let members = if entered { node.members.as_slice() } else { &[] };
    if entered {
        open.push(node.writer);
    }
    for step in members.iter().chain(&node.nested) {
        match *step {
            Step::Found(finding) => found.push(finding),
            Step::Nested(pair) => plain(graph, pair, open, found),
            Step::Named { pair, changed } => {
                let start = found.len();
                plain(graph, pair, open, found);
                if found[start..].iter().any(|finding| !graph.is_compatible(*finding)) {
                    found.push(changed);
                }
            }
        }
    }
    if entered {
        open.pop();
    }
}

fn finding(rule: Rule) -> Finding {
    Finding { rule, path: String::new(), at: Sides { writer: None, reader: None } }
}

/// Breaking and harmless findings by turns, the last one for the fields that lead on.
fn findings() -> Vec<Finding> {
    let rules = [
        Rule::ProtobufFieldAdded,
        Rule::ProtobufFieldKindChanged,
        Rule::ProtobufFieldRemoved,
        Rule::ProtobufFieldNamedTypeChanged,
    ];
    rules.into_iter().map(finding).collect()
}

fn steps(pairs: usize) -> impl Strategy<Value = Vec<Step>> {
    let named = (1..pairs).prop_map(|pair| Step::Named { pair, changed: 3 });
    let step = prop_oneof![1 => (0_usize..3).prop_map(Step::Found), 4 => named];
    prop::collection::vec(step, 0..4)
}

/// Nested pairs come later than the one they stand in, as in a schema.
fn graphs() -> impl Strategy<Value = Graph> {
    let nodes = prop::collection::vec((0_usize..6, steps(6), any::<[bool; 6]>()), 6);
    nodes.prop_map(|nodes| {
        let node = |(pair, (writer, members, nests)): (usize, (usize, Vec<Step>, [bool; 6]))| {
            let inner = |inner: &usize| *inner > pair && nests[*inner] && inner % 2 == 1;
            let nested = (0..6).filter(inner).map(Step::Nested).collect();
            Node { writer: NodeId::of(if pair == 0 { 6 } else { writer }), members, nested }
        };
        let nodes = nodes.into_iter().enumerate().map(node).collect();
        Graph { nodes, pairs: Vec::new(), findings: findings() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
    #[test]
    fn the_walk_tells_what_the_plain_walk_tells(graph in graphs()) {
        let mut wanted = Vec::new();
        plain(&graph, 0, &mut Vec::new(), &mut wanted);
        prop_assert_eq!(expand(&graph, &Limits::default()), wanted);
    }
}

/// `depth` pairs, each naming the next one twice; the last one has `bottom`.
fn ladder(depth: usize, bottom: Option<FindingId>) -> Graph {
    let node = |pair: usize| {
        let named = Step::Named { pair: pair + 1, changed: 3 };
        let members = if pair + 1 < depth {
            vec![named, named]
        } else {
            bottom.into_iter().map(Step::Found).collect()
        };
        Node { writer: NodeId::of(pair), members, nested: Vec::new() }
    };
    Graph { nodes: (0..depth).map(node).collect(), pairs: Vec::new(), findings: findings() }
}

#[test]
fn what_leads_to_nothing_costs_nothing() {
    assert!(expand(&ladder(50_000, None), &Limits::default()).is_empty());
}

#[test]
fn repetitions_are_told_until_they_pass_the_limit() {
    // Three levels of two fields each: 4 times the finding, 4 + 2 fields above it.
    assert_eq!(expand(&ladder(3, Some(1)), &Limits::default()).len(), 10);
    let once = expand(&ladder(40, Some(1)), &Limits::default());
    assert_eq!(once.iter().filter(|finding| **finding == 1).count(), 1);
    assert_eq!(once.len(), 1 + 2 * 39);
    let once = expand(&ladder(40, Some(0)), &Limits::default());
    assert_eq!(once, [0]);
}
