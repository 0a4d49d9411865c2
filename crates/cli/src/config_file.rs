//! The settings file `levada.toml`: found from the working folder upwards, or named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use levada_encryption::Secret;
use levada_schema_check::settings::{Accept, Defaults, LintTable, Project, SchemaRule};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::exit::{self, Failure};
use crate::globals::from_folder_of;
use crate::limits::LimitsTable;
use crate::serve::ServeTable;

pub(crate) const NAME: &str = "levada.toml";
/// The version of its format.
const VERSION: u32 = 1;

/// What a settings file may say.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// Of the file's format; 1 is the only one yet.
    pub(crate) version: Option<u32>,
    #[serde(default)]
    pub(crate) registry: RegistryTable,
    #[serde(default)]
    pub(crate) kafka: KafkaTable,
    /// Other pairs of these two tables, chosen by `--profile`.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
    #[serde(default)]
    pub(crate) defaults: Defaults,
    #[serde(default)]
    pub(crate) schemas: Vec<SchemaRule>,
    #[serde(default)]
    pub(crate) lint: LintTable,
    #[serde(default)]
    pub(crate) accept: Vec<Accept>,
    #[serde(default)]
    pub(crate) serve: ServeTable,
    #[serde(default)]
    pub(crate) limits: LimitsTable,
}

/// The table `[registry]`: the one that commands talk to.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RegistryTable {
    pub(crate) url: Option<Secret>,
    pub(crate) context: Option<String>,
    /// From the folder of the settings file, as [`Self::ca`].
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) ca: Option<PathBuf>,
}

/// A table `[profiles.NAME]`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    #[serde(default)]
    pub(crate) registry: RegistryTable,
    #[serde(default)]
    pub(crate) kafka: KafkaTable,
}

/// The table `[kafka]`: the cluster that commands talk to.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KafkaTable {
    /// `host:port`, several with commas.
    pub(crate) bootstrap: Option<String>,
}

impl ConfigFile {
    /// What it says about schemas.
    pub(crate) fn project(self) -> Project {
        let Self { defaults, schemas, lint, accept, .. } = self;
        Project { defaults, schemas, lint, accept }
    }
}

/// The file to be read: `named`, or the nearest `levada.toml` from `from` upwards, if there is one.
pub(crate) fn find(named: Option<&Path>, from: &Path) -> Option<PathBuf> {
    match named {
        Some(path) => Some(path.to_path_buf()),
        None => from.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file()),
    }
}

/// Reads the file that [`find`] has found; none is no error.
pub(crate) fn load(found: Option<&Path>) -> Result<ConfigFile, Failure> {
    let Some(path) = found else { return Ok(ConfigFile::default()) };
    let mut file: ConfigFile = read(path)?;
    let profiles = file.profiles.values_mut().map(|profile| &mut profile.registry);
    for table in profiles.chain([&mut file.registry]) {
        for named in [&mut table.token_file, &mut table.ca] {
            *named = named.take().map(|named| from_folder_of(path, &named));
        }
    }
    match file.version {
        None | Some(VERSION) => Ok(file),
        Some(other) => {
            let message = format!(
                "the settings file has version {other}, and this levada knows {VERSION}; use a newer one"
            );
            Err(Failure::new(exit::USAGE, message))
        }
    }
}

/// Reads a settings file into what it is needed as.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(exit::USAGE, format!("cannot read settings file {}: {error}", path.display()))
    })?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            1 + text.get(..span.start).map_or(0, |before| before.matches('\n').count())
        });
        Failure::new(
            exit::USAGE,
            format!("{}, line {line}: {}", path.display(), error.message().replace('\n', " ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_file_upwards_is_read() {
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(root.path().join(NAME), "[kafka]\nbootstrap = \"b:1\"\n").unwrap();
        assert_eq!(
            load(find(None, &below).as_deref()).unwrap().kafka,
            KafkaTable { bootstrap: Some("b:1".to_owned()) }
        );
    }

    #[test]
    fn unknown_key_is_refused_with_its_line() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(NAME);
        std::fs::write(&path, "[kafka]\nport = 1\n").unwrap();
        let failure = format!("{:?}", load(Some(&path)).unwrap_err());
        assert!(failure.contains("line 2: unknown field `port`"), "{failure}");
    }
}
