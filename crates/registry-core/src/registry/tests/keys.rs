//! Encryption keys.

use super::*;
use crate::{
    Dek, DekAlgorithm, DekDraft, DekSeries, Kek, KekDraft, KekPatch, Page, Secret, ShownDek,
    VersionSpec,
};

const LATEST: VersionSpec = VersionSpec::Latest;
const FIRST: VersionSpec = VersionSpec::Number(SchemaVersion(1));

fn page() -> Page {
    Page::new(0, -1, usize::MAX)
}

fn kek(name: &str) -> KekDraft {
    KekDraft {
        name: name.to_owned(),
        kms_type: Some("some-kms".to_owned()),
        kms_key_id: Some("id".to_owned()),
        ..KekDraft::default()
    }
}

fn shared(name: &str) -> KekDraft {
    KekDraft { shared: true, kms_type: Some("local-kms".to_owned()), ..kek(name) }
}

fn series(kek: &str, name: &str) -> DekSeries {
    DekSeries { kek: kek.to_owned(), subject: subject(name), algorithm: DekAlgorithm::default() }
}

fn dek(kek: &str, name: &str, version: i32, material: Option<&str>) -> DekDraft {
    DekDraft {
        series: series(kek, name),
        version,
        encrypted_key_material: material.map(str::to_owned),
        is_deleted: false,
    }
}

fn not_found<T>(name: &str) -> Result<T, RegistryError> {
    Err(RegistryError::KeyNotFound(name.to_owned()))
}

/// The key without its time.
fn timeless(kek: Kek) -> Kek {
    Kek { ts_ms: 0, ..kek }
}

impl TestRegistry {
    async fn add_kek(&self, draft: KekDraft) -> Result<Kek, RegistryError> {
        self.create_kek(draft, false).await.map(timeless)
    }

    async fn add_dek(&self, draft: DekDraft) -> Result<ShownDek, RegistryError> {
        self.create_dek(draft, false).await
    }

    async fn dek_numbers(&self, of: &DekSeries, deleted: bool) -> Vec<i32> {
        self.dek_versions(of, deleted, page()).await.unwrap()
    }
}

#[tokio::test]
async fn a_kek_is_created_once_and_read_back() {
    let registry = registry();
    let created = registry.add_kek(kek("k")).await.unwrap();
    let expected = Kek {
        name: "k".into(),
        kms_type: "some-kms".into(),
        kms_key_id: "id".into(),
        kms_props: [].into(),
        doc: None,
        shared: false,
        is_deleted: false,
        ts_ms: 0,
    };
    assert_eq!(created, expected);
    assert_eq!(registry.kek("k", false).await.map(timeless), Ok(expected));
    assert_eq!(registry.add_kek(kek("k")).await, Err(RegistryError::KeyExists("k".into())));
    assert_eq!(registry.kek("other", true).await, not_found("other"));
}

#[tokio::test]
async fn what_a_kek_needs_is_judged() {
    let registry = registry();
    let with = |kms_type: &str, kms_key_id: &str| KekDraft {
        kms_type: Some(kms_type.to_owned()),
        kms_key_id: Some(kms_key_id.to_owned()),
        ..kek(&format!("k{}", kms_type.len() * 100 + kms_key_id.len()))
    };
    for (draft, field) in [
        (kek(""), "name"),
        (kek("1a"), "name"),
        (kek("a.b"), "name"),
        (kek(&"k".repeat(257)), "name"),
        (KekDraft { kms_type: None, ..kek("k") }, "kmsType"),
        (KekDraft { kms_key_id: None, ..kek("k") }, "kmsKeyId"),
        (with("some-kms", ""), "kmsKeyId"),
        (with("aws-kms", "key"), "kmsKeyId"),
        (with("azure-kms", "http://key"), "kmsKeyId"),
        (with("gcp-kms", "key"), "kmsKeyId"),
        (with("hcvault", "ftp://key"), "kmsKeyId"),
    ] {
        let refused = registry.add_kek(draft.clone()).await;
        assert_eq!(refused, Err(RegistryError::InvalidKey(field)), "{draft:?}");
    }
    for (kms_type, kms_key_id, stored) in [
        ("aws-kms", "arn:aws:kms:x", "aws-kms"),
        ("AWS", "anything", "aws-kms"),
        ("Azure-Key", "anything", "azure-kms"),
        ("gcp", "any", "gcp-kms"),
        ("hcvault", "http://vault", "hcvault"),
        ("My-KMS", "any", "My-KMS"),
    ] {
        let created = registry.add_kek(with(kms_type, kms_key_id)).await.unwrap();
        assert_eq!(created.kms_type, stored);
    }
}

#[tokio::test]
async fn an_update_changes_properties_doc_and_sharing_alone() {
    let registry = registry();
    let props =
        |pairs: &[(&str, &str)]| pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    let draft =
        KekDraft { doc: Some("d".into()), kms_props: props(&[("a", "1"), ("b", "2")]), ..kek("k") };
    let old = registry.add_kek(draft).await.unwrap();
    let update = async |patch: KekPatch| registry.update_kek("k", patch, false).await.map(timeless);
    assert_eq!(update(KekPatch::default()).await, Ok(old.clone()));
    let kms_props = FieldPatch::Set(props(&[("c", "3")]));
    let replaced = Kek { kms_props: props(&[("c", "3")]), ..old };
    assert_eq!(update(KekPatch { kms_props, ..KekPatch::default() }).await, Ok(replaced.clone()));
    let patch =
        KekPatch { doc: FieldPatch::Clear, shared: FieldPatch::Set(true), ..KekPatch::default() };
    assert_eq!(update(patch).await, Ok(Kek { doc: None, shared: true, ..replaced }));
    registry.delete_kek("k", false).await.unwrap();
    assert_eq!(update(KekPatch::default()).await, not_found("k"));
}

#[tokio::test]
async fn a_kek_is_deleted_softly_first_and_comes_back_equal() {
    let registry = registry();
    registry.add_kek(kek("k")).await.unwrap();
    let early = Err(RegistryError::KeyNotSoftDeleted("k".into()));
    assert_eq!(registry.delete_kek("k", true).await, early);
    for _ in 0..2 {
        assert_eq!(registry.delete_kek("k", false).await, Ok(()));
    }
    assert_eq!(registry.kek("k", false).await, not_found("k"));
    assert!(registry.kek("k", true).await.unwrap().is_deleted);
    let other = KekDraft { doc: Some("other".into()), ..kek("k") };
    assert_eq!(registry.add_kek(other).await, Err(RegistryError::KeyExists("k".into())));
    assert!(!registry.add_kek(kek("k")).await.unwrap().is_deleted);
    registry.delete_kek("k", false).await.unwrap();
    for _ in 0..2 {
        assert_eq!(registry.undelete_kek("k").await, Ok(()));
    }
    assert!(registry.kek("k", false).await.is_ok());
    registry.delete_kek("k", false).await.unwrap();
    assert_eq!(registry.delete_kek("k", true).await, Ok(()));
    assert_eq!(registry.delete_kek("k", true).await, not_found("k"));
    let born_deleted = KekDraft { is_deleted: true, ..kek("d") };
    assert!(registry.add_kek(born_deleted).await.unwrap().is_deleted);
}

#[tokio::test]
async fn a_kek_that_deks_need_is_not_deleted() {
    let registry = registry();
    registry.add_kek(kek("k")).await.unwrap();
    registry.add_dek(dek("k", "s", 1, Some("m"))).await.unwrap();
    let needed = Err(RegistryError::KeyReferenced("k".into()));
    assert_eq!(registry.delete_kek("k", false).await, needed);
    registry.delete_deks(&series("k", "s"), None, false).await.unwrap();
    assert_eq!(registry.delete_kek("k", false).await, Ok(()));
    assert_eq!(registry.delete_kek("k", true).await, needed);
    let must_undelete = Err(RegistryError::KeySoftDeleted("k".into()));
    assert_eq!(registry.undelete_deks(&series("k", "s"), None).await, must_undelete);
    assert_eq!(registry.undelete_deks(&series("k", "s"), Some(FIRST)).await, must_undelete);
    assert_eq!(registry.add_dek(dek("k", "t", 1, Some("m"))).await, not_found("k"));
    registry.delete_deks(&series("k", "s"), None, true).await.unwrap();
    assert_eq!(registry.delete_kek("k", true).await, Ok(()));
}

#[tokio::test]
async fn deks_are_kept_by_kek_subject_algorithm_and_version() {
    let registry = registry();
    registry.add_kek(kek("k")).await.unwrap();
    let created = registry.add_dek(dek("k", ":.c:s", 1, Some("m1"))).await.unwrap();
    let expected = Dek {
        series: series("k", ":.c:s"),
        version: 1,
        encrypted_key_material: "m1".into(),
        is_deleted: false,
        ts_ms: created.dek.ts_ms,
    };
    assert_eq!(created, ShownDek { dek: expected, key_material: None });
    registry.add_dek(dek("k", ":.c:s", 7, Some("m7"))).await.unwrap();
    let siv = DekSeries { algorithm: DekAlgorithm::Aes256Siv, ..series("k", ":.c:s") };
    let draft = DekDraft { series: siv.clone(), ..dek("k", ":.c:s", 2, Some("siv")) };
    registry.add_dek(draft).await.unwrap();
    registry.add_dek(dek("k", "s", 1, Some("plain"))).await.unwrap();
    assert_eq!(registry.dek_numbers(&series("k", ":.c:s"), false).await, [1, 7]);
    assert_eq!(registry.dek_numbers(&siv, false).await, [2]);
    assert_eq!(registry.dek_numbers(&series("k", "none"), false).await, [0; 0]);
    let latest = registry.dek(&series("k", ":.c:s"), LATEST, false).await.unwrap();
    assert_eq!(latest.dek.encrypted_key_material, "m7");
    assert_eq!(registry.dek_subjects("k", false, page()).await.unwrap(), [":.c:s", "s"]);
    assert_eq!(registry.dek(&siv, FIRST, false).await, not_found(":.c:s"));
    for (prefixes, names) in
        [(&[][..], &["k"][..]), (&[":.c:"], &["k"]), (&["x", "s"], &["k"]), (&["x"], &[])]
    {
        let prefixes: Vec<String> = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        assert_eq!(registry.kek_names(&prefixes, false, page()).await.unwrap(), names);
    }
}

#[tokio::test]
async fn a_dek_is_replaced_by_rewrapping_alone() {
    let registry = registry();
    registry.add_kek(kek("k")).await.unwrap();
    let needs = Err(RegistryError::InvalidKey("encryptedKeyMaterial"));
    assert_eq!(registry.add_dek(dek("k", "s", 1, None)).await, needs);
    let subjectless = registry.add_dek(dek("k", "", 1, Some("m"))).await;
    assert_eq!(subjectless, Err(RegistryError::InvalidKey("subject")));
    registry.add_dek(dek("k", "s", 1, Some("m"))).await.unwrap();
    let exists = Err(RegistryError::KeyExists("s".into()));
    for material in ["m", "n"] {
        assert_eq!(registry.add_dek(dek("k", "s", 1, Some(material))).await, exists);
    }
    let rewrapped = registry.create_dek(dek("k", "s", 1, Some("n")), true).await.unwrap();
    assert_eq!(rewrapped.dek.encrypted_key_material, "n");
    registry.delete_deks(&series("k", "s"), None, false).await.unwrap();
    assert_eq!(registry.add_dek(dek("k", "s", 1, Some("m"))).await, exists);
    assert!(!registry.add_dek(dek("k", "s", 1, Some("n"))).await.unwrap().dek.is_deleted);
}

#[tokio::test]
async fn versions_of_a_dek_are_deleted_one_by_one_or_together() {
    let registry = registry();
    registry.add_kek(kek("k")).await.unwrap();
    for version in [1, 2] {
        registry.add_dek(dek("k", "s", version, Some("m"))).await.unwrap();
    }
    let s = series("k", "s");
    registry.delete_deks(&s, Some(FIRST), false).await.unwrap();
    assert_eq!(registry.dek_numbers(&s, false).await, [2]);
    assert_eq!(registry.dek_numbers(&s, true).await, [1, 2]);
    assert_eq!(registry.dek(&s, FIRST, false).await, not_found("s"));
    assert!(registry.dek(&s, FIRST, true).await.is_ok());
    let early = Err(RegistryError::KeyNotSoftDeleted("s".into()));
    assert_eq!(registry.delete_deks(&s, None, true).await, early);
    registry.undelete_deks(&s, Some(FIRST)).await.unwrap();
    registry.delete_deks(&s, None, false).await.unwrap();
    assert_eq!(registry.dek_numbers(&s, false).await, [0; 0]);
    registry.undelete_deks(&s, None).await.unwrap();
    assert_eq!(registry.dek_numbers(&s, false).await, [1, 2]);
    registry.delete_deks(&s, None, false).await.unwrap();
    registry.delete_deks(&s, Some(FIRST), true).await.unwrap();
    registry.delete_deks(&s, None, true).await.unwrap();
    assert_eq!(registry.delete_deks(&s, None, false).await, not_found("s"));
}

#[tokio::test]
async fn a_shared_kek_makes_wraps_and_shows_the_keys() {
    let registry = registry().with_local_kms_secret(Some(Secret::from("secret")));
    registry.create_kek(shared("k"), true).await.unwrap();
    let made = registry.add_dek(dek("k", "s", 1, None)).await.unwrap();
    assert!(made.key_material.is_some());
    assert_eq!(registry.dek(&series("k", "s"), FIRST, false).await, Ok(made.clone()));
    let rewrapped = registry.create_dek(dek("k", "s", 1, None), true).await.unwrap();
    assert_eq!(rewrapped.key_material, made.key_material);
    assert_ne!(rewrapped.dek.encrypted_key_material, made.dek.encrypted_key_material);
    let exists = Err(RegistryError::KeyExists("s".into()));
    assert_eq!(registry.create_dek(dek("k", "s", 1, Some("m")), true).await, exists);
    let foreign = registry.add_dek(dek("k", "t", 1, Some("bm8="))).await;
    assert!(matches!(foreign, Err(RegistryError::KeyGeneration(_))), "{foreign:?}");
    let wrapped = Some(made.dek.encrypted_key_material.as_str());
    let given = registry.add_dek(dek("k", "t", 1, wrapped)).await.unwrap();
    assert_eq!(given.key_material, made.key_material);
    registry.set_mode_of("i", "IMPORT").await.unwrap();
    let imported = registry.add_dek(dek("k", "i", 1, None)).await.unwrap();
    assert_eq!(imported.key_material, None);
    assert!(registry.test_kek("k").await.is_ok());
}

#[tokio::test]
async fn a_kms_that_fails_leaves_no_key_behind() {
    let registry = registry();
    let tested = registry.create_kek(shared("k"), true).await;
    assert!(matches!(tested, Err(RegistryError::KeyGeneration(_))), "{tested:?}");
    registry.add_kek(shared("k")).await.unwrap();
    let failed = registry.add_dek(dek("k", "s", 1, None)).await;
    assert!(matches!(failed, Err(RegistryError::KeyGeneration(_))), "{failed:?}");
    assert_eq!(registry.dek_numbers(&series("k", "s"), true).await, [0; 0]);
    assert!(matches!(registry.test_kek("k").await, Err(RegistryError::KeyGeneration(_))));
    registry.add_kek(kek("own")).await.unwrap();
    assert_eq!(registry.test_kek("own").await, Err(RegistryError::InvalidKey("shared")));
}
