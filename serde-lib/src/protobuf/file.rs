//! A Protobuf file as the registry holds it, with the messages that a frame can name.

use levada_schema_core::protobuf::ProtobufSchema;
use levada_schema_core::{Limits, ResolvedReference, SchemaType};
use prost_reflect::{FileDescriptor, MessageDescriptor};

use crate::Error;
use crate::client::RegisteredSchema;
use crate::wire_format::MessageIndex;

/// A linked file and its messages by index.
pub(super) struct MessageFile {
    file: FileDescriptor,
    /// Sorted by index.
    messages: Vec<(MessageIndex, MessageDescriptor)>,
}

impl MessageFile {
    /// Reads a schema of the registry, which must be a Protobuf schema.
    pub(super) fn registered(schema: &RegisteredSchema) -> Result<Self, Error> {
        if schema.schema_type != SchemaType::Protobuf {
            let reason = format!("it is of type {}, not PROTOBUF", schema.schema_type);
            return Err(Error::InvalidSchema { reason });
        }
        Self::parse(&schema.text, &schema.references)
    }

    pub(super) fn parse(text: &str, references: &[ResolvedReference]) -> Result<Self, Error> {
        let file = ProtobufSchema::parse(text, references, &Limits::default())?.linked()?;
        let mut messages = Vec::new();
        collect(file.messages(), Count::All, &mut Vec::new(), &mut messages);
        // Clients that count by the text and not by descriptors leave out what a compiler makes of
        // maps. Their indexes are understood where they can mean nothing else.
        collect(file.messages(), Count::Written, &mut Vec::new(), &mut messages);
        messages.sort_by(|(a, _), (b, _)| a.cmp(b)); // stable: the first of equal indexes counts
        messages.dedup_by(|(later, _), (first, _)| later == first);
        Ok(Self { file, messages })
    }

    pub(super) fn get(&self, index: &MessageIndex) -> Option<&MessageDescriptor> {
        let place = self.messages.binary_search_by(|(known, _)| known.cmp(index)).ok()?;
        self.messages.get(place).map(|(_, message)| message)
    }

    /// Every index that may stand for the message of this name.
    pub(super) fn indexes_of(&self, full_name: &str) -> Vec<MessageIndex> {
        let named = self.messages.iter().filter(|(_, message)| message.full_name() == full_name);
        named.map(|(index, _)| index.clone()).collect()
    }

    /// The message of this name, or the first of the file, if the file itself has it.
    pub(super) fn message(&self, full_name: Option<&str>) -> Option<MessageDescriptor> {
        let Some(name) = full_name else { return self.file.messages().next() };
        let message = self.file.parent_pool().get_message_by_name(name)?;
        (message.parent_file() == self.file && !message.is_map_entry()).then_some(message)
    }
}

/// The index by which compilers, and this crate, count to a message.
pub(super) fn index_of(message: &MessageDescriptor) -> Result<MessageIndex, Error> {
    // The path of a descriptor alternates between field numbers of descriptors and positions.
    let positions = message.path().iter().skip(1).step_by(2);
    let positions: Vec<_> = positions.filter_map(|&at| u32::try_from(at).ok()).collect();
    Ok(MessageIndex::new(&positions)?)
}

/// Which nested messages have a position.
#[derive(Clone, Copy, PartialEq)]
enum Count {
    All,
    /// The entries of maps have none.
    Written,
}

/// Adds `messages` and what is nested in them, no deeper than a frame can name them.
fn collect(
    messages: impl Iterator<Item = MessageDescriptor>,
    count: Count,
    path: &mut Vec<u32>,
    found: &mut Vec<(MessageIndex, MessageDescriptor)>,
) {
    let counted = messages.filter(|message| count == Count::All || !message.is_map_entry());
    for (position, message) in (0..).zip(counted) {
        path.push(position);
        if let Ok(index) = MessageIndex::new(path)
            && !message.is_map_entry()
        {
            collect(message.child_messages(), count, path, found);
            found.push((index, message));
        }
        path.pop();
    }
}
