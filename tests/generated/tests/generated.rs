//! What a build script makes of schema files, against the files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

use levada_generated_tests::generated::{
    Line, Order, OrderDue, OrderKind, OrderPaid, OrderSeen, Tree, TreeLeaf,
};
use levada_lock_file::StoredVersion;
use levada_schema_core::{
    Limits, RawSchema, Reference, ResolvedReference, Schema, SchemaType, Validation,
};
use levada_serde::avro::record::{AvroRead, AvroWrite, schema_text};
use levada_serde::client::SchemaBundle;
use levada_serde::{AvroDeserializer, AvroSerializer, RegistryClient};

const LINE: &str = include_str!("../schemas/line.avsc");
const ORDER: &str = include_str!("../schemas/order.avsc");
const TREE: &str = include_str!("../schemas/tree.avsc");

/// The schema with everything that it refers to, as the registry shows it.
fn resolved(text: &str, references: &[&str]) -> String {
    let references = references.iter().map(|text| {
        let (name, subject) = ("shop.Line".to_owned(), "line-value".to_owned());
        let reference = Reference { name, subject, version: 1 };
        ResolvedReference { reference, text: (*text).to_owned() }
    });
    let references: Vec<_> = references.collect();
    let raw = RawSchema { schema_type: SchemaType::Avro, text, references: &references };
    Schema::parse(raw, Validation::New, &Limits::default()).unwrap().resolved()
}

#[test]
fn schemas_of_generated_types_are_those_of_the_files() {
    assert_eq!(resolved(&schema_text::<Line>(), &[]), resolved(LINE, &[]));
    assert_eq!(resolved(&schema_text::<Order>(), &[]), resolved(ORDER, &[LINE]));
    assert_eq!(resolved(&schema_text::<Tree>(), &[]), resolved(TREE, &[]));
}

#[test]
fn struct_by_hand_has_the_schema_of_its_file_but_for_documentation() {
    let own = resolved(&schema_text::<levada_generated_tests::Line>(), &[]);
    let own = own.replace(r#","doc":"The article.""#, "").replace(r#","doc":"How many.""#, "");
    let own = own.replace(
        "What a program writes by hand and has compared with the file.",
        "One line of an order.",
    );
    assert_eq!(own, resolved(LINE, &[]));
}

/// The value as it is read of the message that it is written to, by a program that carries the schema.
async fn read_back<T: AvroWrite + for<'b> AvroRead<'b> + Send>(value: &T) -> T {
    let version = StoredVersion {
        subject: "s".to_owned(),
        version: 1,
        id: Some(1),
        guid: None,
        schema_type: "AVRO".to_owned(),
        references: Vec::new(),
        metadata: None,
        rule_set: None,
        schema: schema_text::<T>(),
        deleted: false,
    };
    let bundle = SchemaBundle::parse(&levada_lock_file::write(&[version])).unwrap();
    let client = RegistryClient::builder("http://127.0.0.1:9").bundle(bundle).build().unwrap();
    let writer = AvroSerializer::<T>::record(&client).subject("s").build().await.unwrap();
    let reader = AvroDeserializer::<T>::record(&client).build().await.unwrap();
    reader.decode_async(&writer.encode(value).unwrap(), None).await.unwrap()
}

#[tokio::test]
async fn values_of_generated_types_come_back() {
    let line = Line { sku: "a".into(), quantity: 2 };
    let order = Order {
        id: 1,
        customer_id: "Ada".into(),
        r#type: OrderKind::WholeSale,
        lines: vec![line.clone()],
        first: Some(line.clone()),
        note: None,
        paid: OrderPaid::Line(line),
        due: OrderDue::Null,
        at: 1_000,
        sent: Some(2_000),
        days: [("first".to_owned(), 3)].into(),
        key: "067e6162-3b6f-4ae2-a171-2470b63dff00".into(),
        amount: vec![1, 2],
        tax: Some(vec![3]),
        seen: OrderSeen::Long(4),
        raw: vec![5],
        rate: 0.5,
        rates: [("x".to_owned(), Some(1.5)), ("y".to_owned(), None)].into(),
        is_gift: true,
    };
    assert_eq!(read_back(&order).await, order);
    let leaf = Tree { left: None, forest: Vec::new(), leaf: TreeLeaf::Int(1) };
    let tree = Tree {
        left: Some(Box::new(leaf.clone())),
        forest: vec![leaf.clone(), leaf.clone()],
        leaf: TreeLeaf::Tree(Box::new(leaf)),
    };
    assert_eq!(read_back(&tree).await, tree);
}
