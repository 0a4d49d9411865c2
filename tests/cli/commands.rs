//! The commands on schema files besides `check`: `lint`, `diff`, `fmt`, `lock`, `explain`, and the
//! formats of reports.

use std::fs;

use levada_tests::levada;

use crate::project::{Project, told};

const ORDER: &str =
    "{\"type\":\"record\",\"name\":\"a.Order\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"}]}\n";

#[test]
fn lint_finds_what_the_settings_choose() {
    let project = Project::new();
    project.write("order.avsc", &ORDER.replace("a.Order", "order"));
    let (code, out, _) = project.levada(&["lint", "--format", "compact"]);
    assert_eq!(code, Some(1));
    let rules: Vec<&str> = out.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(rules, ["AVRO_NAMESPACE_MISSING", "AVRO_TYPE_NAME"]);
    project.write(
        "levada.toml",
        "[lint]\nuse = [\"AVRO_TYPE_NAME\"]\nexcept = [\"AVRO_TYPE_NAME\"]\n",
    );
    assert_eq!(project.levada(&["lint"]).0, Some(0));
    project.write("order.avsc", "{\"type\":");
    assert_eq!(project.levada(&["lint"]).0, Some(4));
    project.remove("order.avsc");
    assert_eq!(project.levada(&["lint"]).0, Some(3));
}

#[test]
fn samples_beside_schemas_are_taken_and_refused_as_their_names_say() {
    let project = Project::new();
    project.write("levada.toml", "[[schemas]]\npath = \"s/*\"\n");
    project.write("s/age.json", r#"{"type":"object","properties":{"age":{"minimum":0}}}"#);
    project.write("s/age.ok.json", r#"{"age": 7}"#);
    project.write("s/age.below.bad.json", r#"{"age": -1}"#);
    project.write("s/order.avsc", ORDER);
    project.write("s/order.hex", "0e\n");
    let (code, out, err) = project.levada(&["test"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    project.write("s/age.ok.json", r#"{"age": -7}"#);
    project.write("s/age.below.bad.json", r#"{"age": 1}"#);
    project.write("s/order.hex", "0e00\n");
    project.write("s/order.ok.json", "{}");
    let (code, out, _) = project.levada(&["test", "--format", "compact"]);
    assert_eq!(code, Some(1));
    let mut found: Vec<&str> =
        out.lines().filter_map(|line| line.split(" error ").nth(1)?.split(' ').next()).collect();
    found.sort_unstable();
    let expected = ["SAMPLE_REFUSED", "SAMPLE_REFUSED", "SAMPLE_TAKEN", "SAMPLE_UNREADABLE"];
    assert_eq!(found, expected, "{out}");
    let bare = Project::new();
    bare.write("order.avsc", ORDER);
    assert_eq!(bare.levada(&["test"]).0, Some(3));
}

#[test]
fn sample_belongs_to_the_schema_whose_name_it_has_most_of() {
    let project = Project::new();
    project.write("order.schema.json", r#"{"type":"string"}"#);
    project.write("order.first.schema.json", r#"{"type":"integer"}"#);
    project.write("order.first.ok.json", "1");
    project.write("order.second.ok.json", "\"a\"");
    let (code, out, err) = project.levada(&["test"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let bare = Project::new();
    bare.write("order.avsc", "{");
    let (code, out, err) = bare.levada(&["test"]);
    assert_eq!((code, err.as_str()), (Some(4), ""), "{out}");
}

#[test]
fn fmt_changes_white_space_alone_and_its_check_changes_nothing() {
    let project = Project::new();
    project.write("order.avsc", ORDER);
    project.write("broken.avsc", "{");
    let (code, out, _) = project.levada(&["fmt", "--check", "order.avsc"]);
    assert_eq!((code, out.as_str()), (Some(1), "order.avsc\n"));
    assert_eq!(fs::read_to_string(project.path().join("order.avsc")).expect("a file"), ORDER);
    let (code, out, _) = project.levada(&["fmt"]);
    assert_eq!(code, Some(4));
    assert!(out.starts_with("broken.avsc: no schema: "), "{out}");
    let formatted = "{\n  \"type\": \"record\",\n  \"name\": \"a.Order\",\n  \
                     \"fields\": [{\"name\": \"id\", \"type\": \"long\"}]\n}\n";
    assert_eq!(fs::read_to_string(project.path().join("order.avsc")).expect("a file"), formatted);
    assert_eq!(project.levada(&["fmt", "--check", "order.avsc"]).0, Some(0));
}

#[test]
fn lock_file_is_a_baseline_and_shows_when_it_is_out_of_date() {
    let project = Project::new();
    let user = "{\"type\":\"record\",\"name\":\"a.User\",\"fields\":[{\"name\":\"o\",\"type\":\"a.Order\"}]}";
    project.write("order.avsc", ORDER);
    project.write("user.avsc", user);
    let (code, out, _) = project.levada(&["lock"]);
    assert_eq!((code, out.as_str()), (Some(0), "wrote levada.lock: 2 versions\n"));
    let check = ["check", "--against", "lock"];
    let (code, out, _) = project.levada(&check);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "checked 2 schemas, 2 pairs compared, 0 findings\n")
    );
    assert_eq!(project.levada(&["lock", "--check"]).0, Some(0));
    project.write("order.avsc", &ORDER.replace("long", "string"));
    assert_eq!(project.levada(&["lock", "--check"]).0, Some(1));
    let (code, out, _) = project.levada(&[&check[..], &["--format", "compact"]].concat());
    assert_eq!(code, Some(1));
    assert!(out.contains("order.avsc:1:65: error TYPE_MISMATCH"), "{out}");
    assert!(out.contains("user.avsc:"), "what refers to it breaks, too: {out}");
}

#[test]
fn diff_tells_what_changed_and_whom_it_keeps_from_reading() {
    let project = Project::with_git();
    project.write("order.avsc", ORDER);
    project.write("gone.avsc", "\"int\"\n");
    project.write("same.avsc", "\"int\"\n");
    project.commit();
    project.remove("gone.avsc");
    project.write("new.avsc", "\"int\"\n");
    project.write("same.avsc", " \"int\"\n");
    project.write("order.avsc", &ORDER.replace("long", "string"));
    let (code, out, err) = project.levada(&["diff", ".git#branch=main"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 7, "{out}");
    assert_eq!(
        [lines[0], lines[1], lines[2], lines[5], lines[6]],
        [
            "removed gone (gone.avsc)",
            "added new (new.avsc)",
            "changed order (order.avsc): compatible at level NONE",
            "changed same (same.avsc): layout and comments alone",
            "4 subjects changed",
        ]
    );
    assert!(lines[3].starts_with("  new readers cannot read old data: TYPE_MISMATCH at "), "{out}");
    assert!(lines[4].starts_with("  old readers cannot read new data: TYPE_MISMATCH at "), "{out}");
    let (code, out, _) = project.levada(&["diff", ".git#branch=main", "--text", "--exit-code"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("--- same.avsc\n+++ same.avsc\n"), "{out}");
    assert_eq!(project.levada(&["diff", "order.avsc", "order.avsc", "--exit-code"]).0, Some(0));
}

#[test]
fn diff_of_what_is_no_schema_says_why_and_exits_4() {
    let project = Project::with_git();
    project.write("order.avsc", ORDER);
    project.write("same.avsc", "{");
    project.commit();
    project.write("order.avsc", "{");
    project.write("new.avsc", "[");
    let (code, out, err) = project.levada(&["diff", ".git#branch=main"]);
    assert_eq!((code, err.as_str()), (Some(4), ""));
    let lines: Vec<&str> = out.lines().collect();
    let starts = [
        "added new (new.avsc)",
        "  new.avsc is no schema: ",
        "changed order (order.avsc)",
        "  order.avsc is no schema: ",
        "2 subjects changed",
    ];
    assert_eq!(lines.len(), starts.len(), "{out}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{out}");
    }
}

#[test]
fn lock_file_calls_records_by_their_names_and_shows_breaks_behind_references() {
    let project = Project::new();
    project.write("levada.toml", "[[schemas]]\npath = \"*.avsc\"\nsubject = \"{record}\"\n");
    let user = r#"{"type":"record","name":"a.User","fields":[{"name":"o","type":"a.Order"}]}"#;
    project.write("order.avsc", ORDER);
    project.write("user.avsc", user);
    assert_eq!(project.levada(&["lock"]).1, "wrote levada.lock: 2 versions\n");
    let text = fs::read_to_string(project.path().join("levada.lock")).expect("a lock file");
    let locked: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let reference = serde_json::json!([{"name": "a.Order", "subject": "a.Order", "version": 1}]);
    assert_eq!(locked["schemas"][1]["references"], reference);
    fs::rename(project.path().join("levada.lock"), project.path().join("old.lock")).expect("moved");
    project.write("order.avsc", &ORDER.replace("long", "string"));
    assert_eq!(project.levada(&["lock"]).0, Some(0));
    let (code, out, err) = project.levada(&["diff", "old.lock", "levada.lock"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("changed a.User (a.User version 1): compatible at level NONE\n"), "{out}");
}

#[test]
fn explain_shows_a_sample_that_breaks_and_names_unknown_rules() {
    let project = Project::new();
    let (code, out, _) = project.levada(&["explain", "reader-field-missing-default-value"]);
    assert_eq!(code, Some(0));
    for part in ["(Avro)", "fix: ", "old.avsc:", "new.avsc:", "--> new.avsc:"] {
        assert!(out.contains(part), "{part} is missing in:\n{out}");
    }
    let (code, out, err) = project.levada(&["explain", "NOPE"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(err, "levada: there is no rule NOPE; 'levada explain' lists all\n");
    assert!(project.levada(&["explain"]).1.lines().count() > 100);
}

#[test]
fn reports_go_into_several_files_at_once_and_into_the_step_summary() {
    let project = Project::new();
    project.write("old.avsc", ORDER);
    project.write("new.avsc", &ORDER.replace("long", "string"));
    let mut command = levada();
    command.current_dir(project.path()).args(["check", "old.avsc", "new.avsc"]);
    let formats = ["github", "json=out.json", "junit=out.xml", "sarif=out.sarif", "gitlab=out.gl"];
    command.args(formats.iter().flat_map(|format| ["--format", *format]));
    command.env("GITHUB_STEP_SUMMARY", project.path().join("summary.md"));
    let (code, out, err) = told(&mut command);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    assert!(out.starts_with("::error file=new.avsc,line=1,col=65,"), "{out}");
    let read = |name: &str| fs::read_to_string(project.path().join(name)).expect("a file");
    assert!(read("summary.md").contains("| error | `TYPE_MISMATCH` | `new.avsc:1` |"));
    assert!(read("out.xml").contains("failures=\"1\""));
    for name in ["out.json", "out.sarif", "out.gl"] {
        assert!(serde_json::from_str::<serde_json::Value>(&read(name)).is_ok(), "{name}");
    }
    let two =
        project.levada(&["check", "old.avsc", "new.avsc", "--format", "json", "--format", "text"]);
    assert_eq!(two.0, Some(2));
}

#[test]
fn color_is_for_terminals_and_for_who_asks() {
    let project = Project::new();
    project.write("old.avsc", ORDER);
    project.write("new.avsc", &ORDER.replace("long", "string"));
    let run =
        |args: &[&str]| project.levada(&[&["check", "old.avsc", "new.avsc"], args].concat()).1;
    assert!(!run(&[]).contains('\u{1b}'), "a pipe is no terminal");
    assert!(run(&["--color", "always"]).contains('\u{1b}'));
}

#[test]
fn completions_and_manual_pages_are_made_for_every_command() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, out, _) = project.levada(&["completions", shell]);
        assert_eq!(code, Some(0), "{shell}");
        assert!(out.contains("explain"), "{shell}");
    }
    assert_eq!(project.levada(&["man", "pages"]).0, Some(0));
    let page = fs::read_to_string(project.path().join("pages/levada-check.1")).expect("a page");
    assert!(page.contains("against"), "{page}");
}

#[test]
fn version_is_told_to_people_and_to_scripts() {
    let project = Project::new();
    let (code, out, _) = project.levada(&["version", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let version = told["version"].as_str().expect("a version");
    assert_eq!(code, Some(0));
    assert_eq!(project.levada(&["version"]).1, format!("levada {version}\n"));
    assert_eq!(project.levada(&["--version"]).1, format!("levada {version}\n"));
}
