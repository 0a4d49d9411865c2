//! A message and all that it needs, or a file and all that it can name, linked in a descriptor
//! pool of its own.
//!
//! The reference takes files that no compiler takes. What is wrong in a declaration that a message
//! does not lead to must not keep the message from being encoded, so for a message everything else
//! is left out: other declarations, imports, services, extensions, and options that change no
//! bytes.

use std::collections::{HashMap, HashSet};

use prost::Message as _;
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};

use super::proto::{
    EnumProto, ExtensionRange, FieldOptions, FieldProto, FileProto, MessageOptions, MessageProto,
};
use super::{order, scalars, write};
use crate::protobuf::ast::{FieldType, File};
use crate::protobuf::types::Types;

/// `google.protobuf.FileDescriptorSet`.
#[derive(Clone, PartialEq, prost::Message)]
struct FileSet {
    #[prost(message, repeated, tag = "1")]
    file: Vec<FileProto>,
}

/// Most files in a pool: each names all others.
const FILES_MAX: usize = 400;

/// The message `name` of `files`, of which a later one hides the names of an earlier one; `None`
/// if what it needs cannot be linked.
pub(in crate::protobuf) fn linked<'f>(
    files: impl Iterator<Item = &'f File>,
    types: &Types<'_>,
    name: &str,
) -> Option<MessageDescriptor> {
    let files = written(files, types);
    let declared = Declared::of(&files);
    let needed = declared.needed(vec![name.to_owned()])?;
    let selection = Selection { declared: &declared, needed: Some(needed), is_whole: false };
    let pool = link(files.iter().filter_map(|file| selection.file(file)).collect()).ok()?;
    pool.get_message_by_name(name)
}

/// What any message may stand in, so that nothing is left out beside it.
const ANY: &str = "google.protobuf.Any";

/// The last of `files` with all others beside it, of which a later one hides the names of an
/// earlier one; else why they cannot be linked. Of the first files, the `well_known`, only what the
/// others lead to is kept.
pub(in crate::protobuf) fn linked_files(
    files: &[&File],
    well_known: usize,
    types: &Types<'_>,
) -> Result<FileDescriptor, String> {
    let mut protos = written(files.iter().copied(), types);
    for (proto, file) in protos.iter_mut().zip(files) {
        order::as_compiled(&mut proto.message_type, &file.types);
    }
    let declared = Declared::of(&protos);
    if let Some(entry) = declared.broken_entry() {
        return Err(format!("'{entry}' says that it is the entry of a map and is none"));
    }
    let others = Declared::of(protos.get(well_known..).unwrap_or_default());
    let needed = declared.needed(others.names()).filter(|needed| !needed.contains(ANY));
    let linked = |is_whole| {
        let selection = Selection { declared: &declared, needed: needed.clone(), is_whole };
        let count = protos.len();
        let kept = protos.iter().enumerate().filter_map(|(at, file)| {
            let own = || FileProto { syntax: file.syntax.clone(), ..FileProto::default() };
            selection.file(file).or_else(|| (at + 1 == count).then(own))
        });
        link(kept.collect())
    };
    // Defaults and extensions are written as no compiler would take them, too.
    let pool = linked(true).or_else(|_| linked(false))?;
    pool.files().last().ok_or_else(|| "there is no file".to_owned())
}

fn written<'f>(files: impl Iterator<Item = &'f File>, types: &Types<'_>) -> Vec<FileProto> {
    files.map(|file| write::file_proto(file, types, |_| false)).collect()
}

/// A pool of `files`, each of which sees all others.
fn link(mut files: Vec<FileProto>) -> Result<DescriptorPool, String> {
    if files.len() > FILES_MAX {
        return Err(format!("it needs {} files; the limit is {FILES_MAX}", files.len()));
    }
    let names: Vec<String> = (0..files.len()).map(|number| number.to_string()).collect();
    for (file, own) in files.iter_mut().zip(&names) {
        file.name = Some(own.clone());
        file.dependency = names.iter().filter(|name| *name != own).cloned().collect();
    }
    let bytes = FileSet { file: files }.encode_to_vec();
    DescriptorPool::decode(bytes.as_slice()).map_err(|error| error.to_string())
}

/// The declarations by full name; the last of equal names counts.
#[derive(Default)]
struct Declared<'p> {
    messages: HashMap<String, &'p MessageProto>,
    enums: HashMap<String, &'p EnumProto>,
    extensions: HashMap<String, &'p FieldProto>,
}

impl<'p> Declared<'p> {
    fn of(files: &'p [FileProto]) -> Self {
        let mut declared = Self::default();
        for file in files {
            let package = file.package.as_deref().unwrap_or_default();
            declared.collect(package, &file.message_type, &file.enum_type, &file.extension);
        }
        declared
    }

    /// All names, and those that extensions lead to.
    fn names(&self) -> Vec<String> {
        let extensions = self.extensions.values();
        let leads = extensions.flat_map(|field| [&field.extendee, &field.type_name]).flatten();
        let leads = leads.map(|name| name.strip_prefix('.').unwrap_or(name).to_owned());
        leads.chain(self.messages.keys().cloned()).chain(self.enums.keys().cloned()).collect()
    }

    /// A message that says it is the entry of a map and is none.
    fn broken_entry(&self) -> Option<&str> {
        let broken = self.messages.iter().filter(|(_, message)| !is_plain_or_entry(message));
        broken.map(|(name, _)| name.as_str()).min()
    }

    fn collect(
        &mut self,
        scope: &str,
        messages: &'p [MessageProto],
        enums: &'p [EnumProto],
        extensions: &'p [FieldProto],
    ) {
        for message in messages {
            let name = joined(scope, message.name.as_deref());
            self.collect(&name, &message.nested_type, &message.enum_type, &message.extension);
            self.messages.insert(name, message);
        }
        for decl in enums {
            self.enums.insert(joined(scope, decl.name.as_deref()), decl);
        }
        for field in extensions {
            self.extensions.insert(joined(scope, field.name.as_deref()), field);
        }
    }

    /// The full names that the fields of messages lead to, their own among them; `None` if one of
    /// them is an entry of a map that cannot be.
    fn needed(&self, seeds: Vec<String>) -> Option<HashSet<String>> {
        let mut needed = HashSet::new();
        let mut queue = seeds;
        while let Some(name) = queue.pop() {
            if needed.contains(&name) {
                continue;
            }
            if let Some(message) = self.messages.get(&name) {
                if !is_plain_or_entry(message) {
                    return None;
                }
                let named = message.field.iter().filter_map(|field| field.type_name.as_deref());
                let named = named.map(|name| name.strip_prefix('.').unwrap_or(name));
                queue.extend(named.filter(|name| !needed.contains(*name)).map(str::to_owned));
            }
            needed.insert(name);
        }
        Some(needed)
    }
}

pub(super) fn joined(scope: &str, name: Option<&str>) -> String {
    let name = name.unwrap_or_default();
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

/// Whether a message that says it is a map's entry is one: the library takes that for granted.
fn is_plain_or_entry(message: &MessageProto) -> bool {
    if !is_entry(message) {
        return true;
    }
    let named = |number| {
        let mut fields = message.field.iter();
        fields.find(|field| field.number == Some(number) && field.label != Some(3))
    };
    let key = named(1).and_then(|field| field.r#type);
    let key = key.map(|number| FieldType::Named(scalars::name(number).into()));
    message.field.len() == 2 && key.is_some_and(|key| key.is_map_key()) && named(2).is_some()
}

fn is_entry(message: &MessageProto) -> bool {
    message.options.as_ref().and_then(|options| options.map_entry).unwrap_or_default()
}

/// Which declarations of the files are kept, and how much of them.
struct Selection<'d, 'p> {
    declared: &'d Declared<'p>,
    /// By full name; all where there is none.
    needed: Option<HashSet<String>>,
    /// Also what changes no bytes of a message: defaults and extensions.
    is_whole: bool,
}

impl Selection<'_, '_> {
    /// `None` if nothing is left of it.
    fn file(&self, file: &FileProto) -> Option<FileProto> {
        let package = file.package.as_deref().unwrap_or_default();
        let kept = FileProto {
            package: file.package.clone(),
            message_type: self.messages(package, &file.message_type),
            enum_type: self.enums(package, &file.enum_type),
            extension: self.extensions(package, &file.extension),
            syntax: file.syntax.clone(),
            ..FileProto::default()
        };
        let FileProto { message_type, enum_type, extension, .. } = &kept;
        let is_empty = message_type.is_empty() && enum_type.is_empty() && extension.is_empty();
        (!is_empty).then_some(kept)
    }

    fn wants(&self, name: &str) -> bool {
        self.needed.as_ref().is_none_or(|needed| needed.contains(name))
    }

    /// The needed messages, and what encloses them without its own fields.
    fn messages(&self, scope: &str, messages: &[MessageProto]) -> Vec<MessageProto> {
        let mut kept = Vec::new();
        for message in messages {
            let name = joined(scope, message.name.as_deref());
            let nested_type = self.messages(&name, &message.nested_type);
            let enum_type = self.enums(&name, &message.enum_type);
            let last = self.declared.messages.get(&name);
            let counts = last.is_some_and(|last| std::ptr::eq(*last, message));
            let is_needed = counts && self.wants(&name);
            if !is_needed && nested_type.is_empty() && enum_type.is_empty() {
                continue;
            }
            let mut skeleton = MessageProto {
                name: message.name.clone(),
                nested_type,
                enum_type,
                extension: self.extensions(&name, &message.extension),
                ..MessageProto::default()
            };
            if is_needed {
                skeleton.field = message.field.iter().map(|field| self.field(field)).collect();
                skeleton.oneof_decl.clone_from(&message.oneof_decl);
                skeleton.options = is_entry(message).then(|| {
                    Box::new(MessageOptions { map_entry: Some(true), ..MessageOptions::default() })
                });
                let ranges = message.extension_range.iter().filter(|_| self.is_whole);
                let bare = |range: &ExtensionRange| ExtensionRange { options: None, ..*range };
                skeleton.extension_range = ranges.map(bare).collect();
            }
            kept.push(skeleton);
        }
        kept
    }

    fn enums(&self, scope: &str, enums: &[EnumProto]) -> Vec<EnumProto> {
        let is_needed = |decl: &&EnumProto| {
            let name = joined(scope, decl.name.as_deref());
            let last = self.declared.enums.get(&name);
            last.is_some_and(|last| std::ptr::eq(*last, *decl)) && self.wants(&name)
        };
        enums.iter().filter(is_needed).cloned().collect()
    }

    fn extensions(&self, scope: &str, fields: &[FieldProto]) -> Vec<FieldProto> {
        let counts = |field: &&FieldProto| {
            let last = self.declared.extensions.get(&joined(scope, field.name.as_deref()));
            let mut named = [&field.extendee, &field.type_name].into_iter().flatten();
            self.is_whole
                && last.is_some_and(|last| std::ptr::eq(*last, *field))
                && named.all(|name| self.wants(name.strip_prefix('.').unwrap_or(name)))
        };
        fields.iter().filter(counts).map(|field| self.field(field)).collect()
    }

    fn field(&self, field: &FieldProto) -> FieldProto {
        let packed = field.options.as_ref().and_then(|options| options.packed);
        FieldProto {
            default_value: field.default_value.clone().filter(|_| self.is_whole),
            options: packed.map(|packed| {
                Box::new(FieldOptions { packed: Some(packed), ..FieldOptions::default() })
            }),
            ..field.clone()
        }
    }
}
