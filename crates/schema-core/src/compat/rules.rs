//! The one table of rules: every kind of difference, with the name the reference gives it.

use super::JsonRule;

/// A kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    AvroNameMismatch,
    AvroFixedSizeMismatch,
    AvroMissingEnumSymbols,
    AvroReaderFieldMissingDefault,
    AvroTypeMismatch,
    AvroMissingUnionBranch,
    /// A reader field whose aliases match several writer fields: the reference gives up there.
    AvroAmbiguousAlias,
    ProtobufPackageChanged,
    ProtobufMessageRemoved,
    ProtobufFieldKindChanged,
    ProtobufFieldScalarKindChanged,
    ProtobufFieldNamedTypeChanged,
    ProtobufFieldNumericLabelChanged,
    ProtobufRequiredFieldAdded,
    ProtobufRequiredFieldRemoved,
    ProtobufOneofFieldRemoved,
    ProtobufMultipleFieldsMovedToOneof,
    ProtobufFieldMovedToExistingOneof,
    // What follows is reported where a caller asks for it and never breaks a reader.
    ProtobufMessageAdded,
    ProtobufMessageMoved,
    ProtobufEnumAdded,
    ProtobufEnumRemoved,
    ProtobufEnumConstAdded,
    ProtobufEnumConstChanged,
    ProtobufEnumConstRemoved,
    ProtobufFieldAdded,
    ProtobufFieldRemoved,
    ProtobufFieldNameChanged,
    ProtobufFieldStringOrBytesLabelChanged,
    ProtobufOneofAdded,
    ProtobufOneofRemoved,
    ProtobufOneofFieldAdded,
    ProtobufOneofFieldMovedToTopLevel,
    /// The JSON rules have a table of their own.
    Json(JsonRule),
}

impl Rule {
    /// The reference's name of the rule, as its messages carry it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AvroNameMismatch => "NAME_MISMATCH",
            Self::AvroFixedSizeMismatch => "FIXED_SIZE_MISMATCH",
            Self::AvroMissingEnumSymbols => "MISSING_ENUM_SYMBOLS",
            Self::AvroReaderFieldMissingDefault => "READER_FIELD_MISSING_DEFAULT_VALUE",
            Self::AvroTypeMismatch => "TYPE_MISMATCH",
            Self::AvroMissingUnionBranch => "MISSING_UNION_BRANCH",
            Self::AvroAmbiguousAlias => "AMBIGUOUS_ALIAS",
            Self::ProtobufPackageChanged => "PACKAGE_CHANGED",
            Self::ProtobufMessageRemoved => "MESSAGE_REMOVED",
            Self::ProtobufFieldKindChanged => "FIELD_KIND_CHANGED",
            Self::ProtobufFieldScalarKindChanged => "FIELD_SCALAR_KIND_CHANGED",
            Self::ProtobufFieldNamedTypeChanged => "FIELD_NAMED_TYPE_CHANGED",
            Self::ProtobufFieldNumericLabelChanged => "FIELD_NUMERIC_LABEL_CHANGED",
            Self::ProtobufRequiredFieldAdded => "REQUIRED_FIELD_ADDED",
            Self::ProtobufRequiredFieldRemoved => "REQUIRED_FIELD_REMOVED",
            Self::ProtobufOneofFieldRemoved => "ONEOF_FIELD_REMOVED",
            Self::ProtobufMultipleFieldsMovedToOneof => "MULTIPLE_FIELDS_MOVED_TO_ONEOF",
            Self::ProtobufFieldMovedToExistingOneof => "FIELD_MOVED_TO_EXISTING_ONEOF",
            Self::ProtobufMessageAdded => "MESSAGE_ADDED",
            Self::ProtobufMessageMoved => "MESSAGE_MOVED",
            Self::ProtobufEnumAdded => "ENUM_ADDED",
            Self::ProtobufEnumRemoved => "ENUM_REMOVED",
            Self::ProtobufEnumConstAdded => "ENUM_CONST_ADDED",
            Self::ProtobufEnumConstChanged => "ENUM_CONST_CHANGED",
            Self::ProtobufEnumConstRemoved => "ENUM_CONST_REMOVED",
            Self::ProtobufFieldAdded => "FIELD_ADDED",
            Self::ProtobufFieldRemoved => "FIELD_REMOVED",
            Self::ProtobufFieldNameChanged => "FIELD_NAME_CHANGED",
            Self::ProtobufFieldStringOrBytesLabelChanged => "FIELD_STRING_OR_BYTES_LABEL_CHANGED",
            Self::ProtobufOneofAdded => "ONEOF_ADDED",
            Self::ProtobufOneofRemoved => "ONEOF_REMOVED",
            Self::ProtobufOneofFieldAdded => "ONEOF_FIELD_ADDED",
            Self::ProtobufOneofFieldMovedToTopLevel => "ONEOF_FIELD_MOVED_TO_TOP_LEVEL",
            Self::Json(rule) => rule.as_str(),
        }
    }

    /// Whether the difference leaves the reader able to read.
    pub fn is_compatible(self) -> bool {
        matches!(
            self,
            Self::ProtobufMessageAdded
                | Self::ProtobufMessageMoved
                | Self::ProtobufEnumAdded
                | Self::ProtobufEnumRemoved
                | Self::ProtobufEnumConstAdded
                | Self::ProtobufEnumConstChanged
                | Self::ProtobufEnumConstRemoved
                | Self::ProtobufFieldAdded
                | Self::ProtobufFieldRemoved
                | Self::ProtobufFieldNameChanged
                | Self::ProtobufFieldStringOrBytesLabelChanged
                | Self::ProtobufOneofAdded
                | Self::ProtobufOneofRemoved
                | Self::ProtobufOneofFieldAdded
                | Self::ProtobufOneofFieldMovedToTopLevel
        )
    }
}
