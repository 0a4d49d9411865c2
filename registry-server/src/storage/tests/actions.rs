//! Random requests of every kind, and everything that can be read afterwards, in words.

use std::fmt::Debug;

use levada_registry_core::{
    AssociationDraft, AssociationFilter, AssociationQuery, AssociationRequest, Check, ConfigPatch,
    DekAlgorithm, DekDraft, DekSeries, DeletedFilter, Draft, FieldPatch, KekDraft, KekPatch,
    KeyQuery, Mode, Page, QualifiedSubject, ReadTransaction, RegisterOptions, Registry, SchemaId,
    SchemaListing, SchemaVersion, Store, StoreError, SubjectFilter, VersionKey, VersionListing,
    VersionSpec,
};
use levada_schema_core::{CompatibilityLevel, Reference};
use proptest::prelude::*;

/// By name: the second, the fourth, the third, the first.
const SUBJECTS: [&str; 4] = ["a", "9\u{1f600}", ":.c:a", ":.c.b:\u{ff01}"];
const KEKS: [&str; 2] = ["k", "l"];
const RESOURCES: [&str; 2] = ["r0", "r1"];
const SCOPES: [&str; 5] = ["", "a", ":.c:", ":.c:a", ":.__GLOBAL:"];
const TEXTS: [&str; 5] = [
    r#"{"type":"record","name":"R","fields":[]}"#,
    r#"{"type":"record","name":"R","fields":[{"name":"f","type":"string","default":""}]}"#,
    r#"{"type":"record","name":"R","fields":[{"name":"f","type":"string"}]}"#,
    r#"{"type":"record","name":"User","fields":[{"name":"r","type":"R"}]}"#,
    "",
];
const MODES: [Option<Mode>; 5] =
    [None, Some(Mode::ReadWrite), Some(Mode::ReadOnly), Some(Mode::Import), Some(Mode::Import)];

/// One request; the numbers are indices into the lists above.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Register { subject: usize, draft: Draft, force: bool },
    Lookup { subject: usize, draft: Draft, deleted: bool },
    Check { subject: usize, draft: Draft, version: Option<VersionSpec> },
    DeleteSubject { subject: usize, permanent: bool },
    DeleteVersion { subject: usize, version: VersionSpec, permanent: bool },
    SetLevel { scope: usize, level: Option<CompatibilityLevel> },
    DeleteConfig { scope: usize },
    SetMode { scope: usize, mode: Option<Mode>, force: bool },
    DeleteMode { scope: usize, recursive: bool },
    DeleteContext { subject: usize },
    Key(KeyAction),
    Associate { subject: usize, resource: usize, schema: Option<Draft>, is_create: bool },
    Dissociate { resource: usize, cascade: bool },
}

/// A request of the DEK registry.
#[derive(Clone, Debug)]
pub(super) enum KeyAction {
    CreateKek { kek: usize, is_deleted: bool },
    UpdateKek { kek: usize, doc: &'static str },
    DeleteKek { kek: usize, permanent: bool },
    UndeleteKek { kek: usize },
    CreateDek { draft: DekDraft, rewrap: bool },
    DeleteDeks { series: DekSeries, version: Option<VersionSpec>, permanent: bool },
    UndeleteDeks { series: DekSeries, version: Option<VersionSpec> },
}

fn series() -> impl Strategy<Value = DekSeries> {
    (0..KEKS.len(), 0..SUBJECTS.len(), 0..DekAlgorithm::ALL.len()).prop_map(
        |(kek, subject, algorithm)| DekSeries {
            kek: KEKS[kek].to_owned(),
            subject: QualifiedSubject::parse(SUBJECTS[subject]),
            algorithm: DekAlgorithm::ALL[algorithm],
        },
    )
}

fn key_action() -> impl Strategy<Value = KeyAction> {
    let kek = || 0..KEKS.len();
    let some_version = || proptest::option::of(version());
    let draft = (series(), 1..3, prop_oneof![Just("m"), Just("n")], any::<bool>()).prop_map(
        |(series, version, material, is_deleted)| DekDraft {
            series,
            version,
            encrypted_key_material: Some(material.to_owned()),
            is_deleted,
        },
    );
    prop_oneof![
        3 => (kek(), any::<bool>())
            .prop_map(|(kek, is_deleted)| KeyAction::CreateKek { kek, is_deleted }),
        1 => (kek(), prop_oneof![Just("a"), Just("b")])
            .prop_map(|(kek, doc)| KeyAction::UpdateKek { kek, doc }),
        1 => (kek(), any::<bool>())
            .prop_map(|(kek, permanent)| KeyAction::DeleteKek { kek, permanent }),
        1 => kek().prop_map(|kek| KeyAction::UndeleteKek { kek }),
        4 => (draft, any::<bool>())
            .prop_map(|(draft, rewrap)| KeyAction::CreateDek { draft, rewrap }),
        2 => (series(), some_version(), any::<bool>()).prop_map(|(series, version, permanent)| {
            KeyAction::DeleteDeks { series, version, permanent }
        }),
        1 => (series(), some_version())
            .prop_map(|(series, version)| KeyAction::UndeleteDeks { series, version }),
    ]
}

fn version() -> impl Strategy<Value = VersionSpec> {
    (-1..4).prop_map(|number| match number {
        1.. => VersionSpec::Number(SchemaVersion(number)),
        _ => VersionSpec::Latest,
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let target = (0..SUBJECTS.len(), prop_oneof![Just(-1), 1..3]);
    let id = proptest::option::of(0..6);
    (0..TEXTS.len(), target, id, prop_oneof![2 => Just(0), 1 => -1..4]).prop_map(
        |(text, (subject, version), id, number)| Draft {
            text: TEXTS[text].to_owned(),
            references: if text == 3 {
                let subject = SUBJECTS[subject].to_owned();
                vec![Reference { name: "R".to_owned(), subject, version }]
            } else {
                Vec::new()
            },
            id,
            version: number,
            ..Draft::default()
        },
    )
}

pub(super) fn action() -> impl Strategy<Value = Action> {
    let subject = || 0..SUBJECTS.len();
    let scope = || 0..SCOPES.len();
    let level = prop_oneof![
        Just(None),
        Just(Some(CompatibilityLevel::None)),
        Just(Some(CompatibilityLevel::FullTransitive)),
    ];
    prop_oneof![
        8 => (subject(), draft(), any::<bool>())
            .prop_map(|(subject, draft, force)| Action::Register { subject, draft, force }),
        2 => (subject(), draft(), any::<bool>())
            .prop_map(|(subject, draft, deleted)| Action::Lookup { subject, draft, deleted }),
        1 => (subject(), draft(), proptest::option::of(version()))
            .prop_map(|(subject, draft, version)| Action::Check { subject, draft, version }),
        3 => (subject(), any::<bool>())
            .prop_map(|(subject, permanent)| Action::DeleteSubject { subject, permanent }),
        3 => (subject(), version(), any::<bool>()).prop_map(|(subject, version, permanent)| {
            Action::DeleteVersion { subject, version, permanent }
        }),
        1 => (scope(), level).prop_map(|(scope, level)| Action::SetLevel { scope, level }),
        1 => scope().prop_map(|scope| Action::DeleteConfig { scope }),
        3 => (scope(), 0..MODES.len(), any::<bool>())
            .prop_map(|(scope, mode, force)| Action::SetMode { scope, mode: MODES[mode], force }),
        2 => (scope(), any::<bool>())
            .prop_map(|(scope, recursive)| Action::DeleteMode { scope, recursive }),
        1 => subject().prop_map(|subject| Action::DeleteContext { subject }),
        4 => key_action().prop_map(Action::Key),
        3 => (subject(), 0..RESOURCES.len(), proptest::option::of(draft()), any::<bool>()).prop_map(
            |(subject, resource, schema, is_create)| {
                Action::Associate { subject, resource, schema, is_create }
            }
        ),
        2 => (0..RESOURCES.len(), any::<bool>())
            .prop_map(|(resource, cascade)| Action::Dissociate { resource, cascade }),
    ]
}

/// The answer in words, without times and guids: they are all that may differ.
fn shown(answer: &impl Debug) -> String {
    let text = without(&format!("{answer:?}"), "ts_ms: ", |c| c.is_ascii_digit());
    without(&text, "guid: \"", |c| c.is_ascii_hexdigit() || c == '-')
}

/// `text` without what is `cut` behind every `mark`.
fn without(text: &str, mark: &str, cut: fn(char) -> bool) -> String {
    let mut pieces = text.split(mark);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        shown.push_str(piece.trim_start_matches(cut));
    }
    shown
}

async fn run_key_action<S: Store>(registry: &Registry<S>, action: &KeyAction) -> String {
    match action.clone() {
        KeyAction::CreateKek { kek, is_deleted } => {
            let draft = KekDraft {
                name: KEKS[kek].to_owned(),
                kms_type: Some("some-kms".to_owned()),
                kms_key_id: Some("id".to_owned()),
                is_deleted,
                ..KekDraft::default()
            };
            shown(&registry.create_kek(draft, false).await)
        }
        KeyAction::UpdateKek { kek, doc } => {
            let patch = KekPatch { doc: FieldPatch::Set(doc.to_owned()), ..KekPatch::default() };
            shown(&registry.update_kek(KEKS[kek], patch, false).await)
        }
        KeyAction::DeleteKek { kek, permanent } => {
            shown(&registry.delete_kek(KEKS[kek], permanent).await)
        }
        KeyAction::UndeleteKek { kek } => shown(&registry.undelete_kek(KEKS[kek]).await),
        KeyAction::CreateDek { draft, rewrap } => shown(&registry.create_dek(draft, rewrap).await),
        KeyAction::DeleteDeks { series, version, permanent } => {
            shown(&registry.delete_deks(&series, version, permanent).await)
        }
        KeyAction::UndeleteDeks { series, version } => {
            shown(&registry.undelete_deks(&series, version).await)
        }
    }
}

fn association_request(
    subject: &str,
    resource: usize,
    schema: Option<&Draft>,
) -> AssociationRequest {
    let schema = schema.map(|draft| (draft.clone(), RegisterOptions::default()));
    let subject = schema.is_none().then(|| subject.to_owned());
    AssociationRequest {
        resource_name: Some(format!("topic-{resource}")),
        resource_namespace: Some("c".to_owned()),
        resource_id: Some(RESOURCES[resource].to_owned()),
        associations: vec![AssociationDraft { subject, schema, ..AssociationDraft::default() }],
        ..AssociationRequest::default()
    }
}

pub(super) async fn run<S: Store>(registry: &Registry<S>, action: &Action) -> String {
    let subject = |index: &usize| QualifiedSubject::parse(SUBJECTS[*index]);
    let scope = |index: &usize| QualifiedSubject::parse(SCOPES[*index]);
    match action {
        Action::Register { subject: s, draft, force } => {
            let options = RegisterOptions { force: *force, ..RegisterOptions::default() };
            shown(&registry.register(&subject(s), draft, options).await)
        }
        Action::Lookup { subject: s, draft, deleted } => {
            shown(&registry.lookup(&subject(s), draft, false, *deleted).await)
        }
        Action::Check { subject: s, draft, version } => {
            let check = Check { version: *version, normalize: false, verbose: true };
            shown(&registry.check_compatibility(&subject(s), draft, check).await)
        }
        Action::DeleteSubject { subject: s, permanent } => {
            shown(&registry.delete_subject(&subject(s), *permanent).await)
        }
        Action::DeleteVersion { subject: s, version, permanent } => {
            shown(&registry.delete_version(&subject(s), *version, *permanent).await)
        }
        Action::SetLevel { scope: s, level } => {
            let level = level.map_or(FieldPatch::Clear, FieldPatch::Set);
            let patch = ConfigPatch { level, ..ConfigPatch::default() };
            shown(&registry.update_config(&scope(s), patch).await)
        }
        Action::DeleteConfig { scope: s } => shown(&registry.delete_config(&scope(s)).await),
        Action::SetMode { scope: s, mode, force } => {
            shown(&registry.set_mode(&scope(s), *mode, *force).await)
        }
        Action::DeleteMode { scope: s, recursive } => {
            shown(&registry.delete_mode(&scope(s), *recursive).await)
        }
        Action::DeleteContext { subject: s } => {
            shown(&registry.delete_context(&subject(s).context).await)
        }
        Action::Key(action) => run_key_action(registry, action).await,
        Action::Associate { subject: s, resource, schema, is_create } => {
            let request = association_request(SUBJECTS[*s], *resource, schema.as_ref());
            if *is_create {
                shown(&registry.create_associations(request, false).await)
            } else {
                shown(&registry.upsert_associations(request, false).await)
            }
        }
        Action::Dissociate { resource, cascade } => {
            let (id, any) = (RESOURCES[*resource], AssociationFilter::default());
            shown(&registry.delete_associations(id, &any, *cascade, false).await)
        }
    }
}

/// The versions of many subjects, read two at a time.
async fn walked<S: Store>(
    registry: &Registry<S>,
    subjects: &SubjectFilter,
    deleted: bool,
    latest_only: bool,
) -> Result<Vec<VersionKey>, StoreError> {
    let mut tx = registry.store().read().await?;
    let mut walked: Vec<VersionKey> = Vec::new();
    loop {
        let after = walked.last().map(|last| (&last.subject, last.version));
        let part = KeyQuery { subjects, after, deleted, latest_only, limit: 2 };
        let part = tx.key_page(part).await?;
        if part.is_empty() {
            return Ok(walked);
        }
        walked.extend(part);
    }
}

/// Everything that can be read.
pub(super) async fn everything<S: Store>(registry: &Registry<S>) -> Vec<String> {
    let page = Page::new(0, -1, usize::MAX);
    let mut all = vec![shown(&registry.contexts("", page).await)];
    for prefix in [":*:", "", ":.c:", ":.", ":.c", ":*:9", "9\u{1f600}"] {
        let subjects = SubjectFilter::parse(prefix);
        for filter in [DeletedFilter::Live, DeletedFilter::All, DeletedFilter::OnlyDeleted] {
            for page in [page, Page::new(1, 2, usize::MAX)] {
                all.push(shown(&registry.subjects(&subjects, filter, page).await));
            }
        }
        for (deleted, latest_only) in [(false, false), (true, false), (true, true)] {
            let subjects = subjects.clone();
            let aliases = !latest_only;
            let (rule_type, associations) = (None, None);
            all.push(shown(&walked(registry, &subjects, deleted, latest_only).await));
            let listing = SchemaListing {
                subjects,
                aliases,
                deleted,
                latest_only,
                rule_type,
                associations,
                page,
            };
            all.push(shown(&registry.schemas(&listing).await));
        }
    }
    for name in SUBJECTS {
        let subject = QualifiedSubject::parse(name);
        let filter = DeletedFilter::All;
        let listing = VersionListing { filter, deleted_as_negative: true, page };
        all.push(shown(&registry.versions(&subject, listing).await));
        for number in 1..4 {
            let version = VersionSpec::Number(SchemaVersion(number));
            all.push(shown(&registry.version(&subject, version, true).await));
            all.push(shown(&registry.referenced_by(&subject, version, true, page).await));
        }
        all.push(shown(&registry.max_id(&subject.context).await));
        for id in 0..8 {
            all.push(shown(&registry.schema_by_id(SchemaId(id), &subject).await));
            all.push(shown(&registry.holders(SchemaId(id), &subject, true, page).await));
        }
    }
    for name in SUBJECTS {
        let subject = QualifiedSubject::parse(name);
        let (query, any) = (AssociationQuery::OfSubject(&subject), AssociationFilter::default());
        all.push(shown(&registry.associations(query, &any, page).await));
        for (kek, algorithm) in KEKS.into_iter().flat_map(|kek| DekAlgorithm::ALL.map(|a| (kek, a)))
        {
            let series = DekSeries { kek: kek.to_owned(), subject: subject.clone(), algorithm };
            all.push(shown(&registry.dek_versions(&series, true, page).await));
            all.push(shown(&registry.dek(&series, VersionSpec::Latest, true).await));
        }
    }
    let query = AssociationQuery::Named { namespace: Some("c"), name: None };
    all.push(shown(&registry.associations(query, &AssociationFilter::default(), page).await));
    for kek in KEKS {
        all.push(shown(&registry.kek(kek, true).await));
        all.push(shown(&registry.dek_subjects(kek, false, page).await));
    }
    all.push(shown(&registry.kek_names(&["a".to_owned()], true, page).await));
    for name in SCOPES {
        let scope = QualifiedSubject::parse(name);
        all.push(shown(&registry.config(&scope, false).await));
        all.push(shown(&registry.mode(&scope, false).await));
    }
    all
}
