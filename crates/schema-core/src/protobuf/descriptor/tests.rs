//! Descriptors link, and say what the text said.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::{Cardinality, DescriptorPool, Kind, MessageDescriptor};

use crate::protobuf::ProtobufSchema;
use crate::protobuf::error::DEPTH_MAX;
use crate::{Limits, Reference, ResolvedReference};

fn schema(text: &str) -> ProtobufSchema {
    ProtobufSchema::parse(text, &[], &Limits::default()).unwrap()
}

/// The schema's descriptor, linked with the well-known files.
fn linked(schema: &ProtobufSchema) -> DescriptorPool {
    let mut pool = DescriptorPool::global();
    let bytes = STANDARD.decode(schema.serialized()).unwrap();
    pool.decode_file_descriptor_proto(bytes.as_slice()).unwrap();
    pool
}

fn field_kind(message: &MessageDescriptor, name: &str) -> (Kind, Cardinality) {
    let field = message.get_field_by_name(name).unwrap();
    (field.kind(), field.cardinality())
}

const PROTO3: &str = "syntax = \"proto3\";
    package shop.v1;
    import \"google/protobuf/timestamp.proto\";
    import \"nowhere.proto\";
    option java_package = \"com.shop\";
    message Order {
      reserved 9, 11 to 12, \"old\";
      Line.Kind kind = 1;
      optional string note = 2;
      map<string, .shop.v1.Order.Line> by_sku = 3;
      repeated int32 counts = 4 [packed = false, deprecated = true];
      oneof pay { string card = 5; google.protobuf.Timestamp due = 6; }
      message Line { enum Kind { GOODS = 0; } message Inner {} Inner inner = 1; }
    }
    service Orders { rpc Watch (Order) returns (stream Order) { option deprecated = true; } }";

#[test]
fn a_serialized_schema_links_with_its_kinds_labels_and_oneofs() {
    let pool = linked(&schema(PROTO3));
    let order = pool.get_message_by_name("shop.v1.Order").unwrap();
    let (Kind::Enum(kind), Cardinality::Optional) = field_kind(&order, "kind") else {
        panic!("an enum")
    };
    assert_eq!(kind.full_name(), "shop.v1.Order.Line.Kind");
    assert!(order.get_field_by_name("note").unwrap().supports_presence());
    assert!(order.get_field_by_name("by_sku").unwrap().is_map());
    assert!(!order.get_field_by_name("counts").unwrap().is_packed());
    let oneofs: Vec<_> = order.oneofs().map(|oneof| oneof.name().to_owned()).collect();
    assert_eq!(oneofs, ["pay", "_note"]);
    let nested: Vec<_> = order.child_messages().map(|inner| inner.name().to_owned()).collect();
    assert_eq!(nested, ["Line", "BySkuEntry"]);
    let watch = pool.get_service_by_name("shop.v1.Orders").unwrap().methods().next().unwrap();
    assert!(watch.is_server_streaming() && !watch.is_client_streaming());
}

#[test]
fn a_serialized_proto2_schema_links_with_defaults_groups_and_extensions() {
    let pool = linked(&schema(
        "package p;
        message A {
          required int32 a = 1 [default = 7];
          optional group Part = 2 { optional string name = 3; }
          extensions 100 to max;
          extend A { optional E e = 100; }
        }
        enum E { option allow_alias = true; Z = 0; Y = 0; reserved 5 to 6; }",
    ));
    let a = pool.get_message_by_name("p.A").unwrap();
    assert_eq!(field_kind(&a, "a"), (Kind::Int32, Cardinality::Required));
    assert_eq!(a.get_field_by_name("a").unwrap().default_value().as_i32(), Some(7));
    assert!(a.get_field_by_name("part").unwrap().is_group());
    assert_eq!(
        a.extensions().map(|field| field.full_name().to_owned()).collect::<Vec<_>>(),
        ["p.A.e"]
    );
}

#[test]
fn options_of_the_confluent_meta_file_survive_both_ways() {
    let text = "syntax = \"proto3\";

import \"confluent/meta.proto\";

message A {
  bytes d = 1 [(confluent.field_meta) = {
    doc: \"a \\\"d\\\"\",
    params: [
      {
        value: \"8\",
        key: \"precision\"
      },
      {
        key: \"unit\",
        value: \"EUR\"
      }
    ],
    tags: [
      \"PII\"
    ]
  }];
}
";
    let schema = schema(text);
    assert_eq!(schema.canonical(), text);
    let again = ProtobufSchema::parse(&schema.serialized(), &[], &Limits::default()).unwrap();
    assert_eq!(again.canonical(), text);
}

#[test]
fn without_extensions_leaves_out_custom_options_extends_and_ranges() {
    let schema = schema(
        "syntax = \"proto2\";
        import \"google/protobuf/descriptor.proto\";
        option (note) = \"x\";
        extend google.protobuf.FieldOptions { optional string tag = 50001; }
        message A {
          extensions 100;
          option (note) = \"x\";
          optional int32 a = 1 [(tag) = \"y\", deprecated = true,
            (confluent.field_meta).doc = \"d\"];
          oneof o { int32 b = 2 [(tag) = \"y\"]; }
        }",
    );
    assert_eq!(
        schema.without_extensions(),
        "syntax = \"proto2\";

import \"google/protobuf/descriptor.proto\";

message A {
  optional int32 a = 1 [
    deprecated = true,
    (confluent.field_meta).doc = \"d\"
  ];

  oneof o {
    int32 b = 2;
  }
}
"
    );
}

#[test]
fn the_deepest_schema_can_be_serialized() {
    let depth = DEPTH_MAX;
    let schema = schema(&("message A {".repeat(depth) + &"}".repeat(depth)));
    assert!(schema.serialized().len() > depth);
    assert_eq!(schema.without_extensions(), schema.canonical());
}

#[test]
fn a_linked_file_counts_nested_messages_as_a_compiler_does() {
    let file = schema(
        "syntax = \"proto2\";
        package shop;
        message First {}
        message Order {
          message A {}
          map<string, Sub> by_sku = 1;
          optional group Grp = 2 { optional string g = 1; }
          message Sub { optional Sub sub = 1; }
          oneof o { group In = 3 { optional int32 i = 1; } }
          enum E { X = 0; }
          message B {}
          optional string text = 4 [default = \"a\"];
          extensions 100 to 199;
        }
        extend Order { optional string more = 100; }",
    );
    let linked = file.linked().unwrap();
    let names = |messages: Vec<MessageDescriptor>| -> Vec<String> {
        messages.iter().map(|message| message.name().to_owned()).collect()
    };
    assert_eq!(names(linked.messages().collect()), ["First", "Order"]);
    let order = linked.messages().nth(1).unwrap();
    let nested = ["A", "BySkuEntry", "Grp", "Sub", "In", "B"];
    assert_eq!(names(order.child_messages().collect()), nested);
    assert_eq!(order.extensions().map(|more| more.number()).collect::<Vec<_>>(), [100]);
    let text = order.get_field_by_name("text").unwrap();
    assert_eq!(text.default_value(), prost_reflect::Value::String("a".to_owned()));
    // A descriptor says the order itself, with the entries of maps among the messages.
    let again = ProtobufSchema::parse(&file.serialized(), &[], &Limits::default()).unwrap();
    let again = again.linked().unwrap().messages().nth(1).unwrap();
    let nested = ["A", "Sub", "B", "In", "Grp", "BySkuEntry"];
    assert_eq!(names(again.child_messages().collect()), nested);
}

#[test]
fn a_linked_file_sees_its_references_and_every_well_known_file() {
    let text = "syntax = \"proto3\"; package a; message A { b.B b = 1; google.type.Date on = 2; }";
    let reference = crate::Reference { name: "b.proto".into(), subject: "b".into(), version: 1 };
    let b = "syntax = \"proto3\"; package b; message B { google.protobuf.Any any = 1; }".to_owned();
    let references = [crate::ResolvedReference { reference, text: b }];
    let file = ProtobufSchema::parse(text, &references, &Limits::default()).unwrap();
    let linked = file.linked().unwrap();
    let message = linked.messages().next().unwrap();
    let (Kind::Message(b), _) = field_kind(&message, "b") else { panic!("a message") };
    assert_eq!(b.full_name(), "b.B");
    for name in ["google.protobuf.Any", "google.type.Date", "confluent.type.Decimal"] {
        assert!(linked.parent_pool().get_message_by_name(name).is_some(), "{name}");
    }
}

#[test]
fn a_linked_file_has_only_the_well_known_types_that_it_leads_to() {
    let text = "syntax = \"proto3\"; package a; enum E { X = 0; } enum Free { Y = 0; }
        message A { google.type.Money price = 1; E e = 2; google.type.DateTime at = 3; }
        extend google.protobuf.FieldOptions { string note = 50000; }";
    let linked = schema(text).linked().unwrap();
    let pool = linked.parent_pool();
    for name in ["google.type.Money", "google.type.TimeZone", "google.protobuf.Duration"] {
        assert!(pool.get_message_by_name(name).is_some(), "{name}");
    }
    for name in ["google.protobuf.Any", "google.type.Date", "confluent.Meta"] {
        assert!(pool.get_message_by_name(name).is_none(), "{name}");
    }
    assert!(pool.get_enum_by_name("a.Free").is_some());
    assert!(pool.get_extension_by_name("a.note").is_some());
}

#[test]
fn a_default_that_no_compiler_takes_does_not_keep_a_file_from_being_linked() {
    let file = schema("message A { optional int32 n = 1 [default = 0x10]; }");
    assert_eq!(file.linked().unwrap().messages().next().unwrap().full_name(), "A");
}

#[test]
fn a_reference_with_an_entry_that_is_none_is_told_when_linked() {
    let text = "message A { optional B b = 1; }";
    let reference = crate::Reference { name: "b.proto".into(), subject: "b".into(), version: 1 };
    let b = "message B { message E { option map_entry = true; } repeated E e = 1; }".to_owned();
    let references = [crate::ResolvedReference { reference, text: b }];
    let file = ProtobufSchema::parse(text, &references, &Limits::default()).unwrap();
    let error = file.linked().unwrap_err().to_string();
    assert!(error.contains("'B.E' says that it is the entry of a map and is none"), "{error}");
}

#[test]
fn an_extension_that_two_files_declare_is_linked_once() {
    let base = "package a; message A { extensions 1 to 9; }".to_owned();
    let more = "package b; extend a.A { optional string more = 1; }";
    let reference = |name: &str, text: &str| crate::ResolvedReference {
        reference: crate::Reference { name: name.into(), subject: name.into(), version: 1 },
        text: text.to_owned(),
    };
    let references = [reference("a.proto", &base), reference("b.proto", more)];
    let own = format!("{more} message B {{ optional a.A a = 1; }}");
    let file = ProtobufSchema::parse(&own, &references, &Limits::default()).unwrap();
    let (Kind::Message(a), _) = field_kind(&file.linked().unwrap().messages().next().unwrap(), "a")
    else {
        panic!("a message")
    };
    assert_eq!(a.get_extension(1).unwrap().full_name(), "b.more");
}

/// What is said of a file that is to be a descriptor.
fn fault(text: &str, references: &[(&str, &str)]) -> Option<String> {
    let given = |(name, text): &(&str, &str)| {
        let reference = Reference { name: (*name).to_owned(), subject: "s".to_owned(), version: 1 };
        ResolvedReference { reference, text: (*text).to_owned() }
    };
    let references: Vec<_> = references.iter().map(given).collect();
    ProtobufSchema::parse(text, &references, &Limits::default()).unwrap().descriptor_fault()
}

#[test]
fn what_no_descriptor_can_hold_is_told() {
    let undefined = "which neither the file nor an import defines";
    for (text, expected) in [
        ("message A { int32 a = 1; int32 b = 1; }", "'a' and 'b' of 'p.A' share number 1".into()),
        ("message A { int32 a = 0; }", "'p.A.a' has number 0; numbers start with 1".into()),
        ("message A { int32 a = 1; string a = 2; }", "'p.A.a' is defined twice".into()),
        ("message A { int32 B = 1; message B {} }", "'p.A.B' is defined twice".into()),
        (
            "message A { map<string, int32> m = 1; message MEntry {} }",
            "'p.A.MEntry' is defined twice".into(),
        ),
        ("message A { message 1B {} }", "'1B' is no name".into()),
        ("enum E {}", "the enum 'p.E' has no constant".into()),
        ("enum E { V = 0; V = 1; }", "'p.E.V' is defined twice".into()),
        (
            "message A {} extend A { optional int32 e = 5; }",
            "'.p.A' has no extension range with number 5".into(),
        ),
        (
            "message A { oneof o { map<string, int32> m = 1; } }",
            format!("'p.A.m' has the type 'map<string, int32>', {undefined}"),
        ),
        (
            "message A { map<string, Nowhere> m = 1; }",
            format!("'p.A.MEntry.value' has the type 'Nowhere', {undefined}"),
        ),
        (
            "message A { google.protobuf.Any a = 1; }",
            format!("'p.A.a' has the type '.google.protobuf.Any', {undefined}"),
        ),
        (
            "message A { optional int32 a = 1 [default = \"x\"]; }",
            "'p.A.a' cannot have the default 'x'".into(),
        ),
        (
            "enum E { V = 0; } message A { optional E a = 1 [default = W]; }",
            "'p.A.a' cannot have the default 'W'".into(),
        ),
        (
            "message A { repeated string a = 1 [packed = true]; }",
            "'p.A.a' is packed, and no list of numbers".into(),
        ),
    ] {
        let text = format!("syntax = \"proto3\"; package p; {text}");
        assert_eq!(fault(&text, &[]), Some(expected), "{text}");
    }
}

#[test]
fn what_only_a_compiler_refuses_a_descriptor_holds() {
    for text in [
        "import \"nope.proto\"; message A { int32 a = 536870912 [(unknown.option) = 1]; }",
        "message A { reserved 1, 19000; int32 a = 1; int32 b = 19000; oneof o {} }",
        "enum E { V = 1; W = 1; } enum F { V = 0; }",
        "message A { extensions 100 to 200; map<string, A> m = 1; optional int32 o = 2; }",
    ] {
        assert_eq!(fault(&format!("syntax = \"proto3\"; {text}"), &[]), None, "{text}");
    }
}

#[test]
fn imports_are_followed_where_a_descriptor_is_built() {
    let own = "import \"far.proto\"; message A { optional B b = 1; optional C c = 2; }";
    let far = ("far.proto", "import public \"further.proto\"; message B {}");
    let further = ("further.proto", "message C {}");
    assert_eq!(fault(own, &[further, far]), None);
    let hidden = ("far.proto", "import \"further.proto\"; message B {}");
    let unseen = "'A.c' has the type '.C', which neither the file nor an import defines";
    assert_eq!(fault(own, &[further, hidden]).as_deref(), Some(unseen));
    let broken = ("further.proto", "message C {} enum E {}");
    assert_eq!(fault(own, &[broken, far]).as_deref(), Some("the enum 'E' has no constant"));
}
