//! Two servers on one database: together they keep what one alone keeps.

use std::collections::BTreeSet;

use levada_registry_server::{Database, Secret};
use levada_test_postgres::PostgresServer;

use super::durability::{at_once, record};
use super::*;

/// The two nodes, and the address of their database.
async fn nodes() -> ([Server; 2], String) {
    let url = PostgresServer::shared().new_database();
    let database = Database::try_from(Secret::from(url.as_str())).unwrap();
    ([Server::start_on(database.clone()).await, Server::start_on(database).await], url)
}

async fn stop([a, b]: [Server; 2]) {
    a.stop().await;
    b.stop().await;
}

fn register(node: &Server, subject: &str, schema: &str) -> RequestBuilder {
    node.post(&format!("/subjects/{subject}/versions"), &json!({"schema": schema}))
}

/// On a server of its own, because it is crashed.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_its_database_lives_and_is_not_ready() {
    let postgres = PostgresServer::start();
    let url = postgres.new_database();
    let node = Server::start_on(Database::try_from(Secret::from(url.as_str())).unwrap()).await;
    for path in ["/livez", "/readyz"] {
        assert_eq!(answer(node.get(path)).await, (200, json!({})), "{path}");
    }
    postgres.crash();
    assert_eq!(answer(node.get("/livez")).await, (200, json!({})));
    // A connection that breaks is told at once, one that cannot be made when the time is over.
    let refused = error_code(node.get("/readyz")).await;
    assert!(matches!(refused, (500, 50001 | 50002)), "{refused:?}");
    postgres.restart();
    assert_eq!(answer(node.get("/readyz")).await, (200, json!({})));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_registrations_at_two_nodes_get_one_id_and_one_version() {
    let (nodes, _) = nodes().await;
    let schema = record("f", None);
    let answers = at_once(|n| answer(register(&nodes[n % 2], "s", &schema)));
    for (status, body) in answers.await {
        assert_eq!((status, &body["id"], &body["version"]), (200, &json!(1), &json!(1)));
    }
    for node in &nodes {
        assert_eq!(answer(node.get("/subjects/s/versions")).await, (200, json!([1])));
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incompatible_registrations_at_two_nodes_have_one_winner() {
    let (nodes, _) = nodes().await;
    let answers =
        at_once(|n| answer(register(&nodes[n % 2], "s", &record(&format!("f{n}"), None))));
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.await.into_iter().partition(|(status, _)| *status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|(_, body)| body["error_code"] == 40901), "{lost:?}");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_at_two_nodes_take_dense_ids_in_each_context() {
    let (nodes, _) = nodes().await;
    let answers = at_once(|n| {
        let context = ["", ":.c:"][n / 2 % 2];
        let subject = format!("{context}s{n}");
        let request = register(&nodes[n % 2], &subject, &record(&format!("f{n}"), None));
        async move {
            let (status, body) = answer(request).await;
            (status, json!([context, body["id"]]))
        }
    });
    let given: BTreeSet<String> =
        answers.await.into_iter().map(|(_, given)| given.to_string()).collect();
    let dense = ["", ":.c:"]
        .into_iter()
        .flat_map(|context| (1..=32).map(move |id| json!([context, id]).to_string()));
    assert_eq!(given, dense.collect());
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_has_answered_every_node_shows() {
    let (nodes, _) = nodes().await;
    for round in 0..20 {
        let (writer, reader) = (&nodes[round % 2], &nodes[(round + 1) % 2]);
        let subject = format!("s{}", round / 2);
        let field = format!("f{round}");
        let level = ["NONE", "FULL"][round % 2];
        let config = writer.request(Method::PUT, &format!("/config/{subject}"));
        let config = config.json(&json!({"compatibility": level}));
        assert_eq!(answer(config).await.0, 200);
        let shown = answer(reader.get(&format!("/config/{subject}"))).await;
        assert_eq!(shown, (200, json!({"compatibilityLevel": level})));

        // The level that was just set is in force at the other node.
        let expected = if round % 2 == 0 { 200 } else { 409 };
        let first = answer(register(reader, &subject, &record(&field, None))).await;
        assert_eq!(first.0, expected, "{first:?}");
        let latest = answer(writer.get(&format!("/subjects/{subject}/versions/latest"))).await;
        assert_eq!(latest.1["version"], 1, "{latest:?}");

        let mode = writer.request(Method::PUT, &format!("/mode/{subject}"));
        assert_eq!(answer(mode.json(&json!({"mode": "READONLY"}))).await.0, 200);
        let refused = error_code(register(reader, &subject, "\"long\"")).await;
        assert_eq!(refused, (422, 42205));
        let mode = reader.request(Method::DELETE, &format!("/mode/{subject}"));
        assert_eq!(answer(mode).await.0, 200);
    }
    let id = answer(nodes[0].get("/subjects/s0/versions/1")).await.1["id"].clone();
    assert_eq!(answer(nodes[1].get(&format!("/schemas/ids/{id}"))).await.0, 200);
    for path in ["/subjects/s0", "/subjects/s0?permanent=true"] {
        assert_eq!(answer(nodes[0].request(Method::DELETE, path)).await, (200, json!([1])));
        assert_eq!(error_code(nodes[1].get("/subjects/s0/versions/1")).await.0, 404);
    }
    assert_eq!(error_code(nodes[1].get(&format!("/schemas/ids/{id}"))).await, (404, 40403));
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_not_deleted_while_another_node_registers_a_reference_to_it() {
    let (nodes, url) = nodes().await;
    let mut deleted = 0;
    for round in 0..24 {
        let (base, user) = (format!("base{round}"), format!("user{round}"));
        nodes[0].register(&base, r#"{"type":"record","name":"R","fields":[]}"#).await;
        let text = format!(
            r#"{{"type":"record","name":"U{round}","fields":[{{"name":"r","type":"R"}}]}}"#
        );
        let referring = json!({
            "schema": text, "references": [{"name": "R", "subject": base, "version": 1}],
        });
        let register = nodes[1].post(&format!("/subjects/{user}/versions"), &referring);
        // Either may come first: the deletion has from none to many questions before it.
        let delete = async {
            for _ in 0..round {
                answer(nodes[0].get(&format!("/subjects/{base}/versions"))).await;
            }
            answer(nodes[0].request(Method::DELETE, &format!("/subjects/{base}"))).await
        };
        let (delete, register) = tokio::join!(delete, answer(register));
        match (delete.0, register.0) {
            (200, 422) => deleted += 1,
            (422, 200) => assert_eq!(delete.1["error_code"], 42206),
            other => panic!("round {round}: {other:?} {delete:?} {register:?}"),
        }
    }
    assert!((1..24).contains(&deleted), "{deleted} of 24 deletions came first");
    let dangling = "SELECT count(*) FROM reference_targets t JOIN versions v
        ON v.context = t.target_context AND v.subject = t.target_subject
        AND v.version = t.target_version WHERE v.is_deleted";
    assert_eq!(PostgresServer::shared().sql(&url, dangling), "0");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_keys_that_two_nodes_create_one_is_kept() {
    let (nodes, _) = nodes().await;
    let kek = json!({"name": "k", "kmsType": "some-kms", "kmsKeyId": "id"});
    let answers = at_once(|n| answer(nodes[n % 2].post("/dek-registry/v1/keks", &kek))).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1, "{answers:?}");
    let answers = at_once(|n| {
        let dek = json!({
            "subject": "s", "version": 1, "algorithm": "AES256_GCM",
            "encryptedKeyMaterial": format!("material-{n}"),
        });
        answer(nodes[n % 2].post("/dek-registry/v1/keks/k/deks", &dek))
    });
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.await.into_iter().partition(|(status, _)| *status == 200);
    assert_eq!(won.len(), 1, "{won:?}");
    assert!(lost.iter().all(|(_, body)| body["error_code"] == 40971), "{lost:?}");
    for node in &nodes {
        let kept = answer(node.get("/dek-registry/v1/keks/k/deks/s")).await;
        assert_eq!(kept.1["encryptedKeyMaterial"], won[0].1["encryptedKeyMaterial"]);
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_resources_that_claim_a_subject_at_two_nodes_one_owns_it() {
    let (nodes, url) = nodes().await;
    let answers = at_once(|n| {
        let request = json!({
            "resourceName": "topic", "resourceNamespace": "c",
            "resourceId": format!("r{n}"), "resourceType": "topic",
            "associations": [{
                "associationType": "value", "lifecycle": "STRONG", "frozen": true,
                "schema": {"schema": "\"string\""},
            }],
        });
        answer(nodes[n % 2].post("/associations", &request))
    });
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.await.into_iter().partition(|(status, _)| *status == 200);
    assert_eq!(won.len(), 1, "{lost:?}");
    assert!(lost.iter().all(|(_, body)| body["error_code"] == 40904), "{lost:?}");
    let kept = "SELECT count(*) FROM associations";
    assert_eq!(PostgresServer::shared().sql(&url, kept), "1");
    stop(nodes).await;
}

/// The database refuses the first changes of versions as it does in favour of others.
fn refuse_changes(url: &str, count: u32) {
    let statements = format!(
        "CREATE SEQUENCE refused;
         CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('refused') <= {count} THEN
                 RAISE EXCEPTION 'undone on purpose' USING ERRCODE = 'serialization_failure';
             END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER undo BEFORE INSERT ON versions FOR EACH ROW EXECUTE FUNCTION undo();"
    );
    PostgresServer::shared().sql(url, &statements);
}

#[tokio::test]
async fn a_change_that_the_database_undoes_is_made_again() {
    let (nodes, url) = nodes().await;
    refuse_changes(&url, 3);
    assert_eq!(nodes[0].register("s", "\"string\"").await, (1, 1));
    stop(nodes).await;
}

#[tokio::test]
async fn a_change_that_the_database_always_undoes_is_given_up() {
    let (nodes, url) = nodes().await;
    refuse_changes(&url, 1000);
    assert_eq!(error_code(register(&nodes[0], "s", "\"string\"")).await, (500, 50002));
    assert_eq!(error_code(nodes[0].get("/subjects/s/versions")).await, (404, 40401));
    let tries = PostgresServer::shared().sql(&url, "SELECT last_value FROM refused");
    assert_eq!(tries, "5");
    stop(nodes).await;
}
