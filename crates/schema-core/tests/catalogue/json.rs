//! JSON Schema.

use levada_schema_core::SchemaType::Json;
use serde_json::json;

use super::{Case, Task, list, nested, reference};

const OLD: &str = "http://json-schema.org/draft-07/schema#";
const NEW: &str = "https://json-schema.org/draft/2020-12/schema";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "json: arrays 10,000 deep",
        expected: "TooLarge",
        task: || Task::parse(Json, format!("{{\"default\":{}}}", nested(10_000, "[", "", "]"))),
    },
    Case {
        name: "json: objects 10,000 deep",
        expected: "TooLarge",
        task: || Task::parse(Json, nested(10_000, r#"{"not":"#, "{}", "}")),
    },
    Case {
        name: "json: a string of 1 MB that never ends",
        expected: "Syntax",
        task: || Task::parse(Json, format!("{{\"{}", "\\u0041".repeat(170_000))),
    },
    Case {
        name: "json: maximum 1e999999999",
        expected: "TooLarge",
        task: || Task::parse(Json, r#"{"maximum":1e999999999}"#),
    },
    Case {
        name: "json: maximum of a million digits",
        expected: "TooLarge",
        task: || Task::parse(Json, format!("{{\"maximum\":{}}}", "9".repeat(1_000_000))),
    },
    Case {
        name: "json: bounds as far apart as numbers may be",
        expected: "incompatible",
        task: || {
            let bound = |number: &str| format!("{{\"type\":\"number\",\"maximum\":{number}}}");
            Task::compare(Json, bound("1e-9999"), bound("1e9999"))
        },
    },
    Case {
        name: "json: enum of 49,000 members",
        expected: "TooLarge",
        task: || Task::parse(Json, format!("{{\"enum\":[{}]}}", list(49_000, |i| i.to_string()))),
    },
    Case {
        name: "json: oneOf of 10,000 members",
        expected: "TooLarge",
        task: || Task::parse(Json, format!("{{\"oneOf\":[{}]}}", list(10_000, |_| "{}".into()))),
    },
    Case {
        name: "json: oneOf of 1,000 constants against others",
        expected: "incompatible",
        task: || Task::compare(Json, constants("oneOf", 1_000, 0), constants("oneOf", 1_000, 1)),
    },
    Case {
        name: "json: oneOf of 1,000 objects against others",
        expected: "too complex",
        task: || Task::compare(Json, objects(1_000, 0), objects(1_000, 1_000)),
    },
    Case {
        name: "json: oneOf of 100 enums of 400 against others",
        expected: "too complex",
        task: || Task::compare(Json, enums(100, 400, 0), enums(100, 400, 1)),
    },
    Case {
        name: "json: oneOf of 900 multiples of 1,000 digits against others",
        expected: "too complex",
        task: || Task::compare(Json, multiples(900, '1'), multiples(900, '3')),
    },
    Case {
        name: "json: anyOf of 200 constants against others",
        expected: "incompatible",
        task: || Task::compare(Json, constants("anyOf", 200, 0), constants("anyOf", 200, 1)),
    },
    Case {
        name: "json: property name of 1 MB",
        expected: "parsed",
        task: || {
            let name = "n".repeat(1_000_000);
            Task::parse(Json, format!("{{\"properties\":{{\"{name}\":{{}}}}}}"))
        },
    },
    Case {
        name: "json: unknown $ref of 1 MB",
        expected: "UnresolvedName",
        task: || Task::parse(Json, format!("{{\"$ref\":\"#/{}\"}}", "n".repeat(1_000_000))),
    },
    Case {
        name: "json: 10,000 $refs against a base of 500 kB, draft 07",
        expected: "TooLarge",
        task: || Task::parse(Json, based(OLD)),
    },
    Case {
        name: "json: 10,000 $refs against a base of 500 kB, 2020-12",
        expected: "TooLarge",
        task: || Task::parse(Json, based(NEW)),
    },
    Case {
        name: "json: 5,000 differences in a property with a name of 500 kB",
        expected: "too complex",
        task: || {
            let text = |kind: &str| {
                let inner = list(5_000, |i| format!("\"p{i}\":{{\"type\":\"{kind}\"}}"));
                let name = "n".repeat(500_000);
                format!("{{\"properties\":{{\"{name}\":{{\"properties\":{{{inner}}}}}}}}}")
            };
            Task::compare(Json, text("string"), text("integer"))
        },
    },
    Case {
        name: "json: one member 100,000 times",
        expected: "TooLarge",
        task: || Task::parse(Json, format!("{{{}}}", list(100_000, |_| "\"a\":1".into()))),
    },
    Case {
        name: "json: $ref in a circle, draft 07",
        expected: "compatible",
        task: || Task::compare(Json, circle(OLD), circle(OLD)),
    },
    Case {
        name: "json: $ref in a circle, 2020-12",
        expected: "compatible",
        task: || Task::compare(Json, circle(NEW), circle(NEW)),
    },
    Case {
        name: "json: chain of 500 $refs, draft 07",
        expected: "incompatible",
        task: || {
            Task::compare(Json, chain(OLD, 500, "string", one), chain(OLD, 500, "integer", one))
        },
    },
    Case {
        name: "json: chain of 500 $refs, 2020-12",
        expected: "incompatible",
        task: || {
            Task::compare(Json, chain(NEW, 500, "string", one), chain(NEW, 500, "integer", one))
        },
    },
    Case {
        name: "json: properties that double 60 times, draft 07",
        expected: "too complex",
        task: || Task::compare(Json, chain(OLD, 60, "string", two), chain(OLD, 60, "integer", two)),
    },
    Case {
        name: "json: properties that double 60 times, 2020-12",
        expected: "too complex",
        task: || Task::compare(Json, chain(NEW, 60, "string", two), chain(NEW, 60, "integer", two)),
    },
    Case {
        name: "json: allOf that doubles 60 times, draft 07",
        expected: "incompatible",
        task: || Task::compare(Json, chain(OLD, 60, "string", all), chain(OLD, 60, "integer", all)),
    },
    Case {
        name: "json: allOf that doubles 60 times, 2020-12",
        expected: "incompatible",
        task: || Task::compare(Json, chain(NEW, 60, "string", all), chain(NEW, 60, "integer", all)),
    },
    Case {
        name: "json: allOf that doubles 60 times, validating",
        expected: "TooLarge",
        task: || Task::Validate(chain(NEW, 60, "string", all), "1".to_owned()),
    },
    Case {
        name: "json: recursive choices of 60 among 60",
        expected: "too complex",
        task: || Task::compare(Json, choice(60, "integer"), choice(60, "number")),
    },
    Case {
        name: "json: 100 definitions, each referring to all, draft 07",
        expected: "too complex",
        task: || Task::compare(Json, bundle(OLD, "string"), bundle(OLD, "integer")),
    },
    Case {
        name: "json: 100 definitions, each referring to all, 2020-12",
        expected: "TooLarge",
        task: || Task::compare(Json, bundle(NEW, "string"), bundle(NEW, "integer")),
    },
    Case {
        name: "json: 12,000 properties that become required",
        expected: "incompatible",
        task: || {
            let properties = list(12_000, |i| format!("\"p{i}\":{{}}"));
            let required = list(12_000, |i| format!("\"p{}\"", 11_999 - i));
            let old = format!("{{\"properties\":{{{properties}}}}}");
            let new = format!("{{\"properties\":{{{properties}}},\"required\":[{required}]}}");
            Task::compare(Json, new, old)
        },
    },
    Case {
        name: "json: 10,000 properties and 10,000 $refs to their schema",
        expected: "TooLarge",
        task: || {
            let names = list(10_000, |i| format!("\"p{i}\":{{}}"));
            let links = list(10_000, |i| format!("\"r{i}\":{{\"$ref\":\"#/$defs/A\"}}"));
            let nested = list(100, |i| {
                format!(
                    "\"D{i}\":{{\"properties\":{{\"a\":{{\"$ref\":\"#/$defs/A\"}},\"d\":{{\"$ref\":\"#/$defs/D{}\"}}}}}}",
                    i + 1
                )
            });
            Task::parse(
                Json,
                format!(
                    "{{\"$schema\":\"{NEW}\",\"properties\":{{{links}}},\"$defs\":{{{nested},\"D100\":{{}},\"A\":{{\"properties\":{{{names}}}}}}}}}"
                ),
            )
        },
    },
    Case {
        name: "json: $ref to the metadata address of a cloud",
        expected: "UnresolvedName",
        task: || Task::parse(Json, r#"{"$ref":"http://169.254.169.254/latest/meta-data"}"#),
    },
    Case {
        name: "json: $ref to a file",
        expected: "UnresolvedName",
        task: || Task::parse(Json, r#"{"$ref":"file:///etc/passwd"}"#),
    },
    Case {
        name: "json: $ref into an archive",
        expected: "UnresolvedName",
        task: || Task::parse(Json, r#"{"$ref":"jar:file:///a.jar!/schema.json"}"#),
    },
    Case {
        name: "json: references that double 30 times",
        expected: "parsed",
        task: || {
            let references = (0..30).map(|i| {
                let inner = if i == 0 { "#".to_owned() } else { format!("r{}", i - 1) };
                let both = list(2, |side| format!("\"p{side}\":{{\"$ref\":\"{inner}\"}}"));
                reference(&format!("r{i}"), format!("{{\"properties\":{{{both}}}}}"))
            });
            Task::Parse(Json, r#"{"$ref":"r29"}"#.to_owned(), references.collect())
        },
    },
    Case {
        name: "json: 1,000 references, 8 MB in all",
        expected: "TooLarge",
        task: || {
            let pad = format!("{{\"enum\":[{}]}}", list(2_000, |i| i.to_string()));
            let references = (0..1_000).map(|i| reference(&format!("r{i}"), pad.clone()));
            Task::Parse(Json, r#"{"$ref":"r1"}"#.to_owned(), references.collect())
        },
    },
    Case {
        name: "json: pattern of 100,000 open groups",
        expected: "Invalid",
        task: || Task::parse(Json, json!({"pattern": "(".repeat(100_000)}).to_string()),
    },
    Case {
        name: "json: pattern of 60,000 named groups",
        expected: "parsed",
        task: || {
            let groups: String = (0..60_000).map(|i| format!("(?<n{i}>a)")).collect();
            Task::parse(Json, json!({"pattern": groups}).to_string())
        },
    },
    Case {
        name: "json: pattern of 150,000 character properties",
        expected: "parsed",
        task: || Task::parse(Json, json!({"pattern": r"\p{L}".repeat(150_000)}).to_string()),
    },
    Case {
        name: "json: pattern property (a+)+ against a long name",
        expected: "incompatible",
        task: || covering("^(a+)+$", &format!("{}b", "a".repeat(100_000))),
    },
    Case {
        name: "json: pattern property with counted repetitions",
        expected: "pattern",
        task: || covering("((a{1000}){1000}){1000}", "a"),
    },
    Case {
        name: "json: pattern property with a back reference",
        expected: "pattern",
        task: || covering(r"^(a|a?)+\1b$", &"a".repeat(60)),
    },
    Case {
        name: "json: pattern property with look-around",
        expected: "incompatible",
        task: || covering("^(?=(a+)+$)(?!(a|b)+c)(a|aa)+x", &"a".repeat(60)),
    },
    Case {
        name: "json: 1,000 patterns of 500 counted repetitions",
        expected: "pattern",
        task: || {
            let patterns = list(1_000, |i| format!("\"^[a-z]{{500}}x{i}$\":{{}}"));
            many_patterns(&patterns)
        },
    },
    Case {
        name: "json: 1,000 patterns with back references, 1,000 names",
        expected: "pattern",
        task: || {
            let patterns = list(1_000, |i| format!("\"^(a|a?)+\\\\1b{i}$\":{{}}"));
            many_patterns(&patterns)
        },
    },
    Case {
        name: "json: validating with (a+)+",
        expected: "invalid",
        task: || {
            let schema = json!({"pattern": "^(a+)+$"}).to_string();
            Task::Validate(schema, format!("\"{}b\"", "a".repeat(100_000)))
        },
    },
    Case {
        name: "json: validating with counted repetitions",
        expected: "TooLarge",
        task: || {
            let schema = json!({"pattern": "((a{1000}){1000}){1000}"}).to_string();
            Task::Validate(schema, "\"a\"".to_owned())
        },
    },
    Case {
        name: "json: validating with a back reference",
        expected: "Invalid",
        task: || {
            let schema = json!({"pattern": r"^(a|a?)+\1b$"}).to_string();
            Task::Validate(schema, format!("\"{}\"", "a".repeat(60)))
        },
    },
    Case {
        name: "json: validating with 500 patterns of 500 repetitions",
        expected: "TooLarge",
        task: || {
            let patterns = list(500, |i| format!("\"^[a-z]{{500}}x{i}$\":{{}}"));
            let schema = format!("{{\"patternProperties\":{{{patterns}}}}}");
            Task::Validate(schema, "{}".to_owned())
        },
    },
];

/// Schemas that a value must match one or any of.
fn constants(keyword: &str, count: usize, first: usize) -> String {
    format!("{{\"{keyword}\":[{}]}}", list(count, |i| format!("{{\"const\":{}}}", i + first)))
}

fn objects(count: usize, first: usize) -> String {
    let member = |i| format!(r#"{{"properties":{{"p{0}":{{}}}},"required":["p{0}"]}}"#, i + first);
    format!("{{\"oneOf\":[{}]}}", list(count, member))
}

/// Enums that are equal but for their last symbol.
fn enums(count: usize, symbols: usize, first: usize) -> String {
    let shared = list(symbols, |i| format!("\"a{i}\""));
    let member = |i| format!("{{\"enum\":[{shared},\"z{}\"]}}", i + first * count);
    format!("{{\"oneOf\":[{}]}}", list(count, member))
}

fn multiples(count: usize, digit: char) -> String {
    let digits = digit.to_string().repeat(990);
    let member = |i| format!("{{\"type\":\"number\",\"multipleOf\":0.{digits}{i:04}}}");
    format!("{{\"oneOf\":[{}]}}", list(count, member))
}

fn based(dialect: &str) -> String {
    let id = format!("http://host/{}/", "n".repeat(500_000));
    let properties = list(10_000, |i| format!("\"p{i}\":{{\"$ref\":\"#/definitions/A{i}\"}}"));
    let definitions = list(10_000, |i| format!("\"A{i}\":{{}}"));
    format!(
        "{{\"$schema\":\"{dialect}\",\"$id\":\"{id}\",\"properties\":{{{properties}}},\"definitions\":{{{definitions}}}}}"
    )
}

fn circle(dialect: &str) -> String {
    json!({"$schema": dialect, "$ref": "#/$defs/A", "$defs": {
        "A": {"$ref": "#/$defs/B"}, "B": {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#"}]},
    }})
    .to_string()
}

/// Definitions of which each is made by `body` from the name of the next.
fn chain(dialect: &str, count: usize, last: &str, body: fn(&str) -> String) -> String {
    let links = list(count, |i| format!("\"D{i}\":{}", body(&format!("#/$defs/D{}", i + 1))));
    format!(
        r##"{{"$schema":"{dialect}","$ref":"#/$defs/D0","$defs":{{{links},"D{count}":{{"type":"{last}"}}}}}}"##
    )
}

fn one(next: &str) -> String {
    format!("{{\"properties\":{{\"n\":{{\"$ref\":\"{next}\"}}}}}}")
}

fn two(next: &str) -> String {
    let both = list(2, |side| format!("\"p{side}\":{{\"$ref\":\"{next}\"}}"));
    format!("{{\"type\":\"object\",\"properties\":{{{both}}}}}")
}

fn all(next: &str) -> String {
    format!("{{\"allOf\":[{{\"$ref\":\"{next}\"}},{{\"$ref\":\"{next}\"}}]}}")
}

/// Objects of which each may hold any of them all.
fn choice(count: usize, leaf: &str) -> String {
    let members = list(count, |i| format!("{{\"$ref\":\"#/definitions/T{i}\"}}"));
    let definitions = list(count, |i| {
        format!(
            r#""T{i}":{{"type":"object","properties":{{"k":{{"const":{i}}},"v":{{"type":"{leaf}"}},"n":{{"oneOf":[{members}]}}}},"additionalProperties":false}}"#
        )
    });
    format!("{{\"oneOf\":[{members}],\"definitions\":{{{definitions}}}}}")
}

fn bundle(dialect: &str, leaf: &str) -> String {
    let all = list(100, |i| format!("\"p{i}\":{{\"$ref\":\"#/definitions/T{i}\"}}"));
    let definitions = list(100, |i| {
        format!("\"T{i}\":{{\"properties\":{{\"v\":{{\"type\":\"{leaf}\"}},{all}}}}}")
    });
    format!(
        r##"{{"$schema":"{dialect}","$ref":"#/definitions/T0","definitions":{{{definitions}}}}}"##
    )
}

/// A property that only the pattern can cover.
fn covering(pattern: &str, name: &str) -> Task {
    let covering = json!({"type": "object", "additionalProperties": false,
        "patternProperties": {pattern: {"type": "string"}}});
    let property = json!({"type": "object", "additionalProperties": false,
        "properties": {name: {"type": "string"}}});
    Task::compare(Json, property.to_string(), covering.to_string())
}

fn many_patterns(patterns: &str) -> Task {
    let names = list(1_000, |i| format!("\"{}{i}\":{{}}", "a".repeat(60)));
    let closed = "\"type\":\"object\",\"additionalProperties\":false";
    Task::compare(
        Json,
        format!("{{{closed},\"properties\":{{{names}}}}}"),
        format!("{{{closed},\"patternProperties\":{{{patterns}}}}}"),
    )
}
