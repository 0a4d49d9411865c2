//! The topics of a group: which ones its members read, and whether that has changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use uuid::Uuid;

use super::ConsumerGroup;
use crate::pattern::whole_match;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TopicImage {
    pub(crate) id: Uuid,
    pub(crate) partitions: i32,
}

/// The topics that exist.
pub(crate) trait TopicSource: std::fmt::Debug + Send + Sync {
    /// Another number after every change.
    fn version(&self) -> u64;
    fn topic(&self, name: &str) -> Option<TopicImage>;
    /// Without the internal ones.
    fn names(&self) -> Vec<String>;
}

/// What was found at one version of the topics.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenTopics {
    version: Option<u64>,
    topics: BTreeMap<String, TopicImage>,
}

impl SeenTopics {
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.topics.keys()
    }

    pub(super) fn image(&self, name: &str) -> Option<&TopicImage> {
        self.topics.get(name)
    }

    pub(super) fn topics(&self) -> impl Iterator<Item = (&String, &TopicImage)> {
        self.topics.iter()
    }

    /// Next time they are looked at whatever their version is.
    pub(super) fn forget_version(&mut self) {
        self.version = None;
    }
}

impl ConsumerGroup {
    /// Looks at the topics again if they or the subscriptions may have changed. A change of what
    /// the group reads raises its epoch.
    pub(super) fn refresh_topics(&mut self, source: &dyn TopicSource) {
        let version = source.version();
        if self.seen.version == Some(version) {
            return;
        }
        let mut topics = BTreeMap::new();
        let all = if self.has_patterns() { source.names() } else { Vec::new() };
        for member in self.members.values() {
            let names = &member.subscription.topic_names;
            let pattern = member.subscription.topic_regex.as_deref();
            // Checked when the member handed it in.
            let pattern = pattern.and_then(|text| whole_match(text).ok());
            let matched = all
                .iter()
                .filter(|name| pattern.as_ref().is_some_and(|pattern| pattern.is_match(name)));
            for name in names.iter().chain(matched) {
                if let Some(image) = source.topic(name) {
                    topics.insert(name.clone(), image);
                }
            }
        }
        let hash = hash_of(&topics);
        self.seen = SeenTopics { version: Some(version), topics };
        if hash != self.topics_hash {
            self.topics_hash = hash;
            self.epoch += 1;
        }
    }

    fn has_patterns(&self) -> bool {
        self.members.values().any(|member| member.subscription.topic_regex.is_some())
    }
}

/// The same for the same topics in every run of this program; another program's number costs one
/// needless assignment.
fn hash_of(topics: &BTreeMap<String, TopicImage>) -> i64 {
    if topics.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    topics.hash(&mut hasher);
    i64::from_be_bytes(hasher.finish().to_be_bytes())
}
