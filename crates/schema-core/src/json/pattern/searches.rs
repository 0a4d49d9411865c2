//! Compiled patterns, each kept for as long as one comparison takes, under one bound for all.

use std::collections::HashMap;

use super::{Pattern, Search, Unfit};
use crate::Limits;

/// All patterns together may take this many times what one may.
const TOGETHER: usize = 16;
/// A character of a pattern can stand for a class of this many bytes before it is compiled.
const CLASS_BYTES: usize = 128;
/// One piece of work, in bytes of a text that is searched.
const WORK_BYTES: usize = 32;
/// How many steps of a search are one piece of work.
const WORK_STEPS: usize = 10;

#[derive(Debug)]
pub(in crate::json) struct Searches {
    limits: Limits,
    bytes_left: usize,
    known: HashMap<String, Option<Search>>,
}

impl Searches {
    pub(in crate::json) fn new(limits: &Limits) -> Self {
        let bytes_left = limits.pattern_bytes_max.saturating_mul(TOGETHER);
        Self { limits: *limits, bytes_left, known: HashMap::new() }
    }

    /// Whether `pattern` occurs in `text`, and what the search cost in pieces of work; `None` if
    /// the pattern cannot be compiled or searched for within the limits.
    pub(in crate::json) fn finds(&mut self, pattern: &str, text: &str) -> Option<(bool, usize)> {
        if !self.known.contains_key(pattern) {
            let search = self.compile(pattern);
            self.known.insert(pattern.to_owned(), search);
        }
        let search = self.known.get(pattern)?.as_ref()?;
        let work = match search {
            Search::Linear(_) => 1 + text.len() / WORK_BYTES,
            Search::Stepwise(_) => 1 + self.limits.pattern_steps_max / WORK_STEPS,
        };
        Some((search.finds(text)?, work))
    }

    /// Whether `pattern` and those before it can be compiled within the limits. One that the
    /// linear engine does not know counts for nothing.
    pub(in crate::json) fn fits(&mut self, pattern: &str) -> bool {
        match Pattern::parse(pattern, self.limits.pattern_depth_max) {
            Ok(parsed) => !matches!(self.linear(&parsed), Err(Unfit::Size)),
            Err(_) => true,
        }
    }

    fn compile(&mut self, source: &str) -> Option<Search> {
        let pattern = Pattern::parse(source, self.limits.pattern_depth_max).ok()?;
        match self.linear(&pattern) {
            Ok(search) => Some(search),
            Err(Unfit::Size) => None,
            Err(Unfit::Syntax) => {
                self.bytes_left = self.bytes_left.checked_sub(self.limits.pattern_bytes_max)?;
                pattern.stepwise(&self.limits)
            }
        }
    }

    /// Tries small bounds first: what was needed is known only as the bound that sufficed.
    fn linear(&mut self, pattern: &Pattern) -> Result<Search, Unfit> {
        let most = self.limits.pattern_bytes_max;
        if pattern.translated.len() > most / CLASS_BYTES {
            return Err(Unfit::Size);
        }
        for bytes in [most / 64, most / 8, most] {
            if bytes > self.bytes_left {
                return Err(Unfit::Size);
            }
            match pattern.linear(bytes) {
                Err(Unfit::Size) => {}
                Err(Unfit::Syntax) => return Err(Unfit::Syntax),
                Ok(search) => {
                    self.bytes_left -= bytes;
                    return Ok(search);
                }
            }
        }
        Err(Unfit::Size)
    }
}
