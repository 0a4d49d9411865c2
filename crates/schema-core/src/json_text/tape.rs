//! What is read as a list of nodes that point into the text: nothing is copied, and a value costs no
//! place of its own. For readers that look at each value once and keep little of what they see.

use super::reader;
use super::sink::{Container, Scalar, Sink, Text};
use super::{Data, Dialect, Member, Number, Object, UNSORTED_MAX, Value};
use crate::limits::breach;
use crate::{Limits, Location, ParseError, ParseErrorKind};

/// A text and the values in it, each in front of those inside it.
#[derive(Debug)]
pub(crate) struct Tape<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    /// Strings that are not in the text as they are.
    unescaped: Vec<String>,
}

/// A value, or the key of a member, which stands in front of its value.
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// Where the source of a number or a string begins in the text; the index of an unescaped one.
    start: u32,
    /// The bytes of a source; the nodes of an array or object, itself among them.
    length: u32,
    line: u32,
    column: u32,
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
        let tape = Self { text, nodes, unescaped: Vec::new() };
        let mut writer = Writer { tape, open: Vec::new() };
        reader::read(text, dialect, limits, &mut writer)?;
        Ok(writer.tape)
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
        let nothing = Node { kind: Kind::Null, start: 0, length: 0, line: 1, column: 1 };
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
        let start = wide(node.start);
        if node.kind == Kind::Unescaped {
            return self.unescaped.get(start).map_or("", String::as_str);
        }
        self.text.get(start..start + wide(node.length)).unwrap_or("")
    }
}

/// About so many bytes of a schema go to a node.
const BYTES_PER_NODE: usize = 10;

fn wide(narrow: u32) -> usize {
    usize::try_from(narrow).unwrap_or(usize::MAX)
}

/// Lengths and places of a text that is shorter than 4 GiB.
fn narrow(wide: usize) -> u32 {
    u32::try_from(wide).unwrap_or(u32::MAX)
}

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

    /// The place of the first character.
    pub(crate) fn location(self) -> Location {
        let node = self.tape.node(self.at);
        Location { line: wide(node.line), column: wide(node.column) }
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
    fn push(&mut self, kind: Kind, (start, length): (u32, u32), location: Location) {
        let (line, column) = (narrow(location.line), narrow(location.column));
        self.tape.nodes.push(Node { kind, start, length, line, column });
    }

    fn text(&mut self, text: Text<'t>, location: Location) {
        match text {
            Text::AsWritten(text) => match self.span(text) {
                Some(span) => self.push(Kind::Text, span, location),
                None => self.unescaped(text.to_owned(), location),
            },
            Text::Unescaped(text) => self.unescaped(text, location),
        }
    }

    fn unescaped(&mut self, text: String, location: Location) {
        let index = narrow(self.tape.unescaped.len());
        self.tape.unescaped.push(text);
        self.push(Kind::Unescaped, (index, 0), location);
    }

    /// Where a part of the text stands in it; a literal that the reader names does not.
    fn span(&self, part: &str) -> Option<(u32, u32)> {
        let start = part.as_ptr().addr().checked_sub(self.tape.text.as_ptr().addr())?;
        let is_inside = start + part.len() <= self.tape.text.len();
        is_inside.then(|| (narrow(start), narrow(part.len())))
    }

    /// Takes out what later members with the same key replace.
    fn without_repeated(&mut self, at: usize) {
        let end = self.tape.nodes.len();
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
        if kept.len() == members.len() {
            return;
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
    fn scalar(&mut self, scalar: Scalar<'t>, location: Location) {
        match scalar {
            Scalar::Null => self.push(Kind::Null, (0, 0), location),
            Scalar::Boolean(false) => self.push(Kind::False, (0, 0), location),
            Scalar::Boolean(true) => self.push(Kind::True, (0, 0), location),
            Scalar::Number(source) => {
                let span = self.span(source).unwrap_or_default();
                self.push(Kind::Number, span, location);
            }
            Scalar::Text(text) => self.text(text, location),
        }
    }

    fn open(&mut self, container: Container, location: Location) {
        let kind = match container {
            Container::Array => Kind::Array,
            Container::Object => Kind::Object,
        };
        self.open.push(Open { at: self.tape.nodes.len(), keys: 0, may_repeat: false });
        self.push(kind, (0, 1), location);
    }

    fn key(&mut self, key: Text<'t>, location: Location) {
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
        self.text(key, location);
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
