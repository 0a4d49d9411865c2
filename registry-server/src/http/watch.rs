//! GET `/metrics`: what is counted, in the text form of Prometheus.

use std::time::Duration;

use axum::extract::State;

use super::error::HttpError;
use super::reply::OpenMetrics;
use super::route::{Route, get};
use crate::app::AppState;

/// How long the database may take to count its schemas; the rest is shown without it.
const COUNT_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Vec<Route> {
    vec![Route::operational("/metrics", get(metrics, "getMetrics", "Metrics for Prometheus"))]
}

/// GET `/metrics`
async fn metrics(State(app): State<AppState>) -> Result<OpenMetrics, HttpError> {
    let store = app.registry.store();
    for pool in store.pools() {
        app.metrics.set_pool(pool);
    }
    let in_progress = app.limits.requests_max.saturating_sub(app.turns.available_permits());
    app.metrics.requests_in_progress.set(i64::try_from(in_progress).unwrap_or(i64::MAX));
    match tokio::time::timeout(COUNT_TIMEOUT, store.schema_counts()).await {
        Ok(Ok(counts)) => {
            for (schema_type, count) in counts {
                app.metrics.set_schemas(schema_type, count);
            }
        }
        Ok(Err(error)) => tracing::warn!(%error, "the schemas could not be counted"),
        Err(_) => tracing::warn!("the database has not counted its schemas in time"),
    }
    Ok(OpenMetrics(app.metrics.text()))
}
