//! Nested messages in the order in which a compiler counts them.
//!
//! A compiler makes a message of a group, and of the entries of a map, where the field stands; the
//! reference, and so `write`, has them behind the messages that were written as such. Other
//! clients count on the wire as their compilers do.

use std::collections::HashMap;

use super::proto::MessageProto;
use super::write::entry_name;
use crate::protobuf::ast::{FieldType, Message, TypeDecl};

/// Sorts the messages nested in `messages`, which were written from `decls`, by their places in
/// the text. Those of a descriptor have no places and stay as they are.
pub(super) fn as_compiled(messages: &mut [MessageProto], decls: &[TypeDecl]) {
    let decls: HashMap<&str, &Message> = decls
        .iter()
        .filter_map(|decl| match decl {
            TypeDecl::Message(message) => Some((message.name.as_str(), message)),
            TypeDecl::Enum(_) => None,
        })
        .collect();
    for proto in messages {
        let Some(message) = decls.get(proto.name.as_deref().unwrap_or_default()) else { continue };
        as_compiled(&mut proto.nested_type, &message.nested);
        let places = places(message);
        let place = |nested: &MessageProto| places.get(nested.name.as_deref().unwrap_or_default());
        proto.nested_type.sort_by_key(|nested| place(nested).copied());
    }
}

/// Where the messages stand that `message` has inside, by name.
fn places(message: &Message) -> HashMap<String, usize> {
    let nested = message.nested.iter().map(|decl| (decl.name().to_owned(), decl.at()));
    let oneofs = message.oneofs.items.iter().flat_map(|oneof| &oneof.groups);
    let groups = message.groups.iter().chain(oneofs);
    let groups = groups.map(|group| (group.name.to_string(), group.at));
    let is_map = |ty: &FieldType| matches!(ty, FieldType::Map(_));
    let maps = message.fields.iter().filter(|field| is_map(&field.ty));
    let maps = maps.map(|field| (entry_name(&field.name), field.at));
    maps.chain(groups).chain(nested).collect()
}
