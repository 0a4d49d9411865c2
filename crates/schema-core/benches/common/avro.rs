//! Avro records of growing size, and one as a team would write it.

use levada_schema_core::SchemaType;

use super::{Pair, Version, reference};

pub(crate) fn pairs() -> Vec<Pair> {
    let mut pairs: Vec<Pair> = [10, 100, 1_000].map(flat).into();
    pairs.extend([nested(6, 8), references(50), realistic()]);
    pairs
}

fn pair(name: impl Into<String>, fields: usize, old: Version, new: Version) -> Pair {
    Pair { schema_type: SchemaType::Avro, name: name.into(), old, new, fields }
}

/// Field number `index`; the types take turns.
fn field(index: usize) -> String {
    let (schema, default) = match index % 10 {
        0 => (r#""string""#.to_owned(), ""),
        1 => (r#""long""#.to_owned(), r#","default":0"#),
        2 => (r#"["null","string"]"#.to_owned(), r#","default":null"#),
        3 => (r#"{"type":"long","logicalType":"timestamp-millis"}"#.to_owned(), ""),
        4 => (r#"{"type":"array","items":"string"}"#.to_owned(), r#","default":[]"#),
        5 => (r#"{"type":"map","values":"long"}"#.to_owned(), r#","default":{}"#),
        6 => {
            (r#"{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}"#.to_owned(), "")
        }
        7 => (
            format!(
                r#"{{"type":"enum","name":"State{index}","symbols":["NEW","OPEN","DONE"],"default":"NEW"}}"#
            ),
            "",
        ),
        8 => (r#"["null","int","double","boolean"]"#.to_owned(), r#","default":null"#),
        _ => (r#"{"type":"string","logicalType":"uuid"}"#.to_owned(), ""),
    };
    format!(
        r#"{{"name":"field_{index}","type":{schema},"doc":"What field {index} of the record holds."{default}}}"#
    )
}

fn record(name: &str, fields: &[String]) -> String {
    format!(
        r#"{{"type":"record","name":"{name}","namespace":"org.example.shop","doc":"A {name}.","fields":[{}]}}"#,
        fields.join(",\n  ")
    )
}

const ADDED: &str = r#"{"name":"added","type":["null","string"],"default":null}"#;

pub(crate) fn flat(count: usize) -> Pair {
    let mut fields: Vec<String> = (0..count - 1).map(field).collect();
    let old = Version::of(record("Wide", &fields));
    fields.push(ADDED.to_owned());
    pair(format!("{count} fields"), count, old, Version::of(record("Wide", &fields)))
}

fn nested(levels: usize, width: usize) -> Pair {
    let text = |added: Option<&str>| {
        let mut inner = added.map(str::to_owned);
        for level in (0..levels).rev() {
            let mut fields: Vec<String> = (0..width).map(|at| field(level * 10 + at)).collect();
            fields.extend(inner);
            let name = format!("Level{level}");
            inner = Some(format!(r#"{{"name":"inner","type":{}}}"#, record(&name, &fields)));
            if level == 0 {
                return record(&name, &fields);
            }
        }
        String::new()
    };
    let (old, new) = (Version::of(text(None)), Version::of(text(Some(ADDED))));
    pair(format!("{levels} levels of {width} fields"), levels * (width + 1), old, new)
}

fn references(count: usize) -> Pair {
    let width = 5;
    let version = |added: Option<String>| {
        let referenced = |at: usize| {
            let name = format!("Part{at}");
            let fields: Vec<String> = (0..width).map(|at| field(at % 7)).collect();
            reference(&format!("org.example.shop.{name}"), 1, record(&name, &fields))
        };
        let mut fields: Vec<String> = (0..count)
            .map(|at| {
                format!(r#"{{"name":"part_{at}","type":["null","Part{at}"],"default":null}}"#)
            })
            .collect();
        fields.extend(added);
        Version { text: record("Whole", &fields), references: (0..count).map(referenced).collect() }
    };
    let fields = count * (width + 1) + 1;
    pair(format!("{count} references"), fields, version(None), version(Some(ADDED.to_owned())))
}

fn realistic() -> Pair {
    let old = ORDER.replace("@ADDED@", "").replace("@CHANNEL@", "");
    let new = ORDER.replace("@CHANNEL@", r#", "PARTNER""#).replace(
        "@ADDED@",
        r#",{"name": "giftMessage", "type": ["null", "string"], "default": null,
            "doc": "What to print on the card; null if the order is no gift."}"#,
    );
    pair("realistic", 42, Version::of(old), Version::of(new))
}

const ORDER: &str = r#"{
  "type": "record",
  "name": "OrderPlaced",
  "namespace": "org.example.shop.orders",
  "doc": "Told once for each order, after payment was authorised and before the stock is reserved.",
  "fields": [
    {"name": "eventId", "type": {"type": "string", "logicalType": "uuid"},
     "doc": "Unique for each event; the same event may be delivered more than once."},
    {"name": "occurredAt", "type": {"type": "long", "logicalType": "timestamp-micros"},
     "doc": "When the customer confirmed, by the clock of the shop."},
    {"name": "orderId", "type": "string", "doc": "The number that the customer sees."},
    {"name": "channel", "doc": "Where the order came from.",
     "type": {"type": "enum", "name": "Channel", "doc": "Ways to order.",
              "symbols": ["UNKNOWN", "WEB", "APP", "STORE", "PHONE"@CHANNEL@], "default": "UNKNOWN"}},
    {"name": "customer", "doc": "Who ordered.", "type": {
      "type": "record", "name": "Customer", "doc": "A customer as known at the time of the order.",
      "fields": [
        {"name": "id", "type": ["null", "string"], "default": null, "doc": "Null for guests."},
        {"name": "email", "type": "string", "doc": "Lower case.", "pii": "direct"},
        {"name": "phone", "type": ["null", "string"], "default": null, "pii": "direct"},
        {"name": "locale", "type": "string", "default": "en-GB", "doc": "BCP 47."},
        {"name": "segments", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "since", "type": ["null", {"type": "int", "logicalType": "date"}],
         "default": null, "doc": "Day of the first order."}
      ]}},
    {"name": "billingAddress", "doc": "Where the invoice goes.", "type": {
      "type": "record", "name": "Address", "aliases": ["PostalAddress"],
      "fields": [
        {"name": "name", "type": "string"},
        {"name": "lines", "type": {"type": "array", "items": "string"}, "doc": "One to four."},
        {"name": "postalCode", "type": ["null", "string"], "default": null},
        {"name": "city", "type": "string"},
        {"name": "region", "type": ["null", "string"], "default": null, "doc": "ISO 3166-2."},
        {"name": "country", "type": "string", "doc": "ISO 3166-1 alpha-2."},
        {"name": "position", "default": null, "doc": "Null if it could not be located.",
         "type": ["null", {"type": "record", "name": "Position", "fields": [
            {"name": "latitude", "type": "double"}, {"name": "longitude", "type": "double"}]}]}
      ]}},
    {"name": "shippingAddress", "type": ["null", "Address"], "default": null,
     "doc": "Null if it is the billing address."},
    {"name": "items", "doc": "At least one.", "type": {"type": "array", "items": {
      "type": "record", "name": "Item",
      "fields": [
        {"name": "sku", "type": "string", "doc": "Stock keeping unit."},
        {"name": "title", "type": "string", "doc": "As it was shown to the customer."},
        {"name": "quantity", "type": "int", "default": 1},
        {"name": "unitPrice", "doc": "Before discounts, with tax.", "type": {
          "type": "record", "name": "Money", "fields": [
            {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal",
                                        "precision": 18, "scale": 4}},
            {"name": "currency", "type": "string", "default": "EUR", "doc": "ISO 4217."}]}},
        {"name": "discount", "type": ["null", "Money"], "default": null},
        {"name": "attributes", "type": {"type": "map", "values": "string"}, "default": {}},
        {"name": "weightGrams", "type": ["null", "long"], "default": null}
      ]}}},
    {"name": "total", "type": "Money", "doc": "What the customer pays."},
    {"name": "tax", "type": ["null", "Money"], "default": null},
    {"name": "payment", "doc": "How the order is paid.", "type": [
      {"type": "record", "name": "CardPayment", "fields": [
        {"name": "network", "type": "string"},
        {"name": "lastDigits", "type": {"type": "fixed", "name": "LastDigits", "size": 4}},
        {"name": "authorization", "type": "string", "doc": "The acquirer's reference."}]},
      {"type": "record", "name": "TransferPayment", "fields": [
        {"name": "iban", "type": "string", "pii": "direct"},
        {"name": "due", "type": {"type": "int", "logicalType": "date"}}]},
      {"type": "record", "name": "VoucherPayment", "fields": [
        {"name": "codes", "type": {"type": "array", "items": "string"}}]}]},
    {"name": "notes", "type": ["null", "string"], "default": null, "order": "ignore"},
    {"name": "experiments", "type": {"type": "map", "values": ["null", "string", "boolean"]},
     "default": {}, "doc": "Experiments that the customer saw, by name, with the variant."},
    {"name": "schemaHint", "type": "int", "default": 3, "order": "ignore"}@ADDED@
  ]
}"#;
