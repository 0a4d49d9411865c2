//! A Protobuf message with its index: read as a generated type, as a dynamic message, and as JSON.
#![no_main]

use std::sync::LazyLock;

use levada_fuzz::serde::{Any, agree, client, framed, ready, source};
use levada_serde::prost_reflect::prost::Message as _;
use levada_serde::prost_reflect::{DynamicMessage, ReflectMessage};
use levada_serde::{ProtobufDeserializer, ProtobufSerializer};

const SCHEMA: &str = r#"syntax = "proto3"; package shop;
    import "google/protobuf/timestamp.proto"; import "google/protobuf/any.proto";
    message Order {
      int64 id = 1; sint32 count = 2; string text = 3; bytes raw = 4; float ratio = 5;
      double price = 6; bool is_gift = 7; optional string note = 8; State state = 9;
      repeated Line lines = 10; map<string, sint64> weights = 11; Order next = 12;
      repeated fixed32 marks = 13; repeated sfixed64 unpacked = 14 [packed = false];
      oneof paid { string card = 15; Line line = 16; }
    }
    enum State { NEW = 0; PAID = 1; SENT = 2; }
    message Line { string sku = 1; uint32 quantity = 2;
      message Other { google.protobuf.Timestamp at = 1; google.protobuf.Any any = 2;
        map<uint32, Line> lines = 3; } }"#;
const OLD: &str = r#"syntax = "proto2"; package shop;
    message Old { required int32 a = 1; optional string b = 2 [default = "x"];
      repeated group Part = 3 { optional Old old = 1; } optional E e = 4; extensions 100 to 200;
      enum E { A = 1; B = -1; } }
    extend Old { optional bytes more = 100; }"#;

#[derive(Clone, PartialEq, prost::Message)]
struct Order {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(sint32, tag = "2")]
    count: i32,
    #[prost(string, tag = "3")]
    text: String,
    #[prost(bytes = "vec", tag = "4")]
    raw: Vec<u8>,
    #[prost(float, tag = "5")]
    ratio: f32,
    #[prost(double, tag = "6")]
    price: f64,
    #[prost(bool, tag = "7")]
    is_gift: bool,
    #[prost(string, optional, tag = "8")]
    note: Option<String>,
    #[prost(int32, tag = "9")]
    state: i32,
    #[prost(message, repeated, tag = "10")]
    lines: Vec<Line>,
    #[prost(btree_map = "string, sint64", tag = "11")]
    weights: std::collections::BTreeMap<String, i64>,
    #[prost(message, optional, boxed, tag = "12")]
    next: Option<Box<Order>>,
    #[prost(fixed32, repeated, tag = "13")]
    marks: Vec<u32>,
    #[prost(sfixed64, repeated, packed = "false", tag = "14")]
    unpacked: Vec<i64>,
    #[prost(oneof = "Paid", tags = "15, 16")]
    paid: Option<Paid>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Paid {
    #[prost(string, tag = "15")]
    Card(String),
    #[prost(message, tag = "16")]
    Line(Line),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Line {
    #[prost(string, tag = "1")]
    sku: String,
    #[prost(uint32, tag = "2")]
    quantity: u32,
}

struct World {
    any: Any,
    dynamic: ProtobufDeserializer<DynamicMessage>,
    writers: Vec<ProtobufSerializer<DynamicMessage>>,
    typed: ProtobufDeserializer<Order>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let client = client("PROTOBUF", &[SCHEMA, OLD]);
    let messages = [
        (1, "shop.Order"),
        (1, "shop.Line"),
        (1, "shop.Line.Other"),
        (2, "shop.Old"),
        (2, "shop.Old.Part"),
    ];
    let writer = |(id, name)| {
        let builder = ProtobufSerializer::dynamic_from_registry(&client).message(name);
        ready(builder.source(source(id)).subject("s").build()).expect("a writer")
    };
    let writers: Vec<_> = messages.map(writer).into();
    let order = writers[0].descriptor().clone();
    World {
        any: Any::new(&client, 2),
        dynamic: ProtobufDeserializer::dynamic(&client).allocation_bytes_max(1 << 20).build(),
        typed: ProtobufDeserializer::with_descriptor(&client, order)
            .allocation_bytes_max(1 << 20)
            .build(),
        writers,
    }
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&first, rest)) = input.split_first() else { return };
    let id = first % 2 + 1;
    let message = framed(id, rest);
    let read = ready(WORLD.dynamic.decode_async(&message, None));
    let explained = WORLD.any.explain(&message);
    assert!(explained.is_err() || read.is_ok());
    let Ok(value) = read else {
        if let (1, Some(0)) = (id, rest.first()) {
            let typed = ready(WORLD.typed.decode_async(&message, None));
            agree(&typed, &read);
        }
        return;
    };
    let name = value.descriptor().full_name().to_owned();
    let writer = WORLD.writers.iter().find(|writer| writer.descriptor().full_name() == name);
    let writer = writer.expect("a writer for each message");
    let written = writer.encode(&value).expect("what was read");
    let again = ready(WORLD.dynamic.decode_async(&written, None)).expect("what was written");
    assert_eq!(writer.encode(&again).expect("what was read").len(), written.len());
    if name == "shop.Order" {
        let typed = ready(WORLD.typed.decode_async(&message, None)).expect("what is readable");
        let body = typed.encode_to_vec();
        let again = ready(WORLD.typed.decode_async(&framed(1, &[&[0], &body[..]].concat()), None));
        assert_eq!(again.expect("what was written").encode_to_vec(), body);
    }
    // A tool writes the first message of a file.
    let Ok(value) = explained else { return };
    if ["shop.Order", "shop.Old"].contains(&name.as_str())
        && let Ok(written) = WORLD.any.write(id, &value)
    {
        let again = WORLD.any.explain(&written).expect("what was written");
        assert_eq!(again.json, value.json);
    }
});
