//! JSON schemas of growing size, one as a team would write it, and shapes that tempt a comparison
//! into looking at the same thing again and again.

use std::fmt::Write as _;

use levada_schema_core::SchemaType;

use super::{Pair, Version, reference};

pub(crate) fn pairs() -> Vec<Pair> {
    let mut pairs: Vec<Pair> = [10, 100, 1_000].map(flat).into();
    pairs.extend([nested(6, 8), references(50), realistic()]);
    pairs
}

fn pair(name: impl Into<String>, fields: usize, old: Version, new: Version) -> Pair {
    Pair { schema_type: SchemaType::Json, name: name.into(), old, new, fields }
}

/// Property number `index`; the types take turns.
fn property(index: usize) -> String {
    let rules = match index % 10 {
        0 => r#""type":"string","minLength":1,"maxLength":200"#,
        1 => r#""type":"integer","minimum":0"#,
        2 => r#""type":["string","null"],"default":null"#,
        3 => r#""type":"string","format":"date-time""#,
        4 => r#""type":"array","items":{"type":"string"},"uniqueItems":true"#,
        5 => r#""type":"object","additionalProperties":{"type":"integer"}"#,
        6 => r#""type":"number","multipleOf":0.01,"maximum":1000000"#,
        7 => r#""type":"string","enum":["NEW","OPEN","DONE"]"#,
        8 => r#""oneOf":[{"type":"null"},{"type":"integer"},{"type":"boolean"}]"#,
        _ => r#""type":"string","pattern":"^[a-z][a-z0-9-]{2,40}$""#,
    };
    format!(
        r#""property_{index}":{{"description":"What property {index} of the object holds.",{rules}}}"#
    )
}

/// An object schema that takes nothing but its properties, the first of which is required.
fn object(properties: &[String]) -> String {
    format!(
        r#"{{"type":"object","additionalProperties":false,"required":["property_0"],"properties":{{{}}}}}"#,
        properties.join(",\n  ")
    )
}

const ADDED: &str = r#""added":{"type":"string"}"#;

pub(crate) fn flat(count: usize) -> Pair {
    let mut properties: Vec<String> = (0..count - 1).map(property).collect();
    let old = Version::of(object(&properties));
    properties.push(ADDED.to_owned());
    pair(format!("{count} fields"), count, old, Version::of(object(&properties)))
}

fn nested(levels: usize, width: usize) -> Pair {
    let text = |added: Option<&str>| {
        let mut inner: Option<String> = added.map(str::to_owned);
        let mut text = String::new();
        for _ in 0..levels {
            let mut properties: Vec<String> = (0..width).map(property).collect();
            properties.extend(inner.take());
            text = object(&properties);
            inner = Some(format!(r#""inner":{text}"#));
        }
        text
    };
    let (old, new) = (Version::of(text(None)), Version::of(text(Some(ADDED))));
    pair(format!("{levels} levels of {width} fields"), levels * (width + 1), old, new)
}

/// An object whose properties are what it finds in as many other files, which know each other.
pub(crate) fn references(count: usize) -> Pair {
    let width = 5;
    let version = |added: Option<&str>| {
        let referenced = |at: usize| {
            let mut properties: Vec<String> = (0..width).map(property).collect();
            let next = (at * 7 + 1) % count;
            properties.push(format!(r#""next":{{"$ref":"part_{next}.json"}}"#));
            reference(&format!("part_{at}.json"), 1, object(&properties))
        };
        let mut properties: Vec<String> = (0..count)
            .map(|at| format!(r#""property_{at}":{{"$ref":"part_{at}.json"}}"#))
            .collect();
        properties.extend(added.map(str::to_owned));
        Version { text: object(&properties), references: (0..count).map(referenced).collect() }
    };
    let fields = count * (width + 2) + 1;
    pair(format!("{count} references"), fields, version(None), version(Some(ADDED)))
}

/// One file whose definitions each refer to three others.
pub(crate) fn bundle(count: usize) -> Pair {
    let text = |added: &str| {
        let mut definitions = String::new();
        for at in 0..count {
            let separator = if at == 0 { "" } else { ",\n" };
            let to = [at * 3 + 1, at * 5 + 2, at * 7 + 3].map(|to| to % count);
            // Writing to a string cannot fail.
            let _ = write!(
                definitions,
                r##"{separator}"d{at}":{{"type":"object","additionalProperties":false,"properties":{{{},
                "a":{{"$ref":"#/definitions/d{}"}},"b":{{"$ref":"#/definitions/d{}"}},
                "c":{{"type":"array","items":{{"$ref":"#/definitions/d{}"}}}}{added}}}}}"##,
                property(at),
                to[0],
                to[1],
                to[2],
            );
        }
        format!(
            r##"{{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/d0",
            "definitions":{{{definitions}}}}}"##
        )
    };
    let added = format!(",{ADDED}");
    let (old, new) = (Version::of(text("")), Version::of(text(&added)));
    pair(format!("{count} definitions"), count * 5, old, new)
}

/// A tree whose nodes are one of `count` kinds, each with children of all kinds.
pub(crate) fn recursive_choice(count: usize) -> Pair {
    let text = |added: &str| {
        let kinds: Vec<String> = (0..count)
            .map(|at| {
                format!(
                    r##"{{"type":"object","required":["kind"],"additionalProperties":false,
                    "properties":{{"kind":{{"const":"k{at}"}},"left":{{"$ref":"#/definitions/node"}},
                    "right":{{"$ref":"#/definitions/node"}},"all":{{"type":"array",
                    "items":{{"$ref":"#/definitions/node"}}}}{added}}}}}"##
                )
            })
            .collect();
        format!(
            r##"{{"$ref":"#/definitions/node","definitions":{{"node":{{"oneOf":[{}]}}}}}}"##,
            kinds.join(",")
        )
    };
    let added = format!(",{ADDED}");
    let (old, new) = (Version::of(text("")), Version::of(text(&added)));
    pair(format!("recursive choice of {count}"), count * 5, old, new)
}

fn realistic() -> Pair {
    let version = |engines: &str, added: &str| {
        Version::of(PIPELINE.replace("@ENGINES@", engines).replace("@ADDED@", added))
    };
    let old = version("", "");
    let new = version(
        r#", "windows""#,
        r#", "compression": {"type": "integer", "minimum": 0, "maximum": 9, "default": 5,
           "description": "How hard to compress the archive: 0 not at all, 9 as small as can be."}"#,
    );
    pair("realistic", 67, old, new)
}

const PIPELINE: &str = include_str!("pipeline.json.txt");
