//! States of a git repository as baselines: which commit is meant, and what of it is of interest.

mod program;

use std::path::{Path, PathBuf};

use crate::error::CheckFailure;
use crate::layout::Layout;
use crate::tree::{Tree, is_within};
use program::Git;

/// Which state of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    Branch(String),
    Tag(String),
    /// Whatever git takes for a commit.
    Ref(String),
    /// Every state on the way to this branch.
    History(String),
}

/// A state of a repository as a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitBaseline {
    /// The folder of the repository.
    pub repository: PathBuf,
    pub revision: Revision,
    /// The folder that stands for the root; without it the same as today.
    pub subdir: Option<String>,
    /// The exact state, and not the last one that both have in common.
    pub tip: bool,
}

/// The states that a baseline stands for, from the oldest to the newest, and what they are called.
#[derive(Debug)]
pub struct States {
    pub trees: Vec<Tree>,
    pub label: String,
}

impl Revision {
    fn name(&self) -> &str {
        let (Self::Branch(name) | Self::Tag(name) | Self::Ref(name) | Self::History(name)) = self;
        name
    }
}

/// Reads the files of interest in the state that `baseline` means, as if they lay under `root`.
pub fn load(
    baseline: &GitBaseline,
    spec: &str,
    root: &Path,
    layout: &Layout,
    bytes_max: usize,
) -> Result<States, CheckFailure> {
    let git = Git::open(&baseline.repository)?;
    let commits = git.commits(&baseline.revision)?;
    let place = Place::new(git.top(), root, baseline.subdir.as_deref(), layout)?;
    if matches!(baseline.revision, Revision::History(_)) {
        let trees = git.history(&git.newest(commits)?, &place, bytes_max)?;
        return Ok(States { label: format!("{spec} ({} states)", trees.len()), trees });
    }
    let (commit, label) = if baseline.tip {
        let commit = git.newest(commits)?;
        let label = format!("{spec} ({})", short(&commit));
        (commit, label)
    } else {
        let base = git.newest(git.merge_bases(&commits, baseline.revision.name())?)?;
        let label = format!("{spec} (merge base {})", short(&base));
        (base, label)
    };
    Ok(States { trees: vec![git.state(&commit, &place, bytes_max)?], label })
}

fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}

/// How paths of the repository become paths from the root.
struct Place<'l> {
    /// Before a path of the repository, and to be taken away from it.
    before: String,
    inside: String,
    layout: &'l Layout,
}

impl<'l> Place<'l> {
    /// `top` is the folder that has the files of the repository; a bare one stands for the root
    /// itself.
    fn new(
        top: Option<&Path>,
        root: &Path,
        subdir: Option<&str>,
        layout: &'l Layout,
    ) -> Result<Self, CheckFailure> {
        let text = |path: &Path| path.to_string_lossy().trim_matches('/').to_owned();
        let inside_of = |inside: String| (String::new(), inside);
        let (before, inside) = match (subdir, top) {
            (Some(subdir), _) => inside_of(subdir.trim_matches('/').to_owned()),
            (None, None) => inside_of(String::new()),
            (None, Some(top)) => match (root.strip_prefix(top), top.strip_prefix(root)) {
                (Ok(inside), _) => inside_of(text(inside)),
                (_, Ok(before)) => (text(before), String::new()),
                _ => {
                    return Err(CheckFailure::Baseline(format!(
                        "{} lies outside of the repository {}; say which folder of it is meant with \
                         ,subdir=FOLDER",
                        root.display(),
                        top.display()
                    )));
                }
            },
        };
        Ok(Self { before, inside, layout })
    }

    /// The path from the root of a file of interest.
    fn path(&self, path: &str) -> Option<String> {
        self.path_from_root(path).filter(|path| self.layout.is_of_interest(path))
    }

    fn path_from_root(&self, path: &str) -> Option<String> {
        let inner = match self.inside.as_str() {
            "" => path,
            inside => path.strip_prefix(inside)?.strip_prefix('/')?,
        };
        Some(match self.before.as_str() {
            "" => inner.to_owned(),
            before => format!("{before}/{inner}"),
        })
    }

    /// Whether files of interest may lie in a folder of the repository.
    fn reaches(&self, folder: &str) -> bool {
        let folders = self.layout.folders();
        self.path_from_root(folder).is_some_and(|folder| {
            folders.iter().any(|(base, _)| is_within(&folder, base) || is_within(base, &folder))
        })
    }

    /// What git calls the files of interest, and perhaps some more; nothing where that is all files.
    fn pathspecs(&self) -> Vec<String> {
        let folders = self.layout.folders();
        let inner: Vec<String> =
            folders.iter().filter_map(|(folder, _)| self.in_repository(folder)).collect();
        if !inner.iter().any(String::is_empty) {
            return inner.iter().map(|folder| format!(":(top,literal){folder}")).collect();
        }
        let patterns = self.layout.known_extensions().unwrap_or_default();
        patterns.iter().map(|extension| format!(":(top,glob)**/*.{extension}")).collect()
    }

    /// The folder of the repository that a folder from the root is, or that it has in it.
    fn in_repository(&self, folder: &str) -> Option<String> {
        let inner = match self.before.as_str() {
            before if is_within(before, folder) => "",
            before => folder.strip_prefix(before)?.trim_start_matches('/'),
        };
        Some(format!("{}/{inner}", self.inside).trim_matches('/').to_owned())
    }
}
