//! The rules of the house, checked: which crate may know which, and what every file begins with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use levada_tests::workspace_root;
use serde_json::Value;

/// Longest source file, in lines; past it a file has two purposes.
const FILE_LINES_MAX: usize = 600;

/// What each package may depend on among our own, development dependencies aside.
const ARROWS: [(&str, &[&str]); 21] = [
    ("levada-encryption", &[]),
    ("levada-schema-core", &[]),
    ("levada-registry-api", &[]),
    ("levada-kafka-wire", &[]),
    ("levada-generated-tests", &["levada-serde"]),
    ("levada-kafka-client", &["levada-kafka-wire"]),
    ("levada-lock-file", &["levada-schema-core"]),
    ("levada-logical-types", &["levada-schema-core"]),
    ("levada-registry-core", &["levada-encryption", "levada-logical-types", "levada-schema-core"]),
    (
        "levada-registry-server",
        &["levada-registry-api", "levada-registry-core", "levada-schema-core"],
    ),
    (
        "levada-serde",
        &[
            "levada-encryption",
            "levada-lock-file",
            "levada-registry-api",
            "levada-schema-core",
            "levada-serde-derive",
        ],
    ),
    ("levada-serde-build", &["levada-lock-file", "levada-schema-core"]),
    ("levada-serde-derive", &[]),
    ("levada-log-broker", &["levada-kafka-wire"]),
    (
        "levada-cli",
        &[
            "levada-encryption",
            "levada-kafka-client",
            "levada-lock-file",
            "levada-log-broker",
            "levada-registry-server",
            "levada-schema-check",
            "levada-schema-core",
            "levada-serde",
            "levada-transfer",
        ],
    ),
    (
        "levada-schema-check",
        &[
            "levada-lock-file",
            "levada-registry-api",
            "levada-schema-core",
            "levada-serde",
            "levada-transfer",
        ],
    ),
    ("levada-transfer", &["levada-registry-api", "levada-serde"]),
    ("levada-bench-load", &["levada-kafka-wire", "levada-log-broker"]),
    ("levada-test-postgres", &[]),
    ("levada-testing", &["levada-log-broker", "levada-registry-server"]),
    ("levada-tests", &["levada-serde", "levada-test-postgres"]),
];

/// Libraries that a pure crate must not reach, whatever it is called.
const IMPURE: [&str; 5] = ["tokio", "axum", "sqlx", "reqwest", "rdkafka"];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace_root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// Every package with what its `[dependencies]` name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    dependencies_that(|_| true)
}

fn dependencies_that(are_meant: fn(&Value) -> bool) -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let all = package["dependencies"].as_array().expect("dependencies").iter();
            let meant = all.filter(|dep| dep["kind"].is_null() && are_meant(dep));
            let names = meant.map(|dep| text(&dep["name"]));
            (text(&package["name"]), names.collect())
        })
        .collect()
}

#[test]
fn dependency_arrows_point_inward() {
    let packages = dependencies();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    assert_eq!(
        packages.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        allowed.keys().copied().collect::<BTreeSet<_>>(),
        "every package of the workspace has its row"
    );
    for (package, dependencies) in &packages {
        let ours = dependencies.iter().filter(|name| name.starts_with("levada-"));
        let outward: Vec<&String> =
            ours.filter(|name| !allowed[package.as_str()].contains(&name.as_str())).collect();
        assert_eq!(outward, Vec::<&String>::new(), "{package} may not know these");
    }
}

#[test]
fn pure_crates_know_no_runtime_network_or_database() {
    let packages = dependencies();
    for package in [
        "levada-schema-core",
        "levada-encryption",
        "levada-logical-types",
        "levada-registry-api",
        "levada-kafka-wire",
    ] {
        let impure: Vec<&String> =
            packages[package].iter().filter(|name| IMPURE.contains(&name.as_str())).collect();
        assert_eq!(impure, Vec::<&String>::new(), "{package} is pure");
    }
}

/// What makes a server, and takes minutes to build.
const SERVER: [&str; 5] =
    ["levada-registry-server", "levada-log-broker", "axum", "rusqlite", "sqlx"];

#[test]
fn command_line_alone_is_built_without_a_server() {
    let all = dependencies();
    assert!(all["levada-cli"].contains("levada-registry-server"), "the whole binary has one");
    let needed = dependencies_that(|dependency| dependency["optional"] == false);
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut left: Vec<&str> = needed["levada-cli"].iter().map(String::as_str).collect();
    while let Some(package) = left.pop() {
        if reached.insert(package) {
            // What a crate below takes on request counts, for nobody looks who requests it.
            left.extend(all.get(package).into_iter().flatten().map(String::as_str));
        }
    }
    assert!(reached.len() > 20, "{reached:?}");
    let server: Vec<&&str> = SERVER.iter().filter(|name| reached.contains(**name)).collect();
    assert_eq!(server, Vec::<&&str>::new());
}

fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![workspace_root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 20, "found only {} source files", found.len());
    found
}

#[test]
fn every_source_file_says_what_it_is_for_and_stays_short() {
    let mut faults = Vec::new();
    for path in rust_files() {
        let text = fs::read_to_string(&path).expect("a readable file");
        let first = text.lines().find(|line| !line.starts_with("#!["));
        if !first.is_some_and(|line| line.starts_with("//! ")) {
            faults.push(format!("{}: the first line is not a `//!` purpose", path.display()));
        }
        if text.lines().count() > FILE_LINES_MAX {
            faults.push(format!("{}: more than {FILE_LINES_MAX} lines", path.display()));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// Paths in backquotes that look like files of this repository.
fn named_files(document: &str) -> Vec<String> {
    let quoted = document.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| {
        let is_rust = Path::new(word).extension().is_some_and(|extension| extension == "rs");
        is_rust && word.contains('/') && !word.contains('<')
    };
    quoted.filter(is_path).map(str::to_owned).collect()
}

#[test]
fn architecture_names_only_files_that_exist() {
    let root = workspace_root();
    let document = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named = named_files(&document);
    assert!(!named.is_empty(), "ARCHITECTURE.md names the files to start at");
    let missing: Vec<&String> =
        named.iter().filter(|name| !Path::new(&root).join(name).exists()).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
