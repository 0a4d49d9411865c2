//! Which bytes of a message say what, for people who look at one.

use std::fmt::Display;
use std::ops::Range;

/// Most pieces that are told of one message.
const SPANS_MAX: usize = 10_000;

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its bytes.
    pub bytes: Range<usize>,
    /// Field names, `[index]` and map keys from the root; empty for the root itself and the frame.
    pub path: String,
    /// What the bytes say, such as `long 1`.
    pub text: String,
}

/// Collects the pieces of a body, in the order in which they are read.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    found: Vec<Span>,
    path: Vec<String>,
    /// Where the body begins in the message.
    start: usize,
    /// How far the body was told of.
    told: usize,
}

impl Spans {
    pub(crate) fn from(start: usize) -> Self {
        Self { start, ..Self::default() }
    }

    pub(crate) fn enter(&mut self, segment: impl Display) {
        self.path.push(segment.to_string());
    }

    pub(crate) fn leave(&mut self) {
        self.path.pop();
    }

    /// A piece at the path where the walk is.
    pub(crate) fn add(&mut self, bytes: Range<usize>, text: impl Display) {
        let path = self.path.iter().fold(String::new(), |path, segment| {
            let dot = if path.is_empty() || segment.starts_with('[') { "" } else { "." };
            format!("{path}{dot}{segment}")
        });
        self.add_at(bytes, path, text);
    }

    pub(crate) fn add_at(&mut self, bytes: Range<usize>, path: String, text: impl Display) {
        self.told = bytes.end;
        if self.found.len() < SPANS_MAX {
            let bytes = self.start + bytes.start..self.start + bytes.end;
            self.found.push(Span { bytes, path, text: text.to_string() });
        }
    }

    /// How far the body was told of.
    pub(crate) fn told(&self) -> usize {
        self.told
    }

    /// What is left of a body of so many bytes.
    pub(crate) fn add_rest(&mut self, end: usize, text: &str) {
        if self.told < end {
            self.add_at(self.told..end, String::new(), text);
        }
    }

    pub(crate) fn found(self) -> Vec<Span> {
        self.found
    }
}
