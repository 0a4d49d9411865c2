//! A state of schema files: texts by their path from a common root.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Text(Arc<str>),
    /// Why it cannot be a schema: too long, or no text.
    Unusable(String),
}

/// Files by their path from the root, with `/` between the parts.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub files: BTreeMap<String, Content>,
}

impl Tree {
    /// The text of a file that has one.
    pub fn text(&self, path: &str) -> Option<&Arc<str>> {
        match self.files.get(path)? {
            Content::Text(text) => Some(text),
            Content::Unusable(_) => None,
        }
    }
}

impl Content {
    /// The content of `bytes`, of which there may be at most `bytes_max`.
    pub fn of(bytes: Vec<u8>, bytes_max: usize) -> Self {
        if bytes.len() > bytes_max {
            return Self::Unusable(format!(
                "a schema text may have at most {bytes_max} bytes (setting text-bytes-max)"
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text.into()),
            Err(error) => Self::Unusable(format!("not UTF-8 text: {error}")),
        }
    }
}

/// `path` from `folder`, without `.` parts, each `..` taking its folder away; none where it leads
/// out of the root.
pub fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder of a path, empty at the root.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The name of a file without its extension.
pub fn stem_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let plain = || name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    name.strip_suffix(".schema.json").unwrap_or_else(plain)
}

/// Whether `path` is `folder` or lies in it.
pub fn is_within(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_leaving_the_root() {
        assert_eq!(join("a/b", "../c.json").as_deref(), Some("a/c.json"));
        assert_eq!(join("", "./c.json").as_deref(), Some("c.json"));
        assert_eq!(join("a", "../../c.json"), None);
    }

    #[test]
    fn parts_of_a_path_are_told() {
        assert_eq!((folder_of("a/b.avsc"), folder_of("b.avsc")), ("a", ""));
        assert_eq!((stem_of("a/b.avsc"), stem_of("b.c.proto")), ("b", "b.c"));
        assert_eq!(stem_of("a/order.schema.json"), "order");
        assert_eq!(stem_of("a/order.first.schema.json"), "order.first");
        assert!(is_within("a/b", "a") && is_within("a", "a") && is_within("a", ""));
        assert!(!is_within("ab", "a"));
    }
}
