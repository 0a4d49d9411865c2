//! Registration: a draft becomes a version of a subject.
//!
//! Parsing and comparing run before the write transaction, against one instant of the subject.
//! The write transaction then checks that neither the subject nor any setting has moved since;
//! otherwise the registration starts over. The last attempt decides inside the write
//! transaction, so that a busy subject delays a registration but never defeats it.

use std::sync::Arc;

use levada_schema_core::{Contract, Fingerprint, Reference, TagChanges, Validation};

use super::candidate::{Candidate, Held, Reading};
use super::references::Closure;
use super::snapshot::Snapshot;
use super::{Draft, Registry, delete, now_ms};
use crate::contract::check_rule_set;
use crate::{
    About, QualifiedSubject, RegistryError, SchemaId, SchemaVersion, Store, StoredSchema,
    StoredVersion, VersionKey, WriteTransaction,
};

/// The version that a draft means which changes tags and names none: the latest, so that the new
/// one carries its number.
pub const RETAGGED_VERSION: i32 = -1;

/// Attempts that decide outside the write transaction.
const OPTIMISTIC_ATTEMPTS: usize = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegisterOptions {
    pub normalize: bool,
    /// Skips the compatibility check and nothing else.
    pub force: bool,
    /// Adds the tags of the latest version.
    pub propagate_tags: bool,
}

/// What a registration led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    pub version: StoredVersion,
    /// Whether the subject did not hold the schema before.
    pub is_new: bool,
}

impl Registered {
    fn about(&self) -> About {
        let StoredVersion { subject, version, schema, .. } = &self.version;
        About { id: Some(schema.id), ..About::subject(subject).version(*version) }
    }
}

/// A version to be added, decided on a snapshot.
struct Addition {
    version: SchemaVersion,
    schema: Content,
    /// The id it must get.
    id: Option<SchemaId>,
    closure: Closure,
}

struct Content {
    candidate: Candidate,
    contract: Contract,
}

enum Decision {
    Existing(StoredVersion),
    Add(Box<Addition>),
}

impl<S: Store> Registry<S> {
    /// Registers `draft` under `subject`, or finds it there.
    pub async fn register(
        &self,
        subject: &QualifiedSubject,
        draft: &Draft,
        options: RegisterOptions,
    ) -> Result<Registered, RegistryError> {
        check_draft(subject, draft)?;
        for _ in 0..OPTIMISTIC_ATTEMPTS {
            let mut read = self.store.read().await?;
            let limits = &self.parser.limits;
            let snapshot = Snapshot::take(&mut read, subject, draft, options, limits).await?;
            drop(read);
            let addition = match self.decide(subject, draft, options, &snapshot).await? {
                Decision::Existing(version) => return Ok(Registered { version, is_new: false }),
                Decision::Add(addition) => addition,
            };
            let mut tx = self.store.write_in_group().await?;
            if snapshot.is_current(&mut tx, subject, &addition.closure).await? {
                let registered = add(&mut tx, subject, *addition, &snapshot.keys).await?;
                self.commit(tx, registered.about()).await?;
                return Ok(registered);
            }
        }
        let mut tx = self.store.write().await?;
        let registered = self.register_within(&mut tx, subject, draft, options).await?;
        if registered.is_new {
            self.commit(tx, registered.about()).await?;
        }
        Ok(registered)
    }

    /// Registers as a part of `tx`, which the caller commits: parsing and comparing hold it up.
    pub(super) async fn register_within<T: WriteTransaction>(
        &self,
        tx: &mut T,
        subject: &QualifiedSubject,
        draft: &Draft,
        options: RegisterOptions,
    ) -> Result<Registered, RegistryError> {
        check_draft(subject, draft)?;
        let limits = &self.parser.limits;
        let snapshot = Snapshot::take(tx, subject, draft, options, limits).await?;
        match self.decide(subject, draft, options, &snapshot).await? {
            Decision::Existing(version) => Ok(Registered { version, is_new: false }),
            Decision::Add(addition) => add(tx, subject, *addition, &snapshot.keys).await,
        }
    }

    /// The order of the checks is the reference's: an existing schema is found before the mode is
    /// looked at, and a text that does not parse is reported before both.
    async fn decide(
        &self,
        subject: &QualifiedSubject,
        draft: &Draft,
        options: RegisterOptions,
        snapshot: &Snapshot,
    ) -> Result<Decision, RegistryError> {
        let importing = snapshot.mode.takes_ids();
        let normalize = !importing && (options.normalize || snapshot.config.normalize());
        // Where tags or the contract are changed, a schema is equal only after that was done.
        let is_as_given =
            draft.tags.is_empty() && !options.propagate_tags && !snapshot.config.has_contract();
        if !draft.text.trim().is_empty() && is_as_given {
            let found = self.early_lookup(draft, normalize, snapshot).await?;
            if let Some(version) = found {
                return Ok(Decision::Existing(version));
            }
        }
        if !draft.tags.is_empty() {
            // Tags for what the schema does not have are reported before the mode, too.
            let reading = Reading::to_compare(false, &snapshot.config);
            self.candidate(draft, &snapshot.closure.clone()?, reading).await?;
        }
        if snapshot.mode.is_read_only() {
            return Err(RegistryError::ReadOnly(subject.clone()));
        }
        match (importing, draft.explicit_id()) {
            (true, Some(id)) => self.decide_import(draft, id, snapshot).await,
            (true, None) => Err(RegistryError::NotInReadWriteMode(subject.clone())),
            (false, Some(_)) => Err(RegistryError::NotInImportMode(subject.clone())),
            (false, None) => {
                self.decide_new(subject, RegisterOptions { normalize, ..options }, snapshot).await
            }
        }
    }

    /// A live version that holds the draft and contradicts neither its id nor its version.
    async fn early_lookup(
        &self,
        draft: &Draft,
        normalize: bool,
        snapshot: &Snapshot,
    ) -> Result<Option<StoredVersion>, RegistryError> {
        let closure = snapshot.closure.clone()?;
        let reading = Reading::to_compare(normalize, &snapshot.config);
        let candidate = self.candidate(draft, &closure, reading).await?;
        let versions = match (draft.version, snapshot.live.as_slice()) {
            (-1, [.., latest]) => std::slice::from_ref(latest),
            (_, live) => live,
        };
        let held = Held { versions, ..snapshot.held() };
        let found = self.find_equal(&candidate, &draft.contract, held).await?;
        let fits = |found: &&StoredVersion| {
            let explicit = draft.explicit_id();
            let id_fits = explicit.is_none_or(|id| id == found.schema.id);
            // A numbered version is a wish for that very number, unless the id comes with it.
            let version_fits =
                draft.version <= 0 || (explicit.is_some() && draft.version == found.version.0);
            id_fits && version_fits
        };
        Ok(found.filter(fits).cloned())
    }

    /// With explicit id: nothing is inherited, validated beyond parsing, or compared.
    async fn decide_import(
        &self,
        draft: &Draft,
        id: SchemaId,
        snapshot: &Snapshot,
    ) -> Result<Decision, RegistryError> {
        let closure = snapshot.closure.clone()?;
        let reading =
            Reading { normalize: false, validation: Validation::Stored, strict_fields: false };
        let candidate = self.candidate(draft, &closure, reading).await?;
        check_not_owned(&closure)?;
        let version = match draft.version {
            number if number > 0 => SchemaVersion(number),
            _ => snapshot.next_version()?,
        };
        let schema = Content { candidate, contract: draft.contract.clone() };
        Ok(Decision::Add(Box::new(Addition { version, schema, id: Some(id), closure })))
    }

    async fn decide_new(
        &self,
        subject: &QualifiedSubject,
        options: RegisterOptions,
        snapshot: &Snapshot,
    ) -> Result<Decision, RegistryError> {
        let mut draft = snapshot.completed.clone();
        if let Some(tagged) = &snapshot.tagged {
            let add = self.tags_of(tagged).await?;
            draft.tags.push(TagChanges { add, remove: Vec::new() });
        }
        if draft.text.trim().is_empty() {
            return Err(RegistryError::InvalidSchema("Empty schema".to_owned()));
        }
        let closure = snapshot.closure.clone()?;
        if let Some(deleted) = &closure.deleted {
            return Err(deleted_reference(deleted));
        }
        let reading = Reading {
            normalize: options.normalize,
            validation: snapshot.config.validation(),
            strict_fields: snapshot.config.validate_fields(),
        };
        let candidate = self.candidate(&draft, &closure, reading).await?;
        check_not_owned(&closure)?;
        let next = snapshot.next_version()?;
        let contract = draft.contract;
        if draft.version == 0 {
            let equal = self.find_equal(&candidate, &contract, snapshot.held()).await?;
            if let Some(equal) = equal {
                return Ok(Decision::Existing(equal.clone()));
            }
        }
        if !options.force {
            let (config, latest) = (&snapshot.config, snapshot.live.last());
            let compared = snapshot.compared.as_ref().map_err(Clone::clone)?;
            let metadata = contract.metadata.as_ref();
            let messages = self.check(&candidate, metadata, latest, compared, config).await?;
            if !messages.is_empty() {
                return Err(RegistryError::Incompatible { subject: subject.clone(), messages });
            }
        }
        if draft.version != 0 && draft.version != -1 && draft.version != next.0 {
            return Err(RegistryError::InvalidSchema(
                "Version is not one more than previous version".to_owned(),
            ));
        }
        let schema = Content { candidate, contract };
        Ok(Decision::Add(Box::new(Addition { version: next, schema, id: None, closure })))
    }
}

/// What can be told from the request alone.
fn check_draft(subject: &QualifiedSubject, draft: &Draft) -> Result<(), RegistryError> {
    if let Some(rule_set) = &draft.contract.rule_set {
        check_rule_set(rule_set)?;
    }
    subject.check_subject()?;
    if draft.text.trim().is_empty() && !draft.tags.is_empty() {
        return Err(RegistryError::InvalidSchema("Empty schema".to_owned()));
    }
    Ok(())
}

impl Draft {
    /// A negative id counts as none.
    fn explicit_id(&self) -> Option<SchemaId> {
        self.id.filter(|&id| id >= 0).map(SchemaId)
    }
}

fn check_not_owned(closure: &Closure) -> Result<(), RegistryError> {
    match &closure.owned {
        Some(subject) => Err(RegistryError::ReferenceToOwned(subject.clone())),
        None => Ok(()),
    }
}

pub(super) fn deleted_reference(reference: &Reference) -> RegistryError {
    let Reference { name, subject, version } = reference;
    RegistryError::InvalidSchema(format!(
        "Invalid schema reference {name}: version {version} of subject {subject} is soft-deleted"
    ))
}

/// Stores what was decided, in the transaction that has checked the decision: the versions of the
/// subject are still the `earlier` ones.
async fn add<T: WriteTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
    addition: Addition,
    earlier: &[VersionKey],
) -> Result<Registered, RegistryError> {
    let Addition { version, schema: Content { candidate, contract }, id, .. } = addition;
    let Candidate { schema, text, references, .. } = candidate;
    // A comment or a default of Protobuf may hold it, but no text of PostgreSQL. Known before the
    // first write, it costs no other registration of the same commit anything.
    if text.contains('\0') {
        let message = "the text holds the character NUL, which cannot be stored";
        return Err(RegistryError::InvalidSchema(message.to_owned()));
    }
    let fingerprint = Fingerprint::of(&text, &references, &contract);
    let schema_type = schema.schema_type();
    let mut content =
        StoredSchema { id: SchemaId(0), fingerprint, schema_type, text, references, contract };
    content.id = match id {
        Some(id) => import_content(tx, subject, id, &content).await?,
        None => add_content(tx, subject, &content).await?,
    };
    let ts_ms = now_ms();
    tx.put_version(subject, version, content.id, ts_ms).await?;
    for old in earlier {
        if old.version == version {
            delete::release(tx, &subject.context, old.id).await?;
        } else if old.is_deleted && old.version < version && old.id == content.id {
            // A schema that comes back takes the place of its soft-deleted versions, unless
            // something still points to them.
            let referrers = tx.referrers(subject).await?;
            if referrers.iter().all(|referrer| referrer.target != old.version) {
                tx.remove_version(subject, old.version).await?;
            }
        }
    }
    let schema = Arc::new(content);
    let subject = subject.clone();
    let version = StoredVersion { subject, version, is_deleted: false, ts_ms, schema };
    Ok(Registered { version, is_new: true })
}

/// The id of `content` in the context: the one it has, or the next.
async fn add_content<T: WriteTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
    content: &StoredSchema,
) -> Result<SchemaId, RegistryError> {
    let home = &subject.context;
    for (_, id) in
        tx.ids_of(content.fingerprint).await?.iter().filter(|(context, _)| context == home)
    {
        match tx.schema(home, *id).await? {
            Some(stored) if stored.is_same_content(content) => return Ok(*id),
            // The type is not hashed, so two types can share a text; two texts never should.
            Some(stored) if stored.schema_type == content.schema_type => {
                return Err(RegistryError::IdentityCollision(home.clone()));
            }
            _ => {}
        }
    }
    let id = tx.allocate_id(home).await?;
    let id = id.ok_or_else(|| RegistryError::IdsExhausted(home.clone()))?;
    tx.insert_schema(home, &StoredSchema { id, ..content.clone() }, false).await?;
    Ok(id)
}

/// `id`, which must be free or hold this very content.
async fn import_content<T: WriteTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
    id: SchemaId,
    content: &StoredSchema,
) -> Result<SchemaId, RegistryError> {
    let home = &subject.context;
    match tx.schema(home, id).await? {
        Some(stored) if stored.is_same_content(content) => {}
        Some(_) => return Err(RegistryError::IdTaken { id, context: home.clone() }),
        None => {
            tx.insert_schema(home, &StoredSchema { id, ..content.clone() }, true).await?;
        }
    }
    Ok(id)
}
