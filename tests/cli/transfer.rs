//! `levada export` and `levada import`: what they answer, and what is left when they are killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use levada_tests::{Levada, levada};
use serde_json::{Value, json};

/// Two servers and a folder.
struct Ends {
    from: Levada,
    to: Levada,
    folder: tempfile::TempDir,
}

impl Ends {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let from = Levada::start(&folder.path().join("from"));
        let to = Levada::start(&folder.path().join("to"));
        Self { from, to, folder }
    }

    fn archive(&self) -> PathBuf {
        self.folder.path().join("registry.jsonl")
    }

    fn register(&self, registry: &str, subject: &str, schema: &Value) {
        let file = self.folder.path().join("from/schema.avsc");
        fs::write(&file, schema.to_string()).expect("a file");
        let mut command = levada();
        command.args(["schema", "register", subject, "--registry", registry]).arg(file);
        assert_eq!(told(&mut command).0, Some(0));
    }

    fn subjects(registry: &str) -> usize {
        let (code, names, _) = told(levada().args(["subject", "list", "--registry", registry]));
        assert_eq!(code, Some(0));
        names.lines().count()
    }

    /// `levada import` into the target.
    fn import(&self, from: &str, flags: &[&str]) -> Command {
        let mut command = levada();
        command.args(["import", "--registry", &self.to.registry, "--from", from]).args(flags);
        command
    }
}

/// Exit code, stdout, and the lines of stderr that are no progress.
fn told(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    let stderr = String::from_utf8(stderr).expect("text");
    let lines = stderr.split_inclusive('\n').filter(|line| !line.contains("ing: 0 of "));
    (status.code(), String::from_utf8(stdout).expect("text"), lines.collect())
}

#[test]
fn export_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = levada();
    let target = ["--registry", "http://127.0.0.1:1", "--output", "archive.jsonl"];
    let (code, _, err) =
        told(command.current_dir(folder.path()).args(["export", "--timeout", "1"]).args(target));
    assert_eq!(code, Some(5), "{err}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn registry_goes_through_a_file_that_its_owner_alone_can_read() {
    let ends = Ends::start();
    ends.register(&ends.from.registry, "s", &json!("string"));
    let archive = ends.archive();
    let name = archive.to_str().expect("a name");
    let args = ["export", "--registry", &ends.from.registry, "--output", name];
    let counts = "versions: 1, configs: 0, modes: 0, KEKs: 0, DEKs: 0";
    let expected = (Some(0), String::new(), format!("exported {counts}\n"));
    assert_eq!(told(levada().args(args)), expected);
    let mode = fs::metadata(&archive).expect("the archive").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names = fs::read_dir(ends.folder.path()).expect("the folder").count();
    assert_eq!(names, 3, "the archive and two data folders");

    let none = "versions: 0, configs: 0, modes: 0, KEKs: 0, DEKs: 0";
    let new = format!("1 new ({counts}), 0 there already ({none}), 0 refused");
    let same = format!("compared {counts}; differences: 0");
    let answer = told(&mut ends.import(name, &["--dry-run"]));
    assert_eq!(answer, (Some(0), format!("would import {new}\n"), String::new()));
    let answer = told(&mut ends.import(name, &["--verify"]));
    assert_eq!(answer, (Some(0), format!("imported {new}\n{same}\n"), String::new()));

    let stdout = told(levada().env("LEVADA_REGISTRY", &ends.from.registry).arg("export")).1;
    let tail = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(tail(&stdout), tail(&fs::read_to_string(&archive).expect("text")));
}

#[test]
fn comparison_alone_prints_each_difference_and_exits_1() {
    let ends = Ends::start();
    ends.register(&ends.from.registry, "a", &json!("string"));
    ends.register(&ends.to.registry, "b", &json!("string"));
    let (code, out, err) = told(&mut ends.import(&ends.from.registry, &["--dry-run", "--verify"]));
    assert_eq!((code, err.as_str()), (Some(1), ""));
    let lines: Vec<&str> = out.lines().collect();
    let expected = [
        "subject a version 1 is at the source alone",
        "subject b version 1 is at the target alone",
        "compared versions: 1, configs: 0, modes: 0, KEKs: 0, DEKs: 0; differences: 2",
    ];
    assert_eq!(lines, expected);
    assert_eq!(Ends::subjects(&ends.to.registry), 1, "nothing is changed");
}

#[test]
fn what_cannot_be_brought_exits_6_and_is_named() {
    let ends = Ends::start();
    ends.register(&ends.from.registry, "a", &json!("string"));
    ends.register(&ends.from.registry, "b", &json!("int"));
    ends.register(&ends.to.registry, "a", &json!("long"));
    let (code, out, err) = told(&mut ends.import(&ends.from.registry, &[]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let last = err.lines().last().unwrap_or_default();
    assert!(last.starts_with("levada: the target's context :.: has subjects already"), "{err}");
    let (code, out, err) = told(&mut ends.import(&ends.from.registry, &["--force"]));
    let conflict = "levada: subject a version 1: the target has another schema under id 1\n";
    assert_eq!((code, err.as_str()), (Some(6), conflict));
    assert!(out.starts_with("imported 1 new (versions: 1, "), "{out}");
    assert!(out.ends_with(", 1 refused\n"), "{out}");
}

#[test]
fn each_kind_of_failure_has_its_exit_code_and_one_line_without_the_password() {
    let ends = Ends::start();
    let cut = ends.archive();
    fs::write(&cut, "{\"type\":\"header\"").expect("a file");
    let gone = "http://user:geheim@127.0.0.1:1";
    for (from, code, reason) in [
        (cut.to_str().expect("a name"), 3, "registry.jsonl, line 1: this is no archive"),
        ("nowhere.jsonl", 3, "cannot read nowhere.jsonl: No such file"),
        ("ftp://user:geheim@host", 2, "scheme `ftp` cannot be used"),
    ] {
        let (found, out, err) = told(&mut ends.import(from, &["--quiet"]));
        assert_eq!((found, out.as_str(), err.lines().count()), (Some(code), "", 1), "{err}");
        assert!(err.contains(reason) && !err.contains("geheim"), "{err}");
    }
    let (code, out, err) = told(levada().args(["export", "--registry", gone, "--quiet"]));
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(5), "", 1), "{err}");
    assert!(err.contains("Connection refused") && !err.contains("geheim"), "{err}");
    let (code, _, err) = told(levada().args(["import", "--from", "x"]));
    assert_eq!((code, err.contains("--registry")), (Some(2), true), "{err}");
}

#[test]
fn import_that_is_killed_goes_on_with_the_next_one() {
    let ends = Ends::start();
    for number in 0..200 {
        ends.register(&ends.from.registry, &format!("s{number}"), &json!("string"));
    }
    let mut first = ends.import(&ends.from.registry, &[]);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    while Ends::subjects(&ends.to.registry) == 0 {}
    first.kill().expect("it is killed");
    first.wait().expect("it ends");
    let there = Ends::subjects(&ends.to.registry);
    assert!(there < 200, "killed too late to show anything");
    let (code, out, err) = told(&mut ends.import(&ends.from.registry, &["--verify"]));
    // Whether the killed one or somebody else has begun mode IMPORT cannot be told.
    let left = "levada: context :.: was in mode IMPORT before and still is; if an import that was \
                stopped has left it so, end that with DELETE /mode\n";
    assert_eq!((code, err.as_str()), (Some(1), left), "{out}");
    assert!(out.contains("\nmode of :.: is at the target alone\n"), "{out}");
    assert!(out.ends_with("differences: 1\n"), "{out}");
    let new: usize = out.split(' ').nth(1).and_then(|count| count.parse().ok()).expect("a count");
    assert!(new <= 200 - there, "{there} were there: {out}");
    let ended = told(levada().args(["mode", "unset", "--registry", &ends.to.registry]));
    assert_eq!(ended.0, Some(0), "{ended:?}");
    let (code, out, err) = told(&mut ends.import(&ends.from.registry, &["--verify"]));
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.ends_with("differences: 0\n"), "{out}");
}
