//! What `/metrics` shows after requests, in the form that Prometheus reads.

use super::*;

/// The value of one series; a series that is not shown is none.
fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.rsplit_once(' ').is_some_and(|l| l.0 == series))?;
    line.rsplit_once(' ').unwrap().1.parse().ok()
}

async fn metrics(server: &Server) -> String {
    // Whatever a client would like: there is one form alone.
    let response = server.get("/metrics").header("accept", "text/plain").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    response.text().await.unwrap()
}

#[tokio::test]
async fn requests_schemas_and_verdicts_are_counted() {
    let server = Server::start().await;
    server.register("a", "\"string\"").await;
    server.register("a", "\"string\"").await;
    server.register("b", "\"string\"").await;
    let incompatible = json!({"schema": "\"int\""});
    assert_eq!(error_code(server.post("/subjects/a/versions", &incompatible)).await.1, 40901);
    let check = server.post("/compatibility/subjects/a/versions", &incompatible);
    assert_eq!(answer(check).await, (200, json!({"is_compatible": false})));
    answer(server.get("/contexts/.c/subjects/a%20%0A/versions")).await;
    answer(server.get("/nowhere")).await;
    let shown = metrics(&server).await;
    let requests = |labels: &str| {
        value(&shown, &format!("levada_http_request_duration_seconds_count{{{labels}}}"))
    };
    let versions = "route=\"/subjects/{subject}/versions\"";
    assert_eq!(requests(&format!("method=\"POST\",{versions},status=\"200\"")), Some(3.0));
    assert_eq!(requests(&format!("method=\"POST\",{versions},status=\"409\"")), Some(1.0));
    assert_eq!(requests(&format!("method=\"GET\",{versions},status=\"404\"")), Some(1.0));
    for (series, expected) in [
        ("levada_schemas{type=\"AVRO\"}", 1.0),
        ("levada_schemas{type=\"JSON\"}", 0.0),
        ("levada_schema_registrations_total{type=\"AVRO\"}", 2.0),
        ("levada_compatibility_verdicts_total{verdict=\"compatible\"}", 2.0),
        ("levada_compatibility_verdicts_total{verdict=\"incompatible\"}", 2.0),
        ("levada_http_requests_in_progress", 0.0),
        ("levada_http_connections_refused_total", 0.0),
        ("levada_database_connections{pool=\"writers\",state=\"busy\"}", 0.0),
    ] {
        assert_eq!(value(&shown, series), Some(expected), "{series}\n{shown}");
    }
    assert!(value(&shown, "levada_http_connections").unwrap() >= 1.0);
    assert!(shown.ends_with("# EOF\n"));
    server.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_is_shown_under_the_usual_names() {
    let server = Server::start().await;
    let shown = metrics(&server).await;
    for series in [
        "process_cpu_seconds_total",
        "process_start_time_seconds",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_threads",
        "process_open_fds",
        "process_max_fds",
    ] {
        assert!(value(&shown, series).is_some_and(|value| value > 0.0), "{series}\n{shown}");
    }
    server.stop().await;
}
