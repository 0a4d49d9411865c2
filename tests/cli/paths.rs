//! Which files a command is about, and how it calls them.

use std::fs;

use levada_tests::levada;

use crate::check::{ID, MAIN, NOTE, record};
use crate::project::{Project, Told, told};

/// Runs a command in a folder of the project.
fn run_in(project: &Project, folder: &str, args: &[&str]) -> Told {
    told(levada().current_dir(project.path().join(folder)).args(args))
}

#[test]
fn lock_file_lies_beside_the_settings_and_is_never_written_in_part() {
    let project = Project::new();
    project.write("home/README", "");
    project.write("other/order.avsc", &record("Order", &[ID]));
    let lock = ["lock", "../other/order.avsc"];
    assert_eq!(run_in(&project, "home", &lock).1, "wrote levada.lock: 1 versions\n");
    assert!(project.path().join("home/levada.lock").is_file());
    let check = ["check", "../other/order.avsc", "--against", "lock"];
    assert_eq!(
        run_in(&project, "home", &check).1,
        "checked 1 schema, 1 pair compared, 0 findings\n"
    );
    let project = Project::new();
    project.write("levada.toml", "[[schemas]]\npath = \"s/*.avsc\"\n");
    project.write("s/a.avsc", &record("A", &[ID]));
    project.write("s/b.avsc", &record("B", &[ID]));
    assert_eq!(project.levada(&["lock"]).0, Some(0));
    let written = fs::read_to_string(project.path().join("levada.lock")).expect("a lock file");
    let (code, _, err) = project.levada(&["lock", "s/a.avsc"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("leave out the paths"), "{err}");
    let left = fs::read_to_string(project.path().join("levada.lock")).expect("a lock file");
    assert_eq!(left, written);
    project.remove("levada.lock");
    let (code, _, err) = project.levada(&["check", "--against", "lock"]);
    assert_eq!(code, Some(3));
    assert!(err.ends_with("levada.lock; write it with levada lock\n"), "{err}");
}

#[test]
fn paths_that_no_rule_can_be_about_exit_2() {
    let project = Project::new();
    project.write("home/levada.toml", "[[schemas]]\npath = \"*.avsc\"\n");
    project.write("home/order.avsc", &record("Order", &[ID]));
    project.write("other/order.avsc", &record("Order", &[ID]));
    let (code, _, err) =
        run_in(&project, "home", &["check", "../other", "--against", "order.avsc"]);
    assert_eq!((code, err.lines().count()), (Some(2), 1));
    assert!(err.contains("other lies outside of ") && err.contains("--config"), "{err}");
    for (path, told) in [
        ("../other/*.avsc", "leads out of the folder of levada.toml"),
        ("/other/*.avsc", "has to be a path from the folder of levada.toml"),
    ] {
        project.write("home/levada.toml", &format!("[[schemas]]\npath = \"{path}\"\n"));
        let (code, _, err) = run_in(&project, "home", &["lint"]);
        assert_eq!(code, Some(2));
        assert!(err.contains(told), "{err}");
    }
    project.write("home/levada.toml", "[[schemas]]\npath = \"./o*.avsc\"\n");
    assert_eq!(run_in(&project, "home", &["lock"]).1, "wrote levada.lock: 1 versions\n");
}

#[test]
fn approvals_and_gone_subjects_are_told_of_the_files_that_are_looked_at() {
    let project = Project::with_git();
    let rules = "[[schemas]]\npath = \"*/*.avsc\"\nsubject = \"{dir}\"\n";
    project.write("a/order.avsc", &record("Order", &[ID]));
    project.write("b/order.avsc", &record("Order", &[ID]));
    let accept = |at: &str| {
        format!("[[accept]]\nrule = \"R\"\nat = \"{at}#/fields/1\"\nhash = \"h\"\nreason = \"\"\n")
    };
    project.write("levada.toml", &format!("{rules}{}", accept("a/order.avsc")));
    project.commit();
    assert_eq!(project.levada(&["lock"]).0, Some(0));
    for base in [".git#branch=main", "lock"] {
        for (path, is_told) in [("a", true), ("a/order.avsc", true), ("b", false)] {
            let (code, out, _) = project.levada(&["check", path, "--against", base]);
            assert_eq!(code, Some(i32::from(is_told)), "{path} {base}: {out}");
            assert_eq!(out.contains("error[ACCEPT_UNUSED]"), is_told, "{path} {base}: {out}");
            assert!(!out.contains("gone"), "{path} {base}: {out}");
        }
    }
    project.write("levada.toml", rules);
    project.write("a/c/README", "");
    project.remove("a/order.avsc");
    project.write("a/other.avsc", &record("Order", &[ID]).replace("Order", "Other"));
    project.write("levada.toml", &rules.replace("{dir}", "{file}"));
    let (_, out, _) = project.levada(&["check", "a", "--against", ".git#branch=main"]);
    assert!(out.ends_with("0 pairs compared, 1 new, 1 gone, 0 findings\n"), "{out}");
}

#[test]
fn files_are_called_from_here_for_people_and_from_the_top_for_hosts() {
    let project = Project::with_git();
    project.write("p/levada.toml", "[[schemas]]\npath = \"s/*.avsc\"\n");
    project.write("p/s/order.avsc", &record("Order", &[ID]));
    project.commit();
    project.write("p/s/order.avsc", &record("Order", &[ID, NOTE]));
    let formats = ["text", "compact", "github", "gitlab=gl", "sarif=sa", "json=js", "markdown=md"];
    let outputs = formats.map(|format| {
        let args = [MAIN, &["--format", format]].concat();
        let (code, out, err) = run_in(&project, "p/s", &args);
        assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
        match format.split_once('=') {
            Some((_, file)) => {
                fs::read_to_string(project.path().join("p/s").join(file)).expect("a report")
            }
            None => out,
        }
    });
    let expected = [
        " --> order.avsc:4:5\n",
        "order.avsc:4:5: error ",
        "::error file=p/s/order.avsc,",
        "\"path\": \"p/s/order.avsc\"",
        "\"uri\": \"p/s/order.avsc\"",
        "\"file\": \"s/order.avsc\"",
        "`p/s/order.avsc:4`",
    ];
    for (output, expected) in outputs.iter().zip(expected) {
        assert!(output.contains(expected), "{expected} is missing in:\n{output}");
    }
    assert!(outputs[0].contains(" ::: order.avsc:1:1\n"), "{}", outputs[0]);
    assert!(outputs[1].starts_with("order.avsc"), "{}", outputs[1]);
    let old = outputs[4].split("relatedLocations").nth(1).unwrap_or_default();
    assert!(old.contains("\"uri\": \"p/s/order.avsc\""), "{old}");
}

#[test]
fn copies_that_tools_made_are_left_out_unless_somebody_names_their_folder() {
    let project = Project::with_git();
    let address = r#"{"name": "to", "type": "p.Address"}"#;
    project.write("levada.toml", "[[schemas]]\npath = \"**/*.avsc\"\nsubject = \"{record}\"\n");
    project.write("order.avsc", &record("p.Order", &[ID, address]));
    for folder in ["s", "target/s", "build/s", "node_modules/s"] {
        project.write(&format!("{folder}/address.avsc"), &record("p.Address", &[ID]));
    }
    project.commit();
    let (code, out, err) = project.levada(MAIN);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert_eq!(out, "checked 2 schemas, 2 pairs compared, 0 findings\n");
    project.write("levada.toml", "[[schemas]]\npath = \"build/**/*.avsc\"\n");
    assert_eq!(project.levada(MAIN).1, "checked 1 schema, 1 pair compared, 0 findings\n");
}

#[test]
fn import_roots_are_looked_into_wherever_they_lie() {
    let project = Project::new();
    let rules = "[[schemas]]\npath = \"**/*.proto\"\nimport-roots = [\"vendor/protos\"]\n";
    project.write("levada.toml", &rules.replace("**/*", "**/o*"));
    let order = "import \"p/money.proto\";\nmessage Order {\n  p.Money total = 1;\n}\n";
    project.write("order.proto", &format!("syntax = \"proto3\";\n{order}"));
    let money = "syntax = \"proto3\";\npackage p;\nmessage Money {\n  int64 cents = 1;\n}\n";
    project.write("vendor/protos/p/money.proto", money);
    project.write("vendor/other/o.proto", "no schema");
    let (code, out, err) = project.levada(&["fmt", "--check"]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", ""));
}

#[test]
fn fmt_leaves_files_alone_that_no_rule_is_about() {
    let project = Project::new();
    project.write("levada.toml", "[[schemas]]\npath = \"s/*.avsc\"\n");
    project.write("s/order.avsc", "\"int\"");
    project.write("other.avsc", "\"int\"");
    let (code, out, err) = project.levada(&["fmt", "other.avsc", "s/order.avsc"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let left = "other.avsc: left as it is: no table [[schemas]] of levada.toml has a path for it";
    assert_eq!(out, format!("{left}\ns/order.avsc\n"));
    let read = |name: &str| fs::read_to_string(project.path().join(name)).expect("a file");
    assert_eq!((read("other.avsc"), read("s/order.avsc")), ("\"int\"".into(), "\"int\"\n".into()));
    assert_eq!(project.levada(&["fmt", "other.avsc"]).0, Some(0));
}
