//! Files and registries that differ from what one expects: several contexts, references, versions of
//! long ago, names that clash.

use std::fs;

use crate::registry::{Ends, ORDER};

/// A record with one field of the type of another record.
fn user_of(name: &str, of: &str) -> String {
    format!(r#"{{"type":"record","name":"a.{name}","fields":[{{"name":"o","type":"a.{of}"}}]}}"#)
}

impl Ends {
    /// Registers a text under a subject.
    fn register(&self, subject: &str, text: &str, args: &[&str]) {
        self.project.write("registered", text);
        self.lines(&[&["schema", "register", subject, "registered"], args].concat());
    }
}

#[test]
fn plan_and_prune_look_into_the_contexts_of_the_files_alone() {
    let ends = Ends::start();
    for subject in ["order", "extra"] {
        for context in [&["--context", ".one"][..], &["--context", ".two"]] {
            ends.register(subject, ORDER, &[&["--type", "AVRO"], context].concat());
        }
    }
    ends.project.write("order.avsc", ORDER);
    let planned = ["+ order: new, from order.avsc", "1 change to make"];
    assert_eq!(ends.lines(&["plan", "--prune"]), planned);
    ends.lines(&["apply", "--prune", "--yes"]);
    let rest = [":.one:extra", ":.one:order", ":.two:extra", ":.two:order", "order"];
    let all = || ends.lines(&["subject", "list", ":*:"]);
    assert_eq!(all(), rest);
    let own = ["--context", ".one"];
    let planned = ends.lines(&[&["plan", "--prune"], &own[..]].concat());
    assert_eq!(
        planned,
        ["= order: version 1 with id 1", "- extra: deleted (soft)", "1 change to make"]
    );
    let rule = "[[schemas]]\npath = \"*.avsc\"\nsubject = \":.two:order\"\n";
    ends.project.write("levada.toml", rule);
    let planned = ends.lines(&["plan", "--prune"]);
    let kept = "= :.two:order: version 1 with id 1";
    assert_eq!(planned, [kept, "- :.two:extra: deleted (soft)", "1 change to make"]);
    ends.lines(&["apply", "--prune", "--yes"]);
    assert_eq!(all(), [&rest[..2], &rest[3..]].concat());
}

#[test]
fn prune_deletes_what_refers_before_what_is_referred_to() {
    let ends = Ends::start();
    let avro = ["--type", "AVRO"];
    ends.register("a-base", ORDER, &avro);
    let order = ["--reference", "a.Order=a-base:1"];
    ends.register("b-user", &user_of("User", "Order"), &[&avro[..], &order].concat());
    let user = [&order[..], &["--reference", "a.User=b-user:1"]].concat();
    ends.register("c-top", &user_of("Top", "User"), &[&avro[..], &user].concat());
    ends.project.write("kept.avsc", ORDER);
    let done = ends.lines(&["apply", "--prune", "--yes"]);
    let deleted =
        ["- c-top: deleted (soft)", "- b-user: deleted (soft)", "- a-base: deleted (soft)"];
    assert_eq!(done[1..4], deleted);
    assert_eq!(ends.lines(&["subject", "list"]), ["kept"]);
}

#[test]
fn apply_that_cannot_delete_what_others_need_exits_6_and_says_how_far_it_came() {
    let ends = Ends::start();
    ends.register("base", ORDER, &["--type", "AVRO"]);
    let order = ["--type", "AVRO", "--reference", "a.Order=base:1"];
    ends.register("kept", &user_of("User", "Order"), &order);
    ends.project.write("kept.avsc", ORDER);
    ends.lines(&["config", "set", "--subject", "kept", "--level", "NONE"]);
    let (code, out, err) = ends.levada(&["apply", "--prune", "--yes"]);
    assert_eq!((code, err.lines().count()), (Some(6), 1), "{out}");
    assert!(err.starts_with("levada: stopped midway at - base: deleted (soft): "), "{err}");
    assert!(
        err.ends_with("1 change made until then. The same command goes on from here\n"),
        "{err}"
    );
}

#[test]
fn subjects_that_would_be_one_file_are_refused_before_anything_is_written() {
    let ends = Ends::start();
    let money = "syntax = \"proto3\";\nmessage Money {\n  int64 cents = 1;\n}\n";
    let order =
        "syntax = \"proto3\";\nimport \"money.proto\";\nmessage Order {\n  Money m = 1;\n}\n";
    for (own, other) in [("a-order", "a-money"), ("b-order", "b-money")] {
        ends.register(other, money, &["--type", "PROTOBUF"]);
        let reference = format!("money.proto={other}:1");
        ends.register(own, order, &["--type", "PROTOBUF", "--reference", &reference]);
    }
    let (code, out, err) = ends.levada(&["pull", "--output", "all"]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1));
    assert!(
        err.contains("subjects a-money and b-money would both be the file money.proto"),
        "{err}"
    );
    assert!(!ends.project.path().join("all").exists());
    assert_eq!(
        ends.lines(&["pull", "a-", "--output", "a"]).last().expect("a line"),
        "pulled 2 subjects"
    );
}

#[test]
fn pulled_files_need_no_other_rules_than_those_that_are_told() {
    let ends = Ends::start();
    ends.register("a/order", ORDER, &["--type", "AVRO"]);
    let rules = |lines: &[String]| {
        let tables = lines.iter().skip_while(|line| *line != "[[schemas]]");
        tables.take_while(|line| !line.is_empty()).cloned().collect::<Vec<_>>().join("\n")
    };
    let inside = ends.project.path().join("in/side");
    let outside = tempfile::tempdir().expect("a folder");
    for output in [inside.as_path(), outside.path()] {
        let lines = ends.lines(&["pull", "--output", &output.display().to_string()]);
        let told = lines.iter().find(|line| line.starts_with("These tables")).expect("rules");
        let home = if output == inside { ends.project.path() } else { output };
        let is_inside = told.contains("in levada.toml say");
        assert_eq!(is_inside, output == inside, "{told}");
        fs::write(home.join("levada.toml"), rules(&lines)).expect("settings");
        let settings = home.join("levada.toml").display().to_string();
        let pushed = ends.lines(&["push", "--config", &settings]);
        assert_eq!(pushed, ["= a/order: version 1 with id 1", "0 changes made"]);
        fs::remove_file(&settings).expect("settings");
    }
}

#[test]
fn file_that_the_registry_has_as_an_older_version_is_taken() {
    let ends = Ends::start();
    ends.lines(&["config", "set", "--level", "NONE"]);
    let user = user_of("User", "Order");
    ends.register("order", ORDER, &["--type", "AVRO"]);
    for subject in ["order", "user"] {
        let reference = ["--type", "AVRO", "--reference", "a.Order=order:1"];
        if subject == "user" {
            ends.register(subject, &user, &reference);
        }
        ends.register(subject, "\"string\"", &["--type", "AVRO"]);
    }
    ends.lines(&["config", "set", "--level", "BACKWARD"]);
    ends.project.write("s/order.avsc", ORDER);
    ends.project.write("s/user.avsc", &user);
    let check = ["check", "s", "--against", &ends.server.registry];
    assert_eq!(ends.lines(&check), ["checked 2 schemas, 2 pairs compared, 0 findings"]);
    let kept = ["= order: version 1 with id 1", "= user: version 1 with id 3", "0 changes made"];
    assert_eq!(ends.lines(&["push", "s"]), kept);
    // White space is none of the registry's business.
    ends.project.write("s/order.avsc", &ORDER.replace(',', ",\n"));
    assert_eq!(ends.lines(&["push", "s/order.avsc"])[0], kept[0]);
    ends.project.write("s/order.avsc", "\"int\"");
    assert_eq!(
        ends.levada(&["check", "s/order.avsc", "--against", &ends.server.registry]).0,
        Some(1)
    );
}

#[test]
fn undelete_that_stops_midway_exits_6() {
    let ends = Ends::start();
    ends.lines(&["config", "set", "--level", "NONE"]);
    ends.register("s", ORDER, &["--type", "AVRO"]);
    ends.register("s", "\"string\"", &["--type", "AVRO"]);
    ends.lines(&["subject", "delete", "s"]);
    ends.lines(&["config", "set", "--level", "BACKWARD"]);
    let (code, out, err) = ends.levada(&["subject", "undelete", "s"]);
    assert_eq!((code, err.lines().count()), (Some(6), 1), "{out}");
    assert_eq!(out, "version 1 is there again, as version 3 with id 1\n");
    assert!(err.starts_with("levada: stopped midway at version 2: "), "{err}");
    assert!(err.contains("1 version registered again until then"), "{err}");
}
