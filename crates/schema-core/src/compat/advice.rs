//! What a rule means and what to do about it, in plain words for whoever is woken up by it.

use super::{Rule, json_advice};

impl Rule {
    /// Why the reader cannot read, in one sentence; `None` for what does not break a reader.
    pub fn explanation(self) -> Option<&'static str> {
        advice(self).map(|(explanation, _)| explanation)
    }

    /// The usual way out, in one sentence.
    pub fn fix(self) -> Option<&'static str> {
        advice(self).map(|(_, fix)| fix)
    }
}

fn advice(rule: Rule) -> Option<(&'static str, &'static str)> {
    Some(match rule {
        Rule::AvroNameMismatch => (
            "The reader's type has another name than the writer's, so the two are taken for different types.",
            "Keep the old name, or list the writer's full name in the reader's \"aliases\".",
        ),
        Rule::AvroFixedSizeMismatch => (
            "A fixed type changed its size; every value already written has the writer's size.",
            "Keep the size; put the new size into a new type under a new field with a default.",
        ),
        Rule::AvroMissingEnumSymbols => (
            "The writer may send enum symbols that the reader does not know.",
            "Add the symbols to the reader's enum, or give that enum (not the field) a \"default\" symbol.",
        ),
        Rule::AvroReaderFieldMissingDefault => (
            "The reader needs a field that the writer does not write, and has no default to fill it with.",
            "Give the field a \"default\" (null needs null in its union), or alias it to the writer's field.",
        ),
        Rule::AvroTypeMismatch => (
            "The reader's type cannot hold what the writer's type encodes.",
            "Keep the type or widen it (int to long, float, double; long to float, double; float to double; \
             string and bytes either way); any other change needs a new field with a default.",
        ),
        Rule::AvroMissingUnionBranch => (
            "The writer may send a type that no branch of the reader's union can read.",
            "Add the missing branch to the reader's union, or make one of its branches read it.",
        ),
        Rule::AvroAmbiguousAlias => (
            "A reader field matches several writer fields through its aliases, so none can be chosen.",
            "Remove the aliases that name fields which the writer still has.",
        ),
        Rule::Json(rule) => json_advice::advice(rule),
        _ => return protobuf_advice(rule),
    })
}

fn protobuf_advice(rule: Rule) -> Option<(&'static str, &'static str)> {
    Some(match rule {
        Rule::ProtobufPackageChanged => (
            "The package is part of every message's full name, so all messages are taken for others.",
            "Keep the package, or register the renamed messages under a subject of their own.",
        ),
        Rule::ProtobufMessageRemoved => (
            "The writer may send a message that the reader has no definition of at that place.",
            "Keep the message where it is; one that moved to an import or another scope counts as removed.",
        ),
        Rule::ProtobufFieldKindChanged => (
            "A scalar, a message and a map are encoded differently under the same field number.",
            "Keep the field as it is and add one of the new kind under a new number.",
        ),
        Rule::ProtobufFieldScalarKindChanged => (
            "The two scalar types are encoded differently, so the reader would see other values.",
            "Stay among int32, int64, uint32, uint64, bool and enums, or string and bytes, or sint32 and sint64, \
             or a fixed type and its signed twin; otherwise add a field under a new number.",
        ),
        Rule::ProtobufFieldNamedTypeChanged => (
            "The field names another message than before, or one whose definition changed incompatibly.",
            "Keep the message, or add a field of the new type under a new number.",
        ),
        Rule::ProtobufFieldNumericLabelChanged => (
            "A number that is single on one side and repeated on the other is encoded differently.",
            "Keep the label, or add a repeated field under a new number.",
        ),
        Rule::ProtobufRequiredFieldAdded => (
            "The reader insists on a field that the writer does not write.",
            "Add the field as optional; a default does not help a required one.",
        ),
        Rule::ProtobufRequiredFieldRemoved => (
            "The other side may insist on the field that is gone.",
            "Make the field optional first and remove it once nobody requires it.",
        ),
        Rule::ProtobufOneofFieldRemoved => (
            "The writer may set a member of the oneof that the reader does not know and would drop.",
            "Keep the member (deprecated, if need be), or remove the oneof with all its members.",
        ),
        Rule::ProtobufMultipleFieldsMovedToOneof => (
            "Fields that could be set together now exclude each other, so all but one would be lost.",
            "Put at most one existing field into a new oneof; make the others new fields.",
        ),
        Rule::ProtobufFieldMovedToExistingOneof => (
            "A field that could be set beside the oneof now excludes its members, so one would be lost.",
            "Leave the field outside, or add a new member under a new number.",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JsonRule;

    #[test]
    fn every_rule_of_json_schemas_has_a_meaning_and_a_way_out() {
        for rule in JsonRule::ALL {
            let (meaning, fix) = json_advice::advice(*rule);
            assert!(meaning.ends_with('.') && fix.ends_with('.'), "{}", rule.as_str());
        }
        let combined = json_advice::advice(JsonRule::CombinedTypeSubschemasChanged);
        let alike: Vec<_> = JsonRule::ALL
            .iter()
            .filter(|rule| json_advice::advice(**rule) == combined)
            .map(|rule| rule.as_str())
            .collect();
        assert_eq!(alike, ["COMBINED_TYPE_CHANGED", "COMBINED_TYPE_SUBSCHEMAS_CHANGED"]);
    }
}
