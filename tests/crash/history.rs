//! What clients saw, in the order in which they saw it.

use std::fmt;

/// A partition of a topic.
pub type Place = (&'static str, i32);

/// Values are told apart within a topic; each is sent once.
pub type Record = (&'static str, String);

/// Whom a reader believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Reads all that is written.
    Uncommitted,
    /// Reads what is decided and not rolled back.
    Committed,
}

/// How a transaction ended, as the server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Committed,
    Aborted,
}

/// Something that a client did or saw. What has no answer may have happened or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A producer is about to send; within a transaction, or by itself.
    Sent {
        producer: String,
        record: Record,
        transaction: Option<String>,
    },
    /// The record is at this offset, the server says.
    Acked {
        record: Record,
        partition: i32,
        offset: i64,
    },
    /// The record is not there and never will be, the server says.
    Refused {
        record: Record,
    },
    /// The producer is about to ask for the commit. A transaction without this is never committed.
    CommitAsked {
        transaction: String,
    },
    Ended {
        transaction: String,
        ending: Ending,
    },
    /// A consumer begins to read a partition at an offset, or goes there.
    Opened {
        consumer: u64,
        isolation: Isolation,
        place: Place,
        offset: i64,
    },
    /// The consumer was given the record.
    Polled {
        consumer: u64,
        place: Place,
        offset: i64,
        value: String,
    },
    /// The consumer has come to the end: the server had nothing more for it, up to this offset.
    Drained {
        consumer: u64,
        place: Place,
        end: i64,
    },
    /// Where committed readers stop and where all others do, and for how long no producer has been
    /// there who could end what is open.
    Stable {
        place: Place,
        last_stable: i64,
        high_watermark: i64,
        quiet_ms: u64,
    },
}

/// Events of one run.
#[derive(Clone, Default)]
pub struct History {
    events: Vec<Event>,
    acked: usize,
    committed: usize,
    consumers: u64,
}

impl History {
    pub fn add(&mut self, event: Event) {
        match &event {
            Event::Acked { .. } => self.acked += 1,
            Event::Ended { ending: Ending::Committed, .. } => self.committed += 1,
            _ => {}
        }
        self.events.push(event);
    }

    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Records that were acknowledged so far.
    pub fn acked(&self) -> usize {
        self.acked
    }

    /// Transactions whose commit was answered so far.
    pub fn committed(&self) -> usize {
        self.committed
    }

    /// Forgets what consumers before `first` were given: it was checked against what others found.
    pub fn forget_consumers_before(&mut self, first: u64) {
        self.events.retain(|event| match event {
            Event::Opened { consumer, .. }
            | Event::Polled { consumer, .. }
            | Event::Drained { consumer, .. } => *consumer >= first,
            _ => true,
        });
    }

    /// A name for one more consumer.
    pub fn consumer(&mut self) -> u64 {
        self.consumers += 1;
        self.consumers
    }
}

impl fmt::Debug for History {
    /// The events themselves are too many to print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events, {} acked, {} committed",
            self.events.len(),
            self.acked,
            self.committed
        )
    }
}
