//! What a build script is told of schema files that cannot be taken.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

use std::fs;

use levada_lock_file::StoredVersion;
use levada_serde_build::{BuildError, Builder};
use tempfile::TempDir;

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}"#;

struct Files(TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// What the files of these names become, without the folder in what is told.
    fn code(&self, names: &[&str]) -> Result<String, String> {
        let builder = names.iter().fold(Builder::new(), |it, name| it.schema(self.path(name)));
        self.told(builder.code())
    }

    fn told(&self, code: Result<String, BuildError>) -> Result<String, String> {
        let folder = format!("{}/", self.0.path().display());
        code.map_err(|error| format!("{error:?}").replace(&folder, ""))
    }
}

#[test]
fn file_may_use_types_of_the_files_before_it_alone() {
    let line = r#"{"type":"record","name":"Line","fields":[{"name":"of","type":"Order"}]}"#;
    let files = Files::new(&[("order.avsc", ORDER), ("line.avsc", line)]);
    let code = files.code(&["order.avsc", "line.avsc"]).unwrap();
    assert!(code.contains("pub struct Line {\n    pub of: Order,\n}"), "{code}");
    let error = files.code(&["line.avsc", "order.avsc"]).unwrap_err();
    assert!(error.starts_with("line.avsc is no Avro schema: "), "{error}");
}

#[test]
fn what_no_type_stands_for_is_told_with_file_and_field() {
    let field = |r#type: &str| {
        format!(r#"{{"type":"record","name":"R","fields":[{{"name":"f","type":{type}}}]}}"#)
    };
    for r#type in [r#""null""#, r#"{"type":"array","items":"null"}"#] {
        let files = Files::new(&[("r.avsc", &field(r#type))]);
        let error = files.code(&["r.avsc"]).unwrap_err();
        assert_eq!(error, "r.avsc, `R.f`: null alone is no type of a value");
    }
}

#[test]
fn two_names_that_rust_cannot_tell_apart_are_refused() {
    let two = r#"{"type":"record","name":"R","fields":[
        {"name":"customerId","type":"int"},{"name":"customer_id","type":"int"}]}"#;
    let other = ORDER.replace("\"fields\"", "\"namespace\":\"old\",\"fields\"");
    let files = Files::new(&[("two.avsc", two), ("order.avsc", ORDER), ("old.avsc", &other)]);
    let told = files.code(&["two.avsc"]).unwrap_err();
    assert!(told.starts_with("`R.customer_id` would be called `customer_id` in Rust"), "{told}");
    let told = files.code(&["order.avsc", "old.avsc"]).unwrap_err();
    assert!(told.starts_with("`old.Order` would be called `Order` in Rust"), "{told}");
}

#[test]
fn file_that_is_not_the_newest_version_in_the_lock_file_is_refused_with_the_difference() {
    let version = |version, schema: &str| StoredVersion {
        subject: "orders-value".to_owned(),
        version,
        id: None,
        guid: None,
        schema_type: "AVRO".to_owned(),
        references: Vec::new(),
        metadata: None,
        rule_set: None,
        schema: schema.to_owned(),
        deleted: false,
    };
    let spaced = ORDER.replace(',', ", ");
    let next = ORDER.replace("long", "string");
    let lock = levada_lock_file::write(&[version(1, &next), version(2, ORDER)]);
    let files = Files::new(&[("a.avsc", &spaced), ("b.avsc", &next), ("levada.lock", &lock)]);
    let check = |name: &str, subject: &str| {
        let builder = Builder::new().schema(files.path(name)).lock_file(files.path("levada.lock"));
        files.told(builder.locked(files.path(name), subject).code())
    };
    assert!(check("a.avsc", "orders-value").is_ok());
    assert_eq!(
        check("b.avsc", "orders-value").unwrap_err(),
        "b.avsc is not version 2 of subject 'orders-value' in the lock file: at \
         /fields/0 (id)/type the file has `\"string\"` and the lock file `\"long\"`; register it and \
         run `levada lock`, or bring the file back"
    );
    let gone = check("a.avsc", "gone").unwrap_err();
    assert_eq!(gone, "levada.lock: it has no subject 'gone'");
    let builder = Builder::new().schema(files.path("a.avsc")).locked(files.path("a.avsc"), "s");
    assert!(matches!(builder.code(), Err(BuildError::NoLockFile { .. })));
}
