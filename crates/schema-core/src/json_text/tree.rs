//! What is read as a tree of values, each of which can be kept for itself.

use smol_str::SmolStr;

use super::lines::{Lines, Place, narrow};
use super::reader;
use super::sink::{Container, Scalar, Sink, Text};
use super::{Data, Dialect, Member, Number, Object, Value};
use crate::{Limits, Location, ParseError};

/// Reads `text` as one value.
pub(super) fn read(text: &str, dialect: Dialect, limits: &Limits) -> Result<Value, ParseError> {
    let mut tree = Tree::of(text);
    reader::read(text, dialect, limits, &mut tree)?;
    Ok(tree.whole.unwrap_or(Value { data: Data::Null, location: Location::START }))
}

/// An array or object whose end has not been read.
enum Open {
    Array {
        /// Where its items begin in [`Tree::items`].
        start: usize,
        location: Location,
    },
    Object {
        /// Where its members begin in [`Tree::members`].
        start: usize,
        location: Location,
        /// Of the member whose value comes next.
        key: SmolStr,
        key_location: Location,
    },
}

/// What has been read of all open containers, the innermost at the end. Each is moved to a place of
/// its own when its length is known.
struct Tree<'t> {
    lines: Lines<'t>,
    open: Vec<Open>,
    items: Vec<Value>,
    members: Vec<Member>,
    whole: Option<Value>,
}

impl<'t> Tree<'t> {
    fn of(text: &'t str) -> Self {
        let (open, items, members) = (Vec::new(), Vec::new(), Vec::new());
        Self { lines: Lines::of(text), open, items, members, whole: None }
    }

    fn add(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.whole = Some(value),
            Some(Open::Array { .. }) => self.items.push(value),
            Some(Open::Object { key, key_location, .. }) => {
                let (key, key_location) = (std::mem::take(key), *key_location);
                self.members.push(Member { key, key_location, value });
            }
        }
    }
}

impl<'t> Sink<'t> for Tree<'t> {
    fn scalar(&mut self, scalar: Scalar<'t>, at: usize) {
        let location = self.lines.location(Place(narrow(at)));
        let data = match scalar {
            Scalar::Null => Data::Null,
            Scalar::Boolean(value) => Data::Boolean(value),
            Scalar::Number(source) => Data::Number(Number::new(source)),
            Scalar::Text(text) => Data::String(text.into()),
        };
        self.add(Value { data, location });
    }

    fn open(&mut self, container: Container, at: usize) {
        let location = self.lines.location(Place(narrow(at)));
        self.open.push(match container {
            Container::Array => Open::Array { start: self.items.len(), location },
            Container::Object => Open::Object {
                start: self.members.len(),
                location,
                key: SmolStr::default(),
                key_location: location,
            },
        });
    }

    fn key(&mut self, text: Text<'t>, at: usize) {
        let location = self.lines.location(Place(narrow(at)));
        if let Some(Open::Object { key, key_location, .. }) = self.open.last_mut() {
            (*key, *key_location) = (text.into(), location);
        }
    }

    fn close(&mut self) {
        let value = match self.open.pop() {
            None => return,
            Some(Open::Array { start, location }) => {
                Value { data: Data::Array(self.items.drain(start..).collect()), location }
            }
            Some(Open::Object { start, location, .. }) => {
                let members = self.members.drain(start..).collect();
                Value { data: Data::Object(Object::new(members).into()), location }
            }
        };
        self.add(value);
    }
}

impl From<Text<'_>> for SmolStr {
    fn from(text: Text<'_>) -> Self {
        match text {
            Text::AsWritten(_) => text.as_str().into(),
            Text::Unescaped(text) => text.into(),
        }
    }
}
