//! Which files are schemas, and of which subject: by the settings file, else by their names.

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use levada_schema_core::{CompatibilityLevel, CompatibilityPolicy, Limits, Outline, SchemaType};

use crate::error::CheckFailure;
use crate::samples::is_sample;
use crate::settings::{Project, SchemaRule};
use crate::tree::{Tree, folder_of, is_within, join, stem_of};

/// How the source of a level of the settings file begins.
const SETTINGS: &str = "levada.toml";

/// A path that a command was given, from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    Folder(String),
    File(String),
}

/// Says what each file is.
#[derive(Debug)]
pub struct Layout {
    rules: Vec<Rule>,
    /// The folders that rules and import roots begin in, none inside another.
    bases: BTreeSet<String>,
    arguments: Vec<Argument>,
    default_level: Option<CompatibilityLevel>,
    default_policy: Option<CompatibilityPolicy>,
    /// The format of every file, where the command was told.
    schema_type: Option<SchemaType>,
}

#[derive(Debug)]
struct Rule {
    pattern: GlobMatcher,
    /// The same as text, without `.` and `..` parts.
    path: String,
    settings: SchemaRule,
}

/// What a schema file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub schema_type: SchemaType,
    /// The subject, in which `{record}` may still stand.
    pub(crate) template: String,
    pub level: Level,
    pub policy: CompatibilityPolicy,
    pub import_roots: Arc<[String]>,
}

impl Placed {
    /// The subject of the file at `path`, whose text says the name of its main type.
    pub fn subject(&self, path: &str, text: &str, limits: &Limits) -> String {
        const RECORD: &str = "{record}";
        if !self.template.contains(RECORD) {
            return self.template.clone();
        }
        let outline = Outline::read(self.schema_type, text, None, limits);
        let main = outline.ok().and_then(|outline| outline.main);
        self.template.replace(RECORD, main.as_deref().unwrap_or_else(|| stem_of(path)))
    }
}

/// A level, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    pub level: CompatibilityLevel,
    pub source: String,
}

impl Level {
    /// Whether somebody wrote it into the settings file.
    pub(crate) fn is_of_settings(&self) -> bool {
        self.source.starts_with(SETTINGS)
    }
}

impl Layout {
    /// Files are those of the project that `arguments` name, all if there are none. Without rules in
    /// the project, they are told by their extensions.
    pub fn new(
        project: &Project,
        arguments: Vec<Argument>,
        schema_type: Option<SchemaType>,
    ) -> Result<Self, CheckFailure> {
        let compile = |rule: &SchemaRule| {
            if let Some(unknown) = rule.subject.as_deref().and_then(unknown_placeholder) {
                let known = PLACEHOLDERS.join(", ");
                let reason = format!("subject has {unknown}; what is filled in is {known}");
                return Err(CheckFailure::Settings { table: "[[schemas]]", reason });
            }
            let wrong = |reason: &str| CheckFailure::Settings {
                table: "[[schemas]]",
                reason: format!("path = \"{}\": {reason}", rule.path),
            };
            if rule.path.starts_with('/') {
                return Err(wrong("it has to be a path from the folder of levada.toml"));
            }
            let path = join("", &rule.path);
            let path = path.ok_or_else(|| wrong("it leads out of the folder of levada.toml"))?;
            let glob = GlobBuilder::new(&path).literal_separator(true).build();
            let glob = glob.map_err(|error| wrong(&error.kind().to_string()))?;
            Ok(Rule { pattern: glob.compile_matcher(), path, settings: rule.clone() })
        };
        let rules =
            project.schemas.iter().map(compile).collect::<Result<Vec<_>, CheckFailure>>()?;
        let bases = bases(&rules);
        let defaults = &project.defaults;
        let (default_level, default_policy) = (defaults.compatibility, defaults.policy);
        Ok(Self { rules, bases, arguments, default_level, default_policy, schema_type })
    }

    /// Folders under which there may be files of interest; whether what is below counts, too. Those
    /// of rules need not be there.
    pub fn folders(&self) -> Vec<(String, bool)> {
        if !self.rules.is_empty() {
            return self.bases.iter().map(|base| (base.clone(), true)).collect();
        }
        if self.arguments.is_empty() {
            return vec![(String::new(), true)];
        }
        let folder = |argument: &Argument| match argument {
            Argument::Folder(folder) => (folder.clone(), true),
            // What lies beside a file may be referred to.
            Argument::File(file) => (folder_of(file).to_owned(), false),
        };
        self.arguments.iter().map(folder).collect()
    }

    /// Whether a file of this name can matter: as a schema, or to one that refers to it.
    pub fn is_of_interest(&self, path: &str) -> bool {
        let is_known = match by_extension(path) {
            // In a whole repository most files that end so are something else.
            Some(SchemaType::Json) => self.rules.is_empty() || !self.bases.contains(""),
            known => known.is_some(),
        };
        let is_named = self.arguments.contains(&Argument::File(path.to_owned()));
        if !is_known && !is_named && self.rule(path).is_none() {
            return false;
        }
        is_named
            || self.folders().iter().any(|(folder, is_deep)| {
                is_within(path, folder)
                    && (*is_deep || folder_of(path) == folder)
                    && !leads_through_skipped(folder_of(path), folder)
            })
    }

    /// Whether any file of the tree is a schema.
    pub fn has_schemas(&self, tree: &Tree) -> bool {
        tree.files.keys().any(|path| self.place(path, tree).is_some())
    }

    /// Whether the command was asked to look at a file of this path.
    pub fn is_asked_for(&self, path: &str) -> bool {
        self.argument(path).is_some()
    }

    /// The extensions of all files of interest; none where there are files with others.
    pub(crate) fn known_extensions(&self) -> Option<&'static [&'static str]> {
        let of_rules = self.rules.iter().map(|rule| rule.path.as_str());
        let of_arguments = self.arguments.iter().filter_map(|argument| match argument {
            Argument::Folder(_) => None,
            Argument::File(file) => Some(file.as_str()),
        });
        let is_known = of_rules.chain(of_arguments).all(|path| by_extension(path).is_some());
        is_known.then_some(&EXTENSIONS)
    }

    /// What the file is; none where it is no schema to be looked at.
    pub fn place(&self, path: &str, tree: &Tree) -> Option<Placed> {
        let argument = self.argument(path).filter(|_| !is_sample(path))?;
        if self.rules.is_empty() {
            return self.place_by_name(path, argument, tree);
        }
        let rule = &self.rule(path)?.settings;
        let schema_type = rule.schema_type.or(self.schema_type).or_else(|| by_extension(path))?;
        let template = rule.subject.as_deref().unwrap_or("{file}");
        let level = rule
            .compatibility
            .map(|level| Level { level, source: format!("{SETTINGS}, path = \"{}\"", rule.path) });
        Some(Placed {
            schema_type,
            template: fill(template, path, rule),
            level: level.unwrap_or_else(|| self.default_level()),
            policy: rule.policy.or(self.default_policy).unwrap_or_default(),
            import_roots: rule.import_roots.clone().into(),
        })
    }

    fn place_by_name(&self, path: &str, argument: &Argument, tree: &Tree) -> Option<Placed> {
        let is_named = matches!(argument, Argument::File(_));
        let schema_type = match (self.schema_type, by_extension(path)) {
            (Some(given), Some(_)) => given,
            (Some(given), None) if is_named => given,
            (None, Some(known)) if !is_named && !is_likely(known, path, tree) => None?,
            (_, known) => known?,
        };
        let folder = match argument {
            Argument::Folder(folder) => folder.as_str(),
            Argument::File(file) => folder_of(file),
        };
        let inner = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
        let subject = match folder_of(inner) {
            "" => stem_of(inner).to_owned(),
            folder => format!("{folder}/{}", stem_of(inner)),
        };
        Some(Placed {
            schema_type,
            template: subject,
            level: self.default_level(),
            policy: self.default_policy.unwrap_or_default(),
            import_roots: Arc::new([folder.to_owned()]),
        })
    }

    /// The argument that takes the file in.
    fn argument(&self, path: &str) -> Option<&Argument> {
        const ALL: &Argument = &Argument::Folder(String::new());
        if self.arguments.is_empty() {
            return Some(ALL);
        }
        self.arguments.iter().find(|argument| match argument {
            Argument::Folder(folder) => is_within(path, folder),
            Argument::File(file) => file == path,
        })
    }

    /// Whether a table `[[schemas]]` is about a file of this path.
    pub fn has_rule(&self, path: &str) -> bool {
        self.rule(path).is_some()
    }

    fn rule(&self, path: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.pattern.is_match(path))
    }

    fn default_level(&self) -> Level {
        match self.default_level {
            Some(level) => Level { level, source: format!("{SETTINGS}, [defaults]") },
            None => Level { level: CompatibilityLevel::default(), source: "default".to_owned() },
        }
    }
}

/// The folders that the rules are about, without those that are found from another one of them.
fn bases(rules: &[Rule]) -> BTreeSet<String> {
    let of_pattern = |rule: &Rule| {
        let plain = rule.path.find(['*', '?', '[', '{']).unwrap_or(rule.path.len());
        folder_of(rule.path.get(..plain).unwrap_or_default()).to_owned()
    };
    let roots = rules
        .iter()
        .flat_map(|rule| rule.settings.import_roots.iter().filter_map(|root| join("", root)));
    let all: BTreeSet<String> = rules.iter().map(of_pattern).chain(roots).collect();
    let is_found = |folder: &str, from: &String| {
        from != folder && is_within(folder, from) && !leads_through_skipped(folder, from)
    };
    all.iter().filter(|folder| !all.iter().any(|from| is_found(folder, from))).cloned().collect()
}

/// Folders that hold what tools made or fetched: copies of schemas, which would stand beside them.
const SKIPPED: [&str; 4] = ["build", "node_modules", "target", "vendor"];

/// Whether a folder of this name is left out, unless somebody names it.
pub(crate) fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || SKIPPED.contains(&name)
}

/// Whether there is a folder on the way down from `base` to `folder` that is left out.
fn leads_through_skipped(folder: &str, base: &str) -> bool {
    folder.strip_prefix(base).unwrap_or(folder).split('/').any(is_skipped)
}

const EXTENSIONS: [&str; 4] = ["avro", "avsc", "json", "proto"];

/// The format that an extension stands for.
pub fn by_extension(path: &str) -> Option<SchemaType> {
    match extension(path)? {
        "avsc" | "avro" => Some(SchemaType::Avro),
        "proto" => Some(SchemaType::Protobuf),
        "json" => Some(SchemaType::Json),
        _ => None,
    }
}

fn extension(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, extension)| extension)
}

/// Most files that end in `.json` are no schemas, and most that end in `.avro` are data.
fn is_likely(schema_type: SchemaType, path: &str, tree: &Tree) -> bool {
    let is_text = |says_so: fn(&str) -> bool| tree.text(path).is_some_and(|text| says_so(text));
    match schema_type {
        SchemaType::Json => {
            path.ends_with(".schema.json") || is_text(|text| text.contains("json-schema.org/"))
        }
        SchemaType::Avro => {
            extension(path) == Some("avsc")
                || is_text(|text| text.trim_start().starts_with(['{', '[', '"']))
        }
        SchemaType::Protobuf => true,
    }
}

/// What stands for a part of a subject; `{record}` is filled in once the schema was read.
const PLACEHOLDERS: [&str; 5] = ["{file}", "{dir}", "{path}", "{topic}", "{record}"];

/// The first thing in braces of which nobody knows what it stands for.
fn unknown_placeholder(template: &str) -> Option<&str> {
    let starts = template.match_indices('{').map(|(start, _)| start);
    let in_braces = starts.filter_map(|start| {
        let rest = template.get(start..)?;
        rest.get(..=rest.find('}')?)
    });
    in_braces.into_iter().find(|found| !PLACEHOLDERS.contains(found))
}

fn fill(template: &str, path: &str, rule: &SchemaRule) -> String {
    let stem = stem_of(path);
    let folder = folder_of(path);
    let name_of_folder = folder.rsplit('/').next().unwrap_or(folder);
    let whole = if folder.is_empty() { stem.to_owned() } else { format!("{folder}/{stem}") };
    template
        .replace("{file}", stem)
        .replace("{dir}", name_of_folder)
        .replace("{path}", &whole)
        .replace("{topic}", rule.topic.as_deref().unwrap_or(name_of_folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Content;

    fn rule(path: &str) -> SchemaRule {
        SchemaRule { path: path.to_owned(), ..SchemaRule::default() }
    }

    fn subject(layout: &Layout, path: &str) -> Option<String> {
        let placed = layout.place(path, &Tree::default())?;
        Some(placed.subject(path, "", &Limits::default()))
    }

    #[test]
    fn placeholders_that_nobody_knows_are_told() {
        for (template, expected) in [
            ("{name}-value", Some("{name}")),
            ("{topic}-{Record}", Some("{Record}")),
            ("{file}.{dir}.{path}.{topic}.{record}", None),
            ("{half", None),
            ("plain}", None),
        ] {
            assert_eq!(unknown_placeholder(template), expected, "{template}");
        }
    }

    #[test]
    fn rules_say_which_files_are_schemas_of_which_subject() {
        let full = Some(CompatibilityLevel::Full);
        let orders = SchemaRule {
            subject: Some("{topic}-value".to_owned()),
            topic: Some("orders".to_owned()),
            compatibility: full,
            ..rule("schemas/orders/*.avsc")
        };
        let protos = SchemaRule { subject: Some("{path}".to_owned()), ..rule("proto/**/*.proto") };
        let project = Project { schemas: vec![orders, protos], ..Project::default() };
        let layout = Layout::new(&project, Vec::new(), None).unwrap();
        let placed = layout.place("schemas/orders/order.avsc", &Tree::default()).unwrap();
        assert_eq!(placed.template, "orders-value");
        assert_eq!(Some(placed.level.level), full);
        assert_eq!(placed.level.source, "levada.toml, path = \"schemas/orders/*.avsc\"");
        assert_eq!(subject(&layout, "proto/a/b.proto").as_deref(), Some("proto/a/b"));
        assert_eq!(subject(&layout, "schemas/orders/old/order.avsc"), None);
        assert!(layout.is_of_interest("schemas/orders/old/order.avsc"), "others may refer to it");
    }

    #[test]
    fn without_rules_the_subject_is_the_path_from_the_argument() {
        let arguments =
            vec![Argument::Folder("s".to_owned()), Argument::File("t/b.json".to_owned())];
        let layout = Layout::new(&Project::default(), arguments, None).unwrap();
        assert_eq!(subject(&layout, "s/orders-value.avsc").as_deref(), Some("orders-value"));
        assert_eq!(subject(&layout, "s/a/b.proto").as_deref(), Some("a/b"));
        assert_eq!(subject(&layout, "t/b.json").as_deref(), Some("b"));
        assert_eq!(subject(&layout, "t/c.avsc"), None);
        assert!(layout.is_of_interest("t/c.avsc"));
        assert!(!layout.is_of_interest("t/d/c.avsc"));
    }

    #[test]
    fn files_with_names_that_others_use_are_schemas_if_they_look_so() {
        let layout = Layout::new(&Project::default(), Vec::new(), None).unwrap();
        let mut tree = Tree::default();
        let schema = r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#;
        for (path, text) in [
            ("package.json", "{}"),
            ("a.json", schema),
            ("b.schema.json", "{}"),
            ("c.avro", "\"int\""),
            ("data.avro", "Obj\u{1}"),
        ] {
            tree.files.insert(path.to_owned(), Content::Text(text.into()));
        }
        tree.files.insert("more.avro".to_owned(), Content::Unusable("no text".to_owned()));
        let schemas = tree.files.keys().filter(|path| layout.place(path, &tree).is_some());
        assert_eq!(schemas.collect::<Vec<_>>(), ["a.json", "b.schema.json", "c.avro"]);
    }

    #[test]
    fn only_folders_that_rules_begin_in_are_looked_into() {
        let proto = SchemaRule { import_roots: vec!["./third/".to_owned()], ..rule("p/*.proto") };
        let rules = vec![rule("s/a/*.avsc"), rule("s/**/*.json"), proto];
        let project = Project { schemas: rules, ..Project::default() };
        let layout = Layout::new(&project, Vec::new(), None).unwrap();
        let folders = layout.folders().into_iter().map(|(folder, _)| folder);
        assert_eq!(folders.collect::<Vec<_>>(), ["p", "s", "third"]);
        assert!(layout.is_of_interest("s/x.json") && layout.is_of_interest("third/y.proto"));
        assert!(!layout.is_of_interest("x.json"));
        let everywhere = Project { schemas: vec![rule("**/*.schema.json")], ..Project::default() };
        let layout = Layout::new(&everywhere, Vec::new(), None).unwrap();
        assert!(layout.is_of_interest("a/b.schema.json") && !layout.is_of_interest("package.json"));
    }
}
