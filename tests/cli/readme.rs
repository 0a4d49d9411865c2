//! What README.md shows of the command line, run as it stands there. Two rules for what differs from
//! machine to machine: a commit is whichever it is (eight hex digits behind "merge base"), and the
//! addresses of servers are those of servers that the test has started.

use std::path::PathBuf;
use std::process::Command;

use levada_tests::{Levada, levada, workspace_root};
use serde_json::json;

use crate::kafka::Cluster;
use crate::project::{Project, Told, told};

const OLD: &str = "{\n  \"type\": \"record\",\n  \"name\": \"shop.Order\",\n  \"fields\": [\n    \
                   { \"name\": \"id\", \"type\": \"long\" }\n  ]\n}\n";

/// The blocks of this language behind a heading, up to the next heading of the same rank.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(workspace_root().join("README.md")).expect("README.md");
    let behind = readme.split_once(&format!("\n{heading}\n")).expect("the heading").1;
    let section = behind.split("\n## ").next().unwrap_or_default();
    let fence = format!("```{language}\n");
    let blocks = section.split(&fence).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The commands of console blocks, with what they print.
fn transcript(heading: &str) -> Vec<(String, String)> {
    let blocks = blocks(heading, "console");
    let commands = blocks.iter().flat_map(|block| block.split("$ ").skip(1));
    commands
        .map(|command| {
            let (line, printed) = command.split_once('\n').expect("a line");
            (line.to_owned(), printed.to_owned())
        })
        .collect()
}

/// A line as a shell runs it, with the binary under test before all others.
fn shell(project: &Project, line: &str, variables: &[(&str, &str)]) -> Told {
    let folder = PathBuf::from(levada().get_program()).parent().expect("a folder").to_owned();
    let others = std::env::var("PATH").expect("a PATH");
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).env("PATH", format!("{}:{others}", folder.display()));
    told(shell.current_dir(project.path()).envs(variables.iter().copied()))
}

fn without_commits(text: &str) -> String {
    const BEFORE: &str = "(merge base ";
    let parts: Vec<&str> = text.split(BEFORE).collect();
    let cut = |part: &&str| part.get(8..).map_or_else(String::new, |rest| format!("COMMIT{rest}"));
    let rest: Vec<String> = parts.iter().skip(1).map(cut).collect();
    std::iter::once((*parts.first().unwrap_or(&"")).to_owned())
        .chain(rest)
        .collect::<Vec<_>>()
        .join(BEFORE)
}

#[test]
fn check_and_its_settings_file_are_as_the_readme_shows_them() {
    let [section, ..] = REPLAYED;
    let [settings] = &blocks(section, "toml")[..] else { panic!("one settings file") };
    let (settings, approval) = settings.split_once("[[accept]]").expect("an approval");
    let commands = transcript(section);
    let [(init, written), (line, printed), others @ ..] = &commands[..] else {
        panic!("init, check, and others")
    };
    let project = Project::with_git();
    project.write("schemas/orders/order.avsc", OLD);
    assert_eq!(shell(&project, init, &[]), (Some(0), written.clone(), String::new()));
    project.write("levada.toml", settings);
    project.commit();
    project.git(&["checkout", "--quiet", "-b", "change"]);
    let added = ",\n    { \"name\": \"email\", \"type\": \"string\" }\n  ]";
    project.write("schemas/orders/order.avsc", &OLD.replace("\n  ]", added));
    project.commit();
    let (code, out, err) = shell(&project, line, &[]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    assert_eq!(without_commits(&out), without_commits(printed));
    let folder = Project::new();
    let server = Levada::start(&folder.path().join("data"));
    for (line, printed) in others {
        let line = line.replace("http://127.0.0.1:8081", &server.registry);
        assert_eq!(
            shell(&project, &line, &[]),
            (Some(0), printed.clone(), String::new()),
            "{line}"
        );
    }
    // The approval is of this very change.
    let (_, out, _) = shell(&project, &format!("{line} --print-accept"), &[]);
    for key in ["rule", "at", "hash"] {
        let of = |text: &str| {
            let line = text.lines().find(|line| line.starts_with(&format!("{key} = ")));
            line.and_then(|line| line.split('"').nth(1)).map(str::to_owned)
        };
        assert!(of(approval).is_some(), "{key}");
        assert_eq!(of(&out), of(approval), "{out}");
    }
}

/// The sections whose transcripts the tests of this file run.
const REPLAYED: [&str; 3] =
    ["## Check schemas where the code is", "## Look into topics", "## Move a registry"];

#[test]
fn every_transcript_is_run_by_a_test() {
    let readme = std::fs::read_to_string(workspace_root().join("README.md")).expect("README.md");
    let of_sections: usize = REPLAYED.iter().map(|heading| blocks(heading, "console").len()).sum();
    assert_eq!(readme.matches("```console\n").count(), of_sections);
}

#[test]
fn topics_are_as_the_readme_shows_them() {
    let cluster = Cluster::start();
    let schema = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},
        {"name":"item","type":"string"}]}"#;
    cluster.topic("tea-orders", "order.avsc", schema);
    let first = json!({"timestamp": "2026-11-26T08:00:00Z", "value": {"id": 1, "item": "tea"}});
    cluster.produce(&["tea-orders", "--lines", "records"], &format!("{first}\n"));
    cluster.out(&["group", "reset-offsets", "shop", "--topic", "tea-orders", "--to", "latest"]);
    let commands = transcript("## Look into topics");
    assert_eq!(commands.len(), 5, "{commands:?}");
    let server = &cluster.server;
    let variables = [("LEVADA_REGISTRY", &*server.registry), ("LEVADA_BOOTSTRAP", &*server.kafka)];
    for (line, printed) in commands.iter().filter(|(line, _)| !line.starts_with("export ")) {
        let told = shell(&cluster.project, line, &variables);
        assert_eq!(told, (Some(0), printed.clone(), String::new()), "{line}");
    }
}

#[test]
fn registry_is_moved_by_the_lines_that_the_readme_shows() {
    let (project, other) = (Project::new(), Project::new());
    let old = Levada::start(&project.path().join("data"));
    let new = Levada::start(&other.path().join("data"));
    project.write("order.avsc", OLD);
    let register = "levada schema register order order.avsc";
    assert_eq!(shell(&project, register, &[("LEVADA_REGISTRY", &old.registry)]).0, Some(0));
    let commands = transcript("## Move a registry");
    assert_eq!(commands.len(), 4, "{commands:?}");
    for (line, printed) in commands {
        assert_eq!(printed, "", "{line}");
        let line = line.replace("http://old:8081", &old.registry);
        let (code, out, err) =
            shell(&project, &line.replace("http://new:8081", &new.registry), &[]);
        assert_eq!(code, Some(0), "{line}: {out}{err}");
    }
    let got = shell(&project, "levada subject list", &[("LEVADA_REGISTRY", &new.registry)]);
    assert_eq!((got.0, got.1.as_str()), (Some(0), "order\n"));
}
