//! Which subject a schema is registered under.

use crate::Error;
use crate::wire_format::Side;

/// The rule that makes a subject from a topic and a record's full name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectNameStrategy {
    /// `<topic>-key` or `<topic>-value`: one schema history per topic.
    #[default]
    Topic,
    /// The full name of the record: one history per type, wherever it is sent.
    Record,
    /// `<topic>-<full name>`: one history per type and topic.
    TopicRecord,
}

impl SubjectNameStrategy {
    /// The subject for a schema whose root type has `record_name`, if it has a name at all.
    pub fn subject(
        self,
        topic: &str,
        side: Side,
        record_name: Option<&str>,
    ) -> Result<String, Error> {
        let record_name = || {
            record_name.ok_or_else(|| {
                Error::Config(format!(
                    "subject name strategy {self:?} needs a schema with a name; \
                     unnamed types can only use the strategy Topic"
                ))
            })
        };
        match (self, side) {
            (Self::Topic, Side::Key) => Ok(format!("{topic}-key")),
            (Self::Topic, Side::Value) => Ok(format!("{topic}-value")),
            (Self::Record, _) => Ok(record_name()?.to_owned()),
            (Self::TopicRecord, _) => Ok(format!("{topic}-{}", record_name()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_build_the_subjects_of_the_reference() {
        use SubjectNameStrategy::{Record, Topic, TopicRecord};
        let subject = |strategy: SubjectNameStrategy, side| {
            strategy.subject("orders", side, Some("shop.Order")).unwrap()
        };
        assert_eq!(subject(Topic, Side::Key), "orders-key");
        assert_eq!(subject(Topic, Side::Value), "orders-value");
        assert_eq!(subject(Record, Side::Value), "shop.Order");
        assert_eq!(subject(TopicRecord, Side::Key), "orders-shop.Order");
    }

    #[test]
    fn record_strategies_refuse_unnamed_types() {
        for strategy in [SubjectNameStrategy::Record, SubjectNameStrategy::TopicRecord] {
            let error = strategy.subject("orders", Side::Value, None).unwrap_err();
            assert!(matches!(error, Error::Config(_)), "{error:?}");
        }
        let topic = SubjectNameStrategy::Topic.subject("orders", Side::Value, None);
        assert_eq!(topic.unwrap(), "orders-value");
    }
}
