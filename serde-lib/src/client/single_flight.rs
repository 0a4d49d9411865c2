//! One request per key, however many tasks want its answer at once.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::Error;

pub(super) type Flight<V> = Shared<BoxFuture<'static, Result<V, Error>>>;

/// Joins callers that ask for the same key while a request for it is under way.
pub(super) struct SingleFlight<K, V> {
    flights: Arc<Mutex<HashMap<K, Flight<V>>>>,
}

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self { flights: Arc::default() }
    }
}

impl<K, V> fmt::Debug for SingleFlight<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SingleFlight")
    }
}

impl<K, V> SingleFlight<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Waits for the request of `key`, which the first caller makes with `request`.
    ///
    /// The request runs as a task of its own: a caller that goes away takes nothing with it. It
    /// must put its answer where later callers look first, because they start a new one.
    pub(super) async fn run<F>(&self, key: K, request: impl FnOnce() -> F) -> Result<V, Error>
    where
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        self.join(key, request).await
    }

    /// The same for who need not wait: what is given back may be dropped.
    pub(super) fn join<F>(&self, key: K, request: impl FnOnce() -> F) -> Flight<V>
    where
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.entry(key.clone()).or_insert_with(|| self.start(key, request())).clone()
    }

    fn start<F>(&self, key: K, request: F) -> Flight<V>
    where
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let landing = Landing { key, flights: Arc::clone(&self.flights) };
        let task = tokio::spawn(async move {
            let _landing = landing;
            request.await
        });
        let answer = async move {
            task.await.unwrap_or_else(|failure| {
                let reason = format!("the task that asked the registry did not finish: {failure}");
                Err(Error::Config(reason))
            })
        };
        answer.boxed().shared()
    }
}

/// Forgets a flight when its task ends, however it ends.
struct Landing<K: Eq + Hash, V> {
    key: K,
    flights: Arc<Mutex<HashMap<K, Flight<V>>>>,
}

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// A request that counts its runs and ends only when `gate` opens.
    fn counted(
        runs: &Arc<AtomicUsize>,
        gate: &Arc<Semaphore>,
    ) -> impl Future<Output = Result<u32, Error>> + Send + 'static {
        let (runs, gate) = (Arc::clone(runs), Arc::clone(gate));
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            let _permit = gate.acquire().await;
            Ok(7)
        }
    }

    #[tokio::test]
    async fn tasks_that_ask_at_once_share_one_request() {
        let flights = Arc::new(SingleFlight::<u8, u32>::default());
        let (runs, gate) = (Arc::default(), Arc::new(Semaphore::new(0)));
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let (flights, runs, gate) =
                    (Arc::clone(&flights), Arc::clone(&runs), Arc::clone(&gate));
                tokio::spawn(async move { flights.run(1, || counted(&runs, &gate)).await })
            })
            .collect();
        tokio::task::yield_now().await; // one turn: every task has asked
        gate.add_permits(1);
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 7);
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(flights.flights.lock().unwrap().is_empty(), "a landed flight is forgotten");
    }

    #[tokio::test]
    async fn cancelled_first_caller_does_not_cancel_the_others() {
        let flights = Arc::new(SingleFlight::<u8, u32>::default());
        let (runs, gate) = (Arc::default(), Arc::new(Semaphore::new(0)));
        let mut first = Box::pin(flights.run(1, || counted(&runs, &gate)));
        assert!(first.as_mut().now_or_never().is_none());
        let mut second = Box::pin(flights.run(1, || counted(&runs, &gate)));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        gate.add_permits(1);
        assert_eq!(second.await.unwrap(), 7);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn panicking_request_is_an_error_for_its_callers_and_leaves_no_flight() {
        let flights = SingleFlight::<u8, u32>::default();
        let result = flights.run(1, || async { panic!("on purpose") }).await;
        assert!(matches!(result, Err(Error::Config(_))), "{result:?}");
        assert_eq!(flights.run(1, || async { Ok(3) }).await.unwrap(), 3);
    }
}
