//! The one connection that writes, and groups of changes that one commit stores: while one change
//! waits for its commit, those that came meanwhile add themselves, so that the sync of the disk is
//! shared. A group is stored or taken back as a whole: to take one change back alone the database
//! would have to keep a copy of every page before each of them.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use levada_registry_core::{StoreError, StoreErrorKind};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use super::connection::{SqliteRow, aside, execute, roll_back, rows};
use super::{closed, in_time};
use crate::storage::error::{commit_failed_in_sqlite, refused_by_sqlite};
use crate::storage::revision::Revision;
use crate::storage::statements::Statement;

/// A commit that takes no longer than this is not worth the way to another thread.
const SHORT: Duration = Duration::from_millis(1);

/// Given in turn: who asks first has it first.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    state: Arc<Mutex<State>>,
    revision: Arc<Revision>,
}

#[derive(Debug)]
struct State {
    /// None when the database is closed.
    connection: Option<Connection>,
    /// Open: the changes of its members are in the database's transaction, and not committed.
    group: Option<Group>,
    /// Whether the last commit took long.
    is_slow: bool,
}

#[derive(Debug)]
struct Group {
    outcome: Arc<Outcome>,
    /// How many changes are in it that wait for their commit.
    members: usize,
    /// The database's count of changed rows when the last one began.
    changes: u64,
}

/// What became of a group; nothing yet while it is open.
#[derive(Debug, Default)]
struct Outcome {
    result: OnceLock<Result<(), StoreError>>,
    is_known: Notify,
}

/// A transaction that writes. Dropped before its end, it changes nothing.
#[derive(Debug)]
pub(in crate::storage) struct Writing {
    /// There until the end.
    state: Option<OwnedMutexGuard<State>>,
    writer: Writer,
    in_group: bool,
}

impl Writer {
    pub(super) fn new(connection: Connection, revision: Arc<Revision>) -> Self {
        let state = State { connection: Some(connection), group: None, is_slow: false };
        Self { state: Arc::new(Mutex::new(state)), revision }
    }

    /// Whether nobody has it.
    pub(in crate::storage) fn is_idle(&self) -> bool {
        self.state.try_lock().is_ok()
    }

    /// Begins a transaction of its own: it sees only what is stored.
    pub(in crate::storage) async fn begin(&self) -> Result<Writing, StoreError> {
        let mut state = in_time(Arc::clone(&self.state).lock_owned()).await?;
        state.end_group(&self.revision);
        // IMMEDIATE takes the write lock now, so that what is read stays true until the commit.
        state.execute("BEGIN IMMEDIATE")?;
        Ok(Writing { state: Some(state), writer: self.clone(), in_group: false })
    }

    /// Begins a transaction that is stored together with those of the open group, or else opens one.
    /// Given up before it has changed anything, it leaves the others alone; after that, all of the
    /// group are taken back, and to be made again.
    pub(in crate::storage) async fn join(&self) -> Result<Writing, StoreError> {
        let mut state = in_time(Arc::clone(&self.state).lock_owned()).await?;
        let changes = state.connection()?.total_changes();
        if let Some(group) = &mut state.group {
            group.changes = changes;
        } else {
            state.execute("BEGIN IMMEDIATE")?;
            state.group = Some(Group { outcome: Arc::default(), members: 0, changes });
        }
        Ok(Writing { state: Some(state), writer: self.clone(), in_group: true })
    }

    /// Commits the group, unless that was done meanwhile. Whoever waits for the connection already
    /// comes before and joins.
    async fn end(&self, outcome: &Outcome) {
        let mut state = self.state.lock().await;
        if outcome.result.get().is_none() {
            state.end_group(&self.revision);
        }
    }

    /// Takes the connection away, with the database's last commit behind it.
    pub(super) async fn close(&self) -> Option<Connection> {
        let mut state = self.state.lock().await;
        state.end_group(&self.revision);
        state.connection.take()
    }
}

impl State {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or_else(closed)
    }

    fn execute(&self, text: &'static str) -> Result<(), StoreError> {
        execute(self.connection()?, text).map_err(|error| refused_by_sqlite(&error))
    }

    fn commit(&mut self, revision: &Revision) -> Result<(), StoreError> {
        let connection = self.connection()?;
        let started = Instant::now();
        let committed = {
            let _committing = revision.commit();
            let commit = || execute(connection, "COMMIT");
            if self.is_slow { aside(commit) } else { commit() }
        };
        self.is_slow = started.elapsed() > SHORT;
        committed.map_err(|error| {
            let _ = self.roll_back();
            commit_failed_in_sqlite(&error)
        })
    }

    fn roll_back(&self) -> Result<(), StoreError> {
        roll_back(self.connection()?).map_err(|error| refused_by_sqlite(&error))
    }

    /// Commits the group that is open, if one is, and tells its members.
    fn end_group(&mut self, revision: &Revision) {
        let Some(group) = self.group.take() else { return };
        let is_there = self.connection().is_ok_and(|connection| !connection.is_autocommit());
        let outcome = if is_there { self.commit(revision) } else { Err(lost()) };
        group.outcome.tell(outcome);
    }

    /// Adds the change of whoever has the connection to those that wait for their commit. The first
    /// of them has to end the group.
    fn enter_group(&mut self) -> Result<(Arc<Outcome>, bool), StoreError> {
        let is_there = self.connection().is_ok_and(|connection| !connection.is_autocommit());
        let group = self.group.as_mut().filter(|_| is_there).ok_or_else(lost)?;
        group.members += 1;
        Ok((Arc::clone(&group.outcome), group.members == 1))
    }

    /// Takes the change of whoever has the connection back.
    fn leave_group(&mut self) {
        let leaves_others = self.group.as_ref().is_some_and(|group| {
            let is_unchanged = |connection: &Connection| {
                !connection.is_autocommit() && connection.total_changes() == group.changes
            };
            group.members > 0 && self.connection().is_ok_and(is_unchanged)
        });
        if leaves_others {
            return;
        }
        let undone = self.roll_back();
        if let Some(group) = self.group.take() {
            group.outcome.tell(undone.and(Err(lost())));
        }
    }
}

impl Outcome {
    fn tell(&self, result: Result<(), StoreError>) {
        // Nobody else tells it: a group is ended once.
        let _ = self.result.set(result);
        self.is_known.notify_waiters();
    }

    async fn wait(&self) -> Result<(), StoreError> {
        loop {
            // What is told from here on is not missed.
            let known = self.is_known.notified();
            if let Some(result) = self.result.get() {
                return result.clone();
            }
            known.await;
        }
    }
}

impl Writing {
    fn state(&self) -> Result<&State, StoreError> {
        self.state.as_deref().ok_or_else(closed)
    }

    pub(in crate::storage) fn rows(
        &self,
        statement: &Statement<'_>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        rows(self.state()?.connection()?, statement).map_err(|error| refused_by_sqlite(&error))
    }

    /// Commits: `Ok` means stored.
    pub(in crate::storage) async fn finish(mut self) -> Result<(), StoreError> {
        if !self.in_group {
            let mut state = self.state.take().ok_or_else(closed)?;
            return state.commit(&self.writer.revision);
        }
        let mut state = self.state.take().ok_or_else(closed)?;
        let entered = state.enter_group();
        if entered.is_err() {
            state.leave_group();
        }
        drop(state);
        let (outcome, is_first) = entered?;
        if is_first {
            let ending = Ending { writer: self.writer.clone(), outcome: Arc::clone(&outcome) };
            ending.writer.end(&ending.outcome).await;
        }
        outcome.wait().await
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let Some(mut state) = self.state.take() else { return };
        if self.in_group {
            state.leave_group();
        } else if let Err(error) = state.roll_back() {
            tracing::error!(%error, "a change of the database cannot be taken back");
        }
    }
}

/// The first of a group, which ends it. If its request goes away, the group ends all the same: it
/// would keep the database's lock, and the others wait for it.
struct Ending {
    writer: Writer,
    outcome: Arc<Outcome>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if self.outcome.result.get().is_some() {
            return;
        }
        let (writer, outcome) = (self.writer.clone(), Arc::clone(&self.outcome));
        // Without a runtime the program ends, and closing the database ends the group.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { writer.end(&outcome).await });
        }
    }
}

/// The database has undone a whole transaction, and with it all changes of a group.
fn lost() -> StoreError {
    let message = "the database has taken back the changes that were to be stored together";
    StoreError { kind: StoreErrorKind::Conflict, message: message.to_owned() }
}
