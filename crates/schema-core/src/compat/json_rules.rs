//! The rules of JSON schemas: every difference that can keep a reader from reading, with the
//! reference's name, the family of its sentence, and whether the policy LENIENT forgives it.

/// What kind of sentence describes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Schema,
    Keyword,
    More,
    Less,
    Value,
    Fewer,
    MoreMembers,
    Type,
    AddedToOpen,
    RequiredAddedToUnopen,
    RemovedFromClosed,
    RemovedNotCovered,
    AddedNotCovered,
}

/// Declares the rules from one table.
macro_rules! rules {
    ($($rule:ident $name:literal $family:ident $($lenient:ident)?;)*) => {
        /// A kind of difference between JSON schemas.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum JsonRule {
            $($rule,)*
        }

        impl JsonRule {
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// The reference's name of the rule.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)*
                }
            }

            fn family(self) -> Family {
                match self {
                    $(Self::$rule => Family::$family,)*
                }
            }

            /// Whether the policy LENIENT takes it for compatible.
            pub fn is_lenient(self) -> bool {
                match self {
                    $(Self::$rule => false $(|| stringify!($lenient) == "lenient")?,)*
                }
            }
        }
    };
}

rules! {
    SchemaAdded "SCHEMA_ADDED" Schema;
    TypeNarrowed "TYPE_NARROWED" Type;
    TypeChanged "TYPE_CHANGED" Type;
    MaxLengthAdded "MAX_LENGTH_ADDED" Keyword;
    MaxLengthDecreased "MAX_LENGTH_DECREASED" Less;
    MinLengthAdded "MIN_LENGTH_ADDED" Keyword;
    MinLengthIncreased "MIN_LENGTH_INCREASED" More;
    PatternAdded "PATTERN_ADDED" Keyword;
    PatternChanged "PATTERN_CHANGED" Value;
    MaximumAdded "MAXIMUM_ADDED" Keyword;
    MaximumDecreased "MAXIMUM_DECREASED" Less;
    MinimumAdded "MINIMUM_ADDED" Keyword;
    MinimumIncreased "MINIMUM_INCREASED" More;
    ExclusiveMaximumAdded "EXCLUSIVE_MAXIMUM_ADDED" Keyword;
    ExclusiveMaximumDecreased "EXCLUSIVE_MAXIMUM_DECREASED" Less;
    ExclusiveMinimumAdded "EXCLUSIVE_MINIMUM_ADDED" Keyword;
    ExclusiveMinimumIncreased "EXCLUSIVE_MINIMUM_INCREASED" More;
    MultipleOfAdded "MULTIPLE_OF_ADDED" Keyword;
    MultipleOfExpanded "MULTIPLE_OF_EXPANDED" More;
    MultipleOfChanged "MULTIPLE_OF_CHANGED" Value;
    RequiredAttributeAdded "REQUIRED_ATTRIBUTE_ADDED" Keyword;
    MaxPropertiesAdded "MAX_PROPERTIES_ADDED" Keyword;
    MaxPropertiesDecreased "MAX_PROPERTIES_DECREASED" Less;
    MinPropertiesAdded "MIN_PROPERTIES_ADDED" Keyword;
    MinPropertiesIncreased "MIN_PROPERTIES_INCREASED" More;
    AdditionalPropertiesRemoved "ADDITIONAL_PROPERTIES_REMOVED" Keyword lenient;
    AdditionalPropertiesNarrowed "ADDITIONAL_PROPERTIES_NARROWED" Fewer lenient;
    DependencyArrayAdded "DEPENDENCY_ARRAY_ADDED" Keyword;
    DependencyArrayExtended "DEPENDENCY_ARRAY_EXTENDED" MoreMembers;
    DependencyArrayChanged "DEPENDENCY_ARRAY_CHANGED" Value;
    DependencySchemaAdded "DEPENDENCY_SCHEMA_ADDED" Keyword;
    RequiredPropertyAddedToOpenContentModel "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL" AddedToOpen;
    RequiredPropertyWithDefaultAddedToOpenContentModel "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL" AddedToOpen lenient;
    OptionalPropertyAddedToOpenContentModel "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL" AddedToOpen lenient;
    RequiredPropertyAddedToUnopenContentModel "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL" RequiredAddedToUnopen;
    PropertyRemovedFromClosedContentModel "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL" RemovedFromClosed lenient;
    PropertyRemovedNotCoveredByPartiallyOpenContentModel "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" RemovedNotCovered lenient;
    PropertyAddedNotCoveredByPartiallyOpenContentModel "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" AddedNotCovered lenient;
    UnevaluatedPropertiesRemoved "UNEVALUATED_PROPERTIES_REMOVED" Keyword lenient;
    UnevaluatedPropertiesNarrowed "UNEVALUATED_PROPERTIES_NARROWED" Fewer lenient;
    MaxItemsAdded "MAX_ITEMS_ADDED" Keyword;
    MaxItemsDecreased "MAX_ITEMS_DECREASED" Less;
    MinItemsAdded "MIN_ITEMS_ADDED" Keyword;
    MinItemsIncreased "MIN_ITEMS_INCREASED" More;
    MaxContainsAdded "MAX_CONTAINS_ADDED" Keyword;
    MaxContainsDecreased "MAX_CONTAINS_DECREASED" Less;
    MinContainsAdded "MIN_CONTAINS_ADDED" Keyword;
    MinContainsIncreased "MIN_CONTAINS_INCREASED" More;
    UniqueItemsAdded "UNIQUE_ITEMS_ADDED" Keyword;
    AdditionalItemsRemoved "ADDITIONAL_ITEMS_REMOVED" Keyword;
    AdditionalItemsNarrowed "ADDITIONAL_ITEMS_NARROWED" Fewer;
    UnevaluatedItemsRemoved "UNEVALUATED_ITEMS_REMOVED" Keyword;
    UnevaluatedItemsNarrowed "UNEVALUATED_ITEMS_NARROWED" Fewer;
    ItemAddedToOpenContentModel "ITEM_ADDED_TO_OPEN_CONTENT_MODEL" AddedToOpen;
    ItemRemovedFromClosedContentModel "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL" RemovedFromClosed;
    ItemRemovedNotCoveredByPartiallyOpenContentModel "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" RemovedNotCovered;
    ItemAddedNotCoveredByPartiallyOpenContentModel "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" AddedNotCovered;
    EnumArrayNarrowed "ENUM_ARRAY_NARROWED" Fewer;
    EnumArrayChanged "ENUM_ARRAY_CHANGED" Type;
    CombinedTypeChanged "COMBINED_TYPE_CHANGED" Type;
    ProductTypeExtended "PRODUCT_TYPE_EXTENDED" MoreMembers;
    SumTypeNarrowed "SUM_TYPE_NARROWED" Fewer;
    CombinedTypeSubschemasChanged "COMBINED_TYPE_SUBSCHEMAS_CHANGED" Type;
    NotTypeExtended "NOT_TYPE_EXTENDED" MoreMembers;
}

impl JsonRule {
    /// The reference's sentence for a difference at `path`; `reader` and `writer` are the words
    /// for the two sides. For `SCHEMA_ADDED` the reference has none, which tells nobody where to
    /// look; here it has one like the others.
    pub(crate) fn sentence(self, path: &str, reader: &str, writer: &str) -> String {
        match self.family() {
            Family::Schema => format!(
                "A schema at path '{path}' in the {reader} schema is not present in the {writer} schema"
            ),
            Family::Keyword => format!(
                "The keyword at path '{path}' in the {reader} schema is not present in the {writer} schema"
            ),
            Family::More => format!(
                "The value at path '{path}' in the {reader} schema is more than its value in the {writer} schema"
            ),
            Family::Less => format!(
                "The value at path '{path}' in the {reader} schema is less than its value in the {writer} schema"
            ),
            Family::Value => format!(
                "The value at path '{path}' is different between the {reader} and {writer} schema"
            ),
            Family::Fewer => format!(
                "An array or combined type at path '{path}' has fewer elements in the {reader} schema than the {writer} schema"
            ),
            Family::MoreMembers => format!(
                "An array or combined type at path '{path}' has more elements in the {reader} schema than the {writer} schema"
            ),
            Family::Type => format!(
                "A type at path '{path}' is different between the {reader} schema and the {writer} schema"
            ),
            Family::AddedToOpen => format!(
                "The {reader} schema has an open content model and has a property or item at path '{path}' which is missing in the {writer} schema"
            ),
            Family::RequiredAddedToUnopen => format!(
                "The {reader} schema has an unopen content model and has a required property at path '{path}' which is missing in the {writer} schema"
            ),
            Family::RemovedFromClosed => format!(
                "The {reader} has a closed content model and is missing a property or item present at path '{path}' in the {writer} schema"
            ),
            Family::RemovedNotCovered => format!(
                "A property or item is missing in the {reader} schema but present at path '{path}' in the {writer} schema and is not covered by its partially open content model"
            ),
            Family::AddedNotCovered => format!(
                "The {reader} schema has a property or item at path '{path}' which is missing in the {writer} schema and is not covered by its partially open content model"
            ),
        }
    }
}
