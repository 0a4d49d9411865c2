//! `levada check --against`: baselines, subjects, references, levels and exit codes.

use std::fs;
use std::io::Write;

use levada_tests::{Levada, levada};

use crate::project::{Project, git_in, told};

/// An Avro record with fields, each without a default unless it says one.
pub(crate) fn record(name: &str, fields: &[&str]) -> String {
    let fields = fields.iter().map(|field| format!("    {field}")).collect::<Vec<_>>().join(",\n");
    format!("{{\n  \"type\": \"record\", \"name\": \"{name}\", \"fields\": [\n{fields}\n  ]\n}}\n")
}

pub(crate) const ID: &str = r#"{"name": "id", "type": "long"}"#;
pub(crate) const NOTE: &str = r#"{"name": "note", "type": "string"}"#;
pub(crate) const TAG: &str = r#"{"name": "tag", "type": "string", "default": ""}"#;

/// A repository with one order on main, and a branch on which it may change.
pub(crate) fn repository() -> Project {
    let project = Project::with_git();
    project.write("schemas/order.avsc", &record("Order", &[ID]));
    project.commit();
    project.git(&["switch", "--quiet", "--create", "change"]);
    project
}

pub(crate) const MAIN: &[&str] = &["check", "--against", ".git#branch=main"];

#[test]
fn break_since_the_merge_base_is_found_with_its_place_in_both_files() {
    let project = repository();
    project.write("schemas/order.avsc", &record("Order", &[ID, NOTE]));
    let (code, out, err) = project.levada(MAIN);
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    for part in [
        "error[READER_FIELD_MISSING_DEFAULT_VALUE]",
        "--> schemas/order.avsc:4:5",
        "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ /fields/1",
        "::: schemas/order.avsc:1:1",
        "level: BACKWARD (default)",
        "against: .git#branch=main (merge base ",
        "checked 1 schema, 1 pair compared, 1 finding",
    ] {
        assert!(out.contains(part), "{part} is missing in:\n{out}");
    }
}

#[test]
fn change_that_may_follow_and_no_change_exit_0() {
    let project = repository();
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(code, Some(0));
    assert_eq!(out, "checked 1 schema, 1 pair compared, 0 findings\n");
    project.write("schemas/order.avsc", &record("Order", &[ID, TAG]));
    assert_eq!(project.levada(MAIN).0, Some(0));
}

#[test]
fn what_main_did_meanwhile_is_no_finding_but_with_tip() {
    let project = repository();
    project.git(&["switch", "--quiet", "main"]);
    project.write("schemas/order.avsc", &record("Order", &[NOTE]));
    project.commit();
    project.git(&["switch", "--quiet", "change"]);
    assert_eq!(project.levada(MAIN).0, Some(0));
    let (code, out, _) = project.levada(&["check", "--against", ".git#branch=main,tip"]);
    assert_eq!(code, Some(1), "{out}");
}

#[test]
fn new_subject_is_counted_and_exits_0_and_a_gone_one_is_told() {
    let project = repository();
    project.write("schemas/customer.avsc", &record("Customer", &[ID]));
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(code, Some(0));
    assert_eq!(out, "checked 2 schemas, 1 pair compared, 1 new, 0 findings\n");
    project.remove("schemas/order.avsc");
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(code, Some(0));
    assert_eq!(out, "checked 1 schema, 0 pairs compared, 1 new, 1 gone, 0 findings\n");
}

#[test]
fn run_that_compared_nothing_exits_3_unless_that_is_allowed() {
    let project = Project::with_git();
    project.write("README", "nothing\n");
    project.commit();
    let (code, _, err) = project.levada(MAIN);
    assert_eq!(code, Some(3));
    assert!(err.starts_with("levada: nothing was compared: there is no schema to check;"), "{err}");
    project.write("order.avsc", &record("Order", &[ID]));
    let (code, _, err) = project.levada(MAIN);
    assert_eq!((code, err.lines().count()), (Some(3), 1));
    assert!(err.contains("there is no schema in .git#branch=main (merge base "), "{err}");
    assert_eq!(project.levada(&[MAIN, &["--allow-empty"]].concat()).0, Some(0));
}

#[test]
fn ref_that_a_clone_lacks_exits_3_with_the_line_that_fetches_it() {
    let project = repository();
    project.write("schemas/order.avsc", &record("Order", &[ID, TAG]));
    project.commit();
    let clones = Project::new();
    let url = format!("file://{}", project.path().display());
    let clone = ["clone", "--quiet", "--depth=1", "--branch=change", &url, "shallow"];
    git_in(clones.path(), &clone);
    let shallow = clones.path().join("shallow");
    let run = |base: &str| told(levada().current_dir(&shallow).args(["check", "--against", base]));
    let (code, out, err) = run(".git#branch=main");
    assert_eq!((code, out.as_str()), (Some(3), ""));
    let fetch = "git fetch --unshallow origin +refs/heads/main:refs/remotes/origin/main";
    assert_eq!(err, format!("levada: this clone does not have main; run: {fetch}\n"));
    let words: Vec<&str> = fetch.split(' ').skip(1).collect();
    git_in(&shallow, &words);
    assert_eq!(run(".git#branch=main").0, Some(0));
    let (code, _, err) = run(".git#tag=v9");
    assert_eq!(code, Some(3));
    assert!(err.contains("run: git fetch origin +refs/tags/v9:refs/tags/v9"), "{err}");
}

#[test]
fn history_of_a_branch_counts_for_transitive_levels() {
    let project = Project::with_git();
    for fields in [&[ID, NOTE][..], &[ID], &[ID, TAG]] {
        project.write("order.avsc", &record("Order", fields));
        project.commit();
    }
    let note = r#"{"name": "note", "type": "int", "default": 0}"#;
    project.write("order.avsc", &record("Order", &[ID, note]));
    let run = |level: &str| {
        project.levada(&["check", "--against", ".git#history=main", "--level", level])
    };
    assert_eq!(run("BACKWARD").0, Some(0));
    let (code, out, _) = run("BACKWARD_TRANSITIVE");
    assert_eq!(code, Some(1));
    assert!(out.contains("error[TYPE_MISMATCH]"), "{out}");
    assert!(out.contains("against: .git#history=main (3 states)"), "{out}");
}

#[test]
fn folders_files_and_several_baselines_are_compared_with() {
    let project = Project::new();
    project.write("v1/order.avsc", &record("Order", &[ID]));
    project.write("v2/order.avsc", &record("Order", &[ID, NOTE]));
    project.write("now/order.avsc", &record("Order", &[ID, NOTE]));
    let run = |args: &[&str]| project.levada(&[&["check", "now"], args].concat());
    assert_eq!(run(&["--against", "v2"]).0, Some(0));
    assert_eq!(run(&["--against", "v2", "--against", "v1"]).0, Some(1));
    assert_eq!(run(&["--against", "v1/order.avsc"]).0, Some(1));
    let mut tar = std::process::Command::new("tar");
    let status =
        tar.current_dir(project.path()).args(["-czf", "v1.tar.gz", "-C", "v1", "."]).status();
    assert!(status.expect("tar runs").success());
    let (code, out, _) = run(&["--against", "v1.tar.gz"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("against: v1.tar.gz"), "{out}");
    let zip = fs::File::create(project.path().join("v1.zip")).expect("a file");
    let mut zip = zip::ZipWriter::new(zip);
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    let long = " ".repeat(2 << 20);
    for (name, text) in [
        ("./order.avsc", record("Order", &[ID])),
        ("../outside.avsc", record("Order", &[ID])),
        ("long.avsc", long),
    ] {
        zip.start_file(name, options).expect("an entry");
        zip.write_all(text.as_bytes()).expect("its text");
    }
    zip.finish().expect("a whole archive");
    let (code, out, _) = run(&["--against", "v1.zip"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("against: v1.zip"), "{out}");
    let (code, _, err) = run(&["--against", &project.write("cut.zip", "PK").display().to_string()]);
    assert_eq!(code, Some(3));
    assert!(err.contains("cut.zip: "), "{err}");
    let (code, _, err) = run(&["--against", "v3"]);
    assert_eq!(code, Some(3));
    assert!(err.contains("--against v3: there is no such folder or file"), "{err}");
}

#[test]
fn settings_say_which_files_are_schemas_of_which_subject_at_which_level() {
    let project = Project::with_git();
    let settings = "version = 1\n[defaults]\ncompatibility = \"NONE\"\n\
                    [[schemas]]\npath = \"schemas/*/*.avsc\"\nsubject = \"{dir}-value\"\n\
                    compatibility = \"FORWARD\"\n[[schemas]]\npath = \"loose/*.avsc\"\n";
    project.write("levada.toml", settings);
    for file in ["schemas/orders/old.avsc", "loose/a.avsc", "ignored/b.avsc"] {
        project.write(file, &record("R", &[ID]));
    }
    project.commit();
    project.remove("schemas/orders/old.avsc");
    project.write("schemas/orders/order.avsc", &record("R", &[NOTE]));
    for file in ["loose/a.avsc", "ignored/b.avsc"] {
        project.write(file, &record("R", &[NOTE]));
    }
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("schemas/orders/order.avsc:1:1"), "{out}");
    assert!(out.contains("::: schemas/orders/old.avsc:3:5"), "{out}");
    let level = "level: FORWARD (levada.toml, path = \"schemas/*/*.avsc\")";
    assert!(out.contains(level), "{out}");
    assert!(out.ends_with("checked 2 schemas, 2 pairs compared, 1 finding\n"), "{out}");
    // From a folder below the paths begin there.
    let below = told(levada().current_dir(project.path().join("schemas")).args([
        "check",
        "orders",
        "--against",
        ".git#branch=main",
    ]));
    assert!(below.1.contains("--> orders/order.avsc:1:1"), "{below:?}");
    assert_eq!(below.0, Some(1));
}

#[test]
fn two_files_of_one_subject_and_wrong_settings_exit_2() {
    let project = Project::with_git();
    let settings = "[[schemas]]\npath = \"**/*.avsc\"\nsubject = \"s\"\n";
    project.write("levada.toml", settings);
    for file in ["a.avsc", "b.avsc"] {
        project.write(file, &record("R", &[ID]));
    }
    project.commit();
    let (code, _, err) = project.levada(MAIN);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("levada: subject s would be both a.avsc and b.avsc;"), "{err}");
    for (settings, told) in [
        ("version = 2\n", "has version 2, and this levada knows 1"),
        ("[[schemas]]\npath = \"[\"\n", "path = \"[\": "),
        ("[defaults]\ncompatibility = \"UP\"\n", "unknown compatibility level 'UP'"),
    ] {
        project.write("levada.toml", settings);
        let (code, _, err) = project.levada(MAIN);
        assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
        assert!(err.contains(told), "{err}");
    }
}

#[test]
fn references_resolve_across_files_of_all_formats_and_a_change_behind_one_is_found() {
    let project = Project::with_git();
    let settings = "[[schemas]]\npath = \"avro/*.avsc\"\nsubject = \"{record}\"\n\
                    [[schemas]]\npath = \"json/*.json\"\nsubject = \"{path}\"\n\
                    [[schemas]]\npath = \"proto/**/*.proto\"\nsubject = \"{path}\"\n\
                    import-roots = [\"proto\"]\n";
    project.write("levada.toml", settings);
    let address = r#"{"name": "to", "type": "p.Address"}"#;
    project.write("avro/order.avsc", &record("p.Order", &[ID, address]));
    project.write("avro/address.avsc", &record("p.Address", &[ID]));
    let order = r#"{"type":"object","properties":{"to":{"$ref":"common.json#/definitions/a"}}}"#;
    project.write("json/order.json", order);
    project.write("json/common.json", r#"{"definitions":{"a":{"type":["string","null"]}}}"#);
    let proto = "syntax = \"proto3\";\npackage p;\n";
    let order = "import \"p/common.proto\";\nmessage Order {\n  Address to = 1;\n}\n";
    project.write("proto/p/order.proto", &format!("{proto}{order}"));
    project.write("proto/p/common.proto", &format!("{proto}message Address {{ string a = 1; }}\n"));
    project.commit();
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "checked 6 schemas, 6 pairs compared, 0 findings\n")
    );
    project.write("avro/address.avsc", &record("p.Address", &[ID, NOTE]));
    project.write("json/common.json", r#"{"definitions":{"a":{"type":"string"}}}"#);
    project.write("proto/p/common.proto", &format!("{proto}message Address {{ int32 a = 1; }}\n"));
    let (code, out, _) = project.levada(&[MAIN, &["--format", "compact"]].concat());
    assert_eq!(code, Some(1));
    let mut files: Vec<&str> = out.lines().filter_map(|line| line.split(':').next()).collect();
    files.dedup();
    let avro = ["avro/address.avsc", "avro/order.avsc"];
    let rest = ["json/order.json", "proto/p/common.proto", "proto/p/order.proto"];
    assert_eq!(
        files.into_iter().filter(|file| !file.starts_with("checked")).collect::<Vec<_>>(),
        [&avro[..], &rest].concat(),
        "{out}"
    );
}

#[test]
fn unresolved_and_circular_references_exit_4_with_their_place() {
    let project = Project::with_git();
    let address = r#"{"name": "to", "type": "Address"}"#;
    project.write("order.avsc", &record("Order", &[ID, address]));
    project.commit();
    let (code, out, err) = project.levada(MAIN);
    assert_eq!((code, err.as_str()), (Some(4), ""));
    assert!(out.contains("error[UNRESOLVED_REFERENCE]: unknown type \"Address\""), "{out}");
    assert!(out.contains("--> order.avsc:4:28"), "{out}");
    let order = r#"{"name": "of", "type": "Order"}"#;
    project.write("address.avsc", &record("Address", &[order]));
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(code, Some(4));
    assert!(out.contains("round in a circle: address.avsc -> order.avsc -> address.avsc"), "{out}");
}

#[test]
fn approved_break_passes_until_it_runs_out_or_the_change_is_another() {
    let project = repository();
    project.write("schemas/order.avsc", &record("Order", &[ID, NOTE]));
    let (code, printed, _) = project.levada(&[MAIN, &["--print-accept"]].concat());
    assert_eq!(code, Some(1));
    assert!(printed.contains("at = \"schemas/order.avsc#/fields/1\""), "{printed}");
    project.write("levada.toml", &printed);
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "checked 1 schema, 1 pair compared, 1 accepted, 0 findings\n")
    );
    project.write("levada.toml", &printed.replace("reason", "until = \"2020-01-01\"\nreason"));
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(code, Some(1));
    assert!(out.contains("error[ACCEPT_EXPIRED]"), "{out}");
    project.write("levada.toml", &printed);
    project.write("schemas/order.avsc", &record("Order", &[ID]));
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(code, Some(1));
    assert!(out.contains("error[ACCEPT_UNUSED]"), "{out}");
}

#[test]
fn registry_and_its_archive_are_compared_with_at_their_own_levels() {
    let project = Project::new();
    let server = Levada::start(&project.path().join("data"));
    project.write("old.avsc", &record("Order", &[ID]));
    let registry = ["--registry", &server.registry];
    for command in [
        &["schema", "register", "order", "old.avsc"][..],
        &["schema", "register", "quiet", "old.avsc"],
        &["config", "set", "--subject", "quiet", "--level", "NONE"],
    ] {
        assert_eq!(project.levada(&[command, &registry].concat()).0, Some(0), "{command:?}");
    }
    let archive = project.path().join("registry.jsonl").display().to_string();
    let export = project.levada(&["export", "--registry", &server.registry, "--output", &archive]);
    assert_eq!(export.0, Some(0), "{export:?}");
    for file in ["s/order.avsc", "s/quiet.avsc", "s/new.avsc"] {
        project.write(file, &record("Order", &[ID, NOTE]));
    }
    for base in [server.registry.as_str(), &archive] {
        let (code, out, err) = project.levada(&["check", "s", "--against", base]);
        assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
        assert!(out.contains("::: order version 1:1:1"), "{out}");
        let level = if base == archive { "default" } else { "config of order in the registry" };
        assert!(out.contains(&format!("level: BACKWARD ({level})")), "{out}");
        assert!(out.ends_with("checked 3 schemas, 2 pairs compared, 1 new, 1 finding\n"), "{out}");
    }
    server.terminate();
    let gone = project.levada(&["check", "s", "--against", "http://127.0.0.1:1"]);
    assert_eq!((gone.0, gone.1.as_str()), (Some(5), ""), "{gone:?}");
}

#[test]
fn single_file_that_holds_no_schema_is_an_error() {
    let project = Project::new();
    project.write("new.json", r#"{"type":"string"}"#);
    project.write("old.ok.json", "1");
    project.write("old.json", "");
    for args in [
        &["check", "old.ok.json", "new.json"][..],
        &["check", "new.json", "--against", "old.ok.json"],
    ] {
        let (code, out, err) = project.levada(args);
        assert_eq!((code, out.as_str()), (Some(3), ""));
        assert!(err.starts_with("levada: old.ok.json is no schema by its name; "), "{err}");
    }
    for args in
        [&["check", "old.json", "new.json"][..], &["check", "new.json", "--against", "old.json"]]
    {
        let (code, out, err) = project.levada(args);
        assert_eq!((code, err.as_str()), (Some(4), ""));
        assert!(out.contains("error[BASELINE_UNREADABLE]"), "{out}");
    }
}

#[test]
fn files_that_are_no_schemas_do_not_count_as_something_to_compare_with() {
    let project = Project::with_git();
    project.write("levada.toml", "[[schemas]]\npath = \"s/*.avsc\"\n");
    project.write("s/package.json", "{}");
    project.write("s/deeper/order.avsc", &record("Order", &[ID]));
    project.commit();
    project.write("s/order.avsc", &record("Order", &[ID]));
    let (code, _, err) = project.levada(MAIN);
    assert_eq!(code, Some(3));
    assert!(err.contains("there is no schema in .git#branch=main (merge base "), "{err}");
    project.commit();
    project.write("s/other.avsc", &record("Other", &[ID]));
    let (code, out, _) =
        project.levada(&["check", "s/other.avsc", "--against", ".git#branch=main"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "checked 1 schema, 0 pairs compared, 1 new, 0 findings\n")
    );
}

#[test]
fn approval_is_of_the_values_that_were_there() {
    let project = Project::with_git();
    let schema = |most: u32| format!("{{\n  \"type\": \"string\",\n  \"maxLength\": {most}\n}}\n");
    project.write("name.schema.json", &schema(10));
    project.commit();
    project.write("name.schema.json", &schema(9));
    let (_, printed, _) = project.levada(&[MAIN, &["--print-accept"]].concat());
    project.write("levada.toml", &printed);
    assert_eq!(project.levada(MAIN).0, Some(0));
    project.write("name.schema.json", &schema(9).replace("  ", " "));
    assert_eq!(project.levada(MAIN).0, Some(0), "white space is no change");
    project.write("name.schema.json", &schema(1));
    let (code, out, _) = project.levada(MAIN);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("error[MAX_LENGTH_DECREASED]") && out.contains("error[ACCEPT_UNUSED]"),
        "{out}"
    );
}

#[test]
fn names_in_schemas_cannot_steer_a_terminal() {
    let project = Project::new();
    let schema = |kind: &str| {
        format!(r#"{{"type":"object","properties":{{"a\u001b[31m\u009b":{{"type":"{kind}"}}}}}}"#)
    };
    project.write("old.json", &schema("string"));
    project.write("new.json", &schema("integer"));
    for format in ["text", "compact", "markdown", "github"] {
        let (code, out, _) = project.levada(&["check", "old.json", "new.json", "--format", format]);
        assert_eq!(code, Some(1));
        assert!(out.contains("[31m"), "{out}");
        assert!(!out.contains(['\u{1b}', '\u{9b}']), "{format}: {out:?}");
    }
    let (_, out, _) = project.levada(&["diff", "old.json", "new.json", "--text"]);
    assert!(out.contains("[31m") && !out.contains(['\u{1b}', '\u{9b}']), "{out:?}");
}
