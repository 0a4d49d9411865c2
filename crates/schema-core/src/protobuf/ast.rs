//! A `.proto` file as a tree, in source order; what the parser and the descriptor reader produce.
//!
//! `at` is a byte offset into the text (0 where the tree came from a descriptor). Nothing is
//! resolved here: type names stand as they were written. Comments, weak imports and groups inside
//! `extend` blocks are not kept, as the reference does not keep them either.

use std::fmt;

use foldhash::{HashMap, HashMapExt};
use smol_str::SmolStr;

/// Largest field number; a range that ends here (or past it) is printed with `max`.
pub(super) const NUMBER_MAX: i32 = (1 << 29) - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Proto2,
    Proto3,
}

impl Syntax {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Proto2 => "proto2",
            Self::Proto3 => "proto3",
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub(super) package: Option<SmolStr>,
    pub(super) syntax: Option<Syntax>,
    pub(super) imports: Vec<String>,
    pub(super) public_imports: Vec<String>,
    pub(super) types: Vec<TypeDecl>,
    pub(super) services: Vec<Service>,
    pub(super) extends: Section<Extend>,
    pub(super) options: Vec<OptionNode>,
}

impl File {
    /// Whether nothing of it would be printed: only comments, or a descriptor of nothing known.
    pub(super) fn is_empty(&self) -> bool {
        self.package.is_none()
            && self.syntax.is_none()
            && self.imports.is_empty()
            && self.public_imports.is_empty()
            && self.types.is_empty()
            && self.services.is_empty()
            && self.extends.items.is_empty()
            && self.options.is_empty()
    }
}

/// Items that are printed after a separator line. The line depends on what was written, the items
/// on what normalization left of it (observed: a message whose only oneof is empty keeps the line).
#[derive(Clone, Debug)]
pub(super) struct Section<T> {
    pub(super) written: bool,
    pub(super) items: Vec<T>,
}

impl<T> Default for Section<T> {
    fn default() -> Self {
        Self { written: false, items: Vec::new() }
    }
}

impl<T> Section<T> {
    pub(super) fn push(&mut self, item: T) {
        self.written = true;
        self.items.push(item);
    }
}

impl<T> From<Vec<T>> for Section<T> {
    fn from(items: Vec<T>) -> Self {
        Self { written: !items.is_empty(), items }
    }
}

#[derive(Clone, Debug)]
pub(super) enum TypeDecl {
    Message(Message),
    Enum(Enum),
}

impl TypeDecl {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Message(message) => &message.name,
            Self::Enum(decl) => &decl.name,
        }
    }

    pub(super) fn at(&self) -> usize {
        match self {
            Self::Message(message) => message.at,
            Self::Enum(decl) => decl.at,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    pub(super) at: usize,
    pub(super) name: SmolStr,
    pub(super) fields: Vec<Field>,
    pub(super) oneofs: Section<Oneof>,
    pub(super) groups: Vec<Group>,
    pub(super) nested: Vec<TypeDecl>,
    pub(super) reserved: Vec<Reserved>,
    pub(super) extensions: Vec<Extensions>,
    pub(super) extends: Section<Extend>,
    pub(super) options: Vec<OptionNode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Required,
    Optional,
    Repeated,
}

impl Label {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Repeated => "repeated",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldType {
    Named(SmolStr),
    Map(Box<MapType>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MapType {
    pub(super) key: FieldType,
    pub(super) value: FieldType,
}

const SCALARS: [&str; 15] = [
    "bool", "bytes", "double", "float", "fixed32", "fixed64", "int32", "int64", "sfixed32",
    "sfixed64", "sint32", "sint64", "string", "uint32", "uint64",
];

impl FieldType {
    pub(super) fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(MapType { key, value }))
    }

    pub(super) fn is_scalar(&self) -> bool {
        matches!(self, Self::Named(name) if SCALARS.contains(&name.as_str()))
    }

    /// Whether the reference takes the type as the key of a map.
    pub(super) fn is_map_key(&self) -> bool {
        self.is_scalar()
            && !matches!(self, Self::Named(name) if matches!(name.as_str(), "bytes" | "double" | "float"))
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Map(map) => write!(f, "map<{}, {}>", map.key, map.value),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) at: usize,
    pub(super) label: Option<Label>,
    pub(super) ty: FieldType,
    pub(super) name: SmolStr,
    pub(super) number: i32,
    /// The text of the value, without quotes; how it is printed depends on the type.
    pub(super) default: Option<SmolStr>,
    pub(super) json_name: Option<SmolStr>,
    pub(super) options: Vec<OptionNode>,
}

#[derive(Clone, Debug)]
pub(super) struct Oneof {
    pub(super) name: SmolStr,
    pub(super) fields: Vec<Field>,
    pub(super) groups: Vec<Group>,
    pub(super) options: Vec<OptionNode>,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) at: usize,
    pub(super) label: Option<Label>,
    pub(super) name: SmolStr,
    pub(super) number: i32,
    pub(super) fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(super) struct Enum {
    pub(super) at: usize,
    pub(super) name: SmolStr,
    pub(super) constants: Vec<Constant>,
    pub(super) reserved: Vec<Reserved>,
    pub(super) options: Vec<OptionNode>,
}

#[derive(Clone, Debug)]
pub(super) struct Constant {
    pub(super) name: SmolStr,
    pub(super) number: i32,
    pub(super) options: Vec<OptionNode>,
}

/// A single number (`end` absent) or a range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumberRange {
    pub(super) start: i32,
    pub(super) end: Option<i32>,
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            None => write!(f, "{}", self.start),
            Some(end) if end >= NUMBER_MAX => write!(f, "{} to max", self.start),
            Some(end) => write!(f, "{} to {end}", self.start),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum ReservedItem {
    Name(SmolStr),
    Numbers(NumberRange),
}

/// One `reserved` statement.
pub(super) type Reserved = Vec<ReservedItem>;

/// One `extensions` statement.
#[derive(Clone, Debug)]
pub(super) struct Extensions {
    pub(super) ranges: Vec<NumberRange>,
    pub(super) options: Vec<OptionNode>,
}

#[derive(Clone, Debug)]
pub(super) struct Extend {
    pub(super) at: usize,
    pub(super) name: SmolStr,
    pub(super) fields: Vec<Field>,
}

impl Extend {
    /// One for each extended message, in the order of their first fields.
    pub(super) fn grouped(extends: Vec<Self>) -> Vec<Self> {
        let mut index = HashMap::new();
        let mut grouped: Vec<Self> = Vec::new();
        for extend in extends {
            let at = *index.entry(extend.name.clone()).or_insert(grouped.len());
            match grouped.get_mut(at) {
                Some(known) => known.fields.extend(extend.fields),
                None => grouped.push(extend),
            }
        }
        grouped
    }
}

#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) at: usize,
    pub(super) name: SmolStr,
    pub(super) rpcs: Vec<Rpc>,
    pub(super) options: Vec<OptionNode>,
}

#[derive(Clone, Debug)]
pub(super) struct Rpc {
    pub(super) name: SmolStr,
    pub(super) request: RpcType,
    pub(super) response: RpcType,
    pub(super) options: Vec<OptionNode>,
}

#[derive(Clone, Debug)]
pub(super) struct RpcType {
    pub(super) at: usize,
    pub(super) is_stream: bool,
    pub(super) ty: FieldType,
}

/// `name = value`; a name in parentheses is a custom option.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct OptionNode {
    pub(super) name: SmolStr,
    pub(super) is_custom: bool,
    pub(super) value: OptionValue,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum OptionValue {
    Text(SmolStr),
    Number(SmolStr),
    /// `true`, `false` or the name of an enum constant.
    Word(SmolStr),
    Map(Vec<(SmolStr, OptionValue)>),
    List(Vec<OptionValue>),
    /// `(custom).inner = value`.
    Nested(Box<OptionNode>),
}
