//! What one comparison found, and how the reference words it.

use super::Rule;
use crate::{Location, Schema};

/// Longest old schema text that a message quotes whole, in UTF-16 code units.
const QUOTED_UNITS_MAX: usize = 10_240;

/// A side of the comparison; the candidate is the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    New,
    Old,
}

impl Side {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Old => "old",
        }
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::New => Self::Old,
            Self::Old => Self::New,
        }
    }
}

/// One difference that keeps the reader from decoding what the writer wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incompatibility {
    pub rule: Rule,
    /// Where it stands, in the format's own path notation.
    pub path: String,
    /// The side that reads.
    pub reader: Side,
    /// The bare detail: a field name, the missing symbols, the two types.
    pub detail: String,
    /// The reference's message, whole.
    pub message: String,
    /// Where it stands in the reader's text; unknown for what a reference defines.
    pub reader_location: Option<Location>,
    /// The same in the writer's text.
    pub writer_location: Option<Location>,
}

/// Everything found between the candidate and one earlier version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionReport {
    /// All directions, in the order they were checked.
    pub incompatibilities: Vec<Incompatibility>,
    different_type: bool,
    /// The text of the earlier version, if the direction checked last failed.
    failed_against: Option<String>,
}

impl VersionReport {
    pub(super) fn different_type(&mut self) {
        self.different_type = true;
    }

    pub(super) fn direction(&mut self, found: Vec<Incompatibility>, previous: &Schema) {
        self.failed_against = (!found.is_empty()).then(|| previous.canonical().to_owned());
        self.incompatibilities.extend(found);
    }

    pub fn is_compatible(&self) -> bool {
        !self.different_type && self.incompatibilities.is_empty()
    }

    /// The reference's verbose list without its last entry, which echoes the configuration.
    /// The trailer with the old version stands there only if the direction that was checked
    /// last failed (observed: a FULL check that fails forward alone has none).
    pub fn messages(&self, old_version: i32) -> Vec<String> {
        if self.different_type {
            return vec!["Incompatible because of different schema type".to_owned()];
        }
        let mut messages: Vec<String> =
            self.incompatibilities.iter().map(|found| found.message.clone()).collect();
        if let Some(old_schema) = &self.failed_against {
            messages.push(format!("{{oldSchemaVersion: {old_version}}}"));
            messages.push(match truncated(old_schema) {
                Some(head) => format!("{{oldSchema: <truncated> '{head}...'}}"),
                None => format!("{{oldSchema: '{old_schema}'}}"),
            });
        }
        messages
    }
}

/// What is quoted of a text that is too long to be quoted whole.
fn truncated(text: &str) -> Option<&str> {
    let mut units = 0;
    let (end, _) = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > QUOTED_UNITS_MAX
    })?;
    text.get(..end)
}

#[cfg(test)]
mod tests {
    use super::truncated;

    #[test]
    fn text_is_cut_where_java_counts_to_10240() {
        assert_eq!(truncated(&"é".repeat(10_240)), None);
        assert_eq!(truncated(&"é".repeat(10_241)), Some("é".repeat(10_240).as_str()));
        assert_eq!(truncated(&"😀".repeat(5_120)), None);
        assert_eq!(truncated(&"😀".repeat(5_121)), Some("😀".repeat(5_120).as_str()));
    }
}
