//! Equality of types: the one that lets a name be defined twice, and the one by which the registry
//! takes two schemas for the same.

use foldhash::{HashMap, HashSet, HashSetExt};
use smol_str::SmolStr;

use super::types::{Enum, Field, Named, Record, Shape, Type, TypeId, Types};
use crate::json_text::{Json, NodeId};

/// What must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sameness {
    /// Names, shapes, fields with defaults, order and custom properties (in any order).
    Structure,
    /// Also docs, aliases and enum defaults.
    Everything,
}

/// Pairs met again count as equal, so recursive types compare in finite time; an explicit list of
/// open pairs keeps deep ones off the stack.
pub(super) fn are_equal(
    (a, a_root): (&Types, TypeId),
    (b, b_root): (&Types, TypeId),
    sameness: Sameness,
) -> bool {
    let is_one_arena = std::ptr::eq(a, b);
    let mut seen: HashSet<(TypeId, TypeId)> = HashSet::new();
    let mut comparison = Comparison { a, b, sameness, open: vec![(a_root, b_root)] };
    while let Some(pair) = comparison.open.pop() {
        if (is_one_arena && pair.0 == pair.1) || !seen.insert(pair) {
            continue;
        }
        if !comparison.is_same_type(a.get(pair.0), b.get(pair.1)) {
            return false;
        }
    }
    true
}

/// Whether two named types would be equal in structure if they had one name.
pub(super) fn are_alike(types: &Types, a: TypeId, b: TypeId) -> bool {
    let (x, y) = (types.get(a), types.get(b));
    let sameness = Sameness::Structure;
    let mut comparison = Comparison { a: types, b: types, sameness, open: Vec::new() };
    let is_alike = match (&x.shape, &y.shape) {
        (Shape::Enum(a), Shape::Enum(b)) => comparison.is_same_symbols(a, b),
        (Shape::Fixed(a), Shape::Fixed(b)) => a.size == b.size,
        (Shape::Record(a), Shape::Record(b)) => comparison.is_same_fields(a, b),
        _ => false,
    };
    let is_same = |&(a, b): &(TypeId, TypeId)| are_equal((types, a), (types, b), sameness);
    is_alike && comparison.is_same_props(x, y) && comparison.open.iter().all(is_same)
}

struct Comparison<'a> {
    a: &'a Types,
    b: &'a Types,
    sameness: Sameness,
    /// The types inside, which are still to be compared.
    open: Vec<(TypeId, TypeId)>,
}

impl Comparison<'_> {
    fn is_same_type(&mut self, a: &Type, b: &Type) -> bool {
        self.is_same_props(a, b)
            && match (&a.shape, &b.shape) {
                (Shape::Primitive(a), Shape::Primitive(b)) => a == b,
                (Shape::Array(a), Shape::Array(b)) | (Shape::Map(a), Shape::Map(b)) => {
                    self.open.push((*a, *b));
                    true
                }
                (Shape::Union(a), Shape::Union(b)) => {
                    self.open.extend(a.iter().copied().zip(b.iter().copied()));
                    a.len() == b.len()
                }
                (Shape::Enum(a), Shape::Enum(b)) => self.is_same_enum(a, b),
                (Shape::Fixed(a), Shape::Fixed(b)) => {
                    self.is_same_named(&a.named, &b.named) && a.size == b.size
                }
                (Shape::Record(a), Shape::Record(b)) => {
                    self.is_same_named(&a.named, &b.named) && self.is_same_fields(a, b)
                }
                // Two uses of an unknown name are no more the same than two unknown names.
                _ => false,
            }
    }

    fn is_same_enum(&self, a: &Enum, b: &Enum) -> bool {
        self.is_same_named(&a.named, &b.named)
            && self.is_same_symbols(a, b)
            && (self.sameness == Sameness::Structure || self.is_same_text(a.default, b.default))
    }

    fn is_same_symbols(&self, a: &Enum, b: &Enum) -> bool {
        self.a.symbols(a).eq(self.b.symbols(b))
    }

    fn is_same_fields(&mut self, a: &Record, b: &Record) -> bool {
        a.fields.len() == b.fields.len()
            && a.fields.iter().zip(&b.fields).all(|(a, b)| {
                self.open.push((a.type_id, b.type_id));
                self.is_same_field(a, b)
            })
    }

    fn is_same_field(&self, a: &Field, b: &Field) -> bool {
        self.a.text(a.name) == self.b.text(b.name)
            && self.a.default(a) == self.b.default(b)
            && a.order == b.order
            && a.has_props == b.has_props
            && are_same_props(self.a.field_props(a), self.b.field_props(b))
            && (self.sameness == Sameness::Structure
                || (self.is_same_text(a.doc, b.doc)
                    && same_as_sets(&a.aliases, &b.aliases, SmolStr::as_str)))
    }

    fn is_same_named(&self, a: &Named, b: &Named) -> bool {
        a.name.full == b.name.full
            && (self.sameness == Sameness::Structure
                || (self.is_same_text(a.doc, b.doc)
                    && same_as_sets(&a.aliases, &b.aliases, |alias| &alias.full)))
    }

    fn is_same_text(&self, a: Option<NodeId>, b: Option<NodeId>) -> bool {
        a.map(|a| self.a.text(a)) == b.map(|b| self.b.text(b))
    }

    fn is_same_props(&self, a: &Type, b: &Type) -> bool {
        a.has_props == b.has_props && are_same_props(self.a.props(a), self.b.props(b))
    }
}

/// Both lists hold each entry once.
fn same_as_sets<T>(a: &[T], b: &[T], key: impl Fn(&T) -> &str) -> bool {
    let known: HashSet<&str> = a.iter().map(&key).collect();
    a.len() == b.len() && b.iter().all(|entry| known.contains(key(entry)))
}

/// Whether the same keys, each of which stands once, have equal values.
fn are_same_props<'v>(
    a: impl Iterator<Item = (&'v str, Json<'v>)>,
    b: impl Iterator<Item = (&'v str, Json<'v>)>,
) -> bool {
    let known: HashMap<&str, Json<'_>> = a.collect();
    let mut count = 0;
    let is_known = |(key, value)| {
        count += 1;
        known.get(key) == Some(&value)
    };
    let mut b = b;
    b.all(is_known) && count == known.len()
}
