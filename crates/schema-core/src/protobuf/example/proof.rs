//! Proofs that a reader keeps all that the writer can put into a message, or that the writer can
//! put nothing there: descriptors are compared instead of values.

use std::collections::HashSet;

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Syntax,
};

use super::place::Member;
use crate::{NoneExists, Rule};

/// Most rounds in which messages are found that can be written.
const ROUNDS_MAX: usize = 64;

/// Why no message of `writer` shows the finding, if that can be proven in so many steps.
pub(super) fn none_exists(
    writer: &MessageDescriptor,
    reader: &MessageDescriptor,
    (rule, member): (Rule, &Member),
    steps: usize,
) -> Option<NoneExists> {
    let writable = Writable::of(writer);
    if !writable.has(writer) {
        return Some(NoneExists::WriterAllowsNothing);
    }
    // A message that took another one's place has names of its own, which programs go by.
    let is_by_name = rule == Rule::ProtobufFieldNamedTypeChanged;
    let mut proof = Proof { writable, is_by_name, claims: HashSet::new(), steps_left: steps };
    let keeps = match member {
        Member::Whole => proof.message_keeps(writer, reader),
        Member::Oneof(name) => proof.oneof_keeps(writer, reader, name),
        Member::Field(number) => {
            let written = writer.get_field(*number);
            if written.as_ref().is_some_and(|field| !proof.writable.can_set(field)) {
                return Some(NoneExists::WriterAllowsNothing);
            }
            let (written, read) = (written?, reader.get_field(*number)?);
            proof.field_keeps(&written, &read) && !is_missed(Some(&written), &read)
        }
    };
    keeps.then_some(NoneExists::ReaderTakesAll)
}

/// Whether a message of the kind can be written at all.
pub(super) fn can_be_written(message: &MessageDescriptor) -> bool {
    Writable::of(message).has(message)
}

/// The messages whose required fields come to an end.
struct Writable {
    /// By full name; `None` if they were too many to tell.
    names: Option<HashSet<String>>,
}

impl Writable {
    fn of(message: &MessageDescriptor) -> Self {
        let pool = message.parent_pool();
        let mut open: Vec<MessageDescriptor> = pool.all_messages().collect();
        let mut names: HashSet<String> = HashSet::new();
        for _ in 0..ROUNDS_MAX {
            let before = names.len();
            open.retain(|message| {
                let mut required =
                    message.fields().filter(|f| f.cardinality() == Cardinality::Required);
                let is_complete = required.all(|field| match field.kind() {
                    Kind::Message(inner) => names.contains(inner.full_name()),
                    _ => true,
                });
                if is_complete {
                    names.insert(message.full_name().to_owned());
                }
                !is_complete
            });
            if names.len() == before {
                return Self { names: Some(names) };
            }
        }
        Self { names: None }
    }

    fn has(&self, message: &MessageDescriptor) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(message.full_name()))
    }

    fn can_set(&self, field: &FieldDescriptor) -> bool {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => self.can_set(&entry.map_entry_value_field()),
            Kind::Message(message) => self.has(&message),
            _ => true,
        }
    }
}

struct Proof {
    writable: Writable,
    is_by_name: bool,
    /// Pairs that are proven or are being proven: a message inside a message is smaller.
    claims: HashSet<(String, String)>,
    steps_left: usize,
}

impl Proof {
    fn message_keeps(&mut self, writer: &MessageDescriptor, reader: &MessageDescriptor) -> bool {
        let pair = (writer.full_name().to_owned(), reader.full_name().to_owned());
        if !self.claims.insert(pair) {
            return true;
        }
        let Some(left) = self.steps_left.checked_sub(1 + writer.fields().len()) else {
            return false;
        };
        self.steps_left = left;
        writer.fields().filter(|field| self.writable.can_set(field)).collect::<Vec<_>>().iter().all(
            |written| {
                reader.get_field(written.number()).is_some_and(|read| {
                    let has_name =
                        written.name() == read.name() && written.json_name() == read.json_name();
                    (has_name || !self.is_by_name) && self.field_keeps(written, &read)
                })
            },
        ) && reader.fields().all(|read| !is_missed(writer.get_field(read.number()).as_ref(), &read))
            && reader.oneofs().all(|oneof| self.oneof_keeps(writer, reader, oneof.name()))
    }

    /// Whether no two fields that exclude each other in the reader's oneof can be set together.
    fn oneof_keeps(
        &self,
        writer: &MessageDescriptor,
        reader: &MessageDescriptor,
        name: &str,
    ) -> bool {
        let Some(oneof) = reader.oneofs().find(|oneof| oneof.name() == name) else { return false };
        let written = oneof.fields().filter_map(|read| writer.get_field(read.number()));
        let written: Vec<_> = written.filter(|field| self.writable.can_set(field)).collect();
        let Some((first, others)) = written.split_first() else { return true };
        let within = first.containing_oneof();
        others.is_empty()
            || (within.is_some() && others.iter().all(|other| other.containing_oneof() == within))
    }

    fn field_keeps(&mut self, written: &FieldDescriptor, read: &FieldDescriptor) -> bool {
        // Nothing is written for zero, which may be another default to the reader.
        let is_defaulted = !written.is_list()
            && !written.supports_presence()
            && read.supports_presence()
            && read.parent_file().syntax() == Syntax::Proto2;
        if let (true, Kind::Message(from), Kind::Message(to)) =
            (written.is_map(), written.kind(), read.kind())
        {
            return (read.is_map() || read.is_list()) && self.entry_keeps(&from, &to);
        }
        !read.is_map()
            && (read.is_list() || !written.is_list())
            && written.is_group() == read.is_group()
            && !is_defaulted
            && self.kind_keeps(&written.kind(), &read.kind())
    }

    /// Whether an entry of a map is kept by what may be no map's entry to the reader.
    fn entry_keeps(&mut self, written: &MessageDescriptor, read: &MessageDescriptor) -> bool {
        [written.map_entry_key_field(), written.map_entry_value_field()].iter().all(|part| {
            let kept =
                read.get_field(part.number()).filter(|kept| !kept.is_list() && !kept.is_map());
            kept.is_some_and(|kept| self.kind_keeps(&part.kind(), &kept.kind()))
        }) && read.fields().all(|field| matches!(field.number(), 1 | 2))
    }

    fn kind_keeps(&mut self, written: &Kind, read: &Kind) -> bool {
        use Kind::{Bool, Bytes, Enum, Int32, Int64, Message, Sint32, Sint64, String};
        use Kind::{Uint32, Uint64};
        match (written, read) {
            (Message(written), Message(read)) => self.message_keeps(written, read),
            (Enum(written), Enum(read)) => self.enum_keeps(written, read),
            (Bool, Int32 | Int64 | Uint32 | Uint64)
            | (Int32 | Uint32 | Enum(_), Int64)
            | (Enum(_), Int32)
            | (Uint32, Uint64)
            | (Sint32, Sint64)
            | (String, Bytes) => true,
            _ => written == read,
        }
    }

    fn enum_keeps(&self, written: &EnumDescriptor, read: &EnumDescriptor) -> bool {
        let is_closed = |decl: &EnumDescriptor| decl.parent_file().syntax() == Syntax::Proto2;
        let is_within = written.values().all(|value| {
            read.values().any(|known| {
                known.number() == value.number()
                    && (!self.is_by_name || known.name() == value.name())
            })
        });
        is_within && (is_closed(written) || !is_closed(read))
    }
}

/// Whether the reader needs a field that need not be written.
fn is_missed(written: Option<&FieldDescriptor>, read: &FieldDescriptor) -> bool {
    let is_required = |field: &FieldDescriptor| field.cardinality() == Cardinality::Required;
    is_required(read) && !written.is_some_and(is_required)
}
