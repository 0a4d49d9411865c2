//! All routes, and the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::MethodRouter;
use tower_http::catch_panic::CatchPanicLayer;

use super::route::{Operation, Route};
use super::{
    association_batches, associations, audit, bounds, compatibility, config, context_path,
};
use super::{
    contexts, deks, exchange, health, keks, layers, mode, openapi, remember, root, schemas,
};
use super::{subjects, versions, watch};
use crate::app::AppState;
use crate::limits::HttpLimits;
use crate::metrics::Metrics;

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

pub(crate) fn router(app: AppState) -> Router {
    let mut router = Router::new();
    for Route { path, operations, is_operational } in routes() {
        let handlers = operations.into_iter().map(|operation| handler(&app, operation));
        let mut methods = handlers.fold(MethodRouter::new(), MethodRouter::merge);
        if !is_operational {
            methods = methods
                .route_layer(from_fn_with_state(app.clone(), bounds::wait_for_turn))
                // Only where path and method are right does it matter which type the answer has.
                .route_layer(from_fn(layers::acceptable));
        }
        let methods = methods
            .route_layer(from_fn(move |request, next| exchange::note_route(path, request, next)));
        if path != "/" {
            router = router.route(&format!("{path}/"), methods.clone());
        }
        router = router.route(path, methods);
    }
    let edge = Edge::of(&app);
    let router =
        router.fallback(layers::no_such_path).method_not_allowed_fallback(layers::no_such_method);
    surround(router.with_state(app), edge)
}

/// The handler of an operation, noted in the audit where it changes something, spared where its
/// answer is known.
fn handler(app: &AppState, operation: Operation) -> MethodRouter<AppState> {
    if operation.is_remembered {
        let layer = from_fn_with_state(app.clone(), remember::remembered);
        return operation.handler.route_layer(layer);
    }
    if !operation.is_change {
        return operation.handler;
    }
    let state = (app.clone(), operation.name);
    operation.handler.route_layer(from_fn_with_state(state, audit::audited))
}

/// Answers all requests of a client that has too many connections.
pub(crate) fn refusing(app: &AppState) -> Router {
    let refusing = Router::new().fallback(bounds::too_many_connections);
    surround(refusing, Edge::of(app))
}

/// What the layers around the routes need to know.
struct Edge {
    limits: HttpLimits,
    body_bytes_max: usize,
    metrics: Arc<Metrics>,
}

impl Edge {
    fn of(app: &AppState) -> Self {
        let AppState { limits, body_bytes_max, metrics, .. } = app.clone();
        Self { limits, body_bytes_max, metrics }
    }
}

/// What every request meets, whatever its path. The routes lie behind a router without any,
/// because layers of a router see a request only after its path has been matched.
fn surround(routes: Router, Edge { limits, body_bytes_max, metrics }: Edge) -> Router {
    Router::new()
        .fallback_service(routes)
        .layer(from_fn(layers::repeat_undone))
        .layer(from_fn(context_path::enter_context))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(limits, bounds::within_limits))
        .layer(from_fn_with_state(metrics, layers::envelope))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    async fn broken() -> &'static str {
        panic!("on purpose")
    }

    #[tokio::test]
    async fn a_panicking_handler_is_answered_with_an_error_body() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let edge = Edge {
            limits: HttpLimits::default(),
            body_bytes_max: 0,
            metrics: Arc::new(Metrics::new()),
        };
        let app = surround(Router::new().route("/", get(broken)), edge);
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.status().as_u16(), 500);
        let body = answer.text().await.unwrap();
        assert_eq!(body, r#"{"error_code":500,"message":"Internal server error"}"#);
        serving.abort();
    }
}
