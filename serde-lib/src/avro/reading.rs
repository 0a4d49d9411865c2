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
use super::typed_encode::Declined;
use crate::Error;
use crate::error::{DecodeError, DecodeKind};
use crate::rules::{Message, ReadRules};
use crate::wire_format::SchemaRef;

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

/// How a body of any schema becomes a `T`. One call that makes the value where it stays: a value
/// is as large as its type, and each hand that it goes through copies it.
pub(super) type Way<T> =
    fn(plan: &Plan, body: &[u8], bounds: &Bounds, schema: SchemaRef) -> Result<T, Error>;

/// What of a body is believed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub(super) limits: DecodeLimits,
    /// Whether bytes behind the value are passed over.
    pub(super) allows_trailing: bool,
}

/// As serde asks for the parts of the type.
pub(super) fn by_serde<T: DeserializeOwned>(
    plan: &Plan,
    body: &[u8],
    bounds: &Bounds,
    schema: SchemaRef,
) -> Result<T, Error> {
    match plan.read.read(body, &bounds.limits, bounds.allows_trailing) {
        Ok(value) => Ok(value),
        Err(Declined) => through_value(plan, body, bounds, schema, typed),
    }
}

/// By the type's own code, if the message was written with its schema.
pub(super) fn by_record<T: for<'b> AvroRead<'b>>(
    plan: &Plan,
    body: &[u8],
    bounds: &Bounds,
    schema: SchemaRef,
) -> Result<T, Error> {
    if plan.is_identity {
        let read = read_record(body, &bounds.limits, bounds.allows_trailing);
        if read.is_ok() {
            return read;
        }
    }
    through_value(plan, body, bounds, schema, resolved_record)
}

/// As generic values.
pub(super) fn by_value(
    plan: &Plan,
    body: &[u8],
    bounds: &Bounds,
    schema: SchemaRef,
) -> Result<Value, Error> {
    through_value(plan, body, bounds, schema, |value, _, _, _| Ok(value))
}

/// In Avro's own JSON encoding.
pub(super) fn by_json(
    plan: &Plan,
    body: &[u8],
    bounds: &Bounds,
    schema: SchemaRef,
) -> Result<Json, Error> {
    through_value(plan, body, bounds, schema, |value, _, plan, _| {
        Ok(json_of(&value, Typed::root(&plan.reader, &plan.reader.names())))
    })
}

/// Makes a `T` of the generic value of a body, and says what is wrong with one that has none.
#[inline(never)]
fn through_value<T>(
    plan: &Plan,
    body: &[u8],
    bounds: &Bounds,
    schema: SchemaRef,
    convert: fn(value: Value, body: &[u8], plan: &Plan, limits: &DecodeLimits) -> Result<T, Error>,
) -> Result<T, Error> {
    let value = plan.read.decode(body, &bounds.limits, bounds.allows_trailing);
    let converted = value.and_then(|value| convert(value, body, plan, &bounds.limits));
    converted.map_err(|error| error.of_schema(schema))
}

pub(super) fn read_record<'b, T: AvroRead<'b>>(
    body: &'b [u8],
    limits: &DecodeLimits,
    allow_trailing: bool,
) -> Result<T, Error> {
    let mut reader = AvroReader::new(body, limits);
    match T::read(&mut reader) {
        Ok(value) if reader.remaining() == 0 || allow_trailing => Ok(value),
        Ok(_) => Err(Error::TrailingBytes { extra: reader.remaining() }),
        Err(error) => Err(error.into()),
    }
}

/// Reads a derived type out of what its schema makes of the message.
#[expect(clippy::needless_pass_by_value, reason = "one shape for typed and generic values")]
fn resolved_record<T: for<'b> AvroRead<'b>>(
    value: Value,
    _body: &[u8],
    plan: &Plan,
    limits: &DecodeLimits,
) -> Result<T, Error> {
    let mut resolved = Vec::new();
    encode_datum(&plan.reader, &value, &mut resolved)?;
    // The limits held for the value, whose parts all stand for one of the type.
    let limits =
        DecodeLimits { items_max: usize::MAX, allocation_bytes_max: usize::MAX, ..*limits };
    read_record(&resolved, &limits, false)
}

/// Reads what [`by_serde`] declines with the library's own reader, which knows every shape that its writer
/// makes of one but can neither resolve schemas nor bound what it reads. So the plan has read the
/// body before, and what the plan changed is written out again in the reader's schema.
#[expect(clippy::needless_pass_by_value, reason = "one shape for typed and generic values")]
fn typed<T: DeserializeOwned>(
    value: Value,
    body: &[u8],
    plan: &Plan,
    _limits: &DecodeLimits,
) -> Result<T, Error> {
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
