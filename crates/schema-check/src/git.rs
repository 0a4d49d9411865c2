//! States of a git repository, read with the program `git`.
//!
//! Everything that git knows of where objects lie (packs, alternates, worktrees, partial clones,
//! SHA-256) holds here, because git itself reads them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::error::CheckFailure;
use crate::layout::Layout;
use crate::tree::{Content, Tree};

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

/// Most commits of a history.
const COMMITS_MAX: usize = 10_000;

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
    let git = Git { folder: &baseline.repository };
    let top = git.text(&["rev-parse", "--show-toplevel"])?;
    let commit = git.commit(&baseline.revision)?;
    let place = Place::new(Path::new(&top), root, baseline.subdir.as_deref(), layout)?;
    if matches!(baseline.revision, Revision::History(_)) {
        let trees = git.history(&commit, &place, bytes_max)?;
        return Ok(States { label: format!("{spec} ({} states)", trees.len()), trees });
    }
    let (commit, label) = if baseline.tip {
        let label = format!("{spec} ({})", short(&commit));
        (commit, label)
    } else {
        let base = git.merge_base(&commit, baseline.revision.name())?;
        let label = format!("{spec} (merge base {})", short(&base));
        (base, label)
    };
    let listed = git.listed(&commit, &place)?;
    let contents = git.contents(listed.values().cloned().collect(), bytes_max)?;
    Ok(States { trees: vec![tree_of(&listed, &contents)], label })
}

fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}

fn tree_of(listed: &BTreeMap<String, String>, contents: &HashMap<String, Content>) -> Tree {
    let files = listed.iter();
    let files = files.filter_map(|(path, id)| Some((path.clone(), contents.get(id)?.clone())));
    Tree { files: files.collect() }
}

/// How paths of the repository become paths from the root.
struct Place<'l> {
    /// Before a path of the repository, and to be taken away from it.
    before: String,
    inside: String,
    layout: &'l Layout,
}

impl<'l> Place<'l> {
    fn new(
        top: &Path,
        root: &Path,
        subdir: Option<&str>,
        layout: &'l Layout,
    ) -> Result<Self, CheckFailure> {
        let text = |path: &Path| path.to_string_lossy().trim_matches('/').to_owned();
        let (before, inside) = match (subdir, root.strip_prefix(top), top.strip_prefix(root)) {
            (Some(subdir), ..) => (String::new(), subdir.trim_matches('/').to_owned()),
            (None, Ok(inside), _) => (String::new(), text(inside)),
            (None, _, Ok(before)) => (text(before), String::new()),
            _ => {
                return Err(CheckFailure::Baseline(format!(
                    "{} lies outside of the repository {}; say which folder of it is meant with \
                     ,subdir=FOLDER",
                    root.display(),
                    top.display()
                )));
            }
        };
        Ok(Self { before, inside, layout })
    }

    /// The path from the root of a file of interest.
    fn path(&self, path: &str) -> Option<String> {
        let inner = match self.inside.as_str() {
            "" => path,
            inside => path.strip_prefix(inside)?.strip_prefix('/')?,
        };
        let path = match self.before.as_str() {
            "" => inner.to_owned(),
            before => format!("{before}/{inner}"),
        };
        self.layout.is_of_interest(&path).then_some(path)
    }
}

/// The program, in a folder of the repository.
struct Git<'a> {
    folder: &'a Path,
}

impl Git<'_> {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.folder).args(args).stdin(Stdio::null());
        command.env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        command
    }

    /// What the program says; none where it fails.
    fn ask(&self, args: &[&str]) -> Result<Result<Vec<u8>, String>, CheckFailure> {
        let output = self.command(args).output().map_err(CheckFailure::NoGit)?;
        if output.status.success() {
            return Ok(Ok(output.stdout));
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let line = told.lines().next().unwrap_or_default();
        Ok(Err(line.trim_start_matches("fatal: ").to_owned()))
    }

    /// One line of text that must be there.
    fn text(&self, args: &[&str]) -> Result<String, CheckFailure> {
        let answer = self.ask(args)?.map_err(|reason| {
            CheckFailure::Baseline(format!("git in {}: {reason}", self.folder.display()))
        })?;
        Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
    }

    fn commit(&self, revision: &Revision) -> Result<String, CheckFailure> {
        let candidates = match revision {
            Revision::Branch(name) | Revision::History(name) => {
                vec![format!("refs/heads/{name}"), format!("refs/remotes/origin/{name}")]
            }
            Revision::Tag(name) => vec![format!("refs/tags/{name}")],
            Revision::Ref(name) => vec![name.clone()],
        };
        for candidate in candidates {
            let commit = format!("{candidate}^{{commit}}");
            let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
            if let Ok(found) = self.ask(&args)? {
                return Ok(String::from_utf8_lossy(&found).trim_end().to_owned());
            }
        }
        let name = revision.name();
        let fetch = match revision {
            Revision::Branch(_) | Revision::History(_) => {
                format!("+refs/heads/{name}:refs/remotes/origin/{name}")
            }
            Revision::Tag(_) => format!("+refs/tags/{name}:refs/tags/{name}"),
            Revision::Ref(_) => name.to_owned(),
        };
        let unshallow = if self.is_shallow()? { " --unshallow" } else { "" };
        Err(CheckFailure::Baseline(format!(
            "this clone does not have {name}; run: git fetch{unshallow} origin {fetch}"
        )))
    }

    fn is_shallow(&self) -> Result<bool, CheckFailure> {
        Ok(self.text(&["rev-parse", "--is-shallow-repository"])? == "true")
    }

    fn merge_base(&self, commit: &str, name: &str) -> Result<String, CheckFailure> {
        if let Ok(found) = self.ask(&["merge-base", "HEAD", commit])? {
            return Ok(String::from_utf8_lossy(&found).trim_end().to_owned());
        }
        let help = if self.is_shallow()? {
            "in this shallow clone; run: git fetch --unshallow origin"
        } else {
            "in their history; compare with its exact state with ,tip"
        };
        Err(CheckFailure::Baseline(format!("HEAD and {name} have no commit in common {help}")))
    }

    /// The ids of the files of interest in a commit, by their path from the root.
    fn listed(
        &self,
        commit: &str,
        place: &Place<'_>,
    ) -> Result<BTreeMap<String, String>, CheckFailure> {
        let mut args = vec!["ls-tree", "-r", "-z", "--full-tree", commit];
        if !place.inside.is_empty() {
            args.extend(["--", place.inside.as_str()]);
        }
        let answer = self.ask(&args)?.map_err(CheckFailure::Baseline)?;
        let answer = String::from_utf8_lossy(&answer);
        let entries = answer.split('\0').filter_map(|entry| {
            let (head, path) = entry.split_once('\t')?;
            let mut head = head.split(' ');
            let (mode, kind, id) = (head.next()?, head.next()?, head.next()?);
            // A link is no text of its own.
            let is_file = kind == "blob" && mode != "120000";
            is_file.then(|| Some((place.path(path)?, id.to_owned())))?
        });
        Ok(entries.collect())
    }

    /// Every state of the files of interest on the way to `commit`, the oldest first.
    fn history(
        &self,
        commit: &str,
        place: &Place<'_>,
        bytes_max: usize,
    ) -> Result<Vec<Tree>, CheckFailure> {
        if self.is_shallow()? {
            return Err(CheckFailure::Baseline(
                "this shallow clone has no history; run: git fetch --unshallow origin".to_owned(),
            ));
        }
        let most = (COMMITS_MAX + 1).to_string();
        let scope = format!(":(top){}", place.inside);
        let mut args = vec!["rev-list", "--first-parent", "-n", &most, commit];
        if !place.inside.is_empty() {
            args.extend(["--", scope.as_str()]);
        }
        let commits = self.text(&args)?;
        let commits: Vec<&str> = commits.lines().collect();
        if commits.len() > COMMITS_MAX {
            return Err(CheckFailure::Baseline(format!(
                "more than {COMMITS_MAX} commits changed files; compare with a tag, or lock"
            )));
        }
        let mut states: Vec<BTreeMap<String, String>> = Vec::new();
        for commit in commits.into_iter().rev() {
            let listed = self.listed(commit, place)?;
            if states.last() != Some(&listed) {
                states.push(listed);
            }
        }
        let ids: BTreeSet<String> = states.iter().flat_map(BTreeMap::values).cloned().collect();
        let contents = self.contents(ids.into_iter().collect(), bytes_max)?;
        Ok(states.iter().map(|listed| tree_of(listed, &contents)).collect())
    }

    /// What the objects hold.
    fn contents(
        &self,
        ids: Vec<String>,
        bytes_max: usize,
    ) -> Result<HashMap<String, Content>, CheckFailure> {
        let mut command = self.command(&["cat-file", "--batch"]);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = spawned.spawn().map_err(CheckFailure::NoGit)?;
        let read = read_batch(&mut child, ids, bytes_max);
        // It ends with its input.
        let _ = child.wait();
        read.map_err(|error| CheckFailure::Baseline(format!("git cat-file: {error}")))
    }
}

/// Asks for each object and reads the answers, side by side so that neither pipe fills up.
fn read_batch(
    child: &mut Child,
    ids: Vec<String>,
    bytes_max: usize,
) -> std::io::Result<HashMap<String, Content>> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::Error::other("no pipes"));
    };
    let asked = ids.join("\n") + "\n";
    let asking = std::thread::spawn(move || input.write_all(asked.as_bytes()));
    let mut output = BufReader::new(output);
    let mut contents = HashMap::with_capacity(ids.len());
    for id in ids {
        let mut head = String::new();
        output.read_line(&mut head)?;
        let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let missing = || std::io::Error::other(format!("object {id} is missing"));
        let size = size.ok_or_else(missing)?;
        let mut bytes = Vec::new();
        let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        (&mut output).take(size.min(most)).read_to_end(&mut bytes)?;
        // The rest of a long one, and the line end behind each.
        let rest = size.saturating_sub(most) + 1;
        std::io::copy(&mut (&mut output).take(rest), &mut std::io::sink())?;
        contents.insert(id, Content::of(bytes, bytes_max));
    }
    let told = asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    told.map(|()| contents)
}
