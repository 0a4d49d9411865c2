//! The schema files that a command is about: the settings file, the root, and what was asked for.

use std::path::{Component, Path, PathBuf};

use clap::Args;
use levada_schema_check::catalog::Catalog;
use levada_schema_check::layout::{Argument, Layout};
use levada_schema_check::settings::Project;
use levada_schema_check::{folder, tree::Tree};
use levada_schema_core::{Limits, SchemaType};

use crate::config_file::{self, RegistryTable};
use crate::exit::{self, Failure};
use crate::globals::{Globals, working_folder};
use crate::limits::{self, LimitArgs};
use crate::places::Places;

/// Which files a command is about.
#[derive(Debug, Args)]
pub(crate) struct FilesArgs {
    /// Folders and files [default: the folder of levada.toml, else this one]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

impl FilesArgs {
    /// Whether only some are meant.
    pub(crate) fn are_named(&self) -> bool {
        !self.paths.is_empty()
    }

    pub(crate) fn workspace(&self, globals: &Globals) -> Result<Workspace, Failure> {
        Workspace::open(&self.paths, &self.settings, globals)
    }
}

/// How files are read.
#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// AVRO, PROTOBUF or JSON [default: by extension: .avsc .avro, .proto, .json]
    #[arg(long = "type", value_name = "TYPE")]
    schema_type: Option<SchemaType>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Where a command stands.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) here: PathBuf,
    /// The folder of the settings file, else the working folder.
    pub(crate) home: PathBuf,
    /// Paths of schema files count from here: `home`, or `/` where some lie outside of it.
    pub(crate) root: PathBuf,
    pub(crate) project: Project,
    pub(crate) registry: RegistryTable,
    pub(crate) limits: Limits,
    pub(crate) arguments: Vec<Argument>,
    schema_type: Option<SchemaType>,
}

/// The schemas as they lie in the folders.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) layout: Layout,
    pub(crate) catalog: Catalog,
}

impl Workspace {
    /// Reads the settings file, and what `paths` are.
    pub(crate) fn open(
        paths: &[PathBuf],
        settings: &SettingsArgs,
        globals: &Globals,
    ) -> Result<Self, Failure> {
        let SettingsArgs { schema_type, limits } = settings;
        let here = std::fs::canonicalize(working_folder()?)
            .map_err(|error| Failure::new(exit::FAILED, format!("no working folder: {error}")))?;
        let found = globals.settings_path()?;
        let mut file = globals.settings()?;
        let limits = limits.decide(&file.limits, limits::variable)?.schemas;
        let folder = found.as_deref().and_then(Path::parent).map(|folder| here.join(folder));
        let root = folder.map_or_else(|| Ok(here.clone()), std::fs::canonicalize);
        let home = root.map_err(|error| Failure::new(exit::USAGE, error))?;
        let registry = std::mem::take(&mut file.registry);
        let project = file.project();
        let whole: Vec<(PathBuf, bool)> =
            paths.iter().map(|path| absolute(&here, path)).collect::<Result<_, _>>()?;
        let root = match whole.iter().find(|(path, _)| !path.starts_with(&home)) {
            None => home.clone(),
            Some(_) if project.schemas.is_empty() => PathBuf::from("/"),
            Some((path, _)) => {
                let message = format!(
                    "{} lies outside of {}, whose {} says which files are schemas; go elsewhere, or \
                     name another settings file with --config",
                    path.display(),
                    home.display(),
                    config_file::NAME
                );
                return Err(Failure::new(exit::USAGE, message));
            }
        };
        let arguments = whole.iter().map(|(path, is_folder)| argument(&root, path, *is_folder));
        Ok(Self {
            arguments: arguments.collect(),
            here,
            home,
            root,
            project,
            registry,
            limits,
            schema_type: *schema_type,
        })
    }

    pub(crate) fn places(&self) -> Places {
        Places::new(&self.here, &self.home)
    }

    /// What the files of `arguments` are; of all files without any.
    pub(crate) fn layout(&self, arguments: Vec<Argument>) -> Result<Layout, Failure> {
        Ok(Layout::new(&self.project, arguments, self.schema_type)?)
    }

    /// Takes files out of the arguments that no rule is about, if there are rules; gives their paths.
    pub(crate) fn leave_out_files_without_rule(&mut self) -> Result<Vec<String>, Failure> {
        let mut left_out = Vec::new();
        if !self.project.schemas.is_empty() {
            let layout = self.layout(Vec::new())?;
            self.arguments.retain(|argument| match argument {
                Argument::File(path) if !layout.has_rule(path) => {
                    left_out.push(path.clone());
                    false
                }
                _ => true,
            });
        }
        Ok(left_out)
    }

    /// Reads the schemas.
    pub(crate) fn files(&self) -> Result<Files, Failure> {
        let layout = self.layout(self.arguments.clone())?;
        let tree = folder::load(&self.root, &layout, self.limits.text_bytes_max)?;
        for argument in &self.arguments {
            self.must_be_schema(argument, &layout, &tree)?;
        }
        let mut catalog = Catalog::of_tree(String::new(), &tree, &layout, &self.limits)?;
        if self.root == Path::new("/") {
            let versions = catalog.subjects.values_mut().flat_map(|found| &mut found.versions);
            versions.for_each(|version| version.place.insert(0, '/'));
        }
        Ok(Files { layout, catalog })
    }

    /// A file that was named is a schema, or the command says why not.
    fn must_be_schema(
        &self,
        argument: &Argument,
        layout: &Layout,
        tree: &Tree,
    ) -> Result<(), Failure> {
        let Argument::File(path) = argument else { return Ok(()) };
        if layout.place(path, tree).is_some() {
            return Ok(());
        }
        let shown = self.root.join(path);
        let reason = if self.project.schemas.is_empty() {
            "name it .avsc, .proto or .json, or give --type"
        } else {
            "no table [[schemas]] of levada.toml has a path that matches it"
        };
        let message = format!("cannot tell the schema type of {}: {reason}", shown.display());
        Err(Failure::new(exit::USAGE, message))
    }
}

/// Where a path leads, and whether there is a folder. A link to a file keeps its own name.
fn absolute(here: &Path, path: &Path) -> Result<(PathBuf, bool), Failure> {
    let unreadable =
        |error| Failure::new(exit::NO_INPUT, format!("cannot read {}: {error}", path.display()));
    let whole = here.join(path);
    if std::fs::metadata(&whole).map_err(unreadable)?.is_dir() {
        return Ok((std::fs::canonicalize(&whole).map_err(unreadable)?, true));
    }
    let name = whole.file_name().unwrap_or_default();
    let folder = whole.parent().unwrap_or(here);
    Ok((std::fs::canonicalize(folder).map_err(unreadable)?.join(name), false))
}

fn argument(root: &Path, path: &Path, is_folder: bool) -> Argument {
    let inside = path.strip_prefix(root).unwrap_or(path).components();
    let parts = inside.filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    if is_folder { Argument::Folder(path) } else { Argument::File(path) }
}
