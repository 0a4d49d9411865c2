//! Patterns that clients send, in RE2's syntax: matched in linear time, bounded in memory.

use regex::{Regex, RegexBuilder};

/// Of a compiled pattern; counted repetitions of repetitions go beyond it.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// A pattern that must match a whole text.
pub(crate) fn whole_match(pattern: &str) -> Result<Regex, regex::Error> {
    // Alone first: what is only a pattern inside the parentheses is none.
    RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).build()?;
    RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(COMPILED_BYTES_MAX).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_must_match_the_whole_text() {
        let pattern = whole_match("a|b+").unwrap();
        assert_eq!(
            ["a", "bbb", "ab", "", "ba"].map(|t| pattern.is_match(t)),
            [true, true, false, false, false]
        );
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        for pattern in ["(", "a)(b", "\\p{nothing}", "(?=a)", "((a{1000}){1000}){1000}"] {
            assert!(whole_match(pattern).is_err(), "{pattern}");
        }
    }
}
