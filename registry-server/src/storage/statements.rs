//! Statements with their leading parameters bound. Values are only ever bound, never written into
//! the text.

use levada_registry_core::{Context, QualifiedSubject, SchemaId, SubjectFilter};
use sqlx::Sqlite;
use sqlx::sqlite::SqliteArguments;

pub(super) type Query = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

/// A statement whose first two parameters are a context and a subject.
pub(super) fn of_scope(statement: &'static str, scope: &QualifiedSubject) -> Query {
    sqlx::query(statement).bind(scope.context.as_str().to_owned()).bind(scope.subject.clone())
}

/// A statement whose first two parameters are a context and an id.
pub(super) fn of_id(statement: &'static str, context: &Context, id: SchemaId) -> Query {
    sqlx::query(statement).bind(context.as_str().to_owned()).bind(id.0)
}

/// A statement whose three parameters are an exact context, or null; a prefix of the context's
/// name; and a prefix of the subject's.
pub(super) fn filtered(statement: &'static str, filter: &SubjectFilter) -> Query {
    let (context, context_prefix, prefix) = match filter {
        SubjectFilter::AnyContext { prefix } => (None, "", prefix.as_str()),
        SubjectFilter::ContextsStartingWith { context } => (None, context.as_str(), ""),
        SubjectFilter::OneContext { context, prefix } => {
            (Some(context.as_str().to_owned()), "", prefix.as_str())
        }
    };
    sqlx::query(statement).bind(context).bind(context_prefix.to_owned()).bind(prefix.to_owned())
}
