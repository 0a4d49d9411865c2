//! Which names a topic may have.

use super::TopicError;

const NAME_CHARS_MAX: usize = 249;

/// Topics that belong to the broker: clients read them and may not write to them.
const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

pub(crate) fn is_internal(name: &str) -> bool {
    INTERNAL.contains(&name)
}

/// The log in which Apache Kafka keeps what the cluster is: a name that no topic of clients has.
pub(crate) fn is_metadata_log(name: &str) -> bool {
    name == "__cluster_metadata"
}

/// 1 to 249 of `[a-zA-Z0-9._-]`, and neither `.` nor `..`.
pub(crate) fn check_name(name: &str) -> Result<(), TopicError> {
    let reason = if name.is_empty() {
        "the name is empty"
    } else if name == "." || name == ".." {
        "'.' and '..' are no names"
    } else if name.len() > NAME_CHARS_MAX {
        "the name is longer than 249 characters"
    } else if !name.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c)) {
        "only ASCII letters, digits, '.', '_' and '-' may be used"
    } else {
        return Ok(());
    };
    Err(TopicError::InvalidName { name: name.to_owned(), reason })
}

/// What a name looks like to Kafka's metrics, where `.` becomes `_`. Two topics may not look alike.
pub(super) fn collision_key(name: &str) -> String {
    name.replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_letters_digits_dots_dashes_and_underscores_are_taken() {
        for name in ["a", "A.b_c-9", "...", &"x".repeat(249)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_that_cannot_be_a_directory_or_a_kafka_name_are_refused() {
        for name in ["", ".", "..", "a/b", "a b", "ä", "a\0", "a:b", &"x".repeat(250)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn dot_and_underscore_collide() {
        assert_eq!(collision_key("a.b_c"), collision_key("a_b.c"));
    }
}
