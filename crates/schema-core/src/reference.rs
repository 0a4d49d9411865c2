//! Named pointers from one schema to another, and the same with the target's text fetched.

use serde::{Deserialize, Serialize};

/// A pointer from a schema to a version of a subject, as the REST API carries it.
///
/// `name` is what the schema text uses: a full name for Avro, an import path for Protobuf, a
/// `$ref` target for JSON Schema. `version` -1 means the latest until the registry resolves it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    pub name: String,
    pub subject: String,
    pub version: i32,
}

/// A reference whose target has been fetched.
///
/// A schema is parsed with its whole closure: direct and transitive targets, each once, in
/// dependency order (a target stands behind everything that it references itself).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedReference {
    pub reference: Reference,
    pub text: String,
}
