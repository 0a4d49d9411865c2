//! Protobuf.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use levada_schema_core::ResolvedReference;
use levada_schema_core::SchemaType::Protobuf;

use super::{Case, Task, nested, reference};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "proto: messages 10,000 deep",
        expected: "TooLarge",
        task: || Task::parse(Protobuf, nested(10_000, "message A {", "", "}")),
    },
    Case {
        name: "proto: option values 10,000 deep",
        expected: "TooLarge",
        task: || Task::parse(Protobuf, format!("option a = {};", nested(10_000, "{a:", "1", "}"))),
    },
    Case {
        name: "proto: option names 10,000 long",
        expected: "TooLarge",
        task: || Task::parse(Protobuf, format!("option (a){} = 1;", ".b".repeat(10_000))),
    },
    Case {
        name: "proto: maps 10,000 deep",
        expected: "TooLarge",
        task: || proto3(&nested(10_000, "map<string, ", "int32", ">")),
    },
    Case {
        name: "proto: groups 10,000 deep",
        expected: "TooLarge",
        task: || {
            let groups = nested(10_000, "optional group G = 1 {", "", "}");
            Task::parse(Protobuf, format!("message A {{ {groups} }}"))
        },
    },
    Case {
        name: "proto: half a million open braces",
        expected: "TooLarge",
        task: || Task::parse(Protobuf, format!("option a = {}", "{a".repeat(500_000))),
    },
    Case {
        name: "proto: a string of 1 MB that never ends",
        expected: "Syntax",
        task: || Task::parse(Protobuf, format!("option a = \"{}", "\\x41".repeat(250_000))),
    },
    Case {
        name: "proto: a million lines",
        expected: "Syntax",
        task: || Task::parse(Protobuf, format!("{}x", "\n".repeat(1_000_000))),
    },
    Case {
        name: "proto: a comment that never ends",
        expected: "Syntax",
        task: || Task::parse(Protobuf, format!("/*{}", "*".repeat(1_000_000))),
    },
    Case {
        name: "proto: field number of a million digits",
        expected: "Syntax",
        task: || proto3(&format!("int32 a = {};", "9".repeat(1_000_000))),
    },
    Case {
        name: "proto: enum of 40,000 constants",
        expected: "TooLarge",
        task: || {
            let constants: String = (0..40_000).map(|i| format!("C{i}={i};")).collect();
            Task::parse(Protobuf, format!("enum E {{{constants}}}"))
        },
    },
    Case {
        name: "proto: oneof of 20,000 fields",
        expected: "TooLarge",
        task: || {
            let fields: String = (1..20_000).map(|i| format!("int32 f{i} = {i};")).collect();
            proto3(&format!("oneof o {{ {fields} }}"))
        },
    },
    Case {
        name: "proto: 30,000 fields against fields of another kind",
        expected: "too complex",
        task: || Task::compare(Protobuf, fields("int32", 30_000), fields("string", 30_000)),
    },
    Case {
        name: "proto: 10,000 fields against fields of another kind",
        expected: "incompatible",
        task: || Task::compare(Protobuf, fields("int32", 10_000), fields("string", 10_000)),
    },
    Case {
        name: "proto: name of 1 MB",
        expected: "parsed",
        task: || Task::parse(Protobuf, format!("message {} {{}}", "n".repeat(1_000_000))),
    },
    Case {
        name: "proto: unknown type of 1 MB",
        expected: "UnresolvedName",
        task: || proto3(&format!("{} a = 1;", "n".repeat(1_000_000))),
    },
    Case {
        name: "proto: type name of half a million parts",
        expected: "UnresolvedName",
        task: || proto3(&format!("a{} a = 1;", ".b".repeat(500_000))),
    },
    Case {
        name: "proto: package of half a million parts",
        expected: "TooLarge",
        task: || Task::parse(Protobuf, format!("package a{};", ".b".repeat(500_000))),
    },
    Case {
        name: "proto: 10,000 messages in a package of 500 kB",
        expected: "TooLarge",
        task: || {
            let messages: String = (0..10_000).map(|i| format!("message M{i} {{}}")).collect();
            Task::parse(Protobuf, format!("package {}; {messages}", "p".repeat(500_000)))
        },
    },
    Case {
        name: "proto: 20,000 fields of a type in a package of 500 kB",
        expected: "TooLarge",
        task: || {
            let fields: String = (1..20_000).map(|i| format!("M f{i} = {i};")).collect();
            let package = "p".repeat(500_000);
            let text = format!("syntax = \"proto3\"; package {package}; message M {{ {fields} }}");
            Task::parse(Protobuf, text)
        },
    },
    Case {
        name: "proto: 20,000 differences in a message with a name of 500 kB",
        expected: "too complex",
        task: || {
            let text = |kind: &str| {
                let fields: String = (1..20_000).map(|i| format!("{kind} f{i}={i};")).collect();
                format!("syntax = \"proto3\"; message {} {{ {fields} }}", "n".repeat(500_000))
            };
            Task::compare(Protobuf, text("int32"), text("string"))
        },
    },
    Case {
        name: "proto: one message 30,000 times",
        expected: "Syntax",
        task: || Task::parse(Protobuf, "message A {}".repeat(30_000)),
    },
    Case {
        name: "proto: one field 30,000 times",
        expected: "parsed",
        task: || proto3(&"int32 a = 1;".repeat(30_000)),
    },
    Case {
        name: "proto: 49,000 imports",
        expected: "parsed",
        task: || {
            let imports: String = (0..49_000).map(|i| format!("import \"{i}.proto\";")).collect();
            Task::parse(Protobuf, imports)
        },
    },
    Case {
        name: "proto: 5,000 option values under one name",
        expected: "parsed",
        task: || {
            let values: String = (0..5_000).map(|i| format!("k{i}.a{i}: 1 ")).collect();
            let again: String = (0..5_000).map(|i| format!("s.a{i}: 1 ")).collect();
            Task::parse(Protobuf, format!("option (o) = {{ {values} {again} }};"))
        },
    },
    Case {
        name: "proto: 12,000 extend blocks",
        expected: "parsed",
        task: || {
            let extend = |i| format!("extend A {{ optional int32 e{i} = {i}; }}");
            let extends: String = (0..12_000).map(extend).collect();
            Task::parse(Protobuf, format!("message A {{}} {extends}"))
        },
    },
    Case {
        name: "proto: references that double 18 times under new names",
        expected: "incompatible",
        task: || renamed(18, "int32", "string"),
    },
    Case {
        name: "proto: references that double 100 times under new names",
        expected: "incompatible",
        task: || renamed(100, "int32", "string"),
    },
    Case {
        name: "proto: references that double 100 times, alike",
        expected: "compatible",
        task: || renamed(100, "int32", "int32"),
    },
    Case {
        name: "proto: messages that refer to each other, 60 by 60",
        expected: "incompatible",
        task: || {
            let mesh = |kind: &str| {
                let fields = |i| {
                    (1..=60).map(|n| format!("M{n} f{n} = {n};")).collect::<String>()
                        + &format!("{kind} v{i} = 99;")
                };
                (1..=60).map(|i| format!("message M{i} {{ {} }}", fields(i))).collect::<String>()
            };
            let side = |import: &str, kind: &str| {
                let text = format!(
                    "syntax = \"proto3\"; import \"{import}\"; message Top {{ M1 m = 1; }}"
                );
                (text, vec![reference(import, format!("syntax = \"proto3\"; {}", mesh(kind)))])
            };
            Task::Compare(Protobuf, [side("new.proto", "int32"), side("old.proto", "string")])
        },
    },
    Case {
        name: "proto: a file that imports itself",
        expected: "parsed",
        task: || {
            let text = "syntax = \"proto3\"; import \"self.proto\"; message A { A a = 1; }";
            Task::Parse(Protobuf, text.to_owned(), vec![reference("self.proto", text)])
        },
    },
    Case {
        name: "proto: edition 2023",
        expected: "Syntax",
        task: || Task::parse(Protobuf, "edition = \"2023\"; message A { int32 a = 1; }"),
    },
    Case {
        name: "proto: edition 2024",
        expected: "Syntax",
        task: || Task::parse(Protobuf, "edition = \"2024\"; export message A { int32 a = 1; }"),
    },
    Case {
        name: "descriptor: edition 2023 without source",
        expected: "parsed",
        task: || {
            descriptor(&[
                &text(1, b"e.proto"),
                &message("M"),
                &text(12, b"editions"),
                &[0x70, 0xe8, 7],
            ])
        },
    },
    Case {
        name: "descriptor: edition 2024 without source",
        expected: "parsed",
        task: || {
            descriptor(&[
                &text(1, b"e.proto"),
                &message("M"),
                &text(12, b"editions"),
                &[0x70, 0xe9, 7],
            ])
        },
    },
    Case {
        name: "descriptor: an edition of the year 9999",
        expected: "parsed",
        task: || {
            descriptor(&[&message("M"), &text(12, b"editions"), &[0x70, 0xff, 0xff, 0xff, 0xff, 7]])
        },
    },
    Case {
        name: "descriptor: 390,000 empty messages",
        expected: "TooLarge",
        task: || descriptor(&[&[0x22, 0].repeat(390_000)]),
    },
    Case {
        name: "descriptor: 390,000 empty fields of a message",
        expected: "TooLarge",
        task: || descriptor(&[&text(4, &[0x12, 0].repeat(390_000))]),
    },
    Case {
        name: "descriptor: 390,000 empty imports",
        expected: "TooLarge",
        task: || descriptor(&[&[0x1a, 0].repeat(390_000)]),
    },
    Case {
        name: "descriptor: 390,000 option values",
        expected: "TooLarge",
        task: || {
            let options = text(8, &text(1088, &[0x22, 0].repeat(380_000)));
            descriptor(&[
                &text(
                    4,
                    &[text(1, b"M"), text(7, &text(1088, &[0x22, 0].repeat(200_000)))].concat(),
                ),
                &options,
            ])
        },
    },
    Case {
        name: "descriptor: messages 10,000 deep",
        expected: "Syntax",
        task: || {
            let deep = (0..10_000).fold(Vec::new(), |inner, _| text(3, &inner));
            descriptor(&[&text(4, &deep)])
        },
    },
    Case {
        name: "descriptor: groups 100,000 deep",
        expected: "Syntax",
        task: || descriptor(&[&[0xfb, 7].repeat(100_000)]),
    },
    Case {
        name: "descriptor: cut in the middle",
        expected: "Syntax",
        task: || {
            let whole = [text(1, b"e.proto"), message("M")].concat();
            descriptor(&[&whole[..whole.len() - 3]])
        },
    },
    Case {
        name: "descriptor: a length of 2^63",
        expected: "Syntax",
        task: || descriptor(&[&[0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]]),
    },
    Case {
        name: "descriptor: field numbers at both ends of 32 bits",
        expected: "parsed",
        task: || {
            let field = |number: [u8; 10]| {
                [text(1, b"f"), vec![0x18], number.to_vec(), vec![0x20, 1, 0x28, 5]].concat()
            };
            let most = field([0xff, 0xff, 0xff, 0xff, 0x87, 0x80, 0x80, 0x80, 0x80, 0]);
            let least = field([0x80, 0x80, 0x80, 0x80, 0xf8, 0xff, 0xff, 0xff, 0xff, 1]);
            let m = [text(1, b"M"), text(2, &most), text(2, &least)].concat();
            descriptor(&[&text(4, &m)])
        },
    },
    Case {
        name: "descriptor: a oneof that is not there",
        expected: "Invalid",
        task: || {
            let field = [text(1, b"f"), vec![0x18, 1, 0x48, 9]].concat();
            descriptor(&[&text(4, &[text(1, b"M"), text(2, &field)].concat())])
        },
    },
    Case {
        name: "descriptor: a file that depends on itself",
        expected: "parsed",
        task: || descriptor(&[&text(1, b"e.proto"), &text(3, b"e.proto"), &message("M")]),
    },
    Case {
        name: "base64: wrong characters, breaks and padding",
        expected: "Syntax",
        task: || Task::parse(Protobuf, "CgdlLnByb3Rv\nIgMKAU0===-_"),
    },
    Case {
        name: "base64: 1 MB of nothing",
        expected: "Syntax",
        task: || Task::parse(Protobuf, "A".repeat(1_000_000)),
    },
];

fn fields(kind: &str, count: usize) -> String {
    let fields: String = (1..count).map(|i| format!("{kind} f{i}={i};")).collect();
    format!("syntax = \"proto3\"; message A {{ {fields} }}")
}

fn proto3(members: &str) -> Task {
    Task::parse(Protobuf, format!("syntax = \"proto3\"; message A {{ {members} }}"))
}

/// A schema whose import was renamed. Each message behind the import holds the one before twice.
fn renamed(count: usize, new: &str, old: &str) -> Task {
    let side = |import: &str, kind: &str| -> (String, Vec<ResolvedReference>) {
        let messages: String = (1..=count)
            .map(|i| format!("message M{i} {{ M{0} a = 1; M{0} b = 2; }}", i - 1))
            .collect();
        let text = format!("message M0 {{ {kind} x = 1; }} {messages}");
        let references = vec![reference(import, format!("syntax = \"proto3\"; {text}"))];
        let top = format!("message Top {{ M{count} m = 1; }}");
        (format!("syntax = \"proto3\"; import \"{import}\"; {top}"), references)
    };
    Task::Compare(Protobuf, [side("new.proto", new), side("old.proto", old)])
}

fn descriptor(parts: &[&[u8]]) -> Task {
    Task::parse(Protobuf, STANDARD.encode(parts.concat()))
}

/// A message of one field.
fn message(name: &str) -> Vec<u8> {
    let field = [text(1, b"f"), vec![0x18, 1, 0x20, 1, 0x28, 5]].concat();
    text(4, &[text(1, name.as_bytes()), text(2, &field)].concat())
}

/// A field with a length in front.
fn text(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut out);
    prost::encoding::encode_varint(bytes.len() as u64, &mut out);
    out.extend_from_slice(bytes);
    out
}
