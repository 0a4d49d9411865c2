//! JSON text with its places: a reader that keeps lines, columns, member order and the source of
//! numbers, and a compact printer.
//!
//! Both JSON-based formats read their schemas through here. The reader works under [`Limits`]:
//! nesting is bounded by `depth_max`, so that a walk over the result cannot exhaust the stack; the
//! count of values is bounded by `nodes_max`.

mod edit;
mod lines;
mod number;
mod print;
mod reader;
mod scan;
mod sink;
mod tape;
#[cfg(test)]
mod tests;
mod tree;
mod view;
mod vocabulary;

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use memchr::memchr2;
use smol_str::SmolStr;

use crate::{Limits, Location, ParseError};

pub(crate) use number::{Number, java_double, java_float};
pub(crate) use print::{print, print_sorted, utf16_order, write_string};
pub(crate) use tape::{NodeId, Tape};
pub(crate) use view::{Items, Json, Members, View};
pub(crate) use vocabulary::{Sieve, Vocabulary};

/// What a dialect of JSON accepts beyond RFC 8259.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `// line` and `/* block */` comments count as white space.
    pub(crate) comments: bool,
    /// Text behind the first value is dropped instead of refused.
    pub(crate) trailing_text: bool,
    /// The literals `NaN` and `Infinity` are read, as strings; the latter also with a sign, and
    /// then also as `INF`.
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

/// What a value is; the names are those of the JSON grammar. Copies share what they hold.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Null,
    Boolean(bool),
    Number(Number),
    String(SmolStr),
    Array(Arc<[Value]>),
    Object(Arc<Object>),
}

/// One member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: SmolStr,
    /// The place of the opening quote.
    pub(crate) key_location: Location,
    pub(crate) value: Value,
}

/// Members in source order. A key that occurs again replaces the value but keeps the first place,
/// as the reference's JSON library does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    members: Vec<Member>,
    /// Positions in `members`, by key; empty where looking at all of them is quicker.
    sorted: Vec<usize>,
}

/// Most members that are looked at one by one.
const UNSORTED_MAX: usize = 12;

/// Reads `text` as one value.
pub(crate) fn read(text: &str, dialect: Dialect, limits: &Limits) -> Result<Value, ParseError> {
    tree::read(text, dialect, limits)
}

/// Whether `text`, which is valid JSON, is known without being read to have no more values and no
/// deeper nesting than the limits allow. It counts what may come before a value.
pub(crate) fn is_surely_within(text: &str, limits: &Limits) -> bool {
    let (mut values, mut depth, mut deepest) = (1, 0_usize, 0);
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'"' => rest = behind_string(rest),
            b',' | b':' => values += 1,
            b'{' | b'[' => {
                values += 1;
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    values <= limits.nodes_max && deepest <= limits.depth_max
}

/// What follows the string whose opening quote has been passed.
fn behind_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr2(b'"', b'\\', rest) {
        let is_end = rest.get(at) == Some(&b'"');
        rest = rest.get(at + if is_end { 1 } else { 2 }..).unwrap_or_default();
        if is_end {
            return rest;
        }
    }
    &[]
}

impl Object {
    /// Collects members as read, the repeated keys among them.
    pub(crate) fn new(members: Vec<Member>) -> Self {
        let whole = Self { sorted: sorted_by_key(&members), members };
        if whole.has_repeated_key() {
            return Self::new(without_repeated(whole.members));
        }
        whole
    }

    fn has_repeated_key(&self) -> bool {
        let key_at = |at: usize| self.members.get(at).map(|member| &member.key);
        if self.sorted.is_empty() {
            let mut before = 0..self.members.len();
            return before
                .any(|at| self.members.iter().skip(at + 1).any(|m| key_at(at) == Some(&m.key)));
        }
        self.sorted.windows(2).any(|pair| matches!(pair, [a, b] if key_at(*a) == key_at(*b)))
    }

    /// Collects members of which no two have the same key.
    fn with_distinct_keys(members: Vec<Member>) -> Self {
        Self { sorted: sorted_by_key(&members), members }
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

    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        if self.sorted.is_empty() {
            return self.members.iter().find(|member| member.key == key);
        }
        let key_at = |at: usize| self.members.get(at).map_or("", |member| member.key.as_str());
        let found = self.sorted.binary_search_by(|&at| key_at(at).cmp(key)).ok()?;
        self.sorted.get(found).and_then(|&at| self.members.get(at))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.member(key).map(|member| &member.value)
    }
}

/// Positions by key, if there are enough of them.
fn sorted_by_key(members: &[Member]) -> Vec<usize> {
    if members.len() <= UNSORTED_MAX {
        return Vec::new();
    }
    let mut keyed: Vec<(&str, usize)> =
        members.iter().enumerate().map(|(at, member)| (member.key.as_str(), at)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// Each key once: at its first place, with its last value.
fn without_repeated(members: Vec<Member>) -> Vec<Member> {
    let mut kept: Vec<Member> = Vec::with_capacity(members.len());
    let mut places: HashMap<SmolStr, usize> = HashMap::with_capacity(members.len());
    for member in members {
        let place = *places.entry(member.key.clone()).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(first) => *first = member,
            None => kept.push(member),
        }
    }
    kept
}

/// Equal if the same keys have equal values, in whatever order.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().all(|member| other.get(&member.key) == Some(&member.value))
    }
}

impl Value {
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.as_text().map(SmolStr::as_str)
    }

    pub(crate) fn as_text(&self) -> Option<&SmolStr> {
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

    /// A copy that shares nothing with this value.
    pub(crate) fn unshared(&self) -> Self {
        let data = match &self.data {
            Data::Array(items) => Data::Array(items.iter().map(Self::unshared).collect()),
            Data::Object(object) => {
                let members = object
                    .iter()
                    .map(|member| Member { value: member.value.unshared(), ..member.clone() });
                let sorted = object.sorted.clone();
                Data::Object(Object { members: members.collect(), sorted }.into())
            }
            plain => plain.clone(),
        };
        Self { data, location: self.location }
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
