//! The durable state of the registry, as the rules see it.

use std::future::Future;
use std::sync::Arc;

use levada_schema_core::{Contract, Fingerprint, Metadata, Reference, SchemaType};

use crate::{
    AuditEntry, Config, ConfigChain, Context, DeletedFilter, Mode, ModeChain, Page,
    QualifiedSubject, ReadAssociations, ReadKeys, SchemaId,
};
use crate::{SchemaVersion, SubjectFilter, WriteAssociations, WriteKeys};

/// The store could not do its work. The request changed nothing, unless its outcome is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Error in the backend data store: {message}{}", match kind {
    StoreErrorKind::OutcomeUnknown =>
        "; whether the change was stored is unknown, and repeating the request is safe",
    StoreErrorKind::TimedOut | StoreErrorKind::Conflict => "; repeating the request is safe",
    StoreErrorKind::Failed | StoreErrorKind::ReadOnly | StoreErrorKind::Unstorable => "",
})]
pub struct StoreError {
    pub kind: StoreErrorKind,
    pub message: String,
}

/// What a failure of the store means to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    Failed,
    /// The commit itself failed, so the change may have been stored all the same.
    OutcomeUnknown,
    /// Others held the store for too long.
    TimedOut,
    /// The store takes no changes: a standby, or one whose place another has taken.
    ReadOnly,
    /// The change was undone in favour of another one; made again at once it can succeed.
    Conflict,
    /// A text that no store keeps: it has the character NUL in it.
    Unstorable,
}

impl StoreError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { kind: StoreErrorKind::Failed, message: message.into() }
    }
}

/// The content behind a schema id. It never changes while the id has a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSchema {
    pub id: SchemaId,
    pub fingerprint: Fingerprint,
    pub schema_type: SchemaType,
    pub text: String,
    /// As they were given; versions are resolved numbers.
    pub references: Vec<Reference>,
    pub contract: Contract,
}

impl StoredSchema {
    /// Equal in everything but the id.
    pub fn is_same_content(&self, other: &Self) -> bool {
        self.schema_type == other.schema_type
            && self.text == other.text
            && self.references == other.references
            && self.contract == other.contract
    }
}

/// A version of a subject with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVersion {
    pub subject: QualifiedSubject,
    pub version: SchemaVersion,
    pub is_deleted: bool,
    /// When it was stored, in milliseconds since the epoch.
    pub ts_ms: i64,
    pub schema: Arc<StoredSchema>,
}

/// A version of a subject without its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey {
    pub subject: QualifiedSubject,
    pub version: SchemaVersion,
    pub id: SchemaId,
    pub is_deleted: bool,
}

/// The versions of a subject, both lists ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// All of them, soft-deleted ones included.
    pub keys: Vec<VersionKey>,
    /// Those that are not soft-deleted.
    pub live: Vec<StoredVersion>,
}

/// Which versions of many subjects are asked for.
#[derive(Clone, Copy, Debug)]
pub struct KeyQuery<'a> {
    pub subjects: &'a SubjectFilter,
    /// Those alone that stand behind this version.
    pub after: Option<(&'a QualifiedSubject, SchemaVersion)>,
    /// Soft-deleted ones too.
    pub deleted: bool,
    /// Of each subject the newest alone of those that count.
    pub latest_only: bool,
    /// Most that are given.
    pub limit: usize,
}

/// A version whose schema references the version that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    pub holder: VersionKey,
    /// The referenced version.
    pub target: SchemaVersion,
}

/// A number that grows with every change of what it stands for and never comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub i64);

/// What a registration must find unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revisions {
    /// Of the subject's versions.
    pub subject: Revision,
    /// Of all configs and modes.
    pub settings: Revision,
}

/// The configs and modes along the way from a scope to the global context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSettings {
    pub config: ConfigChain,
    pub mode: ModeChain,
}

impl ScopeSettings {
    /// From what is set on single scopes.
    pub fn along_the_way(
        scope: &QualifiedSubject,
        config: impl Fn(&QualifiedSubject) -> Option<Config>,
        mode: impl Fn(&QualifiedSubject) -> Option<Mode>,
    ) -> Self {
        let context = QualifiedSubject::of_context(scope.context.clone());
        let global = QualifiedSubject::of_context(Context::global());
        Self {
            config: ConfigChain {
                own: config(scope),
                context: config(&context),
                root: config(&QualifiedSubject::default()),
                global: config(&global),
            },
            mode: ModeChain { own: mode(scope), context: mode(&context), global: mode(&global) },
        }
    }
}

/// Where transactions come from.
pub trait Store: Send + Sync + 'static {
    type Read: ReadTransaction;
    type Write: WriteTransaction;

    /// One instant of the state.
    fn read(&self) -> impl Future<Output = Result<Self::Read, StoreError>> + Send;

    /// The one write transaction, over all processes that share the state; others wait until it
    /// ends. What it reads stays true until then. Dropped, it changes nothing.
    fn write(&self) -> impl Future<Output = Result<Self::Write, StoreError>> + Send;

    /// As [`Self::write`], but what it reads may be a change that is not stored yet; its commit
    /// stores both or neither. For a change whose answer says nothing before that commit.
    fn write_in_group(&self) -> impl Future<Output = Result<Self::Write, StoreError>> + Send {
        self.write()
    }
}

/// Questions about one instant. Lists are ordered by context, subject and version.
pub trait ReadTransaction: ReadKeys + ReadAssociations {
    /// The versions of a subject, ascending: all, or those alone that are not soft-deleted.
    fn versions(
        &mut self,
        subject: &QualifiedSubject,
        deleted: bool,
    ) -> impl Future<Output = Result<Vec<StoredVersion>, StoreError>> + Send;

    /// All versions of a subject; of soft-deleted ones no content is read.
    fn history(
        &mut self,
        subject: &QualifiedSubject,
    ) -> impl Future<Output = Result<History, StoreError>> + Send;

    /// As [`Self::version_keys`], with the metadata of each version.
    fn version_metadata(
        &mut self,
        subject: &QualifiedSubject,
    ) -> impl Future<Output = Result<Vec<(VersionKey, Option<Metadata>)>, StoreError>> + Send;

    fn version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
    ) -> impl Future<Output = Result<Option<StoredVersion>, StoreError>> + Send;

    /// The highest version of a subject that is not soft-deleted.
    fn latest_version(
        &mut self,
        subject: &QualifiedSubject,
    ) -> impl Future<Output = Result<Option<StoredVersion>, StoreError>> + Send;

    /// All versions of a subject without their contents, ascending.
    fn version_keys(
        &mut self,
        subject: &QualifiedSubject,
    ) -> impl Future<Output = Result<Vec<VersionKey>, StoreError>> + Send;

    /// A page of the versions of many subjects, by the names of the subjects as they are shown.
    fn key_page(
        &mut self,
        query: KeyQuery<'_>,
    ) -> impl Future<Output = Result<Vec<VersionKey>, StoreError>> + Send;

    /// A page of the subjects that `filter` matches, by their names as they are shown. A subject is
    /// deleted when all of its versions are; one without versions is none.
    fn subjects(
        &mut self,
        filter: &SubjectFilter,
        shown: DeletedFilter,
        page: Page,
    ) -> impl Future<Output = Result<Vec<QualifiedSubject>, StoreError>> + Send;

    /// Every context in which a schema was registered and that was not unlisted since, by name.
    fn contexts(&mut self) -> impl Future<Output = Result<Vec<Context>, StoreError>> + Send;

    fn schema(
        &mut self,
        context: &Context,
        id: SchemaId,
    ) -> impl Future<Output = Result<Option<StoredSchema>, StoreError>> + Send;

    /// One version that holds an id: of `subject` the newest, or else the first of any subject,
    /// live ones before soft-deleted ones. An id without a holder does not exist.
    fn holder(
        &mut self,
        context: &Context,
        id: SchemaId,
        subject: Option<&str>,
    ) -> impl Future<Output = Result<Option<StoredVersion>, StoreError>> + Send;

    /// Every version that holds an id.
    fn holders(
        &mut self,
        context: &Context,
        id: SchemaId,
    ) -> impl Future<Output = Result<Vec<VersionKey>, StoreError>> + Send;

    /// Where a content is, by context and id.
    fn ids_of(
        &mut self,
        fingerprint: Fingerprint,
    ) -> impl Future<Output = Result<Vec<(Context, SchemaId)>, StoreError>> + Send;

    /// The versions, soft-deleted ones included, whose schemas reference a version of `subject`.
    fn referrers(
        &mut self,
        subject: &QualifiedSubject,
    ) -> impl Future<Output = Result<Vec<Referrer>, StoreError>> + Send;

    /// The highest id ever taken in a context.
    fn max_id(
        &mut self,
        context: &Context,
    ) -> impl Future<Output = Result<Option<SchemaId>, StoreError>> + Send;

    fn config(
        &mut self,
        scope: &QualifiedSubject,
    ) -> impl Future<Output = Result<Option<Config>, StoreError>> + Send;

    /// The configs of the subjects that `filter` matches.
    fn configs(
        &mut self,
        filter: &SubjectFilter,
    ) -> impl Future<Output = Result<Vec<(QualifiedSubject, Config)>, StoreError>> + Send;

    fn mode(
        &mut self,
        scope: &QualifiedSubject,
    ) -> impl Future<Output = Result<Option<Mode>, StoreError>> + Send;

    /// The configs and modes that count in a scope.
    fn settings(
        &mut self,
        scope: &QualifiedSubject,
    ) -> impl Future<Output = Result<ScopeSettings, StoreError>> + Send;

    fn revisions(
        &mut self,
        subject: &QualifiedSubject,
    ) -> impl Future<Output = Result<Revisions, StoreError>> + Send;
}

/// Changes. They are visible to the questions of the same transaction at once, and to others
/// after [`Self::commit`]. Changes of versions and settings raise the revisions by themselves.
pub trait WriteTransaction: ReadTransaction + WriteKeys + WriteAssociations {
    /// Takes the next id of a context: one more than any id ever taken there. `None` when the
    /// numbers are used up.
    fn allocate_id(
        &mut self,
        context: &Context,
    ) -> impl Future<Output = Result<Option<SchemaId>, StoreError>> + Send;

    /// Adds a content under an id that has none. An id chosen by the client is `imported`: it
    /// raises the counter, and it may repeat a content that has another id.
    fn insert_schema(
        &mut self,
        context: &Context,
        schema: &StoredSchema,
        imported: bool,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Sets a live version; one with the same number is replaced.
    fn put_version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
        id: SchemaId,
        ts_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn soft_delete(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
        ts_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn remove_version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes a content that no version holds any more. Its id stays taken.
    fn remove_schema(
        &mut self,
        context: &Context,
        id: SchemaId,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Sets or, with `None`, removes the config of a scope.
    fn put_config(
        &mut self,
        scope: &QualifiedSubject,
        config: Option<&Config>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Sets or, with `None`, removes the mode of a scope.
    fn put_mode(
        &mut self,
        scope: &QualifiedSubject,
        mode: Option<Mode>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes the modes of all subjects of a context; the context's own stays.
    fn remove_subject_modes(
        &mut self,
        context: &Context,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes a context off the list until the next id is taken there.
    fn unlist_context(
        &mut self,
        context: &Context,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// With the row that the change leaves in the audit, if one is kept. `Ok` means that both
    /// survive a crash of process and machine.
    fn commit(
        self,
        note: Option<&AuditEntry>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
