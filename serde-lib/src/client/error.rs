//! Why a call to the registry failed.

use super::auth::TokenError;

/// A failed call, after all attempts.
#[derive(Clone, Debug, thiserror::Error)]
#[error("schema registry at {url}: {kind} (attempts: {attempts})")]
pub struct RegistryError {
    /// What went wrong in the last attempt.
    pub kind: RegistryErrorKind,
    /// Without user, password and query.
    pub url: String,
    /// How often the request was sent.
    pub attempts: u32,
}

/// What went wrong in the last attempt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryErrorKind {
    /// No connection, or it broke before the whole answer was there.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// Its certificate does not lead to a trusted one, or is not made out to its host.
    #[error(
        "its certificate is not trusted: {0}; trust the authority that signed it: in the settings \
         of the client, or in a file that the variable SSL_CERT_FILE names"
    )]
    NotTrusted(String),
    /// The attempt or the whole call took longer than the policy allows.
    #[error("no answer in time")]
    TimedOut,
    /// An answer with an error status; `error_code` is 0 when the body held none.
    #[error("{status} (error code {error_code}): {message}")]
    Refused { status: u16, error_code: u32, message: String },
    /// There is no token to send with the request.
    #[error("no token: {0}")]
    NoToken(TokenError),
    /// An answer that no registry should give.
    #[error("unusable answer: {0}")]
    InvalidAnswer(String),
}

impl RegistryError {
    /// Whether the same call may succeed later.
    pub fn is_retriable(&self) -> bool {
        self.kind.is_retriable()
    }

    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self.kind {
            RegistryErrorKind::Refused { status, .. } => Some(status),
            _ => None,
        }
    }

    /// The registry's own five-digit code, such as 40401, if the answer held one.
    pub fn error_code(&self) -> Option<u32> {
        match self.kind {
            RegistryErrorKind::Refused { error_code, .. } if error_code > 0 => Some(error_code),
            _ => None,
        }
    }
}

impl RegistryErrorKind {
    pub(super) fn is_retriable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut => true,
            Self::Refused { status, .. } => {
                matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
            }
            Self::NoToken(error) => error.is_retriable,
            Self::NotTrusted(_) | Self::InvalidAnswer(_) => false,
        }
    }
}
