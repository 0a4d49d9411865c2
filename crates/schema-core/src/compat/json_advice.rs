//! What the rules of JSON schemas mean and what to do about them, in plain words.

use super::JsonRule;

/// What every tightened keyword leads to, and the way out of it.
const TIGHTENED: &str = "The reader's limit is tighter than the writer's, so values that were valid when written are refused.";
const LOOSEN: &str =
    "Keep the writer's limit or loosen it; enforce the tighter one in the producing program first.";
const NEW_LIMIT: &str = "The reader has a limit that the writer does not have, so values that were valid when written can be refused.";
const DROP_LIMIT: &str = "Leave the limit out, or introduce it together with a new property.";
const ADD_OPTIONAL: &str = "Add the property together with \"additionalProperties\": false from the first version on, \
     or set the compatibility policy LENIENT if producers never send unlisted names.";

/// The meaning of a rule and the usual way out, one sentence each.
pub(super) fn advice(rule: JsonRule) -> (&'static str, &'static str) {
    use JsonRule as R;
    match rule {
        R::MaxLengthAdded
        | R::MinLengthAdded
        | R::MaximumAdded
        | R::MinimumAdded
        | R::ExclusiveMaximumAdded
        | R::ExclusiveMinimumAdded
        | R::MultipleOfAdded
        | R::MaxPropertiesAdded
        | R::MinPropertiesAdded
        | R::MaxItemsAdded
        | R::MinItemsAdded
        | R::MaxContainsAdded
        | R::MinContainsAdded
        | R::UniqueItemsAdded => (NEW_LIMIT, DROP_LIMIT),
        R::MaxLengthDecreased
        | R::MinLengthIncreased
        | R::MaximumDecreased
        | R::MinimumIncreased
        | R::ExclusiveMaximumDecreased
        | R::ExclusiveMinimumIncreased
        | R::MultipleOfExpanded
        | R::MultipleOfChanged
        | R::MaxPropertiesDecreased
        | R::MinPropertiesIncreased
        | R::MaxItemsDecreased
        | R::MinItemsIncreased
        | R::MaxContainsDecreased
        | R::MinContainsIncreased => (TIGHTENED, LOOSEN),
        R::PatternAdded | R::PatternChanged => (
            "The reader demands a pattern that the writer does not promise; patterns are compared as text, so any edit counts.",
            "Keep the writer's pattern or drop it; a new pattern needs a new property.",
        ),
        R::SchemaAdded => (
            "The reader describes the items of an array that the writer leaves open, so items of any kind may come.",
            "Describe the items from the first version on, or use a new property for the described array.",
        ),
        R::TypeChanged | R::TypeNarrowed => (
            "The reader accepts another type of value than the writer sends.",
            "Keep the type or add the new one beside it (\"type\": [old, new]; integer may become number).",
        ),
        R::EnumArrayNarrowed | R::EnumArrayChanged => (
            "The writer may send a value that the reader no longer lists.",
            "Keep every value that was ever listed; values may be added.",
        ),
        R::RequiredAttributeAdded => (
            "The reader insists on a property that the writer may leave out.",
            "Leave the property optional, or give it a \"default\".",
        ),
        _ => content_advice(rule),
    }
}

/// The rules about what stands beside the listed properties and positions.
fn content_advice(rule: JsonRule) -> (&'static str, &'static str) {
    use JsonRule as R;
    match rule {
        R::RequiredPropertyAddedToOpenContentModel
        | R::RequiredPropertyWithDefaultAddedToOpenContentModel
        | R::OptionalPropertyAddedToOpenContentModel => (
            "The writer allows properties that it does not list, so it may already send this name with any other value.",
            ADD_OPTIONAL,
        ),
        R::RequiredPropertyAddedToUnopenContentModel => (
            "The reader insists on a property that the writer does not know and never sends.",
            "Make the property optional, or give it a \"default\".",
        ),
        R::PropertyRemovedFromClosedContentModel => (
            "The reader refuses names that it does not list, and the writer may still send this one.",
            "Keep the property (deprecated, if need be), or let the reader allow additional properties first.",
        ),
        R::PropertyRemovedNotCoveredByPartiallyOpenContentModel
        | R::ItemRemovedNotCoveredByPartiallyOpenContentModel => (
            "What the reader says of unlisted properties or items refuses values that the writer may still send there.",
            "Keep the property or item, or widen the reader's schema of the unlisted ones to cover it.",
        ),
        R::PropertyAddedNotCoveredByPartiallyOpenContentModel
        | R::ItemAddedNotCoveredByPartiallyOpenContentModel => (
            "The writer's schema of unlisted properties or items allows values here that the new description refuses.",
            "Give the new property or item at least what the writer allows for unlisted ones.",
        ),
        R::ItemAddedToOpenContentModel => (
            "The writer allows further items of any kind, so it may already send something else at this position.",
            "Close the array (\"additionalItems\": false, or \"items\": false after \"prefixItems\") from the first version on.",
        ),
        R::ItemRemovedFromClosedContentModel => (
            "The reader refuses positions that it does not list, and the writer may still fill this one.",
            "Keep the position, or let the reader allow additional items first.",
        ),
        R::AdditionalPropertiesRemoved
        | R::UnevaluatedPropertiesRemoved
        | R::AdditionalItemsRemoved
        | R::UnevaluatedItemsRemoved => (
            "The reader refuses what it does not list, and the writer may send more than that.",
            "Keep them allowed; list what producers really send before closing the schema.",
        ),
        R::AdditionalPropertiesNarrowed
        | R::UnevaluatedPropertiesNarrowed
        | R::AdditionalItemsNarrowed
        | R::UnevaluatedItemsNarrowed => (
            "The reader demands more of what is not listed than the writer does.",
            "Keep the unlisted ones free, or describe them from the first version on.",
        ),
        _ => combination_advice(rule),
    }
}

/// Dependencies and combinations of schemas.
fn combination_advice(rule: JsonRule) -> (&'static str, &'static str) {
    use JsonRule as R;
    match rule {
        R::DependencyArrayAdded
        | R::DependencyArrayExtended
        | R::DependencyArrayChanged
        | R::DependencySchemaAdded => (
            "The reader ties further conditions to a property than the writer keeps.",
            "Keep the dependencies as they were or drop some; new ones need a new property.",
        ),
        R::SumTypeNarrowed => (
            "The reader lists fewer alternatives, and the writer may use one that is gone.",
            "Keep every alternative of \"oneOf\" or \"anyOf\" that was ever listed; alternatives may be added.",
        ),
        R::ProductTypeExtended => (
            "The reader's \"allOf\" demands more parts than the writer fulfils.",
            "Put the new demands into an optional property instead of a further part of \"allOf\".",
        ),
        R::NotTypeExtended => (
            "The reader's \"not\" refuses more than the writer's.",
            "Keep what is under \"not\" as narrow as it was.",
        ),
        _ => (
            "A combination of schemas (\"allOf\", \"anyOf\", \"oneOf\") has a member that no member on the other side can read.",
            "Keep each member or widen it in place; combine with \"anyOf\" to allow more.",
        ),
    }
}
