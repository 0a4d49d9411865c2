//! Sends 1,000 orders through Kafka as Avro and reads them back.
//!
//! `cargo run --example orders -p levada-serde -- --bootstrap HOST:PORT --registry URL --topic NAME`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::collections::HashMap;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use levada_serde::consumer::Message;
use levada_serde::{
    AvroDeserializer, AvroSchema, AvroSerializer, DeserializingConsumer, ErrorPolicy, PlainText,
    Record, RegistryClient, SerializingProducer,
};
use serde::{Deserialize, Serialize};

const ORDERS: i64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[avro(namespace = "com.example.shop")]
struct Order {
    id: i64,
    customer: String,
    status: Status,
    amount: f64,
    coupon: Option<String>,
    lines: Vec<Line>,
    attributes: HashMap<String, String>,
    created_at_ms: i64,
}

#[derive(AvroSchema, Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
enum Status {
    Placed,
    Paid,
    Shipped,
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Line {
    sku: String,
    quantity: i32,
    unit_price: f64,
}

/// Where an order was written.
type Place = (i32, i64);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("orders: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Options { bootstrap, registry, topic } = Options::from_args(std::env::args().skip(1))?;
    let registry = RegistryClient::new(registry)?;
    let values = AvroSerializer::<Order>::builder(&registry).topic(&topic).build().await?;
    println!("schema {} is registered as {}", values.schema_id(), values.subject());
    check_reachable(&bootstrap).await?;

    let sent = produce(&bootstrap, &topic, values).await?;
    println!("sent {} orders to {topic}", sent.len());

    let received = consume(&bootstrap, &topic, &registry, &sent).await?;
    println!("received {received} orders, all equal to those sent");
    Ok(())
}

async fn produce(
    bootstrap: &str,
    topic: &str,
    values: AvroSerializer<Order>,
) -> Result<HashMap<Place, Order>, Box<dyn Error>> {
    let producer = SerializingProducer::builder(bootstrap)
        .set("message.timeout.ms", PATIENCE.as_millis().to_string())
        .key(PlainText)
        .value(values)
        .build()?;
    let mut queued = Vec::new();
    for order in (0..ORDERS).map(order) {
        let key = order.customer.clone();
        let report = producer.enqueue(Record::to(topic).key(&key).value(&order)).await?;
        queued.push((order, report));
    }
    let mut sent = HashMap::new();
    for (order, report) in queued {
        let place = report.await?;
        sent.insert((place.partition, place.offset), order);
    }
    producer.close(PATIENCE).await?;
    Ok(sent)
}

/// Reads the topic until every sent order came back; older records of the topic are passed over.
async fn consume(
    bootstrap: &str,
    topic: &str,
    registry: &RegistryClient,
    sent: &HashMap<Place, Order>,
) -> Result<usize, Box<dyn Error>> {
    let values = AvroDeserializer::<Order>::builder(registry).build().await?;
    let group = format!("{topic}-example-{}", std::process::id());
    let consumer = DeserializingConsumer::builder(bootstrap, group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .key(PlainText)
        .value(values)
        .on_error(ErrorPolicy::skip(|record| eprintln!("passed over: {record}")))
        .subscribe(&[topic])?;
    let mut missing = sent.clone();
    while !missing.is_empty() {
        let Ok(received) = tokio::time::timeout(PATIENCE, consumer.recv()).await else {
            return Err(format!("{} orders did not come back", missing.len()).into());
        };
        let message: Message<String, Order> = received?;
        let place = (message.raw.partition(), message.raw.offset());
        match missing.remove(&place) {
            Some(order) if message.value.as_ref() == Some(&order) => {}
            Some(order) => {
                return Err(format!("sent {order:?}, received {:?}", message.value).into());
            }
            None => {} // from an earlier run
        }
    }
    consumer.commit_received().await?;
    consumer.close().await?;
    Ok(sent.len())
}

fn order(number: i64) -> Order {
    let statuses = [Status::Placed, Status::Paid, Status::Shipped];
    let lines = (1..=3).map(|quantity| Line {
        sku: format!("SKU-{number}-{quantity}"),
        quantity,
        unit_price: 9.75 * f64::from(quantity),
    });
    Order {
        id: number,
        customer: format!("customer-{}", number % 50),
        status: statuses[usize::try_from(number).unwrap_or_default() % statuses.len()],
        amount: 136.5,
        coupon: (number % 3 == 0).then(|| "WELCOME".to_owned()),
        lines: lines.collect(),
        attributes: HashMap::from([("channel".to_owned(), "web".to_owned())]),
        created_at_ms: 1_767_225_600_000 + number,
    }
}

/// The Kafka client would go on trying in silence; a person wants to know at once.
async fn check_reachable(bootstrap: &str) -> Result<(), String> {
    let connect = tokio::net::TcpStream::connect(bootstrap);
    match tokio::time::timeout(Duration::from_secs(5), connect).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("broker at {bootstrap} is not reachable: {error}")),
        Err(_) => Err(format!("broker at {bootstrap} is not reachable: no answer in 5 s")),
    }
}

struct Options {
    bootstrap: String,
    registry: String,
    topic: String,
}

impl Options {
    fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            bootstrap: "127.0.0.1:9092".to_owned(),
            registry: "http://127.0.0.1:8081".to_owned(),
            topic: "orders".to_owned(),
        };
        while let Some(name) = args.next() {
            let option = match name.as_str() {
                "--bootstrap" => &mut options.bootstrap,
                "--registry" => &mut options.registry,
                "--topic" => &mut options.topic,
                _ => {
                    return Err(format!(
                        "unknown argument {name}; known are --bootstrap HOST:PORT, \
                         --registry URL, --topic NAME"
                    ));
                }
            };
            *option = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        }
        Ok(options)
    }
}
