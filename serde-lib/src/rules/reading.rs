//! What every deserializer is told about rules, and what the registry makes of that.

use std::collections::BTreeSet;

use levada_registry_api::SubjectVersion;

use super::{ReadRules, Rules, Scope};
use crate::Error;
use crate::client::{Call, RegisteredSchema, RegistryClient};
use crate::wire_format::SchemaRef;

/// The settings that all formats share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) rules: Rules,
    pub(crate) subject: Option<String>,
}

impl Reading {
    /// The rules for messages of a writer schema; none where it has nothing to run.
    pub(crate) async fn compile(
        &self,
        client: &RegistryClient,
        schema: SchemaRef,
        writer: &RegisteredSchema,
    ) -> Result<Option<ReadRules>, Error> {
        if writer.contract.rule_set.is_none() {
            return Ok(None);
        }
        let subject = match &self.subject {
            Some(subject) => subject.clone(),
            None => only_subject(client, schema).await?,
        };
        let scope = Scope { client, subject: &subject, topic: None };
        ReadRules::compile(&self.rules, scope, writer).await
    }
}

/// The subject that has this schema, if it is the only one.
async fn only_subject(client: &RegistryClient, schema: SchemaRef) -> Result<String, Error> {
    let several = || {
        Error::Config(format!(
            "schema {schema} has rules, and the registry does not know it under one subject \
             alone; tell the deserializer which with `subject`"
        ))
    };
    let SchemaRef::Id(id) = schema else { return Err(several()) };
    let id = id.to_string();
    let path = &["schemas", "ids", &id, "versions"];
    let versions: Vec<SubjectVersion> = client.call(Call::get(path)).await?;
    let mut subjects: BTreeSet<_> = versions.into_iter().map(|version| version.subject).collect();
    match (subjects.pop_first(), subjects.is_empty()) {
        (Some(subject), true) => Ok(subject),
        _ => Err(several()),
    }
}
