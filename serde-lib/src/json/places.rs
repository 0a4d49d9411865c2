//! Where the `$ref`s of a JSON schema lead: into its documents by pointer, by anchor, or by the
//! address of a schema inside, each resolved against the address that holds where it stands.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use serde_json::Value as Json;

/// Addresses without a scheme are taken as below this one.
const BASE: &str = "levada:///";
/// Names that stand for schemas, below which each member is a schema.
const MAPS: [&str; 6] =
    ["properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "dependencies"];
/// What holds values and no schemas.
const VALUES: [&str; 4] = ["enum", "const", "default", "examples"];

/// A schema's place: the position of its document, and the pointer into it.
pub(super) type Place = (usize, String);

/// The addresses in the documents of a schema.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The schemas with an address of their own, documents among them.
    resources: HashMap<String, Place>,
    /// By address and name.
    anchors: HashMap<(String, String), Place>,
    /// What the references are called, for names that resolve to nothing.
    names: Vec<(String, usize)>,
}

impl Places {
    /// Documents with the names that they are referred to by.
    pub(super) fn of(documents: &[(String, Json)]) -> Self {
        let mut places = Self::default();
        for (document, (name, root)) in documents.iter().enumerate() {
            let base = joined(BASE, name);
            places.resources.entry(base.clone()).or_insert((document, String::new()));
            places.names.push((name.clone(), document));
            places.collect(document, root, &mut String::new(), &base, false);
        }
        // The longest first: it says the most.
        places.names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        places
    }

    /// Recurses as deep as schema text nests, which the parser bounds.
    fn collect(&mut self, at: usize, value: &Json, pointer: &mut String, base: &str, is_map: bool) {
        let length = pointer.len();
        match value {
            Json::Object(object) => {
                let mut own = base.to_owned();
                if !is_map {
                    for id in ["$id", "id"].iter().filter_map(|key| object.get(*key)?.as_str()) {
                        let (address, anchor) = id.split_once('#').unwrap_or((id, ""));
                        if !address.is_empty() {
                            own = joined(base, address);
                            self.resources.entry(own.clone()).or_insert((at, pointer.clone()));
                        }
                        self.anchor(&own, anchor, (at, pointer));
                    }
                    for key in ["$anchor", "$dynamicAnchor"] {
                        let anchor = object.get(key).and_then(Json::as_str).unwrap_or_default();
                        self.anchor(&own, anchor, (at, pointer));
                    }
                }
                for (key, inner) in object {
                    if !is_map && VALUES.contains(&key.as_str()) {
                        continue;
                    }
                    pointer.push('/');
                    pointer.push_str(&escaped(key));
                    let is_inner_map = !is_map && MAPS.contains(&key.as_str());
                    self.collect(at, inner, pointer, &own, is_inner_map);
                    pointer.truncate(length);
                }
            }
            Json::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                    self.collect(at, inner, pointer, base, false);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn anchor(&mut self, address: &str, name: &str, (at, pointer): (usize, &str)) {
        if !name.is_empty() {
            let key = (address.to_owned(), name.to_owned());
            self.anchors.entry(key).or_insert((at, pointer.to_owned()));
        }
    }

    /// Where `target` leads from a place.
    pub(super) fn target(&self, (document, pointer): (usize, &str), target: &str) -> Option<Place> {
        let (address, fragment) = target.split_once('#').unwrap_or((target, ""));
        let fragment = percent_decode_str(fragment).decode_utf8().ok()?;
        let (base, own) = self.base(document, pointer);
        let (document, start) = match address {
            "" => own.clone(),
            _ => self.resource(base, address)?,
        };
        if fragment.is_empty() || fragment.starts_with('/') {
            return Some((document, format!("{start}{fragment}")));
        }
        let (base, _) = self.base(document, &start);
        self.anchors.get(&(base.to_owned(), fragment.into_owned())).cloned()
    }

    /// The schema at an address, or else the document of that name: it may be called so from a
    /// folder of the referring one's.
    fn resource(&self, base: &str, address: &str) -> Option<Place> {
        let full = joined(base, address);
        let known = [&full, &joined(BASE, address)];
        if let Some(place) = known.iter().find_map(|address| self.resources.get(*address)) {
            return Some(place.clone());
        }
        let is_called = |name: &str| {
            full.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with('/'))
        };
        let (_, document) = self.names.iter().find(|(name, _)| is_called(name))?;
        Some((*document, String::new()))
    }

    /// The innermost schema with an address around a place.
    fn base(&self, document: usize, pointer: &str) -> (&str, &Place) {
        let is_around = |(at, start): &Place| {
            let rest = pointer.strip_prefix(start.as_str());
            *at == document && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let around = self.resources.iter().filter(|(_, place)| is_around(place));
        // Of two addresses of one schema the one that it gives itself counts.
        let innermost = around.max_by_key(|(address, (_, start))| {
            (start.len(), !address.starts_with(BASE), *address)
        });
        innermost.map_or((BASE, &ROOT), |(address, place)| (address.as_str(), place))
    }
}

/// Stands for a document that has no place.
static ROOT: Place = (0, String::new());

fn joined(base: &str, address: &str) -> String {
    let joined = Url::parse(base).and_then(|base| base.join(address));
    joined.map_or_else(|_| address.to_owned(), String::from)
}

pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(schema: &str, from: &str, to: &str) -> Option<Place> {
        let common = r#"{"$id":"http://x.org/types/common.json","$defs":{"C":{"$anchor":"c"}}}"#;
        let documents = [("root.json", schema), ("types/plain.json", "{}"), ("common", common)];
        let documents =
            documents.map(|(name, text)| (name.to_owned(), serde_json::from_str(text).unwrap()));
        Places::of(&documents).target((0, from), to)
    }

    fn place(document: usize, pointer: &str) -> Place {
        (document, pointer.to_owned())
    }

    #[test]
    fn pointers_anchors_and_addresses_lead_to_their_schemas() {
        let schema = r##"{"definitions":{"My Type":{},"A":{"$id":"#a"},"B":{"$anchor":"b"},
            "E":{"$id":"http://x.org/e.json","definitions":{"F":{"id":"f.json"}}}}}"##;
        for (to, expected) in [
            ("#", Some(place(0, ""))),
            ("#/definitions/A", Some(place(0, "/definitions/A"))),
            ("#/definitions/My%20Type", Some(place(0, "/definitions/My Type"))),
            ("#a", Some(place(0, "/definitions/A"))),
            ("#b", Some(place(0, "/definitions/B"))),
            ("http://x.org/e.json", Some(place(0, "/definitions/E"))),
            ("http://x.org/e.json#/definitions/F", Some(place(0, "/definitions/E/definitions/F"))),
            ("http://x.org/f.json", Some(place(0, "/definitions/E/definitions/F"))),
            ("common#c", Some(place(2, "/$defs/C"))),
            ("http://x.org/types/common.json#/$defs/C", Some(place(2, "/$defs/C"))),
            ("types/plain.json", Some(place(1, ""))),
            ("folder/types/plain.json", Some(place(1, ""))),
            ("#nowhere", None),
            ("nowhere.json", None),
        ] {
            assert_eq!(target(schema, "", to), expected, "{to}");
        }
    }

    #[test]
    fn addresses_are_resolved_where_they_stand() {
        let schema = r#"{"$id":"http://x.org/root.json","properties":{
            "id":{"type":"string"},"a":{"$id":"http://y.org/a/","$defs":{"D":{}}}}}"#;
        for (from, to, expected) in [
            ("/properties/a", "#/$defs/D", Some(place(0, "/properties/a/$defs/D"))),
            ("/properties/id", "types/common.json", Some(place(2, ""))),
            ("/properties/id", "#/properties/id", Some(place(0, "/properties/id"))),
            ("/properties/a", "/types/plain.json", Some(place(1, ""))),
        ] {
            assert_eq!(target(schema, from, to), expected, "{from} {to}");
        }
    }
}
