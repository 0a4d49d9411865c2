//! Reading single schemas: by version, by id, by guid, by metadata.

use levada_schema_core::{Fingerprint, Limits, Metadata, Schema, SchemaType};

use super::Registry;
use super::references::References;
use crate::parser::{Target, resolved};
use crate::{Context, QualifiedSubject, ReadTransaction, RegistryError, SchemaId, Store};
use crate::{StoredVersion, VersionSpec};

/// How a schema's text is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SchemaFormat {
    /// As it is stored.
    #[default]
    Stored,
    /// With its references written out.
    Resolved,
    /// Without custom options and extensions.
    WithoutExtensions,
    /// A base64 `FileDescriptorProto`.
    Serialized,
    /// A type definition.
    Logical,
}

impl SchemaFormat {
    /// The meaning of a `format` parameter for a schema type. Names that the type does not know
    /// mean the stored text.
    pub fn parse(name: &str, schema_type: SchemaType) -> Self {
        match (schema_type, name.to_ascii_lowercase().as_str()) {
            (SchemaType::Avro, "resolved") => Self::Resolved,
            (SchemaType::Protobuf, "ignore_extensions") => Self::WithoutExtensions,
            (SchemaType::Protobuf, "serialized") => Self::Serialized,
            _ => Self::Stored,
        }
    }

    fn render(
        self,
        schema: &Schema,
        closure: &[Target],
        limits: &Limits,
    ) -> Result<String, RegistryError> {
        Ok(match (self, schema) {
            (Self::Logical, schema) => {
                levada_logical_types::from_native(schema, &resolved(closure), limits)?
            }
            (Self::Resolved, schema) => schema.resolved(),
            (Self::WithoutExtensions, Schema::Protobuf(schema)) => schema.without_extensions(),
            (Self::Serialized, Schema::Protobuf(schema)) => schema.serialized(),
            (_, schema) => schema.canonical().to_owned(),
        })
    }
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
        let mut tx = self.store.read().await?;
        let mut versions = tx.version_metadata(subject).await?;
        versions.retain(|(key, _)| deleted || !key.is_deleted);
        if versions.is_empty() {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let holds_all = |metadata: &Metadata| {
            pairs.iter().all(|(key, value)| metadata.properties.get(key) == Some(value))
        };
        let newest =
            versions.iter().rfind(|(_, metadata)| metadata.as_ref().is_some_and(holds_all));
        let (newest, _) = newest.ok_or(RegistryError::NoSuchSchema)?;
        tx.version(subject, newest.version).await?.ok_or(RegistryError::NoSuchSchema)
    }

    /// A version that holds an id, looked for as [`find_id`] says.
    pub async fn schema_by_id(
        &self,
        id: SchemaId,
        subject: &QualifiedSubject,
    ) -> Result<StoredVersion, RegistryError> {
        find_id(&mut self.store.read().await?, id, subject).await
    }

    /// The highest id ever taken in a context.
    pub async fn max_id(&self, context: &Context) -> Result<Option<SchemaId>, RegistryError> {
        Ok(self.store.read().await?.max_id(context).await?)
    }

    /// A version that holds a guid, in the default context first; a text that is no guid is not
    /// found.
    pub async fn schema_by_guid(&self, guid: &str) -> Result<StoredVersion, RegistryError> {
        let unknown = || RegistryError::SchemaNotFound(guid.to_owned());
        let fingerprint = guid.parse::<Fingerprint>().map_err(|_| unknown())?;
        let mut tx = self.store.read().await?;
        let ids = tx.ids_of(fingerprint).await?;
        let (context, id) = ids.into_iter().next().ok_or_else(unknown)?;
        tx.holder(&context, id, None).await?.ok_or_else(unknown)
    }

    /// The ids that a guid has, by context.
    pub async fn ids_by_guid(&self, guid: &str) -> Result<Vec<(Context, SchemaId)>, RegistryError> {
        match guid.parse::<Fingerprint>() {
            Ok(fingerprint) => Ok(self.store.read().await?.ids_of(fingerprint).await?),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// The text of a version in a format.
    pub async fn text(
        &self,
        version: &StoredVersion,
        format: SchemaFormat,
    ) -> Result<String, RegistryError> {
        if format == SchemaFormat::Stored {
            return Ok(version.schema.text.clone());
        }
        let limits = self.parser.limits;
        let mut tx = self.store.read().await?;
        let loaded = References::new(&mut tx, &limits).load(version.clone()).await?;
        drop(tx);
        let parsed = self.parse_loaded(&loaded).await?;
        self.parser.pool.run(move || format.render(&parsed, &loaded.closure, &limits)).await?
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
    use RegistryError::{SubjectNotFound, VersionNotFound};
    let missed = match version_in(tx, subject, version, deleted).await {
        Err(error @ (SubjectNotFound(_) | VersionNotFound(_))) if subject.context.is_default() => {
            error
        }
        other => return other,
    };
    for context in other_contexts(tx).await? {
        match version_in(tx, &subject.within(context), version, deleted).await {
            Err(SubjectNotFound(_) | VersionNotFound(_)) => {}
            other => return other,
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
    let found = match version {
        VersionSpec::Number(number) => tx.version(subject, number).await?,
        VersionSpec::Latest => tx.latest_version(subject).await?,
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

/// The version that an id and the parameter `subject` mean.
///
/// A qualified subject must hold the id itself; `:.context:` takes any holder there. A plain
/// subject is tried in the default context, then in every other one, and at last any holder in
/// the default context will do.
pub(super) async fn find_id<T: ReadTransaction>(
    tx: &mut T,
    id: SchemaId,
    subject: &QualifiedSubject,
) -> Result<StoredVersion, RegistryError> {
    let home = &subject.context;
    let name = (!subject.is_context()).then_some(subject.subject.as_str());
    if let Some(found) = tx.holder(home, id, name).await? {
        return Ok(found);
    }
    if name.is_some() && home.is_default() {
        for context in other_contexts(tx).await? {
            if let Some(found) = tx.holder(&context, id, name).await? {
                return Ok(found);
            }
        }
        if let Some(found) = tx.holder(home, id, None).await? {
            return Ok(found);
        }
    }
    Err(RegistryError::SchemaNotFound(id.to_string()))
}
