//! How much work one instance can make: schemas that double at every `$ref` never end.

use foldhash::{HashMap, HashMapExt};

use super::documents::{Document, Documents};
use super::pattern::Searches;
use super::uri;
use crate::json_text::{Data, Value};
use crate::{ParseError, ParseErrorKind};

/// Most schemas that may apply to one value of an instance, each counted as often as it applies.
const APPLICATIONS_MAX: u64 = 1_000_000;
/// Longest chain of schemas that apply to one value.
const CHAIN_MAX: usize = 1000;

/// Refuses documents in which some schema applies too many others to the value it judges. Schemas
/// of members and items are counted apart; circles are the validating crate's concern.
pub(super) fn check(documents: &Documents) -> Result<(), ParseError> {
    let mut counter = Counter { documents, known: HashMap::new(), chain: 0 };
    let mut searches = Searches::new(&documents.limits);
    for document in std::iter::once(&documents.schema).chain(&documents.references) {
        counter.check_all(document, &document.root)?;
        check_patterns(document, &document.root, &mut searches)?;
    }
    Ok(())
}

/// Refuses patterns that take too much memory once they are compiled.
fn check_patterns(
    document: &Document,
    value: &Value,
    searches: &mut Searches,
) -> Result<(), ParseError> {
    match &value.data {
        Data::Array(items) => {
            items.iter().try_for_each(|item| check_patterns(document, item, searches))
        }
        Data::Object(object) => object.iter().try_for_each(|member| {
            let mut patterns = match (member.key.as_str(), &member.value.data) {
                ("pattern", Data::String(pattern)) => vec![pattern],
                ("patternProperties", Data::Object(schemas)) => {
                    schemas.iter().map(|schema| &schema.key).collect()
                }
                _ => Vec::new(),
            }
            .into_iter();
            if patterns.any(|pattern| !searches.fits(pattern)) {
                let message = "the patterns are too large (setting pattern-bytes-max)";
                let kind = ParseErrorKind::TooLarge;
                return Err(document.error(kind, member.value.location, message));
            }
            check_patterns(document, &member.value, searches)
        }),
        _ => Ok(()),
    }
}

struct Counter<'a> {
    documents: &'a Documents,
    /// Applications of each schema counted so far; none while it is being counted.
    known: HashMap<*const Value, Option<u64>>,
    chain: usize,
}

impl<'a> Counter<'a> {
    fn check_all(&mut self, document: &'a Document, value: &'a Value) -> Result<(), ParseError> {
        match &value.data {
            Data::Object(object) => {
                self.count(document, value)?;
                object.iter().try_for_each(|member| self.check_all(document, &member.value))
            }
            Data::Array(items) => items.iter().try_for_each(|item| self.check_all(document, item)),
            _ => Ok(()),
        }
    }

    /// The schemas that `value` applies to one value, itself among them.
    fn count(&mut self, document: &'a Document, value: &'a Value) -> Result<u64, ParseError> {
        let key = std::ptr::from_ref(value);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.unwrap_or(0));
        }
        self.chain += 1;
        if self.chain > CHAIN_MAX {
            return Err(too_much(document, value));
        }
        self.known.insert(key, None);
        let mut sum = 1_u64;
        for (document, inner) in self.applied(document, value) {
            sum = sum.saturating_add(self.count(document, inner)?);
        }
        self.known.insert(key, Some(sum));
        self.chain -= 1;
        if sum > APPLICATIONS_MAX { Err(too_much(document, value)) } else { Ok(sum) }
    }

    /// The schemas that apply to the same value as this one.
    fn applied(&self, document: &'a Document, value: &'a Value) -> Vec<(&'a Document, &'a Value)> {
        let Some(object) = value.as_object() else { return Vec::new() };
        let mut applied = Vec::new();
        for member in object.iter() {
            match (member.key.as_str(), &member.value.data) {
                ("allOf" | "anyOf" | "oneOf", Data::Array(members)) => {
                    applied.extend(members.iter().map(|member| (document, member)));
                }
                ("not" | "if" | "then" | "else", _) => applied.push((document, &member.value)),
                ("dependencies" | "dependentSchemas", Data::Object(schemas)) => {
                    applied.extend(schemas.iter().map(|schema| (document, &schema.value)));
                }
                ("$ref", Data::String(text)) => applied.extend(self.target(document, text)),
                _ => {}
            }
        }
        applied
    }

    /// What a pointer in this document or in a reference by name leads to.
    fn target(&self, document: &'a Document, text: &str) -> Option<(&'a Document, &'a Value)> {
        let (name, fragment) = uri::at_fragment(text);
        let document = if name.is_empty() {
            document
        } else {
            let mut references = self.documents.references.iter();
            references.find(|document| document.name.as_deref() == Some(name))?
        };
        let mut found = &document.root;
        for token in fragment.split('/').skip(1) {
            let key = uri::pointer_token(token)?;
            found = match &found.data {
                Data::Object(object) => object.get(&key)?,
                Data::Array(items) => items.get(key.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some((document, found))
    }
}

fn too_much(document: &Document, value: &Value) -> ParseError {
    let message = "this schema applies too many others to one value to validate with";
    document.error(ParseErrorKind::TooLarge, value.location, message)
}
