//! The one table of routes, and the layers around it.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, delete, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use super::{association_batches, associations, compatibility, config, context_path, contexts};
use super::{deks, health, keks, layers, mode, root, schemas, subjects, versions};
use crate::app::AppState;

/// Every path of the API with its methods.
fn routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/", get(root::root).post(root::post_root)),
        ("/livez", get(health::live)),
        ("/readyz", get(health::ready)),
        ("/v1/metadata/id", get(root::cluster_id)),
        ("/v1/metadata/version", get(root::version)),
        ("/v1/metadata/deployment", get(root::deployment)),
        ("/contexts", get(contexts::list)),
        ("/contexts/{context}", delete(contexts::delete)),
        ("/subjects", get(subjects::list)),
        ("/subjects/{subject}", post(subjects::lookup).merge(delete(subjects::delete))),
        ("/subjects/{subject}/metadata", get(subjects::by_metadata)),
        ("/subjects/{subject}/versions", get(versions::list).post(versions::register)),
        (
            "/subjects/{subject}/versions/{version}",
            get(versions::show).merge(delete(versions::delete)),
        ),
        ("/subjects/{subject}/versions/{version}/schema", get(versions::schema_text)),
        ("/subjects/{subject}/versions/{version}/referencedby", get(versions::referenced_by)),
        ("/subjects/{subject}/versions/{version}/tags", post(versions::tags)),
        ("/schemas", get(schemas::list)),
        ("/schemas/types", get(schemas::types)),
        ("/schemas/ids/{id}", get(schemas::by_id)),
        ("/schemas/ids/{id}/schema", get(schemas::text_by_id)),
        ("/schemas/ids/{id}/subjects", get(schemas::subjects_of_id)),
        ("/schemas/ids/{id}/versions", get(schemas::versions_of_id)),
        ("/schemas/guids/{guid}", get(schemas::by_guid)),
        ("/schemas/guids/{guid}/ids", get(schemas::ids_of_guid)),
        ("/config", get(config::show).merge(put(config::update)).merge(delete(config::delete))),
        (
            "/config/{subject}",
            get(config::show).merge(put(config::update)).merge(delete(config::delete)),
        ),
        ("/mode", get(mode::show).merge(put(mode::update)).merge(delete(mode::delete))),
        ("/mode/{subject}", get(mode::show).merge(put(mode::update)).merge(delete(mode::delete))),
        ("/compatibility/subjects/{subject}/versions", post(compatibility::check)),
        ("/compatibility/subjects/{subject}/versions/{version}", post(compatibility::check)),
    ]
}

/// The paths of the DEK registry.
fn key_routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/dek-registry/v1/keks", get(keks::list).post(keks::create)),
        (
            "/dek-registry/v1/keks/{name}",
            get(keks::show).merge(put(keks::update)).merge(delete(keks::delete)),
        ),
        ("/dek-registry/v1/keks/{name}/undelete", post(keks::undelete)),
        ("/dek-registry/v1/keks/{name}/test", post(keks::test)),
        ("/dek-registry/v1/keks/{name}/deks", get(deks::subjects).post(deks::create)),
        (
            "/dek-registry/v1/keks/{name}/deks/{subject}",
            get(deks::show).merge(post(deks::create)).merge(delete(deks::delete)),
        ),
        ("/dek-registry/v1/keks/{name}/deks/{subject}/undelete", post(deks::undelete)),
        ("/dek-registry/v1/keks/{name}/deks/{subject}/versions", get(deks::versions)),
        (
            "/dek-registry/v1/keks/{name}/deks/{subject}/versions/{version}",
            get(deks::show).merge(delete(deks::delete)),
        ),
        (
            "/dek-registry/v1/keks/{name}/deks/{subject}/versions/{version}/undelete",
            post(deks::undelete),
        ),
    ]
}

/// The paths of associations.
fn association_routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/associations", post(associations::create)),
        ("/associations:batchGet", post(association_batches::get)),
        ("/associations:batchMutate", post(association_batches::mutate)),
        (
            "/associations/resources/{resource}",
            get(associations::of_resource)
                .merge(put(associations::upsert))
                .merge(delete(associations::delete)),
        ),
        ("/associations/resources/{resource}/{name}", get(associations::named)),
        ("/associations/subjects/{subject}", get(associations::of_subject)),
    ]
}

pub(crate) fn router(app: AppState) -> Router {
    let body_bytes_max = app.body_bytes_max;
    let mut router = Router::new();
    for (path, methods) in routes().into_iter().chain(association_routes()).chain(key_routes()) {
        // Only where path and method are right does it matter which type the answer has.
        let methods = methods.route_layer(from_fn(layers::acceptable));
        if path != "/" {
            router = router.route(&format!("{path}/"), methods.clone());
        }
        router = router.route(path, methods);
    }
    surround(router.with_state(app), body_bytes_max)
}

/// What every request meets, whatever its path. The routes lie behind a router without any,
/// because layers of a router see a request only after its path has been matched.
fn surround(routes: Router, body_bytes_max: usize) -> Router {
    let routes =
        routes.fallback(layers::no_such_path).method_not_allowed_fallback(layers::no_such_method);
    Router::new()
        .fallback_service(routes)
        .layer(from_fn(layers::repeat_undone))
        .layer(from_fn(context_path::enter_context))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn(layers::envelope))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn broken() -> &'static str {
        panic!("on purpose")
    }

    #[tokio::test]
    async fn a_panicking_handler_is_answered_with_an_error_body() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let app = surround(Router::new().route("/", get(broken)), 0);
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.status().as_u16(), 500);
        let body = answer.text().await.unwrap();
        assert_eq!(body, r#"{"error_code":500,"message":"Internal server error"}"#);
        serving.abort();
    }
}
