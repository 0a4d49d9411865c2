//! One server: started, asked, crashed, restarted, and gone at the end whatever happens.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::programs::Programs;
use crate::{PASSWORD, USER};

/// What the guard runs: it waits for the end of its stdin, which is the end of this process or the
/// drop of the server, and clears everything away.
const GUARD: &str = r#"read -r _; "$1" -D "$2/data" -m immediate -w stop; rm -rf "$2""#;

/// A server of our own. Its databases are on disk as in production: nothing is switched off.
#[derive(Debug)]
pub struct PostgresServer {
    programs: Programs,
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Ends with its stdin.
    guard: Child,
}

impl PostgresServer {
    /// The server that all tests of a process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<PostgresServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A server for one test, which may crash it.
    pub fn start() -> Self {
        let programs = Programs::find();
        let folder = tempfile::Builder::new().prefix("levada-postgres-").tempdir();
        let folder = folder.expect("a temporary folder").keep();
        programs.give(&folder);
        let guard = guard(&programs, &folder);
        let password = folder.join("password");
        fs::write(&password, PASSWORD).expect("the password file");
        let mut initdb = programs.command("initdb");
        initdb
            .args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--auth", "scram-sha-256"])
            .args(["--username", USER])
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(folder.join("data"));
        run(&mut initdb);
        let mut server = Self { programs, folder, port: 0, databases: AtomicU32::new(0), guard };
        // Another process can take a port between our look and the server's start.
        let started = (0..5).any(|_| {
            server.port = free_port();
            server.pg_ctl_start().status().expect("pg_ctl runs").success()
        });
        assert!(started, "the server does not start: {}", server.log());
        server
    }

    /// The address of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database and answers its address.
    pub fn new_database(&self) -> String {
        self.copy_database("template1")
    }

    /// Makes a copy of a database that nobody is connected to, and answers its address.
    pub fn copy_database(&self, template: &str) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        self.sql(&self.url("postgres"), &statement);
        self.url(&name)
    }

    /// Runs statements over a connection of their own, and answers what they print.
    pub fn sql(&self, url: &str, statements: &str) -> String {
        let mut psql = self.programs.command("psql");
        psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet"]).args([
            "--set",
            "ON_ERROR_STOP=1",
            "--command",
            statements,
            url,
        ]);
        run(&mut psql).trim().to_owned()
    }

    /// Kills the server as a crash does: it writes nothing more and says goodbye to nobody.
    pub fn crash(&self) {
        run(self.pg_ctl().args(["-m", "immediate", "stop"]));
    }

    /// Starts the server again after [`Self::crash`]; it recovers what was committed.
    pub fn restart(&self) {
        let status = self.pg_ctl_start().status().expect("pg_ctl runs");
        assert!(status.success(), "the server does not start again: {}", self.log());
    }

    /// Changes a setting of the server and restarts it.
    pub fn set(&self, setting: &str, value: &str) {
        self.sql(&self.url("postgres"), &format!("ALTER SYSTEM SET {setting} = {value}"));
        self.stop();
        self.restart();
    }

    /// Restarts the server with a certificate for its address, signed by itself, and answers the
    /// file of that.
    pub fn use_tls(&self) -> PathBuf {
        let data = self.folder.join("data");
        let certificate = self.folder.join("server.crt");
        let mut openssl = self.programs.as_user(Path::new("openssl"));
        openssl
            .args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=levada test"])
            .args(["-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out"])
            .arg(&certificate)
            .arg("-keyout")
            .arg(data.join("server.key"));
        run(&mut openssl);
        fs::copy(&certificate, data.join("server.crt")).expect("a copy for the server");
        self.set("ssl", "on");
        certificate
    }

    /// Restarts the server as a standby: it answers questions and takes no changes.
    pub fn stand_by(&self) {
        self.stop();
        fs::write(self.folder.join("data/standby.signal"), "").expect("the mark of a standby");
        self.restart();
    }

    fn stop(&self) {
        run(self.pg_ctl().args(["-m", "fast", "stop"]));
    }

    fn pg_ctl(&self) -> Command {
        let mut command = self.programs.command("pg_ctl");
        command.arg("--pgdata").arg(self.folder.join("data")).arg("--wait");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn pg_ctl_start(&self) -> Command {
        let mut command = self.pg_ctl();
        let folder = self.folder.display();
        let options = format!("-p {} -k {folder} -c listen_addresses=127.0.0.1", self.port);
        command.arg("--log").arg(self.folder.join("log")).args(["--options", &options, "start"]);
        command
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// A process that outlives us just long enough to stop the server and remove its folder.
fn guard(programs: &Programs, folder: &Path) -> Child {
    let pg_ctl = programs.command("pg_ctl");
    programs
        .as_user(Path::new("/bin/sh"))
        .args(["-c", GUARD, "guard"])
        .arg(pg_ctl.get_program())
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Runs a program that must succeed, and answers what it printed.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the program runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}: {complaint}", output.status);
    printed
}
