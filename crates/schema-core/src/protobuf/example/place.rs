//! What the path of a finding can stand for: a message, and in it a field or a oneof.

/// What of a message is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Whole,
    Field(u32),
    Oneof(String),
}

/// A message by its name inside its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) message: String,
    pub(super) member: Member,
}

impl Place {
    pub(super) fn messages(names: impl IntoIterator<Item = String>) -> Vec<Self> {
        let whole = |message| Self { message, member: Member::Whole };
        names.into_iter().map(whole).collect()
    }
}

/// `#/Outer/Inner` as `Outer.Inner`.
pub(super) fn names(path: &str) -> String {
    path.trim_start_matches("#/").replace('/', ".")
}

/// `#/Message/oneof`.
pub(super) fn oneof(path: &str) -> Vec<Place> {
    let names = names(path);
    let split = names.rsplit_once('.');
    let place = split.map(|(message, oneof)| Place {
        message: message.to_owned(),
        member: Member::Oneof(oneof.to_owned()),
    });
    place.into_iter().collect()
}

/// `#/Message/1`, which may also be `#/Message/oneof/1`.
pub(super) fn field(path: &str) -> Vec<Place> {
    let names = names(path);
    let Some((message, number)) = names.rsplit_once('.') else { return Vec::new() };
    let Ok(number) = number.parse() else { return Vec::new() };
    let around = message.rsplit_once('.').map(|(message, _)| message);
    let place =
        |message: &str| Place { message: message.to_owned(), member: Member::Field(number) };
    [Some(message), around].into_iter().flatten().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::{Member, Place, field, names, oneof};

    #[test]
    fn a_path_is_a_message_and_a_member() {
        let place = |message: &str, member| Place { message: message.to_owned(), member };
        assert_eq!(names("#/A/B"), "A.B");
        assert_eq!(oneof("#/A/o"), [place("A", Member::Oneof("o".to_owned()))]);
        assert_eq!(
            field("#/A/o/3"),
            [place("A.o", Member::Field(3)), place("A", Member::Field(3))]
        );
        assert_eq!(field("#/A/3"), [place("A", Member::Field(3))]);
    }
}
