//! The one table of rules: every kind of difference, with the name the reference gives it.

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
        }
    }
}
