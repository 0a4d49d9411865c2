//! A folder with schema files and a real git repository, and the binary run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use levada_tests::levada;

/// Exit code, stdout and stderr.
pub(crate) type Told = (Option<i32>, String, String);

/// A folder that goes away with its owner.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// A repository on branch main.
    pub(crate) fn with_git() -> Self {
        let project = Self::new();
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).expect("a file");
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git_in(self.path(), args)
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "change"]);
    }

    pub(crate) fn levada(&self, args: &[&str]) -> Told {
        told(levada().current_dir(self.path()).args(args))
    }
}

/// Runs git without the settings of whoever runs the tests.
pub(crate) fn git_in(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let person = ["-c", "user.name=T", "-c", "user.email=t@example.com"];
    let output = command.current_dir(folder).args(person).args(args).output().expect("git runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {args:?}: {told}");
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

pub(crate) fn told(command: &mut Command) -> Told {
    let output = command.output().expect("the binary runs");
    (
        output.status.code(),
        String::from_utf8(output.stdout).expect("text"),
        String::from_utf8(output.stderr).expect("text"),
    )
}
