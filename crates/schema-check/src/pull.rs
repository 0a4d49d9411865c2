//! `levada pull`: the newest versions of a registry as files that check and push understand.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use levada_registry_api::SchemaDocument;
use levada_schema_core::SchemaType;
use levada_serde::RegistryClient;
use levada_serde::client::Call;

use crate::error::CheckFailure;
use crate::format::format;
use crate::layout::by_extension;
use crate::server::{found, subjects};
use crate::tree::join;

/// A file to be written, its path from the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledFile {
    pub path: String,
    pub text: String,
    pub subject: String,
    pub version: i32,
    /// Whether the path alone does not say the subject.
    pub needs_rule: bool,
}

/// The newest versions of the subjects that start with one of `prefixes`, all without any, and what
/// they refer to; each has a path of its own.
pub async fn pull(
    client: &RegistryClient,
    prefixes: &[String],
) -> Result<Vec<PulledFile>, CheckFailure> {
    let listed = subjects(client).await?;
    let is_wanted = |name: &String| {
        prefixes.is_empty() || prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
    };
    let mut left: Vec<String> = listed.into_iter().filter(is_wanted).collect();
    let mut documents: BTreeMap<String, SchemaDocument> = BTreeMap::new();
    // The names by which others refer to a subject: its file has to lie there.
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    while let Some(subject) = left.pop() {
        if documents.contains_key(&subject) {
            continue;
        }
        let path = ["subjects", subject.as_str(), "versions", "latest"];
        let answer = client.call::<SchemaDocument>(Call::get(&path)).await;
        let Some(document) = found(answer)? else { continue };
        for reference in &document.references {
            let (Some(name), Some(target)) = (&reference.name, &reference.subject) else {
                continue;
            };
            names.insert(target.clone(), name.clone());
            left.push(target.clone());
        }
        documents.insert(subject, document);
    }
    let files = documents.into_iter().map(|(subject, document)| {
        let name = names.get(&subject).map(String::as_str);
        file(subject, document, name)
    });
    let files = files.collect::<Result<Vec<_>, _>>()?;
    must_be_apart(&files)?;
    Ok(files)
}

fn must_be_apart(files: &[PulledFile]) -> Result<(), CheckFailure> {
    let mut subjects: BTreeMap<&str, &str> = BTreeMap::new();
    for file in files {
        if let Some(first) = subjects.insert(&file.path, &file.subject) {
            let (path, first, second) = (file.path.clone(), first.to_owned(), file.subject.clone());
            return Err(CheckFailure::SameFile { path, first, second });
        }
    }
    Ok(())
}

fn file(
    subject: String,
    document: SchemaDocument,
    referred_as: Option<&str>,
) -> Result<PulledFile, CheckFailure> {
    let unknown = |error| CheckFailure::Baseline(format!("subject {subject}: {error}"));
    let schema_type = document.schema_type.as_deref().map_or(Ok(SchemaType::Avro), str::parse);
    let schema_type = schema_type.map_err(unknown)?;
    let extension = match schema_type {
        SchemaType::Avro => "avsc",
        SchemaType::Json => "schema.json",
        SchemaType::Protobuf => "proto",
    };
    let own = format!("{}.{extension}", file_name(&subject));
    let is_path = |name: &&str| schema_type != SchemaType::Avro && !name.contains("://");
    let path = referred_as.filter(is_path).and_then(|name| join("", name));
    let path = path.unwrap_or_else(|| own.clone());
    let text = document.schema.unwrap_or_default();
    let text = format(schema_type, &text).unwrap_or(text);
    let needs_rule = path != own || file_name(&subject) != subject;
    let version = document.version.unwrap_or_default();
    Ok(PulledFile { path, text, subject, version, needs_rule })
}

/// The name with everything that a file name had better not have as `%` and two hex digits.
fn file_name(subject: &str) -> String {
    subject.bytes().fold(String::new(), |mut name, byte| {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        // Writing to a String cannot fail.
        let _ = match char::from(byte) {
            plain if is_plain && !(plain == '.' && name.is_empty()) => write!(name, "{plain}"),
            _ => write!(name, "%{byte:02X}"),
        };
        name
    })
}

/// The tables `[[schemas]]` without which the files in `folder` would be taken for other subjects;
/// nothing where the paths say it all.
pub fn rules(files: &[PulledFile], folder: &str) -> String {
    if !files.iter().any(|file| file.needs_rule) {
        return String::new();
    }
    files.iter().fold(String::new(), |mut text, file| {
        let path = join(folder, &file.path).unwrap_or_else(|| file.path.clone());
        let roots = if by_extension(&path) == Some(SchemaType::Protobuf) {
            format!("import-roots = [{folder:?}]\n")
        } else {
            String::new()
        };
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "[[schemas]]\npath = {path:?}\nsubject = {:?}\n{roots}", file.subject);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_become_names_that_stay_in_the_folder() {
        let names = ["orders-value", ":.c:a/b", "..", "ä"].map(file_name);
        assert_eq!(names, ["orders-value", "%3A.c%3Aa%2Fb", "%2E.", "%C3%A4"]);
    }
}
