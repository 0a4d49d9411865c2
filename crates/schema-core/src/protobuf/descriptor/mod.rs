//! A serialized `FileDescriptorProto` to the same tree that text gives, and back (`write`).
//!
//! Schema text may be such a descriptor in base64. It is shown and stored as text, so it is
//! translated at once: nested messages keep their map entries, names stay absolute, groups come
//! out as ordinary messages, an edition leaves no trace (all as observed).

mod count;
mod declared;
mod options;
mod order;
mod pool;
mod proto;
mod scalars;
mod strict;
mod write;
mod write_options;

pub(super) use self::declared::file as declared_file;
pub use self::declared::{
    DeclaredEnum, DeclaredEnumValue, DeclaredField, DeclaredFile, DeclaredMessage, DeclaredMeta,
    DeclaredOneof, DeclaredRule, DeclaredType,
};
pub(super) use self::pool::{linked, linked_files};
pub(super) use self::strict::{Importable, check};
pub(super) use self::write::to_base64;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use foldhash::HashSet;
use prost::Message as _;
use smol_str::SmolStr;

use self::proto::{
    EnumProto, ExtensionRange, FieldProto, FileProto, MessageProto, MethodProto, ServiceProto,
};
use super::ast::{
    Constant, Enum, Extend, Extensions, Field, FieldType, File, Label, Message, NumberRange, Oneof,
    Reserved, ReservedItem, Rpc, RpcType, Section, Service, Syntax, TypeDecl,
};
use super::error::{Budget, Failure, Result};

/// Base64 as the reference reads it: the standard alphabet, padding optional, no line breaks.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The file behind `text`, or `None` if the text is not base64 or not a descriptor.
pub(super) fn from_base64(text: &str, budget: &mut Budget) -> Option<Result<File>> {
    let bytes = BASE64.decode(text).ok()?;
    if let Err(failure) = budget.fits(count::count(&bytes)) {
        return Some(Err(failure));
    }
    let file = FileProto::decode(bytes.as_slice()).ok()?;
    Some(Reader { budget, is_proto3: false }.file(file))
}

pub(super) fn decode(bytes: &[u8], budget: &mut Budget) -> Result<File> {
    let file = FileProto::decode(bytes)
        .map_err(|error| Failure::syntax(0, format!("not a file descriptor: {error}")))?;
    Reader { budget, is_proto3: false }.file(file)
}

struct Reader<'b> {
    budget: &'b mut Budget,
    is_proto3: bool,
}

impl Reader<'_> {
    fn node(&mut self) -> Result<()> {
        self.budget.node(0).map_err(Failure::without_place)
    }

    /// A declaration with a name.
    fn named(&mut self, name: Option<&String>) -> Result<()> {
        self.node()?;
        let name = name.map_or("", String::as_str);
        self.budget.parts(name, 0).map_err(Failure::without_place)
    }

    fn file(mut self, proto: FileProto) -> Result<File> {
        let syntax = match proto.syntax.as_deref() {
            Some("proto2") => Some(Syntax::Proto2),
            Some("proto3") => Some(Syntax::Proto3),
            _ => None,
        };
        self.is_proto3 = syntax == Some(Syntax::Proto3);
        self.named(proto.package.as_ref())?;
        let mut file = File {
            package: proto.package.filter(|package| !package.is_empty()).map(SmolStr::from),
            syntax,
            types: self.types(proto.message_type, proto.enum_type)?,
            services: proto
                .service
                .into_iter()
                .map(|service| self.service(service))
                .collect::<Result<_>>()?,
            extends: self.extends(proto.extension)?,
            options: proto.options.map(|options| options::file(*options)).unwrap_or_default(),
            ..File::default()
        };
        let public: HashSet<i32> = proto.public_dependency.into_iter().collect();
        let weak: HashSet<i32> = proto.weak_dependency.into_iter().collect();
        for (index, path) in (0..).zip(proto.dependency) {
            if public.contains(&index) {
                file.public_imports.push(path);
            } else if !weak.contains(&index) {
                file.imports.push(path);
            }
        }
        Ok(file)
    }

    fn types(
        &mut self,
        messages: Vec<MessageProto>,
        enums: Vec<EnumProto>,
    ) -> Result<Vec<TypeDecl>> {
        let mut types = Vec::new();
        for message in messages {
            types.push(TypeDecl::Message(self.message(message)?));
        }
        for decl in enums {
            types.push(TypeDecl::Enum(self.enumeration(decl)?));
        }
        Ok(types)
    }

    fn message(&mut self, proto: MessageProto) -> Result<Message> {
        self.named(proto.name.as_ref())?;
        let mut oneofs: Vec<_> = proto
            .oneof_decl
            .into_iter()
            .map(|oneof| Oneof {
                name: oneof.name.unwrap_or_default().into(),
                fields: Vec::new(),
                groups: Vec::new(),
                options: oneof.options.map(options::oneof).unwrap_or_default(),
            })
            .collect();
        let mut fields = Vec::new();
        for field in proto.field {
            let oneof = field.oneof_index.filter(|_| !field.proto3_optional.unwrap_or_default());
            let Some(index) = oneof else {
                fields.push(self.field(field)?);
                continue;
            };
            let oneof = usize::try_from(index).ok().and_then(|index| oneofs.get_mut(index));
            match oneof {
                Some(oneof) => {
                    self.budget.branch(oneof.fields.len(), 0).map_err(Failure::without_place)?;
                    oneof.fields.push(Field { label: None, ..self.field(field)? });
                }
                None => return Err(unusable(format!("there is no oneof {index}"))),
            }
        }
        oneofs.retain(|oneof| !oneof.fields.is_empty());
        Ok(Message {
            at: 0,
            name: proto.name.unwrap_or_default().into(),
            fields,
            oneofs: Section::from(oneofs),
            groups: Vec::new(),
            nested: self.types(proto.nested_type, proto.enum_type)?,
            reserved: reserved(
                proto.reserved_range.iter().map(|range| {
                    half_open(range.start.unwrap_or_default(), range.end.unwrap_or_default())
                }),
                proto.reserved_name,
            ),
            extensions: proto.extension_range.into_iter().map(extensions).collect(),
            extends: self.extends(proto.extension)?,
            options: proto.options.map(|options| options::message(*options)).unwrap_or_default(),
        })
    }

    fn enumeration(&mut self, proto: EnumProto) -> Result<Enum> {
        self.named(proto.name.as_ref())?;
        let mut constants = Vec::new();
        for value in proto.value {
            self.node()?;
            self.budget.constant(constants.len(), 0).map_err(Failure::without_place)?;
            constants.push(Constant {
                name: value.name.unwrap_or_default().into(),
                number: value.number.unwrap_or_default(),
                options: value
                    .options
                    .map(|options| options::enum_value(*options))
                    .unwrap_or_default(),
            });
        }
        Ok(Enum {
            at: 0,
            name: proto.name.unwrap_or_default().into(),
            constants,
            reserved: reserved(
                proto.reserved_range.iter().map(|range| {
                    closed(range.start.unwrap_or_default(), range.end.unwrap_or_default())
                }),
                proto.reserved_name,
            ),
            options: proto
                .options
                .map(|options| options::enumeration(*options))
                .unwrap_or_default(),
        })
    }

    /// One `extend` for each extended message, in the order of their first extension.
    fn extends(&mut self, fields: Vec<FieldProto>) -> Result<Section<Extend>> {
        let mut extends = Vec::new();
        for mut field in fields {
            let name = field.extendee.take().unwrap_or_default();
            extends.push(Extend { at: 0, name: name.into(), fields: vec![self.field(field)?] });
        }
        Ok(Section::from(Extend::grouped(extends)))
    }

    fn field(&mut self, proto: FieldProto) -> Result<Field> {
        self.named(proto.name.as_ref())?;
        let label = match proto.label.unwrap_or(1) {
            _ if proto.proto3_optional.unwrap_or_default() => Some(Label::Optional),
            3 => Some(Label::Repeated),
            _ if self.is_proto3 => None,
            2 => Some(Label::Required),
            _ => Some(Label::Optional),
        };
        let ty =
            proto.type_name.unwrap_or_else(|| scalars::name(proto.r#type.unwrap_or(1)).to_owned());
        Ok(Field {
            at: 0,
            label,
            ty: FieldType::Named(ty.into()),
            name: proto.name.unwrap_or_default().into(),
            number: proto.number.unwrap_or_default(),
            default: proto.default_value.filter(|_| !self.is_proto3).map(SmolStr::from),
            json_name: proto.json_name.map(SmolStr::from),
            options: proto.options.map(|options| options::field(*options)).unwrap_or_default(),
        })
    }

    fn service(&mut self, proto: ServiceProto) -> Result<Service> {
        self.node()?;
        let mut rpcs = Vec::new();
        for method in proto.method {
            self.node()?;
            rpcs.push(rpc(method));
        }
        Ok(Service {
            at: 0,
            name: proto.name.unwrap_or_default().into(),
            rpcs,
            options: proto.options.map(options::service).unwrap_or_default(),
        })
    }
}

fn unusable(message: impl Into<String>) -> Failure {
    Failure::new(crate::ParseErrorKind::Invalid, 0, message).without_place()
}

fn rpc(method: MethodProto) -> Rpc {
    let ty = |name: Option<String>, is_stream: Option<bool>| RpcType {
        at: 0,
        is_stream: is_stream.unwrap_or_default(),
        ty: FieldType::Named(name.unwrap_or_default().into()),
    };
    Rpc {
        name: method.name.unwrap_or_default().into(),
        request: ty(method.input_type, method.client_streaming),
        response: ty(method.output_type, method.server_streaming),
        options: method.options.map(options::method).unwrap_or_default(),
    }
}

/// One statement for each range, then one for each name.
fn reserved(ranges: impl Iterator<Item = NumberRange>, names: Vec<String>) -> Vec<Reserved> {
    let ranges = ranges.map(ReservedItem::Numbers);
    ranges
        .chain(names.into_iter().map(|name| ReservedItem::Name(name.into())))
        .map(|item| vec![item])
        .collect()
}

fn extensions(range: ExtensionRange) -> Extensions {
    Extensions {
        ranges: vec![half_open(range.start.unwrap_or_default(), range.end.unwrap_or_default())],
        options: range
            .options
            .map(|options| options::extension_range(*options))
            .unwrap_or_default(),
    }
}

fn half_open(start: i32, end: i32) -> NumberRange {
    closed(start, end.wrapping_sub(1))
}

fn closed(start: i32, end: i32) -> NumberRange {
    NumberRange { start, end: (start != end).then_some(end) }
}

#[cfg(test)]
mod tests;
