//! The program `git`, run in a folder of a repository.
//!
//! Everything that git knows of where objects lie (packs, alternates, worktrees, partial clones,
//! SHA-256) holds here, because git itself reads them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Place, Revision};
use crate::error::CheckFailure;
use crate::tree::{Content, Tree, folder_of, join};

/// Most commits of a history.
const COMMITS_MAX: usize = 10_000;
/// Most links in a row to a file.
const LINKS_MAX: usize = 8;
/// What a hook of git says about its own repository, which need not be the one that is meant.
const PLACES: [&str; 8] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
];

/// A repository.
pub(super) struct Git {
    folder: PathBuf,
    /// The folder that has its files; none of a bare one.
    top: Option<PathBuf>,
    /// Before every path, where this is a submodule.
    prefix: String,
}

/// What a commit has of interest.
#[derive(PartialEq, Eq)]
struct Listing {
    files: BTreeMap<String, Object>,
    /// Commits of other repositories, by their folder in this one.
    submodules: BTreeMap<String, String>,
}

#[derive(PartialEq, Eq)]
enum Object {
    Blob(String),
    /// Why there is none.
    Lost(String),
}

impl Git {
    pub(super) fn open(folder: &Path) -> Result<Self, CheckFailure> {
        let mut git = Self { folder: folder.to_owned(), top: None, prefix: String::new() };
        match git.ask(&["rev-parse", "--show-toplevel"])? {
            Ok(top) => git.top = Some(PathBuf::from(String::from_utf8_lossy(&top).trim_end())),
            Err(_) if git.text(&["rev-parse", "--is-bare-repository"])? == "true" => {}
            Err(reason) => return Err(git.failed(&reason)),
        }
        Ok(git)
    }

    pub(super) fn top(&self) -> Option<&Path> {
        self.top.as_deref()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(args).stdin(Stdio::null());
        for name in PLACES {
            command.env_remove(name);
        }
        command.env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        command
    }

    /// What the program says; where it fails, all of why, in one line.
    fn ask(&self, args: &[&str]) -> Result<Result<Vec<u8>, String>, CheckFailure> {
        let output = self.command(args).output().map_err(CheckFailure::NoGit)?;
        if output.status.success() {
            return Ok(Ok(output.stdout));
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let words: Vec<&str> = told.trim_start_matches("fatal: ").split_whitespace().collect();
        Ok(Err(words.join(" ")))
    }

    /// One line of text that must be there.
    fn text(&self, args: &[&str]) -> Result<String, CheckFailure> {
        let answer = self.ask(args)?.map_err(|reason| self.failed(&reason))?;
        Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
    }

    fn failed(&self, reason: &str) -> CheckFailure {
        CheckFailure::Baseline(format!("git in {}: {reason}", self.folder.display()))
    }

    /// The commits that a revision may mean: of a branch the one of here and the one of the origin.
    pub(super) fn commits(&self, revision: &Revision) -> Result<Vec<String>, CheckFailure> {
        let candidates = match revision {
            Revision::Branch(name) | Revision::History(name) => {
                vec![format!("refs/heads/{name}"), format!("refs/remotes/origin/{name}")]
            }
            Revision::Tag(name) => vec![format!("refs/tags/{name}")],
            Revision::Ref(name) => vec![name.clone()],
        };
        let mut commits = Vec::new();
        for candidate in candidates {
            let commit = format!("{candidate}^{{commit}}");
            let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
            if let Ok(found) = self.ask(&args)? {
                commits.push(String::from_utf8_lossy(&found).trim_end().to_owned());
            }
        }
        commits.dedup();
        if !commits.is_empty() {
            return Ok(commits);
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

    /// The commit that comes after the others; the first where none does.
    pub(super) fn newest(&self, commits: Vec<String>) -> Result<String, CheckFailure> {
        let mut commits = commits.into_iter();
        let mut newest = commits.next().unwrap_or_default();
        for commit in commits {
            if self.ask(&["merge-base", "--is-ancestor", &newest, &commit])?.is_ok() {
                newest = commit;
            }
        }
        Ok(newest)
    }

    fn is_shallow(&self) -> Result<bool, CheckFailure> {
        Ok(self.text(&["rev-parse", "--is-shallow-repository"])? == "true")
    }

    /// What HEAD has in common with each of `commits`, which are called `name`.
    pub(super) fn merge_bases(
        &self,
        commits: &[String],
        name: &str,
    ) -> Result<Vec<String>, CheckFailure> {
        let mut bases = Vec::new();
        for commit in commits {
            if let Ok(found) = self.ask(&["merge-base", "HEAD", commit])? {
                bases.push(String::from_utf8_lossy(&found).trim_end().to_owned());
            }
        }
        bases.dedup();
        if !bases.is_empty() {
            return Ok(bases);
        }
        let help = if self.is_shallow()? {
            "in this shallow clone; run: git fetch --unshallow origin"
        } else {
            "in their history; compare with its exact state with ,tip"
        };
        Err(CheckFailure::Baseline(format!("HEAD and {name} have no commit in common {help}")))
    }

    /// The files of interest in a commit.
    pub(super) fn state(
        &self,
        commit: &str,
        place: &Place<'_>,
        bytes_max: usize,
    ) -> Result<Tree, CheckFailure> {
        let listing = self.listed(commit, place, bytes_max)?;
        let contents = self.contents(&[&listing], bytes_max)?;
        self.tree(&listing, &contents, place, bytes_max)
    }

    /// Every state of the files of interest on the way to `commit`, the oldest first.
    pub(super) fn history(
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
        let mut scopes = place.pathspecs();
        if !scopes.is_empty() {
            let submodules = self.listed(commit, place, bytes_max)?.submodules.into_keys();
            scopes.extend(submodules.map(|folder| format!(":(top,literal){folder}")));
        }
        let mut args = vec!["rev-list", "--first-parent", "-n", &most, commit, "--"];
        args.extend(scopes.iter().map(String::as_str));
        let commits = self.text(&args)?;
        let commits: Vec<&str> = commits.lines().collect();
        if commits.len() > COMMITS_MAX {
            return Err(CheckFailure::Baseline(format!(
                "more than {COMMITS_MAX} commits changed files; compare with a tag, or lock"
            )));
        }
        let mut states: Vec<Listing> = Vec::new();
        for commit in commits.into_iter().rev() {
            let listing = self.listed(commit, place, bytes_max)?;
            if states.last() != Some(&listing) {
                states.push(listing);
            }
        }
        let contents = self.contents(&states.iter().collect::<Vec<_>>(), bytes_max)?;
        states.iter().map(|listing| self.tree(listing, &contents, place, bytes_max)).collect()
    }

    fn listed(
        &self,
        commit: &str,
        place: &Place<'_>,
        bytes_max: usize,
    ) -> Result<Listing, CheckFailure> {
        let mut args = vec!["ls-tree", "-r", "-z", "--full-tree", commit];
        if self.prefix.is_empty() && !place.inside.is_empty() {
            args.extend(["--", place.inside.as_str()]);
        }
        let answer = self.ask(&args)?.map_err(CheckFailure::Baseline)?;
        let answer = String::from_utf8_lossy(&answer);
        let mut listing = Listing { files: BTreeMap::new(), submodules: BTreeMap::new() };
        let (mut all, mut links) = (HashMap::new(), Vec::new());
        for entry in answer.split('\0') {
            let Some((head, path)) = entry.split_once('\t') else { continue };
            let [mode, kind, id] = head.split(' ').collect::<Vec<_>>()[..] else { continue };
            all.insert(path, (mode, id));
            let path_here = format!("{}{path}", self.prefix);
            match (kind, mode) {
                ("commit", _) if place.reaches(&path_here) => {
                    listing.submodules.insert(path.to_owned(), id.to_owned());
                }
                ("blob", LINK) => links.extend(place.path(&path_here).map(|to| (path, to))),
                ("blob", _) => {
                    let to = place.path(&path_here);
                    listing.files.extend(to.map(|to| (to, Object::Blob(id.to_owned()))));
                }
                _ => {}
            }
        }
        if !links.is_empty() {
            let ids = all.values().filter(|(mode, _)| *mode == LINK).map(|(_, id)| *id);
            let targets = self.blobs(&ids.collect(), bytes_max)?;
            for (from, to) in links {
                listing.files.insert(to, behind_links(from, &all, &targets));
            }
        }
        Ok(listing)
    }

    fn tree(
        &self,
        listing: &Listing,
        contents: &HashMap<String, Content>,
        place: &Place<'_>,
        bytes_max: usize,
    ) -> Result<Tree, CheckFailure> {
        let mut tree = Tree::default();
        for (path, object) in &listing.files {
            let content = match object {
                Object::Blob(id) => contents.get(id).cloned(),
                Object::Lost(reason) => Some(Content::Unusable(reason.clone())),
            };
            tree.files.extend(content.map(|content| (path.clone(), content)));
        }
        for (path, commit) in &listing.submodules {
            let folder = self.top.as_ref().map(|top| top.join(path));
            // What is not checked out has no files today either.
            let Some(folder) = folder.filter(|folder| folder.join(".git").exists()) else {
                continue;
            };
            let prefix = format!("{}{path}/", self.prefix);
            let inner = Self { top: Some(folder.clone()), folder, prefix };
            let files = inner.state(commit, place, bytes_max).map_err(|error| {
                CheckFailure::Baseline(format!(
                    "submodule {path}: {error}; run: git -C {path} fetch origin {commit}"
                ))
            })?;
            tree.files.extend(files.files);
        }
        Ok(tree)
    }

    fn contents(
        &self,
        listings: &[&Listing],
        bytes_max: usize,
    ) -> Result<HashMap<String, Content>, CheckFailure> {
        let objects = listings.iter().flat_map(|listing| listing.files.values());
        let ids = objects.filter_map(|object| match object {
            Object::Blob(id) => Some(id.as_str()),
            Object::Lost(_) => None,
        });
        self.blobs(&ids.collect(), bytes_max)
    }

    /// What the objects hold.
    fn blobs(
        &self,
        ids: &BTreeSet<&str>,
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

/// The mode of a symbolic link, whose content is where it leads.
const LINK: &str = "120000";

/// The file that a link leads to, in the same repository.
fn behind_links(
    from: &str,
    all: &HashMap<&str, (&str, &str)>,
    targets: &HashMap<String, Content>,
) -> Object {
    let mut path = from.to_owned();
    for _ in 0..LINKS_MAX {
        match all.get(path.as_str()) {
            Some((LINK, id)) => {
                let target = match targets.get(*id) {
                    Some(Content::Text(target)) if !target.starts_with('/') => Some(target),
                    _ => None,
                };
                let target = target.and_then(|target| join(folder_of(&path), target));
                let Some(target) = target else { break };
                path = target;
            }
            Some((_, id)) => return Object::Blob((*id).to_owned()),
            None => break,
        }
    }
    Object::Lost("it was a link to something that is no file of the repository".to_owned())
}

/// Asks for each object and reads the answers, side by side so that neither pipe fills up.
fn read_batch(
    child: &mut Child,
    ids: &BTreeSet<&str>,
    bytes_max: usize,
) -> std::io::Result<HashMap<String, Content>> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::Error::other("no pipes"));
    };
    let asked = ids.iter().copied().collect::<Vec<_>>().join("\n") + "\n";
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
        contents.insert((*id).to_owned(), Content::of(bytes, bytes_max));
    }
    let told = asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    told.map(|()| contents)
}
