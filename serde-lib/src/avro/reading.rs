//! The ways from the body of a message to a value, given what is known of its schema.

use std::borrow::Cow;
use std::sync::Arc;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::encode::encode_datum;
use super::json::json_of;
use super::message::RuleCodec;
use super::plan::{DecodeLimits, ReadPlan};
use super::record::{AvroRead, AvroReader};
use super::resolve::Typed;
use super::schema::ParsedSchema;
use crate::Error;
use crate::error::{DecodeError, DecodeKind};
use crate::rules::{Message, ReadRules};

/// How bodies of one writer schema are read.
pub(super) struct Plan {
    pub(super) read: ReadPlan,
    pub(super) reader: Arc<ParsedSchema>,
    /// The body is what the reader schema itself would have written.
    pub(super) is_identity: bool,
    /// What bodies pass before they are read, if there is anything.
    pub(super) rules: Option<Box<Filter>>,
}

impl Plan {
    /// What rules pass is made anew, and nothing in it lies in the message.
    pub(super) fn check_borrowable(&self) -> Result<(), Error> {
        if self.rules.is_none() {
            return Ok(());
        }
        let reason = "its schema has rules for readers, and what they pass is not borrowed";
        Err(Error::Config(reason.to_owned()))
    }
}

/// What bodies of a writer schema pass, and what reads and writes them for that.
pub(super) struct Filter {
    rules: ReadRules,
    /// Reads what the writer wrote; without migrations already as the version that is asked for.
    codec: RuleCodec,
    /// What the migrations lead to, if there are any.
    migrated: Option<RuleCodec>,
}

impl Filter {
    pub(super) fn new(
        rules: ReadRules,
        writer: &ParsedSchema,
        version: &ParsedSchema,
        limits: DecodeLimits,
    ) -> Result<Self, Error> {
        let is_migrating = rules.is_migrating();
        let first = if is_migrating { writer } else { version };
        let codec = RuleCodec::new(writer, first, limits)?;
        let migrated =
            is_migrating.then(|| RuleCodec::new(version, version, limits)).transpose()?;
        Ok(Self { rules, codec, migrated })
    }

    /// The body that is left when the rules have passed it.
    #[cold]
    pub(super) fn pass<'b>(
        &self,
        body: &'b [u8],
        allows_trailing: bool,
    ) -> Result<Cow<'b, [u8]>, Error> {
        let body = self.rules.decoded(body)?;
        if !self.rules.changes_value() {
            return Ok(body);
        }
        let mut message = Message(self.codec.read(&body, allows_trailing)?);
        let mut last = &self.codec;
        if let Some(migrated) = &self.migrated {
            message = self.rules.migrated(&message, |json| migrated.of_json(json))?;
            last = migrated;
        }
        self.rules.apply(&mut message)?;
        let mut passed = Vec::with_capacity(body.len());
        last.write(&message.0, &mut passed)?;
        Ok(Cow::Owned(passed))
    }
}

/// How a body of any schema becomes a `T`.
pub(super) struct Way<T> {
    straight: Straight<T>,
    convert: Convert<T>,
}

/// Makes a `T` of a body without values in between; `None` leaves it to [`Convert`].
type Straight<T> = fn(plan: &Plan, &[u8], &DecodeLimits, allow_trailing: bool) -> Option<T>;
/// Makes a `T` of the body that `value` was read from.
type Convert<T> = fn(value: Value, body: &[u8], plan: &Plan) -> Result<T, Error>;

impl<T> Way<T> {
    pub(super) fn read(
        &self,
        plan: &Plan,
        body: &[u8],
        limits: &DecodeLimits,
        allow_trailing: bool,
    ) -> Result<T, Error> {
        let straight = self.straight;
        if let Some(value) = straight(plan, body, limits, allow_trailing) {
            return Ok(value);
        }
        let value = plan.read.decode(body, limits, allow_trailing)?;
        (self.convert)(value, body, plan)
    }
}

impl<T: DeserializeOwned> Way<T> {
    /// As serde asks for the parts of the type.
    pub(super) fn of_serde() -> Self {
        Self { straight, convert: typed }
    }
}

impl<T: for<'b> AvroRead<'b>> Way<T> {
    /// By the type's own code.
    pub(super) fn of_record() -> Self {
        Self { straight: record, convert: resolved_record }
    }
}

impl Way<Value> {
    pub(super) fn of_values() -> Self {
        Self { straight: |_, _, _, _| None, convert: as_is }
    }
}

impl Way<Json> {
    /// Avro's own JSON encoding.
    pub(super) fn of_json() -> Self {
        Self { straight: |_, _, _, _| None, convert: as_json }
    }
}

pub(super) fn read_record<'b, T: AvroRead<'b>>(
    body: &'b [u8],
    limits: &DecodeLimits,
    allow_trailing: bool,
) -> Result<T, Error> {
    let mut reader = AvroReader::new(body, limits);
    let value = T::read(&mut reader)?;
    match reader.remaining() {
        extra if extra > 0 && !allow_trailing => Err(Error::TrailingBytes { extra }),
        _ => Ok(value),
    }
}

/// Reads a derived type, if the message was written with its schema.
fn record<T: for<'b> AvroRead<'b>>(
    plan: &Plan,
    body: &[u8],
    limits: &DecodeLimits,
    allow_trailing: bool,
) -> Option<T> {
    if plan.is_identity { read_record(body, limits, allow_trailing).ok() } else { None }
}

/// Reads a derived type out of what its schema makes of the message.
#[expect(clippy::needless_pass_by_value, reason = "one shape for typed and generic values")]
fn resolved_record<T: for<'b> AvroRead<'b>>(
    value: Value,
    _body: &[u8],
    plan: &Plan,
) -> Result<T, Error> {
    let mut resolved = Vec::new();
    encode_datum(&plan.reader, &value, &mut resolved)?;
    // The limits held for the value, whose parts all stand for one of the type.
    let limits = DecodeLimits {
        items_max: usize::MAX,
        allocation_bytes_max: usize::MAX,
        ..DecodeLimits::default()
    };
    read_record(&resolved, &limits, false)
}

/// Reads a Rust type as serde asks for its parts.
fn straight<T: DeserializeOwned>(
    plan: &Plan,
    body: &[u8],
    limits: &DecodeLimits,
    allow_trailing: bool,
) -> Option<T> {
    plan.read.read(body, limits, allow_trailing).ok()
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for typed and generic values")]
#[expect(clippy::needless_pass_by_value, reason = "one shape for typed and generic values")]
fn as_json(value: Value, _body: &[u8], plan: &Plan) -> Result<Json, Error> {
    Ok(json_of(&value, Typed::root(&plan.reader, &plan.reader.names())))
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for typed and generic values")]
fn as_is(value: Value, _body: &[u8], _plan: &Plan) -> Result<Value, Error> {
    Ok(value)
}

/// Reads what [`straight`] declines with the library's own reader, which knows every shape that its writer
/// makes of one but can neither resolve schemas nor bound what it reads. So the plan has read the
/// body before, and what the plan changed is written out again in the reader's schema.
#[expect(clippy::needless_pass_by_value, reason = "one shape for typed and generic values")]
fn typed<T: DeserializeOwned>(value: Value, body: &[u8], plan: &Plan) -> Result<T, Error> {
    let mut resolved = Vec::new();
    let mut body = body;
    if !plan.is_identity {
        encode_datum(&plan.reader, &value, &mut resolved)?;
        body = &resolved;
    }
    GenericDatumReader::builder(plan.reader.root())
        .build()
        .and_then(|reader| reader.read_deser(&mut body))
        .map_err(|error| {
            let kind = DecodeKind::Type(error.to_string());
            Box::new(DecodeError::new("AVRO", 0, kind)).into()
        })
}
