//! Threads for parsing and comparing: off the async workers, on stacks that fit the depth limit.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::{RegistryError, StoreError};

/// Enough for the deepest schema that the limits allow, in a debug build too: 500 levels of JSON
/// Schema were seen to need more than 8 MiB there. What is not used costs address space alone.
const STACK_BYTES: usize = 64 << 20;
/// Jobs that may wait; whoever comes then waits for a place.
const QUEUE_MAX: usize = 256;

type Job = Box<dyn FnOnce() + Send>;

/// A fixed set of threads; they end when the pool is dropped.
pub(crate) struct CpuPool {
    jobs: mpsc::Sender<Job>,
}

impl fmt::Debug for CpuPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CpuPool").finish_non_exhaustive()
    }
}

impl CpuPool {
    pub(crate) fn start(threads: usize) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel::<Job>(QUEUE_MAX);
        let queue = Arc::new(Mutex::new(queue));
        for index in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("schema-{index}"))
                .stack_size(STACK_BYTES)
                .spawn(move || work(&queue))
                .map_err(|error| StoreError::new(format!("cannot start a thread: {error}")))?;
        }
        Ok(Self { jobs })
    }

    /// Runs `job`; a panic in it becomes an error and costs nothing else.
    pub(crate) async fn run<T, F>(&self, job: F) -> Result<T, RegistryError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        // Nobody waits any more when the request was cancelled; its result is not wanted then.
        let job = Box::new(move || drop(sender.send(job())));
        self.jobs.send(job).await.map_err(|_| RegistryError::Internal)?;
        answer.await.map_err(|_| RegistryError::Internal)
    }
}

/// As [`CpuPool::run`], on the thread that asks.
pub(crate) fn here<T>(job: impl FnOnce() -> T) -> Result<T, RegistryError> {
    catch_unwind(AssertUnwindSafe(job)).map_err(|_| RegistryError::Internal)
}

fn work(queue: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = queue.lock().blocking_recv();
        let Some(job) = job else { return };
        // The panic hook has reported it; the waiting request sees its channel closed.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panicking_job_is_an_error_and_the_next_one_runs() {
        let pool = CpuPool::start(1).unwrap();
        assert_eq!(pool.run(|| panic!("on purpose")).await, Err::<(), _>(RegistryError::Internal));
        assert_eq!(pool.run(|| 2 + 2).await, Ok(4));
        assert_eq!(here(|| panic!("on purpose")), Err::<(), _>(RegistryError::Internal));
    }
}
