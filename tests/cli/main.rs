//! The commands as a pipeline sees them: exit code, reasons, one-line refusals.

mod check;
mod commands;
mod config;
mod deploy;
mod dev;
mod git;
mod globals;
mod init;
mod kafka;
mod paths;
mod pipelines;
mod project;
mod readme;
mod records;
mod registry;
mod transfer;

use std::fs;
use std::path::{Path, PathBuf};

use levada_tests::levada;

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}"#;
const WITH_DEFAULT: &str = r#"{"type":"record","name":"Order","fields":[
  {"name":"id","type":"long"},
  {"name":"note","type":"string","default":""}]}"#;
const WITHOUT_DEFAULT: &str = r#"{"type":"record","name":"Order","fields":[
  {"name":"id","type":"long"},
  {"name":"note","type":"string"},
  {"name":"total","type":"double"}]}"#;

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    }
}

/// Exit code, stdout and stderr of `levada check OLD NEW ARGS`.
fn check(old: &Path, new: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output =
        levada().arg("check").arg(old).arg(new).args(args).output().expect("the binary runs");
    (
        output.status.code(),
        String::from_utf8(output.stdout).expect("text"),
        String::from_utf8(output.stderr).expect("text"),
    )
}

#[test]
fn compatible_files_exit_0_and_say_what_was_compared() {
    let files = Files::new();
    let (old, new) = (files.write("old.avsc", ORDER), files.write("new.avsc", WITH_DEFAULT));
    let (code, out, err) = check(&old, &new, &[]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, "checked 1 schema, 1 pair compared, 0 findings\n");
}

#[test]
fn incompatible_files_exit_1_with_every_reason_and_its_place() {
    let files = Files::new();
    let (old, new) = (files.write("old.avsc", ORDER), files.write("new.avsc", WITHOUT_DEFAULT));
    let (code, out, err) = check(&old, &new, &[]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    for reason in ["/fields/1", "'note'", "/fields/2", "'total'", "new.avsc:3:3", "new.avsc:4:3"] {
        assert!(out.contains(reason), "{reason} is missing in:\n{out}");
    }
}

#[test]
fn protobuf_and_json_files_are_compared_by_their_extension() {
    let files = Files::new();
    let pairs = [
        ("proto", "message A { int32 a = 1; }", "message A { string a = 1; }", "#/A/1"),
        ("json", r#"{"type":"string"}"#, r#"{"type":"integer"}"#, "#/"),
    ];
    for (extension, old, new, path) in pairs {
        let syntax = if extension == "proto" { "syntax = \"proto3\";\n" } else { "" };
        let old = files.write(&format!("old.{extension}"), &format!("{syntax}{old}"));
        let new = files.write(&format!("new.{extension}"), &format!("{syntax}{new}"));
        let (code, out, err) = check(&old, &new, &[]);
        assert_eq!((code, err.as_str()), (Some(1), ""));
        assert!(out.contains(&format!(" {path}\n")), "{out}");
        assert_eq!(check(&old, &old, &[]).0, Some(0));
    }
}

#[test]
fn level_decides_the_direction() {
    let files = Files::new();
    let (old, new) = (files.write("old.avsc", ORDER), files.write("new.avsc", WITHOUT_DEFAULT));
    assert_eq!(check(&old, &new, &["--level", "FORWARD"]).0, Some(0));
    assert_eq!(check(&old, &new, &["--level", "full"]).0, Some(1));
    assert_eq!(check(&old, &new, &["--level", "NONE"]).0, Some(0));
}

#[test]
fn missing_file_exits_3_in_one_line_and_broken_schema_exits_4_with_its_place() {
    let files = Files::new();
    let old = files.write("old.avsc", ORDER);
    let (code, out, err) = check(&old, Path::new("nowhere.avsc"), &[]);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    assert_eq!(err, "levada: cannot read nowhere.avsc: No such file or directory (os error 2)\n");

    let (code, _, err) = check(Path::new("gone.avsc"), Path::new("nowhere.avsc"), &[]);
    assert_eq!(code, Some(3));
    assert!(err.contains("gone.avsc: ") && err.contains("nowhere.avsc: "), "{err}");

    let broken = files.write("broken.avsc", "{\"type\":\n \"recrd\"}");
    let (code, out, err) = check(&old, &broken, &[]);
    assert_eq!((code, err.as_str()), (Some(4), ""));
    assert!(out.contains("error[UNRESOLVED_REFERENCE]: unknown type \"recrd\""), "{out}");
    assert!(out.contains(&format!("--> {}:2:2", broken.display())), "{out}");
}

#[test]
fn unknown_extension_exits_2_and_says_how_to_name_the_type() {
    let files = Files::new();
    let (old, new) = (files.write("old.txt", ORDER), files.write("new.txt", WITH_DEFAULT));
    let (code, _, err) = check(&old, &new, &[]);
    assert_eq!(code, Some(2));
    assert!(err.contains("--type"), "{err}");
    assert_eq!(check(&old, &new, &["--type", "AVRO"]).0, Some(0));
}

/// The commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let rows = listed.take_while(|line| !line.is_empty());
    // A row that goes on is indented deeper.
    let rows = rows.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = rows.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn help_of_each_command_shows_an_example() {
    let line = |args: &[&str]| {
        let output = levada().args(args).arg("--help").output().expect("the binary runs");
        assert!(output.status.success(), "{args:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let commands = listed(&line(&[]));
    assert!(commands.len() > 20, "{commands:?}");
    for command in &commands {
        let help = line(&[command]);
        assert!(
            help.contains(&format!("\n  levada {command} ")) && help.contains("Example"),
            "{help}"
        );
        for inner in listed(&help) {
            let help = line(&[command, &inner]);
            assert!(help.contains(&format!("\n  levada {command} {inner}")), "{help}");
        }
    }
}

#[test]
fn example_is_a_written_value_with_its_bytes_and_what_the_reader_says() {
    let files = Files::new();
    let (old, new) = (files.write("old.avsc", ORDER), files.write("new.avsc", WITHOUT_DEFAULT));
    let (code, out, err) = check(&old, &new, &["--example"]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    let examples: Vec<&str> = out
        .lines()
        .filter_map(|line| line.split_once("  = ").map(|(_, note)| note))
        .filter(|note| ["example", "bytes", "outcome"].iter().any(|it| note.starts_with(it)))
        .collect();
    let expected = ["note", "total"].map(|field| {
        let outcome = format!(
            "outcome: the reader's record Order needs a field \"{field}\", which is not written and \
             has no default"
        );
        ["example: {\"id\":0}".to_owned(), "bytes: 00".to_owned(), outcome]
    });
    assert_eq!(examples, expected.concat(), "{out}");
    assert!(!check(&old, &new, &[]).1.contains("example"), "only on request");
}

#[test]
fn example_is_missing_with_a_word_where_the_writer_has_no_value() {
    let files = Files::new();
    let endless = |size: u8| {
        format!(
            r#"{{"type":"record","name":"A","fields":[{{"name":"a","type":"A"}},
               {{"name":"b","type":{{"type":"fixed","name":"F","size":{size}}}}}]}}"#
        )
    };
    let old = files.write("old.avsc", &endless(1));
    let new = files.write("new.avsc", &endless(2));
    let (code, out, _) = check(&old, &new, &["--example"]);
    assert_eq!(code, Some(1));
    let told = "example: no value shows this: the writer's schema allows no value there\n";
    assert!(out.contains(told), "{out}");
    assert!(!out.contains("outcome:"), "{out}");
}

/// A schema of each format, nested so deep.
fn nested(depth: usize) -> [(&'static str, String); 3] {
    let array = |item: &str| {
        format!("{}{item}{}", r#"{"type":"array","items":"#.repeat(depth), "}".repeat(depth))
    };
    let message = format!("{}{}", "message A {".repeat(depth), "}".repeat(depth));
    [
        ("deep.avsc", array("\"int\"")),
        ("deep.json", array(r#"{"type":"integer"}"#)),
        ("deep.proto", format!("syntax = \"proto3\"; {message}")),
    ]
}

#[test]
fn schemas_of_any_depth_get_a_verdict_or_a_refusal_and_never_a_crash() {
    let files = Files::new();
    for depth in [90, 10_000] {
        for (name, text) in nested(depth) {
            let file = files.write(name, &text);
            let (code, out, err) = check(&file, &file, &["--level", "FULL"]);
            let expected = if depth == 90 { Some(0) } else { Some(4) };
            assert_eq!((code, err.as_str()), (expected, ""), "{name}, {depth} levels: {out}");
        }
    }
}

#[test]
fn file_larger_than_a_schema_may_be_exits_4_and_names_the_limit() {
    let files = Files::new();
    let old = files.write("old.avsc", ORDER);
    let large = files.write("large.avsc", ORDER);
    for bytes in [(1 << 20) + 1, 100 << 20] {
        let file = fs::OpenOptions::new().write(true).open(&large).expect("a file");
        file.set_len(bytes).expect("a length");
        let (code, out, err) = check(&old, &large, &[]);
        assert_eq!((code, err.as_str()), (Some(4), ""));
        let limit = "a schema text may have at most 1048576 bytes (setting text-bytes-max)";
        assert!(out.contains(&format!("error[INVALID_SCHEMA]: {limit}")), "{out}");
        assert!(out.contains(&format!("--> {}", large.display())), "{out}");
    }
}

#[test]
fn file_without_an_end_exits_4() {
    let endless = Path::new("/dev/zero");
    let (code, out, err) = check(endless, endless, &["--type", "AVRO"]);
    assert_eq!((code, err.as_str()), (Some(4), ""), "{out}");
}

#[test]
fn limits_are_set_by_flag_by_variable_and_by_the_settings_file() {
    let files = Files::new();
    let order = files.write("order.avsc", ORDER);
    let run = |args: &[&str], variable: Option<&str>| {
        let mut command = levada();
        command.current_dir(files.folder.path()).arg("check").args([&order, &order]);
        command.args(["--format", "compact"]).args(args);
        command.envs(variable.map(|value| ("LEVADA_LIMIT_NODES_MAX", value)));
        let output = command.output().expect("the binary runs");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).expect("text");
        (output.status.code(), told.lines().next().unwrap_or_default().to_owned())
    };
    let refused = |most: usize| {
        let place = if most == 2 { ":1:25" } else { ":1:9" };
        let why = format!("too many JSON values; the limit is {most} (setting nodes-max)");
        let file = order.strip_prefix(files.folder.path()).expect("a file in the folder");
        (Some(4), format!("{}{place}: error INVALID_SCHEMA {why}", file.display()))
    };
    assert_eq!(run(&[], None).0, Some(0));
    assert_eq!(run(&["--limit", "nodes-max=1"], None), refused(1));
    assert_eq!(run(&[], Some("1")), refused(1));
    files.write("levada.toml", "[limits]\nnodes-max = 2\n");
    assert_eq!(run(&[], None), refused(2));
    assert_eq!(run(&[], Some("1")), refused(1));
    assert_eq!(run(&["--limit", "nodes-max=99"], Some("1")).0, Some(0));
    let (code, err) = run(&["--limit", "nodes=1"], None);
    assert_eq!(code, Some(2));
    assert!(err.contains("unknown limit 'nodes'; known are text-bytes-max, "), "{err}");
}
