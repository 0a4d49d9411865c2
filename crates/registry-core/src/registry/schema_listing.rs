//! The list of schemas: which versions it shows, and what it tells beside them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use levada_schema_core::RuleSet;

use super::{AssociationFilter, Registry};
use crate::{
    Association, AssociationQuery, KeyQuery, Lifecycle, Page, QualifiedSubject, ReadTransaction,
    RegistryError, SchemaVersion, Store, StoredVersion,
};
use crate::{SubjectFilter, VersionKey};

/// What a list of schemas shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaListing {
    pub subjects: SubjectFilter,
    /// Follows aliases too whose names match, and tells the aliases of each subject.
    pub aliases: bool,
    pub deleted: bool,
    /// The newest shown version of each subject alone.
    pub latest_only: bool,
    /// Schemas alone that have a rule of this type.
    pub rule_type: Option<String>,
    /// Schemas alone whose subjects have, or have not, such associations.
    pub associations: Option<AssociationListing>,
    pub page: Page,
}

/// Which subjects a list shows for their associations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssociationListing {
    /// The associations that count.
    pub filter: AssociationFilter,
    /// Of these lifecycles; without any and without `unassociated`, of all.
    pub lifecycles: Vec<Lifecycle>,
    /// Shows the subjects without any too.
    pub unassociated: bool,
}

impl AssociationListing {
    /// What is shown of the associations of a subject; nothing hides the subject.
    fn shown(&self, mut all: Vec<Association>) -> Option<Vec<Association>> {
        all.retain(|association| self.filter.shows(association));
        if all.is_empty() {
            return self.unassociated.then_some(all);
        }
        if !self.lifecycles.is_empty() {
            all.retain(|association| self.lifecycles.contains(&association.lifecycle));
        } else if self.unassociated {
            return None;
        }
        (!all.is_empty()).then_some(all)
    }
}

/// A version in a list of schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSchema {
    pub version: StoredVersion,
    /// Where the list follows aliases, those of the subject.
    pub aliases: Vec<QualifiedSubject>,
    /// Where the list asks for associations, those of the subject.
    pub associations: Vec<Association>,
}

/// Least and most keys that are read at a time.
const KEYS_AT_ONCE: (usize, usize) = (100, 1_000);

type Aliases = BTreeMap<QualifiedSubject, Vec<QualifiedSubject>>;

impl<S: Store> Registry<S> {
    /// A page of the schemas, by subject and version.
    pub async fn schemas(
        &self,
        listing: &SchemaListing,
    ) -> Result<Vec<ListedSchema>, RegistryError> {
        let mut tx = self.store.read().await?;
        let aliases =
            if listing.aliases { aliases(&mut tx, listing).await? } else { Aliases::new() };
        let mut page = listing.page.fill();
        let mut keys = Keys::new(listing, &aliases);
        let shows_all = listing.rule_type.is_none() && listing.associations.is_none();
        while !page.is_full() {
            let Some(key) = keys.next(&mut tx, page.missing()).await? else { break };
            if shows_all && page.skip() {
                continue;
            }
            let Some(version) = tx.version(&key.subject, key.version).await? else { continue };
            if !has_rule_of_type(&version, listing.rule_type.as_deref()) {
                continue;
            }
            let Some(associations) = associations(&mut tx, listing, &key.subject).await? else {
                continue;
            };
            let aliases = aliases.get(&key.subject).cloned().unwrap_or_default();
            page.push(ListedSchema { version, aliases, associations });
        }
        Ok(page.into_items())
    }
}

/// The aliases whose names the list asks for, by their targets.
async fn aliases<T: ReadTransaction>(
    tx: &mut T,
    listing: &SchemaListing,
) -> Result<Aliases, RegistryError> {
    let mut aliases = Aliases::new();
    for (name, config) in tx.configs(&listing.subjects).await? {
        if let Some(target) = config.alias_of(&name) {
            aliases.entry(target).or_default().push(name);
        }
    }
    Ok(aliases)
}

/// The versions that may be shown, by subject and version. They are read in parts.
struct Keys<'a> {
    listing: &'a SchemaListing,
    /// Targets of aliases that the filter does not match itself, the next one last.
    targets: Vec<&'a QualifiedSubject>,
    part: VecDeque<VersionKey>,
    /// The end of the last part.
    after: Option<(QualifiedSubject, SchemaVersion)>,
    is_at_end: bool,
}

impl<'a> Keys<'a> {
    fn new(listing: &'a SchemaListing, aliases: &'a Aliases) -> Self {
        let others = aliases.keys().filter(|target| !listing.subjects.matches(target));
        let mut targets: Vec<_> = others.collect();
        targets.sort_by_cached_key(|target| Reverse(target.to_string()));
        Self { listing, targets, part: VecDeque::new(), after: None, is_at_end: false }
    }

    /// The next one, of so many that are wanted in all.
    async fn next<T: ReadTransaction>(
        &mut self,
        tx: &mut T,
        wanted: usize,
    ) -> Result<Option<VersionKey>, RegistryError> {
        while self.part.is_empty() && !self.is_at_end {
            let (least, most) = KEYS_AT_ONCE;
            self.part = self.read(tx, wanted.clamp(least, most)).await?.into();
        }
        Ok(self.part.pop_front())
    }

    async fn read<T: ReadTransaction>(
        &mut self,
        tx: &mut T,
        limit: usize,
    ) -> Result<Vec<VersionKey>, RegistryError> {
        let SchemaListing { subjects, deleted, latest_only, .. } = self.listing;
        let after = self.after.as_ref().map(|(subject, version)| (subject, *version));
        let (deleted, latest_only) = (*deleted, *latest_only);
        let query = KeyQuery { subjects, after, deleted, latest_only, limit };
        let mut keys = tx.key_page(query).await?;
        self.is_at_end = keys.len() < limit;
        self.after = keys.last().map(|last| (last.subject.clone(), last.version));
        let end = self.after.as_ref().map(|(subject, _)| subject.to_string());
        let is_before_end = |target: &&QualifiedSubject| {
            self.is_at_end || end.as_ref().is_some_and(|end| target.to_string() < *end)
        };
        let mut added = Vec::new();
        while let Some(target) = self.targets.pop_if(|target| is_before_end(target)) {
            let mut versions = tx.version_keys(target).await?;
            versions.retain(|key| deleted || !key.is_deleted);
            let hidden = if latest_only { versions.len().saturating_sub(1) } else { 0 };
            added.extend(versions.into_iter().skip(hidden));
        }
        if !added.is_empty() {
            keys.extend(added);
            keys.sort_by_cached_key(|key| (key.subject.to_string(), key.version));
        }
        Ok(keys)
    }
}

/// What the list shows of a subject's associations; nothing hides the subject.
async fn associations<T: ReadTransaction>(
    tx: &mut T,
    listing: &SchemaListing,
    subject: &QualifiedSubject,
) -> Result<Option<Vec<Association>>, RegistryError> {
    match &listing.associations {
        None => Ok(Some(Vec::new())),
        Some(wanted) => {
            Ok(wanted.shown(tx.associations(AssociationQuery::OfSubject(subject)).await?))
        }
    }
}

fn has_rule_of_type(version: &StoredVersion, rule_type: Option<&str>) -> bool {
    let mut rules = version.schema.contract.rule_set.iter().flat_map(RuleSet::rules);
    rule_type.is_none_or(|wanted| rules.any(|rule| rule.rule_type.as_deref() == Some(wanted)))
}
