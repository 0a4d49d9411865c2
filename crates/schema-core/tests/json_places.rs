//! Where the differences of JSON schemas stand: at the keyword, property or item they are about.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use levada_schema_core::{
    CompatibilityLevel, Limits, Location, RawSchema, Reference, ResolvedReference, Rule, Schema,
    SchemaType, Validation, check_version,
};

const DRAFT_07: &str = "http://json-schema.org/draft-07/schema#";
const DRAFT_2020: &str = "https://json-schema.org/draft/2020-12/schema";

type Place = Option<(usize, usize)>;

fn parse(text: &str, references: &[ResolvedReference]) -> Schema {
    let raw = RawSchema { schema_type: SchemaType::Json, text, references };
    Schema::parse(raw, Validation::New, &Limits::default()).expect("a valid schema")
}

/// Rule, reader's place, writer's place. Each keyword stands on a line of its own: the schemas
/// are given by lines, and line 1 names the dialect.
fn places(
    dialect: &str,
    new: &[&str],
    old: &[&str],
    references: &[ResolvedReference],
) -> Vec<(&'static str, Place, Place)> {
    let text = |lines: &[&str]| format!("{{\"$schema\":\"{dialect}\",\n{}\n}}", lines.join("\n"));
    let (new, old) = (parse(&text(new), references), parse(&text(old), references));
    let report = check_version(CompatibilityLevel::Backward, &new, &old, &Limits::default());
    let place = |at: Option<Location>| at.map(|at| (at.line, at.column));
    let found = report.expect("a verdict").incompatibilities;
    found
        .into_iter()
        .map(|found| {
            let Rule::Json(rule) = found.rule else { unreachable!("JSON schemas") };
            (rule.as_str(), place(found.reader_location), place(found.writer_location))
        })
        .collect()
}

#[test]
fn a_limit_is_told_at_its_keyword_and_where_it_is_missing_at_the_schema() {
    for dialect in [DRAFT_07, DRAFT_2020] {
        let old = [
            "\"properties\": {",
            " \"a\": {\"type\":\"string\"},",
            " \"b\": {",
            "  \"maximum\":9}}",
        ];
        let new = [
            "\"properties\": {",
            " \"a\": {",
            "   \"maxLength\":1},",
            " \"b\": {\"title\":\"t\", \"maximum\":8}}",
        ];
        assert_eq!(
            places(dialect, &new, &old, &[]),
            [
                ("MAX_LENGTH_ADDED", Some((4, 4)), Some((3, 7))),
                ("MAXIMUM_DECREASED", Some((5, 21)), Some((5, 3))),
            ],
            "{dialect}"
        );
    }
}

#[test]
fn properties_and_required_names_are_told_at_their_own_places() {
    for dialect in [DRAFT_07, DRAFT_2020] {
        let old = ["\"type\":\"object\",", "\"properties\": {", " \"a/b\": {\"type\":\"string\"}}"];
        let new = [
            "\"properties\": {",
            " \"c\": {\"type\":\"null\"},",
            " \"a/b\": {\"type\":\"string\"}},",
            "\"required\": [\"a/b\"]",
        ];
        assert_eq!(
            places(dialect, &new, &old, &[]),
            [
                ("REQUIRED_ATTRIBUTE_ADDED", Some((5, 1)), Some((4, 2))),
                ("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", Some((3, 2)), Some((1, 1))),
            ],
            "{dialect}"
        );
    }
}

#[test]
fn types_and_combinations_are_told_at_their_keywords() {
    for dialect in [DRAFT_07, DRAFT_2020] {
        let old = [
            "\"properties\": {",
            " \"a\": {\"title\":\"\",",
            "  \"type\":\"string\"},",
            " \"b\": {",
            "  \"oneOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}}",
        ];
        let new = [
            "\"properties\": {",
            " \"a\": {\"type\":\"null\"},",
            " \"b\": {",
            "  \"oneOf\":[{\"type\":\"string\"}]}}",
        ];
        assert_eq!(
            places(dialect, &new, &old, &[]),
            [
                ("TYPE_CHANGED", Some((3, 8)), Some((4, 3))),
                ("SUM_TYPE_NARROWED", Some((5, 3)), Some((6, 3))),
            ],
            "{dialect}"
        );
    }
}

#[test]
fn a_part_of_several_in_one_schema_is_told_inside_that_schema() {
    for dialect in [DRAFT_07, DRAFT_2020] {
        let old = ["\"type\":\"string\",", "\"not\":{\"minLength\":2}"];
        let new = ["\"type\":\"integer\",", "\"not\":{\"minLength\":2}"];
        assert_eq!(
            places(dialect, &new, &old, &[]),
            [("COMBINED_TYPE_SUBSCHEMAS_CHANGED", Some((1, 1)), Some((1, 1)))],
            "{dialect}"
        );
    }
}

#[test]
fn positions_and_what_stands_behind_them_are_told_in_either_spelling() {
    let places_of = |dialect: &str, positions: &str, rest: &str| {
        let old = [format!("\"{positions}\": [{{\"type\":\"string\"}}]")];
        let new = [
            format!("\"{positions}\": [{{\"type\":\"string\"}},"),
            " {\"type\":\"null\"}],".to_owned(),
            format!("\"{rest}\": false"),
        ];
        let lines =
            |texts: &[String]| texts.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        places(dialect, &[&lines(&new)], &[&lines(&old)], &[])
    };
    let expected = [
        ("ITEM_ADDED_TO_OPEN_CONTENT_MODEL", Some((3, 2)), Some((1, 1))),
        ("ADDITIONAL_ITEMS_REMOVED", Some((4, 1)), Some((1, 1))),
    ];
    assert_eq!(places_of(DRAFT_07, "items", "additionalItems"), expected);
    assert_eq!(places_of(DRAFT_2020, "prefixItems", "items"), expected);
}

#[test]
fn what_a_reference_defines_has_no_place_in_the_text() {
    for dialect in [DRAFT_07, DRAFT_2020] {
        let reference = |text: &str| {
            let reference =
                Reference { name: "r.json".to_owned(), subject: "r".to_owned(), version: 1 };
            [ResolvedReference { reference, text: text.to_owned() }]
        };
        let user = format!(
            "{{\"$schema\":\"{dialect}\",\n\"properties\":{{\"a\":{{\"$ref\":\"r.json\"}}}}}}"
        );
        let old = parse(&user, &reference("{\"type\":\"string\"}"));
        let new = parse(&user, &reference("{\"type\":\"string\",\"maxLength\":3}"));
        let report = check_version(CompatibilityLevel::Backward, &new, &old, &Limits::default());
        let found = report.expect("a verdict").incompatibilities;
        let places: Vec<_> =
            found.iter().map(|found| (found.reader_location, found.writer_location)).collect();
        assert_eq!(places, [(None, None)], "{dialect}");
    }
}
