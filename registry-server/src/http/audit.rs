//! Who asks for a change: handlers that change something act on behalf of somebody, and a change
//! that is refused leaves its row in the audit too.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use levada_registry_api::ErrorCode;
use levada_registry_core::{About, Origin, QualifiedSubject, SchemaVersion};

use super::error::{HttpError, Refused};
use super::extract::Names;
use super::front::RequestId;
use crate::app::{App, AppState};

/// Who is not logged in.
const ANONYMOUS: &str = "anonymous";

/// The state for a handler that changes something: its registry knows on whose behalf.
#[derive(Debug)]
pub(super) struct Acting(pub(super) AppState);

impl FromRequestParts<AppState> for Acting {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, HttpError> {
        let origin = parts.extensions.get::<Origin>().cloned();
        Ok(Self(origin.map_or_else(|| Arc::clone(app), |origin| app.on_behalf_of(origin))))
    }
}

impl App {
    fn on_behalf_of(&self, origin: Origin) -> AppState {
        Arc::new(Self { registry: self.registry.on_behalf_of(origin), ..self.clone() })
    }
}

/// Surrounds an operation that changes something.
pub(super) async fn audited(
    State((app, action)): State<(AppState, &'static str)>,
    names: Names,
    mut request: Request,
    next: Next,
) -> Response {
    if app.audit_retention_days == 0 {
        return next.run(request).await;
    }
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let request_id = request_id.unwrap_or_default();
    let origin = Origin { principal: ANONYMOUS.to_owned(), request_id, action };
    request.extensions_mut().insert(origin.clone());
    let response = next.run(request).await;
    if let Some(Refused(code)) = response.extensions().get() {
        note_refusal(&app.on_behalf_of(origin), about(&names), *code).await;
    }
    response
}

/// Notes that a change was refused. The client has its answer whether or not that works; what
/// failed on the server's side is no refusal.
pub(super) async fn note_refusal(app: &AppState, about: About, code: ErrorCode) {
    if code.http_status() >= 500 {
        return;
    }
    if let Err(error) = app.registry.note_refusal(about, code.code()).await {
        tracing::error!(%error, "a refused change is missing from the audit");
    }
}

/// What the path names.
fn about(names: &Names) -> About {
    let text = |name: &str| names.find(name).map(without_nul);
    let subject = text("subject").or_else(|| text("context"));
    About {
        subject: subject.map(|subject| QualifiedSubject::parse(&subject)),
        version: text("version").and_then(|version| version.parse().ok().map(SchemaVersion)),
        id: None,
        name: text("name").or_else(|| text("resource")),
    }
}

/// A text as a database can keep it.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
