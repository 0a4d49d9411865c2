//! Combinations against combinations: members are paired off, whatever their order.

use foldhash::{HashSet, HashSetExt};

use super::Findings;
use super::hub::{At, Comparison};
use super::matching::largest_matching;
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
        let mut fits = Vec::with_capacity(old.len());
        for before in &old {
            let mut row = Vec::new();
            for (index, after) in new.iter().enumerate() {
                if self.compare(*before, *after)?.is_empty() {
                    row.push(index);
                }
            }
            fits.push(row);
        }
        if largest_matching(&fits, new.len()) < old.len().min(new.len()) {
            findings.add(JsonRule::CombinedTypeSubschemasChanged, "");
        }
        Ok(())
    }

    /// The members without those that print like an earlier one.
    fn distinct(&mut self, (at, combined): Side<'_>) -> Vec<At> {
        let mut seen = HashSet::new();
        let shapes = self.shapes(at.owner);
        let members = combined.members.iter().filter(|member| seen.insert(shapes.of(**member)));
        members.map(|member| at.with(*member)).collect()
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
