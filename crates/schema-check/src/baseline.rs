//! What to compare with: `--against`, read and loaded.

use std::path::{Path, PathBuf};

use levada_schema_core::Limits;

use crate::catalog::{Catalog, Source};
use crate::error::CheckFailure;
use crate::git::{self, GitBaseline, Revision};
use crate::layout::Layout;
use crate::{folder, lock, packed, stored};

/// The name of the lock file.
pub const LOCK_FILE: &str = "levada.lock";

/// Whether `--against` names a registry, which is no [`Baseline`]: who asks it is said elsewhere.
pub fn is_registry(spec: &str) -> bool {
    spec.contains("://") && !spec.contains(".git#")
}

/// A place that earlier schemas come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    Git(GitBaseline),
    Folder(PathBuf),
    /// A single schema file.
    File(PathBuf),
    /// Files in a `.tar.gz` or a `.zip`.
    Packed(PathBuf),
    /// An archive of `levada export`.
    Archive(PathBuf),
    Lock(PathBuf),
}

impl Baseline {
    /// Reads what `--against` says; paths are from `here`, the lock file lies in `home`.
    pub fn parse(spec: &str, here: &Path, home: &Path) -> Result<Self, CheckFailure> {
        if spec == "lock" {
            return Ok(Self::Lock(home.join(LOCK_FILE)));
        }
        if let Some((repository, state)) = spec.split_once(".git#") {
            // Not shown: there may be a password in it.
            if repository.contains("://") {
                let message = "--against takes a repository of git on this machine; clone the other \
                               one, and say PATH/.git#branch=NAME";
                return Err(CheckFailure::Usage(message.to_owned()));
            }
            let is_within = repository.is_empty() || repository.ends_with('/');
            let bare = if is_within { "" } else { ".git" };
            return git_baseline(&here.join(format!("{repository}{bare}")), state).map(Self::Git);
        }
        let path = here.join(spec);
        let ends_in = |extension: &str| path.extension().is_some_and(|found| found == extension);
        if path.is_dir() {
            if spec == ".git" || spec.ends_with("/.git") {
                return Err(CheckFailure::Usage(format!(
                    "--against {spec} does not say which state: write {spec}#branch=NAME, #tag=NAME, \
                     #ref=COMMIT or #history=BRANCH"
                )));
            }
            return Ok(Self::Folder(path));
        }
        if ends_in("lock") {
            return Ok(Self::Lock(path));
        }
        if ends_in("jsonl") {
            return Ok(Self::Archive(path));
        }
        if spec.ends_with(".tar.gz") || ends_in("tgz") || ends_in("zip") {
            return Ok(Self::Packed(path));
        }
        if path.is_file() {
            return Ok(Self::File(path));
        }
        Err(CheckFailure::Baseline(format!(
            "--against {spec}: there is no such folder or file; a baseline is .git#branch=NAME, a \
             folder, a .tar.gz or .zip, a schema file, an archive of levada export (.jsonl), lock, or the URL of a registry"
        )))
    }
}

/// `branch=main`, `tag=v1,tip`, `ref=HEAD~1,subdir=schemas`, `history=main`.
fn git_baseline(repository: &Path, state: &str) -> Result<GitBaseline, CheckFailure> {
    let wrong = |what: &str| {
        CheckFailure::Usage(format!(
            "--against …#{state}: {what}; write #branch=NAME, #tag=NAME, #ref=COMMIT or \
             #history=BRANCH, then ,tip or ,subdir=FOLDER if need be"
        ))
    };
    let mut parts = state.split(',');
    let (kind, name) = parts.next().and_then(|part| part.split_once('=')).unwrap_or_default();
    if name.is_empty() {
        return Err(wrong("it does not name a state"));
    }
    let name = name.to_owned();
    let revision = match kind {
        "branch" => Revision::Branch(name),
        "tag" => Revision::Tag(name),
        "ref" => Revision::Ref(name),
        "history" => Revision::History(name),
        other => return Err(wrong(&format!("'{other}' is unknown"))),
    };
    let repository = repository.to_owned();
    let mut baseline = GitBaseline { repository, revision, subdir: None, tip: false };
    for part in parts {
        match part.split_once('=') {
            Some(("subdir", folder)) => baseline.subdir = Some(folder.to_owned()),
            None if part == "tip" => baseline.tip = true,
            _ => return Err(wrong(&format!("'{part}' is unknown"))),
        }
    }
    Ok(baseline)
}

/// What loading a baseline needs beside it.
#[derive(Debug)]
pub struct Loading<'a> {
    /// As the user wrote it, but for passwords.
    pub spec: &'a str,
    pub root: &'a Path,
    /// Of the new schemas.
    pub layout: &'a Layout,
    /// The same rules for every file, whatever the command was asked to look at.
    pub whole: &'a Layout,
    pub new: &'a Catalog,
    pub limits: &'a Limits,
}

/// Loads the subjects of a baseline.
pub fn load(baseline: &Baseline, loading: &Loading<'_>) -> Result<Catalog, CheckFailure> {
    let Loading { spec, root, layout, whole, new, limits } = loading;
    let bytes_max = limits.text_bytes_max;
    match baseline {
        Baseline::Git(git) => {
            let git::States { trees, label } = git::load(git, spec, root, layout, bytes_max)?;
            let mut all =
                Catalog { label: label.clone(), source: Source::SameRoot, ..Catalog::default() };
            for tree in &trees {
                let mut state = Catalog::of_past(label.clone(), tree, layout, limits);
                state.has_schemas = whole.has_schemas(tree);
                add_state(&mut all, state);
            }
            Ok(all)
        }
        Baseline::Folder(path) => {
            let tree = folder::load(path, whole, bytes_max)?;
            Ok(Catalog::of_past((*spec).to_owned(), &tree, whole, limits))
        }
        Baseline::Packed(path) => {
            let tree = packed::load(path, whole, bytes_max)?;
            Ok(Catalog::of_past((*spec).to_owned(), &tree, whole, limits))
        }
        Baseline::File(path) => single(path, spec, new, limits),
        Baseline::Archive(path) => {
            stored::catalog((*spec).to_owned(), &stored::of_archive(path)?, limits)
        }
        Baseline::Lock(path) => lock::load(path, limits),
    }
}

/// A later state of the same files. What did not change there is no version of its own.
fn add_state(all: &mut Catalog, state: Catalog) {
    all.has_schemas |= state.has_schemas;
    for (name, subject) in state.subjects {
        let known = all.subjects.entry(name).or_default();
        for version in subject.versions {
            if !known.versions.last().is_some_and(|last| last.is_same(&version)) {
                known.versions.push(version);
            }
        }
    }
}

/// One file is the version before the one schema that is checked, whatever their names.
fn single(
    path: &Path,
    spec: &str,
    new: &Catalog,
    limits: &Limits,
) -> Result<Catalog, CheckFailure> {
    let mut subjects = new.subjects.iter();
    let (Some((name, subject)), None) = (subjects.next(), subjects.next()) else {
        return Err(CheckFailure::Usage(format!(
            "--against {spec} is a single file, so exactly one schema can be checked against it"
        )));
    };
    let mut old =
        one_file(path, spec, limits, subject.versions.first().map(|new| new.schema_type))?;
    let only = std::mem::take(&mut old.subjects).into_values().next();
    old.subjects.insert(name.clone(), only.ok_or_else(|| no_schema(spec))?);
    Ok(old)
}

/// One file as the only schema of a subject that has no name.
pub fn alone(path: &Path, spec: &str, limits: &Limits) -> Result<Catalog, CheckFailure> {
    let mut found = one_file(path, spec, limits, None)?;
    let only = std::mem::take(&mut found.subjects).into_values().next();
    found.subjects.insert("schema".to_owned(), only.ok_or_else(|| no_schema(spec))?);
    Ok(found)
}

fn no_schema(spec: &str) -> CheckFailure {
    CheckFailure::Baseline(format!(
        "{spec} is no schema by its name; a schema file ends in .avsc, .proto or .json, and not as \
         samples do (.ok.json, .bad.json, .hex)"
    ))
}

/// The schema in a file, with what lies beside it.
fn one_file(
    path: &Path,
    spec: &str,
    limits: &Limits,
    schema_type: Option<levada_schema_core::SchemaType>,
) -> Result<Catalog, CheckFailure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().unwrap_or(path);
    let known = crate::layout::by_extension(&name).or(schema_type);
    let arguments = vec![crate::layout::Argument::File(name.clone())];
    let layout = Layout::new(&crate::settings::Project::default(), arguments, known)?;
    let mut tree = folder::load(folder, &layout, limits.text_bytes_max)?;
    // A device is found in no folder's list of files.
    if !tree.files.contains_key(&name) {
        tree.files.insert(name.clone(), folder::read(path, limits.text_bytes_max)?);
    }
    let mut catalog = Catalog::of_tree(spec.to_owned(), &tree, &layout, limits)?;
    catalog.source = Source::OneFile;
    for version in catalog.subjects.values_mut().flat_map(|subject| &mut subject.versions) {
        spec.clone_into(&mut version.place);
    }
    Ok(catalog)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(spec: &str) -> Result<Baseline, String> {
        let here = Path::new("/nowhere");
        Baseline::parse(spec, here, here).map_err(|error| error.to_string())
    }

    #[test]
    fn states_of_git_are_read_with_all_that_can_be_said_of_them() {
        let git = |repository: &str, revision, subdir: Option<&str>, tip| {
            let repository = PathBuf::from(repository);
            Ok(Baseline::Git(GitBaseline {
                repository,
                revision,
                subdir: subdir.map(str::to_owned),
                tip,
            }))
        };
        let main = || "main".to_owned();
        assert_eq!(
            parsed(".git#branch=main"),
            git("/nowhere/", Revision::Branch(main()), None, false)
        );
        assert_eq!(
            parsed("../a/.git#tag=main,tip,subdir=s"),
            git("/nowhere/../a/", Revision::Tag(main()), Some("s"), true)
        );
        assert_eq!(
            parsed(".git#history=main"),
            git("/nowhere/", Revision::History(main()), None, false)
        );
        assert_eq!(
            parsed("b.git#branch=main"),
            git("/nowhere/b.git", Revision::Branch(main()), None, false)
        );
        let refused = parsed("https://u:secret@h/x.git#branch=main").unwrap_err();
        assert!(
            refused.contains("clone the other one") && !refused.contains("secret"),
            "{refused}"
        );
        for wrong in [".git#main", ".git#head=x", ".git#branch=x,deep", ".git#branch="] {
            assert!(parsed(wrong).unwrap_err().contains("write #branch=NAME"), "{wrong}");
        }
    }

    #[test]
    fn other_places_are_told_by_what_they_look_like() {
        assert_eq!(parsed("lock"), Ok(Baseline::Lock("/nowhere/levada.lock".into())));
        assert_eq!(parsed("a.jsonl"), Ok(Baseline::Archive("/nowhere/a.jsonl".into())));
        for packed in ["b.tar.gz", "b.tgz", "b.zip"] {
            let path = Path::new("/nowhere").join(packed);
            assert_eq!(parsed(packed), Ok(Baseline::Packed(path)));
        }
        assert!(is_registry("http://h:1") && !is_registry("file:///a/.git#branch=main"));
        assert!(parsed("gone").unwrap_err().contains("no such folder or file"));
    }
}
