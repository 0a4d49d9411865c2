//! Where a finding comes from: a path does not say which of several files its message is from.

use super::graph::Step;
use super::{Rule, Sides, collect, graph};
use crate::Limits;
use crate::protobuf::ProtobufSchema;
use crate::protobuf::ast::File;
use crate::protobuf::types::{ROOT, Types};

/// The pairs of messages, writer's and reader's, in whose comparison `rule` is found at `path`;
/// by their full names, which are the packages' for the two files.
pub(in crate::protobuf) fn sources(
    reader: &ProtobufSchema,
    writer: &ProtobufSchema,
    (rule, path): (Rule, &str),
    limits: &Limits,
) -> Vec<(String, String)> {
    let parsed = Sides { writer: &*writer.parsed, reader: &*reader.parsed };
    let types = Sides { writer: collect(parsed.writer), reader: collect(parsed.reader) };
    let files = Sides { writer: &parsed.writer.file, reader: &parsed.reader.file };
    let Ok(graph) = graph::build(files, &types, false, limits) else { return Vec::new() };
    let is_meant = |step: &Step| {
        let id = match *step {
            Step::Found(found) => found,
            Step::Named { changed, .. } => changed,
            Step::Nested(_) => return false,
        };
        graph.finding(id).is_some_and(|found| found.rule == rule && found.path == path)
    };
    let nodes = graph.nodes.iter().zip(&graph.pairs);
    nodes
        .filter(|(node, _)| node.members.iter().chain(&node.nested).any(is_meant))
        .map(|(_, pair)| {
            let name = |types: &Types<'_>, file: &File, id| match id {
                ROOT => file.package.as_deref().unwrap_or_default().to_owned(),
                id => types.full_name(id),
            };
            let writer = name(&types.writer, files.writer, pair.writer);
            (writer, name(&types.reader, files.reader, pair.reader))
        })
        .collect()
}
