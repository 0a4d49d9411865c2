//! What handlers take from a request: names in the path, parameters, and the body.

use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use levada_registry_api::ErrorCode;
use levada_registry_core::{Page, QualifiedSubject, RegistryError, SchemaId, VersionSpec};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::error::HttpError;
use super::layers::SeenBody;
use super::parameters::{LIMIT, OFFSET, Parameter, SUBJECT};
use crate::app::{App, AppState};

/// The names in the path, percent-decoded once.
#[derive(Debug)]
pub(super) struct Names(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Names {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|error| HttpError::new(ErrorCode::BadRequest, error.to_string()))?;
        Ok(Self(params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }
}

impl Names {
    pub(super) fn text(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The subject, or without one the default context as a whole.
    pub(super) fn subject(&self) -> QualifiedSubject {
        QualifiedSubject::parse(self.text("subject"))
    }

    pub(super) fn version(&self) -> Result<VersionSpec, HttpError> {
        self.text("version").parse().map_err(|error| RegistryError::from(error).into())
    }

    /// The version, where the route has one.
    pub(super) fn optional_version(&self) -> Result<Option<VersionSpec>, HttpError> {
        self.find("version").map(|_| self.version()).transpose()
    }

    /// An id that is no 32-bit number makes the path one that does not exist.
    pub(super) fn id(&self) -> Result<SchemaId, HttpError> {
        self.text("id").parse().map(SchemaId).map_err(|_| not_found())
    }

    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The query parameters; of one that is repeated the first counts, unless all are wanted.
#[derive(Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Params {
    fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    pub(super) fn text(&self, parameter: Parameter) -> Option<&str> {
        self.all(parameter).next()
    }

    pub(super) fn all(&self, parameter: Parameter) -> impl Iterator<Item = &str> {
        let own = self.0.iter().filter(move |(name, _)| name == parameter.name);
        own.map(|(_, value)| value.as_str())
    }

    /// The word `true` in any case is true, everything else is false.
    pub(super) fn flag(&self, parameter: Parameter) -> bool {
        self.text(parameter).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// `offset` and `limit` of a list whose pages hold at most `max` entries.
    pub(super) fn page(&self, max: usize) -> Result<Page, HttpError> {
        Ok(Page::new(self.int(OFFSET, 0)?, self.int(LIMIT, -1)?, max))
    }

    /// A parameter that is no 32-bit number makes the path one that does not exist.
    fn int(&self, parameter: Parameter, default: i32) -> Result<i32, HttpError> {
        match self.text(parameter) {
            None | Some("") => Ok(default),
            Some(value) => value.parse().map_err(|_| not_found()),
        }
    }

    /// The parameter `subject`; left out, the default context.
    pub(super) fn subject(&self) -> QualifiedSubject {
        QualifiedSubject::parse(self.text(SUBJECT).unwrap_or_default())
    }
}

impl App {
    /// The subject that the path names, or the one that name is an alias of.
    pub(super) async fn subject(&self, names: &Names) -> Result<QualifiedSubject, HttpError> {
        Ok(self.registry.resolve_alias(names.subject()).await?)
    }

    /// The same for the parameter `subject`.
    pub(super) async fn holder(&self, params: &Params) -> Result<QualifiedSubject, HttpError> {
        Ok(self.registry.resolve_alias(params.subject()).await?)
    }
}

/// The body as JSON of one shape.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, HttpError> {
        let seen = request.extensions().get::<SeenBody>().cloned();
        // What says that it is too long is not read at all.
        let announced = usize::try_from(request.body().size_hint().lower());
        if announced.map_or(true, |bytes| bytes > app.body_bytes_max) {
            return Err(too_long(app));
        }
        let reading = Bytes::from_request(request, app);
        let body = tokio::time::timeout(app.limits.body_read(), reading).await;
        let body = body.map_err(|_| {
            HttpError::new(ErrorCode::RequestTimeout, "The request body took too long to arrive")
        })?;
        let body = body.map_err(|refused| match refused.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_long(app),
            _ => HttpError::new(ErrorCode::BadRequest, refused.body_text()),
        })?;
        if let Some(seen) = seen {
            seen.keep(&body);
        }
        parse_body(&body).map(Self)
    }
}

fn too_long(app: &AppState) -> HttpError {
    let most = app.body_bytes_max;
    let message = format!("The body is longer than {most} bytes (setting registry-body-max)");
    HttpError::new(ErrorCode::PayloadTooLarge, message)
}

/// Nothing and the literal null count as a missing body. A byte order mark, with which some editors
/// begin their files, is passed over.
fn parse_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, HttpError> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    if body.trim_ascii().is_empty() || body.trim_ascii() == b"null" {
        return Err(HttpError::new(ErrorCode::UnprocessableEntity, "The request needs a body"));
    }
    if !body.trim_ascii_start().starts_with(b"{") {
        // serde would read an array as the members of an object in order.
        return Err(HttpError::new(ErrorCode::BadRequest, "The body must be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        HttpError::new(ErrorCode::BadRequest, format!("The body cannot be read: {error}"))
    })
}

/// The answer to a path that does not exist.
pub(super) fn not_found() -> HttpError {
    HttpError::new(ErrorCode::NotFound, "HTTP 404 Not Found")
}

/// Decodes a piece of a query, in which a plus sign is a blank.
fn decode(piece: &str) -> String {
    percent_decode_str(&piece.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::parameters::{DELETED, FORCE, KEY, NORMALIZE, VERBOSE};

    #[test]
    fn query_parameters_are_decoded_and_never_fail_as_booleans() {
        let params = Params::parse("key=x%20y+z&deleted=TRUE&force&key=second&verbose=1&limit=-1");
        assert_eq!(params.text(KEY), Some("x y z"));
        assert_eq!(params.all(KEY).collect::<Vec<_>>(), ["x y z", "second"]);
        assert!(params.flag(DELETED));
        assert!(!params.flag(VERBOSE) && !params.flag(FORCE) && !params.flag(NORMALIZE));
        assert_eq!(params.page(7), Ok(Page::new(0, -1, 7)));
    }

    #[test]
    fn numbers_that_are_none_are_an_unknown_path() {
        for query in ["offset=x", "limit=1.5", "limit=2147483648"] {
            assert_eq!(Params::parse(query).page(1), Err(not_found()), "{query}");
        }
    }
}
