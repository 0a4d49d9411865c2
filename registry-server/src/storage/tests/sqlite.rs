//! What only a database in a file promises.

use std::sync::Arc;

use levada_registry_core::{ReadTransaction, StoreErrorKind, WriteTransaction};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

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

/// What a member of a group does once it has the database.
#[derive(Clone, Copy)]
enum Member {
    Commits,
    /// Goes before it changes anything.
    Leaves,
    /// Goes without a commit.
    GivesUp,
    /// Meets a failure after which the database has taken everything back.
    IsUndone,
}

/// A change that adds the context `name`, in the group that is open when its turn comes. It has
/// asked for its turn when this returns.
async fn member(
    store: &Arc<SqlStore>,
    name: &'static str,
    kind: Member,
) -> JoinHandle<Result<(), StoreError>> {
    let store = Arc::clone(store);
    let task = tokio::spawn(async move {
        let mut tx = store.write_in_group().await?;
        if matches!(kind, Member::Leaves) {
            return Ok(());
        }
        tx.allocate_id(&Context::new(name)).await?;
        match kind {
            Member::Commits => tx.commit(None).await,
            Member::Leaves | Member::GivesUp => Ok(()),
            Member::IsUndone => {
                tx.run(Statement::new("ROLLBACK")).await?;
                tx.commit(None).await
            }
        }
    });
    // The tasks of these tests share a thread.
    tokio::task::yield_now().await;
    task
}

async fn contexts(store: &SqlStore) -> Vec<String> {
    let contexts = store.read().await.unwrap().contexts().await.unwrap();
    contexts.iter().map(Context::to_string).collect()
}

#[tokio::test]
async fn changes_that_wait_at_once_are_stored_by_one_commit_though_others_leave() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(SqlStore::open(&sqlite(&directory)).await.unwrap());
    let before = store.revision().unwrap();
    let busy = store.write().await.unwrap();
    let mut members = Vec::new();
    for (name, kind) in [
        (".a", Member::Leaves),
        (".b", Member::Commits),
        (".c", Member::Leaves),
        (".d", Member::Commits),
    ] {
        members.push(member(&store, name, kind).await);
    }
    drop(busy);
    for member in members {
        member.await.unwrap().unwrap();
    }
    assert_eq!(contexts(&store).await, [".b", ".d"]);
    assert_eq!(store.revision(), Some(before + 1));
}

/// A group that the second of three takes back: what the second is told, and what is stored. The
/// first is told to make its change again, the third is in a group of its own.
async fn taken_back_by_the_second(kind: Member) -> (Result<(), StoreError>, Vec<String>) {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(SqlStore::open(&sqlite(&directory)).await.unwrap());
    let busy = store.write().await.unwrap();
    let first = member(&store, ".a", Member::Commits).await;
    let second = member(&store, ".b", kind).await;
    let third = member(&store, ".c", Member::Commits).await;
    drop(busy);
    let refused = first.await.unwrap().unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::Conflict, "{refused}");
    third.await.unwrap().unwrap();
    (second.await.unwrap(), contexts(&store).await)
}

#[tokio::test]
async fn a_group_that_the_database_takes_back_is_told_to_all_its_members() {
    let (second, stored) = taken_back_by_the_second(Member::IsUndone).await;
    assert_eq!(second.unwrap_err().kind, StoreErrorKind::Conflict);
    assert_eq!(stored, [".c"]);
}

#[tokio::test]
async fn a_change_that_is_given_up_takes_its_group_back() {
    let (second, stored) = taken_back_by_the_second(Member::GivesUp).await;
    second.unwrap();
    assert_eq!(stored, [".c"]);
}

#[tokio::test]
async fn a_change_is_stored_when_its_request_goes_away_while_its_group_is_open() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(SqlStore::open(&sqlite(&directory)).await.unwrap());
    let busy = store.write().await.unwrap();
    let gone = member(&store, ".a", Member::Commits).await;
    let (turn, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let holder = tokio::spawn({
        let (store, turn, done) = (Arc::clone(&store), Arc::clone(&turn), Arc::clone(&done));
        async move {
            let _tx = store.write_in_group().await.unwrap();
            turn.notify_one();
            done.notified().await;
        }
    });
    tokio::task::yield_now().await;
    drop(busy);
    turn.notified().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    done.notify_one();
    holder.await.unwrap();
    let mut turns = 0;
    while contexts(&store).await.is_empty() {
        turns += 1;
        assert!(turns < 100, "the group is still open");
        tokio::task::yield_now().await;
    }
    assert_eq!(contexts(&store).await, [".a"]);
}

#[tokio::test]
async fn a_transaction_of_its_own_sees_only_what_is_stored() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(SqlStore::open(&sqlite(&directory)).await.unwrap());
    let before = store.revision().unwrap();
    let busy = store.write().await.unwrap();
    let first = member(&store, ".a", Member::Commits).await;
    let own = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let mut tx = store.write().await.unwrap();
            (tx.contexts().await.unwrap(), store.revision())
        }
    });
    tokio::task::yield_now().await;
    drop(busy);
    first.await.unwrap().unwrap();
    assert_eq!(own.await.unwrap(), (vec![Context::new(".a")], Some(before + 1)));
}
