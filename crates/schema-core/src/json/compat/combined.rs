//! Combinations against combinations: members are paired off, whatever their order.

use foldhash::{HashMap, HashSet, HashSetExt};

use super::Findings;
use super::hub::{At, Comparison};
use super::matching::Matching;
use crate::json::model::{Combined, Criterion};
use crate::{CheckError, JsonRule};

/// A combination and where it stands.
type Side<'a> = (At, &'a Combined);

impl Comparison<'_> {
    pub(super) fn combined(
        &mut self,
        findings: &mut Findings,
        original: Side<'_>,
        update: Side<'_>,
    ) -> Result<(), CheckError> {
        if !criterion_fits(original.1, update.1) {
            findings.add(JsonRule::CombinedTypeChanged, "");
            return Ok(());
        }
        let (old, new) = (self.distinct(original), self.distinct(update));
        if old.len() < new.len() && update.1.criterion == Criterion::All {
            findings.add(JsonRule::ProductTypeExtended, "");
        }
        if old.len() > new.len() && original.1.criterion != Criterion::All {
            findings.add(JsonRule::SumTypeNarrowed, "");
        }
        if !self.pairs_off(&old, &new)? {
            findings.add(JsonRule::CombinedTypeSubschemasChanged, "");
        }
        Ok(())
    }

    /// Whether each member of the shorter list finds one of the other that it fits, and no two the
    /// same. Members that print alike are tried with each other first: most of a combination stays
    /// as it was from version to version, and only the others are then compared with all.
    fn pairs_off(&mut self, old: &[At], new: &[At]) -> Result<bool, CheckError> {
        let is_swapped = old.len() > new.len();
        let (short, long) = if is_swapped { (new, old) } else { (old, new) };
        let by_shape: HashMap<usize, usize> =
            long.iter().enumerate().map(|(index, at)| (self.shape(*at), index)).collect();
        let twins: Vec<_> =
            short.iter().map(|at| by_shape.get(&self.shape(*at)).copied()).collect();
        let mut fits = |at: At, index: usize| {
            let Some(other) = long.get(index).copied() else { return Ok(false) };
            let (before, after) = if is_swapped { (other, at) } else { (at, other) };
            self.compare(before, after).map(|found| found.is_empty())
        };
        let mut matching = Matching::new(short.len(), long.len());
        for (index, (at, twin)) in short.iter().zip(twins).enumerate() {
            if let Some(twin) = twin
                && fits(*at, twin)?
            {
                matching.join(index, twin);
            }
        }
        matching.covers_left(|index| {
            let Some(at) = short.get(index) else { return Ok(Vec::new()) };
            let mut row = Vec::new();
            for other in 0..long.len() {
                if fits(*at, other)? {
                    row.push(other);
                }
            }
            Ok(row)
        })
    }

    /// The members without those that print like an earlier one.
    fn distinct(&mut self, (at, combined): Side<'_>) -> Vec<At> {
        let mut seen = HashSet::new();
        let members = combined.members.iter().map(|member| at.with(*member));
        members.filter(|member| seen.insert(self.shape(*member))).collect()
    }
}

/// Whether the new criterion accepts what the old one did, going by the criteria and the number of
/// members as written.
fn criterion_fits(old: &Combined, new: &Combined) -> bool {
    let (old_single, new_single) = (old.members.len() == 1, new.members.len() == 1);
    old.criterion == new.criterion
        || new.criterion == Criterion::Any
        || (old_single && new_single)
        || (old_single && new.criterion == Criterion::One)
        || (new_single && old.criterion == Criterion::All)
}
