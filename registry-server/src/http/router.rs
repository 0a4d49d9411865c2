//! All routes, and the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::MethodRouter;
use tower_http::catch_panic::CatchPanicLayer;

use super::exchange::RouteNote;
use super::front::Front;
use super::route::{Operation, Route};
use super::{
    association_batches, associations, audit, bounds, compatibility, config, context_path,
};
use super::{contexts, deks, exchange, health, keks, layers, mode, openapi, root, schemas};
use super::{subjects, versions, watch};
use crate::app::AppState;

/// Every path that is served.
pub(super) fn routes() -> Vec<Route> {
    let tables = [
        root::routes(),
        health::routes(),
        openapi::served(),
        watch::routes(),
        contexts::routes(),
        subjects::routes(),
        versions::routes(),
        schemas::routes(),
        config::routes(),
        mode::routes(),
        compatibility::routes(),
        associations::routes(),
        association_batches::routes(),
        keks::routes(),
        deks::routes(),
    ];
    tables.into_iter().flatten().collect()
}

/// What answers all requests.
pub(crate) fn front(app: &AppState) -> Front {
    let mut router = Router::new();
    for Route { path, operations, is_operational } in routes() {
        let is_remembered = operations.iter().any(|operation| operation.is_remembered);
        let note = RouteNote { path, is_remembered };
        let handlers = operations.into_iter().map(|operation| handler(app, operation));
        let mut methods = handlers.fold(MethodRouter::new(), MethodRouter::merge);
        if !is_operational {
            methods = methods
                .route_layer(from_fn_with_state(Arc::clone(app), bounds::wait_for_turn))
                // Only where path and method are right does it matter which type the answer has.
                .route_layer(from_fn(layers::acceptable));
        }
        let methods = methods
            .route_layer(from_fn(move |request, next| exchange::note_route(note, request, next)));
        if path != "/" {
            router = router.route(&format!("{path}/"), methods.clone());
        }
        router = router.route(path, methods);
    }
    let router =
        router.fallback(layers::no_such_path).method_not_allowed_fallback(layers::no_such_method);
    Front::new(app, surround(router.with_state(Arc::clone(app)), app.body_bytes_max))
}

/// The handler of an operation, noted in the audit where it changes something.
fn handler(app: &AppState, operation: Operation) -> MethodRouter<AppState> {
    if !operation.is_change {
        return operation.handler;
    }
    let state = (Arc::clone(app), operation.name);
    operation.handler.route_layer(from_fn_with_state(state, audit::audited))
}

/// What answers all requests of a client that has too many connections.
pub(crate) fn refusing(app: &AppState) -> Front {
    let refusing = Router::new().fallback(bounds::too_many_connections);
    Front::new(app, surround(refusing, app.body_bytes_max))
}

/// What every request meets, whatever its path. The routes lie behind a router without any,
/// because layers of a router see a request only after its path has been matched.
fn surround(routes: Router, body_bytes_max: usize) -> Router {
    Router::new()
        .fallback_service(routes)
        .layer(from_fn(layers::repeat_undone))
        .layer(from_fn(context_path::enter_context))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(CatchPanicLayer::custom(layers::panicked))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower_service::Service;

    use super::*;

    async fn broken() -> &'static str {
        panic!("on purpose")
    }

    #[tokio::test]
    async fn a_panicking_handler_is_answered_with_an_error_body() {
        let mut routes = surround(Router::new().route("/", get(broken)), 0);
        let answer = routes.call(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body, r#"{"error_code":500,"message":"Internal server error"}"#);
    }
}
