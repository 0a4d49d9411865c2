//! Reports in the formats that people, editors and CI systems read.

mod compact;
mod example;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod sarif;
#[cfg(test)]
mod tests;
mod text;
mod wrap;

pub(crate) use example::hex;
pub(crate) use text::lines;
pub use wrap::wrap;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::report::{Report, Severity};

/// The version of levada, as machines are told it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A format of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, with the lines in question; may change at any time.
    #[default]
    Text,
    /// One line a finding, as editors read them.
    Compact,
    /// Everything; `report.schema.json` describes it.
    Json,
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// Code quality of GitLab.
    Gitlab,
    Sarif,
    /// A comment below a pull request.
    Markdown,
}

/// A format name that is none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown format '{0}'; known are text, compact, json, junit, github, gitlab, sarif, markdown"
)]
pub struct UnknownFormat(pub String);

/// How text for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns of the terminal, in which text is wrapped and source lines are cut; none where lines
    /// may be as long as they are.
    pub width: Option<usize>,
    /// Whether a last line says what was compared.
    pub summary: bool,
}

impl Format {
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Compact,
        Self::Json,
        Self::Junit,
        Self::Github,
        Self::Gitlab,
        Self::Sarif,
        Self::Markdown,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Compact => "compact",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Sarif => "sarif",
            Self::Markdown => "markdown",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|format| format.as_str() == name);
        known.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// The whole report as text.
pub fn render(format: Format, report: &Report, style: Style) -> String {
    match format {
        Format::Text => text::render(report, style),
        Format::Compact => compact::render(report),
        Format::Json => json::render(report),
        Format::Junit => junit::render(report),
        Format::Github => github::render(report),
        Format::Gitlab => gitlab::render(report),
        Format::Sarif => sarif::render(report),
        Format::Markdown => markdown::render(report),
    }
}

/// Text of others as a terminal or a log can show it: no character of it moves the cursor, changes
/// colours or turns the direction of what follows. Line ends and tabs stay.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let shown = |character| match character {
        character if is_control(character) => char::REPLACEMENT_CHARACTER,
        character => character,
    };
    Cow::Owned(text.replace("\r\n", "\n").chars().map(shown).collect())
}

fn is_control(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        character => character.is_control(),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Documents of texts and numbers always are JSON.
fn json_text(document: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}
