//! Several nodes on one database, all writing at once.

use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::actions::{Action, action, run};
use super::*;

const NODES: usize = 2;
/// Clients of a node.
const CLIENTS: usize = 6;
/// Requests of a client.
const REQUESTS: usize = 60;

/// Rows that must not be there, whatever came before what.
const FAULTS: [(&str, &str); 4] = [
    (
        "references to nothing",
        "SELECT count(*) FROM reference_targets t
         WHERE NOT EXISTS (SELECT FROM versions WHERE context = t.target_context
             AND subject = t.target_subject AND version = t.target_version)",
    ),
    (
        "contents that nobody holds",
        "SELECT count(*) FROM schemas s
         WHERE NOT EXISTS (SELECT FROM versions WHERE context = s.context AND id = s.id)",
    ),
    (
        "ids that could be given again",
        "SELECT count(*) FROM schemas JOIN contexts ON context = name WHERE id >= next_id",
    ),
    (
        "subjects that are owned and shared",
        "SELECT count(*) FROM associations a JOIN associations b USING (context, subject)
         WHERE a.guid <> b.guid AND a.lifecycle = 'STRONG'",
    ),
];

/// Any request but those that stop all others, or take none but imports, for a while.
fn changing(runner: &mut TestRunner) -> Action {
    let any = action().prop_filter("modes", |action| !matches!(action, Action::SetMode { .. }));
    any.new_tree(runner).unwrap().current()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_every_kind_at_once_end_without_a_failure_of_the_store() {
    let (url, database) = new_postgres().await;
    let mut runner = TestRunner::new(sequences());
    let mut clients = Vec::new();
    for _ in 0..NODES {
        let node = Arc::new(open(&database).await);
        for _ in 0..CLIENTS {
            let actions: Vec<Action> = (0..REQUESTS).map(|_| changing(&mut runner)).collect();
            let node = Arc::clone(&node);
            clients.push(tokio::spawn(async move {
                for action in &actions {
                    let answer = run(&node, action).await;
                    assert!(!answer.contains("StoreError"), "{action:?}: {answer}");
                }
            }));
        }
    }
    for client in clients {
        client.await.unwrap();
    }
    for (fault, count) in FAULTS {
        assert_eq!(PostgresServer::shared().sql(&url, count), "0", "{fault}");
    }
}
