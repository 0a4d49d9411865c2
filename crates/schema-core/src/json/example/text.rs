//! Texts that match a pattern: the shortest ones, and such as differ from them in one place.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::values::LENGTH_MAX;
use crate::json::pattern::Pattern;

/// Most texts of one part of a pattern.
const TEXTS_MAX: usize = 16;
/// The characters that a class is tried for first.
const LIKED: [char; 9] = ['a', 'A', '0', 'b', 'z', '9', '_', '-', ' '];
/// Most characters tried of one class.
const LETTERS_MAX: usize = 5;

/// Longest pattern that texts are made up for: a character of it can stand for a large class.
const PATTERN_BYTES_MAX: usize = 8 << 10;
/// Most bytes that all the texts of one pattern may take while they are made up.
const BYTES_MAX: usize = 1 << 20;

/// Texts in which `pattern` occurs, some of them of the lengths that are wanted. They are guesses
/// as far as look-around and anchors inside go; none where only the slow engine knows the pattern.
pub(super) fn matching(pattern: &str, depth_max: usize, lengths: &[usize]) -> Vec<String> {
    let parsed = Pattern::parse(pattern, depth_max).ok();
    let parsed = parsed.filter(|parsed| parsed.translated().len() <= PATTERN_BYTES_MAX);
    let Some(hir) = parsed.and_then(|parsed| regex_syntax::parse(parsed.translated()).ok()) else {
        return Vec::new();
    };
    let exact = Maker { lengths, bytes_left: BYTES_MAX }.texts(&hir);
    let mut all = exact.clone();
    for text in exact.iter().take(2) {
        let count = text.chars().count();
        for length in lengths.iter().filter(|length| **length > count) {
            all.push(format!("{text}{}", "a".repeat(length - count)));
        }
        all.extend([format!("a{text}"), format!("{text}a"), format!("{text} ")]);
    }
    all
}

struct Maker<'l> {
    lengths: &'l [usize],
    bytes_left: usize,
}

impl Maker<'_> {
    fn texts(&mut self, hir: &Hir) -> Vec<String> {
        let mut found = match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => vec![String::new()],
            HirKind::Literal(literal) => {
                std::str::from_utf8(&literal.0).map(str::to_owned).into_iter().collect()
            }
            HirKind::Class(class) => letters(class).into_iter().map(String::from).collect(),
            HirKind::Repetition(repetition) => self.repeated(repetition),
            HirKind::Capture(capture) => self.texts(&capture.sub),
            HirKind::Concat(parts) => self.joined(parts),
            HirKind::Alternation(parts) => {
                let branches: Vec<_> = parts.iter().map(|part| self.texts(part)).collect();
                let firsts = branches.iter().filter_map(|texts| texts.first());
                let others = branches.iter().flat_map(|texts| texts.iter().skip(1));
                firsts.chain(others).cloned().collect()
            }
        };
        found.truncate(TEXTS_MAX);
        found.retain(|text| text.len() <= LENGTH_MAX && self.spend(text.len()));
        found
    }

    /// Whether another text of so many bytes may be kept.
    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.bytes_left.checked_sub(bytes + 1);
        self.bytes_left = left.unwrap_or(0);
        left.is_some()
    }

    fn repeated(&mut self, repetition: &Repetition) -> Vec<String> {
        let bound = |limit| usize::try_from(limit).unwrap_or(usize::MAX);
        let (least, most) = (bound(repetition.min), repetition.max.map_or(usize::MAX, bound));
        let mut counts = vec![least, least.saturating_add(1), most];
        counts.extend(self.lengths);
        counts.retain(|count| (least..=most).contains(count) && *count <= LENGTH_MAX);
        counts.dedup();
        let inner = self.texts(&repetition.sub);
        let Some((first, others)) = inner.split_first() else {
            return counts.contains(&0).then(String::new).into_iter().collect();
        };
        let fits = |text: &str, count: usize| count.saturating_mul(text.len()) <= LENGTH_MAX;
        let counts = counts.into_iter().filter(|count| fits(first, *count));
        let mut found: Vec<String> = counts.map(|count| first.repeat(count)).collect();
        let shortest = least.max(1);
        let others = others.iter().filter(|text| fits(text, shortest));
        found.extend(others.map(|text| text.repeat(shortest)));
        found
    }

    /// The first texts of all parts, then each part's others with the first ones of the rest.
    fn joined(&mut self, parts: &[Hir]) -> Vec<String> {
        let mut texts = Vec::new();
        for part in parts {
            let some = self.texts(part);
            if some.is_empty() {
                return Vec::new();
            }
            texts.push(some);
        }
        let firsts: Vec<&str> =
            texts.iter().filter_map(|texts| texts.first().map(String::as_str)).collect();
        let mut found = vec![firsts.concat()];
        for (at, texts) in texts.iter().enumerate() {
            for other in texts.iter().skip(1) {
                if found.len() >= TEXTS_MAX {
                    return found;
                }
                let (before, after) = firsts.split_at(at);
                let after = after.get(1..).unwrap_or_default();
                found.push(format!("{}{other}{}", before.concat(), after.concat()));
            }
        }
        found
    }
}

fn letters(class: &Class) -> Vec<char> {
    let Class::Unicode(class) = class else { return Vec::new() };
    let holds =
        |letter: char| class.iter().any(|range| (range.start()..=range.end()).contains(&letter));
    let mut letters: Vec<char> = LIKED.into_iter().filter(|letter| holds(*letter)).collect();
    letters.truncate(LETTERS_MAX - 1);
    letters.extend(class.iter().flat_map(|range| [range.start(), range.end()]).take(2));
    letters
}

#[cfg(test)]
mod tests {
    use super::matching;

    #[test]
    fn every_made_up_text_matches() {
        for pattern in ["^[a-z]{2,4}$", "^(foo|bar)-\\d+$", "x", "^a?b*c+$", "^[^a-z]$", "^.{3}$"] {
            let search = regex::Regex::new(pattern).unwrap();
            let texts = matching(pattern, 100, &[]);
            assert!(texts.iter().any(|text| search.is_match(text)), "{pattern}: {texts:?}");
        }
        assert_eq!(matching("^[a-z]{2,4}$", 100, &[]).first().map(String::as_str), Some("aa"));
        assert!(matching("^a+$", 100, &[7]).contains(&"aaaaaaa".to_owned()));
    }
}
