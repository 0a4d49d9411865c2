//! The documents that a JSON schema points into, by the names that references to them must have.

use super::dialect::Dialect;
use super::uri;
use crate::json_text::{Data, Value};
use crate::outline::Outline;
use crate::{Limits, ParseError};

pub(crate) fn outline(
    text: &str,
    known_as: Option<&str>,
    limits: &Limits,
) -> Result<Outline, ParseError> {
    let root = super::read_any(text, limits)?;
    let member = |key: &str| root.as_object().and_then(|root| root.get(key)?.as_str());
    let dialect = member("$schema").and_then(Dialect::named).unwrap_or(Dialect::Draft07);
    let id = member(dialect.id_keyword()).map(|id| uri::at_fragment(id).0).unwrap_or_default();
    let mut outline = Outline { main: member("title").map(str::to_owned), ..Outline::default() };
    if !id.is_empty() {
        outline.defines.push(id.to_owned());
    }
    let mut inside = Vec::new();
    ids(&root, dialect.id_keyword(), &mut inside);
    let base =
        known_as.map(|name| if id.is_empty() { name.to_owned() } else { uri::resolve(name, id) });
    walk(&root, &mut |written| {
        let is_inside = |address: &str| inside.contains(&address);
        if written.is_empty() || is_inside(written) || is_inside(&uri::resolve(id, written)) {
            return;
        }
        match &base {
            Some(base) => outline.need(&uri::resolve(base, written), written),
            None => outline.need(written, written),
        }
    });
    Ok(outline)
}

/// Every address that a `$ref` names, without its fragment. As deep as the reader let the text be.
fn walk<'v>(value: &'v Value, found: &mut impl FnMut(&'v str)) {
    match &value.data {
        Data::Object(object) => {
            if let Some(written) = object.get("$ref").and_then(Value::as_str) {
                found(uri::at_fragment(written).0);
            }
            object.iter().for_each(|member| walk(&member.value, found));
        }
        Data::Array(items) => items.iter().for_each(|item| walk(item, found)),
        _ => {}
    }
}

/// Every id in the text.
fn ids<'v>(value: &'v Value, keyword: &str, found: &mut Vec<&'v str>) {
    match &value.data {
        Data::Object(object) => {
            let id = object.get(keyword).and_then(Value::as_str);
            found.extend(id.map(|id| uri::at_fragment(id).0).filter(|id| !id.is_empty()));
            object.iter().for_each(|member| ids(&member.value, keyword, found));
        }
        Data::Array(items) => items.iter().for_each(|item| ids(item, keyword, found)),
        _ => {}
    }
}
