//! Reads orders and writes an invoice for each, exactly once: consume, transform, produce in
//! transactions. Stopped in any way, it goes on where its last transaction ended.
//!
//! `cargo run --example relay -p levada-serde -- --bootstrap HOST:PORT --registry URL`
//!
//! Orders come from the topic `orders`, as the example of that name writes them; invoices go to
//! `invoices`. It ends when nothing has come for ten seconds.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use levada_serde::consumer::Message;
use levada_serde::{
    AvroDeserializer, AvroSchema, AvroSerializer, DeserializingConsumer, PlainText, Record,
    RegistryClient, SerializingProducer,
};
use serde::{Deserialize, Serialize};

/// One process at a time has it; who starts with it ends what the one before left open.
const TRANSACTIONAL_ID: &str = "relay-1";
/// Orders in one transaction.
const BATCH: usize = 100;
/// A transaction waits no longer for the rest of its orders.
const LINGER: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(10);

/// What the invoice needs of an order, whatever else it has.
#[derive(AvroSchema, Deserialize)]
#[avro(namespace = "com.example.shop")]
struct Order {
    id: i64,
    customer: String,
    amount: f64,
}

#[derive(AvroSchema, Serialize)]
#[avro(namespace = "com.example.shop")]
struct Invoice {
    order: i64,
    customer: String,
    total: f64,
}

type Orders = DeserializingConsumer<PlainText, AvroDeserializer<Order>>;
type Invoices = SerializingProducer<PlainText, AvroSerializer<Invoice>>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(count) => {
            println!("wrote {count} invoices; nothing came for {} s", PATIENCE.as_secs());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("relay: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<usize, Box<dyn Error>> {
    let (bootstrap, registry) = addresses(std::env::args().skip(1))?;
    let registry = RegistryClient::new(registry)?;
    let invoices = AvroSerializer::<Invoice>::builder(&registry).topic("invoices").build().await?;
    let producer: Invoices = SerializingProducer::builder(&bootstrap)
        .set("transactional.id", TRANSACTIONAL_ID)
        .key(PlainText)
        .value(invoices)
        .build()?;
    let consumer: Orders = DeserializingConsumer::builder(&bootstrap, "relay")
        .set("auto.offset.reset", "earliest")
        // The group's positions are part of the transactions.
        .set("enable.auto.commit", "false")
        .key(PlainText)
        .value(AvroDeserializer::<Order>::builder(&registry).build().await?)
        .subscribe(&["orders"])?;
    let mut count = 0;
    while let Ok(first) = tokio::time::timeout(PATIENCE, consumer.recv()).await {
        count += relay(&consumer, &producer, first?).await?;
    }
    consumer.close().await?;
    producer.close(PATIENCE).await?;
    Ok(count)
}

/// One transaction. After an error nothing of it counts, and the consumer is past what it read: so
/// the program ends, and the next start reads it again.
async fn relay(
    consumer: &Orders,
    producer: &Invoices,
    first: Message<String, Order>,
) -> Result<usize, Box<dyn Error>> {
    let transaction = producer.begin_transaction().await?;
    let mut reports = Vec::new();
    let mut next = Some(first);
    while let Some(message) = next {
        if let Message { key, value: Some(order), .. } = message {
            let key = key.unwrap_or_default();
            let Order { id, customer, amount } = order;
            let invoice = Invoice { order: id, customer, total: amount * 1.19 };
            let record = Record::to("invoices").key(&key).value(&invoice);
            reports.push(producer.enqueue(record).await?);
        }
        if reports.len() == BATCH {
            break;
        }
        let received = tokio::time::timeout(LINGER, consumer.recv()).await;
        next = received.ok().transpose()?;
    }
    let count = reports.len();
    for report in reports {
        report.await?;
    }
    transaction.add_positions(consumer).await?;
    transaction.commit().await?;
    Ok(count)
}

fn addresses(mut args: impl Iterator<Item = String>) -> Result<(String, String), String> {
    let mut bootstrap = "127.0.0.1:9092".to_owned();
    let mut registry = "http://127.0.0.1:8081".to_owned();
    while let Some(name) = args.next() {
        let option = match name.as_str() {
            "--bootstrap" => &mut bootstrap,
            "--registry" => &mut registry,
            _ => {
                return Err(format!(
                    "unknown argument {name}; known are --bootstrap HOST:PORT and --registry URL"
                ));
            }
        };
        *option = args.next().ok_or_else(|| format!("{name} needs a value"))?;
    }
    Ok((bootstrap, registry))
}
