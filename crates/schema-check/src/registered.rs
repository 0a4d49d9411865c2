//! Which versions of a registry schema files are already: a registry takes what it has, however old.

use std::collections::HashMap;

use levada_registry_api::{RegisterRequest, SchemaDocument, SchemaReference};
use levada_schema_core::{Limits, Reference};
use levada_serde::client::{Call, RegistryError};
use levada_serde::{RegistryClient, SchemaDefinition};

use crate::catalog::{Catalog, Version};

/// Asks for the versions of files, each once.
pub(crate) struct Registered<'c> {
    client: &'c RegistryClient,
    limits: &'c Limits,
    /// Subject and content of each file.
    files: HashMap<&'c str, (&'c str, &'c Version)>,
    asked: HashMap<&'c str, Option<i32>>,
}

impl<'c> Registered<'c> {
    pub(crate) fn new(
        client: &'c RegistryClient,
        catalog: &'c Catalog,
        limits: &'c Limits,
    ) -> Self {
        let subjects = catalog.subjects.iter();
        let files = subjects.flat_map(|(name, subject)| {
            let versions = subject.versions.iter();
            versions.map(|version| (version.place.as_str(), (name.as_str(), version)))
        });
        Self { client, limits, files: files.collect(), asked: HashMap::new() }
    }

    /// The version of the subject that the registry takes the file for, if there is one. `depth` is the
    /// number of files that refer to it on the way here.
    pub(crate) async fn number(
        &mut self,
        name: &'c str,
        version: &'c Version,
        depth: usize,
    ) -> Result<Option<i32>, RegistryError> {
        if let Some(known) = self.asked.get(name) {
            return Ok(*known);
        }
        // JSON documents may point at each other; registries have no such schemas.
        if depth > self.limits.reference_depth_max {
            return Ok(None);
        }
        let mut references = Vec::new();
        for (reference, file) in &version.direct {
            let Some((subject, target)) = self.files.get(file.as_str()).copied() else {
                return Ok(None);
            };
            let number = Box::pin(self.number(subject, target, depth + 1)).await?;
            let Some(version) = number else { return Ok(None) };
            let (name, subject) = (reference.clone(), subject.to_owned());
            references.push(Reference { name, subject, version });
        }
        let (schema_type, text) = (version.schema_type, version.text.to_string());
        let definition = SchemaDefinition { schema_type, text, references };
        let number = match lookup(self.client, name, definition, false).await {
            // What the registry cannot read, it does not have.
            Err(error) if error.status() == Some(422) => None,
            answer => answer?.map(|(number, _)| number),
        };
        self.asked.insert(name, number);
        Ok(number)
    }
}

/// Version and id of a schema that the subject has already.
pub(crate) async fn lookup(
    client: &RegistryClient,
    subject: &str,
    definition: SchemaDefinition,
    normalize: bool,
) -> Result<Option<(i32, i32)>, RegistryError> {
    let references = definition.references.into_iter().map(|reference| SchemaReference {
        name: Some(reference.name),
        subject: Some(reference.subject),
        version: Some(reference.version),
    });
    let body = RegisterRequest {
        schema: Some(definition.text),
        schema_type: Some(definition.schema_type.to_string()),
        references: references.collect(),
        ..RegisterRequest::default()
    };
    // Texts and numbers always are JSON.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let path = ["subjects", subject];
    let query = [("normalize", if normalize { "true" } else { "false" })];
    let answer = client.call::<SchemaDocument>(Call::post(&path, body).query(&query)).await;
    let known = crate::server::found(answer)?.filter(|known| is_about(client, subject, known));
    Ok(known.and_then(|known| Some((known.version?, known.id?))))
}

/// Whether an answer is about the subject that was asked for: where it has no such schema in the
/// default context, a registry answers with that of another one.
fn is_about(client: &RegistryClient, name: &str, answer: &SchemaDocument) -> bool {
    let asked = match name.strip_prefix(":.:").unwrap_or(name) {
        plain if plain.starts_with(":.") || client.context() == "." => plain.to_owned(),
        plain => format!(":{}:{plain}", client.context()),
    };
    answer.subject.as_ref().is_none_or(|subject| *subject == asked)
}
