//! What is said of a declaration in the options of `confluent/meta.proto`.

use levada_schema_core::protobuf::{DeclaredMeta, DeclaredRule};

use super::prop;
use crate::model::{Check, Notes, Params, is_format_native};

/// The version of the parameters that refine types.
const VERSION: &str = "1";

/// What is written of a declaration.
#[derive(Debug, Default)]
pub(super) struct Meta {
    pub(super) doc: Option<String>,
    pub(super) params: Params,
    pub(super) tags: Vec<String>,
}

impl Meta {
    pub(super) fn of(notes: &Notes) -> Self {
        let Notes { doc, tags, params } = notes.clone();
        Self { doc, params, tags }
    }

    /// Adds a parameter that refines the type, behind the version of these.
    pub(super) fn refine(&mut self, key: &str, value: impl Into<String>) {
        self.params.insert(prop::VERSION.into(), VERSION.into());
        self.params.insert(key.into(), value.into());
    }

    /// Adds parameters of a definition as such ones, if there are any.
    pub(super) fn refine_all<'p>(
        &mut self,
        params: impl Iterator<Item = (&'p String, &'p String)>,
    ) {
        let mut params = params.peekable();
        if params.peek().is_some() {
            self.params.insert(prop::VERSION.into(), VERSION.into());
            self.params.extend(params.map(|(key, value)| (key.clone(), value.clone())));
        }
    }

    /// The option that says it, if anything is said.
    pub(super) fn option(&self, name: &str) -> Option<String> {
        let mut entries = Vec::new();
        if let Some(doc) = self.doc.as_ref().filter(|doc| !doc.is_empty()) {
            entries.push(format!("doc: {}", quoted(doc)));
        }
        if !self.params.is_empty() {
            let param = |(key, value): (&String, &String)| {
                format!("{{key: {}, value: {}}}", quoted(key), quoted(value))
            };
            let params: Vec<String> = self.params.iter().map(param).collect();
            entries.push(format!("params: [{}]", params.join(", ")));
        }
        if !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|tag| quoted(tag)).collect();
            entries.push(format!("tags: [{}]", tags.join(", ")));
        }
        (!entries.is_empty()).then(|| format!("(confluent.{name}) = {{{}}}", entries.join(", ")))
    }
}

/// A text literal.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '"' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The value of a parameter; of equal keys the last counts.
pub(super) fn param<'m>(meta: Option<&'m DeclaredMeta>, key: &str) -> Option<&'m str> {
    let params = meta.map(|meta| meta.params.as_slice()).unwrap_or_default();
    params.iter().rfind(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

/// Whether a parameter is there and true.
pub(super) fn flag(meta: Option<&DeclaredMeta>, key: &str) -> Option<bool> {
    param(meta, key).map(|value| value.eq_ignore_ascii_case("true"))
}

pub(super) fn doc(meta: Option<&DeclaredMeta>) -> Option<String> {
    meta.map(|meta| meta.doc.clone()).filter(|doc| doc.chars().any(|c| c > ' '))
}

/// All parameters.
pub(super) fn all_params(meta: Option<&DeclaredMeta>) -> Params {
    meta.map(|meta| meta.params.iter().cloned().collect()).unwrap_or_default()
}

pub(super) fn notes(meta: Option<&DeclaredMeta>) -> Notes {
    let mut params = all_params(meta);
    params.retain(|key, _| is_free(key));
    Notes { doc: doc(meta), tags: meta.map(|meta| meta.tags.clone()).unwrap_or_default(), params }
}

/// Whether a parameter says something beside the type.
fn is_free(key: &str) -> bool {
    let is_reserved = ["flink.", "connect.", "logical."].iter().any(|start| key.starts_with(start));
    !is_reserved && !is_format_native(key) && key != prop::PRECISION && key != prop::SCALE
}

/// The checks of a declaration; an entry that is none is passed over, as in the reference.
pub(super) fn checks(meta: Option<&DeclaredMeta>) -> Vec<Check> {
    let rules = meta.map(|meta| meta.rules.as_slice()).unwrap_or_default();
    let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let check = |rule: &DeclaredRule| {
        filled(&rule.expr)?;
        let sql = filled(&rule.sql)?;
        Some(Check { name: filled(&rule.name), message: filled(&rule.doc), sql })
    };
    rules.iter().filter_map(check).collect()
}
