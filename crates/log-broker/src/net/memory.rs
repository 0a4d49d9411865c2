//! What the requests of all connections may take, and buffers of large ones for the next.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Buffers that are kept: for so many requests, each of so many bytes.
const SPARE_COUNT: usize = 8;
const SPARE_BYTES_MIN: usize = 128 << 10;
pub(super) const SPARE_BYTES_MAX: usize = 2 << 20;

#[derive(Debug)]
pub(super) struct RequestMemory {
    /// A permit a byte.
    budget: Arc<Semaphore>,
    /// For one request at a time that has begun and finds the budget used up, or requests that hold a
    /// part each could wait for each other for ever.
    turn: Arc<Semaphore>,
    /// Fresh memory costs a page fault for every 4 KiB of it, and is in no cache of the processor.
    spare: Mutex<Vec<BytesMut>>,
}

/// What one request holds of the budget until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    _begun: OwnedSemaphorePermit,
    more: Vec<OwnedSemaphorePermit>,
    turn: Option<OwnedSemaphorePermit>,
}

impl RequestMemory {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            budget: Arc::new(Semaphore::new(bytes_max)),
            turn: Arc::new(Semaphore::new(1)),
            spare: Mutex::default(),
        }
    }

    /// Waits until there is room to begin.
    pub(super) async fn share(&self, bytes: usize) -> Result<Share, AcquireError> {
        Ok(Share { _begun: self.acquire(bytes).await?, more: Vec::new(), turn: None })
    }

    /// Waits until there is room for so many bytes more, or until it is this request's turn to be
    /// read to its end whatever room there is.
    pub(super) async fn grow(&self, share: &mut Share, bytes: usize) -> Result<(), AcquireError> {
        if share.turn.is_none() {
            tokio::select! {
                biased;
                more = self.acquire(bytes) => share.more.push(more?),
                turn = Arc::clone(&self.turn).acquire_owned() => share.turn = Some(turn?),
            }
        }
        Ok(())
    }

    async fn acquire(&self, bytes: usize) -> Result<OwnedSemaphorePermit, AcquireError> {
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        Arc::clone(&self.budget).acquire_many_owned(permits).await
    }

    /// An empty buffer with room for `bytes`.
    pub(super) fn buffer(&self, bytes: usize) -> BytesMut {
        let spare = if bytes >= SPARE_BYTES_MIN { self.spare.lock().pop() } else { None };
        let mut buffer = spare.unwrap_or_default();
        // A little more, for the next one is seldom of the very same size.
        buffer.reserve(bytes.next_multiple_of(SPARE_BYTES_MIN));
        buffer
    }

    /// Keeps the memory of a request that was executed, unless something of it is still in use.
    pub(super) fn reuse(&self, frame: Bytes) {
        let Ok(mut buffer) = frame.try_into_mut() else { return };
        buffer.clear();
        if (SPARE_BYTES_MIN..=SPARE_BYTES_MAX).contains(&buffer.capacity()) {
            let mut spare = self.spare.lock();
            if spare.len() < SPARE_COUNT {
                spare.push(buffer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(memory: &RequestMemory, bytes: usize) -> Bytes {
        let mut buffer = memory.buffer(bytes);
        buffer.resize(bytes, 7);
        buffer.freeze()
    }

    #[test]
    fn a_large_request_that_was_executed_gives_its_buffer_to_the_next() {
        let memory = RequestMemory::new(1);
        let first = frame(&memory, 200 << 10);
        let address = first.as_ptr();
        memory.reuse(first);
        let second = frame(&memory, 150 << 10);
        assert_eq!(second.as_ptr(), address);
        assert_eq!(second.len(), 150 << 10);
    }

    /// Whether it has to wait for something else to happen.
    async fn waits<T>(work: impl Future<Output = T>) -> bool {
        tokio::select! {
            biased;
            _ = work => false,
            () = std::future::ready(()) => true,
        }
    }

    #[tokio::test]
    async fn of_requests_that_have_taken_all_one_at_a_time_is_read_to_its_end() {
        let memory = RequestMemory::new(100);
        let mut first = memory.share(60).await.unwrap();
        let mut second = memory.share(40).await.unwrap();
        for _ in 0..3 {
            assert!(!waits(memory.grow(&mut first, 50)).await);
            assert!(waits(memory.grow(&mut second, 50)).await);
            assert!(waits(memory.share(1)).await, "nobody begins");
        }
        drop(first);
        assert!(!waits(memory.grow(&mut second, 50)).await);
        assert!(!waits(memory.share(10)).await);
        assert!(second.turn.is_none(), "there was room");
    }

    #[test]
    fn buffers_are_not_kept_in_use_nor_too_small_too_large_or_too_many() {
        let memory = RequestMemory::new(1);
        let kept = || memory.spare.lock().len();
        let in_use = frame(&memory, SPARE_BYTES_MIN);
        memory.reuse(in_use.clone());
        memory.reuse(frame(&memory, SPARE_BYTES_MIN - 1));
        memory.reuse(frame(&memory, SPARE_BYTES_MAX + 1));
        assert_eq!(kept(), 0);
        let frames: Vec<_> = (0..=SPARE_COUNT).map(|_| frame(&memory, SPARE_BYTES_MAX)).collect();
        for frame in frames {
            memory.reuse(frame);
        }
        assert_eq!(kept(), SPARE_COUNT);
    }
}
