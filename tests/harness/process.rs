//! The `levada` binary as a child process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to stop after a signal before the test gives up on it.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// A command for the binary that `cargo test --workspace` built beside this test.
///
/// Its environment is free of `LEVADA_…`, so that a developer's own settings change nothing.
pub fn levada() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LEVADA_") {
            command.env_remove(name);
        }
    }
    command
}

/// A command for `levada serve` on free ports.
pub fn serve(data_dir: &Path) -> Command {
    let mut command = levada();
    command
        .args(["serve", "--registry-listen", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(data_dir);
    command
}

fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.parent().and_then(Path::parent).expect("target/PROFILE/deps/TEST");
    let binary = profile.join("levada");
    assert!(
        binary.is_file(),
        "{} is not there: run `cargo test --workspace`, which builds it",
        binary.display()
    );
    binary
}

/// A running server; dropped, it is killed.
#[derive(Debug)]
pub struct Levada {
    child: Child,
    /// `http://HOST:PORT` of the registry.
    pub registry: String,
    /// `HOST:PORT` of the Kafka listener.
    pub kafka: String,
    /// Ends with the process and gives the lines of its log.
    log: Option<JoinHandle<Vec<String>>>,
}

impl Levada {
    /// Starts `levada serve` on free ports with its data under `data_dir`, and waits for `ready`.
    pub fn start(data_dir: &Path) -> Self {
        Self::spawn(serve(data_dir))
    }

    /// As [`Self::start`], with the registry on another database.
    pub fn start_on(data_dir: &Path, database: &str) -> Self {
        let mut command = serve(data_dir);
        command.env("LEVADA_DATABASE", database);
        Self::spawn(command)
    }

    /// Starts `command` and waits for `ready`.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let (mut registry, mut kafka) = (None, None);
        for line in BufReader::new(stdout).lines() {
            let line = line.expect("stdout is text");
            match line.split_once(' ') {
                Some(("registry", url)) => registry = Some(url.to_owned()),
                Some(("kafka", address)) => kafka = Some(address.to_owned()),
                _ if line == "ready" => break,
                _ => panic!("unexpected line on stdout: {line}"),
            }
        }
        let (Some(registry), Some(kafka)) = (registry, kafka) else {
            let _ = child.kill();
            let output = child.wait_with_output().expect("the child's log");
            panic!("the server did not get ready: {}", String::from_utf8_lossy(&output.stderr));
        };
        let log = Some(drain_log(&mut child));
        Self { child, registry, kafka, log }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: no handler runs, nothing is flushed.
    pub fn kill(mut self) {
        self.child.kill().expect("the child can be killed");
        self.child.wait().expect("the child ends");
    }

    /// Stops as [`Self::terminate`] does, and gives the lines of the log.
    pub fn terminate_with_log(mut self) -> Vec<String> {
        let log = self.log.take().expect("a log");
        self.terminate();
        log.join().expect("the log can be read")
    }

    /// Sends `signal` and waits for the process to end.
    pub fn stop(mut self, signal: Signal) -> ExitStatus {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("the signal is delivered");
        let deadline = Instant::now() + STOP_DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child's status") {
                return status;
            }
            assert!(Instant::now() < deadline, "still running {STOP_DEADLINE:?} after {signal:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops as an orderly shutdown does, and asserts that it was one.
    pub fn terminate(self) {
        let status = self.stop(Signal::TERM);
        assert!(status.success(), "SIGTERM ended with {status}");
    }
}

impl Drop for Levada {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes the server's log on to the test's own stderr, so that the pipe never fills.
fn drain_log(child: &mut Child) -> JoinHandle<Vec<String>> {
    let stderr = child.stderr.take().expect("stderr is piped");
    std::thread::spawn(move || {
        let lines = BufReader::new(stderr).lines().map_while(Result::ok);
        lines.inspect(|line| eprintln!("{line}")).collect()
    })
}
