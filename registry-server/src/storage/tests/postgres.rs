//! What a server promises, and what is said when it cannot.

use levada_registry_core::{
    Context, ReadTransaction, StoreError, StoreErrorKind, WriteTransaction,
};

use super::*;
use crate::storage::OpenError;
use crate::storage::rows::get;
use crate::storage::statements::Statement;

/// Why a database cannot be opened: one line without the password.
async fn refused(url: &str) -> OpenError {
    let refused = SqlStore::open(&postgres(url)).await.unwrap_err();
    let line = refused.to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(!line.contains(levada_test_postgres::PASSWORD), "{line}");
    refused
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_named_with_its_reason() {
    let server = PostgresServer::shared();
    let url = server.url("postgres");
    let closed = url.replace(&format!(":{}/", server.port()), ":1/");
    for (url, reason) in [
        (closed, "Connection refused"),
        (url.replace(levada_test_postgres::PASSWORD, "wrong"), "password authentication failed"),
        (server.url("nowhere"), "database \"nowhere\" does not exist"),
        (format!("{url}?sslmode=require"), "server does not support TLS"),
    ] {
        let refused = refused(&url).await;
        assert!(matches!(refused, OpenError::Connect { .. }), "{refused:?}");
        assert!(refused.to_string().contains(reason), "{refused}");
    }
}

#[tokio::test]
async fn connections_are_encrypted_and_certificates_judged_as_the_address_says() {
    let server = PostgresServer::start();
    let (url, certificate) = (server.new_database(), server.use_tls());
    let trusted = format!("{url}?sslmode=verify-full&sslrootcert={}", certificate.display());
    for url in [format!("{url}?sslmode=require"), trusted] {
        let store = SqlStore::open(&postgres(&url)).await.unwrap();
        let mut tx = store.write().await.unwrap();
        let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let rows = tx.rows(Statement::new(encrypted)).await.unwrap();
        assert!(get::<bool>(&rows[0], "ssl").unwrap());
    }
    let refused = refused(&format!("{url}?sslmode=verify-full")).await;
    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let server = PostgresServer::shared();
    let create = "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'";
    server.sql(&server.url("postgres"), create);
    let refused = refused(&server.url("ascii")).await;
    assert!(matches!(&refused, OpenError::Encoding { .. }), "{refused}");
}

#[tokio::test]
async fn a_server_that_forgets_or_stands_by_is_refused() {
    let server = PostgresServer::start();
    let url = server.new_database();
    let store = SqlStore::open(&postgres(&url)).await.unwrap();
    for unsafe_setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        server.set(unsafe_setting, "off");
        let refused = refused(&url).await;
        assert!(
            matches!(&refused, OpenError::UnsafeServer { setting, .. } if *setting == unsafe_setting),
            "{refused}"
        );
        server.set(unsafe_setting, "on");
    }
    server.stand_by();
    let refused = refused(&url).await;
    assert!(matches!(&refused, OpenError::Standby { .. }), "{refused}");
    // A node that was there before goes on reading, and says of writes that there is no leader.
    store.read().await.unwrap().contexts().await.unwrap();
    assert_eq!(store.write().await.unwrap_err().kind, StoreErrorKind::ReadOnly);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_on_an_empty_database_all_come_up() {
    let url = PostgresServer::shared().new_database();
    let starting: Vec<_> = (0..4)
        .map(|_| {
            let database = postgres(&url);
            tokio::spawn(async move { SqlStore::open(&database).await.map(drop) })
        })
        .collect();
    for node in starting {
        node.await.unwrap().unwrap();
    }
}

/// Ends or cancels what the writers of a database are doing, from a session of its own.
fn disturb(url: &str, function: &str) {
    let statement = format!(
        "SELECT {function}(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'levada'
         AND query LIKE '%FOR UPDATE%'"
    );
    PostgresServer::shared().sql(url, &statement);
}

/// The next id, if the transaction commits.
async fn allocate(store: &SqlStore) -> Result<i32, StoreError> {
    let mut tx = store.write().await?;
    let id = tx.allocate_id(&Context::default()).await?;
    tx.commit(None).await?;
    Ok(id.unwrap().0)
}

#[tokio::test]
async fn a_connection_that_is_lost_fails_one_request_and_is_replaced() {
    let (url, database) = new_postgres().await;
    let store = SqlStore::open(&database).await.unwrap();
    let mut tx = store.write().await.unwrap();
    disturb(&url, "pg_terminate_backend");
    let lost = tx.allocate_id(&Context::default()).await.unwrap_err();
    assert_eq!(lost.kind, StoreErrorKind::Failed, "{lost}");
    assert_eq!(tx.commit(None).await.unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(allocate(&store).await.unwrap(), 1);
}

#[tokio::test]
async fn a_connection_that_is_lost_at_the_commit_leaves_the_outcome_open() {
    let (url, database) = new_postgres().await;
    let store = SqlStore::open(&database).await.unwrap();
    let tx = store.write().await.unwrap();
    disturb(&url, "pg_terminate_backend");
    let lost = tx.commit(None).await.unwrap_err();
    assert_eq!(lost.kind, StoreErrorKind::OutcomeUnknown, "{lost}");
    assert!(lost.to_string().contains("repeating the request is safe"), "{lost}");
    assert_eq!(allocate(&store).await.unwrap(), 1);
}

#[tokio::test]
async fn a_writer_waits_for_the_one_of_another_node_and_is_told_when_it_takes_too_long() {
    let (url, database) = new_postgres().await;
    let nodes =
        [SqlStore::open(&database).await.unwrap(), SqlStore::open(&database).await.unwrap()];
    let tx = nodes[0].write().await.unwrap();
    let waiting = async {
        let refused = nodes[1].write().await.unwrap_err();
        assert_eq!(refused.kind, StoreErrorKind::TimedOut, "{refused}");
    };
    // The server's own timeout, before its time.
    let canceling = async {
        while PostgresServer::shared().sql(&url, "SELECT count(*) FROM pg_locks WHERE NOT granted")
            == "0"
        {
            tokio::task::yield_now().await;
        }
        disturb(&url, "pg_cancel_backend");
    };
    tokio::join!(waiting, canceling);
    tx.commit(None).await.unwrap();
    assert_eq!(allocate(&nodes[1]).await.unwrap(), 1);
}
