//! What the path of a finding ends with, by the rule that was found there.

use crate::JsonRule;

/// What a finding is about at the schema where the steps of its path end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathEnd<'p> {
    /// The schema itself, or the rule's keyword in it.
    Schema,
    /// A name that must be there.
    Required(&'p str),
    /// A name on which something depends.
    Dependency(&'p str),
    /// One position of an array.
    Item(usize),
    /// Whether there is a schema for all items.
    Items,
    /// What may stand beyond the listed properties.
    Properties(&'p str),
    /// What may stand beyond the listed items.
    MoreItems(&'p str),
}

/// What `rest`, the path behind the steps that were taken, points at; `None` if steps are left.
pub(super) fn path_end(rule: JsonRule, rest: &str) -> Option<PathEnd<'_>> {
    let (keyword, inner) = rest.split_once('/').unwrap_or((rest, ""));
    let name = rule.as_str();
    let is_content = name.starts_with("ADDITIONAL_") || name.starts_with("UNEVALUATED_");
    match keyword {
        "required" => Some(PathEnd::Required(inner)),
        "dependencies" if name.starts_with("DEPENDENCY_") => Some(PathEnd::Dependency(inner)),
        "items" if inner.is_empty() && rule == JsonRule::SchemaAdded => Some(PathEnd::Items),
        "items" if name.starts_with("ITEM_") => inner.parse().ok().map(PathEnd::Item),
        "additionalProperties" | "unevaluatedProperties" if is_content && inner.is_empty() => {
            Some(PathEnd::Properties(keyword))
        }
        "additionalItems" | "unevaluatedItems" if is_content && inner.is_empty() => {
            Some(PathEnd::MoreItems(keyword))
        }
        "properties"
        | "dependencies"
        | "items"
        | "additionalProperties"
        | "additionalItems"
        | "unevaluatedProperties"
        | "unevaluatedItems" => None,
        // Nothing is left, or the keyword of a rule of the schema itself.
        _ => inner.is_empty().then_some(PathEnd::Schema),
    }
}

/// Whether the rule is about a property that only one side lists.
pub(super) fn is_about_property(rule: JsonRule) -> bool {
    let name = rule.as_str();
    name.contains("PROPERTY_ADDED")
        || name.contains("PROPERTY_WITH_DEFAULT_ADDED")
        || name.starts_with("PROPERTY_REMOVED")
}

#[cfg(test)]
mod tests {
    use super::{PathEnd, path_end};
    use crate::JsonRule;

    #[test]
    fn the_rule_says_what_the_end_of_a_path_is() {
        for (rule, rest, end) in [
            (JsonRule::MaxLengthAdded, "maxLength", Some(PathEnd::Schema)),
            (JsonRule::TypeChanged, "", Some(PathEnd::Schema)),
            (JsonRule::TypeChanged, "items/0", None),
            (JsonRule::TypeChanged, "additionalItems", None),
            (JsonRule::RequiredAttributeAdded, "required/a/b", Some(PathEnd::Required("a/b"))),
            (JsonRule::DependencyArrayAdded, "dependencies/a", Some(PathEnd::Dependency("a"))),
            (JsonRule::DependencyArrayAdded, "properties/a/dependencies/b", None),
            (JsonRule::ItemAddedToOpenContentModel, "items/2", Some(PathEnd::Item(2))),
            (JsonRule::ItemAddedToOpenContentModel, "items/2/items/1", None),
            (JsonRule::SchemaAdded, "items", Some(PathEnd::Items)),
            (
                JsonRule::AdditionalPropertiesRemoved,
                "additionalProperties",
                Some(PathEnd::Properties("additionalProperties")),
            ),
            (
                JsonRule::UnevaluatedItemsNarrowed,
                "unevaluatedItems",
                Some(PathEnd::MoreItems("unevaluatedItems")),
            ),
        ] {
            assert_eq!(path_end(rule, rest), end, "{} {rest}", rule.as_str());
        }
    }
}
