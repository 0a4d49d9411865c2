//! Regular expressions of `java.util.regex`: what it compiles, and a search with the same meaning.
//!
//! One pass checks the syntax and writes the pattern for the linear engine `regex`; look-around and
//! back references go to `fancy_regex` under its limit of steps, so no pattern runs for ever.

mod class;
mod escape;
mod family;
mod parser;
mod searches;
#[cfg(test)]
mod tests;

use crate::Limits;
use parser::Parser;
pub(super) use searches::Searches;

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
enum Search {
    Linear(regex::Regex),
    Stepwise(Box<fancy_regex::Regex>),
}

impl Pattern {
    /// Checks a pattern, which may nest `depth_max` deep; the error says what is wrong with it.
    pub(super) fn parse(source: &str, depth_max: usize) -> Result<Self, String> {
        let source = escape::unquoted(source);
        let mut parser = Parser::new(&source, depth_max);
        parser.run()?;
        Ok(Self { translated: parser.out, possessive: parser.possessive })
    }

    /// In the syntax of the crate `regex`, unless only `fancy_regex` can search for it.
    pub(super) fn translated(&self) -> &str {
        &self.translated
    }

    /// For the linear engine, in at most `bytes_max`.
    fn linear(&self, bytes_max: usize) -> Result<Search, Unfit> {
        if self.possessive {
            return Err(Unfit::Syntax);
        }
        let builder = &mut regex::RegexBuilder::new(&self.translated);
        match builder.size_limit(bytes_max).dfa_size_limit(bytes_max).build() {
            Ok(engine) => Ok(Search::Linear(engine)),
            Err(regex::Error::CompiledTooBig(_)) => Err(Unfit::Size),
            Err(_) => Err(Unfit::Syntax),
        }
    }

    /// For the engine that tries and goes back, piece by piece compiled.
    fn stepwise(&self, limits: &Limits) -> Option<Search> {
        fancy_regex::RegexBuilder::new(&self.translated)
            .delegate_size_limit(limits.pattern_bytes_max / PIECES)
            .backtrack_limit(limits.pattern_steps_max)
            .build()
            .ok()
            .map(|engine| Search::Stepwise(Box::new(engine)))
    }
}

/// Pieces that a pattern may come to without passing the bound on all of it.
const PIECES: usize = 16;

/// Why a pattern is not for the linear engine.
enum Unfit {
    Size,
    Syntax,
}

impl Search {
    /// Whether the pattern occurs anywhere in `text`; `None` if the search took too many steps.
    fn finds(&self, text: &str) -> Option<bool> {
        match self {
            Self::Linear(engine) => Some(engine.is_match(text)),
            Self::Stepwise(engine) => engine.is_match(text).ok(),
        }
    }
}
