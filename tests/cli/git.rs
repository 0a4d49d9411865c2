//! `levada check --against .git#…`: which commit is meant, and which files it has.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use levada_tests::levada;

use crate::check::{ID, MAIN, NOTE, TAG, record, repository};
use crate::project::{Project, git_in, told};

fn clone_of(origin: &Project) -> Project {
    let clone = Project::new();
    let url = format!("file://{}", origin.path().display());
    git_in(clone.path(), &["clone", "--quiet", &url, "."]);
    clone
}

#[test]
fn of_a_branch_here_and_at_the_origin_the_newer_one_counts() {
    let origin = Project::with_git();
    origin.write("order.avsc", &record("Order", &[ID]));
    origin.commit();
    let clone = clone_of(&origin);
    origin.write("order.avsc", &record("Order", &[NOTE]));
    origin.commit();
    clone.git(&["fetch", "--quiet"]);
    clone.git(&["switch", "--quiet", "--create", "change", "origin/main"]);
    let tip = ["check", "--against", ".git#branch=main,tip"];
    let same = (Some(0), "checked 1 schema, 1 pair compared, 0 findings\n".to_owned());
    for args in [MAIN, &tip] {
        let (code, out, _) = clone.levada(args);
        assert_eq!((code, out), same, "{args:?}");
    }
    clone.git(&["switch", "--quiet", "main"]);
    clone.git(&["merge", "--quiet", "origin/main"]);
    clone.write("order.avsc", &record("Order", &[ID]));
    clone.commit();
    clone.git(&["switch", "--quiet", "--create", "more"]);
    for args in [MAIN, &tip] {
        let (code, out, _) = clone.levada(args);
        assert_eq!((code, out), same, "{args:?}");
    }
}

#[test]
fn links_to_schemas_are_what_they_led_to() {
    let project = Project::with_git();
    project.write("shared/v1/order.avsc", &record("Order", &[ID]));
    symlink("v1/order.avsc", project.path().join("shared/order.avsc")).expect("a link");
    fs::create_dir(project.path().join("a")).expect("a folder");
    symlink("../shared/order.avsc", project.path().join("a/order.avsc")).expect("a link");
    symlink("/dev/null", project.path().join("a/gone.avsc")).expect("a link");
    project.commit();
    project.git(&["switch", "--quiet", "--create", "change"]);
    project.remove("a/gone.avsc");
    project.write("a/gone.avsc", &record("Gone", &[ID]));
    let run = || project.levada(&["check", "a", "--against", ".git#branch=main"]);
    let (code, out, _) = run();
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("warning[BASELINE_UNREADABLE]"), "{out}");
    assert!(out.contains("it was a link to something that is no file of the repository"), "{out}");
    assert!(out.ends_with("checked 2 schemas, 1 pair compared, 1 finding\n"), "{out}");
    project.write("shared/v1/order.avsc", &record("Order", &[ID, NOTE]));
    let (code, out, _) = run();
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("::: a/order.avsc:1:1"), "{out}");
}

#[test]
fn schemas_of_submodules_are_those_of_the_commit_that_was_meant() {
    let inner = Project::with_git();
    inner.write("order.avsc", &record("Order", &[ID]));
    inner.commit();
    let project = Project::with_git();
    let url = format!("file://{}", inner.path().display());
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "s/sub"];
    project.git(&add);
    project.commit();
    project.git(&["switch", "--quiet", "--create", "change"]);
    let unchanged = "checked 1 schema, 1 pair compared, 0 findings\n";
    assert_eq!(project.levada(MAIN).1, unchanged);
    inner.write("order.avsc", &record("Order", &[ID, NOTE]));
    inner.commit();
    git_in(&project.path().join("s/sub"), &["pull", "--quiet"]);
    project.commit();
    for base in [".git#branch=main", ".git#history=main"] {
        let (code, out, err) = project.levada(&["check", "--against", base]);
        assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
        assert!(out.contains("--> s/sub/order.avsc:4:5"), "{out}");
        assert!(out.contains("::: s/sub/order.avsc:1:1"), "{out}");
    }
}

#[test]
fn history_counts_the_commits_that_change_schemas_and_no_others() {
    let project = Project::with_git();
    let text = record("Order", &[ID]);
    let mut stream = format!(
        "commit refs/heads/main\ncommitter T <t@e> 1 +0000\ndata 1\nx\n\
         M 644 inline order.avsc\ndata {}\n{text}\n",
        text.len()
    );
    for second in 0..10_001 {
        let _ = write!(
            stream,
            "commit refs/heads/main\ncommitter T <t@e> {second} +0000\ndata 1\nx\n\
             M 644 inline README\ndata 5\n{second:05}\n"
        );
    }
    let mut import = Command::new("git");
    import.current_dir(project.path()).args(["fast-import", "--quiet"]).stdin(Stdio::piped());
    let mut import = import.spawn().expect("git runs");
    let mut stdin = import.stdin.take().expect("a pipe");
    stdin.write_all(stream.as_bytes()).expect("git reads");
    drop(stdin);
    assert!(import.wait().expect("git ends").success());
    project.git(&["reset", "--quiet", "--hard"]);
    project.write("order.avsc", &record("Order", &[ID, NOTE]));
    let check = ["check", "--against", ".git#history=main"];
    for settings in ["", "[[schemas]]\npath = \"*.avsc\"\n"] {
        project.write("levada.toml", settings);
        let (code, out, err) = project.levada(&check);
        assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
        assert!(out.contains("against: .git#history=main (1 states)"), "{out}");
    }
    project.write("levada.toml", "[[schemas]]\npath = \"*\"\ntype = \"AVRO\"\n");
    let (code, _, err) = project.levada(&check);
    assert_eq!(code, Some(3));
    assert!(err.contains("more than 10000 commits changed files"), "{err}");
}

#[test]
fn past_state_with_two_files_of_one_subject_is_a_warning() {
    let project = Project::with_git();
    project.write("levada.toml", "[[schemas]]\npath = \"*.avsc\"\nsubject = \"s\"\n");
    project.write("a.avsc", &record("R", &[ID]));
    project.write("b.avsc", &record("R", &[ID, TAG]));
    project.commit();
    project.git(&["switch", "--quiet", "--create", "change"]);
    project.remove("b.avsc");
    let (code, out, err) = project.levada(MAIN);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, "checked 1 schema, 1 pair compared, 0 findings\n");
    project.write("a.avsc", &record("R", &[ID, NOTE]));
    let (code, out, err) = project.levada(MAIN);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.contains("warning[BASELINE_UNREADABLE]: the schema before it, b.avsc in "),
        "{out}"
    );
    assert!(out.contains("a.avsc is a file of the same subject there"), "{out}");
}

#[test]
fn all_that_git_says_about_a_repository_of_others_is_told() {
    let project = repository();
    let mut command = levada();
    command.current_dir(project.path()).args(MAIN).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let (code, _, err) = told(&mut command);
    assert_eq!((code, err.lines().count()), (Some(3), 1));
    assert!(err.contains("detected dubious ownership"), "{err}");
    let folder = fs::canonicalize(project.path()).expect("a folder");
    let way_out = format!("git config --global --add safe.directory {}", folder.display());
    assert!(err.trim_end().ends_with(&way_out), "{err}");
}

#[test]
fn hook_of_another_repository_changes_nothing() {
    let (project, other) = (repository(), Project::with_git());
    let mut command = levada();
    command.current_dir(project.path()).args(MAIN);
    command.env("GIT_DIR", other.path().join(".git")).env("GIT_WORK_TREE", other.path());
    let (code, out, err) = told(command.env("GIT_INDEX_FILE", "nowhere"));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, "checked 1 schema, 1 pair compared, 0 findings\n");
}

#[test]
fn bare_repository_is_a_baseline_and_one_elsewhere_has_to_be_cloned() {
    let origin = repository();
    let project = Project::new();
    let url = format!("file://{}", origin.path().display());
    git_in(project.path(), &["clone", "--quiet", "--bare", &url, "b.git"]);
    project.write("now/schemas/order.avsc", &record("Order", &[ID, NOTE]));
    let run = |base: &str| {
        let folder = project.path().join("now");
        told(levada().current_dir(folder).args(["check", "--against", base]))
    };
    let (code, out, err) = run("../b.git#branch=main");
    assert_eq!((code, err.as_str()), (Some(1), ""));
    assert!(out.contains("::: schemas/order.avsc:1:1"), "{out}");
    let (code, _, err) = run("https://user:secret@h/x.git#branch=main");
    assert_eq!(code, Some(2));
    assert!(err.contains("clone the other one") && !err.contains("secret"), "{err}");
}
