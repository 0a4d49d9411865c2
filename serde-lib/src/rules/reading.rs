//! What every deserializer is told about rules, and what the registry makes of that.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use levada_registry_api::SubjectVersion as Holder;
use serde_json::Value as Json;

use super::migration::{self, Migrations};
use super::plan::{Phase, runs_any};
use super::{Form, Message, RuleError, RuleMode, Rules, Scope};
use crate::Error;
use crate::client::{Call, RegisteredSchema, RegistryClient, SubjectVersion, Version};
use crate::subject_name::{SubjectNameStrategy, SubjectParts};
use crate::wire_format::{SchemaRef, Side};

/// The version of a subject that messages are brought to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderVersion {
    /// The one registered last, at the time when the first message of a schema comes.
    Latest,
    /// The newest version whose metadata has all these properties.
    LatestWithMetadata(BTreeMap<String, String>),
    /// Counts from 1.
    Number(i32),
}

/// The settings that all formats share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) rules: Rules,
    pub(crate) subject: ReadSubject,
    pub(crate) version: Option<ReaderVersion>,
}

/// How a deserializer knows the subject of its messages.
#[derive(Clone, Debug, Default)]
pub(crate) enum ReadSubject {
    /// The registry is asked who holds the schema.
    #[default]
    Holder,
    Named(String),
    Strategy {
        strategy: SubjectNameStrategy,
        topic: String,
        side: Side,
    },
}

/// What messages of a writer schema pass after they were read.
#[derive(Debug)]
pub(crate) struct ReadRules {
    encoding: Phase,
    migrations: Migrations,
    domain: Phase,
    /// The version that messages are brought to, if it is not the writer's own.
    version: Option<Arc<RegisteredSchema>>,
}

impl Reading {
    /// None where messages of this schema are read as they are; `record_name` is what the writer's
    /// schema calls its root.
    pub(crate) async fn compile(
        &self,
        client: &RegistryClient,
        schema: SchemaRef,
        writer: &RegisteredSchema,
        record_name: Option<&str>,
    ) -> Result<Option<ReadRules>, Error> {
        if self.version.is_none() && !runs_any(&self.rules, writer, RuleMode::Read) {
            return Ok(None);
        }
        let subject = match &self.subject {
            ReadSubject::Holder => None,
            ReadSubject::Named(subject) => Some(subject.clone()),
            ReadSubject::Strategy { strategy, topic, side } => {
                let (topic, side) = (Some(topic.as_str()), *side);
                Some(strategy.subject(SubjectParts { topic, side, record_name })?)
            }
        };
        let holders = match (&self.version, &subject) {
            (None, Some(_)) => Vec::new(),
            _ => holders(client, schema).await?,
        };
        let subject = match subject {
            Some(subject) => subject,
            None => only_subject(schema, &holders)?,
        };
        let scope = Scope { client, subject: &subject, topic: None };
        let (mut version, mut migrations) = (None, Migrations::default());
        if let Some(wanted) = &self.version {
            let wanted = wanted.resolve(client, &subject).await?;
            let number = number_of(schema, &subject, &holders)?;
            if number != wanted.version {
                let wanted = (wanted.version, Arc::new(wanted.schema));
                let writer = (number, writer);
                migrations =
                    migration::plan(&self.rules, scope, writer, (wanted.0, &wanted.1)).await?;
                version = Some(wanted.1);
            }
        }
        let read = version.as_deref().unwrap_or(writer);
        let rules = &self.rules;
        let encoding = Phase::of(rules, scope, writer, |set| &set.encoding_rules, RuleMode::Read);
        let domain = Phase::of(rules, scope, read, |set| &set.domain_rules, RuleMode::Read);
        let compiled =
            ReadRules { encoding: encoding.await?, migrations, domain: domain.await?, version };
        let has_any = compiled.changes_value() || !compiled.encoding.is_empty();
        Ok(has_any.then_some(compiled))
    }
}

impl ReadRules {
    /// The version that messages are brought to, if it is not the writer's own.
    pub(crate) fn version(&self) -> Option<&RegisteredSchema> {
        self.version.as_deref()
    }

    pub(crate) fn is_migrating(&self) -> bool {
        !self.migrations.is_empty()
    }

    /// Whether anything looks into the value, and not only at the body.
    pub(crate) fn changes_value(&self) -> bool {
        !self.domain.is_empty() || self.version.is_some()
    }

    /// The body that the writer's serializer made.
    pub(crate) fn decoded<'b>(&self, body: &'b [u8]) -> Result<Cow<'b, [u8]>, Error> {
        if self.encoding.is_empty() {
            return Ok(Cow::Borrowed(body));
        }
        let mut body = body.to_vec();
        self.encoding.apply_to_body(&mut body)?;
        Ok(Cow::Owned(body))
    }

    /// Brings a message to the version that is asked for; `form` makes it of that schema again.
    pub(crate) fn migrated<'s>(
        &self,
        message: &Message<'_>,
        form: impl FnOnce(Json) -> Result<Form<'s>, RuleError>,
    ) -> Result<Message<'s>, Error> {
        self.migrations.apply(message, form)
    }

    /// Passes the value.
    pub(crate) fn apply(&self, message: &mut Message<'_>) -> Result<(), Error> {
        self.domain.apply(message)
    }
}

impl ReaderVersion {
    async fn resolve(
        &self,
        client: &RegistryClient,
        subject: &str,
    ) -> Result<SubjectVersion, Error> {
        match self {
            Self::Latest => Ok((*client.version(subject, Version::Latest).await?).clone()),
            Self::Number(number) => {
                Ok((*client.version(subject, Version::Number(*number)).await?).clone())
            }
            Self::LatestWithMetadata(properties) => {
                client.latest_with_metadata(subject, properties).await
            }
        }
    }
}

/// The versions of subjects that are this schema, deleted ones among them.
async fn holders(client: &RegistryClient, schema: SchemaRef) -> Result<Vec<Holder>, Error> {
    let id = match schema {
        SchemaRef::Id(id) => Some(id),
        SchemaRef::Guid(guid) => client.id_of_guid(guid).await?,
    };
    let Some(id) = id.map(|id| id.to_string()) else { return Ok(Vec::new()) };
    let path = &["schemas", "ids", &id, "versions"];
    Ok(client.call(Call::get(path).query(&[("deleted", "true")])).await?)
}

/// The subject that has this schema, if it is the only one.
fn only_subject(schema: SchemaRef, holders: &[Holder]) -> Result<String, Error> {
    let mut subjects: BTreeSet<_> = holders.iter().map(|holder| &holder.subject).collect();
    match (subjects.pop_first(), subjects.is_empty()) {
        (Some(subject), true) => Ok(subject.clone()),
        _ => Err(Error::Config(format!(
            "schema {schema} has rules, and the registry does not know it under one subject \
             alone; tell the deserializer which with `subject` or `subject_of`"
        ))),
    }
}

/// The version of the subject that is this schema.
fn number_of(schema: SchemaRef, subject: &str, holders: &[Holder]) -> Result<i32, Error> {
    let of_subject = holders.iter().filter(|holder| holder.subject == subject);
    of_subject.map(|holder| holder.version).max().ok_or_else(|| {
        Error::Config(format!(
            "schema {schema} is no version of subject '{subject}', so nothing leads from it to \
             the version that is asked for"
        ))
    })
}
