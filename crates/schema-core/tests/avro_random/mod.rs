//! Random Avro schemas, steps of their evolution, and values of them, all from a list of choices.

use levada_schema_core::avro::Value;
use serde_json::{Value as Json, json};

mod evolution;

pub(crate) use evolution::evolved;

/// Deepest nesting of types and of values that follow a recursive type.
const DEPTH_MAX: usize = 4;

/// Numbers to decide by; zeros, which mean the simplest of everything, once the list is at its end.
pub(crate) struct Choices<'a>(std::slice::Iter<'a, u8>);

impl<'a> Choices<'a> {
    pub(crate) fn new(list: &'a [u8]) -> Self {
        Self(list.iter())
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0.next().map_or(0, |&byte| usize::from(byte) % count.max(1))
    }

    fn is(&mut self) -> bool {
        self.below(2) == 1
    }

    fn pick<T: Copy, const COUNT: usize>(&mut self, list: [T; COUNT]) -> T {
        list[self.below(COUNT)]
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Type {
    Primitive(&'static str),
    Array(Box<Type>),
    Map(Box<Type>),
    Union(Vec<Type>),
    Record(Names, Vec<Field>),
    Enum(Names, Vec<String>, Option<String>),
    Fixed(Names, usize),
    /// The record so many levels further out.
    Around(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) full: String,
    pub(crate) aliases: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) has: Type,
    pub(crate) default: Option<Json>,
}

const PRIMITIVES: [&str; 8] =
    ["int", "string", "long", "float", "double", "bytes", "boolean", "null"];

impl Names {
    fn new(choices: &mut Choices<'_>, kind: char, count: &mut usize) -> Self {
        *count += 1;
        Self { full: format!("{}.{kind}{count}", choices.pick(["a", "b"])), aliases: vec![] }
    }

    fn json(&self, kind: &str) -> Json {
        let mut json = json!({"type": kind, "name": self.full});
        if !self.aliases.is_empty() {
            json["aliases"] = json!(self.aliases);
        }
        json
    }
}

/// A schema inside `around` records; names are counted, so that two schemas share them.
pub(crate) fn schema(choices: &mut Choices<'_>) -> Type {
    of_depth(choices, 0, 0, &mut 0)
}

fn of_depth(choices: &mut Choices<'_>, depth: usize, around: usize, count: &mut usize) -> Type {
    let kinds = if depth < DEPTH_MAX { 9 } else { 3 };
    let inner = |choices: &mut Choices<'_>, count: &mut usize| {
        Box::new(of_depth(choices, depth + 1, around, count))
    };
    match choices.below(kinds) {
        1 => Type::Enum(Names::new(choices, 'E', count), symbols(choices), None),
        2 => Type::Fixed(Names::new(choices, 'F', count), choices.below(3)),
        3 => Type::Array(inner(choices, count)),
        4 => Type::Map(inner(choices, count)),
        5 => {
            let inner = *inner(choices, count);
            union(choices, inner)
        }
        6 if around > 0 => {
            let up = Type::Around(choices.below(around));
            if choices.is() { Type::Array(Box::new(up)) } else { union(choices, up) }
        }
        6..=8 => {
            let names = Names::new(choices, 'R', count);
            let fields = (0..choices.below(4)).map(|index| {
                let has = of_depth(choices, depth + 1, around + 1, count);
                let default = if choices.is() { plain_json(&has) } else { None };
                Field { name: format!("f{index}"), aliases: vec![], has, default }
            });
            let fields = fields.collect();
            Type::Record(names, fields)
        }
        _ => Type::Primitive(choices.pick(PRIMITIVES)),
    }
}

fn symbols(choices: &mut Choices<'_>) -> Vec<String> {
    (0..=choices.below(3)).map(|index| format!("S{index}")).collect()
}

/// A union of null, the type, and at times a string.
fn union(choices: &mut Choices<'_>, inner: Type) -> Type {
    match inner {
        Type::Union(_) | Type::Primitive("null") => inner,
        Type::Primitive("string") => Type::Union(vec![Type::Primitive("null"), inner]),
        _ if choices.is() => {
            Type::Union(vec![Type::Primitive("null"), inner, Type::Primitive("string")])
        }
        _ => Type::Union(vec![Type::Primitive("null"), inner]),
    }
}

/// A default that fits, where one is easy to say.
fn plain_json(field_type: &Type) -> Option<Json> {
    Some(match field_type {
        Type::Primitive("null") => Json::Null,
        Type::Primitive("boolean") => json!(false),
        Type::Primitive("string" | "bytes") => json!("é"),
        Type::Primitive(_) => json!(7),
        Type::Array(_) => json!([]),
        Type::Map(_) => json!({}),
        Type::Enum(_, symbols, _) => json!(symbols.last()?),
        Type::Union(branches) => plain_json(branches.first()?)?,
        Type::Fixed(_, size) => json!("\u{1}".repeat(*size)),
        Type::Record(..) | Type::Around(_) => return None,
    })
}

impl Type {
    pub(crate) fn text(&self) -> String {
        self.json(&mut vec![]).to_string()
    }

    /// `around` are the names of the records further out, the innermost last.
    fn json(&self, around: &mut Vec<String>) -> Json {
        match self {
            Self::Primitive(name) => json!(name),
            Self::Array(items) => json!({"type": "array", "items": items.json(around)}),
            Self::Map(values) => json!({"type": "map", "values": values.json(around)}),
            Self::Union(branches) => branches.iter().map(|branch| branch.json(around)).collect(),
            Self::Around(levels) => {
                let place = around.len().checked_sub(levels + 1);
                json!(place.map_or("null", |place| around[place].as_str()))
            }
            Self::Fixed(names, size) => {
                let mut json = names.json("fixed");
                json["size"] = json!(size);
                json
            }
            Self::Enum(names, symbols, default) => {
                let mut json = names.json("enum");
                json["symbols"] = json!(symbols);
                if let Some(default) = default {
                    json["default"] = json!(default);
                }
                json
            }
            Self::Record(names, fields) => {
                around.push(names.full.clone());
                let mut json = names.json("record");
                json["fields"] = fields.iter().map(|field| field.json(around)).collect();
                around.pop();
                json
            }
        }
    }

    /// A value of the type inside the records of `around`; `None` where recursion has no end.
    pub(crate) fn value<'t>(
        &'t self,
        choices: &mut Choices<'_>,
        around: &mut Vec<&'t Self>,
    ) -> Option<Value> {
        let mut long = |bound: i64| {
            let ends = [0, 1, -1, 63, 64, -65, 8192, bound, -bound - 1];
            choices.pick(ends)
        };
        Some(match self {
            Self::Primitive("null") => Value::Null,
            Self::Primitive("boolean") => Value::Boolean(choices.is()),
            Self::Primitive("int") => Value::Int(i32::try_from(long(i64::from(i32::MAX))).ok()?),
            Self::Primitive("long") => Value::Long(long(i64::MAX)),
            Self::Primitive("float") => Value::Float(choices.pick([0.0, -1.5, f32::MAX, 1e-40])),
            Self::Primitive("double") => Value::Double(choices.pick([0.0, 0.1, -1e300])),
            Self::Primitive("string") => Value::String(text(choices)),
            Self::Primitive(_) => Value::Bytes(text(choices).into_bytes()),
            Self::Fixed(_, size) => {
                Value::Fixed(vec![u8::try_from(choices.below(256)).ok()?; *size])
            }
            Self::Enum(_, symbols, _) if symbols.is_empty() => return None,
            Self::Enum(_, symbols, _) => Value::Enum(choices.below(symbols.len())),
            Self::Array(items) => {
                let count = Self::count(choices, around);
                Value::Array(
                    (0..count).map(|_| items.value(choices, around)).collect::<Option<_>>()?,
                )
            }
            Self::Map(values) => {
                let count = Self::count(choices, around);
                let entries = (0..count)
                    .map(|index| Some((format!("k{index}"), values.value(choices, around)?)));
                Value::Map(entries.collect::<Option<_>>()?)
            }
            Self::Union(branches) => {
                let index =
                    if around.len() > 2 * DEPTH_MAX { 0 } else { choices.below(branches.len()) };
                Value::Union(index, Box::new(branches.get(index)?.value(choices, around)?))
            }
            Self::Record(_, fields) => {
                around.push(self);
                let values = fields.iter().map(|field| field.has.value(choices, around));
                let values = values.collect::<Option<_>>();
                around.pop();
                Value::Record(values?)
            }
            Self::Around(levels) => {
                let outer = around.get(around.len().checked_sub(levels + 1)?).copied()?;
                // What stands around the outer record is not around this value of it.
                let mut outside = around[..around.len() - levels - 1].to_vec();
                if choices.0.len() == 0 {
                    return None;
                }
                choices.below(1);
                outer.value(choices, &mut outside)?
            }
        })
    }

    fn count(choices: &mut Choices<'_>, around: &[&Self]) -> usize {
        if around.len() > DEPTH_MAX { 0 } else { choices.below(3) }
    }
}

impl Field {
    fn json(&self, around: &mut Vec<String>) -> Json {
        let mut json = json!({"name": self.name, "type": self.has.json(around)});
        if let Some(default) = &self.default {
            json["default"] = default.clone();
        }
        if !self.aliases.is_empty() {
            json["aliases"] = json!(self.aliases);
        }
        json
    }
}

fn text(choices: &mut Choices<'_>) -> String {
    choices.pick(["", "a", "é\u{0}\"", "世界"]).to_owned()
}
