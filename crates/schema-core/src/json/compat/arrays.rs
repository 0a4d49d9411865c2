//! Arrays: the schema of all items, positions under their content models, sizes.

use super::Findings;
use super::bounds::{Bound, lower, upper};
use super::hub::{At, Comparison};
use super::objects::accepts_all;
use crate::json::decimal::Decimal;
use crate::json::model::{Additional, ArrayRules, Kind, NodeId};
use crate::{CheckError, JsonRule};

const MAX_ITEMS: Bound = Bound {
    keyword: "maxItems",
    added: JsonRule::MaxItemsAdded,
    tightened: JsonRule::MaxItemsDecreased,
};
const MIN_ITEMS: Bound = Bound {
    keyword: "minItems",
    added: JsonRule::MinItemsAdded,
    tightened: JsonRule::MinItemsIncreased,
};
const MAX_CONTAINS: Bound = Bound {
    keyword: "maxContains",
    added: JsonRule::MaxContainsAdded,
    tightened: JsonRule::MaxContainsDecreased,
};
const MIN_CONTAINS: Bound = Bound {
    keyword: "minContains",
    added: JsonRule::MinContainsAdded,
    tightened: JsonRule::MinContainsIncreased,
};

/// An array schema and where it stands.
type Side<'a> = (At, &'a ArrayRules);

impl Comparison<'_> {
    pub(super) fn arrays(
        &mut self,
        findings: &mut Findings,
        original: Side<'_>,
        update: Side<'_>,
    ) -> Result<(), CheckError> {
        let ((from, old), (to, new)) = (original, update);
        let items = (old.items.map(|node| from.with(node)), new.items.map(|node| to.with(node)));
        self.optional(findings, "items", items.0, items.1)?;
        self.positions(findings, original, update)?;
        let rules = (JsonRule::AdditionalItemsRemoved, JsonRule::AdditionalItemsNarrowed);
        let path = "additionalItems";
        self.additional(findings, path, rules, (from, old.additional), (to, new.additional))?;
        let rules = (JsonRule::UnevaluatedItemsRemoved, JsonRule::UnevaluatedItemsNarrowed);
        self.unevaluated(
            findings,
            "unevaluatedItems",
            rules,
            old.unevaluated.map(|node| from.with(node)),
            new.unevaluated.map(|node| to.with(node)),
        )?;
        upper(findings, MAX_ITEMS, old.max_items, new.max_items);
        lower(findings, MIN_ITEMS, old.min_items, new.min_items);
        if !old.unique && new.unique {
            findings.add(JsonRule::UniqueItemsAdded, "uniqueItems");
        }
        let count = |limit: &Option<Decimal>| limit.as_ref().map(Decimal::to_i32_wrapping);
        upper(findings, MAX_CONTAINS, count(&old.max_contains), count(&new.max_contains));
        lower(findings, MIN_CONTAINS, count(&old.min_contains), count(&new.min_contains));
        Ok(())
    }

    fn positions(
        &mut self,
        findings: &mut Findings,
        original: Side<'_>,
        update: Side<'_>,
    ) -> Result<(), CheckError> {
        let (old, new) = (&original.1.positions, &update.1.positions);
        for (index, (before, after)) in old.iter().zip(new).enumerate() {
            let path = format!("items/{index}");
            self.below(findings, &path, original.0.with(*before), update.0.with(*after))?;
        }
        for (index, node) in old.iter().enumerate().skip(new.len()) {
            self.position_removed(
                findings,
                &format!("items/{index}"),
                original.0.with(*node),
                update,
            )?;
        }
        for (index, node) in new.iter().enumerate().skip(old.len()) {
            self.position_added(
                findings,
                &format!("items/{index}"),
                original,
                update.0.with(*node),
            )?;
        }
        Ok(())
    }

    fn position_removed(
        &mut self,
        findings: &mut Findings,
        path: &str,
        item: At,
        update: Side<'_>,
    ) -> Result<(), CheckError> {
        if self.is_open_array(update) {
            return Ok(());
        }
        match self.covering_item(update) {
            Some(covering) => {
                if !self.below(findings, path, item, update.0.with(covering))? {
                    let rule = JsonRule::ItemRemovedNotCoveredByPartiallyOpenContentModel;
                    findings.add(rule, path);
                }
            }
            None if matches!(self.node(item).kind, Kind::False) => {}
            None => findings.add(JsonRule::ItemRemovedFromClosedContentModel, path),
        }
        Ok(())
    }

    fn position_added(
        &mut self,
        findings: &mut Findings,
        path: &str,
        original: Side<'_>,
        item: At,
    ) -> Result<(), CheckError> {
        if self.is_open_array(original) {
            if !accepts_all(self.node(item)) {
                findings.add(JsonRule::ItemAddedToOpenContentModel, path);
            }
            return Ok(());
        }
        if let Some(covering) = self.covering_item(original)
            && !self.below(findings, path, original.0.with(covering), item)?
        {
            findings.add(JsonRule::ItemAddedNotCoveredByPartiallyOpenContentModel, path);
        }
        Ok(())
    }

    /// Anything may stand beyond the listed positions.
    fn is_open_array(&self, (at, rules): Side<'_>) -> bool {
        rules.additional == Additional::Allowed
            && rules.unevaluated.is_none_or(|node| accepts_all(self.node(at.with(node))))
    }

    /// The schema of what stands beyond the listed positions.
    fn covering_item(&self, (at, rules): Side<'_>) -> Option<NodeId> {
        match rules.additional {
            Additional::Schema(node) => Some(node),
            Additional::Refused => None,
            Additional::Allowed => self.covering_unevaluated(at, rules.unevaluated),
        }
    }
}
