//! A JSON message: the number of its schema, then the body; read with and without a look at the schema.
#![no_main]

use std::sync::LazyLock;

use levada_fuzz::serde::{Any, agree, client, framed, ready, source};
use levada_serde::{Error, JsonDeserializer, JsonSerializer};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Simple ones, which are checked while a value is written or read, and others.
const SCHEMAS: [&str; 6] = [
    r#"{"type": "object", "properties": {"id": {"type": "integer", "minimum": 0},
        "text": {"type": "string", "maxLength": 8}, "ratio": {"type": "number"},
        "note": {"type": ["string", "null"]}, "lines": {"type": "array", "maxItems": 3, "items": {
            "type": "object", "properties": {"sku": {"type": "string"}, "quantity": {
            "type": "integer"}}, "required": ["sku"], "additionalProperties": false}}},
        "required": ["id"], "additionalProperties": false}"#,
    r#"{"type": "array", "items": {"enum": [1, "a", null, [2], {"b": 1.0}]}}"#,
    r##"{"$ref": "#/definitions/t", "definitions": {"t": {"type": "object",
        "additionalProperties": {"anyOf": [{"$ref": "#/definitions/t"}, {"type": "boolean"}]},
        "propertyNames": {"pattern": "^[a-z]*$"}}}}"##,
    r#"{"type": "number", "multipleOf": 0.01, "exclusiveMaximum": 1e10}"#,
    r#"{"type": "string", "minLength": 2, "maxLength": 4}"#,
    "{}",
];

#[derive(Debug, Deserialize, Serialize)]
struct Order {
    id: i64,
    #[serde(default)]
    text: String,
    #[serde(default)]
    ratio: f64,
    note: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Line {
    sku: String,
    #[serde(default)]
    quantity: i64,
}

struct World {
    any: Any,
    checked: JsonDeserializer<Json>,
    unchecked: JsonDeserializer<Json>,
    writers: Vec<JsonSerializer<Json>>,
    typed: JsonDeserializer<Order>,
    typed_unchecked: JsonDeserializer<Order>,
    typed_writer: JsonSerializer<Order>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let client = client("JSON", &SCHEMAS);
    let writer = |id| {
        let builder = JsonSerializer::from_registry(&client).source(source(id)).subject("s");
        ready(builder.build()).expect("a writer")
    };
    let typed_writer = JsonSerializer::from_registry(&client).source(source(1)).subject("s");
    World {
        any: Any::new(&client, SCHEMAS.len()),
        checked: JsonDeserializer::builder(&client).build(),
        unchecked: JsonDeserializer::builder(&client).validation(false).build(),
        writers: (1..).take(SCHEMAS.len()).map(writer).collect(),
        typed: JsonDeserializer::builder(&client).build(),
        typed_unchecked: JsonDeserializer::builder(&client).validation(false).build(),
        typed_writer: ready(typed_writer.build()).expect("a writer"),
    }
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&first, body)) = input.split_first() else { return };
    let place = usize::from(first) % SCHEMAS.len();
    let id = first % 6 + 1;
    let message = framed(id, body);
    let read = ready(WORLD.checked.decode_async(&message, None));
    let unchecked = ready(WORLD.unchecked.decode_async(&message, None));
    agree(&WORLD.any.explain(&message), &read);
    if id == 1 {
        as_order(&message);
    }
    let Ok(value) = unchecked else {
        return assert!(read.is_err(), "{read:?}");
    };
    // The writer passes what the reader passes.
    let written = WORLD.writers[place].encode(&value);
    agree(&written, &read);
    match read {
        Ok(read) => {
            assert_eq!(read, value);
            let again = ready(WORLD.checked.decode_async(&written.expect("as read"), None));
            assert_eq!(again.expect("what was written"), value);
        }
        Err(Error::Invalid(error)) => assert!(!error.violations.is_empty()),
        Err(error) => panic!("only the schema is in its way: {error}"),
    }
});

fn as_order(message: &[u8]) {
    let read = ready(WORLD.typed.decode_async(message, None));
    let unchecked = ready(WORLD.typed_unchecked.decode_async(message, None));
    let Ok(order) = read else { return };
    unchecked.expect("what passes the check");
    // Null stands where the schema takes it, and all defaults pass.
    let written = WORLD.typed_writer.encode(&order).expect("what was read");
    let again = ready(WORLD.typed.decode_async(&written, None)).expect("what was written");
    assert_eq!(format!("{again:?}"), format!("{order:?}"));
}
