//! What a deserializer keeps of one schema of Protobuf.

use prost_reflect::MessageDescriptor;

use super::file::MessageFile;
use super::message::Meta;
use crate::rules::ReadRules;
use crate::wire_format::MessageIndex;

/// What is known of the messages of one schema.
pub(super) struct Plan {
    pub(super) file: MessageFile,
    /// The indexes that stand for the message which the program asked for.
    pub(super) accepted: Vec<MessageIndex>,
    /// Whether the first message of the file is one of them.
    pub(super) accepts_first: bool,
    /// Whether dynamic messages may lack a field that must be there.
    pub(super) has_required: bool,
    /// Whether dynamic messages may have a map, which `prost-reflect` reads out of a field of any
    /// wire type; by the language a field of another one is unknown.
    pub(super) has_maps: bool,
    /// What bodies pass before they are read, if there is anything.
    pub(super) rules: Option<Box<Filter>>,
}

impl Plan {
    #[inline]
    pub(super) fn accepts(&self, index: &MessageIndex) -> bool {
        if index.is_first() { self.accepts_first } else { self.accepted.contains(index) }
    }
}

/// Whether there are maps in what a message can hold, or at least beside it.
pub(super) fn maps_are_near(message: &MessageDescriptor) -> bool {
    message.parent_pool().all_messages().any(|message| message.is_map_entry())
}

/// What bodies of a writer schema pass.
pub(super) struct Filter {
    pub(super) rules: ReadRules,
    /// The file of the version that messages are brought to, if that is another one.
    pub(super) version: Option<MessageFile>,
    /// The tags of that version.
    pub(super) tags: Meta,
}

impl Filter {
    /// A message of the writer's file as the version that is asked for has it: under its name or,
    /// as in the reference, the first of the file.
    pub(super) fn of_version(&self, found: &MessageDescriptor) -> MessageDescriptor {
        let file = self.version.as_ref();
        let named = file.and_then(|file| file.message(Some(found.full_name())));
        named.or_else(|| file?.message(None)).unwrap_or_else(|| found.clone())
    }
}
