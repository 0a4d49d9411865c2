//! What went wrong while reading a file, by byte offset, until the text is at hand to count lines.

use crate::limits::breach;
use crate::{Limits, Location, ParseError, ParseErrorKind};

pub(super) type Result<T> = std::result::Result<T, Failure>;

#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: ParseErrorKind,
    pub(super) at: Option<usize>,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(kind: ParseErrorKind, at: usize, message: impl Into<String>) -> Self {
        Self { kind, at: Some(at), message: message.into() }
    }

    pub(super) fn syntax(at: usize, message: impl Into<String>) -> Self {
        Self::new(ParseErrorKind::Syntax, at, message)
    }

    /// The failure of a file without text: there is no place to name.
    pub(super) fn without_place(mut self) -> Self {
        self.at = None;
        self
    }

    pub(super) fn into_error(self, text: &str) -> ParseError {
        let error = ParseError::new(self.kind, self.message);
        match self.at {
            Some(at) => error.at(Location::START.after(text.get(..at).unwrap_or(text))),
            None => error,
        }
    }
}

/// Bytes between two noted places.
const STRIDE: usize = 256;

/// Lines and columns of a text by byte offset: only what follows a noted place is counted, so that
/// very many findings in a very long line cost little each.
pub(super) struct Places<'t> {
    text: &'t str,
    noted: Vec<(usize, Location)>,
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut places = Self { text, noted: Vec::new() };
        for at in (STRIDE..text.len()).step_by(STRIDE) {
            let at = text.ceil_char_boundary(at);
            places.noted.push((at, places.location(at)));
        }
        places
    }

    pub(super) fn location(&self, at: usize) -> Location {
        let passed = self.noted.partition_point(|(noted, _)| *noted <= at);
        let noted = passed.checked_sub(1).and_then(|last| self.noted.get(last));
        let (start, from) = noted.copied().unwrap_or((0, Location::START));
        from.after(self.text.get(start..at).unwrap_or_default())
    }
}

fn too_large(at: usize, what: &str, max: usize, setting: &str) -> Failure {
    Failure::new(ParseErrorKind::TooLarge, at, breach(what, max, setting))
}

/// Deepest nesting, whatever [`Limits::depth_max`] allows beyond it: what reads descriptors stops
/// here, and looking a name up costs a step for each level around it.
pub(super) const DEPTH_MAX: usize = 100;

/// Counts what a file and its references hold against [`Limits`].
pub(super) struct Budget {
    limits: Limits,
    nodes: usize,
    depth: usize,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limits: *limits, nodes: 0, depth: 0 }
    }

    /// One more declaration, option or value.
    pub(super) fn node(&mut self, at: usize) -> Result<()> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes_max {
            let what = "too many declarations and option values";
            return Err(too_large(at, what, self.limits.nodes_max, "nodes-max"));
        }
        Ok(())
    }

    /// The parts of a dotted name, each of which becomes a scope.
    pub(super) fn parts(&mut self, name: &str, at: usize) -> Result<()> {
        name.bytes().filter(|byte| *byte == b'.').try_for_each(|_| self.node(at))
    }

    /// Refuses a file of `count` declarations and texts before it is decoded.
    pub(super) fn fits(&self, count: usize) -> Result<()> {
        let max = self.limits.nodes_max;
        if count <= max {
            return Ok(());
        }
        Err(too_large(0, "too many declarations in a descriptor", max, "nodes-max").without_place())
    }

    /// One more constant of an enum that has `count`.
    pub(super) fn constant(&self, count: usize, at: usize) -> Result<()> {
        let max = self.limits.enum_symbols_max;
        if count < max {
            return Ok(());
        }
        Err(too_large(at, "too many constants in an enum", max, "enum-symbols-max"))
    }

    /// One more field of a oneof that has `count`.
    pub(super) fn branch(&self, count: usize, at: usize) -> Result<()> {
        let max = self.limits.union_branches_max;
        if count < max {
            return Ok(());
        }
        Err(too_large(at, "too many fields in a oneof", max, "union-branches-max"))
    }

    /// One level down; every `enter` that succeeds is paired with a [`Self::leave`].
    pub(super) fn enter(&mut self, at: usize) -> Result<()> {
        let depth_max = self.limits.depth_max.min(DEPTH_MAX);
        if self.depth >= depth_max {
            return Err(too_large(at, "nested too deep", depth_max, "depth-max"));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Back to the top level, after a failure in the middle of a file.
    pub(super) fn restart(&mut self) {
        self.depth = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_that_counting_from_the_start_gives() {
        let text = "é\n".repeat(300) + &"ü".repeat(700) + "\n" + &"x".repeat(600);
        let places = Places::new(&text);
        for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
            assert_eq!(places.location(at), Location::START.after(&text[..at]), "{at}");
        }
        assert_eq!(Places::new("").location(0), Location::START);
    }
}
