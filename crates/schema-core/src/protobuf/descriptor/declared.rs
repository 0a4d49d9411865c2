//! What files declare, with all names in full: for readers that need more than a linked descriptor
//! tells and take files that no compiler would link.

use super::proto::{EnumProto, FieldProto, MessageProto, Meta};
use super::{scalars, write};
use crate::protobuf::ast::File;
use crate::protobuf::types::Types;

/// The label of a list.
pub(super) const REPEATED: i32 = 3;
const REQUIRED: i32 = 2;

/// A file: its types in source order, messages apart from enums.
#[derive(Clone, Debug, Default)]
pub struct DeclaredFile {
    pub package: Option<String>,
    pub public_imports: Vec<String>,
    pub messages: Vec<DeclaredMessage>,
    pub enums: Vec<DeclaredEnum>,
}

#[derive(Clone, Debug)]
pub struct DeclaredMessage {
    /// In full, without a leading dot.
    pub name: String,
    /// Those outside of oneofs.
    pub fields: Vec<DeclaredField>,
    pub oneofs: Vec<DeclaredOneof>,
    pub messages: Vec<DeclaredMessage>,
    pub enums: Vec<DeclaredEnum>,
    /// Whether it stands for the entries of a map.
    pub is_map_entry: bool,
    pub meta: Option<DeclaredMeta>,
}

#[derive(Clone, Debug)]
pub struct DeclaredOneof {
    pub name: String,
    pub fields: Vec<DeclaredField>,
}

#[derive(Clone, Debug)]
pub struct DeclaredField {
    pub name: String,
    pub number: i32,
    pub ty: DeclaredType,
    pub is_repeated: bool,
    /// Whether an absent value differs from the type's zero because the text says so.
    pub is_optional: bool,
    /// As in a descriptor: the name of a constant, a number, or the text itself.
    pub default: Option<String>,
    pub meta: Option<DeclaredMeta>,
}

/// The type of a field; names in full, without a leading dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclaredType {
    Scalar(&'static str),
    Message(String),
    Enum(String),
    Group,
}

#[derive(Clone, Debug)]
pub struct DeclaredEnum {
    /// In full, without a leading dot.
    pub name: String,
    pub values: Vec<DeclaredEnumValue>,
    pub meta: Option<DeclaredMeta>,
}

#[derive(Clone, Debug)]
pub struct DeclaredEnumValue {
    pub name: String,
    pub meta: Option<DeclaredMeta>,
}

/// What the options of `confluent/meta.proto` say of a declaration.
#[derive(Clone, Debug, Default)]
pub struct DeclaredMeta {
    /// Empty where nothing is said.
    pub doc: String,
    pub params: Vec<(String, String)>,
    pub tags: Vec<String>,
    pub rules: Vec<DeclaredRule>,
}

/// A check; what is not said is empty.
#[derive(Clone, Debug)]
pub struct DeclaredRule {
    pub name: String,
    pub doc: String,
    pub expr: String,
    pub sql: String,
}

pub(in crate::protobuf) fn file(file: &File, types: &Types<'_>) -> DeclaredFile {
    let proto = write::file_proto(file, types, |_| true);
    let package = proto.package.filter(|package| !package.is_empty());
    let scope = package.clone().unwrap_or_default();
    let is_proto3 = proto.syntax.as_deref() == Some("proto3");
    let public = proto.public_dependency.iter().filter_map(|at| usize::try_from(*at).ok());
    let public = public.filter_map(|at| proto.dependency.get(at).cloned());
    DeclaredFile {
        public_imports: public.collect(),
        messages: messages(proto.message_type, &scope, is_proto3),
        enums: enums(proto.enum_type, &scope),
        package,
    }
}

/// Nests no deeper than the parser allowed.
fn messages(protos: Vec<MessageProto>, scope: &str, is_proto3: bool) -> Vec<DeclaredMessage> {
    protos.into_iter().map(|proto| message(proto, scope, is_proto3)).collect()
}

fn message(proto: MessageProto, scope: &str, is_proto3: bool) -> DeclaredMessage {
    let name = full_name(scope, proto.name);
    let options = proto.options.map(|options| *options).unwrap_or_default();
    let mut fields = Vec::new();
    let mut oneofs: Vec<DeclaredOneof> = Vec::with_capacity(proto.oneof_decl.len());
    for oneof in proto.oneof_decl {
        oneofs.push(DeclaredOneof { name: oneof.name.unwrap_or_default(), fields: Vec::new() });
    }
    for proto in proto.field {
        let oneof = proto.oneof_index.filter(|_| proto.proto3_optional != Some(true));
        let oneof = oneof.and_then(|at| oneofs.get_mut(usize::try_from(at).ok()?));
        let field = field(proto, is_proto3);
        match oneof {
            Some(oneof) => oneof.fields.push(DeclaredField { is_optional: false, ..field }),
            None => fields.push(field),
        }
    }
    // Those without fields stand for optional fields, or for nothing.
    oneofs.retain(|oneof| !oneof.fields.is_empty());
    DeclaredMessage {
        fields,
        oneofs,
        messages: messages(proto.nested_type, &name, is_proto3),
        enums: enums(proto.enum_type, &name),
        is_map_entry: options.map_entry == Some(true),
        meta: options.meta.map(meta),
        name,
    }
}

fn field(proto: FieldProto, is_proto3: bool) -> DeclaredField {
    let is_singular = !matches!(proto.label, Some(REPEATED | REQUIRED));
    let name = proto.type_name.unwrap_or_default();
    let name = name.strip_prefix('.').map_or_else(|| name.clone(), str::to_owned);
    let ty = match scalars::name(proto.r#type.unwrap_or_default()) {
        "group" => DeclaredType::Group,
        "message" => DeclaredType::Message(name),
        "enum" => DeclaredType::Enum(name),
        scalar => DeclaredType::Scalar(scalar),
    };
    DeclaredField {
        name: proto.name.unwrap_or_default(),
        number: proto.number.unwrap_or_default(),
        ty,
        is_repeated: proto.label == Some(REPEATED),
        is_optional: proto.proto3_optional == Some(true) || (!is_proto3 && is_singular),
        default: proto.default_value,
        meta: proto.options.and_then(|options| options.meta).map(meta),
    }
}

fn enums(protos: Vec<EnumProto>, scope: &str) -> Vec<DeclaredEnum> {
    let declared = |proto: EnumProto| DeclaredEnum {
        name: full_name(scope, proto.name),
        values: proto
            .value
            .into_iter()
            .map(|value| DeclaredEnumValue {
                name: value.name.unwrap_or_default(),
                meta: value.options.and_then(|options| options.meta).map(meta),
            })
            .collect(),
        meta: proto.options.and_then(|options| options.meta).map(meta),
    };
    protos.into_iter().map(declared).collect()
}

fn meta(meta: Meta) -> DeclaredMeta {
    let rules = meta.rules.into_iter().map(|rule| DeclaredRule {
        name: rule.name,
        doc: rule.doc,
        expr: rule.expr,
        sql: rule.sql,
    });
    DeclaredMeta {
        doc: meta.doc,
        params: meta.params.into_iter().map(|param| (param.key, param.value)).collect(),
        tags: meta.tags,
        rules: rules.collect(),
    }
}

fn full_name(scope: &str, name: Option<String>) -> String {
    let name = name.unwrap_or_default();
    if scope.is_empty() { name } else { format!("{scope}.{name}") }
}
