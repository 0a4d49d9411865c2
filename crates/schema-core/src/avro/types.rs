//! The schema tree: types in one arena, named types once however often they are used.
//!
//! An arena with plain indices makes recursive schemas harmless: nothing owns its own parent.

use foldhash::HashMap;
use smol_str::SmolStr;

use super::name::Name;
use crate::Location;
use crate::json_text::{LineTable, Object, Place, Value};

/// A type of one [`Types`]; meaningless in any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TypeId(usize);

impl TypeId {
    /// Below [`Types::len`].
    pub(super) fn position(self) -> usize {
        self.0
    }
}

/// All types of a schema and of the references it was parsed with.
#[derive(Clone, Debug, Default)]
pub(super) struct Types {
    types: Vec<Type>,
    /// Of the schema's own text.
    lines: Option<LineTable>,
}

/// One type: a definition, or one inline use of a primitive, array, map or union.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) shape: Shape,
    /// Custom properties in source order, `logicalType` and its attributes among them.
    pub(super) props: Object,
    /// In the schema's own text; `None` in a reference.
    pub(super) place: Option<Place>,
}

/// Definitions are boxed because most types are none, and all lie in one list.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Primitive(Primitive),
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Record(Box<Record>),
    Enum(Box<Enum>),
    Fixed(Box<Fixed>),
    /// A name used before its definition; the end of parsing replaces every use of it.
    Unresolved(SmolStr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Primitive {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
}

/// What records, enums and fixed types have in common.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) name: Name,
    pub(super) doc: Option<SmolStr>,
    /// In source order, each once.
    pub(super) aliases: Vec<Name>,
}

#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) named: Named,
    /// Declared as `error`; it compares like any record.
    pub(super) is_error: bool,
    pub(super) fields: Vec<Field>,
    /// Positions in `fields`; empty where looking at all of them is quicker.
    pub(super) by_name: HashMap<SmolStr, usize>,
}

/// Most fields of a record that are looked at one by one.
pub(super) const FEW_FIELDS: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: SmolStr,
    pub(super) type_id: TypeId,
    pub(super) doc: Option<SmolStr>,
    pub(super) default: Option<Value>,
    pub(super) order: Order,
    /// In source order, each once; plain field names.
    pub(super) aliases: Vec<SmolStr>,
    pub(super) props: Object,
    pub(super) place: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
    Ignore,
}

#[derive(Clone, Debug)]
pub(super) struct Enum {
    pub(super) named: Named,
    pub(super) symbols: Vec<SmolStr>,
    pub(super) default: Option<SmolStr>,
}

#[derive(Clone, Debug)]
pub(super) struct Fixed {
    pub(super) named: Named,
    /// In bytes; at most what a Java `int` holds.
    pub(super) size: i32,
}

impl Types {
    pub(super) fn len(&self) -> usize {
        self.types.len()
    }

    /// Takes the lines of the text to which the places of the types belong.
    pub(super) fn set_lines(&mut self, lines: LineTable) {
        self.lines = Some(lines);
    }

    pub(super) fn location(&self, place: Option<Place>) -> Option<Location> {
        Some(self.lines.as_ref()?.location(place?))
    }

    /// Makes room for so many more at once, and does nothing else.
    pub(super) fn reserve(&mut self, count: usize) {
        self.types.reserve(count);
    }

    pub(super) fn push(&mut self, added: Type) -> TypeId {
        self.types.push(added);
        TypeId(self.types.len() - 1)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "only `push` makes a TypeId, and nothing is removed"
    )]
    pub(super) fn get(&self, id: TypeId) -> &Type {
        &self.types[id.0]
    }

    pub(super) fn shape(&self, id: TypeId) -> &Shape {
        &self.get(id).shape
    }

    /// The types directly inside one.
    pub(super) fn inside(&self, id: TypeId) -> Vec<TypeId> {
        match self.shape(id) {
            Shape::Array(child) | Shape::Map(child) => vec![*child],
            Shape::Union(branches) => branches.clone(),
            Shape::Record(record) => record.fields.iter().map(|field| field.type_id).collect(),
            Shape::Primitive(_) | Shape::Enum(_) | Shape::Fixed(_) | Shape::Unresolved(_) => {
                Vec::new()
            }
        }
    }

    /// The ids of the types added since there were `start` of them.
    pub(super) fn ids_since(&self, start: usize) -> impl Iterator<Item = TypeId> + use<> {
        (start..self.types.len()).map(TypeId)
    }

    /// The types added since there were `start` of them.
    pub(super) fn since(&self, start: usize) -> impl Iterator<Item = &Type> {
        self.types.iter().skip(start)
    }

    /// Replaces every use of a type that `target` maps, in the types added since `start`.
    pub(super) fn redirect(&mut self, start: usize, target: impl Fn(TypeId) -> TypeId) {
        for changed in self.types.iter_mut().skip(start) {
            match &mut changed.shape {
                Shape::Array(child) | Shape::Map(child) => *child = target(*child),
                Shape::Union(branches) => {
                    for branch in branches {
                        *branch = target(*branch);
                    }
                }
                Shape::Record(record) => {
                    for field in &mut record.fields {
                        field.type_id = target(field.type_id);
                    }
                }
                Shape::Primitive(_) | Shape::Enum(_) | Shape::Fixed(_) | Shape::Unresolved(_) => {}
            }
        }
    }
}

impl Record {
    /// Where the field of that name stands.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        if self.by_name.is_empty() {
            return self.fields.iter().position(|field| field.name == name);
        }
        self.by_name.get(name).copied()
    }
}

impl Shape {
    /// The common part of a named type.
    pub(super) fn named(&self) -> Option<&Named> {
        match self {
            Self::Record(record) => Some(&record.named),
            Self::Enum(symbols) => Some(&symbols.named),
            Self::Fixed(fixed) => Some(&fixed.named),
            _ => None,
        }
    }

    /// The name of the kind as schema texts write it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Primitive(primitive) => primitive.as_str(),
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Union(_) => "union",
            Self::Record(_) | Self::Unresolved(_) => "record",
            Self::Enum(_) => "enum",
            Self::Fixed(_) => "fixed",
        }
    }
}

impl Primitive {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "bytes" => Self::Bytes,
            "string" => Self::String,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
        }
    }
}

impl Order {
    /// Case does not count, as in the reference.
    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Ascending, Self::Descending, Self::Ignore]
            .into_iter()
            .find(|order| order.as_str().eq_ignore_ascii_case(name))
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
            Self::Ignore => "ignore",
        }
    }
}
