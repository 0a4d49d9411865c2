//! One side's messages by name, as descriptors.

use prost_reflect::MessageDescriptor;

use crate::protobuf::ast::{File, TypeDecl};
use crate::protobuf::types::{ROOT, Types};
use crate::protobuf::{Parsed, ProtobufSchema, descriptor, well_known};

pub(super) struct Linked<'s> {
    parsed: &'s Parsed,
    types: Types<'s>,
}

impl<'s> Linked<'s> {
    pub(super) fn of(schema: &'s ProtobufSchema) -> Self {
        let parsed = &*schema.parsed;
        Self { parsed, types: Types::collect(&parsed.file, &parsed.dependencies) }
    }

    /// All files, those that hide the names of others last.
    fn files(&self) -> impl Iterator<Item = &File> {
        let dependencies = &self.parsed.dependencies;
        let is_kept = |path: &str| dependencies.iter().all(|file| file.reference.name != path);
        let well_known = well_known::files().iter().filter(move |(path, _)| is_kept(path));
        let referenced = dependencies.iter().map(|dependency| &dependency.file);
        well_known.map(|(_, file)| file).chain(referenced).chain([&self.parsed.file])
    }

    pub(super) fn has(&self, full_name: &str) -> bool {
        let found = self.types.resolve(ROOT, &format!(".{full_name}"));
        found.is_some_and(|(_, info)| matches!(info.decl, TypeDecl::Message(_)))
    }

    /// `None` if the message or what it needs cannot be linked.
    pub(super) fn message(&self, full_name: &str) -> Option<MessageDescriptor> {
        descriptor::linked(self.files(), &self.types, full_name)
    }
}
