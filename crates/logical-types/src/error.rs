//! What is wrong with a type definition, or with a schema that is to be shown as one.

use levada_schema_core::{Location, ParseError, SchemaType};

/// Why a conversion was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogicalError {
    /// The text is no type definition, or one that names a part which is not supported.
    #[error("Invalid type definition: {reason} (line {}, column {})", place.line, place.column)]
    Ddl { reason: String, place: Location },
    /// What the definition says has no counterpart in the format.
    #[error("The type definition cannot be stored as {schema_type}: {reason}")]
    NotStorable { schema_type: SchemaType, reason: String },
    /// What the schema says has no counterpart among the logical types.
    #[error("The {schema_type} schema cannot be shown as a type definition: {reason}")]
    NotLogical { schema_type: SchemaType, reason: String },
    /// Either text breaks a limit.
    #[error("{0}")]
    TooLarge(String),
}

/// What a converter found, before it is known in which direction it worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch(pub(crate) String);

impl Mismatch {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    pub(crate) fn storing(self, schema_type: SchemaType) -> LogicalError {
        LogicalError::NotStorable { schema_type, reason: self.0 }
    }

    pub(crate) fn showing(self, schema_type: SchemaType) -> LogicalError {
        LogicalError::NotLogical { schema_type, reason: self.0 }
    }
}

/// Refuses a type inside so many others before it is written.
pub(crate) fn check_depth(depth: usize, depth_max: usize) -> Result<(), Mismatch> {
    if depth > depth_max {
        return Err(Mismatch::new(breach("types nested too deep", depth_max, "depth-max")));
    }
    Ok(())
}

impl From<ParseError> for Mismatch {
    fn from(error: ParseError) -> Self {
        // Its place is one in a text that nobody wrote.
        Self(error.message)
    }
}

/// What is said of a breach: what is too large, how large it may be, and the name of the setting.
pub(crate) fn breach(what: &str, max: usize, setting: &str) -> String {
    format!("{what}; the limit is {max} (setting {setting})")
}
