//! The schema tree: types in one arena, named types once however often they are used.
//!
//! An arena with plain indices makes recursive schemas harmless: nothing owns its own parent.

use std::sync::{Arc, OnceLock};

use foldhash::HashMap;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::attributes::Attribute;
use super::name::Name;
use crate::json_text::{Dialect, Json, Members, NodeId, Tape, View};
use crate::{Limits, Location, ParseError};

/// A type of one [`Types`]; meaningless in any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TypeId(u32);

impl TypeId {
    /// There are fewer types than bytes of text.
    fn new(position: usize) -> Self {
        Self(u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// Below [`Types::len`].
    pub(super) fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// All types of a schema and of the references it was parsed with, and their texts: what a verdict
/// does not need stays there and is looked up when it is asked for.
#[derive(Clone, Debug)]
pub(super) struct Types {
    types: Vec<Type>,
    /// The references first, the schema's own text last.
    tape: Arc<Tape>,
}

/// One type: a definition, or one inline use of a primitive, array, map or union.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) shape: Shape,
    /// The object, array or name that it was read from.
    pub(super) node: NodeId,
    pub(super) has_props: bool,
}

/// Definitions are boxed because most types are none, and all lie in one list.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Primitive(Primitive),
    Array(TypeId),
    Map(TypeId),
    Union(Branches),
    Record(Box<Record>),
    Enum(Box<Enum>),
    Fixed(Box<Fixed>),
    /// A name used before its definition; the end of parsing replaces every use of it.
    Unresolved(SmolStr),
}

/// Most unions are of null and another type.
pub(super) type Branches = SmallVec<[TypeId; 4]>;

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
    pub(super) doc: Option<NodeId>,
    /// In source order, each once.
    pub(super) aliases: Vec<Name>,
}

#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) named: Named,
    /// Declared as `error`; it compares like any record.
    pub(super) is_error: bool,
    pub(super) fields: Vec<Field>,
    /// Positions in `fields`, once one of many has been looked for.
    by_name: OnceLock<HashMap<SmolStr, usize>>,
}

/// Most fields of a record that are looked at one by one.
pub(super) const FEW_FIELDS: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Field {
    /// A text.
    pub(super) name: NodeId,
    pub(super) type_id: TypeId,
    pub(super) doc: Option<NodeId>,
    pub(super) default: Option<FieldDefault>,
    pub(super) order: Order,
    /// In source order, each once; plain field names.
    pub(super) aliases: Vec<SmolStr>,
    /// The object that it was read from.
    pub(super) node: NodeId,
    pub(super) has_props: bool,
}

#[derive(Clone, Debug)]
pub(super) enum FieldDefault {
    AsWritten(NodeId),
    /// Text given for a float or double counts as the number that it spells.
    Number(Box<str>),
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
    /// Texts.
    pub(super) symbols: Vec<NodeId>,
    /// A text.
    pub(super) default: Option<NodeId>,
}

#[derive(Clone, Debug)]
pub(super) struct Fixed {
    pub(super) named: Named,
    /// In bytes; at most what a Java `int` holds.
    pub(super) size: i32,
}

impl Types {
    pub(super) fn new() -> Self {
        Self { types: Vec::new(), tape: Arc::new(Tape::new(&Attribute::WORDS)) }
    }

    pub(super) fn len(&self) -> usize {
        self.types.len()
    }

    /// Adds a text, which from then on is the schema's own.
    pub(super) fn read(&mut self, text: &str, limits: &Limits) -> Result<NodeId, ParseError> {
        Arc::make_mut(&mut self.tape).read(text, Dialect::AVRO, limits)
    }

    /// The texts, to be looked at while types are added.
    pub(super) fn tape(&self) -> Arc<Tape> {
        Arc::clone(&self.tape)
    }

    /// Where it stands in the schema's own text; `None` if it is in a reference.
    pub(super) fn location(&self, node: NodeId) -> Option<Location> {
        self.tape.json(node).location()
    }

    /// How long the schema's own text is.
    pub(super) fn text_bytes(&self) -> usize {
        self.tape.text_bytes()
    }

    /// What a string stands for.
    pub(super) fn text(&self, string: NodeId) -> &str {
        self.tape.json(string).as_str().unwrap_or_default()
    }

    pub(super) fn symbols(&self, of: &Enum) -> impl ExactSizeIterator<Item = &str> {
        of.symbols.iter().map(|symbol| self.text(*symbol))
    }

    /// Where the field of that name stands in a record.
    pub(super) fn field_position(&self, record: &Record, name: &str) -> Option<usize> {
        let mut fields = record.fields.iter();
        if fields.len() <= FEW_FIELDS {
            return fields.position(|field| self.text(field.name) == name);
        }
        let by_name = || fields.map(|field| self.text(field.name).into()).zip(0..).collect();
        record.by_name.get_or_init(by_name).get(name).copied()
    }

    pub(super) fn default<'a>(&'a self, field: &'a Field) -> Option<View<'a>> {
        Some(match field.default.as_ref()? {
            FieldDefault::AsWritten(node) => self.tape.json(*node).view(),
            FieldDefault::Number(source) => View::Number(source),
        })
    }

    /// Custom properties in source order, `logicalType` and its attributes among them.
    pub(super) fn props(&self, of: &Type) -> impl Iterator<Item = (&str, Json<'_>)> + Clone {
        self.props_of(of.node, of.has_props, of.shape.props())
    }

    pub(super) fn field_props(&self, of: &Field) -> impl Iterator<Item = (&str, Json<'_>)> + Clone {
        self.props_of(of.node, of.has_props, Attribute::FIELD_PROPS)
    }

    fn props_of(
        &self,
        object: NodeId,
        has_props: bool,
        props: &'static [Attribute],
    ) -> impl Iterator<Item = (&str, Json<'_>)> + Clone {
        let object = has_props.then(|| self.tape.json(object).as_object()).flatten();
        let members = object.into_iter().flat_map(Members::iter);
        members
            .filter(|(key, _)| Attribute::is_any(props, *key))
            .map(|(key, value)| (key.as_str().unwrap_or_default(), value))
    }

    /// A custom property of a key that means nothing else.
    pub(super) fn prop(&self, of: &Type, key: &str) -> Option<Json<'_>> {
        let object = of.has_props.then(|| self.tape.json(of.node).as_object()).flatten()?;
        object.get(key)
    }

    /// Makes room for so many more at once, and does nothing else.
    pub(super) fn reserve(&mut self, count: usize) {
        self.types.reserve(count);
    }

    pub(super) fn push(&mut self, added: Type) -> TypeId {
        self.types.push(added);
        TypeId::new(self.types.len() - 1)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "only `push` makes a TypeId, and nothing is removed"
    )]
    pub(super) fn get(&self, id: TypeId) -> &Type {
        &self.types[id.position()]
    }

    pub(super) fn shape(&self, id: TypeId) -> &Shape {
        &self.get(id).shape
    }

    /// The types directly inside one.
    pub(super) fn inside(&self, id: TypeId) -> Vec<TypeId> {
        match self.shape(id) {
            Shape::Array(child) | Shape::Map(child) => vec![*child],
            Shape::Union(branches) => branches.to_vec(),
            Shape::Record(record) => record.fields.iter().map(|field| field.type_id).collect(),
            Shape::Primitive(_) | Shape::Enum(_) | Shape::Fixed(_) | Shape::Unresolved(_) => {
                Vec::new()
            }
        }
    }

    /// The ids of the types added since there were `start` of them.
    pub(super) fn ids_since(&self, start: usize) -> impl Iterator<Item = TypeId> + use<> {
        (start..self.types.len()).map(TypeId::new)
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
    pub(super) fn new(named: Named, is_error: bool, fields: Vec<Field>) -> Self {
        Self { named, is_error, fields, by_name: OnceLock::new() }
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

    /// Which attributes are custom properties.
    fn props(&self) -> &'static [Attribute] {
        match self {
            Self::Enum(_) => Attribute::ENUM_PROPS,
            _ => Attribute::PROPS,
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
