//! Texts in, texts and verdicts out: what the vectors do not show.

use crate::{
    CompatibilityLevel, Limits, Location, ParseError, RawSchema, Reference, ResolvedReference,
    Schema, SchemaType, Validation, check_version,
};

fn parse_with(
    text: &str,
    references: &[ResolvedReference],
    validation: Validation,
) -> Result<Schema, ParseError> {
    let raw = RawSchema { schema_type: SchemaType::Avro, text, references };
    Schema::parse(raw, validation, &Limits::default())
}

fn parsed(text: &str) -> Schema {
    parse_with(text, &[], Validation::New).expect(text)
}

fn refused(text: &str) -> String {
    parse_with(text, &[], Validation::New).map(|_| ()).expect_err(text).to_string()
}

fn reference(name: &str, text: &str) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: name.to_owned(), version: 1 };
    ResolvedReference { reference, text: text.to_owned() }
}

fn canonical(text: &str) -> String {
    parsed(text).canonical().to_owned()
}

const MONEY: &str = r#"{"type":"record","name":"Money","namespace":"pay","fields":[
    {"name":"unit","type":{"type":"enum","name":"Unit","symbols":["EUR","USD"]}}]}"#;

#[test]
fn referenced_root_stays_a_name_and_what_it_defines_inside_is_written_out() {
    let text = r#"{"type":"record","name":"Bill","namespace":"pay","fields":[
        {"name":"unit","type":"Unit"},{"name":"sum","type":"Money"}]}"#;
    let schema =
        parse_with(text, &[reference("pay.Money", MONEY)], Validation::New).expect("valid");
    assert_eq!(
        schema.canonical(),
        r#"{"type":"record","name":"Bill","namespace":"pay","fields":[{"name":"unit","type":{"type":"enum","name":"Unit","symbols":["EUR","USD"]}},{"name":"sum","type":"Money"}]}"#
    );
    assert_eq!(
        schema.resolved(),
        r#"{"type":"record","name":"Bill","namespace":"pay","fields":[{"name":"unit","type":{"type":"enum","name":"Unit","symbols":["EUR","USD"]}},{"name":"sum","type":{"type":"record","name":"Money","fields":[{"name":"unit","type":"Unit"}]}}]}"#
    );
}

#[test]
fn error_in_a_reference_names_the_reference() {
    let broken = reference("pay.Money", "{");
    let error =
        parse_with("\"pay.Money\"", &[broken], Validation::New).map(|_| ()).expect_err("broken");
    assert_eq!(
        error.to_string(),
        "in reference \"pay.Money\": expected a member name in double quotes, found the end of the text (line 1, column 2)"
    );
}

#[test]
fn name_may_be_used_before_its_definition_and_is_defined_at_its_first_use() {
    let text = r#"{"type":"record","name":"n.A","fields":[{"name":"x","type":["null","B"]},
        {"name":"y","type":{"type":"record","name":"B","fields":[]}}]}"#;
    assert_eq!(
        canonical(text),
        r#"{"type":"record","name":"A","namespace":"n","fields":[{"name":"x","type":["null",{"type":"record","name":"B","fields":[]}]},{"name":"y","type":"B"}]}"#
    );
}

#[test]
fn type_attribute_may_hold_the_name_of_a_type() {
    let text =
        r#"{"type":"record","name":"A","fields":[{"name":"x","type":["null",{"type":"A"}]}]}"#;
    assert_eq!(
        canonical(text),
        r#"{"type":"record","name":"A","fields":[{"name":"x","type":["null","A"]}]}"#
    );
}

#[test]
fn name_defined_twice_alike_is_fine_and_differently_is_not() {
    let twice = |second: &str| {
        format!(
            r#"{{"type":"record","name":"A","fields":[
            {{"name":"x","type":{{"type":"fixed","name":"F","size":1}}}},
            {{"name":"y","type":{{"type":"fixed","name":"F","size":{second}}}}}]}}"#
        )
    };
    assert_eq!(
        canonical(&twice("1")),
        r#"{"type":"record","name":"A","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":1}},{"name":"y","type":"F"}]}"#
    );
    assert_eq!(refused(&twice("2")), "F is already defined, and differently (line 3, column 32)");
}

#[test]
fn aliases_and_names_are_written_relative_to_their_namespace() {
    let text = r#"{"type":"record","name":"n.A","aliases":["n.Old","m.Old","Plain",".Top","n.map"],
        "fields":[{"name":"x","type":{"type":"fixed","name":"n.int","size":1}},{"name":"y","type":"n.int"}]}"#;
    assert_eq!(
        canonical(text),
        r#"{"type":"record","name":"A","namespace":"n","fields":[{"name":"x","type":{"type":"fixed","name":"int","size":1}},{"name":"y","type":"n.int"}],"aliases":["Old","m.Old","Plain","Top","n.map"]}"#
    );
}

#[test]
fn normal_form_moves_a_type_of_the_null_namespace_unless_its_name_is_taken() {
    let nested = |other: &str| {
        parsed(&format!(
            r#"{{"type":"record","name":"n.A","fields":[{{"name":"x","type":{{"type":"fixed","name":"F","namespace":"","size":1}}}}{other}]}}"#
        ))
        .normalized()
    };
    assert_eq!(
        nested(""),
        r#"{"type":"record","name":"A","namespace":"n","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":1}}]}"#
    );
    assert_eq!(
        nested(
            r#",{"name":"y","type":{"type":"fixed","name":"n.F","size":1}},{"name":"z","type":"n.F"}"#
        ),
        r#"{"type":"record","name":"A","namespace":"n","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":1}},{"name":"y","type":"F"},{"name":"z","type":"F"}]}"#
    );
    assert_eq!(
        nested(r#",{"name":"y","type":{"type":"fixed","name":"n.F","size":2}}"#),
        r#"{"type":"record","name":"A","namespace":"n","fields":[{"name":"x","type":{"type":"fixed","name":"F","namespace":"","size":1}},{"name":"y","type":{"type":"fixed","name":"F","size":2}}]}"#
    );
}

#[test]
fn a_type_that_moves_into_a_namespace_takes_its_aliases_along() {
    let text = r#"{"type":"record","name":"n.A","fields":[{"name":"x","type":{"type":"fixed","name":"F","namespace":"","size":1,"aliases":["n.G","G","m.G","H"]}}]}"#;
    assert_eq!(
        parsed(text).normalized(),
        r#"{"type":"record","name":"A","namespace":"n","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":1,"aliases":["G","H","m.G"]}}]}"#
    );
}

#[test]
fn normal_form_puts_a_logical_type_first_unless_a_java_class_disables_it() {
    let normal = |props: &str| parsed(&format!(r#"{{"type":"string",{props}}}"#)).normalized();
    let sorted = |first: &str, last: &str| format!(r#"{{"type":"string",{first},{last}}}"#);
    let uuid = r#""logicalType":"uuid""#;
    for class in ["avro.java.string", "java-class", "java-element-class", "java-key-class"] {
        let chosen = format!(r#""{class}":"C""#);
        assert_eq!(normal(&format!("{uuid},{chosen}")), sorted(&chosen, uuid));
        let other = format!(r#""{class}":1"#);
        assert_eq!(normal(&format!("{other},{uuid}")), sorted(uuid, &other));
    }
    assert_eq!(normal(&format!(r#""a":"C",{uuid}"#)), sorted(uuid, r#""a":"C""#));
}

#[test]
fn normal_form_spells_defaults_by_their_type() {
    let field = |field_type: &str, default: &str| {
        let text = format!(
            r#"{{"type":"record","name":"A","fields":[{{"name":"x","type":{field_type},"default":{default}}}]}}"#
        );
        let normal = parsed(&text).normalized();
        let (_, default) = normal.split_once("\"default\":").expect("a default");
        default.strip_suffix("}]}").expect("the end of the record").to_owned()
    };
    for (field_type, default, want) in [
        ("\"double\"", "1", "1.0"),
        ("\"double\"", "\" -1.5f \"", "-1.5"),
        ("\"float\"", "16777217", "1.6777216E7"),
        ("\"double\"", "\"-Infinity\"", "\"-Infinity\""),
        ("[\"double\",\"null\"]", "2", "2.0"),
        ("[\"null\",\"double\"]", "null", "null"),
        ("[\"null\",{\"type\":\"map\",\"values\":\"double\"}]", "{\"b\":1}", "{\"b\":1}"),
        ("\"bytes\"", "\"ÿ世\"", "\"ÿ?\""),
        (r#"{"type":"map","values":"float"}"#, r#"{"b":1,"a":0.1}"#, r#"{"a":0.1,"b":1.0}"#),
        (r#"{"type":"array","items":["int","double"]}"#, "[1,1.5]", "[1,1.5]"),
    ] {
        assert_eq!(field(field_type, default), want, "{field_type} {default}");
    }
}

#[test]
fn equivalence_ignores_the_order_of_properties_and_aliases_alone() {
    let base = r#"{"type":"record","name":"A","doc":"d","aliases":["B","C"],"p":1,"q":{"r":1,"s":2},"fields":[]}"#;
    for (text, want) in [
        (
            r#"{"q":{"s":2,"r":1},"p":1,"type":"record","name":"A","doc":"d","aliases":["C","B"],"fields":[]}"#,
            true,
        ),
        (
            r#"{"type":"error","name":"A","doc":"d","aliases":["B","C"],"p":1,"q":{"r":1,"s":2},"fields":[]}"#,
            true,
        ),
        (
            r#"{"type":"record","name":"A","doc":"e","aliases":["B","C"],"p":1,"q":{"r":1,"s":2},"fields":[]}"#,
            false,
        ),
        (
            r#"{"type":"record","name":"A","doc":"d","aliases":["B"],"p":1,"q":{"r":1,"s":2},"fields":[]}"#,
            false,
        ),
        (
            r#"{"type":"record","name":"A","doc":"d","aliases":["B","C"],"p":1.0,"q":{"r":1,"s":2},"fields":[]}"#,
            false,
        ),
    ] {
        assert_eq!(parsed(base).is_equivalent(&parsed(text)), want, "{text}");
    }
}

#[test]
fn normal_form_loses_a_default_that_the_first_branch_of_a_union_cannot_hold() {
    for (field_type, default) in [
        ("[\"null\",\"string\"]", "\"x\""),
        ("[\"int\",\"double\"]", "1.5"),
        ("\"double\"", "12345678901234567890"),
    ] {
        let text = format!(
            r#"{{"type":"record","name":"A","fields":[{{"name":"x","type":{field_type},"default":{default}}}]}}"#
        );
        let normal = format!(
            r#"{{"type":"record","name":"A","fields":[{{"name":"x","type":{field_type}}}]}}"#
        );
        assert_eq!(parsed(&text).normalized(), normal);
    }
}

#[test]
fn properties_of_records_and_containers_hold_no_integers_beyond_64_bits() {
    for text in [
        r#"{"type":"array","items":"int","p":9223372036854775808}"#,
        r#"{"type":"map","values":"int","p":{"a":[1,-9223372036854775809]}}"#,
        r#"["int",{"type":"record","name":"R","fields":[],"p":[9223372036854775808]}]"#,
    ] {
        assert!(refused(text).contains("does not fit 64 bits"), "{text}");
    }
    for text in [
        r#"{"type":"int","p":9223372036854775808}"#,
        r#"{"type":"array","items":"int","p":-9223372036854775808}"#,
        r#"{"type":"array","items":"int","p":1e400,"doc":9223372036854775808}"#,
    ] {
        parsed(text);
    }
}

#[test]
fn stored_schemas_pass_with_defaults_and_namespaces_that_a_new_one_must_not_have() {
    for text in [
        r#"{"type":"record","name":"A","fields":[{"name":"x","type":"int","default":"no"}]}"#,
        r#"{"type":"record","name":"A","namespace":"a-b","fields":[]}"#,
        r#"{"type":"record","name":"Ré","fields":[]}"#,
    ] {
        assert!(parse_with(text, &[], Validation::New).is_err(), "{text}");
        let stored = parse_with(text, &[], Validation::Stored).expect(text);
        assert_eq!(stored.canonical(), text);
    }
}

#[test]
fn default_object_for_a_type_defined_later_is_judged_at_the_end() {
    let record = |default: &str, second: &str| {
        format!(
            r#"{{"type":"record","name":"A","fields":[{{"name":"x","type":"B","default":{default}}},
            {{"name":"y","type":{{"type":"record","name":"B","fields":[{second}]}}}}]}}"#
        )
    };
    assert!(parse_with(&record("{}", ""), &[], Validation::New).is_ok());
    assert_eq!(
        refused(&record("{}", r#"{"name":"z","type":"int"}"#)),
        "default {} of field \"x\" does not fit its type (record) (line 1, column 72)"
    );
    assert_eq!(
        refused(&record("{}", r#"{"name":"z","type":["null","A"],"default":null}"#)),
        "a default must not be given for B, which contains the field's own record (line 1, column 72)"
    );
}

#[test]
fn findings_carry_their_places_in_both_texts() {
    let reader = parsed(
        "{\"type\": \"record\", \"name\": \"A\", \"fields\": [\n  {\"name\": \"x\", \"type\": \"int\"}]}",
    );
    let writer = parsed(
        "{\"type\": \"record\", \"name\": \"A\", \"fields\": [\n\n    {\"name\": \"x\", \"type\": \"string\"}]}",
    );
    let report = check_version(CompatibilityLevel::Backward, &reader, &writer, &Limits::default())
        .expect("a verdict");
    let places: Vec<_> = report
        .incompatibilities
        .iter()
        .map(|found| (found.reader_location, found.writer_location))
        .collect();
    let at = |line, column| Some(Location { line, column });
    assert_eq!(places, vec![(at(2, 25), at(3, 27))]);
}
