//! Questions of style: what a valid schema had better do otherwise, before others depend on it.

use crate::{Limits, Location, ParseError, SchemaType, avro, json, protobuf};

/// Declares the rules of style from one table.
macro_rules! rules {
    ($($rule:ident $name:literal $default:literal $why:literal $fix:literal;)*) => {
        /// A rule of style.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum StyleRule {
            $($rule,)*
        }

        impl StyleRule {
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// Whether it counts where nobody chose rules.
            pub fn is_default(self) -> bool {
                match self { $(Self::$rule => $default,)* }
            }

            /// Why it is a rule, in one sentence.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$rule => $why,)* }
            }

            /// What to do, in one sentence.
            pub fn fix(self) -> &'static str {
                match self { $(Self::$rule => $fix,)* }
            }
        }
    };
}

rules! {
    AvroNamespaceMissing "AVRO_NAMESPACE_MISSING" true
        "A type without a namespace clashes with every other of its name, and generated code has no package."
        "Add \"namespace\" to the outermost type.";
    AvroTypeName "AVRO_TYPE_NAME" true
        "Generated classes take the names of types, and those start with a capital letter."
        "Name it in PascalCase; once it is in use, keep the old name among \"aliases\".";
    AvroFieldName "AVRO_FIELD_NAME" true
        "Field names that start with a capital letter or mix styles become odd members in generated code."
        "Name it in lower_snake_case or lowerCamelCase.";
    AvroOptionalWithoutDefault "AVRO_OPTIONAL_WITHOUT_DEFAULT" true
        "A field that may be null but has no default must be written, and cannot be added or removed later."
        "Put \"null\" first in the union and add \"default\": null.";
    AvroEnumWithoutDefault "AVRO_ENUM_WITHOUT_DEFAULT" false
        "A reader cannot read a symbol that is added later, unless its enum has a default."
        "Add \"default\" with one of the symbols to the enum.";
    AvroDocMissing "AVRO_DOC_MISSING" false
        "Nobody who reads the schema knows what the type or the field means."
        "Add \"doc\".";
    JsonDialectMissing "JSON_DIALECT_MISSING" true
        "Without \"$schema\" every tool takes a dialect of its own choice."
        "Add \"$schema\", for example \"http://json-schema.org/draft-07/schema#\".";
    JsonTypeMissing "JSON_TYPE_MISSING" true
        "A schema that does not say what it is takes any value, \"properties\" or not."
        "Add \"type\".";
    JsonDescriptionMissing "JSON_DESCRIPTION_MISSING" false
        "Nobody who reads the schema knows what the property means."
        "Add \"description\".";
    ProtobufPackageMissing "PROTOBUF_PACKAGE_MISSING" true
        "Names without a package clash with those of other files."
        "Add a package line; on a schema in use that would be a break.";
    ProtobufSyntaxMissing "PROTOBUF_SYNTAX_MISSING" true
        "Without a syntax line the file counts as proto2, which few mean."
        "Add syntax = \"proto3\"; or syntax = \"proto2\";";
    ProtobufMessageName "PROTOBUF_MESSAGE_NAME" true
        "Generated classes take the names of messages and enums, and those start with a capital letter."
        "Name it in PascalCase.";
    ProtobufFieldName "PROTOBUF_FIELD_NAME" true
        "The JSON name and the members of generated code are made from lower_snake_case."
        "Name it in lower_snake_case; the name is not on the wire, but it is in JSON.";
    ProtobufEnumZero "PROTOBUF_ENUM_ZERO" true
        "The value 0 is what a reader sees when nothing was written, or something it does not know."
        "Let the value 0 mean that: NAME_UNSPECIFIED = 0.";
}

/// A place that breaks a rule of style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StyleFinding {
    pub rule: StyleRule,
    /// The name of what it is about.
    pub name: String,
    pub location: Location,
}

impl StyleFinding {
    pub(crate) fn new(rule: StyleRule, name: impl Into<String>, location: Location) -> Self {
        Self { rule, name: name.into(), location }
    }
}

/// Everything in `text` that breaks a rule of style, in the order of the text.
pub fn style(
    schema_type: SchemaType,
    text: &str,
    limits: &Limits,
) -> Result<Vec<StyleFinding>, ParseError> {
    let mut found = match schema_type {
        SchemaType::Avro => avro::style(text, limits)?,
        SchemaType::Json => json::style(text, limits)?,
        SchemaType::Protobuf => protobuf::style(text, limits)?,
    };
    found.sort_by_key(|finding| (finding.location.line, finding.location.column));
    Ok(found)
}

/// Whether a name starts with a capital letter and has neither `_` nor `-`.
pub(crate) fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains(['_', '-'])
}

pub(crate) fn is_lower_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whether a name is in `lowerCamelCase`.
pub(crate) fn is_lower_camel(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains(['_', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(schema_type: SchemaType, text: &str) -> Vec<(&'static str, String, usize, usize)> {
        let found = style(schema_type, text, &Limits::default()).unwrap();
        found
            .into_iter()
            .map(|it| (it.rule.as_str(), it.name, it.location.line, it.location.column))
            .collect()
    }

    fn row(
        rule: &'static str,
        name: &str,
        line: usize,
        column: usize,
    ) -> (&'static str, String, usize, usize) {
        (rule, name.to_owned(), line, column)
    }

    #[test]
    fn avro_types_and_fields_are_judged_where_they_stand() {
        let text = r#"{"type":"record","name":"order","fields":[
{"name":"Id","doc":"d","type":"long"},
{"name":"a_b","doc":"d","type":["null","string"]},
{"name":"ok","doc":"d","type":["null","string"],"default":null},
{"name":"aB_c","doc":"d","type":{"type":"enum","name":"E","doc":"d","symbols":["A"]}}]}"#;
        assert_eq!(
            found(SchemaType::Avro, text),
            [
                row("AVRO_NAMESPACE_MISSING", "order", 1, 1),
                row("AVRO_TYPE_NAME", "order", 1, 1),
                row("AVRO_DOC_MISSING", "order", 1, 1),
                row("AVRO_FIELD_NAME", "Id", 2, 1),
                row("AVRO_OPTIONAL_WITHOUT_DEFAULT", "a_b", 3, 1),
                row("AVRO_FIELD_NAME", "aB_c", 5, 1),
                row("AVRO_ENUM_WITHOUT_DEFAULT", "E", 5, 33),
            ]
        );
        let good = r#"{"type":"record","name":"a.Order","doc":"d","fields":[]}"#;
        assert_eq!(found(SchemaType::Avro, good), []);
    }

    #[test]
    fn json_schemas_are_judged_where_they_stand() {
        let text =
            "{\"properties\":{\n\"a\":{\"type\":\"string\",\"description\":\"d\"},\n\"b\":{}}}";
        assert_eq!(
            found(SchemaType::Json, text),
            [
                row("JSON_DIALECT_MISSING", "the schema", 1, 1),
                row("JSON_TYPE_MISSING", "the schema", 1, 1),
                row("JSON_DESCRIPTION_MISSING", "b", 3, 5),
            ]
        );
    }

    #[test]
    fn protobuf_declarations_are_judged_where_they_stand() {
        let text = "message order {\n  optional int32 orderId = 1;\n  oneof a { int32 B = 2; }\n\
                    enum State { OPEN = 0; }\n}\nenum Good { GOOD_UNSPECIFIED = 0; }";
        assert_eq!(
            found(SchemaType::Protobuf, text),
            [
                row("PROTOBUF_PACKAGE_MISSING", "the file", 1, 1),
                row("PROTOBUF_SYNTAX_MISSING", "the file", 1, 1),
                row("PROTOBUF_MESSAGE_NAME", "order", 1, 1),
                row("PROTOBUF_FIELD_NAME", "orderId", 2, 3),
                row("PROTOBUF_FIELD_NAME", "B", 3, 13),
                row("PROTOBUF_ENUM_ZERO", "OPEN", 4, 1),
            ]
        );
    }
}
