//! Many requests at once, on a database in a file and over several nodes on one server.

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
        "SELECT count(*) AS rows FROM reference_targets t
         WHERE NOT EXISTS (SELECT 1 FROM versions WHERE context = t.target_context
             AND subject = t.target_subject AND version = t.target_version)",
    ),
    (
        "contents that nobody holds",
        "SELECT count(*) AS rows FROM schemas s
         WHERE NOT EXISTS (SELECT 1 FROM versions WHERE context = s.context AND id = s.id)",
    ),
    (
        "ids that could be given again",
        "SELECT count(*) AS rows FROM schemas JOIN contexts ON context = name WHERE id >= next_id",
    ),
    (
        "subjects that are owned and shared",
        "SELECT count(*) AS rows FROM associations a JOIN associations b USING (context, subject)
         WHERE a.guid <> b.guid AND a.lifecycle = 'STRONG'",
    ),
];

/// Any request but those that stop all others, or take none but imports, for a while.
fn changing(runner: &mut TestRunner) -> Action {
    let any = action().prop_filter("modes", |action| !matches!(action, Action::SetMode { .. }));
    any.new_tree(runner).unwrap().current()
}

/// Sends requests of every kind to `nodes` at once, and looks for rows that must not be there.
async fn ask_at_once(nodes: &[Arc<Registry<SqlStore>>]) {
    let mut runner = TestRunner::new(sequences());
    let mut clients = Vec::new();
    for node in nodes {
        for _ in 0..CLIENTS {
            let actions: Vec<Action> = (0..REQUESTS).map(|_| changing(&mut runner)).collect();
            let node = Arc::clone(node);
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
    let mut tx = nodes[0].store().read().await.unwrap();
    for (fault, count) in FAULTS {
        let count = tx.one(Statement::new(count), |row| get::<i64>(row, "rows")).await.unwrap();
        assert_eq!(count, Some(0), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_every_kind_at_once_end_without_a_failure_of_the_server() {
    let (_, database) = new_postgres().await;
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(Arc::new(open(&database).await));
    }
    ask_at_once(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_every_kind_at_once_end_without_a_failure_of_the_file() {
    let directory = TempDir::new().unwrap();
    let node = Arc::new(open(&sqlite(&directory)).await);
    ask_at_once(&[Arc::clone(&node), node]).await;
}
