//! Every way a call of this crate can fail, and what a program should do about it.

use std::fmt;

use levada_schema_core::{ParseError, ParseErrorKind};

use crate::client::RegistryError;
use crate::rules::{RuleFailure, ValidationRulesError};
use crate::wire_format::{FrameError, MessageIndex, SchemaRef};

/// Why a message could not be written or read.
///
/// Two questions decide what a program does next: [`Error::is_retriable`] (try again later) and
/// [`Error::is_poison`] (this record will never decode; set it aside and go on). When neither
/// holds, the set-up is wrong and a person must change it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The message carries no well-formed schema id.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The registry could not be asked, or refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The registry does not know the schema that the message names.
    #[error("schema {schema} is not in the registry; the message cannot be read without it")]
    SchemaNotFound { schema: SchemaRef },
    /// The synchronous path met a schema that has not been fetched yet.
    #[error(
        "schema {schema} has not been loaded; call `load` or `decode_async` once, then decode again"
    )]
    SchemaNotLoaded { schema: SchemaRef },
    /// A schema text is not a valid schema of its format.
    #[error("invalid schema: {reason}")]
    InvalidSchema { reason: String },
    /// A schema names a type that neither it nor its references define.
    #[error("unresolved reference: {reason}")]
    UnresolvedReference { reason: String },
    /// The program's schema cannot be written as the schema that the registry holds.
    #[error(
        "the schema of this program cannot be written as subject '{subject}' has it: {details}"
    )]
    Incompatible { subject: String, details: String },
    /// Data of the writer schema cannot be read with the reader schema.
    #[error("writer and reader schema do not match at `{path}`: {reason}")]
    Resolution { path: String, reason: String },
    /// The body of a message does not follow its schema.
    #[error(transparent)]
    Decode(#[from] Box<DecodeError>),
    /// A value does not follow the schema it should be written with.
    #[error(transparent)]
    Encode(#[from] Box<EncodeError>),
    /// A value breaks the JSON schema that it is written or read with.
    #[error(transparent)]
    Invalid(#[from] Box<ValidationError>),
    /// The frame counts to a message that the Protobuf schema does not have.
    #[error("schema {schema} has no message at index {index}, which the frame names")]
    UnknownMessage { schema: SchemaRef, index: MessageIndex },
    /// The frame names another Protobuf message than the program asked for.
    #[error(
        "the frame holds message `{found}` of schema {schema}, the program asked for `{wanted}`; \
         read it as that type, or allow any with `lenient_type(true)`"
    )]
    MessageTypeMismatch { schema: SchemaRef, found: String, wanted: String },
    /// The body goes on after the value.
    #[error("{extra} bytes follow the value; allow them with `trailing_bytes(true)`")]
    TrailingBytes { extra: usize },
    /// A rule of the schema did not pass the value.
    #[error(transparent)]
    Rule(Box<RuleFailure>),
    /// A value breaks rules that its schema carries itself.
    #[error(transparent)]
    ValidationRules(#[from] Box<ValidationRulesError>),
    /// An option of this crate was used in a way that cannot work.
    #[error("{0}")]
    Config(String),
    /// The Kafka client failed.
    #[cfg(feature = "rdkafka")]
    #[error("Kafka: {reason}")]
    Kafka { reason: String, is_retriable: bool },
}

impl Error {
    /// Says which schema a body did not follow.
    #[cold]
    pub(crate) fn of_schema(self, schema: SchemaRef) -> Self {
        match self {
            Self::Decode(mut error) => {
                error.schema = Some(schema);
                error.into()
            }
            other => other,
        }
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Registry(error) => error.is_retriable(),
            Self::SchemaNotLoaded { .. } => true,
            Self::Rule(failure) => failure.error.is_retriable(),
            #[cfg(feature = "rdkafka")]
            Self::Kafka { is_retriable, .. } => *is_retriable,
            _ => false,
        }
    }

    /// Whether the fault lies in this one record: skip it or set it aside, do not try again.
    pub fn is_poison(&self) -> bool {
        if let Self::Rule(failure) = self {
            return failure.error.is_of_value();
        }
        matches!(
            self,
            Self::Frame(_)
                | Self::SchemaNotFound { .. }
                | Self::InvalidSchema { .. }
                | Self::UnresolvedReference { .. }
                | Self::Resolution { .. }
                | Self::Decode(_)
                | Self::Encode(_)
                | Self::Invalid(_)
                | Self::ValidationRules(_)
                | Self::UnknownMessage { .. }
                | Self::MessageTypeMismatch { .. }
                | Self::TrailingBytes { .. }
        )
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        let reason = error.to_string();
        match error.kind {
            ParseErrorKind::UnresolvedName => Self::UnresolvedReference { reason },
            _ => Self::InvalidSchema { reason },
        }
    }
}

/// A body that breaks its schema: what, at which byte of the body, in which field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot decode {format}{} at byte {offset} of the body (field `{path}`): {kind}",
    of_schema(*schema)
)]
pub struct DecodeError {
    /// `AVRO`, `PROTOBUF`, `JSON` or `text`.
    pub format: &'static str,
    /// The schema that the message names, if it names one.
    pub schema: Option<SchemaRef>,
    /// Field names, `[index]` and map keys from the root; empty for the root itself.
    pub path: String,
    /// Counted from the first byte after the frame.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DecodeKind,
}

impl DecodeError {
    pub(crate) fn new(format: &'static str, offset: usize, kind: DecodeKind) -> Self {
        Self { format, schema: None, path: String::new(), offset, kind }
    }
}

fn of_schema(schema: Option<SchemaRef>) -> String {
    schema.map(|schema| format!(" of schema {schema}")).unwrap_or_default()
}

fn of_subject(subject: Option<&str>) -> String {
    subject.map(|subject| format!(" (subject '{subject}')")).unwrap_or_default()
}

/// What is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeKind {
    /// The body is shorter than its schema says.
    #[error("the body ends in the middle of a value")]
    UnexpectedEof,
    /// A number of more than ten bytes or 64 bits.
    #[error("a variable-length number has more than 64 bits")]
    VarintOverflow,
    /// An Avro `int` beyond 32 bits.
    #[error("{0} does not fit a 32-bit int")]
    IntOverflow(i64),
    /// A length, count or block size below zero.
    #[error("negative length {0}")]
    NegativeLength(i64),
    /// A length or count that no message can have.
    #[error("length {length} is more than {available} can hold")]
    LengthTooLarge { length: i64, available: usize },
    /// A string or map key that is not UTF-8.
    #[error("text is not UTF-8")]
    InvalidUtf8,
    /// A boolean byte other than 0 and 1.
    #[error("{0:#04x} is not a boolean")]
    InvalidBoolean(u8),
    /// A branch that the writer's union does not have.
    #[error("union branch {index} of {count}")]
    UnionIndexOutOfRange { index: i64, count: usize },
    /// A symbol that the writer's enum does not have.
    #[error("enum symbol {index} of {count}")]
    EnumIndexOutOfRange { index: i64, count: usize },
    /// An array or map block whose size is not what it says.
    #[error("a block of {declared} bytes holds {actual}")]
    BlockSizeMismatch { declared: i64, actual: usize },
    /// More nesting than the limit, which the field holds.
    #[error("nested deeper than {0} levels")]
    DepthLimitExceeded(usize),
    /// More memory than the limit, which the field holds, in bytes.
    #[error("the value would need more than {0} bytes of memory")]
    AllocationLimitExceeded(usize),
    /// A Protobuf field number that no field can have.
    #[error("a field is tagged with {0}, which is no field number")]
    InvalidTag(u64),
    /// A Protobuf wire type that does not exist, or the end of a group that was not begun.
    #[error("wire type {0} cannot stand here")]
    InvalidWireType(u8),
    /// A body that is not JSON text.
    #[error("not JSON: {0}")]
    InvalidJson(String),
    /// A value outside its logical type, such as a time beyond 24 hours.
    #[error("not a valid {logical}: {reason}")]
    InvalidLogicalValue { logical: &'static str, reason: String },
    /// A union branch or enum symbol of the writer that the reader schema has no place for.
    #[error("the reader schema cannot hold this value: {0}")]
    NotResolvable(String),
    /// A field that its proto2 schema calls required.
    #[error("the field is required, and the message does not have it")]
    RequiredField,
    /// A value that the program's type cannot hold.
    #[error("the value does not fit the Rust type: {0}")]
    Type(String),
}

/// A value that cannot be written with its schema, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot encode {format}{}{} (field `{path}`): {kind}",
    of_schema(*schema),
    of_subject(subject.as_deref())
)]
pub struct EncodeError {
    /// `AVRO`, `PROTOBUF` or `JSON`.
    pub format: &'static str,
    /// The schema that the serializer writes with.
    pub schema: Option<SchemaRef>,
    /// The subject that the schema is in.
    pub subject: Option<String>,
    /// Field names, `[index]` and map keys from the root; empty for the root itself.
    pub path: String,
    /// What is wrong there.
    pub kind: EncodeKind,
}

impl EncodeError {
    pub(crate) fn new(format: &'static str, kind: EncodeKind) -> Self {
        Self { format, schema: None, subject: None, path: String::new(), kind }
    }
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeKind {
    /// A record without a field that the schema gives no default.
    #[error("field `{0}` is missing and has no default")]
    MissingField(String),
    /// A record with a field too many.
    #[error("the schema has no field `{0}`")]
    UnknownField(String),
    /// A value of another type than the schema's.
    #[error("the schema wants {expected}, the value is {actual}")]
    TypeMismatch { expected: &'static str, actual: &'static str },
    /// A number too large for an Avro `int`.
    #[error("{0} does not fit a 32-bit int")]
    IntOverflow(i64),
    /// A symbol that the enum does not have.
    #[error("the enum has no symbol `{0}`")]
    UnknownEnumSymbol(String),
    /// A fixed of another size than the schema's.
    #[error("the schema wants {expected} bytes, the value has {actual}")]
    FixedSizeMismatch { expected: usize, actual: usize },
    /// A dynamic message of another type than the serializer's.
    #[error("the serializer writes `{expected}`, the value is a `{actual}`")]
    MessageMismatch { expected: String, actual: String },
    /// A value of a type that the union does not have.
    #[error("no branch of the union takes {0}")]
    NoUnionBranch(&'static str),
    /// A field that its proto2 schema calls required.
    #[error("the field is required, and the message does not have it")]
    RequiredField,
    /// What the Avro library says.
    #[error("{0}")]
    Other(String),
}

/// A value that breaks the JSON schema it belongs to, with every place where it does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the value breaks schema {schema}{}: {}",
    of_subject(subject.as_deref()),
    listed(violations)
)]
pub struct ValidationError {
    /// The schema that it was checked with.
    pub schema: SchemaRef,
    /// The subject that the schema is in, when writing.
    pub subject: Option<String>,
    /// What is wrong; never empty.
    pub violations: Box<[Violation]>,
}

/// One way in which a value breaks its JSON schema; both places are JSON pointers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where in the value; empty for the whole.
    pub instance_path: String,
    /// The keyword that is broken.
    pub schema_path: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at '{}', by '{}')", self.message, self.instance_path, self.schema_path)
    }
}

/// Most violations that a message names.
const LISTED_MAX: usize = 5;

fn listed(violations: &[Violation]) -> String {
    let shown: Vec<_> = violations.iter().take(LISTED_MAX).map(ToString::to_string).collect();
    let more = match violations.len().saturating_sub(LISTED_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    shown.join("; ") + &more
}
