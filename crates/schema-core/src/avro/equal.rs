//! Equality of types: the one that lets a name be defined twice, and the one by which the registry
//! takes two schemas for the same.

use foldhash::{HashSet, HashSetExt};
use smol_str::SmolStr;

use super::types::{Enum, Field, Fixed, Named, Record, Shape, TypeId, Types};
use crate::json_text::Object;

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
    let mut open = vec![(a_root, b_root)];
    while let Some(pair) = open.pop() {
        if (is_one_arena && pair.0 == pair.1) || !seen.insert(pair) {
            continue;
        }
        let (x, y) = (a.get(pair.0), b.get(pair.1));
        if !same_props(&x.props, &y.props) || !same_shape(&x.shape, &y.shape, sameness, &mut open) {
            return false;
        }
    }
    true
}

/// Whether two named types would be equal in structure if they had one name.
pub(super) fn are_alike(types: &Types, a: TypeId, b: TypeId) -> bool {
    let (x, y) = (types.get(a), types.get(b));
    let mut inside = Vec::new();
    let is_alike = match (&x.shape, &y.shape) {
        (Shape::Enum(a), Shape::Enum(b)) => a.symbols == b.symbols,
        (Shape::Fixed(a), Shape::Fixed(b)) => a.size == b.size,
        (Shape::Record(a), Shape::Record(b)) => same_fields(a, b, Sameness::Structure, &mut inside),
        _ => false,
    };
    let is_same =
        |&(a, b): &(TypeId, TypeId)| are_equal((types, a), (types, b), Sameness::Structure);
    is_alike && same_props(&x.props, &y.props) && inside.iter().all(is_same)
}

/// Compares everything but the types inside, which it adds to `open`.
fn same_shape(a: &Shape, b: &Shape, sameness: Sameness, open: &mut Vec<(TypeId, TypeId)>) -> bool {
    match (a, b) {
        (Shape::Primitive(a), Shape::Primitive(b)) => a == b,
        (Shape::Array(a), Shape::Array(b)) | (Shape::Map(a), Shape::Map(b)) => {
            open.push((*a, *b));
            true
        }
        (Shape::Union(a), Shape::Union(b)) => {
            open.extend(a.iter().copied().zip(b.iter().copied()));
            a.len() == b.len()
        }
        (Shape::Enum(a), Shape::Enum(b)) => same_enum(a, b, sameness),
        (Shape::Fixed(a), Shape::Fixed(b)) => same_fixed(a, b, sameness),
        (Shape::Record(a), Shape::Record(b)) => same_record(a, b, sameness, open),
        // Two uses of an unknown name are no more the same than two unknown names.
        _ => false,
    }
}

fn same_enum(a: &Enum, b: &Enum, sameness: Sameness) -> bool {
    same_named(&a.named, &b.named, sameness)
        && a.symbols == b.symbols
        && (sameness == Sameness::Structure || a.default == b.default)
}

fn same_fixed(a: &Fixed, b: &Fixed, sameness: Sameness) -> bool {
    same_named(&a.named, &b.named, sameness) && a.size == b.size
}

fn same_record(
    a: &Record,
    b: &Record,
    sameness: Sameness,
    open: &mut Vec<(TypeId, TypeId)>,
) -> bool {
    same_named(&a.named, &b.named, sameness) && same_fields(a, b, sameness, open)
}

fn same_fields(
    a: &Record,
    b: &Record,
    sameness: Sameness,
    open: &mut Vec<(TypeId, TypeId)>,
) -> bool {
    if a.fields.len() != b.fields.len() {
        return false;
    }
    a.fields.iter().zip(&b.fields).all(|(x, y)| {
        open.push((x.type_id, y.type_id));
        same_field(x, y, sameness)
    })
}

fn same_field(a: &Field, b: &Field, sameness: Sameness) -> bool {
    a.name == b.name
        && a.default == b.default
        && a.order == b.order
        && same_props(&a.props, &b.props)
        && (sameness == Sameness::Structure
            || (a.doc == b.doc && same_as_sets(&a.aliases, &b.aliases, SmolStr::as_str)))
}

fn same_named(a: &Named, b: &Named, sameness: Sameness) -> bool {
    a.name.full == b.name.full
        && (sameness == Sameness::Structure
            || (a.doc == b.doc && same_as_sets(&a.aliases, &b.aliases, |alias| &alias.full)))
}

/// Both lists hold each entry once.
fn same_as_sets<T>(a: &[T], b: &[T], key: impl Fn(&T) -> &str) -> bool {
    let known: HashSet<&str> = a.iter().map(&key).collect();
    a.len() == b.len() && b.iter().all(|entry| known.contains(key(entry)))
}

fn same_props(a: &Object, b: &Object) -> bool {
    a == b
}
