//! Regular expressions of `java.util.regex`: what it compiles, and a search with the same meaning.
//!
//! One pass checks the syntax and writes the pattern for the linear engine `regex`; look-around and
//! back references go to `fancy_regex` under its limit of steps, so no pattern runs for ever.

mod escape;
mod parser;
#[cfg(test)]
mod tests;

use crate::Limits;
use parser::Parser;

/// A checked pattern, ready to be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// In the syntax of the crates `regex` and `fancy_regex`.
    translated: String,
    /// Has quantifiers that give nothing back, which the linear engine would misread.
    possessive: bool,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) enum Search {
    Linear(regex::Regex),
    Stepwise(Box<fancy_regex::Regex>),
}

impl Pattern {
    /// Checks a pattern, which may nest `depth_max` deep; the error says what is wrong with it.
    pub(super) fn parse(source: &str, depth_max: usize) -> Result<Self, String> {
        let mut parser = Parser::new(source, depth_max);
        parser.run()?;
        Ok(Self { translated: parser.out, possessive: parser.possessive })
    }

    /// `None` if the pattern outgrows the limits in both engines.
    pub(super) fn compile(&self, limits: &Limits) -> Option<Search> {
        let bytes_max = limits.pattern_bytes_max;
        let linear = regex::RegexBuilder::new(&self.translated).size_limit(bytes_max).build();
        let linear = linear.ok().filter(|_| !self.possessive);
        linear.map(Search::Linear).or_else(|| {
            fancy_regex::RegexBuilder::new(&self.translated)
                .delegate_size_limit(bytes_max)
                .backtrack_limit(limits.pattern_steps_max)
                .build()
                .ok()
                .map(|found| Search::Stepwise(Box::new(found)))
        })
    }
}

impl Search {
    /// Whether the pattern occurs anywhere in `text`; `None` if the search took too many steps.
    pub(super) fn finds(&self, text: &str) -> Option<bool> {
        match self {
            Self::Linear(engine) => Some(engine.is_match(text)),
            Self::Stepwise(engine) => engine.is_match(text).ok(),
        }
    }
}
