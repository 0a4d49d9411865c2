//! `levada init`: the settings that fit the schema files of a folder, or the subjects of a registry.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use globset::escape;
use levada_registry_api::ConfigDocument;
use levada_schema_core::{CompatibilityLevel, Limits, Outline, SchemaType};
use levada_serde::RegistryClient;
use levada_serde::client::Call;

use crate::error::CheckFailure;
use crate::layout::{Layout, by_extension};
use crate::pull::{PulledFile, pull};
use crate::server::{REQUESTS_MAX, found};
use crate::settings::{Project, SchemaRule};
use crate::tree::{Tree, folder_of, join};

/// The subject of a file, where its name alone tells files apart.
const BY_NAME: &str = "{file}";
/// The subject of a file, where only its path does.
const BY_PATH: &str = "{path}";
/// The end of JSON schemas that say what they are.
const SCHEMA_JSON: &str = "schema.json";

/// The tables `[[schemas]]` for all files of a tree that are taken for schemas without any; none
/// where there is no schema.
pub fn rules_of_tree(tree: &Tree, limits: &Limits) -> Result<Vec<SchemaRule>, CheckFailure> {
    let schemas = placed(&[], tree)?;
    let mut by_extension: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in &schemas {
        by_extension.entry(extension_of(path)).or_default().push(path);
    }
    let mut rules: Vec<SchemaRule> = Vec::new();
    for (extension, paths) in by_extension {
        // `*.json` also takes in `*.schema.json`.
        let covered = if rules.is_empty() { BTreeSet::new() } else { placed(&rules, tree)? };
        if paths.iter().all(|path| covered.contains(path)) {
            continue;
        }
        let import_roots =
            if extension == "proto" { import_roots(&paths, tree, limits) } else { Vec::new() };
        for path in patterns(extension, &paths, &schemas, tree)? {
            let import_roots = import_roots.clone();
            rules.push(SchemaRule { path, import_roots, ..SchemaRule::default() });
        }
    }
    let subject = if is_told_apart(&rules, tree)? { BY_NAME } else { BY_PATH };
    for rule in &mut rules {
        rule.subject = Some(subject.to_owned());
    }
    Ok(rules)
}

fn extension_of(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some(_) if path.ends_with(".schema.json") => SCHEMA_JSON,
        Some((_, extension)) => extension,
        None => "",
    }
}

fn layout(rules: &[SchemaRule]) -> Result<Layout, CheckFailure> {
    let project = Project { schemas: rules.to_vec(), ..Project::default() };
    Layout::new(&project, Vec::new(), None)
}

/// The files that are schemas under these rules.
fn placed<'t>(rules: &[SchemaRule], tree: &'t Tree) -> Result<BTreeSet<&'t str>, CheckFailure> {
    let layout = layout(rules)?;
    let paths = tree.files.keys().filter(|path| layout.place(path, tree).is_some());
    Ok(paths.map(String::as_str).collect())
}

/// As few patterns as take in `paths` and nothing that is no schema.
fn patterns(
    extension: &str,
    paths: &[&str],
    schemas: &BTreeSet<&str>,
    tree: &Tree,
) -> Result<Vec<String>, CheckFailure> {
    let fits = |pattern: &str| {
        let rule = SchemaRule { path: pattern.to_owned(), ..SchemaRule::default() };
        Ok::<_, CheckFailure>(placed(&[rule], tree)?.is_subset(schemas))
    };
    let base = paths.iter().copied().map(folder_of).reduce(common_folder).unwrap_or_default();
    let is_flat = paths.iter().all(|path| folder_of(path) == base);
    let all = below(base, &format!("{}*.{extension}", if is_flat { "" } else { "**/" }));
    if fits(&all)? {
        return Ok(vec![all]);
    }
    let mut found = Vec::new();
    let folders: BTreeSet<&str> = paths.iter().copied().map(folder_of).collect();
    for folder in folders {
        let whole = below(folder, &format!("*.{extension}"));
        if fits(&whole)? {
            found.push(whole);
        } else {
            let inside = paths.iter().filter(|path| folder_of(path) == folder);
            found.extend(inside.map(|path| escape(path)));
        }
    }
    Ok(found)
}

fn below(folder: &str, pattern: &str) -> String {
    if folder.is_empty() { pattern.to_owned() } else { format!("{}/{pattern}", escape(folder)) }
}

/// The deepest folder that both lie in.
fn common_folder<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other);
    let length = same.map(|(part, _)| part.len() + 1).sum::<usize>().saturating_sub(1);
    one.get(..length).unwrap_or_default()
}

/// The folders from which Protobuf imports are found, besides those that are looked into anyway: the
/// root, and that of the file itself.
fn import_roots(paths: &[&str], tree: &Tree, limits: &Limits) -> Vec<String> {
    let mut roots = BTreeSet::new();
    for path in paths {
        let Some(text) = tree.text(path) else { continue };
        // What cannot be read is a finding of the check.
        let outline = Outline::read(SchemaType::Protobuf, text, None, limits);
        for need in outline.unwrap_or_default().needs {
            let leads_from = |folder: &str| {
                join(folder, &need.written).is_some_and(|it| tree.text(&it).is_some())
            };
            let own = folder_of(path);
            if leads_from("") || leads_from(own) {
                continue;
            }
            let above = own.match_indices('/').filter_map(|(at, _)| own.get(..at));
            roots.extend(above.filter(|folder| leads_from(folder)).map(str::to_owned));
        }
    }
    roots.into_iter().collect()
}

/// Whether no two files have the same name.
fn is_told_apart(rules: &[SchemaRule], tree: &Tree) -> Result<bool, CheckFailure> {
    let layout = layout(rules)?;
    let mut seen = BTreeSet::new();
    let mut placed = tree.files.keys().filter_map(|path| layout.place(path, tree));
    Ok(placed.all(|placed| seen.insert(placed.template)))
}

/// What a registry asks of schemas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// Where nothing else is said.
    pub level: CompatibilityLevel,
    pub subjects: usize,
    /// For files where `levada pull --output FOLDER` puts them.
    pub rules: Vec<SchemaRule>,
}

/// The levels of a registry, and which files in `folder` are which of its subjects.
pub async fn survey(client: &RegistryClient, folder: &str) -> Result<Surveyed, CheckFailure> {
    let level = level_of(client.call(Call::get(&["config"])).await?);
    let files = pull(client, &[]).await?;
    let own: Vec<Option<CompatibilityLevel>> = stream::iter(&files)
        .map(|file| async {
            let path = ["config", file.subject.as_str()];
            Ok::<_, CheckFailure>(found(client.call(Call::get(&path)).await)?.and_then(level_of))
        })
        .buffered(REQUESTS_MAX)
        .try_collect()
        .await?;
    let rules = rules_of_files(files.iter().zip(own), folder);
    Ok(Surveyed { level: level.unwrap_or_default(), subjects: files.len(), rules })
}

fn level_of(config: ConfigDocument) -> Option<CompatibilityLevel> {
    config.compatibility_level.and_then(|level| level.parse().ok())
}

/// A table for each file that its name does not tell all about, then one for the others of a format.
fn rules_of_files<'f>(
    files: impl Iterator<Item = (&'f PulledFile, Option<CompatibilityLevel>)>,
    folder: &str,
) -> Vec<SchemaRule> {
    let mut rules = Vec::new();
    let mut others = BTreeSet::new();
    for (file, compatibility) in files {
        if !file.needs_rule && compatibility.is_none() {
            others.insert(extension_of(&file.path));
            continue;
        }
        let path = below(folder, &escape(&file.path));
        rules.push(rule(path, file.subject.clone(), compatibility, folder));
    }
    let others = others.into_iter().map(|extension| below(folder, &format!("*.{extension}")));
    rules.extend(others.map(|path| rule(path, BY_NAME.to_owned(), None, folder)));
    rules
}

fn rule(
    path: String,
    subject: String,
    compatibility: Option<CompatibilityLevel>,
    folder: &str,
) -> SchemaRule {
    let is_protobuf = by_extension(&path) == Some(SchemaType::Protobuf);
    let import_roots = if is_protobuf { vec![folder.to_owned()] } else { Vec::new() };
    SchemaRule {
        path,
        subject: Some(subject),
        compatibility,
        import_roots,
        ..SchemaRule::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Content;

    const JSON: &str = r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#;

    /// Patterns, import roots and the subject that all of them have.
    fn rules(files: &[(&str, &str)]) -> (Vec<(String, Vec<String>)>, Option<String>) {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.files.insert((*path).to_owned(), Content::Text((*text).into()));
        }
        let rules = rules_of_tree(&tree, &Limits::default()).unwrap();
        let subject = rules.first().and_then(|rule| rule.subject.clone());
        assert!(rules.iter().all(|rule| rule.subject == subject), "{rules:?}");
        (rules.into_iter().map(|rule| (rule.path, rule.import_roots)).collect(), subject)
    }

    fn patterns(files: &[(&str, &str)]) -> Vec<String> {
        rules(files).0.into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn one_pattern_takes_in_the_files_of_a_format() {
        let flat = [("s/a.avsc", "\"int\""), ("s/b.avsc", "\"int\"")];
        assert_eq!(patterns(&flat), ["s/*.avsc"]);
        let deep = [("s/a/x.avsc", "\"int\""), ("s/ab/y.avsc", "\"int\""), ("p.proto", "")];
        assert_eq!(patterns(&deep), ["s/**/*.avsc", "*.proto"]);
        let json = [("s/a.json", JSON), ("s/b.schema.json", JSON), ("package.json", "{}")];
        assert_eq!(patterns(&json), ["s/*.json"]);
        assert_eq!(patterns(&[("odd[1]/a.avsc", "\"int\"")]), ["odd[[]1[]]/*.avsc"]);
        assert_eq!(rules(&[("package.json", "{}")]), (Vec::new(), None));
    }

    #[test]
    fn no_pattern_takes_in_what_is_no_schema() {
        let mixed =
            [("a.json", JSON), ("package.json", "{}"), ("s/b.json", JSON), ("s/c.json", JSON)];
        assert_eq!(patterns(&mixed), ["a.json", "s/*.json"]);
    }

    #[test]
    fn subjects_are_named_by_files_while_that_tells_them_apart() {
        assert_eq!(rules(&[("a/x.avsc", "\"int\"")]).1.as_deref(), Some("{file}"));
        let same = [("a/x.avsc", "\"int\""), ("b/x.avsc", "\"int\"")];
        assert_eq!(rules(&same).1.as_deref(), Some("{path}"));
    }

    #[test]
    fn imports_say_what_they_count_from() {
        let import = "syntax = \"proto3\"; import \"shop/user.proto\"; message A {}";
        let files = [("p/src/shop/order.proto", import), ("p/src/shop/user.proto", "")];
        let roots = vec!["p/src".to_owned()];
        assert_eq!(rules(&files).0, [("p/src/shop/*.proto".to_owned(), roots)]);
    }

    #[test]
    fn subjects_of_a_registry_have_tables_where_the_name_of_the_file_is_not_enough() {
        let file = |path: &str, subject: &str, needs_rule| PulledFile {
            path: path.to_owned(),
            text: String::new(),
            subject: subject.to_owned(),
            version: 1,
            needs_rule,
        };
        let files = [
            file("a.avsc", "a", false),
            file("b.avsc", "b", false),
            file("c%2F.avsc", "c/", true),
            file("d.proto", "d", false),
        ];
        let own = [None, Some(CompatibilityLevel::Full), None, None];
        let rules = rules_of_files(files.iter().zip(own), "s");
        let told = rules.iter().map(|rule| {
            let SchemaRule { path, subject, compatibility, import_roots, .. } = rule;
            (path.as_str(), subject.as_deref().unwrap(), *compatibility, import_roots.len())
        });
        let expected = [
            ("s/b.avsc", "b", Some(CompatibilityLevel::Full), 0),
            ("s/c%2F.avsc", "c/", None, 0),
            ("s/*.avsc", "{file}", None, 0),
            ("s/*.proto", "{file}", None, 1),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }
}
