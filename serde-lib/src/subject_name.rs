//! Which subject a schema is registered under.

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::wire_format::Side;

/// The rule that makes a subject from a topic and a record's full name.
#[derive(Clone, Default)]
pub enum SubjectNameStrategy {
    /// `<topic>-key` or `<topic>-value`: one schema history per topic.
    #[default]
    Topic,
    /// The full name of the record: one history per type, wherever it is sent.
    Record,
    /// `<topic>-<full name>`: one history per type and topic.
    TopicRecord,
    /// A rule of the program's own; see [`Self::custom`].
    Custom(Arc<SubjectOf>),
}

/// Makes a subject of its parts, for [`SubjectNameStrategy::Custom`].
pub type SubjectOf = dyn Fn(SubjectParts<'_>) -> Result<String, Error> + Send + Sync;

/// What a subject is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubjectParts<'a> {
    /// The topic, where the serializer was told one.
    pub topic: Option<&'a str>,
    /// The side of the record.
    pub side: Side,
    /// What the program's schema calls its root, or the writer's for a reader, if it has a name: the
    /// full name of an Avro record or Protobuf message, the title of a JSON schema.
    pub record_name: Option<&'a str>,
}

impl fmt::Debug for SubjectNameStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Topic => "Topic",
            Self::Record => "Record",
            Self::TopicRecord => "TopicRecord",
            Self::Custom(_) => "Custom",
        })
    }
}

impl SubjectNameStrategy {
    /// A rule of the program's own. It is asked when a serializer is built, and by a deserializer
    /// with each schema that it meets. An error, such as [`Error::Config`], ends that.
    ///
    /// ```
    /// use levada_serde::{Error, SubjectNameStrategy};
    ///
    /// let by_team = SubjectNameStrategy::custom(|parts| match parts.record_name {
    ///     Some(name) => Ok(format!("billing.{name}")),
    ///     None => Err(Error::Config("subjects of billing need a schema with a name".into())),
    /// });
    /// ```
    pub fn custom(
        subject_of: impl Fn(SubjectParts<'_>) -> Result<String, Error> + Send + Sync + 'static,
    ) -> Self {
        Self::Custom(Arc::new(subject_of))
    }

    /// The subject that is made of these parts.
    pub fn subject(&self, parts: SubjectParts<'_>) -> Result<String, Error> {
        let topic = || {
            let hint = "a serializer needs `topic` or `subject` to know its subject";
            parts.topic.ok_or_else(|| Error::Config(hint.to_owned()))
        };
        let record_name = || {
            parts.record_name.ok_or_else(|| {
                Error::Config(format!(
                    "subject name strategy {self:?} needs a schema with a name; \
                     unnamed types can only use the strategy Topic"
                ))
            })
        };
        match (self, parts.side) {
            (Self::Topic, Side::Key) => Ok(format!("{}-key", topic()?)),
            (Self::Topic, Side::Value) => Ok(format!("{}-value", topic()?)),
            (Self::Record, _) => Ok(record_name()?.to_owned()),
            (Self::TopicRecord, _) => Ok(format!("{}-{}", topic()?, record_name()?)),
            (Self::Custom(subject_of), _) => subject_of(parts),
        }
    }

    /// Whether another topic can have another subject.
    pub(crate) fn looks_at_topic(&self) -> bool {
        !matches!(self, Self::Record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: SubjectParts<'_> =
        SubjectParts { topic: Some("orders"), side: Side::Value, record_name: Some("shop.Order") };

    #[test]
    fn strategies_build_the_subjects_of_the_reference() {
        use SubjectNameStrategy::{Record, Topic, TopicRecord};
        let subject = |strategy: SubjectNameStrategy, side| {
            strategy.subject(SubjectParts { side, ..ORDERS }).unwrap()
        };
        assert_eq!(subject(Topic, Side::Key), "orders-key");
        assert_eq!(subject(Topic, Side::Value), "orders-value");
        assert_eq!(subject(Record, Side::Value), "shop.Order");
        assert_eq!(subject(TopicRecord, Side::Key), "orders-shop.Order");
    }

    #[test]
    fn strategies_refuse_to_go_without_the_parts_that_they_are_made_of() {
        use SubjectNameStrategy::{Record, Topic, TopicRecord};
        let unnamed = SubjectParts { record_name: None, ..ORDERS };
        let nowhere = SubjectParts { topic: None, ..ORDERS };
        let refused = |strategy: &SubjectNameStrategy, parts| strategy.subject(parts).is_err();
        assert_eq!(
            [Topic, Record, TopicRecord].map(|it| refused(&it, unnamed)),
            [false, true, true]
        );
        assert_eq!(
            [Topic, Record, TopicRecord].map(|it| refused(&it, nowhere)),
            [true, false, true]
        );
    }
}
