//! One side's messages by name, as descriptors.

use prost_reflect::MessageDescriptor;

use crate::protobuf::ast::TypeDecl;
use crate::protobuf::types::{ROOT, Types};
use crate::protobuf::{Parsed, ProtobufSchema, descriptor};

pub(super) struct Linked<'s> {
    parsed: &'s Parsed,
    types: Types<'s>,
}

impl<'s> Linked<'s> {
    pub(super) fn of(schema: &'s ProtobufSchema) -> Self {
        let parsed = &*schema.parsed;
        Self { parsed, types: Types::collect(&parsed.file, &parsed.dependencies) }
    }

    pub(super) fn has(&self, full_name: &str) -> bool {
        let found = self.types.resolve(ROOT, &format!(".{full_name}"));
        found.is_some_and(|(_, info)| matches!(info.decl, TypeDecl::Message(_)))
    }

    /// `None` if the message or what it needs cannot be linked.
    pub(super) fn message(&self, full_name: &str) -> Option<MessageDescriptor> {
        descriptor::linked(self.parsed.files(), &self.types, full_name)
    }
}
