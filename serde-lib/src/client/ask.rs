//! Single requests about schemas, and what their answers say.

use std::sync::Arc;

use levada_registry_api::{
    ErrorCode, Metadata, RegisterRequest, RuleSet, SchemaDocument, SchemaReference,
};
use levada_schema_core::{Reference, SchemaType};
use uuid::Uuid;

use super::cache::{Action, Submission};
use super::error::{RegistryError, RegistryErrorKind};
use super::http::{Call, Http, shown};
use super::types::{
    Contract, Registered, RegisteredSchema, SchemaDefinition, SubjectVersion, Submitted, Version,
};
use super::{Inner, references};
use crate::Error;
use crate::wire_format::SchemaRef;

impl Inner {
    pub(super) async fn submit(&self, submission: &Submission) -> Result<Submitted, Error> {
        let subject = submission.subject.as_str();
        let path: &[&str] = match submission.action {
            Action::Register => &["subjects", subject, "versions"],
            Action::Lookup => &["subjects", subject],
        };
        let query: &[_] = if submission.normalize { &[("normalize", "true")] } else { &[] };
        let call = Call::post(path, body_of(&submission.schema)?).query(query);
        let answer: SchemaDocument = self.http.send(call).await?;
        let id = id_of(&answer, || self.invalid("it has no schema id"))?;
        let registered = Registered { id, guid: guid_of(&answer), version: answer.version };
        Ok(Submitted { registered, contract: contract_of(answer.metadata, answer.rule_set) })
    }

    pub(super) async fn fetch_schema(&self, schema: SchemaRef) -> Result<RegisteredSchema, Error> {
        let (kind, name) = match schema {
            SchemaRef::Id(id) => ("ids", id.to_string()),
            SchemaRef::Guid(guid) => ("guids", guid.to_string()),
        };
        match self.http.send(Call::get(&["schemas", kind, &name])).await {
            Ok(answer) => self.with_references(&self.context, answer).await,
            Err(error) if is_not_found(&error, schema) => Err(Error::SchemaNotFound { schema }),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn fetch_version(
        &self,
        subject: &str,
        version: Version,
    ) -> Result<SubjectVersion, Error> {
        let number = version.to_string();
        let path = &["subjects", subject, "versions", &number];
        let answer: SchemaDocument = self.http.send(Call::get(path)).await?;
        self.version_of(subject, answer).await
    }

    pub(super) async fn version_of(
        &self,
        subject: &str,
        answer: SchemaDocument,
    ) -> Result<SubjectVersion, Error> {
        let id = id_of(&answer, || self.invalid("it has no schema id"))?;
        let version = answer.version.ok_or_else(|| self.invalid("it has no version"))?;
        let (context, _) = references::within(subject, &self.context);
        let schema = self.with_references(context, answer).await?;
        Ok(SubjectVersion { subject: subject.to_owned(), version, id, schema })
    }

    /// `context` is where the schema stands.
    async fn with_references(
        &self,
        context: &str,
        answer: SchemaDocument,
    ) -> Result<RegisteredSchema, Error> {
        let schema_type = match answer.schema_type.as_deref() {
            None => SchemaType::Avro,
            Some(name) => name.parse().map_err(|unknown| self.invalid(format!("{unknown}")))?,
        };
        let guid = guid_of(&answer);
        let text = answer.schema.ok_or_else(|| self.invalid("it has no schema"))?;
        let references = references::fetch(self, context, answer.references).await?;
        let contract = contract_of(answer.metadata, answer.rule_set);
        Ok(RegisteredSchema { schema_type, text, references, guid, contract })
    }

    fn invalid(&self, reason: impl Into<String>) -> Error {
        invalid_answer(&self.http, reason)
    }
}

pub(super) fn invalid_answer(http: &Http, reason: impl Into<String>) -> Error {
    let kind = RegistryErrorKind::InvalidAnswer(reason.into());
    let url = http.urls.first().map(shown).unwrap_or_default();
    RegistryError { kind, url, attempts: 1 }.into()
}

/// An id that a registry cannot even read as a number gets a plain 404 instead of 40403.
fn is_not_found(error: &RegistryError, schema: SchemaRef) -> bool {
    let is_beyond_i32 = matches!(schema, SchemaRef::Id(id) if i32::try_from(id).is_err());
    error.error_code() == Some(ErrorCode::SchemaNotFound.code())
        || (is_beyond_i32 && error.status() == Some(404))
}

fn id_of(answer: &SchemaDocument, missing: impl FnOnce() -> Error) -> Result<u32, Error> {
    answer.id.and_then(|id| u32::try_from(id).ok()).ok_or_else(missing)
}

fn guid_of(answer: &SchemaDocument) -> Option<Uuid> {
    answer.guid.as_deref().and_then(|guid| Uuid::parse_str(guid).ok())
}

fn contract_of(metadata: Option<Metadata>, rule_set: Option<RuleSet>) -> Arc<Contract> {
    Arc::new(Contract { metadata, rule_set })
}

pub(super) fn body_of(schema: &SchemaDefinition) -> Result<Vec<u8>, Error> {
    let request = RegisterRequest {
        schema: Some(schema.text.clone()),
        schema_type: Some(schema.schema_type.to_string()),
        references: schema.references.iter().map(document_of).collect(),
        ..RegisterRequest::default()
    };
    serde_json::to_vec(&request).map_err(|error| Error::Config(format!("request body: {error}")))
}

pub(super) fn document_of(reference: &Reference) -> SchemaReference {
    SchemaReference {
        name: Some(reference.name.clone()),
        subject: Some(reference.subject.clone()),
        version: Some(reference.version),
    }
}
