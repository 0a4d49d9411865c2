//! Avro.

use levada_schema_core::SchemaType::Avro;

use super::{Case, Task, list, nested, reference};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "avro: arrays 10,000 deep",
        expected: "TooLarge",
        task: || Task::parse(Avro, nested(10_000, r#"{"type":"array","items":"#, "\"int\"", "}")),
    },
    Case {
        name: "avro: a million open brackets",
        expected: "TooLarge",
        task: || Task::parse(Avro, "[".repeat(1_000_000)),
    },
    Case {
        name: "avro: a string of 1 MB that never ends",
        expected: "Syntax",
        task: || Task::parse(Avro, format!("\"{}", "x".repeat(1_000_000))),
    },
    Case {
        name: "avro: half a million comments, the last one open",
        expected: "Syntax",
        task: || Task::parse(Avro, format!("{}/*", "//\n".repeat(340_000))),
    },
    Case {
        name: "avro: default 1e999999999",
        expected: "TooLarge",
        task: || Task::parse(Avro, record("R", &default_field("double", "1e999999999"))),
    },
    Case {
        name: "avro: default of a million digits",
        expected: "TooLarge",
        task: || Task::parse(Avro, record("R", &default_field("long", &"9".repeat(1_000_000)))),
    },
    Case {
        name: "avro: text above 1 MiB",
        expected: "TooLarge",
        task: || Task::parse(Avro, " ".repeat((1 << 20) + 1)),
    },
    Case {
        name: "avro: union of 10,000 records",
        expected: "TooLarge",
        task: || Task::parse(Avro, union(10_000, |_| String::new())),
    },
    Case {
        name: "avro: union of 1,000 records against its like",
        expected: "too complex",
        task: || {
            let wide = |name: &str| union(1_000, |i| field(&format!("{name}{i}"), "\"int\""));
            Task::compare(Avro, wide("a"), wide("b"))
        },
    },
    Case {
        name: "avro: enum of 49,000 symbols",
        expected: "TooLarge",
        task: || Task::parse(Avro, symbols(49_000, "S")),
    },
    Case {
        name: "avro: enum of 10,000 symbols against others",
        expected: "incompatible",
        task: || Task::compare(Avro, symbols(10_000, "S"), symbols(10_000, "T")),
    },
    Case {
        name: "avro: name of 1 MB",
        expected: "parsed",
        task: || Task::parse(Avro, record(&"n".repeat(1_000_000), "")),
    },
    Case {
        name: "avro: unknown type of 1 MB",
        expected: "UnresolvedName",
        task: || Task::parse(Avro, format!("\"{}\"", "n".repeat(1_000_000))),
    },
    Case {
        name: "avro: 10,000 types in a namespace of 500 kB",
        expected: "TooLarge",
        task: || {
            let types = list(10_000, |i| field(&format!("f{i}"), &fixed(i)));
            let text = record("R", &types);
            let space = format!("{{\"namespace\":\"{}\",", "n".repeat(500_000));
            Task::parse(Avro, text.replacen('{', &space, 1))
        },
    },
    Case {
        name: "avro: 30,000 aliases in a namespace of 500 kB",
        expected: "TooLarge",
        task: || {
            let aliases = list(30_000, |i| format!("\"A{i}\""));
            let head =
                format!("{{\"namespace\":\"{}\",\"aliases\":[{aliases}],", "n".repeat(500_000));
            Task::parse(Avro, record("R", "").replacen('{', &head, 1))
        },
    },
    Case {
        name: "avro: a type that normal text moves into a namespace of 500 kB, used 5,000 times",
        expected: "TooLarge",
        task: || {
            let moved = record("A", "").replacen('{', "{\"namespace\":\"\",", 1);
            let uses = record("C", &list(5_000, |i| field(&format!("f{i}"), "\"A\"")));
            let uses = uses.replacen('{', "{\"namespace\":\"c\",", 1);
            let text = record("R", &[field("a", &moved), field("c", &uses)].join(","));
            let space = format!("{{\"namespace\":\"{}\",", "n".repeat(500_000));
            Task::parse(Avro, text.replacen('{', &space, 1))
        },
    },
    Case {
        name: "avro: one record defined 5,000 times",
        expected: "parsed",
        task: || {
            let fields = |i| field(&format!("f{i}"), &record("Same", &field("x", "\"int\"")));
            Task::parse(Avro, record("R", &list(5_000, fields)))
        },
    },
    Case {
        name: "avro: definitions that double inside each other",
        expected: "parsed",
        task: || {
            let twice = (0..12).fold("\"int\"".to_owned(), |inner, i| {
                let fields = [field("a", &inner), field("b", &inner)].join(",");
                record(&format!("R{i}"), &fields)
            });
            Task::parse(Avro, twice)
        },
    },
    Case {
        name: "avro: 30,000 aliases of a record",
        expected: "compatible",
        task: || {
            let aliases = list(30_000, |i| format!("\"A{i}\""));
            let text = record("R", "").replacen('{', &format!("{{\"aliases\":[{aliases}],"), 1);
            Task::compare(Avro, text.clone(), text)
        },
    },
    Case {
        name: "avro: 5,000 fields, each an alias of the next",
        expected: "incompatible",
        task: || {
            let aliased = list(5_000, |i| {
                format!("{{\"name\":\"f{i}\",\"type\":\"int\",\"aliases\":[\"f{}\"]}}", i + 1)
            });
            let plain = list(5_000, |i| field(&format!("f{i}"), "\"int\""));
            Task::compare(Avro, record("R", &aliased), record("R", &plain))
        },
    },
    Case {
        name: "avro: records that double 64 times, alike",
        expected: "compatible",
        task: || Task::compare(Avro, doubling(64, "\"int\""), doubling(64, "\"int\"")),
    },
    Case {
        name: "avro: records that double 64 times, different",
        expected: "too complex",
        task: || Task::compare(Avro, doubling(64, "\"int\""), doubling(64, "\"string\"")),
    },
    Case {
        name: "avro: defaults that double 64 times",
        expected: "TooLarge",
        task: || {
            let fields = |i: usize| match i {
                0 => default_field("int", "0"),
                _ => list(2, |side| {
                    let inner = i - 1;
                    format!("{{\"name\":\"f{side}\",\"type\":\"R{inner}\",\"default\":{{}}}}")
                }),
            };
            Task::parse(Avro, union(64, fields))
        },
    },
    Case {
        name: "avro: a chain of 900 records from the last to the first",
        expected: "TooLarge",
        task: || {
            let next = |i: usize| match i {
                899 => field("f", "\"int\""),
                _ => field("f", &format!("\"R{}\"", i + 1)),
            };
            Task::parse(Avro, union(900, next))
        },
    },
    Case {
        name: "avro: references that double 30 times",
        expected: "parsed",
        task: || {
            let references = (0..30).map(|i| {
                let inner = if i == 0 { "\"int\"".to_owned() } else { format!("\"R{}\"", i - 1) };
                let fields = [field("a", &inner), field("b", &inner)].join(",");
                reference(&format!("R{i}"), record(&format!("R{i}"), &fields))
            });
            Task::Parse(Avro, record("Top", &field("f", "\"R29\"")), references.collect())
        },
    },
    Case {
        name: "avro: cycles of 97 and of 101 records",
        expected: "incompatible",
        task: || {
            let cycle = |length| {
                let next = |i| field("next", &format!("\"R{}\"", (i + 1) % length));
                record("Top", &field("u", &union(length, next)))
            };
            Task::compare(Avro, cycle(97), cycle(101))
        },
    },
];

fn record(name: &str, fields: &str) -> String {
    format!(r#"{{"type":"record","name":"{name}","fields":[{fields}]}}"#)
}

fn field(name: &str, field_type: &str) -> String {
    format!(r#"{{"name":"{name}","type":{field_type}}}"#)
}

fn default_field(field_type: &str, default: &str) -> String {
    format!(r#"{{"name":"f","type":"{field_type}","default":{default}}}"#)
}

/// A union of records, each with the fields that `fields` gives it by its number.
fn union(count: usize, fields: impl Fn(usize) -> String) -> String {
    format!("[{}]", list(count, |i| record(&format!("R{i}"), &fields(i))))
}

fn fixed(number: usize) -> String {
    format!(r#"{{"type":"fixed","name":"F{number}","size":1}}"#)
}

fn symbols(count: usize, prefix: &str) -> String {
    let symbols = list(count, |i| format!("\"{prefix}{i}\""));
    format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]}}"#)
}

/// Records of which each holds the one before twice.
fn doubling(count: usize, innermost: &str) -> String {
    let all = union(count, |i| match i {
        0 => field("a", innermost),
        _ => list(2, |side| field(&format!("f{side}"), &format!("\"R{}\"", i - 1))),
    });
    let top = field("top", &format!("\"R{}\"", count - 1));
    record("Top", &[field("all", &all), top].join(","))
}
