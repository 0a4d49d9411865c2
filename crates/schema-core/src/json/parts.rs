//! The constructs that stand side by side in one JSON schema, in the order in which the reference
//! numbers them: by kind, then by what tells two of a kind apart.

use crate::json_text::{Object, Value, utf16_order};

/// The keywords that combine schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Composition {
    All,
    Any,
    One,
}

impl Composition {
    const ALL: [Self; 3] = [Self::All, Self::Any, Self::One];

    pub(super) fn keyword(self) -> &'static str {
        match self {
            Self::All => "allOf",
            Self::Any => "anyOf",
            Self::One => "oneOf",
        }
    }

    /// The word in the path of an entity.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::All => "allof",
            Self::Any => "anyof",
            Self::One => "oneof",
        }
    }

    pub(super) fn of_path(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|composition| composition.path() == word)
    }
}

/// One construct.
#[derive(Clone, Debug)]
pub(super) enum Part<'v> {
    Object,
    /// The object among several types, which are branches of an anyOf that nobody wrote.
    ObjectOf {
        index: usize,
    },
    Array(&'v Value),
    Not(&'v Value),
    Conditional(Vec<(&'static str, &'v Value)>),
    Combined(Composition, &'v [Value]),
    /// Nothing with entities inside, by the rank of its kind.
    Other(Rank),
}

/// The kinds of schemas in the alphabetical order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Array,
    Boolean,
    Combined,
    Conditional,
    Const,
    Empty,
    Enum,
    False,
    Not,
    Null,
    Number,
    Object,
    Reference,
    String,
    True,
}

const OBJECT_KEYWORDS: [&str; 8] = [
    "properties",
    "required",
    "additionalProperties",
    "minProperties",
    "maxProperties",
    "dependencies",
    "patternProperties",
    "propertyNames",
];
const ARRAY_KEYWORDS: [&str; 6] =
    ["items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"];

impl Part<'_> {
    pub(super) fn rank(&self) -> Rank {
        match self {
            Self::Object => Rank::Object,
            Self::ObjectOf { .. } | Self::Combined(..) => Rank::Combined,
            Self::Array(_) => Rank::Array,
            Self::Not(_) => Rank::Not,
            Self::Conditional(_) => Rank::Conditional,
            Self::Other(rank) => *rank,
        }
    }
}

/// The constructs of `object`, in order.
pub(super) fn parts(object: &Object) -> Vec<Part<'_>> {
    let has = |key: &str| object.get(key).is_some();
    if has("$ref") {
        return vec![Part::Other(Rank::Reference)];
    }
    let mut parts = Vec::new();
    for composition in Composition::ALL {
        let branches = object.get(composition.keyword()).and_then(Value::as_array);
        parts.extend(branches.map(|branches| Part::Combined(composition, branches)));
    }
    parts.extend(object.get("not").map(Part::Not));
    let branches = ["if", "then", "else"].map(|key| object.get(key).map(|value| (key, value)));
    let branches: Vec<_> = branches.into_iter().flatten().collect();
    if !branches.is_empty() {
        parts.push(Part::Conditional(branches));
    }
    if has("enum") {
        parts.push(Part::Other(Rank::Enum));
    }
    if has("const") {
        parts.push(Part::Other(Rank::Const));
    }
    parts.extend(typed(object));
    if parts.is_empty() {
        parts.push(Part::Other(Rank::Empty));
    }
    parts.sort_by_key(Part::rank);
    parts
}

/// What `type` says, or without it the keywords that belong to one type.
fn typed(object: &Object) -> Option<Part<'_>> {
    let Some(declared) = object.get("type") else {
        let has_any = |keys: &[&str]| keys.iter().any(|key| object.get(key).is_some());
        return match () {
            () if has_any(&OBJECT_KEYWORDS) => Some(Part::Object),
            () if has_any(&ARRAY_KEYWORDS) => Some(array(object)),
            () => None,
        };
    };
    if let Some(name) = declared.as_str() {
        return of_type(name, object);
    }
    let types = declared.as_array()?.iter().filter_map(Value::as_str);
    let mut ranks: Vec<Rank> = types.filter_map(rank_of).collect();
    ranks.sort_unstable();
    match ranks.as_slice() {
        [] => None,
        [Rank::Object] => Some(Part::Object),
        [Rank::Array] => Some(array(object)),
        [only] => Some(Part::Other(*only)),
        several => Some(
            several
                .iter()
                .position(|rank| *rank == Rank::Object)
                .map_or(Part::Other(Rank::Combined), |index| Part::ObjectOf { index }),
        ),
    }
}

fn of_type<'v>(name: &str, object: &'v Object) -> Option<Part<'v>> {
    match rank_of(name)? {
        Rank::Object => Some(Part::Object),
        Rank::Array => Some(array(object)),
        rank => Some(Part::Other(rank)),
    }
}

fn array(object: &Object) -> Part<'_> {
    let items = object.get("items").filter(|items| items.as_object().is_some());
    items.map_or(Part::Other(Rank::Array), Part::Array)
}

fn rank_of(name: &str) -> Option<Rank> {
    Some(match name {
        "object" => Rank::Object,
        "array" => Rank::Array,
        "string" => Rank::String,
        "number" | "integer" => Rank::Number,
        "boolean" => Rank::Boolean,
        "null" => Rank::Null,
        _ => return None,
    })
}

/// The branches of a composition as they are numbered, each with its position in the text.
pub(super) fn sorted_branches(branches: &[Value]) -> Vec<(usize, &Value)> {
    let mut sorted: Vec<(usize, &Value)> = branches.iter().enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| {
        let by_text = |key: &str| {
            let text = |value: &Value| {
                let text = value.as_object().and_then(|object| object.get(key)?.as_str());
                text.map(str::to_owned)
            };
            match (text(a), text(b)) {
                (Some(a), Some(b)) => utf16_order(&a, &b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            }
        };
        rank(a)
            .cmp(&rank(b))
            .then_with(|| by_text("title"))
            .then_with(|| by_text("description"))
            .then_with(|| names(a, "properties").cmp(&names(b, "properties")))
            .then_with(|| names(a, "required").cmp(&names(b, "required")))
    });
    sorted
}

fn rank(value: &Value) -> Rank {
    match value.as_object() {
        None if matches!(value.data, crate::json_text::Data::Boolean(false)) => Rank::False,
        None => Rank::True,
        Some(object) => match parts(object).as_slice() {
            [only] => only.rank(),
            _ => Rank::Combined,
        },
    }
}

/// How many names a member lists, and which, in order.
fn names(value: &Value, key: &str) -> (usize, Vec<String>) {
    let listed = value.as_object().and_then(|object| object.get(key));
    let keys = listed.and_then(Value::as_object).into_iter().flat_map(Object::iter);
    let items = listed.and_then(Value::as_array).unwrap_or_default().iter();
    let mut names: Vec<String> = keys.map(|member| member.key.to_string()).collect();
    names.extend(items.filter_map(|item| item.as_str().map(str::to_owned)));
    names.sort_by(|a, b| utf16_order(a, b));
    (names.len(), names)
}
