//! `levada config`: every setting with its origin, and no secret.

use std::fs;
use std::path::Path;
use std::process::Command;

use levada_tests::levada;

/// Name, value and origin of each line, and the settings file, of `levada config ARGS` in a folder.
fn settings(command: &mut Command) -> (String, Vec<[String; 3]>) {
    let output = command.output().expect("the binary runs");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), error.as_str()), (Some(0), ""));
    let text = String::from_utf8(output.stdout).expect("text");
    let mut lines = text.lines();
    let file = lines.next().expect("the settings file").to_owned();
    let columns = |line: &str| {
        let columns: Vec<&str> = line.split("  ").filter(|column| !column.is_empty()).collect();
        let trimmed: Vec<String> = columns.iter().map(|column| column.trim().to_owned()).collect();
        trimmed.try_into().expect("three columns")
    };
    (file, lines.map(columns).collect())
}

fn config(folder: &Path) -> Command {
    let mut command = levada();
    command.current_dir(folder).arg("config");
    command
}

fn shown<'a>(lines: &'a [[String; 3]], name: &str) -> [&'a str; 2] {
    let found = lines.iter().find(|[known, ..]| known == name);
    let [_, value, origin] = found.unwrap_or_else(|| panic!("{name} is missing in {lines:?}"));
    [value, origin]
}

#[test]
fn defaults_of_all_settings_are_printed_when_nothing_is_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, lines) = settings(&mut config(folder.path()));
    assert_eq!(file, "settings file: none");
    assert!(lines.iter().all(|[.., origin]| origin == "default"), "{lines:?}");
    assert_eq!(shown(&lines, "serve.data-dir"), ["./data", "default"]);
    assert_eq!(shown(&lines, "serve.kafka-listen"), ["127.0.0.1:9092", "default"]);
    assert_eq!(shown(&lines, "serve.local-kms-secret"), ["none", "default"]);
    assert_eq!(shown(&lines, "limits.depth-max"), ["500", "default"]);
    // Whatever flag of serve has a variable is a setting.
    let help = levada().args(["serve", "--help"]).output().expect("the binary runs").stdout;
    let help = String::from_utf8(help).expect("text");
    let (help, _) = help.split_once("Options of every command").expect("its own flags first");
    let flags = help.lines().filter_map(|line| line.trim().strip_prefix("--"));
    let names: Vec<&str> = flags.filter_map(|flag| flag.split(' ').next()).collect();
    assert!(names.len() > 8, "{help}");
    // Limits have names of their own, and --dev is about one run.
    for name in names.into_iter().filter(|name| !["limit", "dev"].contains(name)) {
        shown(&lines, &format!("serve.{name}"));
    }
}

#[test]
fn each_value_is_printed_with_the_strongest_that_sets_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("levada.toml");
    let text = "[serve]\nkafka-listen = \"f:1\"\nregistry-listen = \"f:2\"\ndata-dir = \"/f\"\n\
                registry-body-max = 7\n[limits]\nnodes-max = 1\ndepth-max = 1\npairs-max = 1\n";
    fs::write(&path, text).expect("a file");
    let mut command = config(folder.path());
    command.args(["--kafka-listen", "a:1", "--limit", "nodes-max=3"]);
    for (name, value) in [
        ("LEVADA_KAFKA_LISTEN", "v:1"),
        ("LEVADA_REGISTRY_LISTEN", "v:2"),
        ("LEVADA_LIMIT_NODES_MAX", "2"),
        ("LEVADA_LIMIT_DEPTH_MAX", "2"),
    ] {
        command.env(name, value);
    }
    let (file, lines) = settings(&mut command);
    assert_eq!(file, format!("settings file: {}", path.display()));
    let lines = lines.as_slice();
    assert_eq!(shown(lines, "serve.kafka-listen"), ["a:1", "flag --kafka-listen"]);
    assert_eq!(shown(lines, "serve.registry-listen"), ["v:2", "variable LEVADA_REGISTRY_LISTEN"]);
    assert_eq!(shown(lines, "serve.data-dir"), ["/f", "settings file"]);
    assert_eq!(shown(lines, "serve.registry-body-max"), ["7", "settings file"]);
    assert_eq!(shown(lines, "limits.nodes-max"), ["3", "flag --limit"]);
    assert_eq!(shown(lines, "limits.depth-max"), ["2", "variable LEVADA_LIMIT_DEPTH_MAX"]);
    assert_eq!(shown(lines, "limits.pairs-max"), ["1", "settings file"]);
    assert_eq!(shown(lines, "limits.enum-symbols-max"), ["10000", "default"]);
}

#[test]
fn secrets_are_not_shown_wherever_they_come_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = "postgres://levada:geheim@db/levada";
    let hidden = |command: &mut Command, origin: &str| {
        let (_, lines) = settings(command);
        assert!(!format!("{lines:?}").contains("geheim"), "{lines:?}");
        for name in ["serve.database", "serve.local-kms-secret"] {
            let [value, found] = shown(&lines, name);
            assert_eq!((value, found.split(' ').next()), ("(not shown)", Some(origin)));
        }
    };
    // There is a warning without --quiet: everybody sees flags.
    let flags = ["--quiet", "--database", address, "--local-kms-secret", "geheim"];
    hidden(config(folder.path()).args(flags), "flag");
    let variables = [("LEVADA_DATABASE", address), ("LEVADA_LOCAL_KMS_SECRET", "geheim")];
    hidden(config(folder.path()).envs(variables), "variable");
    let text = format!("[serve]\ndatabase = \"{address}\"\nlocal-kms-secret = \"geheim\"\n");
    fs::write(folder.path().join("levada.toml"), text).expect("a file");
    hidden(&mut config(folder.path()), "settings");
}

#[test]
fn settings_with_which_serve_would_not_start_are_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, value, reason) in [
        ("LEVADA_KAFKA_ADVERTISE", "nowhere", "kafka-advertise 'nowhere' is not HOST:PORT"),
        ("LEVADA_LIMIT_DEPTH_MAX", "9999", "limit depth-max may be at most 1000"),
        ("LEVADA_CONFIG", "missing.toml", "cannot read settings file missing.toml"),
    ] {
        let output = config(folder.path()).env(name, value).output().expect("the binary runs");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}
