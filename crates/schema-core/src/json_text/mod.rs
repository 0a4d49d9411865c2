//! JSON text with its places: a reader that keeps lines, columns, member order and the source of
//! numbers, and a compact printer.
//!
//! Both JSON-based formats read their schemas through here. The reader works under [`Limits`]:
//! nesting is bounded by `depth_max`, so that a walk over the result cannot exhaust the stack; the
//! count of values is bounded by `nodes_max`.

mod edit;
mod number;
mod print;
mod reader;
#[cfg(test)]
mod tests;

use crate::{Limits, Location, ParseError};

pub(crate) use number::{Number, java_double, java_float};
pub(crate) use print::{print, print_sorted, utf16_order, write_string};

/// What a dialect of JSON accepts beyond RFC 8259.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `// line` and `/* block */` comments count as white space.
    pub(crate) comments: bool,
    /// Text behind the first value is dropped instead of refused.
    pub(crate) trailing_text: bool,
    /// The literals `NaN`, `Infinity` and `-Infinity` are read, as strings.
    pub(crate) non_finite_literals: bool,
}

impl Dialect {
    /// As the reference reads Avro schemas.
    pub(crate) const AVRO: Self =
        Self { comments: true, trailing_text: false, non_finite_literals: false };
    /// As the reference reads JSON schemas.
    pub(crate) const JSON_SCHEMA: Self =
        Self { comments: false, trailing_text: true, non_finite_literals: true };
}

/// A value and the place of its first character.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) data: Data,
    pub(crate) location: Location,
}

/// What a value is; the names are those of the JSON grammar.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Null,
    Boolean(bool),
    Number(Number),
    String(String),
    Array(Vec<Value>),
    Object(Object),
}

/// One member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    /// The place of the opening quote.
    pub(crate) key_location: Location,
    pub(crate) value: Value,
}

/// Members in source order. A key that occurs again replaces the value but keeps the first place,
/// as the reference's JSON library does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    members: Vec<Member>,
    /// Positions in `members`, by key.
    sorted: Vec<usize>,
}

/// Reads `text` as one value.
pub(crate) fn read(text: &str, dialect: Dialect, limits: &Limits) -> Result<Value, ParseError> {
    reader::read(text, dialect, limits)
}

impl Object {
    /// Collects members as read, the repeated keys among them.
    pub(crate) fn new(read: Vec<Member>) -> Self {
        let mut order: Vec<(usize, Member)> = read.into_iter().enumerate().collect();
        order.sort_by(|(_, a), (_, b)| a.key.cmp(&b.key)); // stable: equal keys stay in order
        let mut kept: Vec<(usize, Member)> = Vec::with_capacity(order.len());
        for (position, member) in order {
            match kept.last_mut() {
                Some((_, first)) if first.key == member.key => *first = member,
                _ => kept.push((position, member)),
            }
        }
        kept.sort_by_key(|(position, _)| *position);
        let members: Vec<Member> = kept.into_iter().map(|(_, member)| member).collect();
        let mut keyed: Vec<(&str, usize)> =
            members.iter().enumerate().map(|(at, member)| (member.key.as_str(), at)).collect();
        keyed.sort_unstable();
        let sorted = keyed.into_iter().map(|(_, at)| at).collect();
        Self { members, sorted }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members in source order.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.members.iter()
    }

    /// The members by key, in the order of their UTF-8 bytes.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = &Member> {
        self.sorted.iter().filter_map(|&at| self.members.get(at))
    }

    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        let key_at = |at: usize| self.members.get(at).map_or("", |member| member.key.as_str());
        let found = self.sorted.binary_search_by(|&at| key_at(at).cmp(key)).ok()?;
        self.sorted.get(found).and_then(|&at| self.members.get(at))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.member(key).map(|member| &member.value)
    }
}

/// Equal if the same keys have equal values, in whatever order.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.sorted().zip(other.sorted()).all(|(x, y)| x.key == y.key && x.value == y.value)
    }
}

impl Value {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Value]> {
        match &self.data {
            Data::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Object> {
        match &self.data {
            Data::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// The name of the kind, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "null",
            Data::Boolean(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::String(_) => "a string",
            Data::Array(_) => "an array",
            Data::Object(_) => "an object",
        }
    }
}

/// Equal as values: places do not count, nor does the order of members; numbers are equal if
/// they print equally, so 1 and 1.0 differ.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Null, Data::Null) => true,
            (Data::Boolean(a), Data::Boolean(b)) => a == b,
            (Data::Number(a), Data::Number(b)) => a.printed() == b.printed(),
            (Data::String(a), Data::String(b)) => a == b,
            (Data::Array(a), Data::Array(b)) => a == b,
            (Data::Object(a), Data::Object(b)) => a == b,
            _ => false,
        }
    }
}
