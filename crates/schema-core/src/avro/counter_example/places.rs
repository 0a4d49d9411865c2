//! The pairs of types that values pass on their way from the writer to the reader, nearest first,
//! and the way back from such a place to a whole value.

use std::collections::HashSet;

use crate::Limits;
use crate::avro::types::{Shape, TypeId, Types};
use crate::avro::value::{Pair, PlainValues, Value, depth_max, reader_branch, written_fields};

/// The key of the one entry of a map.
const KEY: &str = "key";

/// How a value gets from one place to the next.
#[derive(Clone, Copy)]
enum Step {
    Item,
    Entry,
    /// A position in the writer's record.
    Field(usize),
    WriterBranch(usize),
    /// The reader's union takes the value into a branch; to the writer nothing changes.
    ReaderBranch,
}

struct Place {
    pair: Pair,
    /// The place before, by position; `None` for the first.
    reached: Option<(usize, Step)>,
    depth: usize,
}

pub(super) struct Places {
    list: Vec<Place>,
}

impl Places {
    /// The place where values begin, and none inside it.
    pub(super) fn first(pair: Pair) -> Self {
        Self { list: vec![Place { pair, reached: None, depth: 0 }] }
    }

    /// That place and all that values can pass from there, as far as `pairs_left` goes.
    pub(super) fn all(
        root: Pair,
        reader: &Types,
        writer: &Types,
        limits: &Limits,
        pairs_left: &mut usize,
    ) -> Self {
        let mut places = Self::first(root);
        let mut seen = HashSet::from([root]);
        let mut next = 0;
        while let Some(&Place { pair, depth, .. }) = places.list.get(next) {
            if depth < depth_max(limits) {
                for (step, inside) in inside(pair, reader, writer) {
                    *pairs_left = pairs_left.saturating_sub(1);
                    if *pairs_left > 0 && seen.insert(inside) {
                        let reached = Some((next, step));
                        places.list.push(Place { pair: inside, reached, depth: depth + 1 });
                    }
                }
            }
            next += 1;
        }
        places
    }

    /// Every place by position, the nearest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Pair)> {
        self.list.iter().map(|place| place.pair).enumerate()
    }

    /// The whole value that has `value` at the place, and plain ones beside the way to it.
    ///
    /// `None` if something beside the way has no value or all together would be too large.
    pub(super) fn whole(
        &self,
        place: usize,
        mut value: Value,
        (types, plain): (&Types, &PlainValues<'_>),
        size_max: usize,
    ) -> Option<Value> {
        let mut size_left = size_max;
        let mut place = self.list.get(place)?;
        while let Some((before, step)) = place.reached {
            place = self.list.get(before)?;
            value = match step {
                Step::Item => Value::Array(vec![value]),
                Step::Entry => Value::Map(vec![(KEY.to_owned(), value)]),
                Step::WriterBranch(index) => Value::Union(index, Box::new(value)),
                Step::ReaderBranch => value,
                Step::Field(at) => {
                    let beside = fields_beside(types, place.pair.1, at);
                    for &id in &beside {
                        size_left = size_left.checked_sub(plain.size(id)?)?;
                    }
                    let beside = beside.into_iter().map(|id| plain.value(id));
                    let mut fields = beside.collect::<Option<Vec<_>>>()?;
                    fields.insert(at.min(fields.len()), value);
                    Value::Record(fields)
                }
            };
        }
        Some(value)
    }
}

impl Places {
    /// Whether no value gets to the place, because something beside the way has none.
    pub(super) fn is_out_of_reach(
        &self,
        place: usize,
        (types, plain): (&Types, &PlainValues<'_>),
    ) -> bool {
        let mut place = self.list.get(place);
        while let Some((before, step)) = place.and_then(|place| place.reached) {
            place = self.list.get(before);
            if let (Some(outer), Step::Field(at)) = (place, step) {
                let beside = fields_beside(types, outer.pair.1, at);
                if beside.into_iter().any(|id| plain.is_without_values(id)) {
                    return true;
                }
            }
        }
        false
    }
}

/// The types of all fields but the one at `at`.
fn fields_beside(types: &Types, record: TypeId, at: usize) -> Vec<TypeId> {
    let mut fields = types.inside(record);
    if at < fields.len() {
        fields.remove(at);
    }
    fields
}

/// Where a value of the pair goes on.
fn inside((reader, writer): Pair, reader_types: &Types, writer_types: &Types) -> Vec<(Step, Pair)> {
    match (reader_types.shape(reader), writer_types.shape(writer)) {
        (_, Shape::Union(branches)) => {
            let branches = branches.iter().enumerate();
            branches.map(|(at, &branch)| (Step::WriterBranch(at), (reader, branch))).collect()
        }
        (Shape::Union(branches), _) => {
            let place = reader_branch((reader_types, branches), (writer_types, writer));
            let branch = place.and_then(|place| branches.get(place));
            branch.map(|&branch| (Step::ReaderBranch, (branch, writer))).into_iter().collect()
        }
        (Shape::Array(r), Shape::Array(w)) => vec![(Step::Item, (*r, *w))],
        (Shape::Map(r), Shape::Map(w)) => vec![(Step::Entry, (*r, *w))],
        (Shape::Record(r), Shape::Record(w)) => {
            let written = written_fields((reader_types, r), (writer_types, w)).unwrap_or_default();
            let fields = r.fields.iter().zip(written).filter_map(|(field, at)| {
                let at = at?;
                Some((Step::Field(at), (field.type_id, w.fields.get(at)?.type_id)))
            });
            fields.collect()
        }
        _ => Vec::new(),
    }
}
