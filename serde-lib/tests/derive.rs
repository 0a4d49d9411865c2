//! Types that derive `AvroRecord`: their schemas, their bytes, and what other schemas make of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod stub;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use levada_serde::apache_avro::types::Value;
use levada_serde::avro::DecodeLimits;
use levada_serde::avro::record::{AvroRead, AvroType, AvroWrite, schema_text};
use levada_serde::{
    AvroDeserializer, AvroRecord, AvroSerializer, DecodeKind, Error, RegistryClient, SchemaSource,
};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use stub::Stub;
use uuid::Uuid;

/// An order of the shop.
///
/// It never changes.
#[derive(AvroRecord, Clone, Debug, PartialEq)]
#[avro(namespace = "shop", alias = "Purchase", alias = "old.Order")]
struct Order {
    /// Counted from 1.
    id: i64,
    #[avro(name = "buyer", alias = "customer")]
    r#for: String,
    #[avro(default = "\"EUR\"")]
    currency: String,
    coupon: Option<String>,
    state: State,
    paid: Payment,
    lines: Vec<Line>,
    notes: BTreeMap<String, Vec<u8>>,
    weights: HashMap<String, f32>,
    is_gift: bool,
    /// A second line, so that its name stands for it.
    first: Box<Line>,
    #[avro(logical = "timestamp-millis")]
    at: i64,
    #[avro(decimal(precision = 9, scale = 2))]
    amount: Decimal,
    #[avro(decimal(precision = 4))]
    raw: Vec<u8>,
    key: Uuid,
    seen: jiff::Timestamp,
    due: jiff::civil::Date,
    opens: jiff::civil::Time,
    was_seen: chrono::DateTime<chrono::Utc>,
    was_there: chrono::NaiveDateTime,
    was_due: chrono::NaiveDate,
    was_open: chrono::NaiveTime,
}

#[derive(AvroRecord, Clone, Debug, PartialEq)]
struct Line {
    sku: String,
    quantity: i32,
    price: f64,
    part_of: Option<Box<Line>>,
}

/// Where an order is.
#[derive(AvroRecord, Clone, Copy, Debug, PartialEq)]
#[avro(namespace = "shop.states", default = "UNKNOWN")]
enum State {
    #[avro(name = "UNKNOWN")]
    Unknown,
    Paid,
    Sent,
}

#[derive(AvroRecord, Clone, Debug, PartialEq)]
enum Payment {
    None,
    Cash(i64),
    Card(Card),
}

#[derive(AvroRecord, Clone, Debug, PartialEq)]
struct Card {
    number: String,
}

fn schema() -> Json {
    let line = json!({"type": "record", "name": "Line", "namespace": "shop", "fields": [
        {"name": "sku", "type": "string"}, {"name": "quantity", "type": "int"},
        {"name": "price", "type": "double"},
        {"name": "part_of", "type": ["null", "shop.Line"], "default": null}]});
    let logical = |base: &str, name: &str| json!({"type": base, "logicalType": name});
    json!({"type": "record", "name": "Order", "namespace": "shop",
        "doc": "An order of the shop.\n\nIt never changes.", "aliases": ["Purchase", "old.Order"],
        "fields": [
        {"name": "id", "type": "long", "doc": "Counted from 1."},
        {"name": "buyer", "type": "string", "aliases": ["customer"]},
        {"name": "currency", "type": "string", "default": "EUR"},
        {"name": "coupon", "type": ["null", "string"], "default": null},
        {"name": "state", "type": {"type": "enum", "name": "State", "namespace": "shop.states",
            "doc": "Where an order is.", "symbols": ["UNKNOWN", "Paid", "Sent"],
            "default": "UNKNOWN"}},
        {"name": "paid", "type": ["null", "long", {"type": "record", "name": "Card",
            "namespace": "shop", "fields": [{"name": "number", "type": "string"}]}]},
        {"name": "lines", "type": {"type": "array", "items": line}},
        {"name": "notes", "type": {"type": "map", "values": "bytes"}},
        {"name": "weights", "type": {"type": "map", "values": "float"}},
        {"name": "is_gift", "type": "boolean"},
        {"name": "first", "type": "shop.Line", "doc": "A second line, so that its name stands for it."},
        {"name": "at", "type": logical("long", "timestamp-millis")},
        {"name": "amount", "type":
            {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "raw", "type":
            {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 0}},
        {"name": "key", "type": logical("string", "uuid")},
        {"name": "seen", "type": logical("long", "timestamp-micros")},
        {"name": "due", "type": logical("int", "date")},
        {"name": "opens", "type": logical("long", "time-micros")},
        {"name": "was_seen", "type": logical("long", "timestamp-micros")},
        {"name": "was_there", "type": logical("long", "local-timestamp-micros")},
        {"name": "was_due", "type": logical("int", "date")},
        {"name": "was_open", "type": logical("long", "time-micros")}]})
}

fn order() -> Order {
    let part = Line { sku: "p".into(), quantity: -1, price: 0.5, part_of: None };
    let line =
        Line { sku: "ä".into(), quantity: 7, price: -3.25, part_of: Some(part.clone().into()) };
    Order {
        id: i64::MAX,
        r#for: "Ada".into(),
        currency: String::new(),
        coupon: Some("c".into()),
        state: State::Sent,
        paid: Payment::Card(Card { number: "4".repeat(70) }),
        lines: vec![line, part.clone()],
        notes: [("k".to_owned(), vec![0, 255])].into(),
        weights: [("w".to_owned(), 1.5)].into(),
        is_gift: true,
        first: part.into(),
        at: -1,
        amount: "-1234567.89".parse().unwrap(),
        raw: vec![0x04, 0xd2],
        key: Uuid::from_u128(0x1234_5678),
        seen: "1969-12-31T23:59:59.999999Z".parse().unwrap(),
        due: "1912-06-23".parse().unwrap(),
        opens: "23:59:59.000001".parse().unwrap(),
        was_seen: chrono::DateTime::from_timestamp_micros(-1).unwrap(),
        was_there: chrono::DateTime::from_timestamp_micros(5).unwrap().naive_utc(),
        was_due: chrono::NaiveDate::from_ymd_opt(1912, 6, 23).unwrap(),
        was_open: chrono::NaiveTime::from_hms_micro_opt(23, 59, 59, 1).unwrap(),
    }
}

/// A registry that gives every new schema the id 1, and holds `schema` as 2.
async fn registry(schema: &str) -> (Stub, RegistryClient) {
    let stub = Stub::start().await;
    stub.answer("POST /subjects/t-value/versions", 200, json!({"id": 1}));
    stub.schema(2, schema);
    let registry = RegistryClient::new(stub.url.as_str()).unwrap();
    (stub, registry)
}

async fn encoded<T: AvroWrite>(registry: &RegistryClient, value: &T) -> Vec<u8> {
    let serializer = AvroSerializer::<T>::record(registry).topic("t").build().await.unwrap();
    serializer.encode(value).unwrap()
}

#[test]
fn schema_says_what_type_comments_and_attributes_say() {
    let text = schema_text::<Order>();
    assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), schema());
}

#[tokio::test]
async fn every_type_reads_back_as_written_and_as_generic_values_have_it() {
    let (stub, registry) = registry("\"null\"").await;
    stub.schema(1, &schema().to_string());
    let message = encoded(&registry, &order()).await;
    let derived = AvroDeserializer::<Order>::record(&registry).build().await.unwrap();
    assert_eq!(derived.decode_async(&message, None).await.unwrap(), order());
    // The generic codec knows nothing of derived types: it must find the same values.
    let generic = AvroDeserializer::generic(&registry).build().await.unwrap();
    let value = generic.decode_async(&message, None).await.unwrap();
    let Value::Record(fields) = &value else { panic!("{value:?}") };
    let field = |name: &str| &fields.iter().find(|(field, _)| field == name).unwrap().1;
    assert_eq!(field("state"), &Value::Enum(2, "Sent".into()));
    assert_eq!(field("amount"), &Value::Decimal((-123_456_789i32).to_be_bytes().as_slice().into()));
    assert_eq!(field("due"), &Value::Date(-21_011));
    assert_eq!(field("was_due"), &Value::Date(-21_011));
    assert_eq!(field("opens"), &Value::TimeMicros(86_399_000_001));
    assert_eq!(field("was_open"), &Value::TimeMicros(86_399_000_001));
    assert_eq!(field("seen"), &Value::TimestampMicros(-1));
    assert_eq!(field("was_there"), &Value::LocalTimestampMicros(5));
    assert_eq!(field("key"), &Value::Uuid(Uuid::from_u128(0x1234_5678)));
    let definition = levada_serde::SchemaDefinition::avro(schema().to_string());
    let generic = AvroSerializer::<Value>::generic(&registry, definition).topic("t");
    assert_eq!(generic.build().await.unwrap().encode(&value).unwrap(), message);
}

#[tokio::test]
async fn null_variant_and_default_of_options_are_read() {
    let (stub, registry) = registry("\"null\"").await;
    stub.schema(1, &schema().to_string());
    let order = Order { paid: Payment::None, coupon: None, lines: vec![], ..order() };
    let message = encoded(&registry, &order).await;
    let derived = AvroDeserializer::<Order>::record(&registry).build().await.unwrap();
    assert_eq!(derived.decode_async(&message, None).await.unwrap(), order);
}

#[derive(AvroRecord, Clone, Debug, PartialEq)]
struct Small {
    id: i64,
    text: String,
    #[avro(default = "[1]")]
    numbers: Vec<i32>,
}

#[derive(AvroRecord, Debug, PartialEq)]
#[avro(name = "Small")]
struct SmallRef<'a> {
    id: i64,
    text: &'a str,
    numbers: Vec<i32>,
}

#[derive(AvroRecord, Debug, PartialEq)]
#[avro(name = "Small")]
struct SmallCow<'a> {
    id: i64,
    text: Cow<'a, str>,
    numbers: Vec<i32>,
}

/// Fields in another order, a narrower number, one that is new and one that is gone.
const OTHER: &str = r#"{"type": "record", "name": "Small", "fields": [
    {"name": "text", "type": "string"}, {"name": "extra", "type": "string", "default": "x"},
    {"name": "id", "type": "int"}]}"#;

#[tokio::test]
async fn message_of_another_schema_is_read_as_the_type_has_it() {
    let (_stub, registry) = registry(OTHER).await;
    let message = [0, 0, 0, 0, 2, 4, b'h', b'i', 2, b'x', 14];
    let small = Small { id: 7, text: "hi".into(), numbers: vec![1] };
    let deserializer = AvroDeserializer::<Small>::record(&registry).build().await.unwrap();
    assert_eq!(deserializer.decode_async(&message, None).await.unwrap(), small);
    let mut scratch = Vec::new();
    let borrowed: SmallRef<'_> =
        deserializer.record_borrowed(&message, None, &mut scratch).unwrap();
    assert_eq!(borrowed, SmallRef { id: 7, text: "hi", numbers: vec![1] });
    let mut scratch = Vec::new();
    let cow: SmallCow<'_> = deserializer.record_borrowed(&message, None, &mut scratch).unwrap();
    assert_eq!(cow, SmallCow { id: 7, text: "hi".into(), numbers: vec![1] });
}

#[tokio::test]
async fn type_is_written_as_another_schema_has_it() {
    let wider = OTHER.replace(r#""int""#, r#""long""#);
    let (_stub, registry) = registry(&wider).await;
    let small = Small { id: 7, text: "hi".into(), numbers: vec![1] };
    let serializer = AvroSerializer::<Small>::record(&registry)
        .topic("t")
        .source(SchemaSource::Id { id: 2, strict: false });
    let message = serializer.build().await.unwrap().encode(&small).unwrap();
    assert_eq!(message, [0, 0, 0, 0, 2, 4, b'h', b'i', 2, b'x', 14]);
    let (_stub, registry) = self::registry(&schema_text::<Small>()).await;
    let serializer = AvroSerializer::<Small>::record(&registry)
        .topic("t")
        .source(SchemaSource::Id { id: 2, strict: true });
    let message = serializer.build().await.unwrap().encode(&small).unwrap();
    assert_eq!(message, [0, 0, 0, 0, 2, 14, 4, b'h', b'i', 2, 2, 0]);
}

#[tokio::test]
async fn schema_that_cannot_take_the_type_is_refused_when_the_serializer_is_built() {
    let (_stub, registry) = registry(&OTHER.replace(r#""string""#, r#""int""#)).await;
    let serializer = AvroSerializer::<Small>::record(&registry)
        .topic("t")
        .source(SchemaSource::Id { id: 2, strict: false });
    let error = serializer.build().await.unwrap_err();
    assert!(matches!(error, Error::Resolution { .. } | Error::InvalidSchema { .. }), "{error}");
}

#[tokio::test]
async fn broken_messages_end_in_errors_that_say_where() {
    let (_stub, registry) = registry(&schema_text::<Small>()).await;
    let limits = DecodeLimits { items_max: 3, ..DecodeLimits::default() };
    let builder = AvroDeserializer::<Small>::record(&registry).limits(limits);
    let deserializer = builder.build().await.unwrap();
    let good = [0, 0, 0, 0, 2, 14, 4, b'h', b'i', 6, 2, 4, 6, 0];
    assert_eq!(deserializer.decode_async(&good, None).await.unwrap().numbers, [1, 2, 3]);
    for end in 6..good.len() {
        let Err(Error::Decode(error)) = deserializer.decode(&good[..end], None) else { panic!() };
        assert_eq!(error.kind, DecodeKind::UnexpectedEof, "{end}");
    }
    let mut longer = good.to_vec();
    longer.push(0);
    let error = deserializer.decode(&longer, None).unwrap_err();
    assert!(matches!(error, Error::TrailingBytes { extra: 1 }), "{error}");
    let many = [0, 0, 0, 0, 2, 14, 4, b'h', b'i', 8, 2, 4, 6, 8, 0];
    let Err(Error::Decode(error)) = deserializer.decode(&many, None) else { panic!() };
    assert_eq!(error.kind, DecodeKind::LengthTooLarge { length: 4, available: 3 });
    assert_eq!(error.path, "numbers");
    let mut scratch = Vec::new();
    let error = deserializer
        .record_borrowed::<SmallRef<'_>>(&[0, 0, 0, 0, 2, 14, 2, 0xff, 0], None, &mut scratch)
        .unwrap_err();
    assert!(matches!(&error, Error::Decode(e) if e.kind == DecodeKind::InvalidUtf8), "{error}");
}

#[derive(AvroRecord, Debug, PartialEq)]
struct Chain {
    next: Option<Box<Chain>>,
}

#[tokio::test]
async fn nesting_is_bounded() {
    let (_stub, registry) = registry(&schema_text::<Chain>()).await;
    let limits = DecodeLimits { depth_max: 3, ..DecodeLimits::default() };
    let builder = AvroDeserializer::<Chain>::record(&registry).limits(limits);
    let deserializer = builder.build().await.unwrap();
    let chain = |next| Chain { next };
    let three = chain(Some(chain(Some(chain(None).into())).into()));
    let read = deserializer.decode_async(&[0, 0, 0, 0, 2, 2, 2, 0], None).await;
    assert_eq!(read.unwrap(), three);
    let Err(Error::Decode(error)) = deserializer.decode(&[0, 0, 0, 0, 2, 2, 2, 2, 0], None) else {
        panic!()
    };
    assert_eq!(error.kind, DecodeKind::DepthLimitExceeded(3));
}

#[tokio::test]
async fn nesting_beyond_the_default_bound_is_read_from_another_schema_if_it_is_allowed() {
    let writer = r#"{"type": "record", "name": "Chain", "fields": [
        {"name": "next", "type": ["null", "Chain"]}, {"name": "more", "type": "int"}]}"#;
    let (_stub, registry) = registry(writer).await;
    let limits = DecodeLimits { depth_max: 100, ..DecodeLimits::default() };
    let builder = AvroDeserializer::<Chain>::record(&registry).limits(limits);
    let deserializer = builder.build().await.unwrap();
    let message = [&[0, 0, 0, 0, 2][..], &[2; 99], &[0], &[7; 100]].concat();
    let mut expected = Chain { next: None };
    for _ in 0..99 {
        expected = Chain { next: Some(expected.into()) };
    }
    assert_eq!(deserializer.decode_async(&message, None).await.unwrap(), expected);
}

#[derive(AvroRecord, Debug, PartialEq)]
struct Price {
    #[avro(decimal(precision = 3, scale = 2))]
    amount: Decimal,
}

#[tokio::test]
async fn decimal_that_does_not_fit_is_not_written() {
    let (_stub, registry) = registry("\"null\"").await;
    let serializer = AvroSerializer::<Price>::record(&registry).topic("t").build().await.unwrap();
    let encoded = |text: &str| serializer.encode(&Price { amount: text.parse().unwrap() });
    assert_eq!(encoded("1.5").unwrap()[5..], [4, 0, 150]);
    assert_eq!(encoded("-1.28").unwrap()[5..], [2, 0x80]);
    assert_eq!(encoded("0").unwrap()[5..], [2, 0]);
    for text in ["10.00", "0.001", "-12.34"] {
        let error = encoded(text).unwrap_err();
        assert!(error.to_string().contains("decimal(3, 2)"), "{error}");
    }
}

#[derive(AvroRecord, Clone, Debug, PartialEq)]
#[avro(namespace = "shop")]
struct Bill {
    #[avro(decimal(precision = 9, scale = 2))]
    parts: Vec<Decimal>,
    #[avro(decimal(precision = 9, scale = 2))]
    fees: BTreeMap<String, Option<Decimal>>,
    #[avro(decimal(precision = 5, scale = 1))]
    rates: HashMap<String, Vec<Vec<u8>>>,
    tip: Tip,
    digest: Md5,
    before: Option<Md5>,
    total: Total,
    waits: Wait,
}

#[derive(AvroRecord, Clone, Debug, PartialEq)]
enum Tip {
    None,
    Text(String),
    #[avro(decimal(precision = 4, scale = 1))]
    Amount(Decimal),
}

/// Of the order.
#[derive(AvroRecord, Clone, Debug, PartialEq)]
#[avro(alias = "Hash")]
struct Md5([u8; 16]);

#[derive(AvroRecord, Clone, Debug, PartialEq)]
#[avro(name = "total", namespace = "pay", decimal(precision = 18, scale = 4))]
struct Total([u8; 8]);

#[derive(AvroRecord, Clone, Debug, PartialEq)]
#[avro(logical = "duration")]
struct Wait([u8; 12]);

#[tokio::test]
async fn fixed_types_and_decimals_within_others_stand_as_avro_has_them() {
    let decimal = |precision: u32, scale: u32| json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale});
    let expected = json!({"type": "record", "name": "Bill", "namespace": "shop", "fields": [
        {"name": "parts", "type": {"type": "array", "items": decimal(9, 2)}},
        {"name": "fees", "type": {"type": "map", "values": ["null", decimal(9, 2)]}},
        {"name": "rates", "type": {"type": "map", "values": {"type": "array",
            "items": decimal(5, 1)}}},
        {"name": "tip", "type": ["null", "string", decimal(4, 1)]},
        {"name": "digest", "type": {"type": "fixed", "name": "Md5", "namespace": "shop",
            "doc": "Of the order.", "aliases": ["Hash"], "size": 16}},
        {"name": "before", "type": ["null", "shop.Md5"], "default": null},
        {"name": "total", "type": {"type": "fixed", "name": "total", "namespace": "pay", "size": 8,
            "logicalType": "decimal", "precision": 18, "scale": 4}},
        {"name": "waits", "type": {"type": "fixed", "name": "Wait", "namespace": "shop",
            "size": 12, "logicalType": "duration"}}]});
    let schema: Json = serde_json::from_str(&schema_text::<Bill>()).unwrap();
    assert_eq!(schema, expected);

    let (stub, registry) = registry("\"null\"").await;
    stub.schema(1, &schema.to_string());
    let amount = |text: &str| text.parse::<Decimal>().unwrap();
    let bill = Bill {
        parts: vec![amount("1.5"), amount("-2.25")],
        fees: [("a".to_owned(), Some(amount("3"))), ("b".to_owned(), None)].into(),
        rates: [("r".to_owned(), vec![vec![10]])].into(),
        tip: Tip::Amount(amount("0.5")),
        digest: Md5([1; 16]),
        before: None,
        total: Total([0, 0, 0, 0, 0, 0, 0, 5]),
        waits: Wait([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]),
    };
    let derived = AvroDeserializer::<Bill>::record(&registry).build().await.unwrap();
    for tip in [bill.tip.clone(), Tip::None, Tip::Text("-".into())] {
        let bill = Bill { tip, ..bill.clone() };
        let message = encoded(&registry, &bill).await;
        assert_eq!(derived.decode_async(&message, None).await.unwrap(), bill);
    }
    // The generic codec must find the same values.
    let message = encoded(&registry, &bill).await;
    let generic = AvroDeserializer::generic(&registry).build().await.unwrap();
    let Value::Record(fields) = generic.decode_async(&message, None).await.unwrap() else {
        panic!()
    };
    let field = |name: &str| &fields.iter().find(|(field, _)| field == name).unwrap().1;
    let digits = |digits: &[u8]| Value::Decimal(digits.into());
    assert_eq!(field("parts"), &Value::Array(vec![digits(&[0, 150]), digits(&[0xff, 0x1f])]));
    assert_eq!(field("tip"), &Value::Union(2, Box::new(digits(&[5]))));
    assert_eq!(field("digest"), &Value::Fixed(16, vec![1; 16]));
    assert_eq!(field("total"), &digits(&[0, 0, 0, 0, 0, 0, 0, 5]));
    assert_eq!(field("waits"), &Value::Duration(bill.waits.0.into()));
    let large = Bill { parts: vec![amount("1"), amount("10000000.00")], ..bill };
    let serializer = AvroSerializer::<Bill>::record(&registry).topic("t").build().await.unwrap();
    let error = serializer.encode(&large).unwrap_err().to_string();
    assert!(error.contains("does not fit a decimal(9, 2)"), "{error}");
}

#[tokio::test]
async fn decimal_without_a_digit_is_zero_and_can_be_written_again() {
    let (_stub, registry) = registry(&schema_text::<Price>()).await;
    let generic = AvroDeserializer::generic(&registry).build().await.unwrap();
    let value = generic.decode_async(&[0, 0, 0, 0, 2, 0], None).await.unwrap();
    let definition = levada_serde::SchemaDefinition::avro(schema_text::<Price>());
    let writer = AvroSerializer::<Value>::generic(&registry, definition).topic("t");
    assert_eq!(writer.build().await.unwrap().encode(&value).unwrap(), [0, 0, 0, 0, 1, 2, 0]);
    let derived = AvroDeserializer::<Price>::record(&registry).build().await.unwrap();
    let read = derived.decode_async(&[0, 0, 0, 0, 2, 0], None).await.unwrap();
    assert_eq!(read, Price { amount: Decimal::ZERO });
}

#[derive(AvroRecord, Clone, Debug, PartialEq)]
enum Tree {
    Leaf(i64),
    Fork(Fork),
}

#[derive(AvroRecord, Clone, Debug, PartialEq)]
struct Fork {
    left: Box<Tree>,
    right: Box<Tree>,
}

#[derive(AvroRecord, Debug)]
enum Endless {
    End(i64),
    More(Vec<Endless>),
}

#[tokio::test]
async fn union_may_come_again_inside_its_records_but_not_inside_itself() {
    let schema: Json = serde_json::from_str(&schema_text::<Tree>()).unwrap();
    let fork = json!({"type": "record", "name": "Fork", "fields": [
        {"name": "left", "type": ["long", "Fork"]}, {"name": "right", "type": ["long", "Fork"]}]});
    assert_eq!(schema, json!(["long", fork]));
    let (_stub, registry) = registry(&schema.to_string()).await;
    let leaf = |number| Box::new(Tree::Leaf(number));
    let tree = Tree::Fork(Fork { left: leaf(1), right: leaf(2) });
    let mut message = encoded(&registry, &tree).await;
    message[4] = 2;
    let deserializer = AvroDeserializer::<Tree>::record(&registry).build().await.unwrap();
    assert_eq!(deserializer.decode_async(&message, None).await.unwrap(), tree);

    let built = AvroDeserializer::<Endless>::record(&registry).build().await;
    assert!(matches!(built, Err(Error::InvalidSchema { .. })), "{built:?}");
    assert!(matches!(
        [Endless::End(0), Endless::More(vec![])],
        [Endless::End(0), Endless::More(_)]
    ));
}

#[test]
fn type_without_a_namespace_has_that_of_the_type_around_it() {
    #[derive(AvroRecord)]
    #[avro(namespace = "a")]
    struct A {
        _inner: Inner,
    }
    #[derive(AvroRecord)]
    struct Inner {
        _id: i64,
    }
    fn name<T: AvroType + for<'b> AvroRead<'b>>() -> Json {
        let schema: Json = serde_json::from_str(&schema_text::<T>()).unwrap();
        schema.get("namespace").cloned().unwrap_or_default()
    }
    assert_eq!((name::<A>(), name::<Inner>()), (json!("a"), Json::Null));
}
