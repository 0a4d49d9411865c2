//! What a check found: the findings with their places, and what came of every subject.

use std::ops::Range;
use std::sync::Arc;

use levada_schema_core::{CounterExample, Location, SchemaType};
use sha2::{Digest, Sha256};

use crate::layout::Level;
use crate::render::hex;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The run fails.
    Error,
    /// The run goes on.
    Warning,
}

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A change that a reader cannot take.
    Incompatible,
    /// A schema that cannot be used: it does not parse, or a reference does not resolve.
    Invalid,
    /// A question of style.
    Style,
    /// A value that its schema does not take as it shall.
    Sample,
    /// An approval that counts for nothing.
    Accept,
}

/// A place in a schema text, with the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file, or the version of a subject.
    pub place: String,
    pub text: Arc<str>,
    /// None where it is not known, as in what a reference defines.
    pub location: Option<Location>,
}

/// The level that was asked for, and what the value says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incompatible {
    pub level: Level,
    /// What the new schema was compared with.
    pub baseline: String,
    pub old: Spot,
    pub example: Example,
}

/// A value that shows the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Example {
    NotAsked,
    LookedFor(CounterExample),
    /// Enough findings before it have one.
    OneTooMany,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    pub severity: Severity,
    pub rule: String,
    pub subject: String,
    pub schema_type: SchemaType,
    /// Where it is in the schema, in the format's own notation; empty for the schema as a whole.
    pub path: String,
    /// What is wrong, in one plain sentence.
    pub message: String,
    pub explanation: Option<&'static str>,
    pub fix: Option<String>,
    pub new: Spot,
    pub incompatible: Option<Incompatible>,
    /// Of this very change: the same for as long as nothing else about it changes.
    pub fingerprint: String,
}

/// What came of one subject against one baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The baseline does not have it.
    New,
    /// It is there to the byte.
    Unchanged,
    /// So many versions were compared.
    Compared(usize),
    /// The schema itself, or the one before it, cannot be read.
    Unreadable,
    /// There was nothing to compare it with, nor should there be.
    Alone,
}

/// A subject against a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub subject: String,
    pub place: String,
    pub baseline: String,
    pub outcome: Outcome,
}

/// All that a run says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub pairs: Vec<Pair>,
    /// How many schemas were looked at.
    pub schemas: usize,
    /// Subjects of a baseline that are gone.
    pub removed: Vec<String>,
    /// Findings that are approved.
    pub accepted: usize,
}

impl Spot {
    /// The bytes that stand there, on one line; none without a location.
    pub fn span(&self) -> Option<Range<usize>> {
        let at = self.location?;
        let start = self.line_start(at.line)?;
        let line = self.text.get(start..)?.split('\n').next()?;
        let inside = line.char_indices().nth(at.column.saturating_sub(1));
        let offset = inside.map_or(line.len(), |(offset, _)| offset);
        let length = token_length(line.get(offset..).unwrap_or_default());
        Some(start + offset..start + offset + length)
    }

    fn line_start(&self, line: usize) -> Option<usize> {
        match line.checked_sub(2) {
            None => Some(0),
            Some(before) => self.text.match_indices('\n').nth(before).map(|(at, _)| at + 1),
        }
    }

    /// The line of the location, with its start in the text.
    pub fn line(&self) -> Option<(usize, &str)> {
        let start = self.line_start(self.location?.line)?;
        let line = self.text.get(start..)?.split('\n').next()?;
        Some((start, line.trim_end_matches('\r')))
    }

    /// The column behind the last character of the span.
    pub fn end_column(&self) -> Option<usize> {
        let span = self.span()?;
        Some(self.location?.column + self.text.get(span)?.chars().count())
    }
}

/// How many bytes of a line belong to what starts it: a string, a bracket with its content, a
/// declaration, a word.
fn token_length(rest: &str) -> usize {
    let rest = rest.trim_end();
    let first = rest.chars().next();
    let found = match first {
        None => 0,
        Some('"' | '\'') => end_of_string(rest),
        Some('{' | '[') => end_of_brackets(rest),
        Some(_) => match rest.find([';', '{']) {
            Some(end) => rest.get(..end).unwrap_or(rest).trim_end().len(),
            None => rest.find([',', '}', ']']).unwrap_or(rest.len()),
        },
    };
    found.max(first.map_or(0, char::len_utf8))
}

fn end_of_string(rest: &str) -> usize {
    let mut characters = rest.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            _ if Some(character) == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Brackets inside strings do not count; one that is not closed on the line goes to its end.
fn end_of_brackets(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) {
        let step = match left.chars().next() {
            Some('"') => end_of_string(left),
            Some('{' | '[') => {
                depth += 1;
                1
            }
            Some('}' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
                1
            }
            other => other.map_or(1, char::len_utf8),
        };
        at += step;
    }
    rest.len()
}

/// Sixteen hex digits that stand for `parts` together.
pub fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex(hash.finalize().get(..8).unwrap_or_default())
}

impl Finding {
    /// Where an approval finds it: the file, `#`, and the path in the schema.
    pub fn at(&self) -> String {
        format!("{}#{}", self.new.place, self.path.trim_start_matches('#'))
    }
}

impl Report {
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    pub fn has(&self, kind: Kind) -> bool {
        let is_meant = |finding: &&Finding| finding.severity == Severity::Error;
        self.findings.iter().filter(is_meant).any(|finding| finding.kind == kind)
    }

    /// How many pairs were looked at with both sides at hand.
    pub fn compared(&self) -> usize {
        let is_compared =
            |pair: &&Pair| matches!(pair.outcome, Outcome::Compared(_) | Outcome::Unchanged);
        self.pairs.iter().filter(is_compared).count()
    }

    pub fn new_subjects(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.outcome == Outcome::New).count()
    }

    /// What was done, in one line.
    pub fn summary(&self) -> String {
        let findings = self.findings.len();
        let mut parts = vec![format!("checked {}", plural(self.schemas, "schema"))];
        let is_alone = |pair: &Pair| pair.outcome == Outcome::Alone;
        if self.pairs.is_empty() || !self.pairs.iter().all(is_alone) {
            parts.push(format!("{} compared", plural(self.compared(), "pair")));
        }
        let counted = [
            (self.new_subjects(), "new"),
            (self.removed.len(), "gone"),
            (self.accepted, "accepted"),
        ];
        parts.extend(
            counted.iter().filter(|(count, _)| *count > 0).map(|(n, what)| format!("{n} {what}")),
        );
        parts.push(plural(findings, "finding"));
        parts.join(", ")
    }
}

/// `count` things.
pub fn plural(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spanned(text: &str, line: usize, column: usize) -> &str {
        let location = Some(Location { line, column });
        let spot = Spot { place: "f".to_owned(), text: text.into(), location };
        let span = spot.span().unwrap();
        &text[span]
    }

    #[test]
    fn span_is_the_token_that_stands_there() {
        let avro = "{\"a\":\n  {\"name\": \"é}\", \"type\": [\"int\"]}, {\"x\": [\n";
        assert_eq!(spanned(avro, 1, 2), "\"a\"");
        assert_eq!(spanned(avro, 2, 3), "{\"name\": \"é}\", \"type\": [\"int\"]}");
        assert_eq!(spanned(avro, 2, 26), "[\"int\"]");
        assert_eq!(spanned(avro, 2, 36), "{\"x\": [");
        let proto = "message A {\n  int32 a = 1; // one\n}";
        assert_eq!(spanned(proto, 1, 1), "message A");
        assert_eq!(spanned(proto, 2, 3), "int32 a = 1");
        assert_eq!(spanned("{\"m\": 12, \"n\": 1}", 1, 7), "12");
    }

    #[test]
    fn place_behind_the_text_has_an_empty_span() {
        assert_eq!(spanned("{", 1, 9), "");
        let spot = Spot { place: String::new(), text: "a".into(), location: None };
        assert_eq!(spot.span(), None);
    }

    #[test]
    fn fingerprint_tells_parts_apart() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&["a"]).len(), 16);
    }
}
