//! Work on several records at once, in which those that concern each other wait for each other.

use std::collections::HashSet;
use std::future::Future;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::TransferError;
use crate::registry::REQUESTS_MAX;

/// Futures under way. Each answers the name that it works on, on which nobody else works meanwhile.
pub(crate) struct Window<F> {
    running: FuturesUnordered<F>,
    busy: HashSet<String>,
}

impl<F: Future<Output = (String, Result<(), TransferError>)>> Window<F> {
    pub(crate) fn new() -> Self {
        Self { running: FuturesUnordered::new(), busy: HashSet::new() }
    }

    /// Starts `work` on `name`, when nothing under way is about that name or one of `others`.
    pub(crate) async fn start(
        &mut self,
        name: String,
        others: &[String],
        work: F,
    ) -> Result<(), TransferError> {
        while self.running.len() >= REQUESTS_MAX
            || self.busy.contains(&name)
            || others.iter().any(|other| self.busy.contains(other))
        {
            self.settle().await?;
        }
        self.busy.insert(name);
        self.running.push(work);
        Ok(())
    }

    /// Waits for everything that is under way.
    pub(crate) async fn drain(&mut self) -> Result<(), TransferError> {
        while !self.running.is_empty() {
            self.settle().await?;
        }
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), TransferError> {
        let Some((name, result)) = self.running.next().await else { return Ok(()) };
        self.busy.remove(&name);
        if result.is_err() {
            // What is under way comes to its end, so that what it has changed is known; why more
            // of it failed adds nothing.
            while self.running.next().await.is_some() {}
        }
        result
    }
}
