//! `levada init`: a settings file for the schemas of this folder, or for those of a registry.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use levada_encryption::Secret;
use levada_schema_check::catalog::Catalog;
use levada_schema_check::folder;
use levada_schema_check::init::{rules_of_tree, survey};
use levada_schema_check::layout::Layout;
use levada_schema_check::report::plural;
use levada_schema_check::settings::{Project, SchemaRule};
use levada_schema_core::{CompatibilityLevel, Limits};

use crate::check::on_large_stack;
use crate::config_file::{self, RegistryTable};
use crate::exit::{self, Failure};
use crate::globals::{Globals, working_folder};
use crate::registry::{AccessArgs, ContextArgs, without_login};
use crate::runtime;

pub(crate) const HELP: &str = "\
Examples:
  levada init
  levada init --from-registry https://registry.example.com

It writes levada.toml into this folder (or the file of --config) and overwrites nothing.";

/// Where `levada pull` is told to put the files of a registry.
const PULLED: &str = "schemas";

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Take levels and subjects from a registry instead of the files that lie here
    #[arg(long, value_name = "URL")]
    from_registry: Option<Secret>,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    context: ContextArgs,
}

/// What is going to be written, and what to do then.
struct Draft {
    registry: RegistryTable,
    level: CompatibilityLevel,
    rules: Vec<SchemaRule>,
    found: String,
    next: Vec<(String, &'static str)>,
}

pub(crate) fn run(args: &InitArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let path = globals.config.clone().unwrap_or_else(|| PathBuf::from(config_file::NAME));
    let here = working_folder()?;
    must_be_new(&path)?;
    let draft = on_large_stack(|| match &args.from_registry {
        Some(url) => of_registry(url, args, globals),
        None => of_folder(&here),
    })?;
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).open(&path);
    file.and_then(|mut file| file.write_all(text_of(&draft).as_bytes())).map_err(|error| {
        Failure::new(exit::FAILED, format!("cannot write {}: {error}", path.display()))
    })?;
    let mut told = format!("wrote {}: {}\nnext:\n", path.display(), draft.found);
    let widest = draft.next.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    for (command, why) in &draft.next {
        // Writing to a String cannot fail.
        let _ = writeln!(told, "  {command:widest$}  {why}");
    }
    globals.tell(told)?;
    Ok(ExitCode::from(exit::OK))
}

fn must_be_new(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        _ => {
            let message = format!(
                "{} is there already and stays as it is; remove it, or name another file with --config",
                path.display()
            );
            Err(Failure::new(exit::USAGE, message))
        }
    }
}

fn of_folder(here: &Path) -> Result<Draft, Failure> {
    let limits = Limits::default();
    let plain = Layout::new(&Project::default(), Vec::new(), None)?;
    let tree = folder::load(here, &plain, limits.text_bytes_max)?;
    let rules = rules_of_tree(&tree, &limits)?;
    if rules.is_empty() {
        let message = "there is no schema here (.avsc, .proto, .schema.json, or .json that says \
                       $schema), so nothing was written; go where they lie, or say --from-registry URL";
        return Err(Failure::new(exit::NO_INPUT, message));
    }
    // Whatever is written is read by the next command, so that fails here rather than there.
    let project = Project { schemas: rules.clone(), ..Project::default() };
    let layout = Layout::new(&project, Vec::new(), None)?;
    let catalog = Catalog::of_tree(String::new(), &tree, &layout, &limits)?;
    let in_git = here.ancestors().any(|folder| folder.join(".git").exists());
    let with_history = [
        ("levada lint", "whether all of them are schemas, and their style"),
        ("levada check --against .git#branch=main", "what this branch changes, and whom it breaks"),
    ];
    let without_history = [
        ("levada lock", "keep the schemas of today in levada.lock"),
        ("levada check --against lock", "what has changed since then, and whom it breaks"),
    ];
    let next = if in_git { with_history } else { without_history };
    Ok(Draft {
        registry: RegistryTable::default(),
        level: CompatibilityLevel::default(),
        found: plural(catalog.subjects.len(), "schema"),
        rules,
        next: next.map(|(command, why)| (command.to_owned(), why)).to_vec(),
    })
}

fn of_registry(url: &Secret, args: &InitArgs, globals: &Globals) -> Result<Draft, Failure> {
    let endpoint = args.access.endpoint(url, globals, &RegistryTable::default())?;
    let client = endpoint.within(&args.context).client()?;
    let surveyed = runtime::new()?.block_on(survey(&client, PULLED))?;
    let address = without_login(url.expose());
    let next = vec![
        (format!("levada pull --output {PULLED}"), "write its schemas into files"),
        (format!("levada check --against {address}"), "what would change there"),
        ("levada plan".to_owned(), "what levada apply would do there"),
    ];
    let registry = args.access.table(&address, args.context.context.clone());
    Ok(Draft {
        registry,
        level: surveyed.level,
        found: plural(surveyed.subjects, "subject"),
        rules: surveyed.rules,
        next,
    })
}

/// A settings file, with a word for whoever reads it first.
fn text_of(draft: &Draft) -> String {
    let Draft { registry, level, rules, .. } = draft;
    let mut text = "# Settings of levada; paths count from this file.\nversion = 1\n\n".to_owned();
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    };
    match &registry.url {
        None => {
            line(format_args!("# The registry that commands talk to."));
            line(format_args!("# [registry]\n# url = \"http://127.0.0.1:8081\""));
        }
        Some(url) => line(format_args!("[registry]\nurl = {}", quoted(url.expose()))),
    }
    if let Some(context) = &registry.context {
        line(format_args!("context = {}", quoted(context)));
    }
    for (key, file) in [("token-file", &registry.token_file), ("ca", &registry.ca)] {
        if let Some(file) = file {
            line(format_args!("{key} = {}", quoted(&file.to_string_lossy())));
        }
    }
    line(format_args!(
        "\n# BACKWARD: new schemas read what old ones wrote; FORWARD: the other way round;"
    ));
    line(format_args!(
        "# FULL: both. With _TRANSITIVE all earlier versions count. NONE: anything goes."
    ));
    line(format_args!("[defaults]\ncompatibility = \"{level}\""));
    if !rules.is_empty() {
        line(format_args!(
            "\n# Which files are schemas of which subject: the first table counts whose path"
        ));
        line(format_args!(
            "# matches. A subject is made of {{file}}, {{dir}}, {{path}} or {{record}}, as in"
        ));
        line(format_args!("# \"{{file}}-value\"."));
    }
    for (number, rule) in rules.iter().enumerate() {
        let SchemaRule { path, subject, compatibility, import_roots, .. } = rule;
        let before = if number == 0 { "" } else { "\n" };
        line(format_args!("{before}[[schemas]]\npath = {}", quoted(path)));
        if let Some(subject) = subject {
            line(format_args!("subject = {}", quoted(subject)));
        }
        if let Some(level) = compatibility {
            line(format_args!("compatibility = \"{level}\""));
        }
        if !import_roots.is_empty() {
            let roots: Vec<String> = import_roots.iter().map(|root| quoted(root)).collect();
            line(format_args!("import-roots = [{}]", roots.join(", ")));
        }
    }
    text
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
