//! `levada init`: what it writes, and that the next command reads it.

use std::fs;

use levada_tests::{Levada, levada};

use crate::project::{Project, told};
use crate::{ORDER, WITH_DEFAULT};

const HEAD: &str = "\
# Settings of levada; paths count from this file.
version = 1

";
const LEVELS: &str = "
# BACKWARD: new schemas read what old ones wrote; FORWARD: the other way round;
# FULL: both. With _TRANSITIVE all earlier versions count. NONE: anything goes.
[defaults]
compatibility = \"BACKWARD\"

# Which files are schemas of which subject: the first table counts whose path
# matches. A subject is made of {file}, {dir}, {path} or {record}, as in
# \"{file}-value\".
";

fn written(project: &Project) -> String {
    fs::read_to_string(project.path().join("levada.toml")).expect("a settings file")
}

#[test]
fn settings_for_the_schemas_of_a_folder_are_read_by_the_next_command() {
    let project = Project::new();
    project.write("avro/order.avsc", ORDER);
    project.write("package.json", "{}");
    project.write("json/user.schema.json", "{}");
    project.write("proto/shop/v1/a.proto", "syntax = \"proto3\"; import \"shop/v1/b.proto\";");
    project.write("proto/shop/v1/b.proto", "syntax = \"proto3\";");
    let told = "\
wrote levada.toml: 4 schemas
next:
  levada lock                  keep the schemas of today in levada.lock
  levada check --against lock  what has changed since then, and whom it breaks
";
    assert_eq!(project.levada(&["init"]), (Some(0), told.to_owned(), String::new()));
    let registry =
        "# The registry that commands talk to.\n# [registry]\n# url = \"http://127.0.0.1:8081\"\n";
    let tables = "\
[[schemas]]
path = \"avro/*.avsc\"
subject = \"{file}\"

[[schemas]]
path = \"proto/shop/v1/*.proto\"
subject = \"{file}\"
import-roots = [\"proto\"]

[[schemas]]
path = \"json/*.schema.json\"
subject = \"{file}\"
";
    assert_eq!(written(&project), [HEAD, registry, LEVELS, tables].concat());
    let locked = "wrote levada.lock: 4 versions\n".to_owned();
    assert_eq!(project.levada(&["lock"]), (Some(0), locked, String::new()));
    let compared = "checked 4 schemas, 4 pairs compared, 0 findings\n".to_owned();
    let check = project.levada(&["check", "--against", "lock"]);
    assert_eq!(check, (Some(0), compared, String::new()));
}

#[test]
fn nothing_is_overwritten_and_nothing_written_without_a_schema() {
    let project = Project::new();
    let (code, out, err) = project.levada(&["init"]);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    assert!(err.starts_with("levada: there is no schema here ("), "{err}");
    assert!(!project.path().join("levada.toml").exists());

    project.write("order.avsc", ORDER);
    project.write("levada.toml", "version = 1\n");
    let (code, out, err) = project.levada(&["init"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.starts_with("levada: levada.toml is there already and stays as it is;"), "{err}");
    assert_eq!(written(&project), "version = 1\n");
    let elsewhere = project.levada(&["init", "--config", "other.toml", "--quiet"]);
    assert_eq!(elsewhere, (Some(0), String::new(), String::new()));
    assert!(project.path().join("other.toml").is_file());
}

#[test]
fn a_repository_is_compared_with_its_history() {
    let project = Project::with_git();
    project.write("order.avsc", ORDER);
    project.commit();
    let (code, out, _) = project.levada(&["init"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("\n  levada check --against .git#branch=main  what this branch"), "{out}");
    let compared = "checked 1 schema, 1 pair compared, 0 findings\n".to_owned();
    let check = project.levada(&["check", "--against", ".git#branch=main"]);
    assert_eq!(check, (Some(0), compared, String::new()));
}

#[test]
fn settings_for_a_registry_have_its_levels_and_subjects_and_no_password() {
    let project = Project::new();
    let server = Levada::start(&project.path().join("data"));
    let go = |args: &[&str]| {
        let mut command = levada();
        command.current_dir(project.path()).args(args).arg("--quiet");
        let (code, _, err) = told(command.env("LEVADA_REGISTRY", &server.registry));
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}");
    };
    project.write("new/order.avsc", ORDER);
    for subject in ["orders-value", "plain", "a/b"] {
        go(&["schema", "register", subject, "new/order.avsc"]);
    }
    go(&["config", "set", "--level", "FORWARD"]);
    go(&["config", "set", "--level", "FULL", "--subject", "orders-value"]);

    let with_password = server.registry.replace("//", "//user:geheim@");
    let (code, out, _) = project.levada(&["init", "--from-registry", &with_password]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.starts_with("wrote levada.toml: 3 subjects\n"), "{out}");
    let registry = format!("[registry]\nurl = \"{}\"\n", server.registry);
    let levels = LEVELS.replace("= \"BACKWARD\"", "= \"FORWARD\"");
    let tables = "\
[[schemas]]
path = \"schemas/a%2Fb.avsc\"
subject = \"a/b\"

[[schemas]]
path = \"schemas/orders-value.avsc\"
subject = \"orders-value\"
compatibility = \"FULL\"

[[schemas]]
path = \"schemas/*.avsc\"
subject = \"{file}\"
";
    assert_eq!(written(&project), [HEAD, &registry, &levels, tables].concat());

    let pulled = project.levada(&["pull", "--output", "schemas", "--quiet"]);
    assert_eq!(pulled, (Some(0), String::new(), String::new()));
    project.write("schemas/orders-value.avsc", WITH_DEFAULT);
    let compared = "checked 3 schemas, 3 pairs compared, 0 findings\n".to_owned();
    let check = project.levada(&["check", "--against", &server.registry]);
    assert_eq!(check, (Some(0), compared, String::new()));
    let plan = project.levada(&["plan"]);
    let planned = "= a/b: version 1 with id 1\n~ orders-value: next version, from \
                   schemas/orders-value.avsc\n= plain: version 1 with id 1\n1 change to make\n";
    assert_eq!(plan, (Some(0), planned.to_owned(), String::new()));
}
