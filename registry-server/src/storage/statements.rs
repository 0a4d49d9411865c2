//! Statements with their values. Values are only ever bound, never written into the text.

use std::borrow::Cow;

use levada_registry_core::{Context, NAME_BYTES_MAX, QualifiedSubject, SchemaId, SubjectFilter};
use rusqlite::ToSql;
use rusqlite::types::{Null, ToSqlOutput};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

/// Room for the values of most statements.
const VALUES: usize = 8;

/// A statement that every database understands, with its parameters `$1`, `$2`, … in order.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    text: &'static str,
    values: Vec<Value<'a>>,
    is_long: bool,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Integer(Option<i32>),
    Long(i64),
    Flag(bool),
    Bytes(&'a [u8]),
}

macro_rules! values {
    ($($from:ty => $given:ident: $value:expr;)+) => {
        $(impl<'a> From<$from> for Value<'a> {
            fn from($given: $from) -> Self {
                $value
            }
        })+
    };
}

values! {
    &'a str => text: Self::Text(Some(Cow::Borrowed(text)));
    &'a String => text: Self::Text(Some(Cow::Borrowed(text)));
    String => text: Self::Text(Some(Cow::Owned(text)));
    Option<String> => text: Self::Text(text.map(Cow::Owned));
    Option<&'a str> => text: Self::Text(text.map(Cow::Borrowed));
    i32 => number: Self::Integer(Some(number));
    Option<i32> => number: Self::Integer(number);
    i64 => number: Self::Long(number);
    bool => flag: Self::Flag(flag);
    &'a [u8] => bytes: Self::Bytes(bytes);
}

impl<'a> Statement<'a> {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text, values: Vec::with_capacity(VALUES), is_long: false }
    }

    pub(super) fn bind(mut self, value: impl Into<Value<'a>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// It may read many rows before it gives its first.
    pub(super) fn long(mut self) -> Self {
        self.is_long = true;
        self
    }

    pub(super) fn is_long(&self) -> bool {
        self.is_long
    }

    pub(super) fn text(&self) -> &'static str {
        self.text
    }

    pub(super) fn values(&self) -> &[Value<'a>] {
        &self.values
    }

    /// Whether a text holds the one character that `PostgreSQL` knows in no text.
    pub(super) fn has_nul(&self) -> bool {
        let nul =
            |value: &Value<'_>| matches!(value, Value::Text(Some(text)) if text.contains('\0'));
        self.values.iter().any(nul)
    }

    /// The statement as the driver of `PostgreSQL` takes it.
    pub(super) fn query(self) -> Query<'a, Postgres, PgArguments> {
        self.values.into_iter().fold(sqlx::query(self.text), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Integer(number) => query.bind(number),
            Value::Long(number) => query.bind(number),
            Value::Flag(flag) => query.bind(flag),
            Value::Bytes(bytes) => query.bind(bytes),
        })
    }
}

/// A value as the driver of `SQLite` takes it.
impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(Some(text)) => Ok(ToSqlOutput::from(text.as_ref())),
            Self::Text(None) => Ok(ToSqlOutput::from(Null)),
            Self::Integer(number) => number.to_sql(),
            Self::Long(number) => number.to_sql(),
            Self::Flag(flag) => flag.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
        }
    }
}

/// A statement whose first two parameters are a context and a subject.
pub(super) fn of_scope<'a>(text: &'static str, scope: &'a QualifiedSubject) -> Statement<'a> {
    Statement::new(text).bind(scope.context.as_str()).bind(&scope.subject)
}

/// A statement whose first two parameters are a context and an id.
pub(super) fn of_id<'a>(text: &'static str, context: &'a Context, id: SchemaId) -> Statement<'a> {
    Statement::new(text).bind(context.as_str()).bind(id.0)
}

/// A statement whose three parameters are an exact context, or null; a prefix of the context's
/// name; and a prefix of the subject's.
pub(super) fn filtered<'a>(text: &'static str, filter: &'a SubjectFilter) -> Statement<'a> {
    let (context, context_prefix, prefix) = match filter {
        SubjectFilter::AnyContext { prefix } => (None, "", prefix.as_str()),
        SubjectFilter::ContextsStartingWith { context } => (None, context.as_str(), ""),
        SubjectFilter::OneContext { context, prefix } => {
            (Some(context.as_str()), "", prefix.as_str())
        }
    };
    Statement::new(text).bind(context).bind(context_prefix).bind(prefix)
}

/// The name of the subject of a row `s` as it is shown. There is an index by it.
macro_rules! name {
    () => {
        "CASE WHEN s.context = '.' THEN s.subject ELSE ':' || s.context || ':' || s.subject END"
    };
}
pub(super) use name;

/// Whether the subject of a row `s` is what [`named`] asks for.
macro_rules! in_filter {
    () => {
        concat!(
            "($1 IS NULL OR s.context = $1) AND substr(s.context, 1, length($2)) = $2
             AND substr(s.subject, 1, length($3)) = $3 AND ",
            name!(),
            " >= $4 AND ",
            name!(),
            " < $5"
        )
    };
}
pub(super) use in_filter;

/// A statement whose first three parameters are those of [`filtered`], and whose next two are
/// bounds of the names: the lower one `from`, or else where the filter begins.
pub(super) fn named<'a>(
    text: &'static str,
    filter: &'a SubjectFilter,
    from: Option<String>,
) -> Statement<'a> {
    let start = match filter {
        SubjectFilter::AnyContext { .. } | SubjectFilter::ContextsStartingWith { .. } => {
            String::new()
        }
        SubjectFilter::OneContext { context, prefix } => {
            QualifiedSubject { context: context.clone(), subject: prefix.clone() }.to_string()
        }
    };
    // Behind every name that begins as `start` does: no name has room for so many.
    let end = format!("{start}{}", "\u{10ffff}".repeat(2 * NAME_BYTES_MAX / 4 + 1));
    filtered(text, filter).bind(from.unwrap_or(start)).bind(end)
}
