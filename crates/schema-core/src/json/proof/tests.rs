//! What is proven of pairs of schemas, and what must not be.

use crate::NoneExists::{ReaderTakesAll, WriterAllowsNothing};
use crate::json::JsonSchema;
use crate::{JsonRule, Limits, NoneExists};

const STEPS: usize = 10_000;

fn schema(text: &str) -> JsonSchema {
    JsonSchema::parse(text, &[], &Limits::default()).expect(text)
}

/// What is proven of whole schemas at the root.
fn proven(writer: &str, reader: &str, steps: usize) -> Option<NoneExists> {
    let (writer, reader, limits) = (schema(writer), schema(reader), Limits::default());
    let about = (JsonRule::TypeChanged, None);
    super::none_exists((&writer, &reader), about, "", (&limits, steps))
}

fn check(cases: &[(&str, &str, Option<NoneExists>)]) {
    for (writer, reader, expected) in cases {
        assert_eq!(proven(writer, reader, STEPS), *expected, "{writer} read as {reader}");
    }
}

#[test]
fn numbers_go_by_their_bounds_and_multiples() {
    let all = Some(ReaderTakesAll);
    check(&[
        (r#"{"type":"integer","minimum":1.1}"#, r#"{"type":"number","minimum":2}"#, all),
        (r#"{"type":"number","minimum":1.1}"#, r#"{"type":"number","minimum":2}"#, None),
        (r#"{"type":"number","exclusiveMaximum":5}"#, r#"{"type":"number","maximum":5}"#, all),
        (r#"{"type":"number","maximum":5}"#, r#"{"type":"number","exclusiveMaximum":5}"#, None),
        (r#"{"type":"integer","multipleOf":6}"#, r#"{"type":"integer","multipleOf":3}"#, all),
        (r#"{"type":"integer","multipleOf":3}"#, r#"{"type":"integer","multipleOf":6}"#, None),
        (
            r#"{"type":"integer","exclusiveMinimum":6,"maximum":11,"multipleOf":6}"#,
            r#"{"type":"null"}"#,
            Some(WriterAllowsNothing),
        ),
    ]);
}

#[test]
fn combinations_go_by_their_cases() {
    let all = Some(ReaderTakesAll);
    check(&[
        (r#"{"type":["string","null"]}"#, r#"{"anyOf":[{"type":"null"},{"type":"string"}]}"#, all),
        (r#"{"type":["string","null"]}"#, r#"{"oneOf":[{"type":"null"},{"type":"string"}]}"#, all),
        (r#"{"type":"string"}"#, r#"{"oneOf":[{"type":"string"},{"minLength":2}]}"#, None),
        (r#"{"type":"boolean"}"#, r#"{"not":{"type":["string","number","null"]}}"#, all),
        (r#"{"type":"boolean"}"#, r#"{"not":{"enum":[true]}}"#, None),
        (r#"{"enum":["a",1]}"#, r#"{"type":["string","integer"],"maxLength":1}"#, all),
        (r#"{"enum":["a",1,"bb"]}"#, r#"{"type":["string","integer"],"maxLength":1}"#, None),
        (r#"{"type":"string"}"#, r#"{"if":{"type":"number"},"then":{"minimum":5}}"#, all),
        (r#"{"type":"number"}"#, r#"{"if":{"type":"number"},"then":{"minimum":5}}"#, None),
        (
            r#"{"allOf":[{"type":"string"},{"type":"integer"}]}"#,
            r#"{"type":"null"}"#,
            Some(WriterAllowsNothing),
        ),
    ]);
}

#[test]
fn objects_go_by_what_their_properties_can_be() {
    let all = Some(ReaderTakesAll);
    let open = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    let closed =
        r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#;
    check(&[
        (closed, open, all),
        (open, closed, None),
        (closed, r#"{"type":"object","additionalProperties":{"type":"string"}}"#, all),
        (closed, r#"{"type":"object","maxProperties":1}"#, all),
        (closed, r#"{"type":"object","propertyNames":{"maxLength":1}}"#, all),
        (closed, r#"{"type":"object","patternProperties":{"^b":false}}"#, all),
        (closed, r#"{"type":"object","dependencies":{"b":["c"]}}"#, all),
        (closed, r#"{"type":"object","dependencies":{"a":["c"]}}"#, None),
        (
            r#"{"type":"object","required":["a"],"dependencies":{"a":["b"]}}"#,
            r#"{"type":"object","required":["b"]}"#,
            all,
        ),
        (
            r#"{"type":"object","required":["b"],"properties":{"a":{}},"additionalProperties":false}"#,
            r#"{"type":"null"}"#,
            Some(WriterAllowsNothing),
        ),
    ]);
}

#[test]
fn arrays_go_by_what_their_items_can_be() {
    let all = Some(ReaderTakesAll);
    check(&[
        (
            r#"{"type":"array","items":[{"type":"string"}],"additionalItems":false}"#,
            r#"{"type":"array","items":{"type":"string"},"maxItems":1,"uniqueItems":true}"#,
            all,
        ),
        (
            r#"{"type":"array","items":[{"type":"string"}]}"#,
            r#"{"type":"array","items":{"type":"string"}}"#,
            None,
        ),
        (
            r#"{"type":"array","items":{"type":"string"},"minItems":1}"#,
            r#"{"type":"array","contains":{"type":"string"}}"#,
            all,
        ),
        (
            r#"{"type":"array","items":{"type":"string"},"contains":{"type":"null"}}"#,
            r#"{"type":"null"}"#,
            Some(WriterAllowsNothing),
        ),
    ]);
}

#[test]
fn keywords_mean_what_they_do_in_their_dialect() {
    let dialect =
        |name: &str, rules: &str| format!(r#"{{"$schema":"{name}","type":"array",{rules}}}"#);
    let first = |name: &str| {
        let (writer, reader) =
            (dialect(name, r#""minItems":0"#), dialect(name, r#""prefixItems":[{"type":"null"}]"#));
        proven(&writer, &reader, STEPS)
    };
    assert_eq!(first("https://json-schema.org/draft/2020-12/schema"), None);
    assert_eq!(first("https://json-schema.org/draft/2019-09/schema"), Some(ReaderTakesAll));
    // 1.0 is an integer since draft 06.
    let whole = |name: &str| format!(r#"{{"$schema":"{name}","type":"integer"}}"#);
    let [old, new] =
        ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-06/schema#"]
            .map(whole);
    assert_eq!(proven(&old, &new, STEPS), Some(ReaderTakesAll));
    assert_eq!(proven(&new, &old, STEPS), None);
}

#[test]
fn schemas_that_lead_back_to_themselves_are_met_by_induction() {
    let list = |value: &str| {
        format!(
            r##"{{"type":"object","properties":{{"next":{{"$ref":"#"}},"v":{{"type":"{value}"}}}}}}"##
        )
    };
    let endless = r##"{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]}"##;
    check(&[
        (&list("integer"), &list("number"), Some(ReaderTakesAll)),
        (&list("number"), &list("integer"), None),
        (endless, r#"{"type":"null"}"#, Some(WriterAllowsNothing)),
    ]);
}

#[test]
fn schemas_that_judge_a_value_by_judging_it_prove_nothing() {
    let paradox = r##"{"type":"string","not":{"$ref":"#"}}"##;
    assert_eq!(proven(paradox, paradox, STEPS), None);
}

#[test]
fn what_passes_the_budget_is_not_known() {
    let (writer, reader) = (r#"{"enum":["a"]}"#, r#"{"const":"a"}"#);
    assert_eq!(proven(writer, reader, STEPS), Some(ReaderTakesAll));
    assert_eq!(proven(writer, reader, 1), None);
}

/// The place decides, not what is around it.
#[test]
fn a_place_is_proven_apart_from_the_rest() {
    let object = |inner: &str, required: &str| {
        schema(&format!(
            r#"{{"type":"object","properties":{{"a":{inner}}},"required":["{required}"]}}"#
        ))
    };
    let (writer, reader) = (object(r#"{"minLength":1}"#, "b"), object(r#"{"minLength":0}"#, "a"));
    let at = |rule, keywords, path| {
        let limits = Limits::default();
        super::none_exists((&writer, &reader), (rule, keywords), path, (&limits, STEPS))
    };
    let minimum: Option<&[&str]> = Some(&["minLength"]);
    let found = at(JsonRule::MinLengthAdded, minimum, "properties/a/minLength");
    assert_eq!(found, Some(ReaderTakesAll));
    assert_eq!(at(JsonRule::RequiredAttributeAdded, None, "required/a"), None);
}
