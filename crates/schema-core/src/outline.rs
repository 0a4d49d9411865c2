//! What a schema text defines for others and which references it needs, seen without them.

use crate::{Limits, ParseError, SchemaType, avro, json, protobuf};

/// The names by which a schema text is tied to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Names by which others may refer to it, wherever it lies: the full names of Avro types, the
    /// `$id` of a JSON schema. A Protobuf file is known by its path alone.
    pub defines: Vec<String>,
    /// What it refers to and does not have itself, each once, in the order of the text.
    pub needs: Vec<Need>,
    /// The name of its main type: of the Avro type at its root, the first Protobuf message, or the
    /// title of a JSON schema.
    pub main: Option<String>,
}

/// Something a schema refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The name that the reference must have.
    pub name: String,
    /// As the text says it: a full name for Avro, an import path, a relative or absolute address.
    pub written: String,
}

impl Outline {
    /// Reads the outline of `text`, which need not be a valid schema yet but must be well-formed.
    ///
    /// `known_as` is the name under which another schema refers to it; `None` for a schema of its
    /// own. The addresses in a JSON schema are relative to it.
    pub fn read(
        schema_type: SchemaType,
        text: &str,
        known_as: Option<&str>,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        match schema_type {
            SchemaType::Avro => avro::outline(text, limits),
            SchemaType::Json => json::outline(text, known_as, limits),
            SchemaType::Protobuf => protobuf::outline(text, limits),
        }
    }

    pub(crate) fn need(&mut self, name: &str, written: &str) {
        if !self.needs.iter().any(|need| need.name == name) {
            self.needs.push(Need { name: name.to_owned(), written: written.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(schema_type: SchemaType, text: &str, known_as: Option<&str>) -> Outline {
        Outline::read(schema_type, text, known_as, &Limits::default()).unwrap()
    }

    fn needs(outline: &Outline) -> Vec<(&str, &str)> {
        outline.needs.iter().map(|need| (need.name.as_str(), need.written.as_str())).collect()
    }

    #[test]
    fn avro_types_that_nothing_defines_are_needed_by_their_full_names() {
        let text = r#"{"type":"record","name":"a.Order","fields":[
            {"name":"to","type":["null","Address"]},
            {"name":"by","type":{"type":"array","items":"b.Person"}},
            {"name":"then","type":"Address"},
            {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["int"]}},
            {"name":"was","type":{"type":"map","values":"Kind"}},
            {"name":"next","type":["null",{"type":"Order"}]}]}"#;
        let found = outline(SchemaType::Avro, text, None);
        assert_eq!(needs(&found), [("a.Address", "a.Address"), ("b.Person", "b.Person")]);
        assert_eq!(found.defines, ["a.Order", "a.Kind"]);
        assert_eq!(found.main.as_deref(), Some("a.Order"));
        assert_eq!(needs(&outline(SchemaType::Avro, "\"x.Y\"", None)), [("x.Y", "x.Y")]);
    }

    #[test]
    fn protobuf_imports_are_needed_but_for_the_well_known_files() {
        let text = "syntax = \"proto3\"; package p;\nimport \"a/b.proto\";\n\
                    import public \"c.proto\";\nimport \"google/protobuf/timestamp.proto\";\n\
                    message M { a.B b = 1; }";
        let found = outline(SchemaType::Protobuf, text, None);
        assert_eq!(needs(&found), [("a/b.proto", "a/b.proto"), ("c.proto", "c.proto")]);
        assert_eq!(found.main.as_deref(), Some("p.M"));
    }

    #[test]
    fn json_documents_are_needed_by_the_address_that_they_have_for_the_referrer() {
        let text = r##"{"$id":"http://x/order.json","title":"Order","properties":{
            "a":{"$ref":"address.json#/definitions/a"},"b":{"$ref":"#/definitions/b"},
            "c":{"$ref":"address.json"},"d":{"$ref":"http://y/d.json"},
            "e":{"$ref":"http://x/order.json#/definitions/b"}},
            "definitions":{"b":{"type":"string"}}}"##;
        let found = outline(SchemaType::Json, text, None);
        let expected = [("address.json", "address.json"), ("http://y/d.json", "http://y/d.json")];
        assert_eq!(needs(&found), expected);
        assert_eq!(found.defines, ["http://x/order.json"]);
        assert_eq!(found.main.as_deref(), Some("Order"));
        let inner = outline(SchemaType::Json, r#"{"items":{"$ref":"b.json"}}"#, Some("c/a.json"));
        assert_eq!(needs(&inner), [("c/b.json", "b.json")]);
    }
}
