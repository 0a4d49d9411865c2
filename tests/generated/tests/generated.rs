//! What a build script makes of schema files, against the files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

use levada_generated_tests::generated::{
    Key, Line, Order, OrderDue, OrderKind, OrderPaid, OrderSeen, Payment, PaymentTip, Salt, Sha256,
    Total, Tree, TreeLeaf, Wait,
};
use levada_lock_file::StoredVersion;
use levada_schema_core::{
    Limits, RawSchema, Reference, ResolvedReference, Schema, SchemaType, Validation,
};
use levada_serde::apache_avro::Uuid;
use levada_serde::apache_avro::reader::datum::GenericDatumReader;
use levada_serde::apache_avro::types::Value;
use levada_serde::avro::record::{AvroRead, AvroWrite, schema_text};
use levada_serde::client::SchemaBundle;
use levada_serde::{AvroDeserializer, AvroSerializer, RegistryClient};

const LINE: &str = include_str!("../schemas/line.avsc");
const ORDER: &str = include_str!("../schemas/order.avsc");
const PAYMENT: &str = include_str!("../schemas/payment.avsc");
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
    assert_eq!(resolved(&schema_text::<Payment>(), &[]), resolved(PAYMENT, &[]));
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

#[tokio::test]
async fn fixed_types_and_decimals_within_others_come_back_and_are_what_the_file_says() {
    let payment = Payment {
        digest: Sha256([7; 32]),
        before: Some(Sha256([8; 32])),
        chain: vec![Sha256([1; 32]), Sha256([2; 32])],
        salt: Salt([0, 255]),
        total: Total([0, 0, 0, 0, 0, 0, 0x30, 0x39]),
        waits: Wait([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]),
        key: Key([9; 16]),
        parts: vec![vec![1], vec![0xff, 0]],
        fees: [("card".to_owned(), Some(vec![5])), ("none".to_owned(), None)].into(),
        rates: vec![[("a".to_owned(), vec![1, 2])].into()],
        tip: PaymentTip::Bytes(vec![10]),
    };
    assert_eq!(read_back(&payment).await, payment);
    for tip in [PaymentTip::Null, PaymentTip::Total(Total([1; 8])), PaymentTip::String("-".into())]
    {
        let payment = Payment { tip, ..payment.clone() };
        assert_eq!(read_back(&payment).await, payment);
    }
    // A codec that knows the file alone.
    let schema = levada_serde::apache_avro::Schema::parse_str(PAYMENT).unwrap();
    let mut body = Vec::new();
    payment.write(&mut body).unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    let Value::Record(fields) = reader.read_value(&mut body.as_slice()).unwrap() else { panic!() };
    let field = |name: &str| &fields.iter().find(|(field, _)| field == name).unwrap().1;
    let decimal = |digits: &[u8]| Value::Decimal(digits.into());
    assert_eq!(field("digest"), &Value::Fixed(32, vec![7; 32]));
    assert_eq!(field("total"), &decimal(&payment.total.0));
    assert_eq!(field("waits"), &Value::Duration(payment.waits.0.into()));
    assert_eq!(field("key"), &Value::Uuid(Uuid::from_bytes([9; 16])));
    assert_eq!(field("parts"), &Value::Array(vec![decimal(&[1]), decimal(&[0xff, 0])]));
    assert_eq!(field("tip"), &Value::Union(3, Box::new(decimal(&[10]))));
}
