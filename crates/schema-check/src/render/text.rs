//! Findings for people: each with the line in question, in the new file and in the old one.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Style, example};
use crate::report::{Finding, Kind, Report, Severity, Spot};

pub(super) fn render(report: &Report, style: Style) -> String {
    let renderer = renderer(style);
    let mut text = String::new();
    for finding in &report.findings {
        let notes = notes(finding).into_iter().map(|note| Level::NOTE.no_name().message(note));
        text.push_str(&renderer.render(&[group(finding).elements(notes)]));
        text.push_str("\n\n");
    }
    if style.summary {
        text.push_str(&report.summary());
        text.push('\n');
    }
    text
}

/// The finding with its lines alone.
pub(crate) fn lines(finding: &Finding, style: Style) -> String {
    renderer(style).render(&[group(finding)])
}

fn renderer(style: Style) -> Renderer {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(style.width)
}

fn group(finding: &Finding) -> Group<'_> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(finding.message.as_str())
        .id(finding.rule.as_str())
        .elements(Vec::<Origin<'_>>::new());
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
    let (Some((start, line)), Some(span), Some(at)) = (spot.line(), spot.span(), spot.location)
    else {
        return group.element(Origin::path(spot.place.as_str()));
    };
    let end = (span.end - start).min(line.len());
    let marked = kind.span((span.start - start).min(end)..end).label(label);
    let snippet = Snippet::source(line).path(spot.place.as_str()).line_start(at.line);
    group.element(snippet.annotation(marked))
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
