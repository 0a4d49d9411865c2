//! A server is gone when the process that started it is, even one that is killed.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn the_server_goes_with_a_process_that_is_killed() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_levada-test-postgres"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut url = String::new();
    let stdout = process.stdout.take().expect("stdout is piped");
    BufReader::new(stdout).read_line(&mut url).expect("an address");
    let (_, host) = url.trim().split_once('@').expect("postgres://USER:PASSWORD@HOST:PORT/NAME");
    let (address, _) = host.split_once('/').expect("a database");
    TcpStream::connect(address).expect("the server listens");

    process.kill().expect("the process can be killed");
    process.wait().expect("the process ends");
    let started = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(started.elapsed() < Duration::from_mins(1), "the server is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}
