//! What a check found: the findings with their places, and what came of every subject.

use std::ops::Range;
use std::sync::Arc;

use levada_schema_core::{CounterExample, Location, SchemaType};
use sha2::{Digest, Sha256};

use crate::catalog::Source;
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
    pub source: Source,
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

/// Some of a line around a place, as much as there is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Begins with `…` where there is more before it.
    pub before: String,
    /// What stands at the place.
    pub marked: String,
    /// Ends in `…` where the line goes on.
    pub behind: String,
}

impl Spot {
    /// The bytes that stand there, on one line; none without a location.
    pub fn span(&self) -> Option<Range<usize>> {
        let (start, line, offset) = self.line()?;
        let length = token_length(line.get(offset..).unwrap_or_default());
        Some(start + offset..start + offset + length)
    }

    /// The line of the location, or of a long one what is at most so many bytes away from it.
    pub fn excerpt(&self, before_max: usize, after_max: usize) -> Option<Excerpt> {
        const CUT: &str = "…";
        let (_, line, offset) = self.line()?;
        let from = line.ceil_char_boundary(offset.saturating_sub(before_max));
        let to = line.floor_char_boundary(offset.saturating_add(after_max));
        let (before, rest) = (line.get(from..offset)?, line.get(offset..to)?);
        let (marked, behind) = rest.split_at_checked(token_length(rest))?;
        let left = if from > 0 { CUT } else { "" };
        let right = if to < line.len() { CUT } else { "" };
        Some(Excerpt {
            before: format!("{left}{before}"),
            marked: marked.to_owned(),
            behind: format!("{behind}{right}"),
        })
    }

    /// What stands there, a value behind its name included, without white space and without what
    /// brackets in it hold; of a long text its beginning. Empty without a location.
    pub fn fragment(&self) -> String {
        let Some((start, line, offset)) = self.line() else { return String::new() };
        let end = self.text.floor_char_boundary(start + offset + FRAGMENT_BYTES_MAX);
        let rest = self.text.get(start + offset..end).unwrap_or_default();
        match rest.chars().next() {
            Some('{' | '[') => shallow(rest),
            Some('"') => {
                let (name, behind) = rest.split_at(end_of_string(rest));
                let value = behind.trim_start().strip_prefix(':').map(str::trim_start);
                format!("{name}{}", value.map(fragment_of_value).unwrap_or_default())
            }
            _ => line.get(offset..).map_or_else(String::new, |rest| {
                rest.get(..token_length(rest)).unwrap_or(rest).split_whitespace().collect()
            }),
        }
    }

    /// The line of the location, its start in the text, and the place in it.
    fn line(&self) -> Option<(usize, &str, usize)> {
        let at = self.location?;
        let start = match at.line.checked_sub(2) {
            None => 0,
            Some(before) => self.text.match_indices('\n').nth(before)?.0 + 1,
        };
        let line = self.text.get(start..)?.split('\n').next()?.trim_end_matches('\r');
        let before = at.column.saturating_sub(1);
        // A line may be a whole schema, with findings all over it.
        if line.get(..before).is_some_and(str::is_ascii) {
            return Some((start, line, before));
        }
        let inside = line.char_indices().nth(before);
        Some((start, line, inside.map_or(line.len(), |(offset, _)| offset)))
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

fn fragment_of_value(value: &str) -> String {
    let length = match value.chars().next() {
        Some('{' | '[') => return format!(":{}", shallow(value)),
        Some('"') => end_of_string(value),
        _ => value.find([',', '}', ']', '\n']).unwrap_or(value.len()),
    };
    format!(":{}", value.get(..length).unwrap_or(value).trim_end())
}

/// A bracket and what it holds, but not what is in brackets inside it.
fn shallow(text: &str) -> String {
    let (mut depth, mut at, mut found) = (0_usize, 0, String::new());
    while let Some(left) = text.get(at..).filter(|left| !left.is_empty()) {
        let first = left.chars().next().unwrap_or_default();
        let length = if first == '"' { end_of_string(left) } else { first.len_utf8() };
        let is_close = matches!(first, '}' | ']');
        depth += usize::from(matches!(first, '{' | '['));
        if depth == 1 && !first.is_whitespace() {
            found.push_str(left.get(..length).unwrap_or(left));
        }
        depth = depth.saturating_sub(usize::from(is_close));
        if is_close && depth == 0 {
            break;
        }
        at += length;
    }
    found
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

/// Most bytes of a text that its fragment is taken from.
const FRAGMENT_BYTES_MAX: usize = 4_096;

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

    /// The same with the paths of files as `shown` says them.
    #[must_use]
    pub fn with_paths(&self, shown: impl Fn(&str) -> String) -> Self {
        let mut report = self.clone();
        for finding in &mut report.findings {
            finding.new.place = shown(&finding.new.place);
            let old = finding.incompatible.as_mut().filter(|old| old.source == Source::SameRoot);
            if let Some(Incompatible { old, .. }) = old {
                old.place = shown(&old.place);
            }
        }
        report.pairs.iter_mut().for_each(|pair| pair.place = shown(&pair.place));
        report
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

    fn spot(text: &str, line: usize, column: usize) -> Spot {
        let location = Some(Location { line, column });
        Spot { place: "f".to_owned(), text: text.into(), location }
    }

    fn spanned(text: &str, line: usize, column: usize) -> &str {
        &text[spot(text, line, column).span().unwrap()]
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
    fn fragment_is_what_stands_there_with_its_value_and_without_what_it_holds_deeper() {
        let fragment = |text: &str, line, column| spot(text, line, column).fragment();
        let json = "{\"maxLength\" : 5,\n \"enum\":[\n \"a b\", 2],\"x\":{\"y\":{\"z\":1}}}";
        assert_eq!(fragment(json, 1, 2), "\"maxLength\":5");
        assert_eq!(fragment(json, 2, 2), "\"enum\":[\"a b\",2]");
        assert_eq!(fragment(json, 3, 12), "\"x\":{\"y\":}");
        assert_eq!(fragment(json, 1, 1), "{\"maxLength\":5,\"enum\":,\"x\":}");
        let proto = "message A {\n  int32  a = 1; // one\n}";
        assert_eq!(
            (fragment(proto, 1, 1), fragment(proto, 2, 3)),
            ("messageA".to_owned(), "int32a=1".to_owned())
        );
        let long = format!("[{}]", "\"é\",".repeat(9_999));
        assert!((4_000..5_000).contains(&fragment(&long, 1, 1).len()));
        assert_eq!((fragment("", 1, 1), fragment("{", 3, 1)), (String::new(), String::new()));
    }

    #[test]
    fn fingerprint_tells_parts_apart() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&["a"]).len(), 16);
    }
}
