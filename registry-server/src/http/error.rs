//! Errors as the API shows them: from a refusal of the registry to its code.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use levada_registry_api::{ErrorBody, ErrorCode};
use levada_registry_core::{RegistryError, StoreErrorKind};

/// An error answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HttpError {
    code: ErrorCode,
    message: String,
    is_undone: bool,
}

/// Says in an answer what its error code is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused(pub(super) ErrorCode);

/// Marks the answer to a request whose change was undone in favour of another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undone;

impl HttpError {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), is_undone: false }
    }
}

impl HttpError {
    pub(super) fn code(&self) -> ErrorCode {
        self.code
    }

    /// As it stands in the answer of a batch.
    pub(super) fn into_body(self) -> ErrorBody {
        ErrorBody { error_code: self.code.code(), message: self.message }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mark = self.is_undone.then_some(Extension(Undone));
        let refused = Extension(Refused(self.code));
        (status, mark, refused, Json(self.into_body())).into_response()
    }
}

impl From<RegistryError> for HttpError {
    fn from(error: RegistryError) -> Self {
        let is_ours = match &error {
            RegistryError::Internal => true,
            RegistryError::Store(error) => error.kind != StoreErrorKind::Unstorable,
            _ => false,
        };
        if is_ours {
            tracing::error!(error = error.to_string().as_str(), "a request failed");
        }
        let is_undone =
            matches!(&error, RegistryError::Store(error) if error.kind == StoreErrorKind::Conflict);
        Self { is_undone, ..Self::new(code(&error), error.to_string()) }
    }
}

fn code(error: &RegistryError) -> ErrorCode {
    use RegistryError as E;
    match error {
        E::SubjectNotFound(_) => ErrorCode::SubjectNotFound,
        E::VersionNotFound(_) => ErrorCode::VersionNotFound,
        E::SchemaNotFound(_) | E::NoSuchSchema => ErrorCode::SchemaNotFound,
        E::SubjectSoftDeleted(_) => ErrorCode::SubjectSoftDeleted,
        E::SubjectNotSoftDeleted(_) => ErrorCode::SubjectNotSoftDeleted,
        E::VersionSoftDeleted(..) => ErrorCode::VersionSoftDeleted,
        E::VersionNotSoftDeleted(..) => ErrorCode::VersionNotSoftDeleted,
        E::ConfigNotSet(_) => ErrorCode::SubjectLevelCompatibilityNotConfigured,
        E::ModeNotSet(_) => ErrorCode::SubjectLevelModeNotConfigured,
        E::Incompatible { .. } => ErrorCode::IncompatibleSchema,
        E::InvalidSchema(_) | E::IdentityCollision(_) => ErrorCode::InvalidSchema,
        E::InvalidVersion(_) => ErrorCode::InvalidVersion,
        E::InvalidLevel => ErrorCode::InvalidCompatibilityLevel,
        E::InvalidMode(_) | E::ForwardModeOnlyGlobal => ErrorCode::InvalidMode,
        E::ReadOnly(_)
        | E::NotInImportMode(_)
        | E::NotInReadWriteMode(_)
        | E::IdTaken { .. }
        | E::SubjectsExist
        | E::ReferenceToOwned(_) => ErrorCode::OperationNotPermitted,
        E::ReferenceExists(..) => ErrorCode::ReferenceExists,
        E::InvalidAssociation { .. } => ErrorCode::InvalidAssociation,
        E::AssociationNotFound(_) => ErrorCode::AssociationNotFound,
        E::AssociationExists { .. } => ErrorCode::AssociationForResourceExists,
        E::SubjectAssociated(_) => ErrorCode::AssociationForSubjectExists,
        E::SubjectOwned(_) => ErrorCode::StrongAssociationForSubjectExists,
        E::NoLiveVersion(_) | E::LastVersionAssociated(_) => ErrorCode::NoActiveVersion,
        E::AssociationFrozen(..) => ErrorCode::AssociationFrozen,
        E::KeyNotFound(_) => ErrorCode::KeyNotFound,
        E::KeyNotSoftDeleted(_) => ErrorCode::KeyNotSoftDeleted,
        E::KeySoftDeleted(_) => ErrorCode::KeySoftDeleted,
        E::KeyExists(_) => ErrorCode::KeyExists,
        E::TooManyKeys(_) => ErrorCode::TooManyKeys,
        E::InvalidKey(_) => ErrorCode::InvalidKey,
        E::KeyReferenced(_) => ErrorCode::KeyReferenced,
        E::KeyGeneration(_) => ErrorCode::DekGenerationFailed,
        E::InvalidRuleSet(_) => ErrorCode::InvalidRuleSet,
        E::ContextNotEmpty(_) => ErrorCode::ContextNotEmpty,
        E::InvalidSubject(_) | E::InvalidReferenceName(_) => ErrorCode::InvalidSubject,
        E::SchemaTooLarge { .. } => ErrorCode::SchemaTooLarge,
        E::IdsExhausted(_) => ErrorCode::StoreFailure,
        E::Store(error) => match error.kind {
            StoreErrorKind::Failed | StoreErrorKind::OutcomeUnknown => ErrorCode::StoreFailure,
            StoreErrorKind::TimedOut | StoreErrorKind::Conflict => ErrorCode::Timeout,
            StoreErrorKind::ReadOnly => ErrorCode::LeaderNotKnown,
            StoreErrorKind::Unstorable => ErrorCode::InvalidSubject,
        },
        E::Internal => ErrorCode::InternalServerError,
    }
}
