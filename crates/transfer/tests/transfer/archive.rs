//! Archives that are cut, damaged or foreign are refused before anything is done with them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use levada_transfer::{Source, export};
use tempfile::TempDir;

use crate::fill::fill;
use crate::server::Server;
use crate::{Notes, registry};

/// A whole archive.
struct Sample {
    folder: TempDir,
    text: String,
}

impl Sample {
    async fn new() -> Self {
        let server = Server::start().await;
        fill(&server).await;
        let mut text = Vec::new();
        let observer = Arc::new(Notes::default());
        export(&registry(&server.url()), &mut text, observer).await.unwrap();
        Self { folder: TempDir::new().unwrap(), text: String::from_utf8(text).unwrap() }
    }

    fn lines(&self) -> Vec<&str> {
        self.text.lines().collect()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("archive.jsonl")
    }

    /// Why an archive of this text is refused, without the name of the file.
    fn refusal(&self, text: &str) -> String {
        std::fs::write(self.path(), text).unwrap();
        refusal(&self.path())
    }
}

fn refusal(path: &Path) -> String {
    let error = Source::archive(path).expect_err("it is refused");
    error.to_string().replace(path.to_str().unwrap(), "FILE")
}

#[tokio::test(flavor = "multi_thread")]
async fn archive_cut_anywhere_is_refused() {
    let sample = Sample::new().await;
    std::fs::write(sample.path(), &sample.text).unwrap();
    Source::archive(&sample.path()).expect("the whole one is taken");
    let mut cuts: Vec<usize> = sample.text.match_indices('\n').map(|(end, _)| end).collect();
    cuts.pop(); // without its line feed the last line is whole all the same
    for end in cuts {
        for cut in [end - 5, end, end + 1] {
            let reason = sample.refusal(&sample.text[..cut]);
            assert!(reason.starts_with("FILE, line "), "{reason}");
        }
    }
    let lines = sample.lines();
    let cut = lines[..lines.len() - 1].join("\n");
    let reason = "the archive is cut: it has no trailer; export it again";
    assert_eq!(sample.refusal(&cut), format!("FILE, line {}: {reason}", lines.len()));
    assert_eq!(
        sample.refusal(""),
        "FILE, line 1: this is no archive of levada export: it has no header"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn archive_that_lost_or_gained_a_line_is_refused() {
    let sample = Sample::new().await;
    let lines = sample.lines();
    let without = [&lines[..5], &lines[6..]].concat().join("\n");
    let reason = sample.refusal(&without);
    assert!(reason.contains("the archive is damaged: the trailer counts"), "{reason}");
    let more = format!("{}{}\n", sample.text, lines[1]);
    let reason = sample.refusal(&more);
    assert!(reason.contains("there is something behind the trailer"), "{reason}");
    let last = lines[lines.len() - 2]; // a mode, before the first KEK
    let moved = [&lines[..1], &[last], &lines[1..lines.len() - 2], &lines[lines.len() - 1..]];
    let reason = sample.refusal(&moved.concat().join("\n"));
    assert!(reason.starts_with("FILE, line 3: KEK gone is out of order"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_version_does_not_know_is_refused_with_its_line() {
    let sample = Sample::new().await;
    let lines = sample.lines();
    let newer = lines[0].replace("\"version\":1", "\"version\":2");
    let reason = sample.refusal(&newer);
    assert!(reason.ends_with("reads levada-archive up to version 1; use a newer one"), "{reason}");
    for (line, reason) in [
        (r#"{"type":"exporter","name":"e"}"#, "unknown variant `exporter`"),
        (r#"{"type":"mode","scope":"s","mode":"READONLY","until":1}"#, "unknown field `until`"),
        (r#"{"type":"mode","scope":"s"}"#, "missing field `mode`"),
        (r#"{"type":"header"}"#, "unknown variant `header`"),
        ("[]", "invalid length 0"),
        ("\u{0}", "expected value"),
        ("", "EOF"),
    ] {
        let text = [&lines[..1], &[line], &lines[1..]].concat().join("\n");
        let told = sample.refusal(&text);
        assert!(told.starts_with("FILE, line 2: ") && told.contains(reason), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn line_without_an_end_is_refused() {
    let sample = Sample::new().await;
    let mut file = std::fs::File::create(sample.path()).unwrap();
    writeln!(file, "{}", sample.lines()[0]).unwrap();
    file.set_len(40 << 20).unwrap();
    let reason = refusal(&sample.path());
    assert_eq!(reason, "FILE, line 2: the line is longer than 33554432 bytes");
    assert!(refusal(Path::new("/nowhere/a.jsonl")).starts_with("cannot read FILE: "));
}
