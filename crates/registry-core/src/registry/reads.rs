//! Reading single schemas: by version, by id, by guid, by metadata.

use std::sync::Arc;

use levada_schema_core::{Fingerprint, SchemaType};

use super::Registry;
use super::candidate::Loaded;
use crate::{Context, QualifiedSubject, ReadTransaction, RegistryError, SchemaId, Store};
use crate::{StoredSchema, StoredVersion, VersionKey, VersionSpec};

/// How a schema's text is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SchemaFormat {
    /// As it is stored.
    #[default]
    Stored,
    /// With its references written out.
    Resolved,
}

impl SchemaFormat {
    /// The meaning of a `format` parameter for a schema type. Names that the type does not know
    /// mean the stored text; names that would change the text in a way not built yet are refused.
    pub fn parse(name: &str, schema_type: SchemaType) -> Result<Self, RegistryError> {
        let name = name.to_ascii_lowercase();
        match (schema_type, name.as_str()) {
            (SchemaType::Avro, "resolved") => Ok(Self::Resolved),
            (SchemaType::Protobuf, "serialized" | "ignore_extensions") | (_, "logical") => {
                Err(RegistryError::NotSupported(format!(
                    "format={name} of {schema_type} schemas is not implemented yet"
                )))
            }
            _ => Ok(Self::Stored),
        }
    }
}

/// A content by id, and one version that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSchema {
    pub context: Context,
    pub schema: Arc<StoredSchema>,
    pub holder: Option<StoredVersion>,
}

impl<S: Store> Registry<S> {
    /// A version of a subject. A plain subject that misses is looked for in every other context.
    pub async fn version(
        &self,
        subject: &QualifiedSubject,
        version: VersionSpec,
        deleted: bool,
    ) -> Result<StoredVersion, RegistryError> {
        find_version(&mut self.store.read().await?, subject, version, deleted).await
    }

    /// The newest version whose metadata holds all `pairs`.
    pub async fn version_by_metadata(
        &self,
        subject: &QualifiedSubject,
        pairs: &[(String, String)],
        deleted: bool,
    ) -> Result<StoredVersion, RegistryError> {
        let mut versions = self.store.read().await?.versions(subject).await?;
        versions.retain(|version| deleted || !version.is_deleted);
        if versions.is_empty() {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let holds_all = |version: &StoredVersion| {
            version.schema.metadata.as_ref().is_some_and(|metadata| {
                pairs.iter().all(|(key, value)| metadata.properties.get(key) == Some(value))
            })
        };
        versions.into_iter().rfind(holds_all).ok_or(RegistryError::NoSuchSchema)
    }

    /// A content by id. Without a subject it is looked for in the default context, with one as
    /// [`find_id`] says.
    pub async fn schema_by_id(
        &self,
        id: SchemaId,
        subject: &QualifiedSubject,
    ) -> Result<FoundSchema, RegistryError> {
        let mut tx = self.store.read().await?;
        let (context, holder) = find_id(&mut tx, id, subject).await?;
        let holder = match holder {
            Some(key) => tx.version(&key.subject, key.version).await?,
            None => None,
        };
        let schema = match &holder {
            Some(holder) => Arc::clone(&holder.schema),
            None => Arc::new(
                tx.schema(&context, id).await?.ok_or_else(|| RegistryError::unknown_id(id))?,
            ),
        };
        Ok(FoundSchema { context, schema, holder })
    }

    /// The highest id ever taken in a context.
    pub async fn max_id(&self, context: &Context) -> Result<Option<SchemaId>, RegistryError> {
        Ok(self.store.read().await?.max_id(context).await?)
    }

    /// A content by guid, from the default context first; a text that is no guid is not found.
    pub async fn schema_by_guid(&self, guid: &str) -> Result<FoundSchema, RegistryError> {
        let unknown = || RegistryError::SchemaNotFound(guid.to_owned());
        let fingerprint = guid.parse::<Fingerprint>().map_err(|_| unknown())?;
        let mut tx = self.store.read().await?;
        let ids = tx.ids_of(fingerprint).await?;
        let (context, id) = ids.into_iter().next().ok_or_else(unknown)?;
        let schema = tx.schema(&context, id).await?.ok_or_else(unknown)?;
        let holders = tx.holders(&context, id).await?;
        let holder = match pick_holder(&holders) {
            Some(key) => tx.version(&key.subject, key.version).await?,
            None => None,
        };
        Ok(FoundSchema { context, schema: Arc::new(schema), holder })
    }

    /// The ids that a guid has, by context.
    pub async fn ids_by_guid(&self, guid: &str) -> Result<Vec<(Context, SchemaId)>, RegistryError> {
        match guid.parse::<Fingerprint>() {
            Ok(fingerprint) => Ok(self.store.read().await?.ids_of(fingerprint).await?),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// The text of `schema`, which is stored in `context`, in a format.
    pub async fn text(
        &self,
        context: &Context,
        schema: &Arc<StoredSchema>,
        format: SchemaFormat,
    ) -> Result<String, RegistryError> {
        if format == SchemaFormat::Stored || schema.references.is_empty() {
            return Ok(schema.text.clone());
        }
        let mut tx = self.store.read().await?;
        let loaded = Loaded::of_content(&mut tx, context, schema).await?;
        drop(tx);
        let parsed = self.parser.parse(&loaded, levada_schema_core::Validation::Stored).await?;
        self.parser.pool.run(move || parsed.resolved()).await
    }
}

impl RegistryError {
    pub(super) fn unknown_id(id: SchemaId) -> Self {
        Self::SchemaNotFound(id.to_string())
    }
}

/// Every named context, in order.
pub(super) async fn other_contexts<T: ReadTransaction>(
    tx: &mut T,
) -> Result<Vec<Context>, RegistryError> {
    let mut contexts = tx.contexts().await?;
    contexts.retain(|context| !context.is_default());
    Ok(contexts)
}

/// See [`Registry::version`].
pub(super) async fn find_version<T: ReadTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
    version: VersionSpec,
    deleted: bool,
) -> Result<StoredVersion, RegistryError> {
    let missed =
        match version_in(tx, subject, version, deleted).await {
            Err(
                error @ (RegistryError::SubjectNotFound(_) | RegistryError::VersionNotFound(_)),
            ) if subject.context.is_default() => error,
            other => return other,
        };
    for context in other_contexts(tx).await? {
        if let Ok(found) = version_in(tx, &subject.within(context), version, deleted).await {
            return Ok(found);
        }
    }
    Err(missed)
}

/// `latest` is the highest live version, whatever `deleted` says; that decides only whether a
/// subject without live versions exists (observed: 40401 without, 40402 with it).
async fn version_in<T: ReadTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
    version: VersionSpec,
    deleted: bool,
) -> Result<StoredVersion, RegistryError> {
    let number = match version {
        VersionSpec::Number(number) => Some(number),
        VersionSpec::Latest => {
            let keys = tx.version_keys(subject).await?;
            keys.iter().rfind(|key| !key.is_deleted).map(|key| key.version)
        }
    };
    let found = match number {
        Some(number) => tx.version(subject, number).await?,
        None => None,
    };
    if let Some(found) = found.filter(|found| deleted || !found.is_deleted) {
        return Ok(found);
    }
    let keys = tx.version_keys(subject).await?;
    if keys.iter().any(|key| deleted || !key.is_deleted) {
        Err(RegistryError::VersionNotFound(version))
    } else {
        Err(RegistryError::SubjectNotFound(subject.clone()))
    }
}

/// Where an id is meant to be, and the version that shows it.
///
/// A qualified subject must hold the id itself; `:.context:` takes any holder there. A plain
/// subject is tried in the default context, then in every other one, and at last any holder in
/// the default context will do.
pub(super) async fn find_id<T: ReadTransaction>(
    tx: &mut T,
    id: SchemaId,
    subject: &QualifiedSubject,
) -> Result<(Context, Option<VersionKey>), RegistryError> {
    if !subject.is_context() {
        let mut contexts = vec![subject.context.clone()];
        if subject.context.is_default() {
            contexts.extend(other_contexts(tx).await?);
        }
        for context in contexts {
            let wanted = subject.within(context);
            let mut holders = tx.holders(&wanted.context, id).await?;
            holders.retain(|holder| holder.subject == wanted);
            if let Some(newest) = holders.pop() {
                return Ok((wanted.context, Some(newest)));
            }
        }
        if !subject.context.is_default() {
            return Err(RegistryError::unknown_id(id));
        }
    }
    let context = subject.context.clone();
    let holders = tx.holders(&context, id).await?;
    let holder = pick_holder(&holders);
    if holder.is_none() && tx.schema(&context, id).await?.is_none() {
        return Err(RegistryError::unknown_id(id));
    }
    Ok((context, holder))
}

/// Of all holders the newest version of the first subject that is live, or else of the first.
fn pick_holder(holders: &[VersionKey]) -> Option<VersionKey> {
    let first = holders.iter().find(|holder| !holder.is_deleted).or_else(|| holders.first())?;
    holders
        .iter()
        .rfind(|holder| holder.subject == first.subject && holder.is_deleted == first.is_deleted)
        .cloned()
}
