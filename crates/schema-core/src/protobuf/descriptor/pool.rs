//! One message and all that it needs, linked in a descriptor pool of its own.
//!
//! The reference takes files that no compiler takes. What is wrong in a declaration that the
//! message does not lead to must not keep the message from being encoded, so everything else is
//! left out: other declarations, imports, services, extensions, and options that change no bytes.

use std::collections::{HashMap, HashSet};

use prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor};

use super::proto::{EnumProto, FieldOptions, FieldProto, FileProto, MessageOptions, MessageProto};
use super::{scalars, write};
use crate::protobuf::ast::{FieldType, File};
use crate::protobuf::types::Types;

/// `google.protobuf.FileDescriptorSet`.
#[derive(Clone, PartialEq, prost::Message)]
struct FileSet {
    #[prost(message, repeated, tag = "1")]
    file: Vec<FileProto>,
}

/// Most files that a message may need: each names all others.
const FILES_MAX: usize = 200;

/// The message `name` of `files`, of which a later one hides the names of an earlier one; `None`
/// if what it needs cannot be linked.
pub(in crate::protobuf) fn linked<'f>(
    files: impl Iterator<Item = &'f File>,
    types: &Types<'_>,
    name: &str,
) -> Option<MessageDescriptor> {
    let files: Vec<FileProto> =
        files.map(|file| write::file_proto(file, types, |_| false)).collect();
    let mut declared = Declared::default();
    for file in &files {
        let package = file.package.as_deref().unwrap_or_default();
        declared.collect(package, &file.message_type, &file.enum_type);
    }
    let needed = declared.needed(name)?;
    let mut kept: Vec<FileProto> = Vec::new();
    for file in &files {
        let package = file.package.as_deref().unwrap_or_default();
        let message_type = pruned(package, &file.message_type, &declared, &needed);
        let enum_type = pruned_enums(package, &file.enum_type, &declared, &needed);
        if !message_type.is_empty() || !enum_type.is_empty() {
            kept.push(FileProto {
                name: Some(kept.len().to_string()),
                package: file.package.clone(),
                message_type,
                enum_type,
                syntax: file.syntax.clone(),
                ..FileProto::default()
            });
        }
    }
    if kept.len() > FILES_MAX {
        return None;
    }
    let names: Vec<String> = kept.iter().filter_map(|file| file.name.clone()).collect();
    for file in &mut kept {
        file.dependency =
            names.iter().filter(|name| file.name.as_ref() != Some(*name)).cloned().collect();
    }
    let bytes = FileSet { file: kept }.encode_to_vec();
    DescriptorPool::decode(bytes.as_slice()).ok()?.get_message_by_name(name)
}

/// The declarations by full name; the last of equal names counts.
#[derive(Default)]
struct Declared<'p> {
    messages: HashMap<String, &'p MessageProto>,
    enums: HashMap<String, &'p EnumProto>,
}

impl<'p> Declared<'p> {
    fn collect(&mut self, scope: &str, messages: &'p [MessageProto], enums: &'p [EnumProto]) {
        for message in messages {
            let name = joined(scope, message.name.as_deref());
            self.collect(&name, &message.nested_type, &message.enum_type);
            self.messages.insert(name, message);
        }
        for decl in enums {
            self.enums.insert(joined(scope, decl.name.as_deref()), decl);
        }
    }

    /// The full names that the fields of a message lead to, its own among them; `None` if one of
    /// them is an entry of a map that cannot be.
    fn needed(&self, name: &str) -> Option<HashSet<String>> {
        let mut needed = HashSet::new();
        let mut queue = vec![name.to_owned()];
        while let Some(name) = queue.pop() {
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

fn joined(scope: &str, name: Option<&str>) -> String {
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

/// The needed messages, and what encloses them without its own fields.
fn pruned(
    scope: &str,
    messages: &[MessageProto],
    declared: &Declared<'_>,
    needed: &HashSet<String>,
) -> Vec<MessageProto> {
    let mut kept = Vec::new();
    for message in messages {
        let name = joined(scope, message.name.as_deref());
        let nested_type = pruned(&name, &message.nested_type, declared, needed);
        let enum_type = pruned_enums(&name, &message.enum_type, declared, needed);
        let counts = declared.messages.get(&name).is_some_and(|last| std::ptr::eq(*last, message));
        let is_needed = counts && needed.contains(&name);
        if !is_needed && nested_type.is_empty() && enum_type.is_empty() {
            continue;
        }
        let mut skeleton = MessageProto {
            name: message.name.clone(),
            nested_type,
            enum_type,
            ..MessageProto::default()
        };
        if is_needed {
            skeleton.field = message.field.iter().map(field).collect();
            skeleton.oneof_decl.clone_from(&message.oneof_decl);
            skeleton.options = is_entry(message).then(|| {
                Box::new(MessageOptions { map_entry: Some(true), ..MessageOptions::default() })
            });
        }
        kept.push(skeleton);
    }
    kept
}

fn pruned_enums(
    scope: &str,
    enums: &[EnumProto],
    declared: &Declared<'_>,
    needed: &HashSet<String>,
) -> Vec<EnumProto> {
    let is_needed = |decl: &&EnumProto| {
        let name = joined(scope, decl.name.as_deref());
        let counts = declared.enums.get(&name).is_some_and(|last| std::ptr::eq(*last, *decl));
        counts && needed.contains(&name)
    };
    enums.iter().filter(is_needed).cloned().collect()
}

/// The field with what changes its bytes.
fn field(field: &FieldProto) -> FieldProto {
    let packed = field.options.as_ref().and_then(|options| options.packed);
    FieldProto {
        default_value: None,
        options: packed.map(|packed| {
            Box::new(FieldOptions { packed: Some(packed), ..FieldOptions::default() })
        }),
        ..field.clone()
    }
}
