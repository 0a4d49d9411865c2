//! The definitions for pipelines of others, run as those run them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use levada_tests::levada;
use serde_json::Value;

use crate::project::{Project, Told, git_in, told};
use crate::{ORDER, WITH_DEFAULT, WITHOUT_DEFAULT};

const BREAKS: &str = "The field 'note' at path '/fields/1' in the new schema has no default value";

fn definition(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    let text = std::fs::read_to_string(path).expect("the definition");
    serde_saphyr::from_str(&text).expect("YAML")
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).expect(pointer)
}

/// A clone of depth 1 of a branch that changes the schema of main.
struct Change {
    _origin: Project,
    clone: Project,
    /// What a runner keeps beside the clone.
    runner: Project,
}

impl Change {
    fn new(changed: &str) -> Self {
        let origin = Project::with_git();
        origin.write("schemas/order.avsc", ORDER);
        origin.commit();
        origin.git(&["checkout", "--quiet", "-b", "change"]);
        origin.write("schemas/order.avsc", changed);
        origin.commit();
        let clone = Project::new();
        let from = format!("file://{}", origin.path().display());
        git_in(clone.path(), &["clone", "--quiet", "--depth=1", "--branch=change", &from, "."]);
        Self { _origin: origin, clone, runner: Project::new() }
    }

    fn path(&self) -> &Path {
        self.clone.path()
    }

    /// Runs a step as the shell of a pipeline does: its first failure ends it.
    fn bash(&self, script: &str, variables: &BTreeMap<&str, String>) -> Told {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        told(bash.current_dir(self.path()).env("PATH", path_with_levada()).envs(variables))
    }
}

/// What the GitHub Action gives to later steps, and the errors that the report of it counts.
fn outputs(change: &Change) -> (String, Value) {
    let folder = change.runner.path();
    let output = std::fs::read_to_string(folder.join("output")).expect("outputs");
    let report = std::fs::read_to_string(folder.join("levada-report.json")).expect("the report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let place = folder.join("levada-report.json").display().to_string();
    (output.replace(&place, "REPORT"), report["summary"]["errors"].clone())
}

/// The PATH with the binary under test before all others.
fn path_with_levada() -> std::ffi::OsString {
    let binary = PathBuf::from(levada().get_program());
    let folder = binary.parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").expect("a PATH");
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)))
        .expect("folders without colons")
}

/// All steps of the GitHub Action without inputs but `paths`, for a pull request to main.
fn run_action(change: &Change) -> Told {
    let action = definition("ci/action.yml");
    let steps = action.pointer("/runs/steps").and_then(Value::as_array).expect("steps");
    let mut last = None;
    for step in steps {
        let mut variables = BTreeMap::from([
            ("GITHUB_BASE_REF", "main".to_owned()),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("RUNNER_TEMP", change.runner.path().display().to_string()),
            ("GITHUB_OUTPUT", change.runner.path().join("output").display().to_string()),
        ]);
        let given = step.get("env").and_then(Value::as_object);
        for (name, value) in given.into_iter().flatten() {
            let value = match value.as_str().expect("text") {
                "${{ inputs.paths }}" => "schemas",
                "${{ inputs.sarif }}" => "found.sarif",
                "${{ inputs.against }}" | "${{ github.action_path }}/../crates/cli" => "",
                other => panic!("{other} is given by nobody"),
            };
            variables.insert(name, value.to_owned());
        }
        let step = change.bash(text(step, "/run"), &variables);
        if step.0 != Some(0) {
            return step;
        }
        last = Some(step);
    }
    last.expect("a step")
}

#[test]
fn github_action_passes_a_change_that_readers_take() {
    let change = Change::new(WITH_DEFAULT);
    let (code, out, err) = run_action(&change);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, "checked 1 schema, 1 pair compared, 0 findings\n");
    assert_eq!(outputs(&change), ("findings=0\nreport=REPORT\n".to_owned(), 0.into()));
}

#[test]
fn github_action_annotates_the_line_of_a_break() {
    let change = Change::new(WITHOUT_DEFAULT);
    let (code, out, _) = run_action(&change);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.starts_with("::error file=schemas/order.avsc,line=3,"), "{out}");
    assert!(out.contains(BREAKS), "{out}");
    let sarif = std::fs::read_to_string(change.path().join("found.sarif")).expect("the report");
    assert!(sarif.contains("READER_FIELD_MISSING_DEFAULT_VALUE"), "{sarif}");
    assert_eq!(outputs(&change), ("findings=2\nreport=REPORT\n".to_owned(), 2.into()));
}

#[test]
fn gitlab_template_reports_a_break_to_the_code_quality_widget() {
    let change = Change::new(WITHOUT_DEFAULT);
    let template = definition("ci/gitlab.yml");
    let job = template.get("levada check").expect("the job");
    // With GIT_DEPTH 0 the runner's clone is whole.
    assert_eq!(text(job, "/variables/GIT_DEPTH"), "0");
    git_in(change.path(), &["fetch", "--quiet", "--unshallow", "origin"]);
    let script = job.get("script").and_then(Value::as_array).expect("a script");
    let script: Vec<&str> = script.iter().map(|line| line.as_str().expect("text")).collect();
    let variables = BTreeMap::from([
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main".to_owned()),
        ("LEVADA_PATHS", text(job, "/variables/LEVADA_PATHS").to_owned()),
    ]);
    let (code, out, err) = change.bash(&script.join("\n"), &variables);
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    assert!(out.contains(BREAKS), "{out}");
    let report = change.path().join(text(job, "/artifacts/reports/codequality"));
    let report = std::fs::read_to_string(report).expect("the report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(text(&report, "/0/location/path"), "schemas/order.avsc");
}

/// A hook on these files: its entry, its arguments, then the files if it takes them.
fn run_hook(project: &Project, id: &str, files: &[&str]) -> Told {
    let hooks = definition(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().expect("hooks");
    let hook = hooks.iter().find(|hook| text(hook, "/id") == id).expect("the hook");
    let arguments = hook.get("args").and_then(Value::as_array).into_iter().flatten();
    let arguments = arguments.map(|argument| argument.as_str().expect("text"));
    let takes_files = hook.get("pass_filenames") != Some(&Value::Bool(false));
    let files = files.iter().copied().filter(|_| takes_files);
    let entry = text(hook, "/entry").strip_prefix("levada ").expect("our binary");
    project.levada(&entry.split(' ').chain(arguments).chain(files).collect::<Vec<_>>())
}

#[test]
fn pre_commit_hooks_refuse_a_break_and_write_the_stable_form() {
    let project = Project::with_git();
    project.write("order.avsc", ORDER);
    project.commit();
    project.git(&["checkout", "--quiet", "-b", "change"]);
    project.write("order.avsc", WITHOUT_DEFAULT);
    let (code, out, _) = run_hook(&project, "levada-check", &["order.avsc"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains(BREAKS), "{out}");

    let unformatted = std::fs::read_to_string(project.path().join("order.avsc")).expect("a file");
    let (code, _, err) = run_hook(&project, "levada-fmt", &["order.avsc"]);
    assert_eq!(code, Some(0), "{err}");
    let formatted = std::fs::read_to_string(project.path().join("order.avsc")).expect("a file");
    assert_ne!(formatted, unformatted);
    let (code, _, err) = project.levada(&["fmt", "--check", "order.avsc"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
}
