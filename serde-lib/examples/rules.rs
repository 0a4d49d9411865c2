//! Writes and reads messages by the rules that the registry has for their schema, for other
//! programs to read and write.
//!
//! `rules REGISTRY_URL write` reads lines of JSON (format, topic, value) and prints payloads in
//! hexadecimal, each written with the latest version. `rules REGISTRY_URL read` reads lines of JSON
//! (format, topic, payload) and prints the values as the latest version has them. Where a rule does
//! not pass a value, its name stands in the place.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::error::Error;
use std::io::BufRead;
use std::process::ExitCode;

use levada_serde::prost_reflect::{DynamicMessage, SerializeOptions};
use levada_serde::rules::{ReaderVersion, ValidationRules};
use levada_serde::{
    AvroDeserializer, AvroSerializer, Error as SerdeError, JsonDeserializer, JsonSerializer,
    ProtobufDeserializer, ProtobufSerializer, RegistryClient,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Deserialize)]
struct Line {
    format: String,
    topic: String,
    #[serde(default)]
    value: Json,
    #[serde(default)]
    payload: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rules: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [url, action] = &args[..] else {
        return Err("usage: rules REGISTRY_URL write, or rules REGISTRY_URL read".into());
    };
    let registry = RegistryClient::new(url)?;
    for line in std::io::stdin().lock().lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let result = match action.as_str() {
            "write" => write(&registry, &line).await.map(|payload| json!(hex(&payload))),
            "read" => read(&registry, &line).await,
            other => return Err(format!("unknown action {other}").into()),
        };
        match result {
            Ok(value) => println!("{value}"),
            Err(SerdeError::Rule(failure)) => println!("{}", json!(failure.rule)),
            Err(SerdeError::ValidationRules(error)) => {
                let broken: Vec<_> = error.violations.iter().map(ToString::to_string).collect();
                println!("{}", json!(broken));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// What schemas carry themselves is checked before their rule sets come.
const CHECKED: ValidationRules = ValidationRules::BeforeDomainRules { fail_fast: false };

async fn write(registry: &RegistryClient, line: &Line) -> Result<Vec<u8>, SerdeError> {
    let Line { format, topic, value, .. } = line;
    match format.as_str() {
        "AVRO" => {
            let writer = AvroSerializer::json_from_registry(registry).topic(topic);
            let writer = writer.validation_rules(CHECKED);
            writer.build().await?.encode(value)
        }
        "JSON" => {
            let writer = JsonSerializer::from_registry(registry).topic(topic);
            let writer = writer.validation_rules(CHECKED);
            writer.build().await?.encode(value)
        }
        _ => {
            let writer = ProtobufSerializer::dynamic_from_registry(registry).topic(topic);
            let writer = writer.validation_rules(CHECKED).build().await?;
            let message = DynamicMessage::deserialize(writer.descriptor().clone(), value)
                .map_err(|error| SerdeError::Config(error.to_string()))?;
            writer.encode(&message)
        }
    }
}

async fn read(registry: &RegistryClient, line: &Line) -> Result<Json, SerdeError> {
    let (payload, subject) = (bytes(&line.payload), format!("{}-value", line.topic));
    let latest = ReaderVersion::Latest;
    match line.format.as_str() {
        "AVRO" => {
            let reader = AvroDeserializer::json(registry).subject(subject).reader_version(latest);
            reader.build().await?.decode_async(&payload, None).await
        }
        "JSON" => {
            let reader = JsonDeserializer::builder(registry).subject(subject);
            reader.reader_version(latest).build().decode_async(&payload, None).await
        }
        _ => {
            let reader = ProtobufDeserializer::dynamic(registry).subject(subject);
            let reader = reader.reader_version(latest).build();
            let message = reader.decode_async(&payload, None).await?;
            let options = SerializeOptions::new().skip_default_fields(false);
            message
                .serialize_with_options(serde_json::value::Serializer, &options)
                .map_err(|error| SerdeError::Config(error.to_string()))
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What is no hexadecimal ends the bytes.
fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len() / 2).map_while(|at| hex.get(2 * at..2 * at + 2));
    pairs.map_while(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}
