//! Writes and reads single encrypted messages of all three formats, for other programs to read and
//! write.
//!
//! `encrypted REGISTRY_URL TOPIC FORMAT SECRET write DAYS` reads values as lines of JSON, takes the
//! schema and its rules from the registry, and prints the messages in hexadecimal, each as a JSON
//! string; its clock is DAYS ahead. `... read 0` reads such lines and prints the values. Bytes are
//! base64. An empty SECRET leaves it to the registry to unwrap keys.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::error::Error;
use std::io::BufRead;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use levada_serde::apache_avro::from_value;
use levada_serde::encryption::Encryption;
use levada_serde::prost_reflect::DynamicMessage;
use levada_serde::{
    AvroDeserializer, AvroSerializer, JsonDeserializer, JsonSerializer, ProtobufDeserializer,
    ProtobufSerializer, RegistryClient, Rules,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// A value as Avro has it; the other formats take it as JSON.
#[derive(Deserialize, Serialize)]
struct Order {
    note: String,
    labels: Vec<String>,
    #[serde(with = "serde_bytes")]
    seal: Vec<u8>,
}

/// What both directions need.
struct Topic {
    registry: RegistryClient,
    name: String,
    format: String,
    rules: Rules,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("encrypted: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [url, topic, format, secret, action, days] = args.as_slice() else {
        return Err("usage: encrypted REGISTRY_URL TOPIC FORMAT SECRET write|read DAYS".into());
    };
    let ahead = Duration::from_hours(24 * days.parse::<u64>()?);
    let encryption = Encryption::builder().clock(move || SystemTime::now() + ahead);
    let encryption = match secret.as_str() {
        "" => encryption.build(),
        secret => encryption.property("secret", secret).build(),
    };
    let topic = Topic {
        registry: RegistryClient::new(url)?,
        name: topic.clone(),
        format: format.clone(),
        rules: Rules::default().encryption(&encryption),
    };
    let lines = std::io::stdin().lock().lines().collect::<Result<Vec<_>, _>>()?;
    match action.as_str() {
        "write" => topic.write(&lines).await,
        "read" => topic.read(&lines).await,
        other => Err(format!("unknown action {other}").into()),
    }
}

impl Topic {
    async fn write(self, lines: &[String]) -> Result<(), Box<dyn Error>> {
        let Self { registry, name, format, rules } = self;
        let values: Vec<Json> =
            lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
        let mut payloads = Vec::new();
        match format.as_str() {
            "AVRO" => {
                let avro = AvroSerializer::from_registry(&registry).topic(name).rules(rules);
                let avro = avro.build().await?;
                for value in values {
                    payloads.push(avro.encode_async(&order(&value)?).await?);
                }
            }
            "JSON" => {
                let json = JsonSerializer::from_registry(&registry).topic(name).rules(rules);
                let json = json.build().await?;
                for value in values {
                    payloads.push(json.encode_async(&value).await?);
                }
            }
            _ => {
                let proto = ProtobufSerializer::dynamic_from_registry(&registry).topic(name);
                let proto = proto.rules(rules).build().await?;
                for value in values {
                    let message = DynamicMessage::deserialize(proto.descriptor().clone(), value)?;
                    payloads.push(proto.encode_async(&message).await?);
                }
            }
        }
        for payload in payloads {
            println!("{}", json!(hex(&payload)));
        }
        Ok(())
    }

    async fn read(self, lines: &[String]) -> Result<(), Box<dyn Error>> {
        let Self { registry, name, format, rules } = self;
        let subject = format!("{name}-value");
        let avro = AvroDeserializer::generic(&registry).rules(rules.clone()).subject(&subject);
        let avro = avro.build().await?;
        let json = JsonDeserializer::<Json>::builder(&registry).rules(rules.clone());
        let json = json.subject(&subject).build();
        let proto = ProtobufDeserializer::dynamic(&registry).rules(rules).subject(&subject);
        let proto = proto.build();
        for line in lines {
            let payload = unhex(&serde_json::from_str::<String>(line)?)?;
            let value = match format.as_str() {
                "AVRO" => {
                    let Order { note, labels, seal } =
                        from_value(&avro.decode_async(&payload, None).await?)?;
                    json!({"note": note, "labels": labels, "seal": STANDARD.encode(seal)})
                }
                "JSON" => json.decode_async(&payload, None).await?,
                _ => {
                    let message = proto.decode_async(&payload, None).await?;
                    let options = levada_serde::prost_reflect::SerializeOptions::new();
                    let options = options.skip_default_fields(false);
                    message.serialize_with_options(serde_json::value::Serializer, &options)?
                }
            };
            println!("{value}");
        }
        Ok(())
    }
}

fn order(value: &Json) -> Result<Order, Box<dyn Error>> {
    let mut value = value.clone();
    let seal = STANDARD.decode(value["seal"].as_str().ok_or("a value has no seal")?)?;
    value["seal"] = json!(seal);
    Ok(serde_json::from_value(value)?)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.ok_or("a payload must be hexadecimal")?;
    let bytes = digits.chunks(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit));
    Ok(bytes.map(u8::try_from).collect::<Result<_, _>>()?)
}
