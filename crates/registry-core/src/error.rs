//! Why the registry refused; each documented error is one variant.

use levada_schema_core::{CheckError, ParseError};

use crate::names::NAME_BYTES_MAX;
use crate::{
    AssociationType, Context, InvalidMode, InvalidVersion, QualifiedSubject, SchemaId,
    SchemaVersion,
};
use crate::{StoreError, VersionSpec};

/// Why a request was refused. The texts are part of the API: clients and tests match on them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    #[error("Subject '{0}' not found.")]
    SubjectNotFound(QualifiedSubject),
    #[error("Version {0} not found.")]
    VersionNotFound(VersionSpec),
    /// No such id or guid.
    #[error("Schema {0} not found")]
    SchemaNotFound(String),
    /// The subject is there, but holds no such schema; or an id has no holders to list.
    #[error("Schema not found")]
    NoSuchSchema,
    #[error("Subject '{0}' was soft deleted. Set permanent=true to delete permanently")]
    SubjectSoftDeleted(QualifiedSubject),
    #[error("Subject '{0}' was not deleted first before being permanently deleted")]
    SubjectNotSoftDeleted(QualifiedSubject),
    #[error("Subject '{0}' Version {1} was soft deleted. Set permanent=true to delete permanently")]
    VersionSoftDeleted(QualifiedSubject, SchemaVersion),
    #[error("Subject '{0}' Version {1} was not deleted first before being permanently deleted")]
    VersionNotSoftDeleted(QualifiedSubject, SchemaVersion),
    #[error("Subject '{0}' does not have subject-level compatibility configured")]
    ConfigNotSet(QualifiedSubject),
    #[error("Subject '{0}' does not have subject-level mode configured")]
    ModeNotSet(QualifiedSubject),
    #[error(
        "Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{}]",
        messages.join(", ")
    )]
    Incompatible { subject: QualifiedSubject, messages: Vec<String> },
    /// A text, a type or a reference that cannot be used; the text says which.
    #[error("{0}")]
    InvalidSchema(String),
    #[error(transparent)]
    InvalidVersion(#[from] InvalidVersion),
    #[error(
        "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive"
    )]
    InvalidLevel,
    #[error(transparent)]
    InvalidMode(#[from] InvalidMode),
    #[error("Forward mode only supported on global level")]
    ForwardModeOnlyGlobal,
    #[error("Subject {0} in context {context} is in read-only mode", context = scope(&.0.context))]
    ReadOnly(QualifiedSubject),
    #[error("Subject {0} in context {context} is not in import mode", context = scope(&.0.context))]
    NotInImportMode(QualifiedSubject),
    #[error("Subject {0} in context {context} is not in read-write mode", context = scope(&.0.context))]
    NotInReadWriteMode(QualifiedSubject),
    #[error("Overwrite new schema with id {id} in context {} is not permitted.", scope(context))]
    IdTaken { id: SchemaId, context: Context },
    #[error("Cannot import since found existing subjects")]
    SubjectsExist,
    #[error("One or more references exist to the schema {{subject={0},version={1}}}")]
    ReferenceExists(QualifiedSubject, SchemaVersion),
    #[error("The specified subject '{0}' is not a valid.")]
    InvalidSubject(QualifiedSubject),
    #[error("The reference name '{0}' has more than {NAME_BYTES_MAX} bytes or control characters")]
    InvalidReferenceName(String),
    #[error("Invalid rule set: {0}")]
    InvalidRuleSet(String),
    #[error("The specified context '{}' is not empty.", scope(.0))]
    ContextNotEmpty(Context),
    #[error(
        "The association specified an invalid value for property: '{property}', detail: {detail}"
    )]
    InvalidAssociation { property: &'static str, detail: String },
    #[error("Association for '{0}' not found.")]
    AssociationNotFound(String),
    #[error("An association of type '{association_type}' already exists for resource '{resource}'")]
    AssociationExists { association_type: AssociationType, resource: String },
    #[error("An association already exists for subject '{0}'")]
    SubjectAssociated(QualifiedSubject),
    #[error("A strong association already exists for subject '{0}'")]
    SubjectOwned(QualifiedSubject),
    #[error("No active (non-deleted) version exists for subject '{0}'")]
    NoLiveVersion(QualifiedSubject),
    #[error("The last active version of subject '{0}' cannot be deleted, because it is associated")]
    LastVersionAssociated(QualifiedSubject),
    #[error("The association of type '{0}' is frozen for subject '{1}'")]
    AssociationFrozen(AssociationType, QualifiedSubject),
    #[error("Subject '{0}' has a strong association and cannot be referenced")]
    ReferenceToOwned(QualifiedSubject),
    #[error("Key '{0}' not found")]
    KeyNotFound(String),
    #[error("Key '{0}' was not deleted first before being permanently deleted")]
    KeyNotSoftDeleted(String),
    #[error("Key '{0}' must be undeleted first")]
    KeySoftDeleted(String),
    #[error("Key '{0}' already exists; use a different value")]
    KeyExists(String),
    #[error("A maximum of {0} keys already exist")]
    TooManyKeys(usize),
    /// A member of a key that is missing or wrong.
    #[error("Invalid or missing value for field '{0}' of key")]
    InvalidKey(&'static str),
    #[error("One or more references exist to the key {0}")]
    KeyReferenced(String),
    /// The KMS did not wrap or unwrap a key; the text says why.
    #[error("{0}")]
    KeyGeneration(String),
    #[error("Schema text has {bytes} bytes; the limit is {limit}")]
    SchemaTooLarge { bytes: usize, limit: usize },
    #[error("Context {0} has no schema ids left")]
    IdsExhausted(Context),
    /// Two different contents with one MD5: the id of the first must not be given to the second.
    #[error("Another schema of context {0} has the same MD5 identity")]
    IdentityCollision(Context),
    /// A defect of ours; the request changed nothing.
    #[error("Internal server error")]
    Internal,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A context as it stands before the subjects in it.
fn scope(context: &Context) -> String {
    if context.is_default() { context.to_string() } else { format!(":{context}:") }
}

impl RegistryError {
    /// Whether the registry could not answer, which says nothing about the request.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Internal | Self::Store(_))
    }

    /// A schema text that its format's parser refused.
    pub(crate) fn invalid_schema(error: &ParseError, text: &str) -> Self {
        if error.kind == levada_schema_core::ParseErrorKind::Empty {
            return Self::InvalidSchema(error.to_string());
        }
        let quoted: String = text.chars().take(1024).collect();
        Self::InvalidSchema(format!("Invalid schema {quoted}, details: {error}"))
    }
}

impl From<CheckError> for RegistryError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::TooComplex(_) | CheckError::Pattern(_) => {
                Self::InvalidSchema(error.to_string())
            }
        }
    }
}
