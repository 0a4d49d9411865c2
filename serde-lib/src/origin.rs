//! What every deserializer is told before it is built: where messages name their schema, and what is
//! done about rules.

use std::fmt;

use crate::client::RegistryClient;
use crate::rules::{ReadSubject, ReaderVersion, Reading, Rules};
use crate::serializer::ReadFraming;
use crate::subject_name::SubjectNameStrategy;
use crate::wire_format::Side;

/// Settings of a deserializer; `F` holds those that only its format has.
pub struct DeserializerBuilder<F> {
    pub(crate) client: RegistryClient,
    pub(crate) framing: ReadFraming,
    /// None if nothing was said about rules.
    pub(crate) reading: Option<Reading>,
    pub(crate) format: F,
}

impl<F: fmt::Debug> fmt::Debug for DeserializerBuilder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeserializerBuilder")
            .field("framing", &self.framing)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl<F> DeserializerBuilder<F> {
    pub(crate) fn new(client: &RegistryClient, format: F) -> Self {
        Self { client: client.clone(), framing: ReadFraming::Dual, reading: None, format }
    }

    fn reading(&mut self) -> &mut Reading {
        self.reading.get_or_insert_default()
    }

    /// Where the schema of a message is found; the default is [`ReadFraming::Dual`].
    #[must_use]
    pub fn framing(mut self, framing: ReadFraming) -> Self {
        self.framing = framing;
        self
    }

    /// Who runs the rules of the schemas that messages have; see [`crate::rules`].
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.reading().rules = rules;
        self
    }

    /// The subject of the messages, which rules may ask for. Without it the registry is asked,
    /// whose answer must be a single one.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.reading().subject = ReadSubject::Named(subject.into());
        self
    }

    /// Makes the subject, which rules may ask for, as the serializer did: by the strategy from
    /// topic, side and what the writer's schema calls its root. The registry is not asked then which
    /// subject has the schema, and a schema that several have is no error.
    #[must_use]
    pub fn subject_of(
        mut self,
        strategy: SubjectNameStrategy,
        topic: impl Into<String>,
        side: Side,
    ) -> Self {
        self.reading().subject = ReadSubject::Strategy { strategy, topic: topic.into(), side };
        self
    }

    /// The version of the subject that messages are brought to before they are read, by its
    /// migration rules and those of the versions between; for Avro by schema resolution, for
    /// Protobuf by the numbers of fields where there are none.
    #[must_use]
    pub fn reader_version(mut self, version: ReaderVersion) -> Self {
        self.reading().version = Some(version);
        self
    }
}
