//! Tags of all formats.

use super::*;
use crate::{RawSchema, SchemaType, Validation};

fn parse(schema_type: SchemaType, text: &str) -> Schema {
    let raw = RawSchema { schema_type, text, references: &[] };
    Schema::parse(raw, Validation::Stored, &Limits::default()).unwrap()
}

fn entity(kind: EntityKind, path: &str, tags: &[&str]) -> EntityTags {
    let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
    EntityTags { entity: Entity::new(kind, path), tags }
}

fn record(path: &str, tags: &[&str]) -> EntityTags {
    entity(EntityKind::Record, path, tags)
}

fn field(path: &str, tags: &[&str]) -> EntityTags {
    entity(EntityKind::Field, path, tags)
}

fn changed(schema: &Schema, add: &[EntityTags], remove: &[EntityTags]) -> Schema {
    let changes = TagChanges { add: add.to_vec(), remove: remove.to_vec() };
    let text = schema.with_tags(&changes, &Limits::default()).unwrap();
    parse(schema.schema_type(), &text)
}

/// What is added is found again, and removing it gives back the schema.
fn there_and_back(schema: &Schema, added: &[EntityTags]) {
    let tagged = changed(schema, added, &[]);
    assert_eq!(tagged.tagged_entities(&Limits::default()), added);
    assert_eq!(changed(&tagged, &[], added).canonical(), schema.canonical());
}

fn is_unknown(schema: &Schema, tags: EntityTags) {
    let path = tags.entity.path.clone();
    let changes = TagChanges { add: vec![tags], remove: Vec::new() };
    let refused = schema.with_tags(&changes, &Limits::default());
    assert_eq!(refused, Err(UnknownEntity(path)));
}

const AVRO: &str = r#"{"type":"record","name":"A","namespace":"n","fields":[
    {"name":"own","type":"string"},
    {"name":"list","type":{"type":"array","items":["null",{"type":"record","name":"B",
        "namespace":"m","fields":[{"name":"x","type":"n.A"},{"name":"y","type":"int"}]}]}}]}"#;

#[test]
fn avro_entities_are_records_and_their_fields() {
    let schema = parse(SchemaType::Avro, AVRO);
    there_and_back(
        &schema,
        &[
            record("n.A", &["r", "s"]),
            field("n.A.own", &["f"]),
            field("n.A.list", &["f"]),
            record("m.B", &["r"]),
            field("m.B.y", &["g", "f"]),
        ],
    );
    let short = changed(&schema, &[record("B", &["t"]), field(".A.own", &["t"])], &[]);
    let expected = [field("n.A.own", &["t"]), record("m.B", &["t"])];
    assert_eq!(short.tagged_entities(&Limits::default()), expected);
    for path in ["n.C", "m.A", "x"] {
        is_unknown(&schema, record(path, &["t"]));
    }
    for path in ["n.A.none", "own", "n.B.y"] {
        is_unknown(&schema, field(path, &["t"]));
    }
}

#[test]
fn adding_comes_before_removing_and_the_empty_list_goes() {
    let schema = parse(SchemaType::Avro, r#"{"type":"record","name":"A","fields":[],"z":1}"#);
    let once = changed(&schema, &[record("A", &["a", "b", "a"])], &[record("A", &["b"])]);
    assert_eq!(once.tagged_entities(&Limits::default()), [record("A", &["a"])]);
    let again = changed(&once, &[record("A", &["a"])], &[]);
    assert_eq!(again.canonical(), once.canonical());
    let gone = changed(&once, &[], &[record("A", &["a", "never"])]);
    assert_eq!(gone.canonical(), schema.canonical());
}

#[test]
fn json_entities_are_objects_and_their_properties() {
    let schema = parse(
        SchemaType::Json,
        r##"{"type":"object","properties":{
            "plain":{"type":"string"},
            "dotted.name":{"type":"object","properties":{"in":{"type":"string"}}},
            "list":{"type":"array","items":{"type":"object","properties":{"x":{}}}},
            "either":{"oneOf":[{"type":"string"},{"type":"object","properties":{"y":{}}}]},
            "never":{"not":{"type":"object","properties":{"z":{}}}},
            "maybe":{"type":["object","null"],"properties":{"w":{}}},
            "link":{"$ref":"#/definitions/D"}},
          "definitions":{"D":{"type":"object","properties":{"d":{}}}}}"##,
    );
    there_and_back(
        &schema,
        &[
            record("object", &["r"]),
            field("object.plain", &["t"]),
            field("object.dotted.name", &["t"]),
            field("object.list", &["t"]),
            field("object.either", &["t"]),
            field("object.never", &["t"]),
            field("object.maybe", &["t"]),
            field("object.link", &["t"]),
            field("object.dotted.name.object.in", &["t"]),
            record("object.list.array.object", &["r"]),
            field("object.list.array.object.x", &["t"]),
            // The object is numbered first: kinds count in alphabetical order.
            record("object.either.oneof.0.object", &["r"]),
            field("object.either.oneof.0.object.y", &["t"]),
            record("object.never.not.object", &["r"]),
            field("object.never.not.object.z", &["t"]),
            field("object.maybe.anyof.1.object.w", &["t"]),
            record("object.definitions.D.object", &["r"]),
            field("object.definitions.D.object.d", &["t"]),
        ],
    );
    for path in ["object.none", "plain", "object", "array.object.x", "object.list.x", ""] {
        is_unknown(&schema, field(path, &["t"]));
    }
    for path in ["object.plain", "object.plain.object", "object.list.array.object.x.object"] {
        is_unknown(&schema, record(path, &["t"]));
    }
    for path in
        ["allof.0.object", "object.list.anyof.0.array.object", "object.never.oneof.1.not.object"]
    {
        is_unknown(&schema, record(path, &["t"]));
    }
}

#[test]
fn json_constructs_side_by_side_are_branches_of_an_all_of() {
    let schema = parse(
        SchemaType::Json,
        r#"{"type":"object","properties":{"country":{}},
            "if":{"properties":{"a":{}}},"then":{"properties":{"b":{}}}}"#,
    );
    there_and_back(
        &schema,
        &[
            record("allof.0.conditional.if.object", &["r"]),
            field("allof.0.conditional.if.object.a", &["t"]),
            record("allof.0.conditional.then.object", &["r"]),
            field("allof.0.conditional.then.object.b", &["t"]),
        ],
    );
    let country = field("allof.1.object.country", &["t"]);
    assert_eq!(
        changed(&schema, std::slice::from_ref(&country), &[]).tagged_entities(&Limits::default()),
        [country]
    );
    for path in ["allof.2.object", "anyof.0.object", "allof.0.oneof.0.object"] {
        is_unknown(&schema, record(path, &["t"]));
    }
}

#[test]
fn protobuf_entities_are_messages_and_their_fields() {
    let schema = parse(
        SchemaType::Protobuf,
        "syntax = \"proto3\"; package p;
         message A { string f = 1; oneof o { int32 g = 2; } message B { int32 h = 1; } }",
    );
    there_and_back(
        &schema,
        &[
            record("A", &["r"]),
            field("A.g", &["t"]),
            field("A.f", &["t", "u"]),
            record("A.B", &["r"]),
            field("A.B.h", &["t"]),
        ],
    );
    let tagged = changed(&schema, &[field(".A.o.g", &["t"])], &[]);
    assert_eq!(tagged.tagged_entities(&Limits::default()), [field("A.g", &["t"])]);
    for path in ["A.none", "p.A.f", "A.x.g", "A"] {
        is_unknown(&schema, field(path, &["t"]));
    }
    is_unknown(&schema, record("B", &["t"]));
}

#[test]
fn protobuf_tags_join_what_other_settings_of_the_option_say() {
    let schema = parse(
        SchemaType::Protobuf,
        "syntax = \"proto3\"; message A { string f = 1 [
            (confluent.field_meta).doc = \"d\", (confluent.field_meta).tags = \"a\"]; }",
    );
    assert_eq!(schema.tagged_entities(&Limits::default()), [field("A.f", &["a"])]);
    let tagged = changed(&schema, &[field("A.f", &["b"])], &[]);
    let expected = parse(
        SchemaType::Protobuf,
        "syntax = \"proto3\"; message A { string f = 1 [
            (confluent.field_meta) = { doc: \"d\", tags: [\"a\", \"b\"] }]; }",
    );
    assert_eq!(tagged.canonical(), expected.canonical());
    let plain = parse(
        SchemaType::Protobuf,
        "syntax = \"proto3\"; message A { string f = 1 [
            (confluent.field_meta) = { doc: \"d\" }]; }",
    );
    let untagged = changed(&tagged, &[], &[field("A.f", &["a", "b"])]);
    assert_eq!(untagged.canonical(), plain.canonical());
}
