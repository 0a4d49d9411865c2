//! The commands that talk to a registry: `plan`, `apply`, `push`, `pull`, `compare`, `subject`,
//! `schema`, `config get|set|unset`, `mode` and `context`.

use std::fs;

use levada_tests::{Levada, levada};

use crate::project::{Project, Told, told};

/// Files, and a registry for them.
pub(crate) struct Ends {
    pub(crate) project: Project,
    pub(crate) server: Levada,
}

impl Ends {
    pub(crate) fn start() -> Self {
        let project = Project::new();
        let server = Levada::start(&project.path().join("data"));
        Self { project, server }
    }

    /// Runs a command with the registry in its environment.
    pub(crate) fn levada(&self, args: &[&str]) -> Told {
        let mut command = levada();
        command.current_dir(self.project.path()).args(args);
        told(command.env("LEVADA_REGISTRY", &self.server.registry))
    }

    /// The lines of a command that succeeds.
    pub(crate) fn lines(&self, args: &[&str]) -> Vec<String> {
        let (code, out, err) = self.levada(args);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}: {out}");
        out.lines().map(str::to_owned).collect()
    }
}

pub(crate) const ORDER: &str =
    r#"{"type":"record","name":"Order","namespace":"a","fields":[{"name":"id","type":"long"}]}"#;
const USER: &str = r#"{"type":"record","name":"a.User","fields":[{"name":"o","type":"a.Order"}]}"#;
const SETTINGS: &str = "[[schemas]]\npath = \"s/z-order.avsc\"\nsubject = \"z-order\"\n\
                        compatibility = \"FULL\"\n[[schemas]]\npath = \"s/*.avsc\"\n";

#[test]
fn plan_tells_and_apply_does_what_is_missing_with_references_first() {
    let ends = Ends::start();
    ends.project.write("levada.toml", SETTINGS);
    ends.project.write("s/z-order.avsc", ORDER);
    ends.project.write("s/a-user.avsc", USER);
    let planned = [
        "+ z-order: new, from s/z-order.avsc",
        "~ z-order: level BACKWARD -> FULL",
        "+ a-user: new, from s/a-user.avsc",
        "3 changes to make",
    ];
    assert_eq!(ends.lines(&["plan"]), planned);
    assert_eq!(ends.levada(&["plan", "--exit-code"]).0, Some(1));
    assert_eq!(ends.levada(&["apply"]).0, Some(2), "nobody is there to be asked");
    assert_eq!(ends.lines(&["subject", "list"]), Vec::<String>::new());
    let done = ends.lines(&["apply", "--yes"]);
    assert_eq!(done[0], "+ z-order: new, from s/z-order.avsc: version 1 with id 1");
    assert_eq!(done[3], "3 changes made");
    let kept = ["= z-order: version 1 with id 1", "= a-user: version 1 with id 2"];
    assert_eq!(ends.lines(&["plan", "--exit-code"]), [&kept[..], &["0 changes to make"]].concat());
    assert_eq!(ends.lines(&["schema", "refs", "z-order"]), ["2"]);
    let level = ends.lines(&["config", "get", "--subject", "z-order"]).concat();
    assert!(level.contains("\"compatibilityLevel\": \"FULL\""), "{level}");
}

#[test]
fn break_is_refused_before_anything_is_changed_and_prune_deletes() {
    let ends = Ends::start();
    ends.project.write("s/order.avsc", ORDER);
    ends.project.write("s/other.avsc", ORDER);
    assert_eq!(ends.lines(&["push", "s"])[2], "2 changes made");
    ends.project.write("s/order.avsc", &ORDER.replace("long", "string"));
    ends.project.write("s/new.avsc", ORDER);
    for command in [&["plan", "s"][..], &["apply", "s", "--yes"], &["push", "s"]] {
        let (code, out, _) = ends.levada(command);
        assert_eq!(code, Some(1), "{out}");
        assert!(out.contains("error[TYPE_MISMATCH]"), "{out}");
    }
    assert_eq!(ends.lines(&["subject", "list"]), ["order", "other"]);
    ends.project.write("s/order.avsc", ORDER);
    ends.project.remove("s/other.avsc");
    let planned = ends.lines(&["plan", "s"]);
    let stays = "  other: no file has it; it stays, unless --prune is said";
    assert_eq!(planned[2..], [stays, "1 change to make"]);
    assert!(
        ends.lines(&["apply", "s", "--yes", "--prune"])
            .contains(&"- other: deleted (soft)".to_owned())
    );
    assert_eq!(ends.lines(&["subject", "list"]), ["new", "order"]);
    assert_eq!(
        ends.lines(&["subject", "undelete", "other"]),
        ["version 1 is there again, as version 2 with id 1"]
    );
    assert_eq!(ends.lines(&["subject", "list"]), ["new", "order", "other"]);
}

#[test]
fn prune_looks_at_all_files_of_the_settings_or_at_none() {
    let ends = Ends::start();
    ends.project.write("levada.toml", "[[schemas]]\npath = \"s/*/*.avsc\"\n");
    ends.project.write("s/a/aa.avsc", ORDER);
    ends.project.write("s/b/bb.avsc", ORDER);
    ends.lines(&["apply", "--yes"]);
    for command in [&["plan", "s/a", "--prune"][..], &["apply", "s/a", "--prune", "--yes"]] {
        let (code, _, err) = ends.levada(command);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("leave out the paths"), "{err}");
    }
    assert_eq!(ends.lines(&["subject", "list"]), ["aa", "bb"]);
}

#[test]
fn context_counts_with_its_dot_or_without() {
    let ends = Ends::start();
    ends.project.write("order.avsc", ORDER);
    ends.lines(&["schema", "register", "order", "order.avsc", "--context", "test"]);
    ends.lines(&["mode", "set", "READONLY", "--context", ":.test:"]);
    assert_eq!(ends.lines(&["subject", "list", "--context", ".test"]), [":.test:order"]);
    let mode = ends.lines(&["mode", "get", "--context", "test"]).concat();
    assert!(mode.contains("READONLY"), "{mode}");
}

#[test]
fn latest_version_that_is_deleted_for_good_is_the_one_it_was() {
    let ends = Ends::start();
    for number in 1..=3 {
        let text = ORDER.replace("Order\"", &format!("Order\",\"doc\":\"{number}\""));
        ends.project.write("order.avsc", &text);
        ends.lines(&["schema", "register", "order", "order.avsc"]);
    }
    let deleted = ends.lines(&["schema", "delete", "order", "--version", "latest", "--permanent"]);
    assert_eq!(deleted, ["3"]);
    let left = ends.lines(&["subject", "show", "order"]);
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn pulled_files_are_what_was_pushed() {
    let ends = Ends::start();
    ends.project.write("levada.toml", SETTINGS);
    ends.project.write("s/z-order.avsc", ORDER);
    ends.project.write("s/a-user.avsc", USER);
    ends.lines(&["push"]);
    ends.project.remove("levada.toml");
    let lines = ends.lines(&["pull", "a-", "--output", "pulled"]);
    let expected = [
        "pulled/a-user.avsc: a-user version 1",
        "pulled/z-order.avsc: z-order version 1",
        "pulled 2 subjects",
    ];
    assert_eq!(lines, expected);
    let text = fs::read_to_string(ends.project.path().join("pulled/z-order.avsc")).expect("a file");
    assert!(text.starts_with("{\n  \"type\": \"record\","), "{text}");
    let pushed = ends.lines(&["push", "pulled"]);
    assert_eq!(pushed.last().map(String::as_str), Some("0 changes made"));
    let check = ["check", "pulled", "--against", &ends.server.registry];
    assert_eq!(ends.lines(&check), ["checked 2 schemas, 2 pairs compared, 0 findings"]);
}

#[test]
fn registry_is_asked_and_changed_in_the_words_of_its_api() {
    let ends = Ends::start();
    ends.project.write("order.avsc", ORDER);
    ends.project.write("user.avsc", USER);
    let registered = ends.lines(&["schema", "register", "order", "order.avsc"]).concat();
    assert!(registered.contains("\"id\": 1"), "{registered}");
    let reference = ["--reference", "a.Order=order:1"];
    ends.lines(&[&["schema", "register", "user", "user.avsc"][..], &reference].concat());
    let found = ends.lines(&["schema", "lookup", "order", "order.avsc"]).concat();
    assert!(found.contains("\"version\": 1"), "{found}");
    assert_eq!(ends.lines(&["schema", "get", "order"]), [ORDER]);
    assert_eq!(ends.lines(&["schema", "get", "--id", "1"]), [ORDER]);
    assert!(ends.lines(&["schema", "get", "user", "--resolve"]).concat().contains("\"long\""));
    assert_eq!(ends.lines(&["subject", "show", "user"]), ["version 1  id 2  AVRO"]);
    let context = ["--context", ".test"];
    ends.lines(&[&["schema", "register", "order", "order.avsc"][..], &context].concat());
    assert_eq!(ends.lines(&[&["subject", "list"][..], &context].concat()), [":.test:order"]);
    assert_eq!(ends.lines(&["context", "list"]), [".", ".test"]);
    let json = |args: &[&str]| {
        let text = ends.lines(&[args, &["--format", "json"]].concat()).concat();
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON")
    };
    let versions = serde_json::json!([{"version": 1, "id": 2, "type": "AVRO"}]);
    assert_eq!(json(&["subject", "show", "user"]), versions);
    assert_eq!(json(&["subject", "list"]), serde_json::json!(["order", "user"]));
    assert_eq!(json(&["context", "list"]), serde_json::json!([".", ".test"]));
    assert_eq!(json(&["schema", "refs", "order"]), serde_json::json!([2]));
    ends.lines(&["config", "set", "--subject", "order", "--level", "none"]);
    let config = |args: &[&str]| ends.lines(&[&["config", "get"], args].concat()).concat();
    assert!(config(&["--subject", "order"]).contains("NONE"));
    assert!(config(&[]).contains("BACKWARD"));
    ends.lines(&["config", "unset", "--subject", "order"]);
    assert!(config(&["--subject", "order"]).contains("BACKWARD"));
    ends.lines(&["mode", "set", "--subject", "order", "readonly"]);
    assert!(ends.lines(&["mode", "get", "--subject", "order"]).concat().contains("READONLY"));
    ends.lines(&["mode", "unset", "--subject", "order"]);
    assert!(ends.lines(&["mode", "get", "--subject", "order"]).concat().contains("READWRITE"));
    ends.lines(&["schema", "delete", "user", "--version", "1", "--permanent"]);
    ends.lines(&["subject", "delete", "order"]);
    ends.lines(&["subject", "delete", "order", "--permanent"]);
    assert_eq!(ends.lines(&["subject", "list", "--deleted"]), Vec::<String>::new());
    let (code, out, err) = ends.levada(&["schema", "get", "gone"]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(5), "", 1));
    assert!(err.contains("40401"), "{err}");
    let alone = told(levada().current_dir(ends.project.path()).args(["subject", "list"]));
    assert_eq!(alone.0, Some(2));
    assert!(alone.2.starts_with("levada: no registry; say it with --registry URL"), "{alone:?}");
}

#[test]
fn diff_shows_what_files_have_that_a_registry_lacks_and_the_other_way_round() {
    let ends = Ends::start();
    ends.project.write("s/order.avsc", ORDER);
    ends.project.write("s/gone.avsc", ORDER);
    ends.lines(&["push", "s"]);
    ends.project.remove("s/gone.avsc");
    ends.project.write("levada.toml", "[[schemas]]\npath = \"s/*.avsc\"\n");
    ends.project.write("s/new.avsc", ORDER);
    let registry = ends.server.registry.as_str();
    let expected =
        ["removed gone (gone version 1)", "added new (s/new.avsc)", "2 subjects changed"];
    assert_eq!(ends.lines(&["diff", registry]), expected);
    assert_eq!(ends.lines(&["diff", registry, registry]), ["0 subjects changed"]);
}

#[test]
fn two_registries_are_compared() {
    let (one, other) = (Ends::start(), Ends::start());
    one.project.write("s/order.avsc", ORDER);
    one.lines(&["push", "s"]);
    let urls = [one.server.registry.as_str(), &other.server.registry];
    let (code, out, _) = one.levada(&["compare", urls[0], urls[1]]);
    assert_eq!(code, Some(1));
    assert!(out.contains("subject order version 1"), "{out}");
    assert_eq!(one.levada(&["compare", urls[0], urls[0]]).0, Some(0));
}
