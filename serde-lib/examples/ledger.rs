//! Writes numbered payments and checks that each arrived once: on one broker, or on a cluster whose
//! brokers come and go.
//!
//! `cargo run --example ledger -p levada-serde -- pay --bootstrap HOST:PORT --registry URL
//! --topic NAME --count N`, and `audit` with the same for whoever reads.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::collections::HashMap;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use levada_serde::consumer::Message;
use levada_serde::{
    AvroDeserializer, AvroSchema, AvroSerializer, DeserializingConsumer, PlainText, Record,
    RegistryClient, SerializingProducer,
};
use serde::{Deserialize, Serialize};

/// Longest time that a payment may be on its way, and that an audit waits for one.
const PATIENCE: Duration = Duration::from_mins(2);
/// When all payments were seen, how long one that came twice is waited for.
const QUIET: Duration = Duration::from_secs(2);
/// Payments between two lines of progress.
const STEP: usize = 10_000;
const ACCOUNTS: i64 = 500;

#[derive(AvroSchema, Deserialize, Serialize)]
#[avro(namespace = "com.example.bank")]
struct Payment {
    number: i64,
    account: String,
    cents: i64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ledger: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args(std::env::args().skip(1))?;
    match options.command.as_str() {
        "pay" => pay(&options).await,
        "audit" => audit(&options).await,
        other => Err(format!("unknown command `{other}`; known are pay and audit").into()),
    }
}

async fn pay(options: &Options) -> Result<(), Box<dyn Error>> {
    let registry = RegistryClient::new(&options.registry)?;
    let values = AvroSerializer::<Payment>::builder(&registry).topic(&options.topic);
    let producer = SerializingProducer::builder(&options.bootstrap)
        // Neither lost nor doubled, nor out of order, however often librdkafka has to repeat itself.
        .set("enable.idempotence", "true")
        .set("message.timeout.ms", PATIENCE.as_millis().to_string())
        .key(PlainText)
        .value(values.build().await?)
        .build()?;
    let mut reports = FuturesUnordered::new();
    let mut delivered = 0;
    for number in 0..options.count {
        let account = format!("account-{}", number % ACCOUNTS);
        let payment = Payment { number, account: account.clone(), cents: number * 7 % 10_000 };
        let record = Record::to(&options.topic).key(&account).value(&payment);
        reports.push(producer.enqueue(record).await?);
        if reports.len() >= STEP
            && let Some(report) = reports.next().await
        {
            report?;
            count(&mut delivered);
        }
    }
    while let Some(report) = reports.next().await {
        report?;
        count(&mut delivered);
    }
    producer.close(PATIENCE).await?;
    println!("delivered {delivered} payments");
    Ok(())
}

fn count(delivered: &mut usize) {
    *delivered += 1;
    if delivered.is_multiple_of(STEP) {
        println!("delivered {delivered}");
    }
}

async fn audit(options: &Options) -> Result<(), Box<dyn Error>> {
    let registry = RegistryClient::new(&options.registry)?;
    let consumer = DeserializingConsumer::builder(&options.bootstrap, "audit")
        .set("auto.offset.reset", "earliest")
        .key(PlainText)
        .value(AvroDeserializer::<Payment>::builder(&registry).build().await?)
        .subscribe(&[&options.topic])?;
    let wanted = usize::try_from(options.count)?;
    // A group that moves reads again what it had not committed: the same place is no second payment.
    let mut places: HashMap<i64, (i32, i64)> = HashMap::new();
    let mut doubled = 0;
    loop {
        let patience = if places.len() < wanted { PATIENCE } else { QUIET };
        let Ok(received) = tokio::time::timeout(patience, consumer.recv()).await else { break };
        let message: Message<String, Payment> = received?;
        let Some(payment) = message.value else { continue };
        let place = (message.raw.partition(), message.raw.offset());
        match places.insert(payment.number, place) {
            None if places.len().is_multiple_of(STEP) => println!("read {}", places.len()),
            Some(before) if before != place => doubled += 1,
            _ => {}
        }
    }
    consumer.close().await?;
    let missing = (0..options.count).filter(|number| !places.contains_key(number)).count();
    println!("read {} payments, {missing} missing, {doubled} doubled", places.len());
    if missing + doubled > 0 {
        return Err("the books do not balance".into());
    }
    Ok(())
}

struct Options {
    command: String,
    bootstrap: String,
    registry: String,
    topic: String,
    count: i64,
}

impl Options {
    fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            command: args.next().ok_or("a command is needed: pay or audit")?,
            bootstrap: "127.0.0.1:9092".to_owned(),
            registry: "http://127.0.0.1:8081".to_owned(),
            topic: "payments".to_owned(),
            count: 100_000,
        };
        while let Some(name) = args.next() {
            let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--bootstrap" => options.bootstrap = value,
                "--registry" => options.registry = value,
                "--topic" => options.topic = value,
                "--count" => {
                    options.count = value.parse().map_err(|_| format!("`{value}` is no number"))?;
                }
                _ => {
                    return Err(format!(
                        "unknown argument {name}; known are --bootstrap HOST:PORT, \
                         --registry URL, --topic NAME, --count N"
                    ));
                }
            }
        }
        Ok(options)
    }
}
