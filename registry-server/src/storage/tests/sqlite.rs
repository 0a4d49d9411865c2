//! What only a database in a file promises.

use super::*;
use crate::storage::OpenError;

#[tokio::test]
async fn a_second_opener_of_a_file_is_refused_until_the_first_is_gone() {
    let directory = TempDir::new().unwrap();
    let first = SqlStore::open(&sqlite(&directory)).await.unwrap();
    let refused = SqlStore::open(&sqlite(&directory)).await.unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    first.close().await.unwrap();
    drop(first);
    SqlStore::open(&sqlite(&directory)).await.unwrap();
}

#[tokio::test]
async fn a_directory_that_cannot_be_is_refused() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = SqlStore::open(&file.join("registry.db").into()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Directory { .. }), "{refused}");
}
