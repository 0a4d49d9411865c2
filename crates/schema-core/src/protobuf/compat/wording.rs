//! The reference's message for each incompatible difference.

use crate::{Rule, Side};

pub(super) fn message(rule: Rule, path: &str, reader_side: Side) -> String {
    let (r, w) = (reader_side.as_str(), reader_side.other().as_str());
    let description = match rule {
        Rule::ProtobufPackageChanged => format!(
            "The package at '{path}' in the {r} schema does not match the package in the {w} schema"
        ),
        Rule::ProtobufMessageRemoved => {
            format!("The {r} schema is missing a MESSAGE type at path '{path}' in the {w} schema")
        }
        Rule::ProtobufFieldKindChanged => format!(
            "The type of a field at path '{path}' in the {r} schema does not match the {w} schema"
        ),
        Rule::ProtobufFieldScalarKindChanged => format!(
            "The kind of a SCALAR field at path '{path}' in the {r} schema does not match its kind \
             in the {w} schema"
        ),
        Rule::ProtobufFieldNamedTypeChanged => format!(
            "The type of a MESSAGE field at path '{path}' in the {r} schema does not match its \
             type in the {w} schema"
        ),
        Rule::ProtobufFieldNumericLabelChanged => format!(
            "The label for a NUMERIC field at path '{path}' in the {r} schema does not match its \
             label in the {w} schema"
        ),
        // The two blanks are the reference's.
        Rule::ProtobufRequiredFieldAdded => format!(
            "A required field  at path '{path}' in the {r} schema is missing in the {w} schema"
        ),
        Rule::ProtobufRequiredFieldRemoved => format!(
            "The {r} schema is missing a required field at path: '{path}' in the {w} schema"
        ),
        Rule::ProtobufOneofFieldRemoved => {
            format!("The {r} schema is missing a oneof field at path '{path}' in the {w} schema")
        }
        Rule::ProtobufMultipleFieldsMovedToOneof => format!(
            "Multiple fields in the oneof at path '{path}' in the {r} schema are outside a oneof \
             in the {w} schema"
        ),
        Rule::ProtobufFieldMovedToExistingOneof => format!(
            "A field in the oneof at path '{path}' in the {r} schema is outside an existing oneof \
             in the {w} schema"
        ),
        _ => String::new(),
    };
    format!("{{errorType:\"{}\", description:\"{description}\"}}", rule.as_str())
}
