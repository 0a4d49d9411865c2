//! The simple part of JSON Schema as a list of nodes: types, properties, what is required, items.
//!
//! A schema that says no more than that is checked while a value is written or read, without a
//! tree of it. [`Shape::compile`] knows every keyword it passes over; any other and the schema
//! is left to the validator.

use serde_json::{Map, Value as Json};

/// Position of a [`Node`] in its shape.
pub(super) type NodeId = usize;

const NULL: u8 = 1;
const BOOLEAN: u8 = 1 << 1;
const INTEGER: u8 = 1 << 2;
/// Numbers that are not written as integers; an integer is a number too.
const FRACTION: u8 = 1 << 3;
const STRING: u8 = 1 << 4;
const ARRAY: u8 = 1 << 5;
const OBJECT: u8 = 1 << 6;
const ANY: u8 = 0x7f;

/// Deepest nesting that is compiled, and most required properties of an object.
const DEPTH_MAX: usize = 64;
const REQUIRED_MAX: u32 = 64;

/// Keywords that say nothing about what is valid.
const REMARKS: [&str; 9] =
    ["$comment", "$id", "$schema", "default", "description", "examples", "id", "readOnly", "title"];

/// What a value is, as far as types go.
#[derive(Clone, Copy)]
pub(super) enum Is {
    Null = NULL as isize,
    Boolean = BOOLEAN as isize,
    Integer = INTEGER as isize,
    Fraction = FRACTION as isize,
    String = STRING as isize,
    Array = ARRAY as isize,
    Object = OBJECT as isize,
}

/// A schema of the simple part.
#[derive(Debug)]
pub(super) struct Shape {
    nodes: Vec<Node>,
    pub(super) root: Place,
}

/// Where a value stands: at a node, or where anything may.
pub(super) type Place = Option<NodeId>;

#[derive(Debug)]
struct Node {
    types: u8,
    items: Place,
    object: Object,
}

/// What is known of an object's properties.
#[derive(Debug, Default)]
pub(super) struct Object {
    properties: Vec<Property>,
    /// Whether other properties may be there, and what they are.
    others: Others,
    /// A bit for each required property.
    required: u64,
}

#[derive(Debug)]
struct Property {
    name: Box<str>,
    place: Place,
    /// Its bit among the required ones; 0 if it is not.
    bit: u64,
    is_forbidden: bool,
}

#[derive(Debug, Default)]
enum Others {
    #[default]
    Any,
    None,
    Like(NodeId),
}

/// An object whose properties come one by one.
#[derive(Clone, Copy)]
pub(super) struct Progress<'s> {
    object: &'s Object,
    /// Where the next property is expected.
    next: usize,
    seen: u64,
}

impl Progress<'_> {
    /// Where the value of a property stands; `None` if it may not be there.
    #[inline]
    pub(super) fn property(&mut self, name: &str) -> Option<Place> {
        let properties = &self.object.properties;
        let in_place = properties.get(self.next).filter(|property| *property.name == *name);
        let (position, property) = match in_place {
            Some(property) => (self.next, property),
            None => match properties.iter().position(|property| *property.name == *name) {
                Some(position) => (position, &properties[position]),
                None => {
                    return match self.object.others {
                        Others::Any => Some(None),
                        Others::None => None,
                        Others::Like(node) => Some(Some(node)),
                    };
                }
            },
        };
        self.next = position + 1;
        self.seen |= property.bit;
        if property.is_forbidden { None } else { Some(property.place) }
    }

    /// Whether all that is required has come.
    pub(super) fn is_complete(&self) -> bool {
        self.seen & self.object.required == self.object.required
    }
}

impl Shape {
    /// Compiles schema text without references.
    pub(super) fn compile(text: &str) -> Option<Self> {
        let schema: Json = serde_json::from_str(text).ok()?;
        if let Some(dialect) = schema.get("$schema") {
            let dialect = dialect.as_str()?;
            let known = ["http://json-schema.org/draft-", "https://json-schema.org/draft/"];
            known.iter().find(|known| dialect.starts_with(**known))?;
        }
        let mut shape = Self { nodes: Vec::new(), root: None };
        shape.root = shape.place(&schema, 0)??;
        Some(shape)
    }

    /// The place of a subschema: the outer `None` is one that is not simple, the inner `None` one
    /// that no value fits.
    #[expect(clippy::option_option, reason = "both are read with `?`, one after the other")]
    fn place(&mut self, schema: &Json, depth: usize) -> Option<Option<Place>> {
        let object = match schema {
            Json::Bool(true) => return Some(Some(None)),
            Json::Bool(false) => return Some(None),
            Json::Object(object) if depth < DEPTH_MAX => object,
            _ => return None,
        };
        let known = ["type", "properties", "required", "additionalProperties", "items"];
        let is_known = |key: &str| known.contains(&key) || REMARKS.contains(&key);
        if !object.keys().all(|key| is_known(key)) {
            return None;
        }
        let types = object.get("type").map_or(Some(ANY), types)?;
        // An array that must be empty is left to the validator.
        let items =
            object.get("items").map_or(Some(None), |items| self.place(items, depth + 1)?)?;
        let object = self.object(object, depth)?;
        self.nodes.push(Node { types, items, object });
        Some(Some(Some(self.nodes.len() - 1)))
    }

    fn object(&mut self, schema: &Map<String, Json>, depth: usize) -> Option<Object> {
        let mut object = Object::default();
        for (name, subschema) in
            schema.get("properties").map_or(Some(&Map::new()), Json::as_object)?
        {
            let place = self.place(subschema, depth + 1)?;
            let (is_forbidden, place) = (place.is_none(), place.unwrap_or_default());
            let name = name.as_str().into();
            object.properties.push(Property { name, place, bit: 0, is_forbidden });
        }
        object.others = match schema.get("additionalProperties") {
            None => Others::Any,
            Some(others) => match self.place(others, depth + 1)? {
                None => Others::None,
                Some(None) => Others::Any,
                Some(Some(node)) => Others::Like(node),
            },
        };
        let required = schema
            .get("required")
            .map_or(Some(&[][..]), |names| names.as_array().map(Vec::as_slice))?;
        let mut bits = (0..REQUIRED_MAX).map(|shift| 1u64 << shift);
        for name in required {
            let name = name.as_str()?;
            // One that is not described as well is left to the validator.
            let property = object.properties.iter_mut().find(|property| *property.name == *name)?;
            if property.bit == 0 {
                property.bit = bits.next()?;
                object.required |= property.bit;
            }
        }
        Some(object)
    }

    /// Whether a value of this kind may stand here.
    #[inline]
    pub(super) fn takes(&self, place: Place, is: Is) -> bool {
        place.is_none_or(|node| self.nodes.get(node).is_some_and(|node| node.types & is as u8 != 0))
    }

    /// Where the items of an array stand.
    pub(super) fn items(&self, place: Place) -> Place {
        place.and_then(|node| self.nodes.get(node)?.items)
    }

    /// An object that stands here; `None` where it may hold anything.
    #[inline]
    pub(super) fn progress(&self, place: Place) -> Option<Progress<'_>> {
        let object = &self.nodes.get(place?)?.object;
        Some(Progress { object, next: 0, seen: 0 })
    }
}

fn types(types: &Json) -> Option<u8> {
    match types {
        Json::String(name) => bit(name),
        Json::Array(names) if !names.is_empty() => {
            names.iter().try_fold(0, |types, name| Some(types | bit(name.as_str()?)?))
        }
        _ => None,
    }
}

fn bit(name: &str) -> Option<u8> {
    Some(match name {
        "null" => NULL,
        "boolean" => BOOLEAN,
        "integer" => INTEGER,
        "number" => INTEGER | FRACTION,
        "string" => STRING,
        "array" => ARRAY,
        "object" => OBJECT,
        _ => return None,
    })
}
