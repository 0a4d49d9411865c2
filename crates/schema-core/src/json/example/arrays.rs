//! Arrays: one item at a time is varied, and how many there are.

use serde_json::Value;

use super::search::{Focus, Found, INNER_MAX, Search, Wanted};
use super::shape::{All, Schema, Shape, Type};
use super::values::same;
use crate::json::model::{Additional, ArrayRules, Kind};

/// Most items of an array that is made up.
const ITEMS_MAX: usize = 300;
/// Most different samples of one item.
const SAMPLES_MAX: usize = 24;

/// What is to be in an array.
struct Plan<'p, 'm> {
    fixed: &'p [(usize, Value)],
    /// Items that must be among the others, each by its schema.
    contained: Vec<Schema<'m>>,
    count: usize,
}

impl Search {
    pub(super) fn arrays(
        &mut self,
        wanted: Wanted<'_, '_>,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        focus: &Focus,
        found: &mut Found,
    ) {
        let rules = || shape.arrays.iter().chain(readers.iter().flat_map(|reader| &reader.arrays));
        let positions = rules().map(|(_, rules)| rules.positions.len()).max().unwrap_or(0);
        let indices = match focus {
            Focus::Item(index) => *index..=*index,
            _ => 0..=positions,
        };
        for index in indices {
            if found.is_full() || self.judge.is_exhausted() {
                return;
            }
            let Some(writer) = item_schemas(shape, index) else { continue };
            let reader = item_alternatives(readers, index);
            let inner = Wanted { writer: &writer, reader: &reader };
            for value in self.values(inner, &Focus::Everything, INNER_MAX) {
                let items = self.filled(shape, readers, &[(index, value)], 0);
                self.offer_items(wanted, items, found);
            }
        }
        for count in counts(shape, readers) {
            let items = self.filled(shape, readers, &[], count);
            self.offer_items(wanted, items, found);
        }
        self.repeat(wanted, shape, readers, found);
        self.miss_contained(wanted, shape, readers, found);
    }

    fn offer_items(
        &mut self,
        wanted: Wanted<'_, '_>,
        items: Option<Vec<Value>>,
        found: &mut Found,
    ) {
        if let Some(items) = items {
            self.offer(wanted, Value::Array(items), found);
        }
    }

    /// Arrays with an item twice.
    fn repeat(
        &mut self,
        wanted: Wanted<'_, '_>,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        found: &mut Found,
    ) {
        let is_asked = readers.iter().flat_map(|reader| &reader.arrays).any(|(_, r)| r.unique);
        for (first, second) in [(0, 1), (1, 2)] {
            let both = (item_schemas(shape, first), item_schemas(shape, second));
            if let (true, (Some(mut writer), Some(other))) = (is_asked, both) {
                writer.extend(other);
                for value in self.samples(&writer, 1) {
                    let fixed = [(first, value.clone()), (second, value)];
                    let items = self.filled(shape, readers, &fixed, 0);
                    self.offer_items(wanted, items, found);
                }
            }
        }
    }

    /// Arrays with too few or too many of the items that the reader wants among them.
    fn miss_contained(
        &mut self,
        wanted: Wanted<'_, '_>,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        found: &mut Found,
    ) {
        for (schema, rules) in readers.iter().flat_map(|reader| &reader.arrays) {
            let Some(contains) = rules.contains else { continue };
            let Some(item) = item_schemas(shape, positions(shape)) else { continue };
            let contained = schema.with(contains);
            let both: All<'_> = item.iter().copied().chain([contained]).collect();
            let matching = self.samples(&both, SAMPLES_MAX);
            let reader = [vec![contained]];
            let other = Wanted { writer: &item, reader: &reader };
            let others = self.values(other, &Focus::Everything, SAMPLES_MAX);
            let (least, most) = schema.contained(rules);
            let few = [least.saturating_sub(1), 0];
            let plans = few.into_iter().chain(most.map(|most| most + 1));
            for count in plans.filter(|count| *count <= ITEMS_MAX) {
                for fill in [0, 1, 2, 3] {
                    let chosen = matching.iter().cycle().take(count);
                    let items = chosen.chain(others.iter().cycle().take(fill)).cloned().collect();
                    self.offer(wanted, Value::Array(items), found);
                }
            }
        }
    }

    /// An array with the given items and others where some must be, at least `count` of them. What
    /// it must contain is put beside the given items, unless those will do.
    pub(super) fn filled(
        &mut self,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        fixed: &[(usize, Value)],
        count: usize,
    ) -> Option<Vec<Value>> {
        let schemas: All<'_> = shape.arrays.iter().map(|(schema, _)| *schema).collect();
        let contained = Self::contained(shape);
        let mut last = None;
        for contained in [Vec::new(), contained] {
            if last.is_some() && contained.is_empty() {
                break;
            }
            let plan = Plan { fixed, contained, count };
            let Some(items) = self.planned(shape, readers, plan) else { continue };
            if self.judge.may_accept(&schemas, &Value::Array(items.clone())) {
                return Some(items);
            }
            last = Some(items);
        }
        last
    }

    fn planned(
        &mut self,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        plan: Plan<'_, '_>,
    ) -> Option<Vec<Value>> {
        let rules = || shape.arrays.iter().map(|(_, rules)| *rules);
        let least = rules().filter_map(|rules| usize::try_from(rules.min_items?).ok()).max();
        let needed = plan.fixed.iter().map(|(index, _)| index + 1).max().unwrap_or(0);
        let count = plan.count.max(least.unwrap_or(0)).max(needed);
        let most = count.max(plan.fixed.len() + plan.contained.len() + positions(shape));
        if most > ITEMS_MAX {
            return None;
        }
        let is_unique = rules().any(|rules| rules.unique);
        let mut contained = plan.contained.into_iter().peekable();
        let mut items: Vec<Value> = Vec::with_capacity(count);
        while items.len() < most && (items.len() < count || contained.peek().is_some()) {
            let index = items.len();
            let others = is_unique.then_some(&items);
            let given = plan.fixed.iter().find(|(at, _)| *at == index).map(|(_, v)| v.clone());
            let held = contained.peek().filter(|_| given.is_none()).copied();
            let held = held.and_then(|held| self.contained_sample(shape, (index, held), others));
            if held.is_some() {
                contained.next();
            }
            let item = match given.or(held) {
                Some(item) => item,
                None => self.item_sample(shape, readers, index, others)?,
            };
            items.push(item);
        }
        Some(items)
    }

    /// The schemas of the items that the array must contain.
    fn contained<'m>(shape: &Shape<'m>) -> Vec<Schema<'m>> {
        let all = shape.arrays.iter().filter_map(|(schema, rules)| {
            let contains = schema.with(rules.contains?);
            Some(std::iter::repeat_n(contains, schema.contained(rules).0.min(ITEMS_MAX)))
        });
        all.flatten().collect()
    }

    /// An item that is also what the array must contain.
    fn contained_sample(
        &mut self,
        shape: &Shape<'_>,
        (index, held): (usize, Schema<'_>),
        others: Option<&Vec<Value>>,
    ) -> Option<Value> {
        let mut writer = item_schemas(shape, index)?;
        writer.push(held);
        let others = others.map(Vec::as_slice).unwrap_or_default();
        let samples = self.samples(&writer, if others.is_empty() { 1 } else { SAMPLES_MAX });
        samples.into_iter().find(|sample| !others.iter().any(|other| same(other, sample)))
    }

    /// An item that is none of `others`, where they must differ.
    fn item_sample(
        &mut self,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        index: usize,
        others: Option<&Vec<Value>>,
    ) -> Option<Value> {
        let writer = item_schemas(shape, index)?;
        let reader = item_alternatives(readers, index);
        let wanted = Wanted { writer: &writer, reader: &reader };
        let Some(others) = others else { return self.sample(wanted) };
        let samples = self.samples(&writer, SAMPLES_MAX);
        samples.into_iter().find(|sample| !others.iter().any(|other| same(other, sample)))
    }
}

fn positions(shape: &Shape<'_>) -> usize {
    shape.arrays.iter().map(|(_, rules)| rules.positions.len()).max().unwrap_or(0)
}

/// How many items to try: few, and as many as pass a limit of the reader.
fn counts(shape: &Shape<'_>, readers: &[Shape<'_>]) -> Vec<usize> {
    let limits = |rules: &ArrayRules| {
        let limit = |limit: Option<i32>| usize::try_from(limit?).ok();
        [
            limit(rules.max_items).map(|most| most + 1),
            limit(rules.min_items).map(|n| n.saturating_sub(1)),
        ]
    };
    let rules = readers.iter().flat_map(|reader| &reader.arrays);
    let mut counts = vec![0];
    counts.extend(rules.flat_map(|(_, rules)| limits(rules)).flatten());
    counts.extend([1, 2, 3, positions(shape) + 1]);
    counts
}

/// What the shape asks of an item; `None` if it may not be there.
pub(super) fn item_schemas<'m>(shape: &Shape<'m>, index: usize) -> Option<All<'m>> {
    let mut all = All::new();
    for (schema, rules) in &shape.arrays {
        let listed = rules.positions.get(index).copied().or(rules.items);
        match (listed, rules.additional) {
            (Some(id), _) | (None, Additional::Schema(id)) => all.push(schema.with(id)),
            (None, Additional::Refused) => return None,
            (None, Additional::Allowed) => all.extend(rules.unevaluated.map(|id| schema.with(id))),
        }
    }
    let is_refused = all.iter().any(|schema| matches!(schema.kind(), Kind::False));
    (!is_refused).then_some(all)
}

/// The same for each alternative of a reader in which the item may be there.
pub(super) fn item_alternatives<'m>(readers: &[Shape<'m>], index: usize) -> Vec<All<'m>> {
    let arrays = readers.iter().filter(|shape| shape.types.contains(&Type::Array));
    arrays.filter_map(|shape| item_schemas(shape, index)).collect()
}
