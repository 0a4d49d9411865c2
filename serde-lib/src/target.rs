//! What every serializer is told before it is built: where its messages go and which schema they
//! are written with; and what the registry makes of that.

use std::fmt;
use std::sync::Arc;

use levada_schema_core::{
    CompatibilityLevel, Limits, RawSchema, Schema, Validation, check_version,
};

use crate::Error;
use crate::binding::{Binding, FrameHead};
use crate::client::{
    Action, Registered, RegisteredSchema, RegistryClient, SchemaDefinition, SubjectVersion,
    Submitted, Version,
};
use crate::rules::{Rules, Scope, ValidationRules, WriteRules};
use crate::serializer::{Framing, SchemaSource};
use crate::subject_name::{SubjectNameStrategy, SubjectParts};
use crate::wire_format::{MessageIndex, Side, guid_header, id_prefix};

/// Settings of a serializer; `F` holds those that only its format has.
pub struct SerializerBuilder<F> {
    pub(crate) client: RegistryClient,
    pub(crate) target: Target,
    pub(crate) format: F,
}

impl<F> fmt::Debug for SerializerBuilder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SerializerBuilder").field("target", &self.target).finish_non_exhaustive()
    }
}

impl<F> SerializerBuilder<F> {
    pub(crate) fn new(client: &RegistryClient, format: F) -> Self {
        Self { client: client.clone(), target: Target::default(), format }
    }

    /// The topic that messages go to; the default strategy makes the subject from it.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.target.topic = Some(topic.into());
        self
    }

    /// Serializes record keys.
    #[must_use]
    pub fn key(mut self) -> Self {
        self.target.side = Side::Key;
        self
    }

    /// Serializes record values; the default.
    #[must_use]
    pub fn value(mut self) -> Self {
        self.target.side = Side::Value;
        self
    }

    /// How the subject follows from topic and record name; the default is
    /// [`SubjectNameStrategy::Topic`].
    #[must_use]
    pub fn subject_name_strategy(mut self, strategy: SubjectNameStrategy) -> Self {
        self.target.strategy = strategy;
        self
    }

    /// Asks the registry first which subject it associates with the topic; the strategy decides
    /// where it has none. `cluster` is what associations call the Kafka cluster; without it that
    /// of any counts.
    #[must_use]
    pub fn associated_subject(mut self, cluster: Option<&str>) -> Self {
        self.target.associations = Some(cluster.unwrap_or(ANY_CLUSTER).to_owned());
        self
    }

    /// Names the subject itself, whatever the strategy.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.target.subject = Some(subject.into());
        self
    }

    /// Which schema messages are written with; the default registers the program's own, or takes
    /// the latest where there is none.
    #[must_use]
    pub fn source(mut self, source: SchemaSource) -> Self {
        self.target.source = Some(source);
        self
    }

    /// Where messages name their schema; the default is [`Framing::Prefix`].
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.target.framing = framing;
        self
    }

    /// Who runs the rules of the schema; see [`crate::rules`].
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.target.rules = rules;
        self
    }

    /// When the rules that the schema carries itself are checked, as
    /// [`crate::rules`] describes; never by default. Needs the feature `rules-cel`, without which
    /// no value passes such rules.
    #[must_use]
    pub fn validation_rules(mut self, validation: ValidationRules) -> Self {
        self.target.validation = validation;
        self
    }
}

/// What stands for every cluster in a question about associations.
const ANY_CLUSTER: &str = "-";

/// The settings that all formats share.
#[derive(Debug)]
pub(crate) struct Target {
    topic: Option<String>,
    subject: Option<String>,
    side: Side,
    strategy: SubjectNameStrategy,
    /// The cluster whose associations are asked for, if they are.
    associations: Option<String>,
    source: Option<SchemaSource>,
    framing: Framing,
    rules: Rules,
    validation: ValidationRules,
}

impl Default for Target {
    fn default() -> Self {
        Self {
            topic: None,
            subject: None,
            side: Side::Value,
            strategy: SubjectNameStrategy::Topic,
            associations: None,
            source: None,
            framing: Framing::Prefix,
            rules: Rules::default(),
            validation: ValidationRules::Disabled,
        }
    }
}

/// The schema that messages are written with.
pub(crate) enum Chosen {
    /// The program's own, and what the registry keeps beside it.
    Own(Submitted),
    /// One that the registry holds. `is_strict` asks whether it takes all values of the own one.
    Adopted { registered: Registered, schema: Arc<RegisteredSchema>, is_strict: bool },
}

impl Chosen {
    fn version(latest: &SubjectVersion, is_strict: bool) -> Self {
        let SubjectVersion { id, version, schema, .. } = latest;
        let registered = Registered { id: *id, guid: schema.guid, version: Some(*version) };
        Self::Adopted { registered, schema: Arc::new(schema.clone()), is_strict }
    }

    pub(crate) fn registered(&self) -> Registered {
        match self {
            Self::Own(Submitted { registered, .. }) | Self::Adopted { registered, .. } => {
                *registered
            }
        }
    }
}

impl Target {
    /// The subject for an own schema whose root is called `record_name`.
    pub(crate) async fn subject_for(
        &self,
        client: &RegistryClient,
        record_name: Option<&str>,
    ) -> Result<String, Error> {
        if let Some(subject) = &self.subject {
            return Ok(subject.clone());
        }
        if let (Some(cluster), Some(topic)) = (&self.associations, &self.topic) {
            let associated = client.associated_subject(Some(cluster), topic, self.side);
            if let Some(subject) = associated.await? {
                return Ok(subject);
            }
        }
        let (topic, side) = (self.topic.as_deref(), self.side);
        self.strategy.subject(SubjectParts { topic, side, record_name })
    }

    /// The source that was set, or the default.
    pub(crate) fn source(&self, has_own: bool) -> SchemaSource {
        self.source.clone().unwrap_or(if has_own {
            SchemaSource::AutoRegister { normalize: false }
        } else {
            SchemaSource::Latest { strict: false }
        })
    }

    /// The same, with this subject and this schema of it.
    pub(crate) fn exactly(self, subject: String, id: u32) -> Self {
        let source = Some(SchemaSource::Id { id, strict: false });
        Self { subject: Some(subject), source, ..self }
    }

    /// Asks the registry for the schema to write with; `own` is the program's, if it has one.
    pub(crate) async fn choose(
        &self,
        client: &RegistryClient,
        subject: &str,
        own: Option<&SchemaDefinition>,
    ) -> Result<Chosen, Error> {
        let needed = || {
            own.ok_or_else(|| {
                let hint = "a serializer without a schema of its own takes Latest, \
                            LatestWithMetadata, Id or Guid";
                Error::Config(hint.to_owned())
            })
        };
        match self.source(own.is_some()) {
            SchemaSource::AutoRegister { normalize } => {
                let action = Action::Register;
                Ok(Chosen::Own(client.submit(action, subject, needed()?, normalize).await?))
            }
            SchemaSource::Lookup { normalize } => {
                let action = Action::Lookup;
                Ok(Chosen::Own(client.submit(action, subject, needed()?, normalize).await?))
            }
            SchemaSource::Latest { strict } => {
                let latest = client.version(subject, Version::Latest).await?;
                Ok(Chosen::version(&latest, strict))
            }
            SchemaSource::LatestWithMetadata { properties, strict } => {
                let latest = client.latest_with_metadata(subject, &properties).await?;
                Ok(Chosen::version(&latest, strict))
            }
            SchemaSource::Id { id, strict } => {
                let schema = client.schema_by_id(id).await?;
                let registered = Registered { id, guid: schema.guid, version: None };
                Ok(Chosen::Adopted { registered, schema, is_strict: strict })
            }
            SchemaSource::Guid { guid, strict } => {
                let schema = client.schema_by_guid(guid).await?;
                let id = client.id_of_guid(guid).await?.ok_or_else(|| {
                    Error::Config(format!(
                        "the schema with guid {guid} has no id in the context `{}` of this client; \
                         register it there, or build a client of the context that has it",
                        client.context()
                    ))
                })?;
                let registered = Registered { id, guid: Some(guid), version: None };
                Ok(Chosen::Adopted { registered, schema, is_strict: strict })
            }
        }
    }

    /// The rules that values pass before they are written, and the schema that has them; none
    /// where there is nothing to run.
    pub(crate) async fn write_rules(
        &self,
        client: &RegistryClient,
        subject: &str,
        chosen: &Chosen,
        own: Option<&SchemaDefinition>,
    ) -> Result<Option<(WriteRules, Arc<RegisteredSchema>)>, Error> {
        let schema = match (chosen, own) {
            (Chosen::Adopted { schema, .. }, _) => Arc::clone(schema),
            (Chosen::Own(Submitted { registered, contract }), Some(own))
                if contract.rule_set.is_some() || self.validation != ValidationRules::Disabled =>
            {
                Arc::new(RegisteredSchema {
                    schema_type: own.schema_type,
                    text: own.text.clone(),
                    references: client.resolve_references(&own.references).await?,
                    guid: registered.guid,
                    contract: Arc::clone(contract),
                })
            }
            (Chosen::Own(_), _) => return Ok(None),
        };
        let scope = Scope { client, subject, topic: self.topic.as_deref() };
        let rules = WriteRules::compile(&self.rules, self.validation, scope, &schema).await?;
        Ok(rules.map(|rules| (rules, schema)))
    }

    /// Puts together what messages of this schema begin with; `index` is what those of Protobuf
    /// need besides.
    pub(crate) async fn bind(
        self,
        client: &RegistryClient,
        subject: String,
        registered: Registered,
        index: Option<&MessageIndex>,
    ) -> Result<Binding, Error> {
        let mut head = match self.framing {
            Framing::Prefix => id_prefix(registered.id).to_vec(),
            Framing::Header => guid_header(guid_of(client, registered).await?).to_vec(),
            Framing::None => Vec::new(),
        };
        if let Some(index) = index.filter(|_| self.framing != Framing::None) {
            index.write(&mut head);
        }
        let head = match self.framing {
            Framing::Prefix | Framing::None => FrameHead::of_prefix(&head),
            Framing::Header => FrameHead::Header(head.into()),
        };
        // A subject given by name or by record name holds for any topic.
        let is_bound = self.subject.is_none()
            && (self.strategy.looks_at_topic() || self.associations.is_some());
        let topic = self.topic.filter(|_| is_bound);
        Ok(Binding::new(registered.id, subject, topic, self.side, head))
    }
}

async fn guid_of(client: &RegistryClient, registered: Registered) -> Result<uuid::Uuid, Error> {
    let guid = match registered.guid {
        Some(guid) => Some(guid),
        None => client.schema_by_id(registered.id).await?.guid,
    };
    guid.ok_or_else(|| {
        let hint = "this registry gives schemas no guid, so Framing::Header cannot be used";
        Error::Config(hint.to_owned())
    })
}

/// Checks that every value of `own` can be written as `registered` has it.
pub(crate) fn check_strictly(
    subject: &str,
    own: RawSchema<'_>,
    registered: RawSchema<'_>,
) -> Result<(), Error> {
    let limits = Limits::default();
    let parse = |raw| Schema::parse(raw, Validation::Stored, &limits).map_err(Error::from);
    let (own, registered) = (parse(own)?, parse(registered)?);
    let level = CompatibilityLevel::Backward;
    let incompatible = |details| Error::Incompatible { subject: subject.to_owned(), details };
    let report = check_version(level, &registered, &own, &limits)
        .map_err(|error| incompatible(error.to_string()))?;
    if report.is_compatible() {
        return Ok(());
    }
    let findings = report.incompatibilities.iter();
    let findings = findings.map(|it| match it.detail.as_str() {
        "" => format!("{} at '{}'", it.rule.as_str(), it.path),
        detail => format!("{} at '{}': {detail}", it.rule.as_str(), it.path),
    });
    Err(incompatible(findings.collect::<Vec<_>>().join("; ")))
}
