//! `FIELD_KIND_CHANGED`, `FIELD_SCALAR_KIND_CHANGED`, `FIELD_NAMED_TYPE_CHANGED`,
//! `FIELD_NUMERIC_LABEL_CHANGED`, `FIELD_STRING_OR_BYTES_LABEL_CHANGED`: what one field may turn into.
//!
//! Scalars may change within a group that shares its encoding; enums count among the integers.
//! Messages keep their name inside their package. A name that means another file than before is
//! fine as long as the two definitions are compatible.

use std::borrow::Cow;

use super::Sides;
use super::graph::{Builder, Step};
use super::place::Place;
use crate::Rule;
use crate::protobuf::ast::{Field, FieldType, Label, MapType, TypeDecl};
use crate::protobuf::types::{MapEntry, NodeId, Origin, TypeInfo, Types};

pub(super) fn field(
    builder: &mut Builder<'_>,
    steps: &mut Vec<Step>,
    place: &Place<'_>,
    fields: Sides<&Field>,
) {
    let labels = Sides { writer: fields.writer.label, reader: fields.reader.label };
    let types = Sides { writer: &fields.writer.ty, reader: &fields.reader.ty };
    content(builder, steps, place, labels, types);
}

fn content(
    builder: &mut Builder<'_>,
    steps: &mut Vec<Step>,
    place: &Place<'_>,
    labels: Sides<Option<Label>>,
    types: Sides<&FieldType>,
) {
    let kinds = Sides {
        writer: Kind::of(&builder.types.writer, place.scope.writer, types.writer),
        reader: Kind::of(&builder.types.reader, place.scope.reader, types.reader),
    };
    match (kinds.writer, kinds.reader) {
        (Kind::Scalar(writer), Kind::Scalar(reader)) if writer != reader => {
            builder.add(steps, Rule::ProtobufFieldScalarKindChanged, place);
        }
        (Kind::Scalar(group), Kind::Scalar(_)) => {
            // Observed: a label counts as changed only if both are written out.
            let (Some(writer), Some(reader)) = (labels.writer, labels.reader) else { return };
            if writer != reader {
                let rule = match group {
                    Group::StringOrBytes => Rule::ProtobufFieldStringOrBytesLabelChanged,
                    _ => Rule::ProtobufFieldNumericLabelChanged,
                };
                builder.add(steps, rule, place);
            }
        }
        (Kind::Map(writer), Kind::Map(reader)) => {
            for (writer, reader) in [(&writer.key, &reader.key), (&writer.value, &reader.value)] {
                let labels = Sides { writer: None, reader: None };
                content(builder, steps, place, labels, Sides { writer, reader });
            }
        }
        (Kind::Message(writer), Kind::Message(reader)) => {
            named(builder, steps, place, &Sides { writer, reader });
        }
        _ => builder.add(steps, Rule::ProtobufFieldKindChanged, place),
    }
}

fn named(
    builder: &mut Builder<'_>,
    steps: &mut Vec<Step>,
    place: &Place<'_>,
    names: &Sides<Name<'_>>,
) {
    let found = Sides {
        writer: names.writer.find(&builder.types.writer, place.scope.writer),
        reader: names.reader.find(&builder.types.reader, place.scope.reader),
    };
    let (Some(writer), Some(reader)) = (found.writer, found.reader) else {
        if names.writer.text != names.reader.text {
            builder.add(steps, Rule::ProtobufFieldNamedTypeChanged, place);
        }
        return;
    };
    if writer.local_name != reader.local_name {
        builder.add(steps, Rule::ProtobufFieldNamedTypeChanged, place);
    } else if !is_same_file(writer.info.origin, reader.info.origin) {
        let changed = builder.finding(Rule::ProtobufFieldNamedTypeChanged, place);
        let pair = builder.pair(Sides { writer: writer.id, reader: reader.id });
        steps.push(Step::Named { pair, changed });
    }
}

struct Found<'a> {
    id: NodeId,
    info: TypeInfo<'a>,
    local_name: String,
}

impl Name<'_> {
    /// The message behind the name. Observed: its full name is looked up once more.
    fn find<'a>(&self, types: &Types<'a>, scope: NodeId) -> Option<Found<'a>> {
        let full_name = types.full_name(self.id?);
        let (id, info) = types.resolve(scope, &full_name)?;
        let inside = full_name.strip_prefix(info.package).and_then(|rest| rest.strip_prefix('.'));
        let local_name = match inside {
            Some(local) if !info.package.is_empty() => local.to_owned(),
            _ => full_name,
        };
        Some(Found { id, info, local_name })
    }
}

/// Whether two types need no comparison: both of the schemas' own files (compared anyway), or both
/// of the same version of the same subject. Well-known files have neither.
fn is_same_file(writer: Origin<'_>, reader: Origin<'_>) -> bool {
    match (writer, reader) {
        (Origin::Own, Origin::Own) => true,
        (Origin::Referenced(writer), Origin::Referenced(reader)) => {
            writer.subject == reader.subject && writer.version == reader.version
        }
        _ => false,
    }
}

enum Kind<'a> {
    Scalar(Group),
    Map(Cow<'a, MapType>),
    /// A message, or a name that stands for nothing known.
    Message(Name<'a>),
}

/// A name as it was written, and what it stands for.
struct Name<'a> {
    text: &'a str,
    id: Option<NodeId>,
}

/// Scalars that a reader can take for each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    GeneralNumber,
    SignedNumber,
    StringOrBytes,
    Fixed32,
    Fixed64,
    Float,
    Double,
}

impl<'a> Kind<'a> {
    fn of(types: &Types<'_>, scope: NodeId, ty: &'a FieldType) -> Self {
        let name = match ty {
            FieldType::Map(map) => return Self::Map(Cow::Borrowed(map)),
            FieldType::Named(name) => name,
        };
        let found = types.resolve(scope, name);
        let info = found.map(|(_, info)| info);
        let entry = info.and_then(|info| info.map_entry).and_then(MapEntry::map_type);
        if let Some(map) = entry {
            return Self::Map(Cow::Owned(map));
        }
        if info.is_some_and(|info| matches!(info.decl, TypeDecl::Enum(_))) {
            return Self::Scalar(Group::GeneralNumber);
        }
        match Group::of(name) {
            Some(group) => Self::Scalar(group),
            None => Self::Message(Name { text: name, id: found.map(|(id, _)| id) }),
        }
    }
}

impl Group {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "int32" | "int64" | "uint32" | "uint64" | "bool" => Self::GeneralNumber,
            "sint32" | "sint64" => Self::SignedNumber,
            "string" | "bytes" => Self::StringOrBytes,
            "fixed32" | "sfixed32" => Self::Fixed32,
            "fixed64" | "sfixed64" => Self::Fixed64,
            "float" => Self::Float,
            "double" => Self::Double,
            _ => return None,
        })
    }
}
