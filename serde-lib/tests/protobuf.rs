//! Protobuf serializers and deserializers against the real registry server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod server;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use levada_schema_core::protobuf::ProtobufSchema;
use levada_schema_core::{Limits, Reference, ResolvedReference};
use levada_serde::client::Version;
use levada_serde::prost_reflect::prost::{self, Message};
use levada_serde::prost_reflect::prost_types::{FileDescriptorProto, Timestamp};
use levada_serde::prost_reflect::{
    DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage, Value,
};
use levada_serde::protobuf::ReferenceSubjectStrategy;
use levada_serde::wire_format::{MessageIndex, SchemaRef};
use levada_serde::{
    DecodeKind, EncodeKind, Error, Framing, ProtobufDeserializer, ProtobufSerializer, ReadFraming,
    SchemaDefinition, SchemaSource, Serializer, SubjectNameStrategy,
};
use server::start;

const LINE: &str = "syntax = \"proto3\"; package shop;
    message Line { string sku = 1; int32 quantity = 2; }";
const ORDER: &str = "syntax = \"proto3\"; package shop;
    import \"shop/line.proto\"; import \"google/protobuf/timestamp.proto\";
    message Receipt { int64 id = 1; }
    message Order {
      int64 id = 1;
      map<string, string> attributes = 2;
      repeated Line lines = 3;
      google.protobuf.Timestamp at = 4;
      message Note { string text = 1; }
    }";

#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "levada_serde::prost_reflect::prost")]
struct Line {
    #[prost(string, tag = "1")]
    sku: String,
    #[prost(int32, tag = "2")]
    quantity: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "levada_serde::prost_reflect::prost")]
struct Order {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(map = "string, string", tag = "2")]
    attributes: HashMap<String, String>,
    #[prost(message, repeated, tag = "3")]
    lines: Vec<Line>,
    #[prost(message, optional, tag = "4")]
    at: Option<Timestamp>,
}

#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "levada_serde::prost_reflect::prost")]
struct Note {
    #[prost(string, tag = "1")]
    text: String,
}

impl ReflectMessage for Order {
    fn descriptor(&self) -> MessageDescriptor {
        descriptor("shop.Order")
    }
}

impl ReflectMessage for Note {
    fn descriptor(&self) -> MessageDescriptor {
        descriptor("shop.Order.Note")
    }
}

/// What a build script gives a program: the files as a compiler has them.
fn descriptor(name: &str) -> MessageDescriptor {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        let mut pool = DescriptorPool::global();
        let line = reference("shop/line.proto", LINE);
        for (path, text, references) in
            [("shop/line.proto", LINE, &[][..]), ("shop/order.proto", ORDER, &[line][..])]
        {
            let schema = ProtobufSchema::parse(text, references, &Limits::default()).unwrap();
            let bytes = STANDARD.decode(schema.serialized()).unwrap();
            let mut file = FileDescriptorProto::decode(&bytes[..]).unwrap();
            file.name = Some(path.to_owned());
            if path == "shop/order.proto" {
                // The reference writes the entries of maps last, a compiler where their fields are.
                file.message_type[1].nested_type.reverse();
            }
            pool.add_file_descriptor_proto(file).unwrap();
        }
        pool
    });
    POOL.get_message_by_name(name).unwrap()
}

fn reference(name: &str, text: &str) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: String::new(), version: 1 };
    ResolvedReference { reference, text: text.to_owned() }
}

fn order() -> Order {
    let line = |sku: &str, quantity| Line { sku: sku.to_owned(), quantity };
    Order {
        id: 7,
        attributes: HashMap::from([("k".to_owned(), "v".to_owned())]),
        lines: vec![line("a", 1), line("b", -2)],
        at: Some(Timestamp { seconds: 1_700_000_000, nanos: 5 }),
    }
}

fn prefix(id: u32) -> [u8; 5] {
    levada_serde::wire_format::id_prefix(id)
}

#[tokio::test]
async fn generated_type_is_registered_with_its_imports_and_reads_back_equal() {
    let (_folder, _server, client) = start().await;
    let writer = ProtobufSerializer::<Order>::builder(&client).topic("orders");
    let writer = writer.build().await.unwrap();
    assert_eq!(writer.subject(), "orders-value");
    let stored = client.version("orders-value", Version::Latest).await.unwrap();
    assert_eq!(stored.id, writer.schema_id());
    let names: Vec<_> = stored.schema.references.iter().map(|it| &it.reference).collect();
    let line = "shop/line.proto".to_owned();
    assert_eq!(names, [&Reference { name: line.clone(), subject: line, version: 1 }]);
    assert!(stored.schema.text.contains("import \"google/protobuf/timestamp.proto\";"));

    let bytes = writer.encode(&order()).unwrap();
    let frame = [&prefix(writer.schema_id())[..], &[2, 2]].concat(); // one level, position 1
    assert_eq!(bytes, [frame, order().encode_to_vec()].concat());
    let reader = ProtobufDeserializer::<Order>::builder(&client).build();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
    assert_eq!(reader.decode(&bytes, None).unwrap(), order(), "the schema is loaded by now");

    let writer = ProtobufSerializer::<Order>::builder(&client).topic("orders");
    let writer = writer.framing(Framing::Header).build().await.unwrap();
    let (name, header) = writer.schema_id_header().unwrap();
    assert_eq!((name, &header[17..]), ("__value_schema_id", &[2, 2][..]));
    let bytes = writer.encode(&order()).unwrap();
    assert_eq!(bytes, order().encode_to_vec());
    assert_eq!(reader.decode_async(&bytes, Some(header)).await.unwrap(), order());
}

#[tokio::test]
async fn nested_message_is_counted_as_its_compiler_counts_it() {
    let (_folder, _server, client) = start().await;
    let note = Note { text: "x".to_owned() };
    let writer = ProtobufSerializer::<Note>::builder(&client).topic("notes").build().await.unwrap();
    let bytes = writer.encode(&note).unwrap();
    // Two levels: the second message, and in it the second, behind the entry of the map.
    assert_eq!(&bytes[5..], [&[4, 2, 2][..], &note.encode_to_vec()].concat());
    let reader = ProtobufDeserializer::<Note>::builder(&client).build();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), note);
}

#[tokio::test]
async fn indexes_of_clients_that_count_by_the_text_are_understood_where_they_are_clear() {
    let (_folder, _server, client) = start().await;
    let line = SchemaDefinition::protobuf(LINE);
    client.register("line", &line, false).await.unwrap();
    let schema = SchemaDefinition::protobuf(ORDER).with_reference("shop/line.proto", "line", 1);
    let id = client.register("notes", &schema, false).await.unwrap().id;
    let note = Note { text: "x".to_owned() };
    let reader = ProtobufDeserializer::<Note>::builder(&client).build();
    let any = ProtobufDeserializer::dynamic(&client).build();
    for index in [[4, 2, 0], [4, 2, 2]] {
        let bytes = [&prefix(id)[..], &index, &note.encode_to_vec()].concat();
        assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), note, "{index:?}");
        let any = any.decode_async(&bytes, None).await.unwrap();
        assert_eq!(any.descriptor().full_name(), "shop.Order.Note", "{index:?}");
    }
    let bytes = [&prefix(id)[..], &[4, 2, 4]].concat();
    let error = any.decode(&bytes, None).unwrap_err();
    assert!(matches!(error, Error::UnknownMessage { .. }), "{error:?}");
    assert!(error.to_string().contains("has no message at index [1, 2]"), "{error}");
}

#[tokio::test]
async fn index_that_means_another_message_is_not_taken_for_a_count_by_the_text() {
    let (_folder, _server, client) = start().await;
    let text = "syntax = \"proto3\"; package shop; message Order { \
                map<string, string> m = 1; message First { string a = 1; } \
                message Note { string text = 1; } }";
    let id = client.register("n", &SchemaDefinition::protobuf(text), false).await.unwrap().id;
    let note = Note { text: "x".to_owned() };
    let reader = ProtobufDeserializer::<Note>::builder(&client).build();
    // Counted by a compiler, 1 is `First` and 2 is `Note`, which is 1 by the text.
    let bytes = |at: u8| [&prefix(id)[..], &[4, 0, 2 * at], &note.encode_to_vec()].concat();
    assert_eq!(reader.decode_async(&bytes(2), None).await.unwrap(), note);
    let error = reader.decode_async(&bytes(1), None).await.unwrap_err();
    let Error::MessageTypeMismatch { found, .. } = &error else { panic!("{error:?}") };
    assert_eq!(found, "shop.Order.First");
}

#[tokio::test]
async fn dynamic_message_without_a_required_field_is_neither_written_nor_read() {
    let (_folder, _server, client) = start().await;
    let schema = SchemaDefinition::protobuf(
        "syntax = \"proto2\"; package old; message Order { required int32 id = 1; \
         repeated Line lines = 2; } message Line { required string sku = 1; }",
    );
    let writer = ProtobufSerializer::dynamic_with_schema(&client, schema).topic("old");
    let writer = writer.build().await.unwrap();
    let mut order = DynamicMessage::new(writer.descriptor().clone());
    let whole = [0x08, 7, 0x12, 3, 0x0a, 1, b'x'];
    order.merge(&whole[..]).unwrap();
    let message = writer.encode(&order).unwrap();
    order.merge(&[0x12, 0][..]).unwrap();
    let error = writer.encode(&order).unwrap_err();
    let Error::Encode(found) = &error else { panic!("{error:?}") };
    assert_eq!((&found.kind, found.path.as_str()), (&EncodeKind::RequiredField, "lines[1].sku"));

    let reader = ProtobufDeserializer::dynamic(&client).build();
    let read = reader.decode_async(&message, None).await.unwrap();
    assert_eq!(read.encode_to_vec(), whole);
    let [head, lines] = [&message[..6], &message[8..]];
    let error = reader.decode(&[head, lines].concat(), None).unwrap_err();
    assert!(error.is_poison(), "{error}");
    let Error::Decode(found) = &error else { panic!("{error:?}") };
    assert_eq!((&found.kind, found.path.as_str()), (&DecodeKind::RequiredField, "id"));
    let text = error.to_string();
    assert!(
        text.ends_with("(field `id`): the field is required, and the message does not have it")
    );
}

#[tokio::test]
async fn map_of_another_wire_type_is_an_unknown_field_of_a_dynamic_message() {
    let (_folder, _server, client) = start().await;
    let schema = SchemaDefinition::protobuf(
        "syntax = \"proto3\"; package counted; message Counts { map<string, int64> of = 1; }",
    );
    let writer = ProtobufSerializer::dynamic_with_schema(&client, schema).topic("counts");
    let writer = writer.build().await.unwrap();
    let mut counts = DynamicMessage::new(writer.descriptor().clone());
    let entry = [0x0a, 5, 0x0a, 1, b'x', 0x10, 7];
    counts.merge(&entry[..]).unwrap();
    let message = writer.encode(&counts).unwrap();
    let head = &message[..6];

    let reader = ProtobufDeserializer::dynamic(&client).build();
    // As a group, and as a number.
    for other in [&[0x0b, 0x0c][..], &[0x08, 0]] {
        let read = reader.decode_async(&[head, other, &entry].concat(), None).await.unwrap();
        assert_eq!(read.encode_to_vec(), entry, "{other:?}");
    }
    let error = reader.decode(&[head, &[0x0b, 0]].concat(), None).unwrap_err();
    let Error::Decode(found) = &error else { panic!("{error:?}") };
    assert_eq!((&found.kind, found.path.as_str()), (&DecodeKind::InvalidTag(0), "of[0]"));
}

#[tokio::test]
async fn frame_of_another_message_is_refused_unless_that_is_allowed() {
    let (_folder, _server, client) = start().await;
    let writer = ProtobufSerializer::<Note>::builder(&client).topic("t").build().await.unwrap();
    let bytes = writer.encode(&Note::default()).unwrap();
    let strict = ProtobufDeserializer::<Order>::builder(&client).build();
    let error = strict.decode_async(&bytes, None).await.unwrap_err();
    let Error::MessageTypeMismatch { found, wanted, .. } = &error else { panic!("{error:?}") };
    assert_eq!((found.as_str(), wanted.as_str()), ("shop.Order.Note", "shop.Order"));
    assert!(error.is_poison() && error.to_string().contains("lenient_type(true)"), "{error}");
    let lenient = ProtobufDeserializer::<Order>::builder(&client).lenient_type(true).build();
    assert_eq!(lenient.decode_async(&bytes, None).await.unwrap(), Order::default());
}

#[tokio::test]
async fn dynamic_messages_are_read_and_written_by_the_registered_schema() {
    let (_folder, _server, client) = start().await;
    let schema = SchemaDefinition::protobuf(
        "syntax = \"proto3\"; package a; message First {} message User { string name = 1; }",
    );
    let own = ProtobufSerializer::dynamic_with_schema(&client, schema).message("a.User");
    let own = own.topic("users").build().await.unwrap();
    let latest = ProtobufSerializer::dynamic_from_registry(&client).topic("users");
    let latest = latest.message("a.User").build().await.unwrap();
    assert_eq!(own.schema_id(), latest.schema_id());
    let mut user = DynamicMessage::new(latest.descriptor().clone());
    user.set_field_by_name("name", Value::String("Ada".to_owned()));
    let bytes = latest.encode(&user).unwrap();
    assert_eq!(bytes, own.encode(&user).unwrap(), "both pools have the message");
    assert_eq!(&bytes[5..], b"\x02\x02\x0a\x03Ada");

    let reader = ProtobufDeserializer::dynamic(&client).build();
    // Field 9 is nothing that the schema knows.
    let more = [&bytes[..], &[0x48, 1]].concat();
    let read = reader.decode_async(&more, None).await.unwrap();
    assert_eq!(read.get_field_by_name("name").unwrap().as_str(), Some("Ada"));
    assert_eq!(latest.encode(&read).unwrap(), more, "unknown fields are kept");

    let other = DynamicMessage::new(descriptor("shop.Order"));
    let Err(Error::Encode(error)) = latest.encode(&other) else { panic!("another message") };
    assert!(matches!(error.kind, EncodeKind::MessageMismatch { .. }), "{error:?}");
    assert_eq!(error.subject.as_deref(), Some("users-value"));
}

#[tokio::test]
async fn versions_of_a_type_read_each_other() {
    let (_folder, _server, client) = start().await;
    let old = "syntax = \"proto3\"; package shop; message Order { int64 id = 1; }";
    let new = "syntax = \"proto3\"; package shop; message Order { int64 id = 1; string more = 9; }";
    let write = async |text: &str, field: &str, value: Value| {
        let schema = SchemaDefinition::protobuf(text);
        let writer = ProtobufSerializer::dynamic_with_schema(&client, schema).topic("orders");
        let writer = writer.build().await.unwrap();
        let mut message = DynamicMessage::new(writer.descriptor().clone());
        message.set_field_by_name(field, value);
        writer.encode(&message).unwrap()
    };
    let reader = ProtobufDeserializer::<Order>::builder(&client).build();
    let bytes = write(old, "id", Value::I64(3)).await;
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap().id, 3);
    let bytes = write(new, "more", Value::String("x".to_owned())).await;
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), Order::default());
    let wanted = descriptor("shop.Order");
    let projected = ProtobufDeserializer::dynamic_with_descriptor(&client, wanted.clone()).build();
    let read = projected.decode_async(&bytes, None).await.unwrap();
    assert_eq!(read.descriptor(), wanted);
}

#[tokio::test]
async fn references_are_registered_as_the_options_say() {
    let (_folder, _server, client) = start().await;
    let builder = |topic: &str| ProtobufSerializer::<Order>::builder(&client).topic(topic);
    let looked_up = builder("a").lookup_references_only(true).build().await;
    assert!(matches!(looked_up, Err(Error::Registry(_))), "{looked_up:?}");
    let unregistered = builder("a").source(SchemaSource::Lookup { normalize: false }).build().await;
    assert!(matches!(unregistered, Err(Error::Registry(_))), "{unregistered:?}");

    let subjects = async |topic: &str| {
        let version = client.version(&format!("{topic}-value"), Version::Latest).await.unwrap();
        let references = version.schema.references.iter();
        references.map(|it| it.reference.subject.clone()).collect::<Vec<_>>()
    };
    let qualified = builder("b").reference_subjects(ReferenceSubjectStrategy::Qualified);
    qualified.build().await.unwrap();
    assert_eq!(subjects("b").await, ["shop.line"]);
    let custom = ReferenceSubjectStrategy::Custom(Arc::new(|path| format!("ref-{path}")));
    let all = builder("c").reference_subjects(custom).skip_known_types(false);
    all.build().await.unwrap();
    let known = "ref-google/protobuf/timestamp.proto";
    assert_eq!(subjects("c").await, ["ref-shop/line.proto", known]);
    let again = builder("b").reference_subjects(ReferenceSubjectStrategy::Qualified);
    let again = again.source(SchemaSource::Lookup { normalize: false }).build().await.unwrap();
    assert_eq!(again.subject(), "b-value");
}

#[tokio::test]
async fn latest_and_id_count_in_the_schema_that_the_registry_holds() {
    let (_folder, _server, client) = start().await;
    let line = SchemaDefinition::protobuf(LINE);
    client.register("line", &line, false).await.unwrap();
    // The same messages in another order, and without `at`.
    let other = "syntax = \"proto3\"; package shop; import \"shop/line.proto\";
        message Order {
          int64 id = 1; map<string, string> attributes = 2; repeated Line lines = 3;
          message Note { string text = 1; }
        }
        message Receipt { int64 id = 1; }";
    let other = SchemaDefinition::protobuf(other).with_reference("shop/line.proto", "line", 1);
    let id = client.register("orders-value", &other, false).await.unwrap().id;
    let builder = || ProtobufSerializer::<Order>::builder(&client).topic("orders");
    let reader = ProtobufDeserializer::<Order>::builder(&client).build();
    for source in [SchemaSource::Latest { strict: true }, SchemaSource::Id { id, strict: true }] {
        let writer = builder().source(source.clone()).build().await.unwrap();
        let bytes = writer.encode(&order()).unwrap();
        assert_eq!((writer.schema_id(), bytes[5]), (id, 0), "{source:?}");
        assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
    }
    let clashing = "syntax = \"proto3\"; package shop; message Order { string id = 1; }";
    let clashing = SchemaDefinition::protobuf(clashing);
    client.register("clash-value", &clashing, false).await.unwrap();
    let builder = || ProtobufSerializer::<Order>::builder(&client).topic("clash");
    let strict = builder().source(SchemaSource::Latest { strict: true }).build().await;
    let Err(Error::Incompatible { details, .. }) = strict else { panic!("{strict:?}") };
    assert!(details.contains("#/Order/1"), "{details}");
    builder().source(SchemaSource::Latest { strict: false }).build().await.unwrap();

    let lacking = ProtobufSerializer::<Note>::builder(&client).topic("clash");
    let lacking = lacking.source(SchemaSource::Latest { strict: false }).build().await;
    let Err(Error::Incompatible { subject, details }) = lacking else { panic!("{lacking:?}") };
    assert_eq!((&*subject, &*details), ("clash-value", "it has no message `shop.Order.Note`"));
}

#[tokio::test]
async fn normalized_schema_counts_its_messages_as_it_is_stored() {
    let (_folder, _server, client) = start().await;
    let builder = ProtobufSerializer::<Order>::builder(&client).topic("orders");
    let writer = builder.source(SchemaSource::AutoRegister { normalize: true });
    let writer = writer.build().await.unwrap();
    let bytes = writer.encode(&order()).unwrap();
    let reader = ProtobufDeserializer::<Order>::builder(&client).build();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
}

#[tokio::test]
async fn record_strategies_take_the_full_name_of_the_message() {
    let (_folder, _server, client) = start().await;
    let builder = || ProtobufSerializer::<Note>::builder(&client).topic("t");
    let record = builder().subject_name_strategy(SubjectNameStrategy::Record);
    assert_eq!(record.build().await.unwrap().subject(), "shop.Order.Note");
    let both = builder().subject_name_strategy(SubjectNameStrategy::TopicRecord);
    assert_eq!(both.build().await.unwrap().subject(), "t-shop.Order.Note");
}

#[tokio::test]
async fn bare_bodies_are_read_by_the_schema_that_the_program_names() {
    let (_folder, _server, client) = start().await;
    let writer = ProtobufSerializer::<Note>::builder(&client).topic("t").framing(Framing::None);
    let writer = writer.build().await.unwrap();
    let note = Note { text: "x".to_owned() };
    let bytes = writer.encode(&note).unwrap();
    assert_eq!((&bytes, writer.schema_id_header()), (&note.encode_to_vec(), None));
    let schema = SchemaRef::Id(writer.schema_id());
    let bare = |index| ReadFraming::Bare { schema, index };
    let typed = ProtobufDeserializer::<Note>::builder(&client).framing(bare(None)).build();
    assert_eq!(typed.decode_async(&bytes, None).await.unwrap(), note);
    let nested = MessageIndex::new(&[1, 1]).unwrap();
    for (index, name) in [(None, "shop.Receipt"), (Some(nested), "shop.Order.Note")] {
        let any = ProtobufDeserializer::dynamic(&client).framing(bare(index)).build();
        let read = any.decode_async(&bytes, None).await.unwrap();
        assert_eq!(read.descriptor().full_name(), name);
    }
}

#[tokio::test]
async fn broken_bodies_are_told_by_field_and_byte() {
    let (_folder, _server, client) = start().await;
    let writer = ProtobufSerializer::<Order>::builder(&client).topic("t").build().await.unwrap();
    let reader = ProtobufDeserializer::<Order>::builder(&client).build();
    let decode = async |body: &[u8]| {
        let frame = [&prefix(writer.schema_id())[..], &[2, 2]].concat();
        reader.decode_async(&[&frame[..], body].concat(), None).await
    };
    // The second line's sku has a byte that is no UTF-8.
    let Err(Error::Decode(error)) = decode(b"\x1a\x00\x1a\x03\x0a\x01\xff").await else { panic!() };
    assert_eq!((&*error.path, error.offset), ("lines[1].sku", 6));
    assert_eq!((&error.kind, error.format), (&DecodeKind::InvalidUtf8, "PROTOBUF"));
    let told = error.to_string();
    assert!(told.contains(&format!("of schema id {}", writer.schema_id())), "{told}");
    let Err(Error::Decode(error)) = decode(b"\x12\x04\x0a\x01k\x0a").await else { panic!() };
    assert_eq!((&*error.path, error.offset), ("attributes[0].key", 6));
    assert_eq!(error.kind, DecodeKind::UnexpectedEof);
}

#[tokio::test]
async fn fields_of_an_unexpected_wire_type_are_passed_over_at_every_depth() {
    let (_folder, _server, client) = start().await;
    let writer = ProtobufSerializer::<Order>::builder(&client).topic("t").build().await.unwrap();
    let frame = [&prefix(writer.schema_id())[..], &[2, 2]].concat();
    // The id as text, and in a line the sku as a number before a quantity.
    let body = b"\x0a\x01x\x1a\x04\x08\x05\x10\x03";
    let reader = ProtobufDeserializer::<Order>::builder(&client).build();
    let read = reader.decode_async(&[&frame[..], body].concat(), None).await.unwrap();
    let lines = vec![Line { sku: String::new(), quantity: 3 }];
    assert_eq!(read, Order { lines, ..Order::default() });
}

#[tokio::test]
async fn large_bodies_are_measured_before_they_are_decoded() {
    let (_folder, _server, client) = start().await;
    let writer = ProtobufSerializer::<Order>::builder(&client).topic("t").build().await.unwrap();
    let bytes = [&prefix(writer.schema_id())[..], &[2, 2], &[0x1a, 0].repeat(600_000)].concat();
    let reader = ProtobufDeserializer::<Order>::builder(&client).allocation_bytes_max(100 << 20);
    let Err(Error::Decode(error)) = reader.build().decode_async(&bytes, None).await else {
        panic!("600,000 lines fit into 100 MiB")
    };
    assert_eq!(error.kind, DecodeKind::AllocationLimitExceeded(100 << 20));
    let reader = ProtobufDeserializer::<Order>::builder(&client).build();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap().lines.len(), 600_000);
}
