//! What the parser takes and refuses, where it says so, and that hostile text cannot break it.

use proptest::prelude::*;

use super::error::DEPTH_MAX;
use super::{DeclaredType, ProtobufSchema};
use crate::{Limits, Location, ParseError, ParseErrorKind, Reference, ResolvedReference};

fn parse(text: &str) -> Result<ProtobufSchema, ParseError> {
    ProtobufSchema::parse(text, &[], &Limits::default())
}

fn canonical(text: &str) -> String {
    parse(text).unwrap().canonical().to_owned()
}

fn normalized(text: &str) -> String {
    parse(text).unwrap().normalized()
}

fn reference(name: &str, text: &str) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: "s".to_owned(), version: 1 };
    ResolvedReference { reference, text: text.to_owned() }
}

fn failure(text: &str) -> (ParseErrorKind, String, Option<Location>) {
    let error = parse(text).unwrap_err();
    (error.kind, error.message, error.location)
}

fn at(line: usize, column: usize) -> Location {
    Location { line, column }
}

#[test]
fn declarations_have_full_names_and_tell_optional_fields_from_members_of_oneofs() {
    let text = "syntax = \"proto3\"; package p; import public \"far.proto\"; \
                message A { oneof o { int32 x = 1; } optional Far y = 2; repeated E z = 3; enum E { V = 0; } }";
    let far = reference("far.proto", "syntax = \"proto3\"; package p; message Far {}");
    let schema = ProtobufSchema::parse(text, &[far], &Limits::default()).unwrap();
    let declared = schema.declarations();
    assert_eq!(declared.own.public_imports, ["far.proto"]);
    let message = &declared.own.messages[0];
    assert_eq!((message.name.as_str(), message.enums[0].name.as_str()), ("p.A", "p.A.E"));
    let fields: Vec<_> = message
        .fields
        .iter()
        .map(|field| (field.name.as_str(), field.ty.clone(), field.is_optional, field.is_repeated))
        .collect();
    let [far, own] = ["p.Far", "p.A.E"].map(str::to_owned);
    assert_eq!(
        fields,
        [
            ("y", DeclaredType::Message(far), true, false),
            ("z", DeclaredType::Enum(own), false, true)
        ]
    );
    let oneofs: Vec<_> = message.oneofs.iter().map(|oneof| oneof.name.as_str()).collect();
    assert_eq!((oneofs, message.oneofs[0].fields[0].number), (vec!["o"], 1));
    let (name, file) = &declared.referenced[0];
    assert_eq!((name.as_str(), file.messages[0].name.as_str()), ("far.proto", "p.Far"));
}

#[test]
fn edition_is_refused_by_name() {
    assert_eq!(
        failure("// a comment\n  edition = \"2023\";\nmessage A {}"),
        (
            ParseErrorKind::Syntax,
            "edition 2023 is not supported in schema text; write syntax = \"proto2\" or syntax = \
             \"proto3\""
                .to_owned(),
            Some(at(2, 3))
        )
    );
}

#[test]
fn mistakes_are_located_by_line_and_character() {
    let cases = [
        ("syntax = \"proto3\";\nmessage A {\n  int32 é = 1;\n}", at(3, 9)),
        ("syntax = \"proto3\";\nmessage A {\n /* é */ Missing a = 1;\n}", at(3, 10)),
        ("syntax = \"proto3\";\nmessage A {\n  oneof o {\n    Missing a = 1;\n  }\n}", at(4, 5)),
        ("syntax = \"proto3\";\nservice S {\n  rpc Get (Missing) returns (Missing);\n}", at(3, 12)),
        ("syntax = \"proto3\";\nmessage A {", at(2, 12)),
        ("message A {}\nmessage A {}", at(2, 1)),
        ("option a = \"open", at(1, 12)),
        ("/* open", at(1, 1)),
        ("syntax = \"proto3\"; message A { map<bytes, int32> m = 1; }", at(1, 32)),
        ("syntax = \"proto3\"; message A { int32 a = 1; /* x */ int32 b = 2; }", at(1, 53)),
    ];
    for (text, place) in cases {
        assert_eq!(parse(text).unwrap_err().location, Some(place), "{text}");
    }
}

#[test]
fn a_name_resolves_from_the_innermost_scope_outward() {
    let text = "syntax = \"proto3\";
        package a.b;
        message T { int32 x = 1; }
        message U {
          message T { int32 y = 1; }
          T inner = 1;
          b.T outer = 2;
          .a.b.T absolute = 3;
        }";
    let fields = "  .a.b.U.T inner = 1;\n  .a.b.T outer = 2;\n  .a.b.T absolute = 3;\n";
    assert!(normalized(text).contains(fields), "{}", normalized(text));
}

#[test]
fn types_of_any_file_of_the_closure_resolve_with_or_without_an_import() {
    let references = [
        reference("base.proto", "syntax = \"proto3\"; package base; message B {}"),
        reference("mid.proto", "syntax = \"proto3\"; import public \"base.proto\";"),
    ];
    let text = "syntax = \"proto3\"; import \"mid.proto\";
        message A {
          base.B b = 1;
          google.protobuf.Timestamp t = 2;
          google.type.Money m = 3;
          confluent.type.Decimal d = 4;
        }";
    let schema = ProtobufSchema::parse(text, &references, &Limits::default()).unwrap();
    assert!(schema.normalized().contains(".base.B b = 1;\n  .google.protobuf.Timestamp t = 2;"));
    assert_eq!(failure(text).1.split(';').next(), Some("cannot resolve type 'base.B'"));
}

#[test]
fn a_mistake_in_a_reference_names_the_reference() {
    let references = [reference("base.proto", "syntax = \"proto3\";\nmessage {}")];
    let text = "syntax = \"proto3\"; message A {}";
    let error = ProtobufSchema::parse(text, &references, &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reference 'base.proto': expected a word but found '{' (line 2, column 9)"
    );
}

#[test]
fn map_entries_normalize_to_maps() {
    let text = "syntax = \"proto3\"; message A {
        repeated MEntry m = 1;
        message MEntry { option map_entry = true; string key = 1; A value = 2; }
    }";
    assert_eq!(
        normalized(text),
        "syntax = \"proto3\";\n\nmessage A {\n  map<string, .A> m = 1;\n}\n"
    );
}

#[test]
fn options_print_in_order_and_normalize_merged_and_sorted() {
    let text = "syntax = \"proto2\";
        package p;
        import \"google/protobuf/descriptor.proto\";
        message Opt { optional int32 a = 1; repeated string tags = 2; optional Opt sub = 3; }
        extend google.protobuf.FieldOptions { optional Opt opt = 50001; }
        message A {
          optional bytes b = 1 [(opt).tags = \"x\", default = \"q\", (opt).sub.a = 0x10,
            deprecated = true, (opt).tags = 'y\"', (opt).sub = { tags: [\"z\"] }, (x.y).z = 1.5];
        }";
    let canonical = canonical(text);
    let field = "  optional bytes b = 1 [
    (opt).tags = \"x\",
    (opt).sub.a = 0x10,
    deprecated = true,
    (opt).tags = \"y\\\"\",
    (opt).sub = {
      tags: [
        \"z\"
      ]
    },
    (x.y).z = 1.5,
    default = q
  ];\n";
    assert!(canonical.contains(field), "{canonical}");
    let normalized = normalized(text);
    let field = "  optional bytes b = 1 [
    default = q,
    deprecated = true,
    (p.opt) = {
      sub: {
        a: 16,
        tags: \"z\"
      },
      tags: [
        \"x\",
        \"y\\\"\"
      ]
    },
    (x.y).z = 1.5
  ];\n";
    assert!(normalized.contains(field), "{normalized}");
}

#[test]
fn a_schema_is_equivalent_to_itself_in_another_layout_and_not_in_another_order() {
    let a = parse("syntax = \"proto3\"; message A { int32 a = 1; int32 b = 2; }").unwrap();
    let b = parse("syntax='proto3';message A{int32 a=1;// c\nint32 b=2;}").unwrap();
    let c = parse("syntax = \"proto3\"; message A { int32 b = 2; int32 a = 1; }").unwrap();
    assert!(a.is_equivalent(&b));
    assert!(!a.is_equivalent(&c));
    assert_eq!(a.normalized(), c.normalized());
}

#[test]
fn import_paths_are_tidied() {
    assert_eq!(
        canonical("import \".\\\\a//b/./c.proto\"; import \"\"; import weak \"w.proto\";"),
        "\nimport \"a/b/c.proto\";\nimport \".\";\n"
    );
}

#[test]
fn nesting_beyond_the_limit_is_refused_whatever_is_nested() {
    let deep = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    let texts = [
        deep("message A {", "}"),
        format!("option a = {};", deep("{ a: ", "}")),
        format!("option a = {};", deep("[", "]")),
        format!("option (a){} = 1;", ".b".repeat(10_000)),
        format!("message A {{ {} }}", deep("map<string, ", ">")),
        format!("message A {{ oneof o {{ {} }} }}", deep("map<string, ", ">")),
    ];
    for text in texts {
        let head: String = text.chars().take(40).collect();
        assert_eq!(failure(&text).0, ParseErrorKind::TooLarge, "{head}");
    }
    for text in [deep("option (", ")"), deep("message A { optional group G = 1 {", "}}")] {
        assert_eq!(failure(&text).0, ParseErrorKind::Syntax);
    }
}

#[test]
fn nesting_up_to_the_limit_is_fine() {
    let depth = DEPTH_MAX;
    let messages = "message A {".repeat(depth) + &"}".repeat(depth);
    assert_eq!(canonical(&messages).matches("message A").count(), depth);
    let mut value = "{ a: ".repeat(depth - 1) + "[1]" + &"}".repeat(depth - 1);
    assert_eq!(normalized(&format!("option a = {value};")).matches("a: {").count(), depth - 2);
    value.insert_str(0, "{ a: ");
    value.push('}');
    assert_eq!(failure(&format!("option a = {value};")).0, ParseErrorKind::TooLarge);
}

#[test]
fn limits_count_the_references_too() {
    let limits = Limits { nodes_max: 3, text_bytes_max: 60, ..Limits::default() };
    let fields = "syntax = \"proto3\"; message A { int32 a = 1; }";
    let parse = |text: &str, references: &[ResolvedReference]| {
        ProtobufSchema::parse(text, references, &limits).map_err(|error| error.kind)
    };
    assert!(parse(fields, &[]).is_ok());
    let twice = [reference("b.proto", fields)];
    assert_eq!(parse(fields, &twice).unwrap_err(), ParseErrorKind::TooLarge);
    let long = [reference("b.proto", &" ".repeat(61))];
    assert_eq!(parse(fields, &long).unwrap_err(), ParseErrorKind::TooLarge);
}

#[test]
fn bytes_that_are_no_descriptor_get_the_message_for_text() {
    assert_eq!(failure("AAAA").1, "unexpected 'AAAA'");
}

#[test]
fn what_would_be_stored_as_blank_text_is_an_empty_schema() {
    for text in ["// a comment\n", ";;", "mAYB", "/* \" */"] {
        assert_eq!(failure(text).0, ParseErrorKind::Empty, "{text}");
    }
}

#[test]
fn word_of_an_options_path_takes_the_dots_it_meets() {
    let field = |option: &str| format!("message A {{\n  optional int32 n = 1 [{option}];\n}}\n");
    for path in ["(x).y.z", "(x).(y).z", "(x).(y.z).(w)", "(x).y. ", "(x)..y", "(x).[y.z]"] {
        let option = format!("{} = 7", path.trim());
        assert_eq!(canonical(&field(&option)), format!("\n{}", field(&option)), "{path}");
    }
    for (path, column) in [("(x).y.(z)", 31), ("(x).y. z", 32), ("(x).(y).z.(w)", 35)] {
        let error = failure(&field(&format!("{path} = 7")));
        assert_eq!((error.0, error.2), (ParseErrorKind::Syntax, Some(at(2, column))), "{path}");
    }
}

#[test]
fn text_cannot_end_before_a_trailing_comment_or_in_an_empty_one() {
    for (text, is_taken) in [
        ("reserved 4;", false),
        ("reserved 4; ", false),
        ("reserved 4;\n", true),
        ("reserved 4;//", true),
        ("//", false),
        ("// ", false),
        ("//\n", true),
        ("///", true),
        ("//  ", true),
    ] {
        let text = format!("message A {{}} {text}");
        assert_eq!(parse(&text).is_ok(), is_taken, "{text:?}");
    }
}

const PIECES: [&str; 48] = [
    "syntax",
    "=",
    "\"proto3\"",
    ";",
    "package",
    "a.b",
    "import",
    "public",
    "\"x\"",
    "message",
    "A",
    "{",
    "}",
    "int32",
    "f",
    "1",
    "repeated",
    "optional",
    "map",
    "<",
    ">",
    ",",
    "string",
    "oneof",
    "o",
    "enum",
    "E",
    "reserved",
    "to",
    "max",
    "[",
    "]",
    "(",
    ")",
    "option",
    ".",
    "-1",
    "0x1F",
    "extend",
    "service",
    "rpc",
    "returns",
    "stream",
    "group",
    "/*",
    "*/",
    "\\",
    "'é'",
];

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(
        pieces in prop::collection::vec(prop::sample::select(PIECES.as_slice()), 0..60),
        noise in any::<String>(),
    ) {
        let text = pieces.join(" ") + &noise;
        if let Ok(schema) = parse(&text) {
            // What is printed need not parse again: the reference does not escape reserved names.
            let _ = parse(schema.canonical());
        }
    }

    #[test]
    fn no_descriptor_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let limits = Limits::default();
        let _ = super::descriptor::decode(&bytes, &mut super::Budget::new(&limits));
    }
}

#[test]
fn texts_that_cannot_be_read_back_are_refused() {
    let field = |options: &str| {
        parse(&format!("syntax = \"proto3\";\nmessage M {{\n  int32 a = 1 [{options}];\n}}\n"))
    };
    for refused in ["default = \"\"", "default = \"a b\"", "default = \"é\"", "default = [1]"] {
        assert!(field(refused).is_err(), "{refused}");
    }
    for (options, printed) in [
        ("default = \"x\"", "default = x"),
        ("default = {}", "default = {}"),
        ("default = [\"a\"]", "default = [a]"),
        ("json_name = { a: 1 }", "json_name = \"{a=OptionPrimitive(kind=NUMBER, value=1)}\""),
    ] {
        let canonical = field(options).expect(options).canonical().to_owned();
        assert!(canonical.contains(&format!("[{printed}]")), "{canonical}");
    }
}
