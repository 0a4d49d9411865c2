//! What a rule means and what to do about it, in plain words for whoever is woken up by it.

use super::Rule;

impl Rule {
    /// Why the reader cannot read, in one sentence; `None` where the message says it all.
    pub fn explanation(self) -> Option<&'static str> {
        advice(self).map(|(explanation, _)| explanation)
    }

    /// The usual way out, in one sentence.
    pub fn fix(self) -> Option<&'static str> {
        advice(self).map(|(_, fix)| fix)
    }
}

fn advice(rule: Rule) -> Option<(&'static str, &'static str)> {
    Some(match rule {
        Rule::AvroNameMismatch => (
            "The reader's type has another name than the writer's, so the two are taken for different types.",
            "Keep the old name, or list the writer's full name in the reader's \"aliases\".",
        ),
        Rule::AvroFixedSizeMismatch => (
            "A fixed type changed its size; every value already written has the writer's size.",
            "Keep the size; put the new size into a new type under a new field with a default.",
        ),
        Rule::AvroMissingEnumSymbols => (
            "The writer may send enum symbols that the reader does not know.",
            "Add the symbols to the reader's enum, or give that enum (not the field) a \"default\" symbol.",
        ),
        Rule::AvroReaderFieldMissingDefault => (
            "The reader needs a field that the writer does not write, and has no default to fill it with.",
            "Give the field a \"default\" (null needs null in its union), or alias it to the writer's field.",
        ),
        Rule::AvroTypeMismatch => (
            "The reader's type cannot hold what the writer's type encodes.",
            "Keep the type or widen it (int to long, float, double; long to float, double; float to double; \
             string and bytes either way); any other change needs a new field with a default.",
        ),
        Rule::AvroMissingUnionBranch => (
            "The writer may send a type that no branch of the reader's union can read.",
            "Add the missing branch to the reader's union, or make one of its branches read it.",
        ),
        Rule::AvroAmbiguousAlias => (
            "A reader field matches several writer fields through its aliases, so none can be chosen.",
            "Remove the aliases that name fields which the writer still has.",
        ),
        #[allow(unreachable_patterns, reason = "the rules of other formats add theirs here")]
        _ => return None,
    })
}
