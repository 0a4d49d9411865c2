//! What is read as a list of nodes that point into the text: nothing is copied, and a value costs no
//! place of its own. For readers that look at each value once and keep little of what they see.

use super::lines::{LineTable, Lines, Place, narrow, wide};
use super::reader;
use super::sink::{Container, Scalar, Sink, Text};
use super::{Data, Dialect, Member, Number, Object, UNSORTED_MAX, Value};
use crate::limits::breach;
use crate::{Limits, Location, ParseError, ParseErrorKind};

/// A text and the values in it, each in front of those inside it.
#[derive(Debug)]
pub(crate) struct Tape<'t> {
    text: &'t str,
    lines: Lines<'t>,
    nodes: Vec<Node>,
    /// Strings that are not in the text as they are.
    unescaped: Vec<String>,
}

/// A value, or the key of a member, which stands in front of its value.
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// The byte offset of the first character, of a string that of its quote.
    start: u32,
    /// The bytes of a number, or of a string without its quotes; the index of an unescaped one; the
    /// nodes of an array or object, itself among them.
    length: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    False,
    True,
    Number,
    Text,
    Unescaped,
    Array,
    Object,
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a> {
    tape: &'a Tape<'a>,
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
    tape: &'a Tape<'a>,
    next: usize,
    end: usize,
}

/// The members of an object, each key once: at its first place, with its last value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a> {
    tape: &'a Tape<'a>,
    start: usize,
    end: usize,
}

impl<'t> Tape<'t> {
    /// Reads `text` as one value.
    pub(crate) fn read(
        text: &'t str,
        dialect: Dialect,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        if u32::try_from(text.len()).is_err() {
            let what = format!("JSON text has {} bytes", text.len());
            let message = breach(&what, limits.text_bytes_max, "text-bytes-max");
            return Err(ParseError::new(ParseErrorKind::TooLarge, message));
        }
        let nodes = Vec::with_capacity(text.len() / BYTES_PER_NODE);
        let tape = Self { text, lines: Lines::of(text), nodes, unescaped: Vec::new() };
        let mut writer = Writer { tape, open: Vec::new() };
        reader::read(text, dialect, limits, &mut writer)?;
        Ok(writer.tape)
    }

    /// What tells the location of a value's place when the tape is gone.
    pub(crate) fn into_line_table(self) -> LineTable {
        self.lines.into_table()
    }

    /// How many values and keys there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The value that the text is.
    pub(crate) fn root(&self) -> Json<'_> {
        Json { tape: self, at: 0 }
    }

    fn node(&self, at: usize) -> Node {
        let nothing = Node { kind: Kind::Null, start: 0, length: 0 };
        self.nodes.get(at).copied().unwrap_or(nothing)
    }

    /// The first node behind a value.
    fn behind(&self, at: usize) -> usize {
        let node = self.node(at);
        match node.kind {
            Kind::Array | Kind::Object => at + wide(node.length).max(1),
            _ => at + 1,
        }
    }

    fn source(&self, node: Node) -> &str {
        let length = wide(node.length);
        let start = match node.kind {
            Kind::Unescaped => return self.unescaped.get(length).map_or("", String::as_str),
            Kind::Text => wide(node.start) + 1,
            _ => wide(node.start),
        };
        self.text.get(start..start + length).unwrap_or("")
    }
}

/// About so many bytes of a schema go to a node.
const BYTES_PER_NODE: usize = 10;

impl<'a> Json<'a> {
    pub(crate) fn view(self) -> View<'a> {
        let node = self.tape.node(self.at);
        match node.kind {
            Kind::Null => View::Null,
            Kind::False => View::Boolean(false),
            Kind::True => View::Boolean(true),
            Kind::Number => View::Number(self.tape.source(node)),
            Kind::Text | Kind::Unescaped => View::Text(self.tape.source(node)),
            Kind::Array => {
                let (next, end) = (self.at + 1, self.tape.behind(self.at));
                View::Array(Items { tape: self.tape, next, end })
            }
            Kind::Object => {
                let (start, end) = (self.at + 1, self.tape.behind(self.at));
                View::Object(Members { tape: self.tape, start, end })
            }
        }
    }

    /// Where the first character stands.
    pub(crate) fn place(self) -> Place {
        Place(self.tape.node(self.at).start)
    }

    /// The same in lines and columns, which have to be counted.
    pub(crate) fn location(self) -> Location {
        self.tape.lines.location(self.place())
    }

    pub(crate) fn as_str(self) -> Option<&'a str> {
        let node = self.tape.node(self.at);
        matches!(node.kind, Kind::Text | Kind::Unescaped).then(|| self.tape.source(node))
    }

    pub(crate) fn as_array(self) -> Option<Items<'a>> {
        match self.view() {
            View::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_object(self) -> Option<Members<'a>> {
        match self.view() {
            View::Object(members) => Some(members),
            _ => None,
        }
    }

    /// A copy that needs no text. It calls itself for values inside, which the reader has bounded.
    pub(crate) fn to_value(self) -> Value {
        let data = match self.view() {
            View::Null => Data::Null,
            View::Boolean(value) => Data::Boolean(value),
            View::Number(source) => Data::Number(Number::new(source)),
            View::Text(text) => Data::String(text.into()),
            View::Array(items) => Data::Array(items.map(Self::to_value).collect()),
            View::Object(members) => Data::Object(members.only(|_| true).into()),
        };
        Value { data, location: self.location() }
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
    /// Keys, with the places of their opening quotes, and values.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Json<'a>, Json<'a>)> {
        let mut nodes = Items { tape: self.tape, next: self.start, end: self.end };
        std::iter::from_fn(move || Some((nodes.next()?, nodes.next()?)))
    }

    pub(crate) fn get(self, wanted: &str) -> Option<Json<'a>> {
        let mut at = self.start;
        while at < self.end {
            if self.tape.source(self.tape.node(at)) == wanted {
                return Some(Json { tape: self.tape, at: at + 1 });
            }
            at = self.tape.behind(at + 1);
        }
        None
    }

    /// Copies of the members whose keys are wanted.
    pub(crate) fn only(self, is_wanted: impl Fn(&str) -> bool) -> Object {
        let wanted = self.iter().filter_map(|(key, value)| {
            let text = key.as_str().filter(|text| is_wanted(text))?;
            let key_location = key.location();
            Some(Member { key: text.into(), key_location, value: value.to_value() })
        });
        Object::with_distinct_keys(wanted.collect())
    }
}

/// An array or object whose end has not been read.
struct Open {
    at: usize,
    /// A bit for each key, which two that differ may share.
    keys: u64,
    /// Whether a bit was set twice.
    may_repeat: bool,
}

struct Writer<'t> {
    tape: Tape<'t>,
    open: Vec<Open>,
}

impl<'t> Writer<'t> {
    fn push(&mut self, kind: Kind, at: usize, length: usize) {
        self.tape.nodes.push(Node { kind, start: narrow(at), length: narrow(length) });
    }

    fn text(&mut self, text: Text<'t>, at: usize) {
        match text {
            Text::AsWritten(text) => self.push(Kind::Text, at, text.len()),
            Text::Unescaped(text) => {
                self.push(Kind::Unescaped, at, self.tape.unescaped.len());
                self.tape.unescaped.push(text);
            }
        }
    }

    /// Whether two members of the object have the same key, or may have, where there are many.
    fn has_repeated(&self, at: usize) -> bool {
        let end = self.tape.nodes.len();
        let members = Members { tape: &self.tape, start: at + 1, end };
        let text = |key: Json<'_>| self.tape.source(self.tape.node(key.at));
        members.iter().enumerate().any(|(position, (key, _))| {
            position >= UNSORTED_MAX
                || members.iter().take(position).any(|(before, _)| text(before) == text(key))
        })
    }

    /// Takes out what later members with the same key replace.
    fn without_repeated(&mut self, at: usize) {
        let end = self.tape.nodes.len();
        if !self.has_repeated(at) {
            return;
        }
        let members: Vec<_> = Members { tape: &self.tape, start: at + 1, end }
            .iter()
            .map(|(key, _)| key.at)
            .collect();
        let key = |at: usize| self.tape.source(self.tape.node(at));
        let mut kept: Vec<usize> = Vec::with_capacity(members.len());
        if members.len() <= UNSORTED_MAX {
            for member in &members {
                match kept.iter_mut().find(|first| key(**first) == key(*member)) {
                    Some(first) => *first = *member,
                    None => kept.push(*member),
                }
            }
        } else {
            let mut places = foldhash::HashMap::default();
            for member in &members {
                let place = *places.entry(key(*member)).or_insert(kept.len());
                match kept.get_mut(place) {
                    Some(first) => *first = *member,
                    None => kept.push(*member),
                }
            }
        }
        let nodes = kept
            .iter()
            .flat_map(|at| self.tape.nodes.get(*at..self.tape.behind(at + 1)).unwrap_or_default());
        let nodes: Vec<Node> = nodes.copied().collect();
        self.tape.nodes.truncate(at + 1);
        self.tape.nodes.extend(nodes);
    }
}

impl<'t> Sink<'t> for Writer<'t> {
    fn scalar(&mut self, scalar: Scalar<'t>, at: usize) {
        match scalar {
            Scalar::Null => self.push(Kind::Null, at, 0),
            Scalar::Boolean(false) => self.push(Kind::False, at, 0),
            Scalar::Boolean(true) => self.push(Kind::True, at, 0),
            Scalar::Number(source) => self.push(Kind::Number, at, source.len()),
            Scalar::Text(text) => self.text(text, at),
        }
    }

    fn open(&mut self, container: Container, at: usize) {
        let kind = match container {
            Container::Array => Kind::Array,
            Container::Object => Kind::Object,
        };
        self.open.push(Open { at: self.tape.nodes.len(), keys: 0, may_repeat: false });
        self.push(kind, at, 1);
    }

    fn key(&mut self, key: Text<'t>, at: usize) {
        if let Some(open) = self.open.last_mut() {
            let text = key.as_str().as_bytes();
            let ends = text
                .first()
                .zip(text.last())
                .map_or(0, |(a, b)| usize::from(*a) * 7 + usize::from(*b));
            let bit = 1_u64 << ((ends + text.len() * 11) % 64);
            open.may_repeat |= open.keys & bit != 0;
            open.keys |= bit;
        }
        self.text(key, at);
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if open.may_repeat {
            self.without_repeated(open.at);
        }
        let length = narrow(self.tape.nodes.len() - open.at);
        if let Some(node) = self.tape.nodes.get_mut(open.at) {
            node.length = length;
        }
    }
}
