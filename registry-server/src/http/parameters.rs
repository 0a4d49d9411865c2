//! The parameters of the API: each name means the same wherever it stands.

use levada_registry_core::{DekAlgorithm, Lifecycle};
use serde_json::{Value, json};

/// The lifecycle of what has no association.
pub(super) const UNASSOCIATED: &str = "NONE";

/// A query parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) description: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// The word `true` in any case is true, everything else is false.
    Flag,
    /// A 32-bit number; anything else makes the path one that does not exist.
    Number,
    Text,
    /// May be repeated.
    Texts,
    /// One of a few words; another makes the path one that does not exist.
    Word(fn() -> Vec<&'static str>),
    /// The same, and may be repeated.
    Words(fn() -> Vec<&'static str>),
}

impl Kind {
    pub(super) fn schema(self) -> Value {
        let word = |words: fn() -> Vec<&'static str>| json!({"type": "string", "enum": words()});
        match self {
            Self::Flag => json!({"type": "boolean", "default": false}),
            Self::Number => json!({"type": "integer", "format": "int32"}),
            Self::Text => json!({"type": "string"}),
            Self::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Self::Word(words) => word(words),
            Self::Words(words) => json!({"type": "array", "items": word(words)}),
        }
    }

    /// Whether a value of another kind is answered as an unknown path.
    pub(super) fn is_checked(self) -> bool {
        matches!(self, Self::Number | Self::Word(_) | Self::Words(_))
    }
}

macro_rules! parameters {
    ($($constant:ident = $name:literal, $kind:expr, $description:literal;)+) => {
        $(pub(super) const $constant: Parameter =
            Parameter { name: $name, kind: $kind, description: $description };)+
    };
}

parameters! {
    ALGORITHM = "algorithm", Kind::Word(algorithms), "AES256_GCM unless it says another.";
    ALIASES = "aliases", Kind::Flag, "Show the aliases of each subject.";
    ASSOCIATION_TYPE = "associationType", Kind::Texts, "key or value.";
    CASCADE = "cascadeLifecycle", Kind::Flag, "Take frozen associations and their subjects along.";
    CONTEXT = "context", Kind::Text, "The context of subjects that name none.";
    CONTEXT_PREFIX = "contextPrefix", Kind::Text, "Only contexts whose names start so.";
    DEFAULT_TO_GLOBAL = "defaultToGlobal", Kind::Flag, "What is in force here, wherever it was set.";
    DELETED = "deleted", Kind::Flag, "Show what is soft-deleted too.";
    DELETED_AS_NEGATIVE = "deletedAsNegative", Kind::Flag, "Show soft-deleted versions as negative numbers.";
    DELETED_ONLY = "deletedOnly", Kind::Flag, "Show only what is soft-deleted.";
    DRY_RUN = "dryRun", Kind::Flag, "Check and answer as usual, but change nothing.";
    FETCH_MAX_ID = "fetchMaxId", Kind::Flag, "Add the highest id of the context.";
    FIND_TAGS = "findTags", Kind::Texts, "Show the entities with one of these tags; * is any.";
    FORCE = "force", Kind::Flag, "Without the check that would refuse.";
    FORMAT = "format", Kind::Text, "AVRO: resolved. PROTOBUF: ignore_extensions, serialized. logical: a type definition, where a version is registered or asked for by its number. Others are ignored.";
    INCLUDE_SCHEMAS = "includeSchemas", Kind::Flag, "Show the schema of each association.";
    KEY = "key", Kind::Texts, "A property of the metadata; its value is the value in the same place.";
    LATEST_ONLY = "latestOnly", Kind::Flag, "Only the newest version of each subject.";
    LIFECYCLE = "lifecycle", Kind::Word(lifecycles), "Only associations of this lifecycle.";
    LIFECYCLES = "lifecycle", Kind::Words(lifecycles_or_none), "Only subjects with such associations, or with none.";
    LIMIT = "limit", Kind::Number, "Longest page; zero or less means the default.";
    NORMALIZE = "normalize", Kind::Flag, "Bring the schema into its normal form first.";
    OFFSET = "offset", Kind::Number, "Entries to skip.";
    PERMANENT = "permanent", Kind::Flag, "Delete for good what is soft-deleted.";
    RECURSIVE = "recursive", Kind::Flag, "Clear the subjects of the context too.";
    REFERENCE_FORMAT = "referenceFormat", Kind::Text, "qualified: show references with their context.";
    RESOURCE_TYPE = "resourceType", Kind::Text, "topic, unless it says another.";
    REWRAP = "rewrap", Kind::Flag, "Wrap the key anew.";
    RULE_TYPE = "ruleType", Kind::Text, "Only schemas with a rule of this type.";
    SUBJECT = "subject", Kind::Text, "Where to look; left out, the default context.";
    SUBJECT_PREFIX = "subjectPrefix", Kind::Text, "Only subjects whose names start so; :*: before it is any context.";
    SUBJECT_PREFIXES = "subjectPrefix", Kind::Texts, "Only keys that a subject uses whose name starts so.";
    TEST_SHARING = "testSharing", Kind::Flag, "Let the KMS show first that it can wrap a key.";
    VALUE = "value", Kind::Texts, "The value of the key in the same place.";
    VERBOSE = "verbose", Kind::Flag, "Give the reasons.";
}

pub(super) fn algorithms() -> Vec<&'static str> {
    DekAlgorithm::ALL.map(DekAlgorithm::as_str).to_vec()
}

pub(super) fn lifecycles() -> Vec<&'static str> {
    Lifecycle::ALL.iter().map(|known| known.as_str()).collect()
}

fn lifecycles_or_none() -> Vec<&'static str> {
    [lifecycles(), vec![UNASSOCIATED]].concat()
}

/// The shape of a name in a path.
pub(super) fn path_schema(name: &str) -> Value {
    match name {
        "id" => json!({"type": "integer", "format": "int32"}),
        "version" => json!({
            "description": "A number from 1, or latest; -1 means latest too.",
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": i32::MAX},
                {"type": "string", "enum": ["latest", "-1"]},
            ],
        }),
        // `.` alone is no name: such a path leads into the default context, to the root.
        "context" => json!({"type": "string", "pattern": "^\\.?[^.:][^:]*$"}),
        _ => json!({"type": "string", "minLength": 1}),
    }
}
