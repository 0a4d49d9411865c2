//! What both databases promise below the rules.

use levada_registry_core::{
    Context, DekAlgorithm, DekDraft, DekSeries, DeletedFilter, Draft, KekDraft, Page,
    QualifiedSubject, ReadTransaction, RegisterOptions, RegistryError, StoreErrorKind,
    SubjectFilter, VersionSpec, WriteTransaction,
};
use levada_schema_core::Reference;

use super::*;
use crate::storage::OpenError;
use crate::storage::statements::Statement;

/// An empty database of each kind; the directory is the file's.
async fn each() -> (TempDir, [Database; 2]) {
    let directory = TempDir::new().unwrap();
    let databases = [sqlite(&directory), new_postgres().await.1];
    (directory, databases)
}

fn draft(text: &str) -> Draft {
    Draft { text: text.to_owned(), ..Draft::default() }
}

/// Runs a statement past the rules.
async fn force(store: &SqlStore, statement: &'static str) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    tx.run(Statement::new(statement)).await?;
    tx.commit(None).await
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let (_directory, databases) = each().await;
    for database in &databases {
        let store = SqlStore::open(database).await.unwrap();
        let (now, checksum) = match database {
            Database::Sqlite(_) => ("0", "x'00'"),
            Database::Postgres(_) => ("now()", "'\\x00'"),
        };
        let newer = format!(
            "INSERT INTO _sqlx_migrations
             (version, description, installed_on, success, checksum, execution_time)
             VALUES (9999, 'from the future', {now}, TRUE, {checksum}, 0)"
        );
        force(&store, newer.leak()).await.unwrap();
        store.close().await.unwrap();
        drop(store);
        let refused = SqlStore::open(database).await.unwrap_err();
        assert!(matches!(refused, OpenError::Newer { .. }), "{refused}");
    }
}

#[tokio::test]
async fn the_database_itself_refuses_what_would_corrupt_it() {
    let (_directory, databases) = each().await;
    for database in &databases {
        let registry = open(database).await;
        let subject = QualifiedSubject::parse("s");
        let string = draft("\"string\"");
        registry.register(&subject, &string, RegisterOptions::default()).await.unwrap();
        for corrupting in [
            "UPDATE schemas SET text = 'other'",
            "DELETE FROM contexts",
            "UPDATE contexts SET next_id = 1",
            "DELETE FROM schemas",
            "INSERT INTO schemas (context, id, fingerprint, schema_type, text, refs, imported)
             SELECT context, 7, fingerprint, schema_type, text, refs, FALSE FROM schemas",
            "INSERT INTO versions VALUES ('.', 's', 0, 1, FALSE, 0)",
            "INSERT INTO versions VALUES ('.', 's', 2, 99, FALSE, 0)",
            "INSERT INTO deks VALUES ('none', '.', 's', 'AES256_GCM', 1, 'm', FALSE, 0)",
        ] {
            let refused = force(registry.store(), corrupting).await;
            assert!(refused.is_err(), "{database:?}: {corrupting}");
        }
    }
}

#[tokio::test]
async fn a_subject_with_a_strong_association_is_never_shared_whatever_the_rules_say() {
    let (_directory, databases) = each().await;
    for database in &databases {
        let store = SqlStore::open(database).await.unwrap();
        let add = |guid: &str, lifecycle: &str| {
            format!(
                "INSERT INTO associations VALUES
                 ('{guid}', '.', 's', 't', 'c', 'r{guid}', 'topic', 'value', '{lifecycle}', 0, 0)"
            )
        };
        force(&store, add("1", "STRONG").leak()).await.unwrap();
        for (guid, lifecycle) in [("2", "STRONG"), ("3", "WEAK")] {
            assert!(force(&store, add(guid, lifecycle).leak()).await.is_err(), "{database:?}");
        }
    }
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_is_never_committed() {
    let (_directory, databases) = each().await;
    for database in &databases {
        let store = SqlStore::open(database).await.unwrap();
        let mut tx = store.write().await.unwrap();
        tx.allocate_id(&Context::default()).await.unwrap();
        tx.run(Statement::new("DELETE FROM contexts")).await.unwrap_err();
        let refused = tx.commit(None).await.unwrap_err();
        assert_eq!(refused.kind, StoreErrorKind::Failed, "{refused}");
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.contexts().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_text_with_nul_is_refused_alike() {
    let (_directory, databases) = each().await;
    for database in &databases {
        let registry = open(database).await;
        let subject = QualifiedSubject::parse("a\0b");
        let read = registry.version(&subject, VersionSpec::Latest, true).await.unwrap_err();
        let kek = KekDraft {
            name: "k".to_owned(),
            kms_type: Some("t".to_owned()),
            kms_key_id: Some("\0".to_owned()),
            ..KekDraft::default()
        };
        let written = registry.create_kek(kek, false).await.unwrap_err();
        for refused in [read, written] {
            let RegistryError::Store(error) = refused else { panic!("{refused}") };
            assert_eq!(error.kind, StoreErrorKind::Unstorable, "{database:?}");
        }
        let with_default = Draft {
            schema_type: Some("PROTOBUF".to_owned()),
            ..draft("syntax = \"proto2\"; message M { optional string s = 1 [default = \"\0\"]; }")
        };
        let subject = QualifiedSubject::parse("s");
        let refused = registry.register(&subject, &with_default, RegisterOptions::default()).await;
        let message = "the text holds the character NUL, which cannot be stored".to_owned();
        assert_eq!(refused.unwrap_err(), RegistryError::InvalidSchema(message), "{database:?}");
    }
}

/// The longest names there may be, of characters that a database cannot compress.
#[tokio::test]
async fn the_longest_names_fit() {
    let long = |seed: u64, bytes: usize| -> String {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from_digit(u32::try_from(state >> 59).unwrap(), 32).unwrap()
        };
        (0..bytes).map(next).collect()
    };
    let (_directory, databases) = each().await;
    for database in &databases {
        let registry = open(database).await;
        let qualified = |seed| format!(":.{}:{}", long(seed, 1023), long(seed + 1, 1024));
        let (base, user) = (qualified(1), qualified(3));
        let options = RegisterOptions::default();
        let record = draft(r#"{"type":"record","name":"R","fields":[]}"#);
        registry.register(&QualifiedSubject::parse(&base), &record, options).await.unwrap();
        let reference = Reference { name: "R".to_owned(), subject: base.clone(), version: 1 };
        let references = vec![reference.clone(), Reference { name: "S".to_owned(), ..reference }];
        let text = r#"{"type":"record","name":"U","fields":[{"name":"r","type":"R"}]}"#;
        let referring = Draft { references, ..draft(text) };
        registry.register(&QualifiedSubject::parse(&user), &referring, options).await.unwrap();
        let (version, page) = (VersionSpec::Latest, Page::new(0, -1, usize::MAX));
        let base = QualifiedSubject::parse(&base);
        let referrers = registry.referenced_by(&base, version, true, page).await.unwrap();
        assert_eq!(referrers.len(), 1, "{database:?}");

        let kek = KekDraft {
            name: "k".repeat(256),
            kms_type: Some("t".to_owned()),
            kms_key_id: Some("i".to_owned()),
            ..KekDraft::default()
        };
        let kek = registry.create_kek(kek, false).await.unwrap().name;
        let subject = QualifiedSubject::parse(&format!(":.{}:{}", long(5, 1000), long(6, 1000)));
        let series = DekSeries { kek, subject, algorithm: DekAlgorithm::default() };
        let dek = DekDraft {
            series: series.clone(),
            version: 1,
            encrypted_key_material: Some("m".to_owned()),
            is_deleted: false,
        };
        registry.create_dek(dek, false).await.unwrap();
        assert_eq!(registry.dek_versions(&series, false, page).await.unwrap(), [1]);
        let prefix = SubjectFilter::parse(&format!(":.{}", long(1, 1000)));
        let found = registry.subjects(&prefix, DeletedFilter::Live, page);
        assert_eq!(found.await.unwrap(), [base], "{database:?}");
    }
}

#[tokio::test]
async fn old_rows_of_the_audit_are_removed_and_refused_changes_have_rows_too() {
    let (_directory, databases) = each().await;
    for database in &databases {
        let registry = open(database).await;
        let kek = |name: &str| About::name(name);
        for name in ["a", "b", "c"] {
            registry.note_refusal(kek(name), 40470).await.unwrap();
        }
        let store = registry.store();
        let all = audit(store).await;
        let expected = |name| AuditEntry {
            ts_ms: 0,
            origin: origin(),
            about: kek(name),
            refusal: Some(40470),
        };
        assert_eq!(all, ["a", "b", "c"].map(expected));
        let mut tx = store.write().await.unwrap();
        tx.run(Statement::new("UPDATE audit SET ts_ms = 10 * seq")).await.unwrap();
        tx.commit(None).await.unwrap();
        store.purge_audit(20).await.unwrap();
        assert_eq!(audit(store).await, ["b", "c"].map(expected), "{database:?}");
        store.purge_audit(i64::MAX).await.unwrap();
        assert_eq!(audit(store).await, ["c"].map(expected), "the newest row in {database:?}");
    }
}

/// A clock that was ahead for a while must not keep what came after it for ever.
#[tokio::test]
async fn old_rows_of_the_audit_are_removed_behind_any_number_of_rows_from_the_future() {
    let (_directory, databases) = each().await;
    for database in &databases {
        let store = SqlStore::open(database).await.unwrap();
        let add = |ts_ms: i64, action: &str| {
            format!(
                "INSERT INTO audit (ts_ms, principal, action, request_id)
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
                 SELECT {ts_ms}, 'p', '{action}', 'r' FROM n"
            )
        };
        for (ts_ms, action) in [(i64::MAX, "future"), (1, "old"), (30, "new")] {
            force(&store, add(ts_ms, action).leak()).await.unwrap();
        }
        store.purge_audit(20).await.unwrap();
        let mut tx = store.read().await.unwrap();
        let kept = Statement::new(
            "SELECT action, count(*) AS rows FROM audit GROUP BY action ORDER BY action",
        );
        let kept: Vec<(String, i64)> =
            tx.all(kept, |row| Ok((get(row, "action")?, get(row, "rows")?))).await.unwrap();
        let expected = [("future".to_owned(), 1500), ("new".to_owned(), 1500)];
        assert_eq!(kept, expected, "{database:?}");
    }
}

#[tokio::test]
async fn a_failure_of_the_store_in_another_context_is_no_missing_schema() {
    let (_directory, databases) = each().await;
    for database in &databases {
        let registry = open(database).await;
        let elsewhere = QualifiedSubject::parse(":.c:s");
        let string = draft("\"string\"");
        registry.register(&elsewhere, &string, RegisterOptions::default()).await.unwrap();
        let lookup =
            async || registry.lookup(&QualifiedSubject::parse("s"), &string, false, false).await;
        assert_eq!(lookup().await.unwrap().subject, elsewhere);
        let unreadable =
            "INSERT INTO configs (context, subject, document) VALUES ('.c', 's', 'no JSON')";
        force(registry.store(), unreadable).await.unwrap();
        let failed = lookup().await.unwrap_err();
        assert!(matches!(failed, RegistryError::Store(_)), "{database:?}: {failed}");
    }
}
