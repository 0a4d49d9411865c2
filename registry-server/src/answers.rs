//! Answers that were given before, by their question, and the state that they were read from.

use axum::body::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Of all answers with their questions, in bytes.
const ANSWERS_BYTES_MAX: u64 = 32 << 20;
/// A guess at how many answers fit.
const ANSWERS: usize = 16_000;
/// An entry's own room.
const ENTRY_BYTES: u64 = 128;

/// By path and query.
#[derive(Debug)]
pub(crate) struct Answers(Cache<Box<str>, Answer, Weight>);

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The state of the store that it was read from, or from a later one: the number was asked for
    /// before.
    pub(crate) revision: u64,
    /// The path of the route that gave it.
    pub(crate) route: &'static str,
    pub(crate) body: Bytes,
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<Box<str>, Answer> for Weight {
    fn weight(&self, question: &Box<str>, answer: &Answer) -> u64 {
        let bytes = question.len().saturating_add(answer.body.len());
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(ENTRY_BYTES)
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self(Cache::with_weighter(ANSWERS, ANSWERS_BYTES_MAX, Weight))
    }
}

impl Answers {
    /// The answer to `question`, if it was read from this state.
    pub(crate) fn get(&self, question: &str, revision: u64) -> Option<Answer> {
        self.0.get(question).filter(|answer| answer.revision == revision)
    }

    pub(crate) fn keep(&self, question: Box<str>, answer: Answer) {
        self.0.insert(question, answer);
    }
}
