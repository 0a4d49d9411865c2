//! A registry of fixed schemas on a local port. It is asked before anything is measured.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

/// A subject with its only schema; its id is its place, from 1 on.
pub struct Entry {
    pub subject: &'static str,
    pub schema_type: &'static str,
    pub text: String,
}

/// Serves `entries` for as long as the process runs, and says where.
pub fn start(entries: Vec<Entry>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let entries = Arc::new(entries);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let entries = Arc::clone(&entries);
            std::thread::spawn(move || answer(stream, &entries));
        }
    });
    url
}

/// Answers the requests of one connection until it ends.
fn answer(stream: TcpStream, entries: &[Entry]) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|&read| read > 0)?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let (status, body) = find(&path, entries);
        let body = body.to_string();
        write!(
            writer,
            "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
    }
}

fn find(path: &str, entries: &[Entry]) -> (u16, Value) {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let place = match parts[..] {
        ["schemas", "ids", id] => id.parse::<usize>().ok().map(|id| id - 1),
        ["subjects", subject, ..] => entries.iter().position(|entry| entry.subject == subject),
        ["associations", ..] => return (200, json!([])),
        _ => None,
    };
    let Some((place, entry)) = place.and_then(|place| Some((place, entries.get(place)?))) else {
        return (404, json!({"error_code": 40401, "message": format!("no {path}")}));
    };
    let guid = format!("00000000-0000-4000-8000-{:012}", place + 1);
    let answer = json!({
        "subject": entry.subject, "version": 1, "id": place + 1, "guid": guid,
        "schemaType": entry.schema_type, "schema": entry.text,
    });
    (200, answer)
}
