//! The list of schemas: which versions it shows, and what it tells beside them.

use std::collections::BTreeMap;

use levada_schema_core::RuleSet;

use super::Registry;
use super::listing::code_units;
use crate::{Page, QualifiedSubject, ReadTransaction, RegistryError, Store, StoredVersion};
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
    pub page: Page,
}

/// A version in a list of schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSchema {
    pub version: StoredVersion,
    /// Where the list follows aliases, those of the subject.
    pub aliases: Vec<QualifiedSubject>,
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
            let aliases = aliases.get(&key.subject).cloned().unwrap_or_default();
            page.push(ListedSchema { version, aliases });
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

fn has_rule_of_type(version: &StoredVersion, rule_type: Option<&str>) -> bool {
    let mut rules = version.schema.contract.rule_set.iter().flat_map(RuleSet::rules);
    rule_type.is_none_or(|wanted| rules.any(|rule| rule.rule_type.as_deref() == Some(wanted)))
}
