//! What the path of a finding stands for inside the message that it comes from.

use crate::Rule;

/// What of a message is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Whole,
    Field(u32),
    Oneof(String),
}

impl Member {
    /// The last part of the path: a field by number, a oneof by name.
    pub(super) fn of(rule: Rule, path: &str) -> Option<Self> {
        let last = last_name(path)?;
        Some(match rule {
            Rule::ProtobufMultipleFieldsMovedToOneof | Rule::ProtobufFieldMovedToExistingOneof => {
                Self::Oneof(last.to_owned())
            }
            _ => Self::Field(last.parse().ok()?),
        })
    }
}

pub(super) fn last_name(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Member;
    use crate::Rule;

    #[test]
    fn a_path_ends_in_a_field_or_a_oneof() {
        let moved = Rule::ProtobufMultipleFieldsMovedToOneof;
        assert_eq!(Member::of(moved, "#/A/o"), Some(Member::Oneof("o".to_owned())));
        let kind = Rule::ProtobufFieldKindChanged;
        assert_eq!(Member::of(kind, "#/A/o/3"), Some(Member::Field(3)));
        assert_eq!(Member::of(kind, "#/"), None);
    }
}
