//! Avro: encoding, decoding, decoding as another schema, and finding the plan.

use std::hint::black_box;
use std::sync::Arc;

use levada_serde::avro::record::{AvroRead, AvroWrite};
use levada_serde::wire_format::SchemaRef;
use levada_serde::{AvroDeserializer, AvroSerializer, RegistryClient, SchemaDefinition};
#[cfg(feature = "registries")]
use schema_registry_client::rest::client_config::ClientConfig;
#[cfg(feature = "registries")]
use schema_registry_client::rest::models::Schema as PeerSchema;
#[cfg(feature = "registries")]
use schema_registry_client::rest::schema_registry_client::{Client, SchemaRegistryClient};
#[cfg(feature = "registries")]
use schema_registry_client::serdes::avro as peer;
#[cfg(feature = "registries")]
use schema_registry_client::serdes::config::{DeserializerConfig, SerializerConfig};
#[cfg(feature = "registries")]
use schema_registry_client::serdes::serde::{
    SerdeFormat, SerdeType, SerializationContext, SubjectNameStrategyType,
};
#[cfg(feature = "registries")]
use schema_registry_converter::blocking::avro::{AvroDecoder, AvroEncoder};
#[cfg(feature = "registries")]
use schema_registry_converter::blocking::schema_registry::SrSettings;
#[cfg(feature = "registries")]
use schema_registry_converter::schema_registry_common::SubjectNameStrategy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use crate::hand::{self, Reader};
use crate::measure::{Row, row, table};
use crate::records::{self, Order, OrderRef, User, UserRef};

pub fn run(url: &str, runtime: &Runtime) {
    let registry = RegistryClient::new(url).expect("a client");
    let user = Record {
        topic: "users",
        schema: records::USER_SCHEMA,
        value: records::user(),
        encode: hand::encode_user,
    };
    let order = Record {
        topic: "orders",
        schema: records::ORDER_SCHEMA,
        value: records::order(),
        encode: hand::encode_order,
    };
    table("Avro, encode, User", user.encoding(url, &registry, runtime));
    table("Avro, encode, Order", order.encoding(url, &registry, runtime));

    let message = user.message();
    let mut rows = vec![row("by hand", {
        let message = message.clone();
        move || Reader::framed(black_box(&message)).and_then(|(_, mut body)| body.user())
    })];
    rows.extend(user.decoding(url, &registry, runtime, &message));
    table("Avro, decode, User", rows);
    let message = order.message();
    let mut rows = vec![row("by hand", {
        let message = message.clone();
        move || Reader::framed(black_box(&message)).and_then(|(_, mut body)| body.order())
    })];
    rows.extend(order.decoding(url, &registry, runtime, &message));
    table("Avro, decode, Order", rows);

    borrowed(&registry, runtime, &user.message(), &order.message());
    resolved(&registry, runtime);
    plan(&registry, runtime);
}

/// A value with its schema and the encoder that was written for it.
struct Record<T> {
    topic: &'static str,
    schema: &'static str,
    value: T,
    encode: fn(&T, &mut Vec<u8>),
}

impl<T> Record<T>
where
    T: Clone + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned + Send + 'static,
    T: AvroWrite + for<'b> AvroRead<'b>,
{
    fn message(&self) -> Vec<u8> {
        let mut message = Vec::new();
        hand::frame(if self.topic == "users" { 1 } else { 2 }, &mut message);
        (self.encode)(&self.value, &mut message);
        message
    }

    fn encoding(&self, url: &str, registry: &RegistryClient, runtime: &Runtime) -> Vec<Row> {
        let expected = self.message();
        let value = || self.value.clone();
        let mut rows = vec![row("by hand, one buffer", {
            let (value, encode, mut out) = (value(), self.encode, Vec::new());
            move || {
                out.clear();
                hand::frame(1, &mut out);
                encode(black_box(&value), &mut out);
                out.len()
            }
        })];
        let build = AvroSerializer::<T>::record(registry).topic(self.topic).build();
        let serializer = runtime.block_on(build).expect("a serializer");
        rows.push(row("levada, derived, one buffer", {
            let (value, mut out) = (value(), Vec::new());
            move || {
                out.clear();
                serializer.encode_into(black_box(&value), &mut out).is_ok()
            }
        }));
        let schema = SchemaDefinition::avro(self.schema);
        let build = AvroSerializer::<T>::with_schema(registry, schema).topic(self.topic).build();
        let serializer = runtime.block_on(build).expect("a serializer");
        assert_eq!(serializer.encode(&self.value).expect("a message").len(), expected.len());
        let serializer = Arc::new(serializer);
        rows.push(row("levada, serde, one buffer", {
            let (serializer, value, mut out) = (serializer.clone(), value(), Vec::new());
            move || {
                out.clear();
                serializer.encode_into(black_box(&value), &mut out).is_ok()
            }
        }));
        rows.push(row("levada, serde, a vector each", {
            let value = value();
            move || serializer.encode(black_box(&value)).map(|message| message.len()).ok()
        }));
        rows.push(row("serde_avro_fast, one buffer, not framed", {
            let schema: serde_avro_fast::Schema = self.schema.parse().expect("a schema");
            let schema: &'static _ = Box::leak(Box::new(schema));
            let mut config = serde_avro_fast::ser::SerializerConfig::new(schema);
            let (value, mut out) = (value(), Vec::new());
            move || {
                out.clear();
                serde_avro_fast::to_datum(black_box(&value), &mut out, &mut config).is_ok()
            }
        }));
        rows.push(row("apache-avro, one buffer, not framed", {
            let schema = apache_avro::Schema::parse_str(self.schema).expect("a schema");
            let schema: &'static _ = Box::leak(Box::new(schema));
            let writer = apache_avro::writer::datum::GenericDatumWriter::builder(schema)
                .build()
                .expect("a writer");
            let (value, mut out) = (value(), Vec::new());
            move || {
                out.clear();
                writer.write_ser(&mut out, black_box(&value)).is_ok()
            }
        }));
        #[cfg(feature = "registries")]
        rows.push(row("schema_registry_converter", {
            let encoder = AvroEncoder::new(SrSettings::new(url.to_owned()));
            let strategy = SubjectNameStrategy::TopicNameStrategy(self.topic.to_owned(), false);
            encoder.encode_struct(&self.value, &strategy).expect("a message");
            let value = value();
            move || encoder.encode_struct(black_box(&value), &strategy).is_ok()
        }));
        #[cfg(feature = "registries")]
        rows.push(self.peer_encoding(url));
        rows
    }

    #[cfg(feature = "registries")]
    fn peer_encoding(&self, url: &str) -> Row {
        let schema = PeerSchema {
            schema_type: Some("AVRO".to_owned()),
            references: None,
            metadata: None,
            rule_set: None,
            schema: self.schema.to_owned(),
        };
        let schema: &'static _ = Box::leak(Box::new(schema));
        let mut config = SerializerConfig::new(false, None, false, false, Default::default());
        config.subject_name_strategy_type = SubjectNameStrategyType::Topic;
        let serializer = peer::AvroSerializer::new(peer_client(url), Some(schema), None, config)
            .expect("a serializer");
        let (context, runtime, value) = (context(self.topic), runtime(), self.value.clone());
        let encoded = runtime.block_on(serializer.serialize_ser(&context, &value));
        encoded.expect("a message");
        row("schema-registry-client", move || {
            poll(serializer.serialize_ser(&context, black_box(&value))).is_ok()
        })
    }

    fn decoding(
        &self,
        url: &str,
        registry: &RegistryClient,
        runtime: &Runtime,
        message: &[u8],
    ) -> Vec<Row> {
        let message = || message.to_vec();
        let schema = SchemaDefinition::avro(self.schema);
        let build = AvroDeserializer::<T>::with_schema(registry, schema).build();
        let deserializer = runtime.block_on(build).expect("a deserializer");
        let decoded = runtime.block_on(deserializer.decode_async(&message(), None));
        assert_eq!(decoded.expect("a value"), self.value);
        let build = AvroDeserializer::<T>::record(registry).build();
        let derived = runtime.block_on(build).expect("a deserializer");
        runtime.block_on(derived.decode_async(&message(), None)).expect("a value");
        let mut rows = vec![row("levada, derived", {
            let message = message();
            move || derived.decode(black_box(&message), None).expect("a value")
        })];
        rows.push(row("levada, serde", {
            let message = message();
            move || deserializer.decode(black_box(&message), None).expect("a value")
        }));
        rows.push(row("serde_avro_fast, not framed", {
            let schema: serde_avro_fast::Schema = self.schema.parse().expect("a schema");
            let message = message();
            move || {
                serde_avro_fast::from_datum_slice::<T>(black_box(&message[5..]), &schema)
                    .expect("a value")
            }
        }));
        rows.push(row("apache-avro, not framed", {
            let schema = apache_avro::Schema::parse_str(self.schema).expect("a schema");
            let schema: &'static _ = Box::leak(Box::new(schema));
            let reader = apache_avro::reader::datum::GenericDatumReader::builder(schema)
                .build()
                .expect("a reader");
            let message = message();
            move || reader.read_deser::<T>(&mut black_box(&message[5..])).expect("a value")
        }));
        #[cfg(feature = "registries")]
        rows.push(row("schema_registry_converter", {
            let decoder = AvroDecoder::new(SrSettings::new(url.to_owned()));
            let message = message();
            move || {
                let decoded = decoder.decode(Some(black_box(&message))).expect("a value");
                apache_avro::from_value::<T>(&decoded.value).expect("a value")
            }
        }));
        #[cfg(feature = "registries")]
        rows.push(row("schema-registry-client", {
            let mut config = DeserializerConfig::new(None, false, Default::default());
            config.subject_name_strategy_type = SubjectNameStrategyType::Topic;
            let deserializer =
                peer::AvroDeserializer::new(peer_client(url), None, config).expect("made");
            let (context, message) = (context(self.topic), message());
            self::runtime().block_on(deserializer.deserialize(&context, &message)).expect("read");
            move || {
                let decoded = poll(deserializer.deserialize(&context, black_box(&message)));
                apache_avro_021::from_value::<T>(&decoded.expect("a value").value).expect("a value")
            }
        }));
        rows
    }
}

#[cfg(feature = "registries")]
fn peer_client(url: &str) -> &'static SchemaRegistryClient {
    let client = SchemaRegistryClient::new(ClientConfig::new(vec![url.to_owned()]));
    Box::leak(Box::new(client))
}

#[cfg(feature = "registries")]
fn context(topic: &str) -> SerializationContext {
    SerializationContext {
        topic: topic.to_owned(),
        serde_type: SerdeType::Value,
        serde_format: SerdeFormat::Avro,
        headers: None,
    }
}

#[cfg(feature = "registries")]
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Polls once what is ready at once; entering a runtime would cost more than the work.
#[cfg(feature = "registries")]
fn poll<R>(future: impl Future<Output = R>) -> R {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => panic!("asks the registry again"),
    }
}

fn borrowed(registry: &RegistryClient, runtime: &Runtime, user: &[u8], order: &[u8]) {
    let (user, order): (&'static [u8], &'static [u8]) =
        (Box::leak(user.into()), Box::leak(order.into()));
    fn build<T: DeserializeOwned>(
        registry: &RegistryClient,
        runtime: &Runtime,
        schema: &str,
        id: u32,
    ) -> Arc<AvroDeserializer<T>> {
        let schema = SchemaDefinition::avro(schema);
        let build = AvroDeserializer::<T>::with_schema(registry, schema).build();
        let deserializer = runtime.block_on(build).expect("a deserializer");
        runtime.block_on(deserializer.load(SchemaRef::Id(id))).expect("loaded");
        Arc::new(deserializer)
    }
    let fast = |schema: &str| schema.parse::<serde_avro_fast::Schema>().expect("a schema");
    let (users, fast_users) =
        (build::<User>(registry, runtime, records::USER_SCHEMA, 1), fast(records::USER_SCHEMA));
    let rows = vec![
        row("by hand", move || {
            Reader::framed(black_box(user)).and_then(|(_, mut body)| body.user_ref())
        }),
        row("levada, derived", {
            let users = users.clone();
            move || {
                let mut scratch = Vec::new();
                let read =
                    users.record_borrowed::<UserRef<'_>>(black_box(user), None, &mut scratch);
                black_box(read.expect("a value"));
            }
        }),
        row("levada, serde", move || {
            users.decode_borrowed::<UserRef<'_>>(black_box(user), None).expect("a value")
        }),
        row("serde_avro_fast, not framed", move || {
            serde_avro_fast::from_datum_slice::<UserRef<'_>>(black_box(&user[5..]), &fast_users)
                .expect("a value")
        }),
    ];
    table("Avro, decode borrowed, User", rows);
    let (orders, fast_orders) =
        (build::<Order>(registry, runtime, records::ORDER_SCHEMA, 2), fast(records::ORDER_SCHEMA));
    let rows = vec![
        row("by hand", move || {
            Reader::framed(black_box(order)).and_then(|(_, mut body)| body.order_ref())
        }),
        row("levada, derived", {
            let orders = orders.clone();
            move || {
                let mut scratch = Vec::new();
                let read =
                    orders.record_borrowed::<OrderRef<'_>>(black_box(order), None, &mut scratch);
                black_box(read.expect("a value"));
            }
        }),
        row("levada, serde", move || {
            orders.decode_borrowed::<OrderRef<'_>>(black_box(order), None).expect("a value")
        }),
        row("serde_avro_fast, not framed", move || {
            serde_avro_fast::from_datum_slice::<OrderRef<'_>>(black_box(&order[5..]), &fast_orders)
                .expect("a value")
        }),
    ];
    table("Avro, decode borrowed, Order", rows);
}

/// What an older program wrote against what is written today, both read as today's type.
fn resolved(registry: &RegistryClient, runtime: &Runtime) {
    fn messages<N: Serialize + 'static, B: Serialize + 'static>(
        registry: &RegistryClient,
        runtime: &Runtime,
        topics: [&str; 2],
        (now, now_schema): (&N, &str),
        (before, before_schema): (&B, &str),
    ) -> [Vec<u8>; 2] {
        let schema = SchemaDefinition::avro(now_schema);
        let build = AvroSerializer::<N>::with_schema(registry, schema).topic(topics[0]).build();
        let now = runtime.block_on(build).expect("built").encode(now).expect("a message");
        let schema = SchemaDefinition::avro(before_schema);
        let build = AvroSerializer::<B>::with_schema(registry, schema).topic(topics[1]).build();
        [now, runtime.block_on(build).expect("built").encode(before).expect("a message")]
    }
    fn measure<T: DeserializeOwned + Send + 'static>(
        title: &str,
        registry: &RegistryClient,
        runtime: &Runtime,
        schema: &str,
        messages: [Vec<u8>; 2],
    ) {
        let reader = SchemaDefinition::avro(schema);
        let build = AvroDeserializer::<T>::with_schema(registry, reader).build();
        let deserializer = Arc::new(runtime.block_on(build).expect("a deserializer"));
        let names = ["levada, the same schema", "levada, an older schema"];
        let rows = names.into_iter().zip(messages).map(|(name, message)| {
            runtime.block_on(deserializer.decode_async(&message, None)).expect("a value");
            let deserializer = deserializer.clone();
            row(name, move || deserializer.decode(black_box(&message), None).expect("a value"))
        });
        table(title, rows.collect());
    }
    let now = (&records::user(), records::USER_SCHEMA);
    let before = (&records::user_before(), records::USER_BEFORE_SCHEMA);
    let users = messages(registry, runtime, ["users", "users-before"], now, before);
    let title = "Avro, decode as another schema, User";
    measure::<User>(title, registry, runtime, records::USER_NOW_SCHEMA, users);
    let before_schema = records::order_before_schema();
    let now = (&records::order(), records::ORDER_SCHEMA);
    let before = (&records::order_before(), before_schema.as_str());
    let orders = messages(registry, runtime, ["orders", "orders-before"], now, before);
    let title = "Avro, decode as another schema, Order";
    measure::<Order>(title, registry, runtime, records::ORDER_SCHEMA, orders);
}

/// A message without content: what remains is taking it apart and finding the plan.
fn plan(registry: &RegistryClient, runtime: &Runtime) {
    let reader = SchemaDefinition::avro(EMPTY_SCHEMA);
    let build = AvroDeserializer::<Empty>::with_schema(registry, reader);
    let deserializer = runtime.block_on(build.build()).expect("a deserializer");
    let message: Vec<u8> = vec![0, 0, 0, 0, 9];
    runtime.block_on(deserializer.load(SchemaRef::Id(9))).expect("loaded");
    let rows = vec![row("levada, an empty record", move || {
        deserializer.decode(black_box(&message), None).expect("a value")
    })];
    table("Frame and plan look-up", rows);
}

pub const EMPTY_SCHEMA: &str = r#"{"type": "record", "name": "Empty", "fields": []}"#;

#[derive(serde::Deserialize)]
struct Empty {}
