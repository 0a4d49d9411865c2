//! Values that one schema accepts and another one refuses, found by making some up and judging
//! them: where the schemas set limits, at those; inside objects and arrays, one member at a time.

use serde_json::Value;

use super::holds::Judge;
use super::path::escaped;
use super::shape::{All, Schema, Shape, Type, shapes};
use super::values::{numbers, simple, strings};
use crate::Limits;

/// Deepest value inside a value that is looked into.
const DEPTH_MAX: usize = 6;
/// What looking at one place costs beside judging values.
pub(super) const STEPS_PER_PLACE: usize = 20;
/// Most values that one place inside another value is given.
pub(super) const INNER_MAX: usize = 3;
/// Most pairs of members of a choice that are tried together.
const PAIRS_MAX: usize = 15;

/// The place inside a value that alone is varied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    Everything,
    Member(String),
    /// Members that no schema lists.
    Extra,
    Item(usize),
}

impl Focus {
    /// The last token of the pointer to what is varied, if that is one place.
    pub(super) fn token(&self) -> Option<String> {
        match self {
            Self::Member(name) => Some(escaped(name)),
            Self::Item(index) => Some(index.to_string()),
            Self::Everything | Self::Extra => None,
        }
    }
}

/// What is looked for: all of `writer` hold, each alternative of `reader` fails.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w, 'm> {
    pub(super) writer: &'w [Schema<'m>],
    pub(super) reader: &'w [All<'m>],
}

/// Values found so far, none twice.
pub(super) struct Found {
    pub(super) values: Vec<Value>,
    most: usize,
}

impl Found {
    pub(super) fn is_full(&self) -> bool {
        self.values.len() >= self.most
    }
}

pub(super) struct Search {
    pub(super) judge: Judge,
    /// Deepest nesting of patterns.
    pub(super) pattern_depth_max: usize,
    depth: usize,
}

impl Search {
    pub(super) fn new(steps_max: usize, limits: &Limits) -> Self {
        let pattern_depth_max = limits.pattern_depth_max;
        Self { judge: Judge::new(steps_max, limits), pattern_depth_max, depth: 0 }
    }

    /// Up to `most` values of the wanted kind, as far as the model tells.
    pub(super) fn values(
        &mut self,
        wanted: Wanted<'_, '_>,
        focus: &Focus,
        most: usize,
    ) -> Vec<Value> {
        let mut found = Found { values: Vec::new(), most };
        let takes_all = wanted.reader.iter().any(|all| all.iter().all(|schema| schema.takes_all()));
        if takes_all || self.depth >= DEPTH_MAX || !self.judge.spend(STEPS_PER_PLACE) {
            return found.values;
        }
        self.depth += 1;
        let readers: Vec<Shape<'_>> = wanted.reader.iter().flat_map(|all| shapes(all)).collect();
        let writers = shapes(wanted.writer);
        self.judge.spend(writers.iter().chain(&readers).map(Shape::size).sum());
        for shape in writers {
            self.of_shape(wanted, &shape, &readers, focus, &mut found);
        }
        if *focus == Focus::Everything {
            self.crossed(wanted, &readers, &mut found);
        }
        self.depth -= 1;
        found.values
    }

    /// Values that `schemas` accept, whoever reads them.
    pub(super) fn samples(&mut self, schemas: &[Schema<'_>], most: usize) -> Vec<Value> {
        self.values(Wanted { writer: schemas, reader: &[] }, &Focus::Everything, most)
    }

    /// A value that `writer` accepts, and `reader` too if there is one among the first.
    pub(super) fn sample(&mut self, wanted: Wanted<'_, '_>) -> Option<Value> {
        let samples = self.samples(wanted.writer, INNER_MAX);
        let is_read = |value: &&Value| !self.judge.may_refuse(wanted.reader, value);
        samples.iter().find(is_read).or(samples.first()).cloned()
    }

    /// Keeps the value if it is wanted.
    pub(super) fn offer(&mut self, wanted: Wanted<'_, '_>, value: Value, found: &mut Found) {
        if !found.is_full()
            && !found.values.contains(&value)
            && self.judge.may_refuse(wanted.reader, &value)
            && self.judge.may_accept(wanted.writer, &value)
        {
            found.values.push(value);
        }
    }

    fn of_shape(
        &mut self,
        wanted: Wanted<'_, '_>,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        focus: &Focus,
        found: &mut Found,
    ) {
        if let Some(listed) = &shape.listed {
            for value in listed {
                self.offer(wanted, value.clone(), found);
            }
            return;
        }
        for kind in &shape.types {
            if found.is_full() || self.judge.is_exhausted() {
                return;
            }
            // What the reader lists may be all that it takes; most other values are refused.
            let plain = match kind {
                Type::Array => {
                    self.arrays(wanted, shape, readers, focus, found);
                    continue;
                }
                Type::Object => {
                    self.objects(wanted, shape, readers, focus, found);
                    continue;
                }
                Type::String => strings(shape, readers, self.pattern_depth_max),
                Type::Number => numbers(shape, readers),
                Type::Boolean | Type::Null => simple().to_vec(),
            };
            for value in plain {
                self.offer(wanted, value, found);
            }
        }
    }

    /// What the reader refuses for more than one schema's sake: values that two members of a choice
    /// accept, that a `not` holds, that meet a condition and not what it asks for.
    fn crossed(&mut self, wanted: Wanted<'_, '_>, readers: &[Shape<'_>], found: &mut Found) {
        for shape in readers {
            let mut crossings: Vec<(All<'_>, Vec<All<'_>>)> = Vec::new();
            for choice in &shape.choices {
                let pairs = choice.iter().enumerate().flat_map(|(at, first)| {
                    choice.iter().skip(at + 1).map(move |second| vec![*first, *second])
                });
                crossings.extend(pairs.take(PAIRS_MAX).map(|pair| (pair, Vec::new())));
            }
            crossings.extend(shape.refused.iter().map(|refused| (vec![*refused], Vec::new())));
            let conditions = shape.conditions.iter();
            crossings.extend(conditions.map(|(test, then)| (vec![*test], vec![vec![*then]])));
            for (with, reader) in crossings {
                if found.is_full() || self.judge.is_exhausted() {
                    return;
                }
                let writer: All<'_> = wanted.writer.iter().copied().chain(with).collect();
                let crossed = Wanted { writer: &writer, reader: &reader };
                for value in self.values(crossed, &Focus::Everything, INNER_MAX) {
                    self.offer(wanted, value, found);
                }
            }
        }
    }
}
