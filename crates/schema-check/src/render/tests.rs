//! Every format of one report, against the files under `testdata/render`. With `UPDATE_EXPECT=1` in
//! the environment they are written anew.

use std::fs;
use std::path::PathBuf;

use levada_schema_core::{Limits, RawSchema, Schema, SchemaType, Validation};

use super::{Format, Style, render};
use crate::catalog::Catalog;
use crate::check::{Options, check};
use crate::layout::Layout;
use crate::report::Report;
use crate::settings::Project;
use crate::tree::{Content, Tree};

const OLD_ORDER: &str = r#"{
  "type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "long"},
    {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "PAID"]}}
  ]
}
"#;
const NEW_ORDER: &str = r#"{
  "type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "long"},
    {"name": "note é", "type": "string"}
  ]
}
"#;
const BROKEN: &str = "syntax = \"proto3\";\nmessage A {\n  B | <b> = 1;\n}\n";
const NEW_JSON: &str =
    r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "string"}"#;
const OLD_JSON: &str = r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#;

fn catalog(label: &str, files: &[(&str, &str)]) -> Catalog {
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.files.insert((*path).to_owned(), Content::Text((*text).into()));
    }
    let layout = Layout::new(&Project::default(), Vec::new(), None).unwrap();
    Catalog::of_tree(label.to_owned(), &tree, &layout, &Limits::default()).unwrap()
}

fn report() -> Report {
    let good = NEW_ORDER.replace(" é", "");
    let new = catalog(
        "",
        &[
            ("a/order.avsc", &good),
            ("a/b, c%.proto", BROKEN),
            ("n.json", NEW_JSON),
            ("new.avsc", "\"int\""),
        ],
    );
    let old = catalog(
        ".git#branch=main (merge base 0123abcd)",
        &[("a/order.avsc", OLD_ORDER), ("a/b, c%.proto", BROKEN), ("n.json", OLD_JSON)],
    );
    let options =
        Options { level: None, examples: true, style: Vec::new(), limits: Limits::default() };
    let mut report = check(&new, &[old], &options).unwrap();
    report.removed.push("gone".to_owned());
    report
}

fn expected(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/render").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap(), "{name}");
}

#[test]
fn every_format_of_a_report_is_as_expected() {
    let report = report();
    for (format, name) in [
        (Format::Text, "text.txt"),
        (Format::Compact, "compact.txt"),
        (Format::Json, "report.json"),
        (Format::Junit, "junit.xml"),
        (Format::Github, "github.txt"),
        (Format::Gitlab, "gitlab.json"),
        (Format::Sarif, "report.sarif"),
        (Format::Markdown, "markdown.md"),
    ] {
        expected(
            name,
            &render(format, &report, Style { color: false, width: None, summary: true }),
        );
    }
}

#[test]
fn text_fits_into_a_narrow_terminal_and_takes_colour() {
    let narrow = Style { color: false, width: Some(60), summary: true };
    let text = render(Format::Text, &report(), narrow);
    expected("narrow.txt", &text);
    // The word for a mark stands behind it, even where the marked line is as wide as the terminal.
    let words = text.lines().filter(|line| !line.ends_with("-- before"));
    let too_long: Vec<&str> = words.filter(|line| line.chars().count() > 60).collect();
    assert_eq!(too_long, Vec::<&str>::new(), "{text}");
    let colored = render(Format::Text, &report(), Style { color: true, ..narrow });
    assert_eq!(without_colour(&colored), text);
    assert_ne!(colored, text);
}

#[test]
fn long_line_is_cut_around_the_place_and_its_column_stays() {
    let added = r#"{"name":"added","type":"long"}"#;
    let schema = |more: &str| {
        let fields = |letter: char| {
            let field = |number| format!(r#"{{"name":"{letter}{number:03}","type":"long"}}"#);
            (0..100).map(field).collect::<Vec<_>>().join(",")
        };
        let fields = format!("{}{more},{}", fields('a'), fields('b'));
        format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
    };
    let (old_text, new_text) = (schema(""), schema(&format!(",{added}")));
    let old = catalog("old", &[("one.avsc", &old_text)]);
    let new = catalog("", &[("one.avsc", &new_text)]);
    let options =
        Options { level: None, examples: false, style: Vec::new(), limits: Limits::default() };
    let report = check(&new, &[old], &options).unwrap();
    let column = new_text.find(added).unwrap() + 1;
    for color in [false, true] {
        let wide = Style { color, width: Some(2_000), summary: true };
        let text = without_colour(&render(Format::Text, &report, wide));
        assert!(text.contains(&format!(" --> one.avsc:1:{column}\n")), "{text}");
        assert!(text.contains(" ::: one.avsc:1:1\n"), "{text}");
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("1 | ")).collect();
        let [new, old] = lines[..] else { panic!("{text}") };
        assert!(new.starts_with("1 | …") && new.contains(added) && new.ends_with('…'), "{new}");
        assert!(old.starts_with("1 | {") && old.ends_with('…'), "{old}");
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest < Some(1_000), "{text}");
    }
}

/// The text without its escape sequences, each of which ends in an `m`.
fn without_colour(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    let rest = pieces.map(|piece| piece.split_once('m').map_or("", |(_, rest)| rest));
    rest.fold(first, |text, piece| text + piece)
}

#[test]
fn json_report_is_valid_by_its_published_schema() {
    let schema = include_str!("../../report.schema.json");
    let raw = RawSchema { schema_type: SchemaType::Json, text: schema, references: &[] };
    let Schema::Json(schema) = Schema::parse(raw, Validation::New, &Limits::default()).unwrap()
    else {
        unreachable!("parsed as JSON")
    };
    let validator = schema.validator().unwrap();
    let text =
        render(Format::Json, &report(), Style { color: false, width: Some(60), summary: true });
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(validator.violations(&document), []);
    let mut wrong = document;
    wrong["findings"][0]["kind"] = "odd".into();
    assert_eq!(validator.violations(&wrong).len(), 1);
}

#[test]
fn report_without_findings_is_whole_in_every_format() {
    let report = Report::default();
    let of =
        |format| render(format, &report, Style { color: false, width: Some(60), summary: true });
    assert_eq!(of(Format::Text), "checked 0 schemas, 0 pairs compared, 0 findings\n");
    assert_eq!((of(Format::Compact).as_str(), of(Format::Gitlab).as_str()), ("", "[]\n"));
    assert_eq!(
        of(Format::Markdown),
        "### levada: checked 0 schemas, 0 pairs compared, 0 findings\n"
    );
    assert!(of(Format::Junit).contains("tests=\"0\""));
}
