//! What is known of a value for which schemas hold: the cases that their combinations leave.
//!
//! A case may know less than the schemas say, never more. So whatever follows from it follows.

use super::Prover;
use super::node::Node;
use super::number::{Bound, Number, Side, count, narrow};
use crate::json::dialect::Dialect;
use crate::json_text::{Data, Object, Value};

/// Most cases of one set of schemas; combinations that make more are left out.
const CASES_MAX: usize = 48;
/// Most schemas in one case.
const PARTS_MAX: usize = 200;

/// A set of JSON types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const NUMBER: Self = Self(4);
    pub(super) const STRING: Self = Self(8);
    pub(super) const ARRAY: Self = Self(16);
    pub(super) const OBJECT: Self = Self(32);
    pub(super) const ALL: Self = Self(63);
    pub(super) const EACH: [Self; 6] =
        [Self::NULL, Self::BOOLEAN, Self::NUMBER, Self::STRING, Self::ARRAY, Self::OBJECT];

    pub(super) fn of_value(value: &Value) -> Self {
        match &value.data {
            Data::Null => Self::NULL,
            Data::Boolean(_) => Self::BOOLEAN,
            Data::Number(_) => Self::NUMBER,
            Data::String(_) => Self::STRING,
            Data::Array(_) => Self::ARRAY,
            Data::Object(_) => Self::OBJECT,
        }
    }

    /// The types that a `type` keyword names, integers as numbers; `None` if it is no such keyword.
    pub(super) fn of_keyword(value: &Value) -> Option<Self> {
        let mut types = Self(0);
        for name in names(value) {
            types.0 |= match name? {
                "null" => Self::NULL,
                "boolean" => Self::BOOLEAN,
                "integer" | "number" => Self::NUMBER,
                "string" => Self::STRING,
                "array" => Self::ARRAY,
                "object" => Self::OBJECT,
                _ => return None,
            }
            .0;
        }
        Some(types)
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn is_single(self) -> bool {
        self.0.is_power_of_two()
    }
}

/// The names in a `type` keyword; none for what is no name.
pub(super) fn names(value: &Value) -> impl Iterator<Item = Option<&str>> {
    let listed = value.as_array().unwrap_or(std::slice::from_ref(value));
    listed.iter().map(Value::as_str)
}

/// Whether every number that the keyword takes is an integer.
fn names_integers_alone(value: &Value) -> bool {
    let mut is_named = false;
    for name in names(value).flatten() {
        match name {
            "number" => return false,
            "integer" => is_named = true,
            _ => {}
        }
    }
    is_named
}

/// How a number is known to be an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Integer {
    Unknown,
    /// In value: `1.0` is one.
    InValue,
    /// As it is written too.
    Written,
}

#[derive(Clone)]
pub(super) struct Case<'a> {
    pub(super) types: Types,
    /// The value is one of these.
    pub(super) listed: Option<Vec<&'a Value>>,
    /// All of these hold.
    pub(super) parts: Vec<Node<'a>>,
    /// None of these holds.
    pub(super) refused: Vec<Node<'a>>,
    pub(super) integer: Integer,
    pub(super) lower: Option<Bound>,
    pub(super) upper: Option<Bound>,
    pub(super) units: Vec<Number>,
    pub(super) lengths: Counts,
    pub(super) items: Counts,
    pub(super) properties: Counts,
    pub(super) required: Vec<&'a str>,
    pub(super) is_unique: bool,
}

/// From the least to the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) least: usize,
    pub(super) most: usize,
}

impl Counts {
    const ANY: Self = Self { least: 0, most: usize::MAX };

    pub(super) fn is_empty(self) -> bool {
        self.least > self.most
    }

    pub(super) fn at_least(&mut self, least: usize) {
        self.least = self.least.max(least);
    }

    pub(super) fn at_most(&mut self, most: usize) {
        self.most = self.most.min(most);
    }
}

/// What is still to be taken into a case.
#[derive(Clone)]
enum Pending<'a> {
    Node(Node<'a>),
    /// One of these, each with what does not hold then.
    Fork(Vec<(Vec<Node<'a>>, Vec<Node<'a>>)>),
}

impl<'a> Case<'a> {
    pub(super) fn of(types: Types) -> Self {
        Self {
            types,
            listed: None,
            parts: Vec::new(),
            refused: Vec::new(),
            integer: Integer::Unknown,
            lower: None,
            upper: None,
            units: Vec::new(),
            lengths: Counts::ANY,
            items: Counts::ANY,
            properties: Counts::ANY,
            required: Vec::new(),
            is_unique: false,
        }
    }

    pub(super) fn require(&mut self, name: &'a str) {
        if !self.required.contains(&name) {
            self.required.push(name);
        }
    }

    fn list(&mut self, values: Vec<&'a Value>) {
        self.listed = Some(match self.listed.take() {
            Some(known) => {
                let is_listed = |value: &&Value| {
                    values.iter().any(|other| super::number::same(value, other) != Some(false))
                };
                known.into_iter().filter(is_listed).collect()
            }
            None => values,
        });
    }
}

impl<'a> Prover<'a> {
    /// The cases of values for which all of `nodes` hold, those without values left out.
    pub(super) fn cases(&mut self, nodes: &[Node<'a>]) -> Vec<Case<'a>> {
        self.cases_from(Case::of(Types::ALL), nodes)
    }

    /// The cases of `start` in which `nodes` hold too.
    pub(super) fn cases_from(&mut self, start: Case<'a>, nodes: &[Node<'a>]) -> Vec<Case<'a>> {
        let pending = nodes.iter().rev().map(|node| Pending::Node(*node)).collect::<Vec<_>>();
        let mut open = vec![(start, pending)];
        let mut done = Vec::new();
        while let Some((mut case, mut pending)) = open.pop() {
            match pending.pop() {
                _ if case.types.is_empty() => {}
                None => {
                    self.complete(&mut case);
                    let dependent = self.dependents(&case);
                    if dependent.is_empty() {
                        done.push(case);
                    } else {
                        pending.extend(dependent.into_iter().map(Pending::Node));
                        open.push((case, pending));
                    }
                }
                Some(Pending::Node(node)) => {
                    if self.spend() {
                        self.take(&mut case, node, &mut pending);
                    }
                    open.push((case, pending));
                }
                Some(Pending::Fork(branches)) => {
                    if done.len() + open.len() + branches.len() > CASES_MAX {
                        open.push((case, pending));
                        continue;
                    }
                    for (held, refused) in branches.into_iter().rev() {
                        let (mut case, mut pending) = (case.clone(), pending.clone());
                        case.refused.extend(refused);
                        pending.extend(held.into_iter().map(Pending::Node));
                        open.push((case, pending));
                    }
                }
            }
        }
        done.retain_mut(|case| !self.is_void(case));
        done
    }

    /// Adds the names that must be there beside those that must.
    fn complete(&self, case: &mut Case<'a>) {
        let mut at = 0;
        while let Some(name) = case.required.get(at).copied() {
            for part in case.parts.clone() {
                for other in self.required_by(part, name) {
                    case.require(other);
                }
            }
            at += 1;
        }
    }

    /// Schemas that hold because a property is there, and that the case does not have yet.
    fn dependents(&self, case: &Case<'a>) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        for part in &case.parts {
            for key in ["dependencies", "dependentSchemas"] {
                let Some(named) = self.sources.named(*part, key) else { continue };
                for name in &case.required {
                    let schema = named.get(name).filter(|value| value.as_array().is_none());
                    found.extend(schema.map(|value| part.at(value)));
                }
            }
        }
        let is_object = case.types == Types::OBJECT && case.parts.len() < PARTS_MAX;
        found.retain(|node| is_object && !case.parts.contains(node));
        found
    }

    /// Takes what a schema says into the case; what makes several of it waits behind the rest.
    fn take(&self, case: &mut Case<'a>, node: Node<'a>, pending: &mut Vec<Pending<'a>>) {
        if case.parts.contains(&node) || case.parts.len() >= PARTS_MAX {
            return;
        }
        case.parts.push(node);
        if matches!(node.value.data, Data::Boolean(false)) {
            case.types = Types(0);
        }
        if let Some(target) = self.sources.target(node) {
            pending.push(Pending::Node(target));
        }
        self.take_plain(case, node);
        pending.extend(self.sources.schemas(node, "allOf").into_iter().map(Pending::Node));
        case.refused.extend(self.sources.schema(node, "not"));
        let mut forks = Vec::new();
        let any = self.sources.schemas(node, "anyOf");
        if !any.is_empty() {
            forks.push(any.into_iter().map(|member| (vec![member], Vec::new())).collect());
        }
        let one = self.sources.schemas(node, "oneOf");
        if !one.is_empty() {
            let branch = |at: usize, member: Node<'a>| {
                let others = one.iter().enumerate().filter(|(other, _)| *other != at);
                (vec![member], others.map(|(_, other)| *other).collect())
            };
            forks.push(one.iter().enumerate().map(|(at, member)| branch(at, *member)).collect());
        }
        if let Some(test) = self.sources.schema(node, "if") {
            let with = |key| self.sources.schema(node, key).into_iter();
            let holds = std::iter::once(test).chain(with("then")).collect();
            forks.push(vec![(holds, Vec::new()), (with("else").collect(), vec![test])]);
        }
        for fork in forks {
            pending.insert(0, Pending::Fork(fork));
        }
    }

    fn take_plain(&self, case: &mut Case<'a>, node: Node<'a>) {
        let get = |key| self.sources.get(node, key);
        if let Some(value) = get("type") {
            self.take_type(case, node, value);
        }
        if let Some(values) = get("enum").and_then(Value::as_array) {
            case.list(values.iter().collect());
        }
        if let Some(value) = get("const") {
            case.list(vec![value]);
        }
        for (side, limit) in [Side::Above, Side::Below]
            .into_iter()
            .flat_map(|side| self.bounds(node, side).into_iter().map(move |bound| (side, bound)))
        {
            let slot = if side == Side::Above { &mut case.lower } else { &mut case.upper };
            narrow(slot, limit, side);
        }
        case.units.extend(get("multipleOf").and_then(Number::of));
        let limits = [
            ("minLength", "maxLength", &mut case.lengths),
            ("minItems", "maxItems", &mut case.items),
            ("minProperties", "maxProperties", &mut case.properties),
        ];
        for (least, most, counts) in limits {
            counts.at_least(get(least).and_then(count).unwrap_or(0));
            counts.at_most(get(most).and_then(count).unwrap_or(usize::MAX));
        }
        case.is_unique |= matches!(get("uniqueItems").map(|v| &v.data), Some(Data::Boolean(true)));
        let required = get("required").and_then(Value::as_array).unwrap_or_default();
        for name in required.iter().filter_map(Value::as_str) {
            case.require(name);
        }
    }

    fn take_type(&self, case: &mut Case<'a>, node: Node<'a>, value: &'a Value) {
        let Some(types) = Types::of_keyword(value) else { return };
        case.types = case.types.and(types);
        if types.has(Types::NUMBER) && names_integers_alone(value) {
            let is_old = self.sources.dialect(node) == Dialect::Draft04;
            let integer = if is_old { Integer::Written } else { Integer::InValue };
            case.integer = case.integer.max(integer);
        }
    }

    /// The limits that the schema sets to numbers from one side.
    pub(super) fn bounds(&self, node: Node<'a>, side: Side) -> Vec<Bound> {
        let (key, open_key) = match side {
            Side::Above => ("minimum", "exclusiveMinimum"),
            Side::Below => ("maximum", "exclusiveMaximum"),
        };
        let limit = |key| self.sources.get(node, key).and_then(Number::of);
        let flag = self.sources.get(node, open_key).map(|value| &value.data);
        let is_old = self.sources.dialect(node) == Dialect::Draft04;
        let is_flagged = is_old && matches!(flag, Some(Data::Boolean(true)));
        let closed = limit(key).map(|at| Bound { at, is_open: is_flagged });
        let open = limit(open_key).filter(|_| !is_old).map(|at| Bound { at, is_open: true });
        closed.into_iter().chain(open).collect()
    }

    /// The names that must be there beside `name`.
    pub(super) fn required_by(&self, node: Node<'a>, name: &str) -> Vec<&'a str> {
        let lists = ["dependencies", "dependentRequired"].map(|key| {
            let named: Option<&'a Object> = self.sources.named(node, key);
            named.and_then(|named| named.get(name)).and_then(Value::as_array).unwrap_or_default()
        });
        lists.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}
