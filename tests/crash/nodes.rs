//! Two servers on one `PostgreSQL`, one or the other of the three killed in the middle of writes:
//! the rest goes on, and what was acknowledged is there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use levada_test_postgres::PostgresServer;
use levada_tests::Levada;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::load::{Acknowledged, RegisteredSchema};
use crate::verify::verify;

const ROUNDS: usize = 4;
/// Clients of a node.
const AUTHORS: usize = 4;
/// Registrations before a kill, and again after it.
const ENOUGH: usize = 25;
const DEADLINE: Duration = Duration::from_mins(2);

/// What was answered with an id.
#[derive(Debug, Default)]
struct Answered {
    schemas: Mutex<Vec<RegisteredSchema>>,
    progress: Notify,
}

impl Answered {
    fn count(&self) -> usize {
        self.schemas.lock().expect("no task panicked").len()
    }

    async fn reaches(&self, count: usize) {
        let reached = async {
            while self.count() < count {
                self.progress.notified().await;
            }
        };
        let waited = tokio::time::timeout(DEADLINE, reached).await;
        assert!(waited.is_ok(), "{} of {count} registrations were answered", self.count());
    }
}

/// A node and its clients.
struct Node {
    server: Levada,
    authors: Vec<AbortHandle>,
}

impl Node {
    fn start(data: &TempDir, database: &str, name: &str, answered: &Arc<Answered>) -> Self {
        let server = Levada::start_on(data.path(), database);
        let authors = (0..AUTHORS).map(|number| {
            let (registry, name) = (server.registry.clone(), format!("{name}_{number}"));
            tokio::spawn(author(registry, name, Arc::clone(answered))).abort_handle()
        });
        Self { authors: authors.collect(), server }
    }

    fn stop_authors(&self) {
        self.authors.iter().for_each(AbortHandle::abort);
    }
}

/// Registers one new schema after the other until its node is gone. One that was not answered
/// with an id is registered again: that is always safe.
async fn author(registry: String, name: String, answered: Arc<Answered>) {
    let http = levada_tests::http_client();
    let mut number = 0;
    loop {
        let subject = format!("{name}_{number}");
        let text = format!(r#"{{"type":"record","name":"R_{subject}","fields":[]}}"#);
        let request = http
            .post(format!("{registry}/subjects/{subject}/versions"))
            .header("content-type", "application/vnd.schemaregistry.v1+json")
            .body(json!({ "schema": text }).to_string());
        let Ok(answer) = request.send().await else { return };
        let status = answer.status().as_u16();
        let Ok(body) = answer.text().await else { return };
        let body: Value = serde_json::from_str(&body).expect("a JSON answer");
        if status == 200 {
            let id = body["id"].as_i64().expect("an id");
            let schema = RegisteredSchema { subject, id, text };
            answered.schemas.lock().expect("no task panicked").push(schema);
            answered.progress.notify_one();
            number += 1;
        } else {
            let code = body["error_code"].as_i64();
            assert!(matches!(code, Some(50001 | 50002)), "{subject}: {body}");
        }
    }
}

/// What was answered after the first `from` is kept by the node, and no id of the database was left
/// out or given twice.
async fn check(
    node: &Levada,
    (postgres, url): (&PostgresServer, &str),
    answered: &Answered,
    from: usize,
) {
    let schemas = answered.schemas.lock().expect("no task panicked")[from..].to_vec();
    verify(node, &mut Acknowledged { schemas, ..Acknowledged::default() }).await;
    let gaps = "SELECT next_id - 1 - (SELECT count(*) FROM schemas) FROM contexts";
    assert_eq!(postgres.sql(url, gaps), "0", "ids that were taken and not given");
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_registrations_survive_the_death_of_a_node_and_of_postgresql() {
    let postgres = PostgresServer::start();
    let url = postgres.new_database();
    let (data_a, data_b) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let answered = Arc::new(Answered::default());
    let mut survivor = Node::start(&data_a, &url, "survivor", &answered);
    for round in 0..ROUNDS {
        let victim = Node::start(&data_b, &url, &format!("victim_{round}"), &answered);
        let before = answered.count();
        answered.reaches(before + ENOUGH).await;
        if round % 2 == 0 {
            victim.server.kill();
        } else {
            postgres.crash();
            postgres.restart();
            answered.reaches(answered.count() + ENOUGH).await;
            check(&victim.server, (&postgres, &url), &answered, before).await;
            victim.stop_authors();
            victim.server.terminate();
        }
        answered.reaches(answered.count() + ENOUGH).await;
        check(&survivor.server, (&postgres, &url), &answered, before).await;
    }
    survivor.stop_authors();
    survivor.server.terminate();
    survivor = Node::start(&data_a, &url, "last", &answered);
    check(&survivor.server, (&postgres, &url), &answered, 0).await;
    survivor.stop_authors();
    survivor.server.terminate();
}
