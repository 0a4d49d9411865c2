//! The use cases over a store in memory.

mod aliases;
mod associations;
mod compatibility;
mod contexts;
mod contracts;
mod delete;
mod effort;
mod keys;
mod lookup;
mod reads;
mod references;
mod register;
mod settings;
mod tags;

use levada_schema_core::{Contract, Limits, Metadata, Reference};

use super::{Draft, RegisterOptions, Registry};
use crate::{ConfigPatch, FieldPatch, MemoryStore, QualifiedSubject, RegistryError, SchemaVersion};

type TestRegistry = Registry<MemoryStore>;

fn registry() -> TestRegistry {
    Registry::new(MemoryStore::default(), Limits::default(), 2).unwrap()
}

fn subject(name: &str) -> QualifiedSubject {
    QualifiedSubject::parse(name)
}

/// A record `R` whose fields are strings; a name that ends in `?` has a default.
fn record(fields: &[&str]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|name| match name.strip_suffix('?') {
            Some(name) => format!(r#"{{"name":"{name}","type":"string","default":""}}"#),
            None => format!(r#"{{"name":"{name}","type":"string"}}"#),
        })
        .collect();
    format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","))
}

fn draft(text: impl Into<String>) -> Draft {
    Draft { text: text.into(), ..Draft::default() }
}

fn with_property(text: &str, key: &str, value: &str) -> Draft {
    let mut metadata = Metadata::default();
    metadata.properties.insert(key.to_owned(), value.to_owned());
    with_metadata(metadata, text)
}

fn with_metadata(metadata: Metadata, text: &str) -> Draft {
    Draft { contract: Contract { metadata: Some(metadata), rule_set: None }, ..draft(text) }
}

/// A record that uses the record `R` of version `version` of `target`.
fn user_of(target: &str, version: i32) -> Draft {
    Draft {
        references: vec![Reference { name: "R".into(), subject: target.into(), version }],
        ..draft(r#"{"type":"record","name":"User","fields":[{"name":"r","type":"R"}]}"#)
    }
}

impl TestRegistry {
    /// Registers and answers id and version.
    async fn put(&self, name: &str, draft: &Draft) -> Result<(i32, i32), RegistryError> {
        let options = RegisterOptions::default();
        let registered = self.register(&subject(name), draft, options).await?.version;
        Ok((registered.schema.id.0, registered.version.0))
    }

    async fn put_text(&self, name: &str, text: &str) -> Result<(i32, i32), RegistryError> {
        self.put(name, &draft(text)).await
    }

    async fn set_level(&self, name: &str, level: &str) {
        let level = FieldPatch::Set(level.parse().unwrap());
        let patch = ConfigPatch { level, ..ConfigPatch::default() };
        self.update_config(&subject(name), patch).await.unwrap();
    }

    async fn set_mode_of(&self, name: &str, mode: &str) -> Result<(), RegistryError> {
        self.set_mode(&subject(name), Some(mode.parse().unwrap()), false).await
    }

    async fn soft_delete(&self, name: &str) {
        self.delete_subject(&subject(name), false).await.unwrap();
    }

    /// The version numbers, soft-deleted ones negative.
    async fn numbers(&self, name: &str) -> Vec<i32> {
        let mut tx = crate::Store::read(self.store()).await.unwrap();
        let keys = crate::ReadTransaction::version_keys(&mut tx, &subject(name)).await.unwrap();
        let number = |SchemaVersion(number), is_deleted| if is_deleted { -number } else { number };
        keys.into_iter().map(|key| number(key.version, key.is_deleted)).collect()
    }
}
