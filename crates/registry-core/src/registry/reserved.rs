//! Fields that the metadata reserves: a schema must not have them, and a later version must go on
//! reserving them.

use std::collections::BTreeSet;

use levada_schema_core::{Metadata, Schema};

use super::compatibility::property;

/// The findings on a schema with `metadata` that follows one with `latest`.
pub(super) fn reserved_fields(
    schema: &Schema,
    metadata: Option<&Metadata>,
    latest: Option<&Metadata>,
) -> Vec<String> {
    let (reserved, before) = (names(metadata), names(latest));
    let removed = before.difference(&reserved).map(|name| {
        format!(
            "The new schema has reserved field {name} removed from its metadata which is present in \
             the old schema's metadata."
        )
    });
    let taken = reserved.iter().filter(|name| schema.has_top_level_field(name)).map(|name| {
        format!("The new schema has field that conflicts with the reserved field {name}.")
    });
    removed.chain(taken).collect()
}

/// A list separated by commas; blanks around the names do not count.
fn names(metadata: Option<&Metadata>) -> BTreeSet<&str> {
    let list = property(metadata, "confluent:reserved").unwrap_or_default();
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}
