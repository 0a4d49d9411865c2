//! Findings for people: each with the line in question, in the new file and in the old one.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Style, example, plain, severity, wrap};
use crate::report::{Excerpt, Finding, Kind, Report, Severity, Spot};

/// Columns of source lines that no terminal bounds.
const SOURCE_WIDTH: usize = 140;
/// How far the lines of a title that follow the first are moved in.
const HANGING: usize = 2;
/// What stands before a note besides the width of line numbers: ` = `.
const BEFORE_NOTE: usize = 3;
/// Bytes of a line that are handed to the renderer, before a place and from there on: more than
/// terminals are wide. It looks at all of them for each finding, and a schema may be one line.
const SHOWN_BEFORE_MAX: usize = 300;
const SHOWN_AFTER_MAX: usize = 600;

pub(super) fn render(report: &Report, style: Style) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&drawn(finding, &notes(finding), style));
        text.push_str("\n\n");
    }
    if style.summary {
        let width = style.width.unwrap_or(usize::MAX);
        text.push_str(&wrap(&report.summary(), width, width));
        text.push('\n');
    }
    text
}

/// The finding with its lines alone.
pub(crate) fn lines(finding: &Finding, style: Style) -> String {
    drawn(finding, &[], style)
}

fn drawn(finding: &Finding, notes: &[String], style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width.unwrap_or(SOURCE_WIDTH));
    let label = severity(finding.severity).len() + finding.rule.len() + "[]: ".len();
    let mut title = plain(&finding.message).into_owned();
    let mut notes: Vec<String> = notes.iter().map(|note| plain(note).into_owned()).collect();
    if let Some(width) = style.width {
        title = wrap(&title, width.saturating_sub(label), width.saturating_sub(HANGING));
        let room = width.saturating_sub(number_width(finding) + BEFORE_NOTE);
        notes = notes.iter().map(|note| wrap(note, room, room)).collect();
    }
    let notes = notes.iter().map(|note| Level::NOTE.no_name().message(note.as_str()));
    let drawn = renderer.render(&[group(finding, &title).elements(notes)]);
    let drawn = with_columns(&drawn, finding);
    // The renderer puts all lines of a title behind its label, which leaves them little room.
    let behind_label = format!("\n{}", " ".repeat(label));
    let moved_in = format!("\n{}", " ".repeat(HANGING));
    drawn.replacen(&behind_label, &moved_in, title.matches('\n').count())
}

/// How many digits the line numbers beside a finding have.
fn number_width(finding: &Finding) -> usize {
    let old = finding.incompatible.as_ref().map(|incompatible| &incompatible.old);
    let spots = std::iter::once(&finding.new).chain(old);
    let lines = spots.filter_map(|spot| spot.location).map(|location| location.line);
    lines.max().unwrap_or_default().to_string().len()
}

fn group<'a>(finding: &'a Finding, title: &'a str) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group =
        level.primary_title(title).id(finding.rule.as_str()).elements(Vec::<Origin<'_>>::new());
    group = with_spot(group, &finding.new, AnnotationKind::Primary, &finding.path);
    if let Some(incompatible) = &finding.incompatible {
        group = with_spot(group, &incompatible.old, AnnotationKind::Context, "before");
    }
    group
}

/// The line of the spot, marked; the file alone where the place is not known.
fn with_spot<'a>(
    group: Group<'a>,
    spot: &'a Spot,
    kind: AnnotationKind,
    label: &'a str,
) -> Group<'a> {
    let excerpt = spot.excerpt(SHOWN_BEFORE_MAX, SHOWN_AFTER_MAX);
    let place = plain(&spot.place);
    let (Some(Excerpt { before, marked, behind }), Some(at)) = (excerpt, spot.location) else {
        return group.element(Origin::path(place));
    };
    let [before, marked, behind] = [&before, &marked, &behind].map(|part| plain(part));
    let marks = kind.span(before.len()..before.len() + marked.len()).label(plain(label));
    let snippet = Snippet::source(format!("{before}{marked}{behind}")).line_start(at.line);
    group.element(snippet.path(place).annotation(marks))
}

/// Of a line that was cut, the renderer counts the columns from there.
fn with_columns(drawn: &str, finding: &Finding) -> String {
    let old = finding.incompatible.as_ref().map(|incompatible| &incompatible.old);
    let (title, mut rest) = drawn.split_at(drawn.find("--> ").unwrap_or(drawn.len()));
    let mut text = title.to_owned();
    for spot in std::iter::once(&finding.new).chain(old) {
        let excerpt = spot.excerpt(SHOWN_BEFORE_MAX, SHOWN_AFTER_MAX);
        let (Some(excerpt), Some(at)) = (excerpt, spot.location) else { continue };
        let place = format!("{}:{}:", plain(&spot.place), at.line);
        let counted = format!("{place}{}", excerpt.before.chars().count() + 1);
        if let Some((before, behind)) = rest.split_once(&counted) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{before}{place}{}", at.column);
            rest = behind;
        }
    }
    text + rest
}

fn notes(finding: &Finding) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(finding.explanation.map(|why| format!("why: {why}")));
    notes.extend(finding.fix.as_ref().map(|fix| format!("fix: {fix}")));
    if let Some(incompatible) = &finding.incompatible {
        let level = &incompatible.level;
        notes.push(format!("level: {} ({})", level.level, level.source));
        notes.push(format!("against: {}", incompatible.baseline));
        notes.extend(example::lines(&incompatible.example, finding.schema_type));
    }
    if finding.kind == Kind::Incompatible && finding.explanation.is_some() {
        notes.push(format!("more: levada explain {}", finding.rule));
    }
    notes
}
