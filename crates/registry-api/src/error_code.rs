//! The one table of error codes: number and meaning. The HTTP status follows from the number.

use serde::{Deserialize, Serialize};

/// The body of every error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorBody {
    pub error_code: u32,
    pub message: String,
}

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal,)+) => {
        /// An error code of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* $name,)+
        }

        impl ErrorCode {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The number in the body.
            pub fn code(self) -> u32 {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

error_codes! {
    /// The body is no JSON, or JSON of the wrong shape.
    BadRequest = 400,
    /// No such path, or a path or query parameter that is no number.
    NotFound = 404,
    MethodNotAllowed = 405,
    NotAcceptable = 406,
    RequestTimeout = 408,
    PayloadTooLarge = 413,
    UriTooLong = 414,
    UnsupportedMediaType = 415,
    /// A body is needed and missing.
    UnprocessableEntity = 422,
    /// The client has too many connections.
    TooManyRequests = 429,
    HeaderFieldsTooLarge = 431,
    InternalServerError = 500,
    ServiceUnavailable = 503,

    SubjectNotFound = 40401,
    VersionNotFound = 40402,
    SchemaNotFound = 40403,
    SubjectSoftDeleted = 40404,
    SubjectNotSoftDeleted = 40405,
    VersionSoftDeleted = 40406,
    VersionNotSoftDeleted = 40407,
    SubjectLevelCompatibilityNotConfigured = 40408,
    SubjectLevelModeNotConfigured = 40409,

    AssociationNotFound = 40410,
    KeyNotFound = 40470,
    KeyNotSoftDeleted = 40471,
    KeySoftDeleted = 40472,

    IncompatibleSchema = 40901,
    AssociationForResourceExists = 40903,
    AssociationForSubjectExists = 40904,
    StrongAssociationForSubjectExists = 40905,
    NoActiveVersion = 40907,
    AssociationFrozen = 40908,
    KeyExists = 40971,
    TooManyKeys = 40972,

    InvalidSchema = 42201,
    InvalidVersion = 42202,
    InvalidCompatibilityLevel = 42203,
    InvalidMode = 42204,
    OperationNotPermitted = 42205,
    ReferenceExists = 42206,
    IdDoesNotMatch = 42207,
    InvalidSubject = 42208,
    SchemaTooLarge = 42209,
    InvalidRuleSet = 42210,
    ContextNotEmpty = 42211,
    InvalidAssociation = 42212,
    InvalidKey = 42271,
    KeyReferenced = 42272,

    StoreFailure = 50001,
    Timeout = 50002,
    ForwardingFailed = 50003,
    LeaderNotKnown = 50004,
    /// The KMS did not wrap or unwrap a key.
    DekGenerationFailed = 50070,
}

impl ErrorCode {
    /// The HTTP status: the number itself, or its first three digits.
    pub fn http_status(self) -> u16 {
        let code = self.code();
        let status = if code >= 1000 { code / 100 } else { code };
        u16::try_from(status).unwrap_or(500)
    }

    /// The code with this number, if it is one of ours.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status_and_is_found_by_number() {
        for &code in ErrorCode::ALL {
            assert!((400..=599).contains(&code.http_status()), "{code:?}");
            assert_eq!(ErrorCode::from_code(code.code()), Some(code));
        }
        assert_eq!(ErrorCode::IncompatibleSchema.http_status(), 409);
    }
}
