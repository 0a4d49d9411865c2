//! The list of schemas: which versions it shows, and what it tells beside them.

use std::collections::BTreeMap;

use levada_schema_core::RuleSet;

use super::listing::code_units;
use super::{AssociationFilter, Registry};
use crate::{
    Association, AssociationQuery, Lifecycle, Page, QualifiedSubject, ReadTransaction,
    RegistryError, Store, StoredVersion,
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
        let keys = keys(&mut tx, listing, &aliases).await?;
        let mut page = listing.page.fill();
        for key in keys {
            if page.is_full() {
                break;
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

/// The versions that may be shown, by subject and version.
async fn keys<T: ReadTransaction>(
    tx: &mut T,
    listing: &SchemaListing,
    aliases: &Aliases,
) -> Result<Vec<VersionKey>, RegistryError> {
    let mut keys = tx.all_version_keys(&listing.subjects).await?;
    for target in aliases.keys().filter(|target| !listing.subjects.matches(target)) {
        keys.extend(tx.version_keys(target).await?);
    }
    keys.retain(|key| listing.deleted || !key.is_deleted);
    if listing.latest_only {
        // Ascending by version, so the last of a subject's run is its newest.
        let newest = keys.chunk_by(|a, b| a.subject == b.subject).filter_map(<[_]>::last);
        keys = newest.cloned().collect();
    }
    keys.sort_by_cached_key(|key| (code_units(&key.subject), key.version));
    Ok(keys)
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
