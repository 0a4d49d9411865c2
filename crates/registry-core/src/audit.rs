//! The audit: every change leaves a row that says who asked for it, when, and on which request.

use crate::{QualifiedSubject, SchemaId, SchemaVersion};

/// Who asks for a change, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub principal: String,
    pub request_id: String,
    /// What the API calls the operation.
    pub action: &'static str,
}

/// What a change is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// An empty subject stands for its context.
    pub subject: Option<QualifiedSubject>,
    pub version: Option<SchemaVersion>,
    pub id: Option<SchemaId>,
    /// Of a KEK or a resource.
    pub name: Option<String>,
}

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// In milliseconds since the epoch.
    pub ts_ms: i64,
    pub origin: Origin,
    pub about: About,
    /// The error code of a change that was refused.
    pub refusal: Option<u32>,
}

impl About {
    pub fn subject(subject: &QualifiedSubject) -> Self {
        Self { subject: Some(subject.clone()), ..Self::default() }
    }

    pub fn name(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    #[must_use]
    pub fn version(self, version: SchemaVersion) -> Self {
        Self { version: Some(version), ..self }
    }
}
