//! The names that files declare, and what names a file may have.

use std::collections::{HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};
use levada_schema_core::protobuf::{
    DeclaredFile, DeclaredMessage, DeclaredMeta, DeclaredType, ProtobufSchema,
};
use levada_schema_core::{Limits, ResolvedReference};

use super::cycles::cyclic;
use super::meta::param;
use super::prop;
use crate::error::Mismatch;
use crate::model::Named;

/// What the types of a definition use by name.
pub(super) fn uses_of(named: &IndexMap<String, Named>) -> IndexMap<&str, Vec<&str>> {
    let mut all = IndexMap::new();
    for (name, body) in named {
        let mut used = IndexSet::new();
        body.add_names(&mut used);
        all.insert(name.as_str(), used.into_iter().collect());
    }
    all
}

/// What a file declares by name: its types, and of those nested in them the marked ones and those
/// that lead back to themselves, which could not be written out.
pub(super) fn declared_names(file: &DeclaredFile) -> IndexSet<&str> {
    let mut uses = IndexMap::new();
    for message in all_messages(&file.messages) {
        let in_oneofs = message.oneofs.iter().flat_map(|oneof| &oneof.fields);
        let targets = message.fields.iter().chain(in_oneofs).filter_map(|field| match &field.ty {
            DeclaredType::Message(name) => Some(name.as_str()),
            _ => None,
        });
        uses.insert(message.name.as_str(), targets.collect::<Vec<_>>());
    }
    let cyclic = cyclic(&uses);
    let mut names: IndexSet<&str> =
        file.messages.iter().map(|message| message.name.as_str()).collect();
    names.extend(file.enums.iter().map(|decl| decl.name.as_str()));
    for message in &file.messages {
        add_nested(message, &cyclic, &mut names);
    }
    names
}

/// Nests no deeper than the parser allowed.
fn add_nested<'d>(
    message: &'d DeclaredMessage,
    cyclic: &HashSet<&str>,
    names: &mut IndexSet<&'d str>,
) {
    for nested in message.messages.iter().filter(|nested| !nested.is_map_entry) {
        let name = nested.name.as_str();
        if is_marked(nested.meta.as_ref()) || cyclic.contains(name) {
            names.insert(name);
        }
        add_nested(nested, cyclic, names);
    }
    let marked = message.enums.iter().filter(|decl| is_marked(decl.meta.as_ref()));
    names.extend(marked.map(|decl| decl.name.as_str()));
}

fn is_marked(meta: Option<&DeclaredMeta>) -> bool {
    param(meta, prop::NAMED) == Some("true")
}

/// Messages with all that nest in them.
pub(super) fn all_messages(messages: &[DeclaredMessage]) -> Vec<&DeclaredMessage> {
    let mut all: Vec<&DeclaredMessage> = Vec::new();
    let mut open: Vec<&DeclaredMessage> = messages.iter().rev().collect();
    while let Some(message) = open.pop() {
        all.push(message);
        open.extend(message.messages.iter().rev());
    }
    all
}

/// The names of all types of a file.
pub(super) fn all_types(file: &DeclaredFile) -> impl Iterator<Item = &str> {
    let messages = all_messages(&file.messages);
    let names: Vec<&str> = messages.iter().map(|message| message.name.as_str()).collect();
    let nested = messages.into_iter().flat_map(|message| &message.enums);
    names.into_iter().chain(file.enums.iter().chain(nested).map(|decl| decl.name.as_str()))
}

/// The types that the references declare, each with the name of its reference; the last of equal
/// ones counts.
pub(super) fn external(
    references: &[ResolvedReference],
    limits: &Limits,
) -> Result<HashMap<String, String>, Mismatch> {
    let mut external = HashMap::new();
    if references.is_empty() {
        return Ok(external);
    }
    let declarations =
        ProtobufSchema::parse("syntax = \"proto3\";", references, limits)?.declarations();
    for (reference, file) in declarations.referenced {
        let types = all_types(&file);
        external.extend(types.map(|name| (name.to_owned(), reference.clone())));
    }
    Ok(external)
}

pub(super) fn identifier(name: &str) -> Result<(), Mismatch> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.chars().all(is_part) && name.starts_with(|c: char| !c.is_ascii_digit()) {
        return Ok(());
    }
    Err(Mismatch::new(format!(
        "'{name}' is no name in Protobuf, which has letters, digits and _, none of the digits first"
    )))
}

/// The name of a field as the beginning of the name of a type.
pub(super) fn upper_camel(name: &str) -> String {
    let is_snake = name.contains('_');
    let word = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        let rest = chars.map(|c| if is_snake { c.to_ascii_lowercase() } else { c });
        first.into_iter().chain(rest).collect::<String>()
    };
    name.split('_').map(word).collect()
}
