//! The tree to a `FileDescriptorProto`, which is what `format=serialized` shows in base64.
//!
//! Names come out absolute, with the kind of what they name, so that a client needs nothing but
//! the files of the imports. Messages keep their order, because message indexes on the wire count
//! it; the entries of maps are appended behind the messages that were written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;

use super::proto::{
    EnumProto, EnumValueProto, ExtensionRange, FieldProto, FileProto, MessageProto, MethodProto,
    OneofProto, ReservedRange, ServiceProto,
};
use super::{scalars, write_options};
use crate::protobuf::ast::{
    Constant, Enum, Extend, Extensions, Field, FieldType, File, Group, Label, MapType, Message,
    NumberRange, Oneof, OptionNode, ReservedItem, Rpc, Service, Syntax, TypeDecl,
};
use crate::protobuf::normalize::Normalizer;
use crate::protobuf::types::Types;

/// The name that the reference gives every file that it serializes.
const FILE_NAME: &str = "default";

pub(super) const TYPE_GROUP: i32 = 10;
pub(super) const TYPE_MESSAGE: i32 = 11;
pub(super) const TYPE_ENUM: i32 = 14;

/// `is_known` tells the imports that can be followed; others are left out, as by the reference.
pub(in crate::protobuf) fn to_base64(
    file: &File,
    types: &Types<'_>,
    is_known: impl Fn(&str) -> bool,
) -> String {
    STANDARD.encode(file_proto(file, types, is_known).encode_to_vec())
}

pub(super) fn file_proto(
    file: &File,
    types: &Types<'_>,
    is_known: impl Fn(&str) -> bool,
) -> FileProto {
    let scope = types.scope_of_package(file.package.as_deref().unwrap_or_default());
    let mut writer = Writer {
        is_proto3: file.syntax == Some(Syntax::Proto3),
        names: Normalizer::new(types, scope),
        types,
    };
    writer.file(file, is_known)
}

struct Writer<'t, 'a> {
    types: &'t Types<'a>,
    names: Normalizer<'t, 'a>,
    is_proto3: bool,
}

impl Writer<'_, '_> {
    fn file(&mut self, file: &File, is_known: impl Fn(&str) -> bool) -> FileProto {
        let known = |paths: &[String]| -> Vec<String> {
            paths.iter().filter(|path| is_known(path)).cloned().collect()
        };
        let mut dependency = known(&file.imports);
        let public = known(&file.public_imports);
        let first = i32::try_from(dependency.len()).unwrap_or(i32::MAX);
        let public_dependency = (first..).zip(&public).map(|(index, _)| index).collect();
        dependency.extend(public);
        let (message_type, enum_type) = self.declarations(&file.types);
        FileProto {
            name: Some(FILE_NAME.to_owned()),
            package: file.package.as_ref().map(ToString::to_string),
            dependency,
            message_type,
            enum_type,
            service: file.services.iter().map(|service| self.service(service)).collect(),
            extension: self.extends(&file.extends.items),
            options: write_options::file(&self.options(&file.options)),
            public_dependency,
            weak_dependency: Vec::new(),
            syntax: file.syntax.map(|syntax| syntax.as_str().to_owned()),
        }
    }

    fn options(&self, options: &[OptionNode]) -> Vec<OptionNode> {
        self.names.options(options)
    }

    fn declarations(&mut self, types: &[TypeDecl]) -> (Vec<MessageProto>, Vec<EnumProto>) {
        let mut messages = Vec::new();
        let mut enums = Vec::new();
        for decl in types {
            match decl {
                TypeDecl::Message(message) => {
                    let outer = self.names.enter(&message.name);
                    messages.push(self.members(message));
                    let (nested, nested_enums) = self.declarations(&message.nested);
                    if let Some(message) = messages.last_mut() {
                        // The entries of maps are there already and go behind.
                        let entries = std::mem::replace(&mut message.nested_type, nested);
                        message.nested_type.extend(entries);
                        message.enum_type = nested_enums;
                    }
                    self.names.leave(outer);
                }
                TypeDecl::Enum(decl) => enums.push(self.enumeration(decl)),
            }
        }
        (messages, enums)
    }

    /// All of a message but the types written inside it.
    fn members(&self, message: &Message) -> MessageProto {
        let mut proto = MessageProto {
            name: Some(message.name.to_string()),
            extension_range: self.extension_ranges(&message.extensions),
            extension: self.extends(&message.extends.items),
            options: write_options::message(&self.options(&message.options)),
            ..MessageProto::default()
        };
        for oneof in &message.oneofs.items {
            self.oneof(&mut proto, oneof);
        }
        for group in &message.groups {
            self.group(&mut proto, group, None);
        }
        for field in &message.fields {
            self.field(&mut proto, field);
        }
        for item in message.reserved.iter().flatten() {
            match item {
                ReservedItem::Name(name) => proto.reserved_name.push(name.to_string()),
                ReservedItem::Numbers(range) => {
                    let end = Some(range.end.unwrap_or(range.start).saturating_add(1));
                    proto.reserved_range.push(ReservedRange { start: Some(range.start), end });
                }
            }
        }
        proto
    }

    fn oneof(&self, proto: &mut MessageProto, oneof: &Oneof) {
        let index = add_oneof(proto, &oneof.name);
        for field in &oneof.fields {
            let field = self.plain_field(field, &field.ty);
            proto.field.push(FieldProto { oneof_index: index, label: Some(1), ..field });
        }
        for group in &oneof.groups {
            self.group(proto, group, index);
        }
    }

    /// A group is a field and a message of its name.
    fn group(&self, proto: &mut MessageProto, group: &Group, oneof_index: Option<i32>) {
        proto.field.push(FieldProto {
            name: Some(group.name.to_lowercase()),
            number: Some(group.number),
            label: Some(label_number(group.label)),
            r#type: Some(TYPE_GROUP),
            type_name: Some(format!("{}.{}", self.scope_name(), group.name)),
            oneof_index,
            ..FieldProto::default()
        });
        let mut message =
            MessageProto { name: Some(group.name.to_string()), ..MessageProto::default() };
        for field in &group.fields {
            self.field(&mut message, field);
        }
        proto.nested_type.push(message);
    }

    /// The full name of the message that is being written, with its leading dot.
    fn scope_name(&self) -> String {
        format!(".{}", self.types.full_name(self.names.scope()))
    }

    fn field(&self, proto: &mut MessageProto, field: &Field) {
        if let FieldType::Map(map) = &field.ty {
            let entry = entry_name(&field.name);
            proto.field.push(FieldProto {
                label: Some(3),
                r#type: Some(TYPE_MESSAGE),
                type_name: Some(format!("{}.{entry}", self.scope_name())),
                ..self.plain_field(field, &map.value)
            });
            proto.nested_type.push(self.map_entry(entry, map));
        } else {
            let mut plain = self.plain_field(field, &field.ty);
            if self.is_proto3 && field.label == Some(Label::Optional) {
                plain.proto3_optional = Some(true);
                plain.oneof_index = add_oneof(proto, &format!("_{}", field.name));
            }
            proto.field.push(plain);
        }
    }

    fn map_entry(&self, name: String, map: &MapType) -> MessageProto {
        let part = |name: &str, number, ty: &FieldType| {
            let (kind, type_name) = self.kind(ty);
            FieldProto {
                name: Some(name.to_owned()),
                number: Some(number),
                label: Some(1),
                r#type: kind,
                type_name,
                ..FieldProto::default()
            }
        };
        MessageProto {
            name: Some(name),
            field: vec![part("key", 1, &map.key), part("value", 2, &map.value)],
            options: Some(write_options::map_entry()),
            ..MessageProto::default()
        }
    }

    fn plain_field(&self, field: &Field, ty: &FieldType) -> FieldProto {
        let (kind, type_name) = self.kind(ty);
        FieldProto {
            name: Some(field.name.to_string()),
            number: Some(field.number),
            label: Some(label_number(field.label)),
            r#type: kind,
            type_name,
            default_value: field.default.as_ref().map(ToString::to_string),
            options: write_options::field(&self.options(&field.options)),
            json_name: field.json_name.as_ref().map(ToString::to_string),
            ..FieldProto::default()
        }
    }

    /// The number of a type's kind, and its name unless it is a scalar. What stands for nothing
    /// known keeps its name as it was written and has no kind.
    fn kind(&self, ty: &FieldType) -> (Option<i32>, Option<String>) {
        let name = match ty {
            FieldType::Named(name) => name.as_str(),
            FieldType::Map(_) => return (None, Some(ty.to_string())),
        };
        if let Some(scalar) = scalars::number(name) {
            return (Some(scalar), None);
        }
        match self.types.resolve(self.names.scope(), name) {
            Some((id, info)) => {
                let kind = match info.decl {
                    TypeDecl::Message(_) => TYPE_MESSAGE,
                    TypeDecl::Enum(_) => TYPE_ENUM,
                };
                (Some(kind), Some(format!(".{}", self.types.full_name(id))))
            }
            None => (None, Some(name.to_owned())),
        }
    }

    fn enumeration(&self, decl: &Enum) -> EnumProto {
        let value = |constant: &Constant| EnumValueProto {
            name: Some(constant.name.to_string()),
            number: Some(constant.number),
            options: write_options::enum_value(&self.options(&constant.options)),
        };
        let mut proto = EnumProto {
            name: Some(decl.name.to_string()),
            value: decl.constants.iter().map(value).collect(),
            options: write_options::enumeration(&self.options(&decl.options)),
            ..EnumProto::default()
        };
        for item in decl.reserved.iter().flatten() {
            match item {
                ReservedItem::Name(name) => proto.reserved_name.push(name.to_string()),
                ReservedItem::Numbers(NumberRange { start, end }) => {
                    let end = Some(end.unwrap_or(*start));
                    proto.reserved_range.push(ReservedRange { start: Some(*start), end });
                }
            }
        }
        proto
    }

    fn extension_ranges(&self, statements: &[Extensions]) -> Vec<ExtensionRange> {
        let ranges = |statement: &Extensions| -> Vec<ExtensionRange> {
            let options = write_options::extension_range(&self.options(&statement.options));
            let range = |range: &NumberRange| ExtensionRange {
                start: Some(range.start),
                end: Some(range.end.unwrap_or(range.start).saturating_add(1)),
                options: options.clone(),
            };
            statement.ranges.iter().map(range).collect()
        };
        statements.iter().flat_map(ranges).collect()
    }

    fn extends(&self, extends: &[Extend]) -> Vec<FieldProto> {
        let mut fields = Vec::new();
        for extend in extends {
            let (_, extendee) = self.kind(&FieldType::Named(extend.name.clone()));
            fields.extend(extend.fields.iter().map(|field| FieldProto {
                extendee: extendee.clone(),
                ..self.plain_field(field, &field.ty)
            }));
        }
        fields
    }

    fn service(&self, service: &Service) -> ServiceProto {
        let method = |rpc: &Rpc| MethodProto {
            name: Some(rpc.name.to_string()),
            input_type: self.kind(&rpc.request.ty).1,
            output_type: self.kind(&rpc.response.ty).1,
            options: write_options::method(&self.options(&rpc.options)),
            client_streaming: rpc.request.is_stream.then_some(true),
            server_streaming: rpc.response.is_stream.then_some(true),
        };
        ServiceProto {
            name: Some(service.name.to_string()),
            method: service.rpcs.iter().map(method).collect(),
            options: write_options::service(&self.options(&service.options)),
        }
    }
}

fn add_oneof(proto: &mut MessageProto, name: &str) -> Option<i32> {
    let index = i32::try_from(proto.oneof_decl.len()).ok();
    proto.oneof_decl.push(OneofProto { name: Some(name.to_owned()), options: None });
    index
}

fn label_number(label: Option<Label>) -> i32 {
    match label {
        None | Some(Label::Optional) => 1,
        Some(Label::Required) => 2,
        Some(Label::Repeated) => 3,
    }
}

/// The message behind the map field `name`, named as the compilers of the language name it.
pub(super) fn entry_name(name: &str) -> String {
    let parts = name.split('_').map(|part| {
        let mut chars = part.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    });
    parts.collect::<String>() + "Entry"
}
