//! Names of types: simple name, namespace, and how one is written inside another.

use smol_str::{SmolStr, format_smolstr};

use super::types::Primitive;

/// The name of a record, enum or fixed type, or of an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) simple: SmolStr,
    /// Never empty; `None` is the null namespace.
    pub(super) space: Option<SmolStr>,
    pub(super) full: SmolStr,
}

impl Name {
    /// A dotted `written` carries its own namespace, which beats `space`.
    pub(super) fn new(written: &str, space: Option<&str>) -> Self {
        let (space, simple) = match written.rsplit_once('.') {
            Some((own, simple)) => (Some(own), simple),
            None => (space, written),
        };
        let space = space.filter(|space| !space.is_empty());
        let full = match space {
            Some(space) => format_smolstr!("{space}.{simple}"),
            None => simple.into(),
        };
        Self { simple: simple.into(), space: space.map(SmolStr::new), full }
    }
}

/// A type name as written inside namespace `current`, given the `space` it is defined in.
///
/// Short inside its own namespace, unless it reads like a type word there: `a.int` stays whole.
pub(super) fn relative(name: &Name, space: Option<&str>, current: Option<&str>) -> SmolStr {
    if space.is_some() && space == current && !is_type_word(&name.simple) {
        return name.simple.clone();
    }
    match space {
        Some(space) => format_smolstr!("{space}.{}", name.simple),
        None => name.simple.clone(),
    }
}

fn is_type_word(name: &str) -> bool {
    Primitive::parse(name).is_some()
        || matches!(name, "record" | "enum" | "array" | "map" | "union" | "fixed")
}

/// How strictly the parts of a name are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// ASCII, for new schemas.
    Ascii,
    /// Any letters, for what has been registered before.
    Unicode,
}

/// The bytes of ASCII that may stand in a name, by number.
#[expect(clippy::indexing_slicing, reason = "the compiler does it, and would say so")]
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    plain
};

/// Why `part` cannot be a name, if it cannot.
pub(super) fn fault(part: &str, alphabet: Alphabet) -> Option<String> {
    let starts_plain = part.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if starts_plain && part.bytes().all(|byte| PLAIN.get(usize::from(byte)) == Some(&true)) {
        return None;
    }
    unusual_fault(part, alphabet)
}

/// The same for a name that is empty, starts with a digit or has a character of some other kind.
fn unusual_fault(part: &str, alphabet: Alphabet) -> Option<String> {
    let is_letter = |c: char| match alphabet {
        Alphabet::Ascii => c.is_ascii_alphabetic(),
        Alphabet::Unicode => c.is_alphabetic(),
    };
    let is_digit = |c: char| match alphabet {
        Alphabet::Ascii => c.is_ascii_digit(),
        Alphabet::Unicode => c.is_numeric(),
    };
    let Some(first) = part.chars().next() else {
        return Some("a name must not be empty".to_owned());
    };
    if !(is_letter(first) || first == '_') {
        return Some(format!("name {part:?} must start with a letter or '_'"));
    }
    let wrong = part.chars().find(|&c| !(is_letter(c) || is_digit(c) || c == '_'))?;
    Some(format!(
        "name {part:?} must not contain {wrong:?}; letters, digits and '_' may stand there"
    ))
}
