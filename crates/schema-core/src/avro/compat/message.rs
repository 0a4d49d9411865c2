//! The reference's words for each rule.

use crate::{Rule, Side};

/// The whole message of a finding as the reference's verbose answers carry it.
pub(super) fn message(rule: Rule, path: &str, detail: &str, reader: Side) -> String {
    if rule == Rule::AvroAmbiguousAlias {
        return format!("Unexpected exception during compatibility check: {detail}");
    }
    let description = description(rule, path, detail, reader.as_str(), reader.other().as_str());
    let name = rule.as_str();
    format!("{{errorType:'{name}', description:'{description}', additionalInfo:'{detail}'}}")
}

#[allow(clippy::match_wildcard_for_single_variants, reason = "one match for every format's rules")]
fn description(rule: Rule, path: &str, detail: &str, reader: &str, writer: &str) -> String {
    match rule {
        Rule::AvroFixedSizeMismatch => format!(
            "The size of FIXED type field at path '{path}' in the {reader} schema does not match with the {writer} schema"
        ),
        Rule::AvroTypeMismatch => format!(
            "The type (path '{path}') of a field in the {reader} schema does not match with the {writer} schema"
        ),
        Rule::AvroNameMismatch => format!("The name of the schema has changed (path '{path}')"),
        Rule::AvroMissingEnumSymbols => format!(
            "The {reader} schema is missing enum symbols '{detail}' at path '{path}' in the {writer} schema"
        ),
        Rule::AvroMissingUnionBranch => format!(
            "The {reader} schema is missing a type inside a union field at path '{path}' in the {writer} schema"
        ),
        Rule::AvroReaderFieldMissingDefault => format!(
            "The field '{detail}' at path '{path}' in the {reader} schema has no default value and is missing in the {writer} schema"
        ),
        // Protobuf and JSON have words of their own, an ambiguous alias none but its detail.
        _ => detail.to_owned(),
    }
}
