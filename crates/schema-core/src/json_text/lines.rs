//! Lines and columns of byte offsets. Whoever reads keeps offsets; lines are counted when the first
//! place is asked for, because most texts are read without a question.

use std::cell::{Cell, OnceCell};

use memchr::memchr_iter;

use crate::Location;

/// A byte offset in a text of less than 4 GiB, on a character boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(pub(super) u32);

/// So many bytes are looked at together.
const CHUNK: usize = 64;

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(crate) struct LineTable {
    /// Of each line but the first.
    starts: Vec<u32>,
    /// The bytes that continue a character; a column counts characters.
    continued: Vec<u32>,
}

impl LineTable {
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut continued = Vec::new();
        // Most parts of most texts are ASCII, which is seen at a glance.
        for (start, chunk) in (0..).step_by(CHUNK).zip(bytes.chunks(CHUNK)) {
            if !chunk.is_ascii() {
                let offsets = (start..).zip(chunk);
                let of_others = offsets.filter(|(_, byte)| matches!(byte, 0x80..=0xBF));
                continued.extend(of_others.map(|(at, _)| narrow(at)));
            }
        }
        Self { starts: memchr_iter(b'\n', bytes).map(|at| narrow(at + 1)).collect(), continued }
    }

    pub(crate) fn location(&self, place: Place) -> Location {
        self.location_in(self.starts.partition_point(|start| *start <= place.0), place)
    }

    /// The location of a place in that line, which counts from 0.
    fn location_in(&self, line: usize, Place(at): Place) -> Location {
        let (start, _) = self.bounds(line);
        let continued_before =
            |at: u32| self.continued.partition_point(|continued| *continued < at);
        let bytes = wide(at.saturating_sub(start));
        let characters = if self.continued.is_empty() {
            bytes
        } else {
            bytes - (continued_before(at) - continued_before(start))
        };
        Location { line: line + 1, column: characters + 1 }
    }

    /// Where a line that the text has starts and ends.
    fn bounds(&self, line: usize) -> (u32, u32) {
        let start = line.checked_sub(1).and_then(|before| self.starts.get(before));
        (start.copied().unwrap_or(0), self.starts.get(line).copied().unwrap_or(u32::MAX))
    }
}

/// The lines of a text, asked for in about the order of the text.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    table: OnceCell<LineTable>,
    /// The line of the last question: the next one is mostly about it or the one behind.
    line: Cell<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, table: OnceCell::new(), line: Cell::new(0) }
    }

    pub(super) fn location(&self, place: Place) -> Location {
        let table = self.table.get_or_init(|| LineTable::of(self.text));
        let holds = |line: &usize| {
            let (start, end) = table.bounds(*line);
            *line <= table.starts.len() && (start..end).contains(&place.0)
        };
        let last = self.line.get();
        let near = [last, last + 1].into_iter().find(holds);
        let location =
            near.map_or_else(|| table.location(place), |line| table.location_in(line, place));
        self.line.set(location.line - 1);
        location
    }
}

pub(super) fn wide(narrow: u32) -> usize {
    usize::try_from(narrow).unwrap_or(usize::MAX)
}

/// Lengths and places of a text that is shorter than 4 GiB.
pub(super) fn narrow(wide: usize) -> u32 {
    u32::try_from(wide).unwrap_or(u32::MAX)
}
