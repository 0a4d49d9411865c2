//! What is read as a list of nodes that point into the text: a value costs no place of its own, and
//! nothing is taken out of the text before somebody asks for it.

use std::num::NonZeroU32;
use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt};

use super::lines::{LineTable, Place, narrow, wide};
use super::reader;
use super::sink::{Container, Scalar, Sink, Text};
use super::view::{Json, Members};
use super::{Dialect, Sieve, UNSORTED_MAX, Vocabulary};
use crate::limits::breach;
use crate::{Limits, Location, ParseError, ParseErrorKind};

/// Texts and the values in them, each in front of those inside it.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    /// One text behind the other.
    text: String,
    /// Where the last text begins.
    last: u32,
    /// The lines of the last text.
    lines: OnceLock<LineTable>,
    nodes: Vec<Node>,
    /// Strings that are not in the text as they are.
    unescaped: Vec<String>,
    vocabulary: &'static Vocabulary,
    /// See [`Tape::sorted_keys`]. Large is where looking at all of them would take longer.
    sorted: HashMap<usize, Vec<usize>>,
}

/// A value of one [`Tape`]; meaningless in any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(NonZeroU32);

/// A value, or the key of a member, which stands in front of its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Of a key, its number in the vocabulary.
    pub(super) word: u8,
    /// The byte offset of the first character, of a string that of its quote.
    pub(super) start: u32,
    /// The bytes of a number, or of a string without its quotes; the index of an unescaped one; the
    /// nodes of an array or object, itself among them.
    length: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    False,
    True,
    Number,
    Text,
    Unescaped,
    Array,
    Object,
}

/// The first node of every tape, so that the number of a value is never 0.
const NOTHING: Node = Node { kind: Kind::Null, word: 0, start: 0, length: 0 };

/// About so many bytes of a schema go to a node.
const BYTES_PER_NODE: usize = 10;

impl NodeId {
    pub(super) fn new(position: usize) -> Self {
        Self(NonZeroU32::new(narrow(position)).unwrap_or(NonZeroU32::MIN))
    }

    pub(super) fn position(self) -> usize {
        wide(self.0.get())
    }
}

impl Tape {
    /// Keys that are in the vocabulary can be asked for their number.
    pub(crate) fn new(vocabulary: &'static Vocabulary) -> Self {
        let (text, lines, unescaped) = (String::new(), OnceLock::new(), Vec::new());
        Self {
            text,
            last: 0,
            lines,
            nodes: Vec::new(),
            unescaped,
            vocabulary,
            sorted: HashMap::new(),
        }
    }

    /// Reads `text` as one value and adds it.
    pub(crate) fn read(
        &mut self,
        text: &str,
        dialect: Dialect,
        limits: &Limits,
    ) -> Result<NodeId, ParseError> {
        if u32::try_from(self.text.len() + text.len()).is_err() {
            let what = format!("JSON text has {} bytes", text.len());
            let message = breach(&what, limits.text_bytes_max, "text-bytes-max");
            return Err(ParseError::new(ParseErrorKind::TooLarge, message));
        }
        self.last = narrow(self.text.len());
        self.lines = OnceLock::new();
        self.text.push_str(text);
        self.nodes.reserve(1 + text.len() / BYTES_PER_NODE);
        if self.nodes.is_empty() {
            self.nodes.push(NOTHING);
        }
        let root = NodeId::new(self.nodes.len());
        let mut writer =
            Writer { tape: self, inner: Open::default(), outer: Vec::new(), has_large: false };
        reader::read(text, dialect, limits, &mut writer)?;
        if writer.has_large {
            self.sort_large(root);
        }
        Ok(root)
    }

    /// Sorts the keys of every large object from `root` on.
    #[cold]
    fn sort_large(&mut self, root: NodeId) {
        for at in root.position()..self.nodes.len() {
            if self.node(at).kind != Kind::Object {
                continue;
            }
            let members = Members::new(self, at + 1, self.behind(at)).iter();
            let mut keys: Vec<_> = members.map(|(key, _)| key.id().position()).collect();
            if keys.len() > UNSORTED_MAX {
                keys.sort_unstable_by_key(|key| self.source(self.node(*key)));
                self.sorted.insert(at + 1, keys);
            }
        }
    }

    /// Where the keys of an object stand, in the order of their text, by where the first one stands;
    /// `None` if the object is not large.
    pub(super) fn sorted_keys(&self, first: usize) -> Option<&[usize]> {
        if self.sorted.is_empty() {
            return None;
        }
        self.sorted.get(&first).map(Vec::as_slice)
    }

    /// How many values and keys there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How long the text is that was read last.
    pub(crate) fn text_bytes(&self) -> usize {
        self.text.len() - wide(self.last)
    }

    pub(crate) fn json(&self, id: NodeId) -> Json<'_> {
        Json::new(self, id.position())
    }

    /// Where a place is in the text that was read last; none if it is in another.
    pub(crate) fn location(&self, Place(at): Place) -> Option<Location> {
        let text = || self.text.get(wide(self.last)..).unwrap_or("");
        let place = Place(at.checked_sub(self.last)?);
        Some(self.lines.get_or_init(|| LineTable::of(text())).location(place))
    }

    pub(super) fn node(&self, at: usize) -> Node {
        self.nodes.get(at).copied().unwrap_or(NOTHING)
    }

    /// The first node behind a value.
    #[inline]
    pub(super) fn behind(&self, at: usize) -> usize {
        let node = self.node(at);
        match node.kind {
            Kind::Array | Kind::Object => at + wide(node.length).max(1),
            _ => at + 1,
        }
    }

    #[inline]
    pub(super) fn source(&self, node: Node) -> &str {
        let length = wide(node.length);
        let start = match node.kind {
            Kind::Unescaped => return self.unescaped.get(length).map_or("", String::as_str),
            Kind::Text => wide(node.start) + 1,
            _ => wide(node.start),
        };
        self.text.get(start..start + length).unwrap_or("")
    }
}

/// An array or object whose end has not been read.
#[derive(Clone, Copy, Default)]
struct Open {
    at: usize,
    keys: Sieve,
    may_repeat: bool,
}

struct Writer<'w> {
    tape: &'w mut Tape,
    /// The innermost open container.
    inner: Open,
    /// Those around it.
    outer: Vec<Open>,
    /// Whether some object may have more than a few members.
    has_large: bool,
}

impl Writer<'_> {
    #[inline]
    fn push(&mut self, (kind, word): (Kind, u8), at: usize, length: usize) {
        let start = self.tape.last + narrow(at);
        self.tape.nodes.push(Node { kind, word, start, length: narrow(length) });
    }

    #[inline]
    fn text(&mut self, text: Text<'_>, word: u8, at: usize) {
        match text {
            Text::AsWritten(text) => self.push((Kind::Text, word), at, text.end - text.start),
            Text::Unescaped(text) => self.unescaped(text, word, at),
        }
    }

    #[cold]
    fn unescaped(&mut self, text: String, word: u8, at: usize) {
        self.push((Kind::Unescaped, word), at, self.tape.unescaped.len());
        self.tape.unescaped.push(text);
    }

    /// Whether two members of the object have the same key, or may have, where there are many.
    fn has_repeated(&self, at: usize) -> bool {
        let end = self.tape.nodes.len();
        let members = Members::new(self.tape, at + 1, end);
        members.iter().enumerate().any(|(position, (key, _))| {
            position >= UNSORTED_MAX
                || members.iter().take(position).any(|(before, _)| before.as_str() == key.as_str())
        })
    }

    fn is_large_object(&self, at: usize) -> bool {
        let members = Members::new(self.tape, at + 1, self.tape.nodes.len());
        self.tape.node(at).kind == Kind::Object && members.iter().nth(UNSORTED_MAX).is_some()
    }

    /// Takes out what later members with the same key replace.
    fn without_repeated(&mut self, at: usize) {
        let end = self.tape.nodes.len();
        if !self.has_repeated(at) {
            return;
        }
        let members = Members::new(self.tape, at + 1, end).iter();
        let members: Vec<_> = members.map(|(key, _)| key.id().position()).collect();
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
            let mut places = HashMap::new();
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

impl<'t> Sink<'t> for Writer<'_> {
    #[expect(clippy::inline_always, reason = "a call costs as much as the work, for every token")]
    #[inline(always)]
    fn scalar(&mut self, scalar: Scalar<'t>, at: usize) {
        match scalar {
            Scalar::Null => self.push((Kind::Null, 0), at, 0),
            Scalar::Boolean(false) => self.push((Kind::False, 0), at, 0),
            Scalar::Boolean(true) => self.push((Kind::True, 0), at, 0),
            Scalar::Number(source) => self.push((Kind::Number, 0), at, source.len()),
            Scalar::Text(text) => self.text(text, 0, at),
        }
    }

    fn open(&mut self, container: Container, at: usize) {
        let kind = match container {
            Container::Array => Kind::Array,
            Container::Object => Kind::Object,
        };
        let inner = Open { at: self.tape.nodes.len(), ..Open::default() };
        self.outer.push(std::mem::replace(&mut self.inner, inner));
        self.push((kind, 0), at, 1);
    }

    #[expect(clippy::inline_always, reason = "a call costs as much as the work, for every token")]
    #[inline(always)]
    fn key(&mut self, key: Text<'t>, at: usize) {
        let known = self.tape.vocabulary;
        let (may_repeat, word) = self.inner.keys.may_have_seen_key(key.as_bytes(), known);
        self.inner.may_repeat |= may_repeat;
        self.text(key, word, at);
    }

    fn close(&mut self) {
        let Open { at, may_repeat, .. } = self.inner;
        self.inner = self.outer.pop().unwrap_or_default();
        if may_repeat {
            self.without_repeated(at);
        }
        let count = self.tape.nodes.len() - at;
        self.has_large |= count > UNSORTED_MAX && self.is_large_object(at);
        if let Some(node) = self.tape.nodes.get_mut(at) {
            node.length = narrow(count);
        }
    }
}
