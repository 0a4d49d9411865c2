//! The flags that every command takes, and how registries are asked: certificates, tokens, profiles,
//! contexts, patience.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use levada_tests::{Levada, levada};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::project::{Project, Told, told};
use crate::{ORDER, WITH_DEFAULT, WITHOUT_DEFAULT};

/// A registry behind TLS that answers every question with one subject, and remembers who asked.
struct Secured {
    url: String,
    /// The PEM certificate of whoever signed its own.
    ca: String,
    /// The headers `authorization` of all requests; empty where there was none.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Secured {
    fn start() -> Self {
        let authority = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&authority).expect("a certificate").pem();
        let issuer = Issuer::new(params, authority);
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let signed = params.signed_by(&key, &issuer).expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(signed.der().to_vec())],
                PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key"),
            );
        let config = Arc::new(config.expect("a configuration"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
                let stream = StreamOwned::new(connection, tcp.expect("a client"));
                // A client that does not trust us ends the handshake.
                let _ = answer(stream, &remembered);
            }
        });
        Self { url: format!("https://localhost:{port}"), ca, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }
}

fn answer(
    stream: StreamOwned<ServerConnection, std::net::TcpStream>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut authorization) = (String::new(), String::new());
    while stream.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_lowercase().strip_prefix("authorization: ") {
            line[line.len() - value.len()..].trim().clone_into(&mut authorization);
        }
        line.clear();
    }
    asked.lock().expect("no panic").push(authorization);
    let body = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\nConnection: \
                close\r\n\r\n[\"tea\"]";
    stream.get_mut().write_all(body.as_bytes())?;
    stream.get_mut().conn.send_close_notify();
    stream.get_mut().flush()
}

const LIST: [&str; 2] = ["subject", "list"];

fn run(project: &Project, registry: &str, args: &[&str]) -> Told {
    let mut command = levada();
    told(command.current_dir(project.path()).args(args).env("LEVADA_REGISTRY", registry))
}

fn fine(out: &str) -> Told {
    (Some(0), out.to_owned(), String::new())
}

#[test]
fn registry_is_believed_if_its_certificate_leads_to_one_of_the_ca_file() {
    let (project, registry) = (Project::new(), Secured::start());
    project.write("ca.pem", &registry.ca);
    project.write("other.pem", &Secured::start().ca);
    for trust in [&[][..], &["--ca", "other.pem"]] {
        let (code, out, err) = run(&project, &registry.url, &[&LIST, trust].concat());
        assert_eq!((code, out.as_str()), (Some(5), ""), "{err}");
        assert!(err.contains("certificate"), "{err}");
    }
    assert_eq!(registry.asked(), Vec::<String>::new());
    assert_eq!(
        run(&project, &registry.url, &[&LIST[..], &["--ca", "ca.pem"]].concat()),
        fine("tea\n")
    );
    project.write("below/empty", "");
    project.write(
        "levada.toml",
        &format!("[registry]\nurl = \"{}\"\nca = \"ca.pem\"\n", registry.url),
    );
    let mut below = levada();
    below.current_dir(project.path().join("below")).args(LIST);
    assert_eq!(told(&mut below), fine("tea\n"), "the path counts from the settings file");
    let (code, _, err) = run(&project, &registry.url, &[&LIST[..], &["--ca", "gone.pem"]].concat());
    let gone = "levada: cannot read gone.pem: No such file or directory (os error 2)\n";
    assert_eq!((code, err.as_str()), (Some(3), gone));
}

#[test]
fn token_is_sent_to_the_registry_that_it_is_for_and_to_no_other() {
    let (project, registry) = (Project::new(), Secured::start());
    project.write("ca.pem", &registry.ca);
    project.write("token", "t0p.secret\n");
    let trusting = [&LIST[..], &["--ca", "ca.pem"]].concat();
    let with_token = [&trusting[..], &["--token-file", "token"]].concat();
    assert_eq!(run(&project, &registry.url, &with_token), fine("tea\n"));
    assert_eq!(registry.asked(), ["Bearer t0p.secret"]);
    // The password of the URL is not sent then.
    let with_password = registry.url.replace("//", "//user:pass@");
    assert_eq!(run(&project, &with_password, &with_token), fine("tea\n"));
    assert_eq!(registry.asked(), ["Bearer t0p.secret"]);
    let table = |url: &str| format!("[registry]\nurl = \"{url}\"\ntoken-file = \"token\"\n");
    project.write("levada.toml", &table(&registry.url));
    assert_eq!(run(&project, &registry.url, &trusting), fine("tea\n"));
    project.write("levada.toml", &table("https://elsewhere"));
    assert_eq!(run(&project, &registry.url, &trusting), fine("tea\n"));
    assert_eq!(registry.asked(), ["Bearer t0p.secret", ""]);
    project.write("token", "two words\n");
    let (code, _, err) = run(&project, &registry.url, &with_token);
    let refused = "levada: token has no bearer token: it must be one word of ASCII\n";
    assert_eq!((code, err.as_str()), (Some(2), refused));
}

#[test]
fn profile_says_which_registry_and_contradicts_no_other_word() {
    let project = Project::new();
    let server = Levada::start(&project.path().join("data"));
    project.write("order.avsc", ORDER);
    project.write(
        "levada.toml",
        &format!(
            "[registry]\nurl = \"http://127.0.0.1:1\"\ntoken-file = \"gone\"\n\
             [profiles.staging.registry]\nurl = \"{}\"\ncontext = \".test\"\n",
            server.registry
        ),
    );
    let staging = ["--profile", "staging"];
    let push = project.levada(&[&["push", "order.avsc"][..], &staging].concat());
    assert_eq!(push.0, Some(0), "{push:?}");
    let listed = project.levada(&[&LIST[..], &staging, &["--verbose"]].concat());
    let told = format!(
        "levada: settings file {}\nlevada: registry {}/contexts/.test, from the settings file\n",
        project.path().join("levada.toml").display(),
        server.registry
    );
    assert_eq!(listed, (Some(0), ":.test:order\n".to_owned(), told));
    let (code, _, err) = project.levada(&[&LIST[..], &["--profile", "other"]].concat());
    let unknown = "levada: there is no profile 'other': known are staging\n";
    assert_eq!((code, err.as_str()), (Some(2), unknown));
    let (code, _, err) = run(&project, &server.registry, &[&LIST[..], &staging].concat());
    assert_eq!(code, Some(2));
    assert!(err.contains("--profile staging and --registry (or LEVADA_REGISTRY) both"), "{err}");
}

#[test]
fn context_is_a_registry_of_its_own_to_the_commands_on_files() {
    let project = Project::new();
    let server = Levada::start(&project.path().join("data"));
    let go =
        |args: &[&str]| run(&project, &server.registry, &[args, &["--context", ".a"]].concat());
    let user = r#"{"type":"record","name":"User","fields":[{"name":"o","type":"Order"}]}"#;
    project.write("s/order.avsc", ORDER);
    project.write("s/user.avsc", user);
    assert_eq!(
        run(&project, &server.registry, &["schema", "register", "order", "s/order.avsc"]).0,
        Some(0)
    );
    let planned =
        "+ order: new, from s/order.avsc\n+ user: new, from s/user.avsc\n2 changes to make\n";
    assert_eq!(go(&["plan", "s"]), fine(planned));
    assert_eq!(go(&["push", "s"]).0, Some(0));
    let again = "= order: version 1 with id 1\n= user: version 1 with id 2\n0 changes to make\n";
    assert_eq!(go(&["plan", "s", "--prune"]), fine(again));
    let compared = "checked 2 schemas, 2 pairs compared, 0 findings\n";
    assert_eq!(go(&["check", "s", "--against", &server.registry]), fine(compared));
    let pulled =
        "pulled/order.avsc: order version 1\npulled/user.avsc: user version 1\npulled 2 subjects\n";
    assert_eq!(go(&["pull", "--output", "pulled"]), fine(pulled));
    assert!(go(&["schema", "get", "--id", "2"]).1.contains("User"));
    let (code, _, err) = run(&project, &server.registry, &["schema", "get", "--id", "2"]);
    assert_eq!(code, Some(5), "ids are those of a context: {err}");
}

#[test]
fn quiet_leaves_findings_errors_and_what_was_asked_for() {
    let project = Project::new();
    let server = Levada::start(&project.path().join("data"));
    let go = |args: &[&str]| run(&project, &server.registry, &[args, &["--quiet"]].concat());
    project.write("s/order.avsc", ORDER);
    project.write("new.avsc", WITH_DEFAULT);
    project.write("bad.avsc", WITHOUT_DEFAULT);
    assert_eq!(go(&["fmt", "s"]), fine(""));
    assert_eq!(go(&["push", "s"]), fine(""));
    assert_eq!(go(&["subject", "list"]), fine("order\n"));
    assert_eq!(go(&["check", "s/order.avsc", "new.avsc"]), fine(""));
    let (code, out, _) = go(&["check", "s/order.avsc", "bad.avsc"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("error[") && !out.contains("checked "), "{out}");
    assert_eq!(
        go(&["fmt", "--check", "new.avsc"]),
        (Some(1), "new.avsc\n".to_owned(), String::new())
    );
    assert_eq!(go(&["lock"]), fine(""));
    assert_eq!(go(&["compare", &server.registry, &server.registry]), fine(""));
    assert_eq!(go(&["export", "--output", "all.jsonl"]), fine(""));
}

#[test]
fn password_on_the_command_line_is_warned_of_and_never_shown() {
    let project = Project::new();
    let server = Levada::start(&project.path().join("data"));
    let url = server.registry.replace("//", "//user:geheim@");
    let list = ["subject", "list", "--registry", &url];
    let (code, _, err) = project.levada(&list);
    assert_eq!((code, err.lines().count()), (Some(0), 1), "{err}");
    assert!(err.starts_with("levada: warning: every user of this machine sees"), "{err}");
    assert!(!err.contains("geheim"), "{err}");
    assert_eq!(run(&project, &url, &LIST), fine(""), "a variable is seen by nobody else");
}

#[test]
fn registry_that_does_not_answer_is_given_up_after_the_timeout() {
    let project = Project::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let (code, out, err) = run(&project, &url, &[&LIST[..], &["--timeout", "1"]].concat());
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(5), "", 1), "{err}");
    assert_eq!(run(&project, &url, &[&LIST[..], &["--timeout", "0"]].concat()).0, Some(2));
}

#[test]
fn document_on_stdout_stays_one_while_a_plan_is_told() {
    let project = Project::new();
    let server = Levada::start(&project.path().join("data"));
    project.write("s/order.avsc", ORDER);
    for command in [&["plan", "s"][..], &["apply", "s", "--yes"], &["push", "s"]] {
        let args = [command, &["--format", "json", "--format", "junit=out.xml"]].concat();
        let (code, out, err) = run(&project, &server.registry, &args);
        assert_eq!(code, Some(0), "{err}");
        assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{out}");
        assert!(err.contains("order: "), "{err}");
        std::fs::remove_file(project.path().join("out.xml")).expect("a report in any case");
    }
}
