//! `levada decode`: one record, without a broker.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use levada_serde::{AnyValue, Span};
use serde_json::{Map, Value as Json, json};

use super::payload::{SubjectsArgs, deserializer, from_hex, hex, schema_of};
use super::{AnswerArgs, table};
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::runtime;

/// The longest record that is read, in bytes.
const RECORD_BYTES_MAX: u64 = 256 << 20;
/// Most bytes of a piece that a line has room for.
const SHOWN_BYTES: usize = 8;

#[derive(Debug, Args)]
pub(crate) struct DecodeArgs {
    /// The bytes of a key or value; - is stdin
    #[arg(default_value = "-", conflicts_with_all = ["hex", "base64"])]
    file: PathBuf,
    /// The bytes as hex digits
    #[arg(long, value_name = "DIGITS")]
    hex: Option<String>,
    /// The bytes as base64
    #[arg(long, value_name = "TEXT", conflicts_with = "hex")]
    base64: Option<String>,
    /// The record's header `__key_schema_id` or `__value_schema_id`, as hex digits
    #[arg(long, value_name = "DIGITS")]
    header: Option<String>,
    /// The bytes name no schema, and this is theirs
    #[arg(long = "as", value_name = "SUBJECT[@VERSION]", conflicts_with = "header")]
    subject: Option<String>,
    /// Show which bytes say what: the frame, then the value piece by piece
    #[arg(long)]
    explain_bytes: bool,
    #[command(flatten)]
    registry: SubjectsArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

/// Exits 1 where the bytes are not what their schema says.
pub(crate) fn run_decode(args: &DecodeArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let payload = args.payload()?;
    let header = args.header.as_deref().map(|header| hex_of(header, "--header")).transpose()?;
    let client = args.registry.client(globals, &globals.settings()?.registry)?;
    let explained = runtime::new()?.block_on(async {
        let deserializer = deserializer(&client, args.subject.as_deref()).await?;
        Ok::<_, Failure>(deserializer.explain(&payload, header.as_deref()).await)
    })?;
    let spans = if args.explain_bytes { explained.spans } else { Vec::new() };
    if explained.value.is_err() && !spans.is_empty() {
        // How far it could be read is what is wanted most where it could not be read.
        args.answer.write(&answer(&payload, &spans, None), |_| span_table(&payload, &spans))?;
    }
    let value = explained.value.map_err(|error| {
        let code = if error.is_poison() { exit::FAILED } else { exit::REGISTRY };
        Failure::new(code, error)
    })?;
    args.answer.write(&answer(&payload, &spans, Some(&value)), |_| {
        let gap = if spans.is_empty() { "" } else { "\n" };
        format!("{}{gap}{}\n", span_table(&payload, &spans), value.json)
    })?;
    Ok(ExitCode::from(exit::OK))
}

fn answer(payload: &[u8], spans: &[Span], value: Option<&AnyValue>) -> Json {
    let mut answer = Map::new();
    if let Some(value) = value {
        answer.insert("schema".to_owned(), schema_of(value));
        answer.insert("value".to_owned(), value.json.clone());
    }
    if !spans.is_empty() {
        let spans = spans.iter().map(|span| {
            json!({
                "start": span.bytes.start,
                "end": span.bytes.end,
                "hex": hex(bytes_of(payload, span)),
                "path": span.path,
                "text": span.text,
            })
        });
        answer.insert("bytes".to_owned(), spans.collect());
    }
    Json::Object(answer)
}

fn bytes_of<'p>(payload: &'p [u8], span: &Span) -> &'p [u8] {
    payload.get(span.bytes.clone()).unwrap_or_default()
}

/// A line a piece: where it begins, its bytes, where it is in the value, what it says.
fn span_table(payload: &[u8], spans: &[Span]) -> String {
    let rows = spans.iter().map(|span| {
        let bytes = bytes_of(payload, span);
        let shown: Vec<_> =
            bytes.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
        let more = if bytes.len() > SHOWN_BYTES { " ..." } else { "" };
        let place = if span.path.is_empty() { "." } else { &span.path };
        [
            span.bytes.start.to_string(),
            format!("{}{more}", shown.join(" ")),
            place.to_owned(),
            span.text.clone(),
        ]
    });
    table(&rows.collect::<Vec<_>>())
}

impl DecodeArgs {
    fn payload(&self) -> Result<Vec<u8>, Failure> {
        if let Some(hex) = &self.hex {
            return hex_of(hex, "--hex");
        }
        if let Some(text) = &self.base64 {
            let bytes = BASE64_STANDARD.decode(text.trim());
            return bytes.map_err(|error| Failure::new(exit::USAGE, format!("--base64: {error}")));
        }
        let mut bytes = Vec::new();
        let read = if self.file == Path::new("-") {
            std::io::stdin().lock().take(RECORD_BYTES_MAX).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(&self.file)
                .and_then(|file| file.take(RECORD_BYTES_MAX).read_to_end(&mut bytes))
        };
        read.map_err(|error| {
            let message = format!("cannot read {}: {error}", self.file.display());
            Failure::new(exit::NO_INPUT, message)
        })?;
        Ok(bytes)
    }
}

fn hex_of(text: &str, flag: &str) -> Result<Vec<u8>, Failure> {
    let message = || format!("{flag}: '{text}' is not hex; it takes two digits a byte");
    from_hex(text).ok_or_else(|| Failure::new(exit::USAGE, message()))
}
