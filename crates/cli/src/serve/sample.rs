//! What `levada serve --dev` starts with: subjects in three formats, and topics with records of them,
//! brought in as any client would.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use levada_kafka_client::{Cluster, NewRecord, NewTopic};
use levada_schema_core::SchemaType;
use levada_serde::{AnySerializer, RegistryClient, SchemaDefinition};
use serde_json::{Value as Json, json};

use crate::exit::{self, Failure};

/// How long the broker of this process may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A topic with the schema of its values.
struct Sample {
    topic: &'static str,
    schema_type: SchemaType,
    /// From the oldest to the newest, in which the records are written.
    versions: &'static [&'static str],
    /// Keys and values.
    records: fn() -> Vec<(&'static str, Json)>,
}

const SAMPLES: [Sample; 3] = [
    Sample {
        topic: "orders",
        schema_type: SchemaType::Avro,
        versions: &[
            r#"{"type":"record","name":"shop.Order","fields":[{"name":"id","type":"long"},{"name":"item","type":"string"}]}"#,
            r#"{"type":"record","name":"shop.Order","fields":[{"name":"id","type":"long"},{"name":"item","type":"string"},{"name":"count","type":"int","default":1}]}"#,
        ],
        records: || {
            vec![
                ("ann", json!({"id": 1, "item": "tea", "count": 2})),
                ("bob", json!({"id": 2, "item": "cake", "count": 1})),
                ("ann", json!({"id": 3, "item": "milk", "count": 1})),
            ]
        },
    },
    Sample {
        topic: "customers",
        schema_type: SchemaType::Json,
        versions: &[
            r#"{"$schema":"http://json-schema.org/draft-07/schema#","title":"Customer","type":"object","properties":{"name":{"type":"string"},"city":{"type":"string"}},"required":["name"]}"#,
        ],
        records: || {
            vec![
                ("ann", json!({"name": "Ann", "city": "Funchal"})),
                ("bob", json!({"name": "Bob"})),
            ]
        },
    },
    Sample {
        topic: "payments",
        schema_type: SchemaType::Protobuf,
        versions: &[
            "syntax = \"proto3\";\npackage shop;\n\nmessage Payment {\n  int64 order_id = 1;\n  int64 cents = 2;\n}\n",
        ],
        records: || vec![("ann", json!({"orderId": "1", "cents": "720"}))],
    },
];

/// Brings the samples to a registry and a broker, both new, and says what there is to see.
pub(super) async fn fill(registry: &str, bootstrap: &str) -> Result<String, Failure> {
    let failed =
        |error: levada_serde::Error| Failure::new(exit::FAILED, format!("sample data: {error}"));
    let client = RegistryClient::new(registry).map_err(failed)?;
    let mut cluster = Cluster::connect(bootstrap, PATIENCE).await?;
    for Sample { topic, schema_type, versions, records } in &SAMPLES {
        for text in *versions {
            let schema =
                SchemaDefinition { schema_type: *schema_type, ..SchemaDefinition::avro(*text) };
            let subject = format!("{topic}-value");
            client.register(&subject, &schema, false).await.map_err(failed)?;
        }
        let new =
            NewTopic { name: (*topic).to_owned(), partitions: Some(1), ..NewTopic::default() };
        cluster.create_topic(&new, false).await?;
        let serializer =
            AnySerializer::builder(&client).topic(*topic).build().await.map_err(failed)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp_ms = i64::try_from(now.as_millis()).unwrap_or_default();
        let mut batch = Vec::new();
        for (key, value) in records() {
            let value = Some(serializer.encode(&value).map_err(failed)?);
            let key = Some(key.as_bytes().to_vec());
            batch.push(NewRecord { timestamp_ms, key, value, headers: Vec::new() });
        }
        cluster.produce(topic, 0, &batch).await?;
    }
    Ok(told(registry, bootstrap))
}

fn told(registry: &str, bootstrap: &str) -> String {
    let topics =
        SAMPLES.map(|Sample { topic, schema_type, .. }| format!("{topic} ({schema_type})"));
    format!(
        "sample topics, each with a schema for its values: {}. Look at them from another terminal:\n  \
         levada cat orders --bootstrap {bootstrap} --registry {registry}\n  \
         levada subject show orders-value --registry {registry}",
        topics.join(", ")
    )
}
