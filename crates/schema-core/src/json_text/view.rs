//! What stands on a tape, value by value.

use super::lines::Place;
use super::tape::{Kind, NodeId, Tape};
use super::{Data, Member, Number, Object, Value};
use crate::Location;

/// One value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a> {
    tape: &'a Tape,
    at: usize,
}

/// A value taken for what it is.
#[derive(Clone, Debug)]
pub(crate) enum View<'a> {
    Null,
    Boolean(bool),
    /// The source, which is valid JSON.
    Number(&'a str),
    Text(&'a str),
    Array(Items<'a>),
    Object(Members<'a>),
}

/// The items of an array.
#[derive(Clone, Debug)]
pub(crate) struct Items<'a> {
    tape: &'a Tape,
    next: usize,
    end: usize,
}

/// The members of an object, each key once: at its first place, with its last value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a> {
    tape: &'a Tape,
    start: usize,
    end: usize,
}

impl<'a> Json<'a> {
    pub(super) fn new(tape: &'a Tape, at: usize) -> Self {
        Self { tape, at }
    }

    /// What finds the value on its tape again.
    pub(crate) fn id(self) -> NodeId {
        NodeId::new(self.at)
    }

    #[inline]
    pub(crate) fn view(self) -> View<'a> {
        let node = self.tape.node(self.at);
        match node.kind {
            Kind::Null => View::Null,
            Kind::False => View::Boolean(false),
            Kind::True => View::Boolean(true),
            Kind::Number => View::Number(self.tape.source(node)),
            Kind::Text | Kind::Unescaped => View::Text(self.tape.source(node)),
            Kind::Array => self.as_array().map_or(View::Null, View::Array),
            Kind::Object => self.as_object().map_or(View::Null, View::Object),
        }
    }

    /// Where the first character stands.
    pub(crate) fn place(self) -> Place {
        Place(self.tape.node(self.at).start)
    }

    /// The same in lines and columns, which have to be counted, if it is in the text read last.
    pub(crate) fn location(self) -> Option<Location> {
        self.tape.location(self.place())
    }

    #[inline]
    pub(crate) fn as_str(self) -> Option<&'a str> {
        let node = self.tape.node(self.at);
        matches!(node.kind, Kind::Text | Kind::Unescaped).then(|| self.tape.source(node))
    }

    /// The number of a key in the vocabulary, 0 if it is not there.
    #[inline]
    pub(crate) fn word(self) -> u8 {
        self.tape.node(self.at).word
    }

    #[inline]
    pub(crate) fn as_array(self) -> Option<Items<'a>> {
        let is_array = self.tape.node(self.at).kind == Kind::Array;
        let (tape, next) = (self.tape, self.at + 1);
        is_array.then(|| Items { tape, next, end: tape.behind(self.at) })
    }

    #[inline]
    pub(crate) fn as_object(self) -> Option<Members<'a>> {
        let is_object = self.tape.node(self.at).kind == Kind::Object;
        let (tape, start) = (self.tape, self.at + 1);
        is_object.then(|| Members { tape, start, end: tape.behind(self.at) })
    }

    /// Another value of the same tape.
    #[inline]
    pub(crate) fn other(self, id: NodeId) -> Self {
        Self { at: id.position(), ..self }
    }

    /// A copy that needs no text. It calls itself for values inside, which the reader has bounded.
    pub(crate) fn to_value(self) -> Value {
        let location = self.location().unwrap_or(Location::START);
        Value { data: self.view().to_data(), location }
    }

    /// The name of the kind, for messages.
    pub(crate) fn kind(self) -> &'static str {
        match self.view() {
            View::Null => "null",
            View::Boolean(_) => "a boolean",
            View::Number(_) => "a number",
            View::Text(_) => "a string",
            View::Array(_) => "an array",
            View::Object(_) => "an object",
        }
    }
}

impl View<'_> {
    /// A copy that needs no text.
    pub(crate) fn to_data(&self) -> Data {
        match self {
            View::Null => Data::Null,
            View::Boolean(value) => Data::Boolean(*value),
            View::Number(source) => Data::Number(Number::new(source)),
            View::Text(text) => Data::String((*text).into()),
            View::Array(items) => Data::Array(items.clone().map(Json::to_value).collect()),
            View::Object(members) => Data::Object(members.to_object().into()),
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let item = Json { tape: self.tape, at: self.next };
        if self.next >= self.end {
            return None;
        }
        self.next = self.tape.behind(self.next);
        Some(item)
    }
}

impl<'a> Members<'a> {
    pub(super) fn new(tape: &'a Tape, start: usize, end: usize) -> Self {
        Self { tape, start, end }
    }

    /// Keys, with the places of their opening quotes, and values.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Json<'a>, Json<'a>)> + Clone {
        let mut nodes = Items { tape: self.tape, next: self.start, end: self.end };
        std::iter::from_fn(move || Some((nodes.next()?, nodes.next()?)))
    }

    pub(crate) fn get(self, wanted: &str) -> Option<Json<'a>> {
        if let Some(keys) = self.tape.sorted_keys(self.start) {
            let text = |key: &usize| self.tape.source(self.tape.node(*key));
            let found = keys.binary_search_by_key(&wanted, text).ok()?;
            return keys.get(found).map(|key| Json { tape: self.tape, at: key + 1 });
        }
        let (_, value) = self.iter().find(|(key, _)| key.as_str() == Some(wanted))?;
        Some(value)
    }

    fn to_object(self) -> Object {
        let members = self.iter().map(|(key, value)| Member {
            key: key.as_str().unwrap_or_default().into(),
            key_location: key.location().unwrap_or(Location::START),
            value: value.to_value(),
        });
        Object::with_distinct_keys(members.collect())
    }
}

/// Equal as values, like those of [`Value`]. It calls itself for values inside, which the reader
/// has bounded.
impl PartialEq for View<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (View::Null, View::Null) => true,
            (View::Boolean(a), View::Boolean(b)) => a == b,
            (View::Number(a), View::Number(b)) => {
                a == b || Number::new(a).printed() == Number::new(b).printed()
            }
            (View::Text(a), View::Text(b)) => a == b,
            (View::Array(a), View::Array(b)) => a.clone().eq(b.clone()),
            (View::Object(a), View::Object(b)) => a == b,
            _ => false,
        }
    }
}

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

/// Equal if the same keys have equal values, in whatever order.
impl PartialEq for Members<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().count() == other.iter().count()
            && self.iter().all(|(key, value)| {
                key.as_str().and_then(|key| other.get(key)).is_some_and(|other| value == other)
            })
    }
}
