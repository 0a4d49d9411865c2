//! A conjunction of schemas as plain shapes, any of which describes some of its values.
//!
//! References are followed and combinations taken apart: what must hold at once is collected in one
//! shape, what may hold instead makes another one.

use serde_json::Value;

use super::values::parsed;
use crate::json::decimal::Decimal;
use crate::json::model::{
    ArrayRules, Combined, Criterion, Kind, Model, NodeId, NumberRules, ObjectRules, StringRules,
};

/// Most shapes of one conjunction.
const SHAPES_MAX: usize = 24;
/// Most schemas that one shape is put together from.
const PARTS_MAX: usize = 200;

/// A schema of either side.
#[derive(Clone, Copy)]
pub(super) struct Schema<'m> {
    pub(super) model: &'m Model,
    pub(super) id: NodeId,
    /// The newer dialects count what an array contains.
    pub(super) is_modern: bool,
}

impl<'m> Schema<'m> {
    /// How many items must be ones that an array contains, and how many may be.
    pub(super) fn contained(self, rules: &ArrayRules) -> (usize, Option<usize>) {
        let limit = |limit: &Option<Decimal>| {
            let whole = limit.as_ref().filter(|_| self.is_modern)?.to_i32_wrapping();
            Some(usize::try_from(whole).unwrap_or(0))
        };
        (limit(&rules.min_contains).unwrap_or(1), limit(&rules.max_contains))
    }

    pub(super) fn with(self, id: NodeId) -> Self {
        Self { id, ..self }
    }

    pub(super) fn kind(self) -> &'m Kind {
        &self.model.node(self.id).kind
    }

    /// The format of its strings.
    pub(super) fn format(self) -> Option<&'m str> {
        let node = self.model.node(self.id);
        let own = node.notes.format.as_deref();
        own.or(match &node.kind {
            Kind::String(rules) => rules.format.as_deref(),
            _ => None,
        })
    }

    pub(super) fn takes_all(self) -> bool {
        matches!(self.kind(), Kind::Empty | Kind::True) && self.format().is_none()
    }

    /// The target of a `$ref`, one hop far.
    pub(super) fn hop(self) -> Self {
        match self.kind() {
            Kind::Reference { target, .. } => {
                self.model.target(*target).map_or(self, |target| self.with(target))
            }
            _ => self,
        }
    }

    fn is(self, other: Self) -> bool {
        std::ptr::eq(self.model, other.model) && self.id == other.id
    }
}

/// Schemas that must hold at once.
pub(super) type All<'m> = Vec<Schema<'m>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// Rules of one family with the schema that they stand in.
pub(super) type Ruled<'m, T> = (Schema<'m>, &'m T);

#[derive(Clone)]
pub(super) struct Shape<'m> {
    pub(super) types: Vec<Type>,
    pub(super) integer: bool,
    /// The members of an enumeration.
    pub(super) listed: Option<Vec<Value>>,
    pub(super) formats: Vec<&'m str>,
    pub(super) strings: Vec<&'m StringRules>,
    pub(super) numbers: Vec<&'m NumberRules>,
    pub(super) objects: Vec<Ruled<'m, ObjectRules>>,
    pub(super) arrays: Vec<Ruled<'m, ArrayRules>>,
    /// The choices of one alone that this shape is in.
    pub(super) choices: Vec<All<'m>>,
    /// What must not hold.
    pub(super) refused: Vec<Schema<'m>>,
    /// Conditions, each with what it asks for.
    pub(super) conditions: Vec<(Schema<'m>, Schema<'m>)>,
    parts: All<'m>,
}

impl Shape<'_> {
    fn anything() -> Self {
        Self {
            types: vec![
                Type::String,
                Type::Number,
                Type::Boolean,
                Type::Null,
                Type::Array,
                Type::Object,
            ],
            integer: false,
            listed: None,
            formats: Vec::new(),
            strings: Vec::new(),
            numbers: Vec::new(),
            objects: Vec::new(),
            arrays: Vec::new(),
            choices: Vec::new(),
            refused: Vec::new(),
            conditions: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// How many schemas it was put together from, the work it took.
    pub(super) fn size(&self) -> usize {
        self.parts.len()
    }

    fn only(&mut self, wanted: Type, typed: bool) {
        if typed {
            self.types.retain(|known| *known == wanted);
        }
    }
}

/// The shapes of the values for which all of `schemas` hold.
pub(super) fn shapes<'m>(schemas: &[Schema<'m>]) -> Vec<Shape<'m>> {
    let mut done = Vec::new();
    let mut open = vec![(Shape::anything(), schemas.iter().rev().copied().collect::<All<'m>>())];
    while let Some((mut shape, mut pending)) = open.pop() {
        if done.len() >= SHAPES_MAX || shape.types.is_empty() {
            continue;
        }
        let Some(schema) = pending.pop() else {
            done.push(shape);
            continue;
        };
        let known = shape.parts.iter().any(|known| known.is(schema));
        if known || shape.parts.len() >= PARTS_MAX {
            open.push((shape, pending));
            continue;
        }
        shape.parts.push(schema);
        shape.formats.extend(schema.format());
        match schema.kind() {
            Kind::Combined(combined) => fork(schema, combined, shape, pending, &mut open),
            Kind::Conditional(parts) => {
                condition(schema, parts, &shape, &pending, &mut open);
            }
            Kind::Reference { .. } => {
                pending.push(schema.hop());
                open.push((shape, pending));
            }
            kind => {
                plain(schema, kind, &mut shape);
                if let Kind::Object(rules) = kind {
                    let by = rules.required.iter().filter_map(|name| rules.schemas_by.get(name));
                    pending.extend(by.map(|id| schema.with(*id)));
                }
                open.push((shape, pending));
            }
        }
    }
    done
}

type Open<'m> = Vec<(Shape<'m>, All<'m>)>;

fn fork<'m>(
    schema: Schema<'m>,
    combined: &Combined,
    mut shape: Shape<'m>,
    mut pending: All<'m>,
    open: &mut Open<'m>,
) {
    let members: All<'m> = combined.members.iter().map(|id| schema.with(*id)).collect();
    if combined.criterion == Criterion::All {
        pending.extend(members.into_iter().rev());
        open.push((shape, pending));
        return;
    }
    if combined.criterion == Criterion::One {
        shape.choices.push(members.clone());
    }
    // The first member is the next one out.
    for member in members.into_iter().rev().take(SHAPES_MAX) {
        let mut pending = pending.clone();
        pending.push(member);
        open.push((shape.clone(), pending));
    }
}

fn condition<'m>(
    schema: Schema<'m>,
    parts: &[(&'static str, NodeId)],
    shape: &Shape<'m>,
    pending: &All<'m>,
    open: &mut Open<'m>,
) {
    let part = |name: &str| {
        let found = parts.iter().find(|(known, _)| *known == name);
        found.map(|(_, id)| schema.with(*id))
    };
    let Some(test) = part("if") else {
        open.push((shape.clone(), pending.clone()));
        return;
    };
    let (mut fails, mut holds) =
        ((shape.clone(), pending.clone()), (shape.clone(), pending.clone()));
    fails.0.refused.push(test);
    fails.1.extend(part("else"));
    holds.0.conditions.extend(part("then").map(|then| (test, then)));
    holds.1.extend(part("then"));
    holds.1.push(test);
    open.extend([fails, holds]);
}

fn plain<'m>(schema: Schema<'m>, kind: &'m Kind, shape: &mut Shape<'m>) {
    match kind {
        Kind::False => shape.types.clear(),
        Kind::Boolean => shape.only(Type::Boolean, true),
        Kind::Null => shape.only(Type::Null, true),
        Kind::String(rules) => {
            shape.only(Type::String, rules.typed);
            shape.strings.push(rules);
        }
        Kind::Number(rules) => {
            shape.only(Type::Number, rules.typed);
            shape.integer |= rules.integer;
            shape.numbers.push(rules);
        }
        Kind::Object(rules) => {
            shape.only(Type::Object, rules.typed);
            shape.objects.push((schema, rules));
        }
        Kind::Array(rules) => {
            shape.only(Type::Array, rules.typed);
            shape.arrays.push((schema, rules));
        }
        Kind::Enum(texts) => list(shape, texts.iter().filter_map(|text| parsed(text)).collect()),
        Kind::Const(text) => list(shape, parsed(text).into_iter().collect()),
        Kind::Not(id) => shape.refused.push(schema.with(*id)),
        _ => {}
    }
}

fn list(shape: &mut Shape<'_>, values: Vec<Value>) {
    match &mut shape.listed {
        Some(known) => known.retain(|value| values.contains(value)),
        None => shape.listed = Some(values),
    }
}
