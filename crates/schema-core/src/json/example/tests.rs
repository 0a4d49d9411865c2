//! Each family of rules has an instance that shows it, unless none can.

use crate::json::JsonSchema;
use crate::{CompatibilityPolicy, CounterExample, Limits, NoneExists, Side};

/// What a search came to: a value with what the reader says to it, or what is known.
type Outcome = Result<(String, String), Option<NoneExists>>;

/// For each finding its rule and what shows it.
fn shown(writer: &str, reader: &str, limits: &Limits) -> Vec<(&'static str, Outcome)> {
    let parse = |text| JsonSchema::parse(text, &[], &Limits::default()).unwrap();
    let (reader, writer) = (parse(reader), parse(writer));
    let policy = CompatibilityPolicy::Strict;
    let found =
        crate::json::compare(&reader, &writer, Side::New, policy, &Limits::default()).unwrap();
    let shown = |found| {
        let outcome = match super::counter_example(&reader, &writer, &found, limits) {
            CounterExample::Value(example) => {
                assert_eq!(example.encoded, example.value.as_bytes());
                Ok((example.value, example.refusal))
            }
            CounterExample::NoneExists(reason) => Err(Some(reason)),
            CounterExample::NotFound => Err(None),
        };
        (found.rule.as_str(), outcome)
    };
    found.into_iter().map(shown).collect()
}

fn check(
    writer: &str,
    reader: &str,
    rule: &str,
    example: Result<(&str, &str), Option<NoneExists>>,
) {
    let shown = shown(writer, reader, &Limits::default());
    let example = example.map(|(value, refusal)| (value.to_owned(), refusal.to_owned()));
    let found = shown.iter().find(|(known, _)| *known == rule);
    assert_eq!(
        found.map(|(_, found)| found),
        Some(&example),
        "{writer} read as {reader}: {shown:?}"
    );
}

#[test]
fn limits_of_plain_values() {
    let cases = [
        (
            r#"{"type":"string","maxLength":4}"#,
            r#"{"type":"string","maxLength":2}"#,
            "MAX_LENGTH_DECREASED",
            r#""aaa""#,
            r#""aaa" is longer than 2 characters"#,
        ),
        (
            r#"{"type":"string"}"#,
            r#"{"type":"string","minLength":2}"#,
            "MIN_LENGTH_ADDED",
            r#""a""#,
            r#""a" is shorter than 2 characters"#,
        ),
        (
            r#"{"type":"string","pattern":"^[a-c]{2}$"}"#,
            r#"{"type":"string","pattern":"^a+$"}"#,
            "PATTERN_CHANGED",
            r#""bb""#,
            r#""bb" does not match "^a+$""#,
        ),
        (
            r#"{"type":"integer","maximum":9}"#,
            r#"{"type":"integer","maximum":7}"#,
            "MAXIMUM_DECREASED",
            "8",
            "8 is greater than the maximum of 7",
        ),
        (
            r#"{"type":"number","exclusiveMinimum":0.1}"#,
            r#"{"type":"number","exclusiveMinimum":0.2}"#,
            "EXCLUSIVE_MINIMUM_INCREASED",
            "0.2",
            "0.2 is less than or equal to the minimum of 0.2",
        ),
        (
            r#"{"type":"integer","multipleOf":3}"#,
            r#"{"type":"integer","multipleOf":6}"#,
            "MULTIPLE_OF_EXPANDED",
            "3",
            "3 is not a multiple of 6",
        ),
        (
            r#"{"enum":["x","y"]}"#,
            r#"{"enum":["x"]}"#,
            "ENUM_ARRAY_NARROWED",
            r#""y""#,
            r#""y" is not one of "x""#,
        ),
        (
            r#"{"type":"string"}"#,
            r#"{"type":"integer"}"#,
            "TYPE_CHANGED",
            r#""a""#,
            r#""a" is not of type "integer""#,
        ),
        (
            r#"{"type":"number"}"#,
            r#"{"type":"integer"}"#,
            "TYPE_NARROWED",
            "1.5",
            r#"1.5 is not of type "integer""#,
        ),
    ];
    for (writer, reader, rule, value, refusal) in cases {
        check(writer, reader, rule, Ok((value, refusal)));
    }
}

#[test]
fn objects_have_what_else_they_need_around_the_place() {
    let cases = [
        (
            r#"{"properties":{"a/b":{"properties":{"c":{"maxLength":3}},"required":["d"]}},"required":["e"]}"#,
            r#"{"properties":{"a/b":{"properties":{"c":{"maxLength":1}},"required":["d"]}},"required":["e"]}"#,
            "MAX_LENGTH_DECREASED",
            r#"{"a/b":{"c":"aa","d":"a"},"e":"a"}"#,
            r#"at '/a~1b/c': "aa" is longer than 1 character"#,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
            "REQUIRED_ATTRIBUTE_ADDED",
            "{}",
            r#""a" is a required property"#,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
            r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}}}"#,
            "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
            r#"{"b":"a"}"#,
            r#"at '/b': "a" is not of type "integer""#,
        ),
        (
            r#"{"type":"object"}"#,
            r#"{"type":"object","additionalProperties":false}"#,
            "ADDITIONAL_PROPERTIES_REMOVED",
            r#"{"extra":"a"}"#,
            r#"the schema allows nothing here, found "a""#,
        ),
        (
            r#"{"type":"object","maxProperties":3}"#,
            r#"{"type":"object","maxProperties":1}"#,
            "MAX_PROPERTIES_DECREASED",
            r#"{"extra":"a","x1":"a"}"#,
            r#"{"extra":"a","x1":"a"} has more than 1 property"#,
        ),
        (
            r#"{"type":"object"}"#,
            r#"{"type":"object","dependencies":{"a":["b"]}}"#,
            "DEPENDENCY_ARRAY_ADDED",
            r#"{"a":"a"}"#,
            r#""b" is a required property"#,
        ),
    ];
    for (writer, reader, rule, value, refusal) in cases {
        check(writer, reader, rule, Ok((value, refusal)));
    }
}

#[test]
fn arrays_have_items_up_to_the_place() {
    let modern = |rules: &str| {
        format!(
            "{{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"array\",{rules}}}"
        )
    };
    let cases = [
        (
            r#""prefixItems":[{"type":"null"},{"type":"string"}]"#,
            r#""prefixItems":[{"type":"null"},{"type":"boolean"}]"#,
            "TYPE_CHANGED",
            r#"[null,"a"]"#,
            r#"at '/1': "a" is not of type "boolean""#,
        ),
        (
            r#""contains":{"type":"null"},"minContains":2"#,
            r#""contains":{"type":"null"},"minContains":3"#,
            "MIN_CONTAINS_INCREASED",
            "[null,null]",
            "None of [null,null] are valid under the given schema",
        ),
        (
            r#""items":{"type":"integer"}"#,
            r#""items":{"type":"integer"},"uniqueItems":true"#,
            "UNIQUE_ITEMS_ADDED",
            "[1,1]",
            "[1,1] has non-unique elements",
        ),
        (
            r#""items":{"type":"boolean"},"minItems":1"#,
            r#""items":{"type":"boolean"},"minItems":2"#,
            "MIN_ITEMS_INCREASED",
            "[true]",
            "[true] has less than 2 items",
        ),
    ];
    for (writer, reader, rule, value, refusal) in cases {
        check(&modern(writer), &modern(reader), rule, Ok((value, refusal)));
    }
}

#[test]
fn combinations_are_searched_branch_by_branch() {
    let cases = [
        (
            r#"{"anyOf":[{"type":"string"},{"type":"integer"}]}"#,
            r#"{"anyOf":[{"type":"integer"}]}"#,
            "SUM_TYPE_NARROWED",
            r#""a""#,
            r#""a" is not valid under any of the schemas listed in the 'anyOf' keyword"#,
        ),
        // What two members of a oneOf accept, neither alone does.
        (
            r#"{"anyOf":[{"type":"integer"},{"type":"number","minimum":5}]}"#,
            r#"{"oneOf":[{"type":"integer"},{"type":"number","minimum":5}]}"#,
            "COMBINED_TYPE_CHANGED",
            "5",
            "5 is valid under more than one of the schemas listed in the 'oneOf' keyword",
        ),
        (
            r#"{"not":{"type":"string","minLength":3}}"#,
            r#"{"not":{"type":"string","minLength":2}}"#,
            "NOT_TYPE_EXTENDED",
            r#""aa""#,
            r#"{"type":"string","minLength":2} is not allowed for "aa""#,
        ),
        (
            r##"{"type":"object","properties":{"next":{"$ref":"#"},"v":{"type":"number"}},"additionalProperties":false}"##,
            r##"{"type":"object","properties":{"next":{"$ref":"#"},"v":{"type":"integer"}},"additionalProperties":false}"##,
            "TYPE_NARROWED",
            r#"{"next":{"next":{"v":1.5}}}"#,
            r#"at '/next/next/v': 1.5 is not of type "integer""#,
        ),
    ];
    for (writer, reader, rule, value, refusal) in cases {
        check(writer, reader, rule, Ok((value, refusal)));
    }
}

#[test]
fn what_no_instance_shows_says_why_if_that_is_proven() {
    use NoneExists::{ReaderTakesAll, WriterAllowsNothing};
    for (writer, reader, rule, reason) in [
        (
            r#"{"type":"string"}"#,
            r#"{"type":"string","minLength":0}"#,
            "MIN_LENGTH_ADDED",
            Some(ReaderTakesAll),
        ),
        (r#"{"enum":["a"]}"#, r#"{"const":"a"}"#, "TYPE_CHANGED", Some(ReaderTakesAll)),
        (
            r#"{"type":"integer","minimum":5,"maximum":2}"#,
            r#"{"type":"integer","minimum":6,"maximum":2}"#,
            "MINIMUM_INCREASED",
            Some(WriterAllowsNothing),
        ),
        // What is wrong at the root is no matter of the property.
        (
            r#"{"type":"object","properties":{"a":{"enum":["x"]}}}"#,
            r#"{"type":"object","properties":{"a":{"const":"x"}},"minProperties":1}"#,
            "TYPE_CHANGED",
            Some(ReaderTakesAll),
        ),
        // No linear search.
        (r#"{"type":"string"}"#, r#"{"type":"string","pattern":"(?=a)b"}"#, "PATTERN_ADDED", None),
    ] {
        check(writer, reader, rule, Err(reason));
    }
}

#[test]
fn the_search_ends_at_its_limits() {
    let writer = r#"{"type":"string","maxLength":4}"#;
    let reader = r#"{"type":"string","maxLength":2}"#;
    let limits = Limits { pairs_max: 0, ..Limits::default() };
    assert_eq!(shown(writer, reader, &limits), [("MAX_LENGTH_DECREASED", Err(None))]);
}

#[test]
fn schemas_that_double_at_each_level_end_the_search() {
    let level = |at: usize, most: usize| {
        let next = format!("{{\"$ref\":\"#/definitions/L{}\"}}", at + 1);
        let names: Vec<_> = (0..20).map(|name| format!("\"n{name}\":{next}")).collect();
        let names = names.join(",");
        format!(
            "\"L{at}\":{{\"type\":\"object\",\"properties\":{{{names}}},\"required\":[\"n0\",\"n1\"],
            \"anyOf\":[{next},{{\"maxProperties\":{most}}}]}}"
        )
    };
    let schema = |most: usize| {
        let levels: Vec<_> = (0..12).map(|at| level(at, most)).collect();
        let levels = levels.join(",");
        format!(
            "{{\"maxProperties\":{most},\"allOf\":[{{\"$ref\":\"#/definitions/L0\"}}],
            \"definitions\":{{{levels},\"L12\":{{\"type\":\"null\"}}}}}}"
        )
    };
    let shown = shown(&schema(9), &schema(8), &Limits::default());
    assert_eq!(shown, [("COMBINED_TYPE_SUBSCHEMAS_CHANGED", Err(None))]);
}
