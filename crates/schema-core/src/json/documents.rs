//! The documents a schema may point into: itself, its references, the bundled meta-schemas.

use std::sync::LazyLock;

use smol_str::SmolStr;

use super::model::Held;
use super::pattern::Pattern;
use crate::json_text::{Data, Member, Object, Value};
use crate::{Limits, Location, ParseError, ParseErrorKind, ResolvedReference};

/// A document, with what is needed to say where in it something is wrong.
#[derive(Debug)]
pub(super) struct Document {
    /// The reference's name; none for the schema itself.
    pub(super) name: Option<String>,
    /// Why a reference cannot be read; the root of such a document is `false`.
    pub(super) unreadable: Option<ParseError>,
    pub(super) root: Value,
    pattern_depth_max: usize,
}

/// The schema and its references. Nothing else is ever read, whatever a `$ref` says.
#[derive(Debug)]
pub(super) struct Documents {
    pub(super) schema: Document,
    pub(super) references: Vec<Document>,
    pub(super) limits: Limits,
}

impl Documents {
    pub(super) fn new(root: Value, references: &[ResolvedReference], limits: &Limits) -> Self {
        // Every document takes its values from what the ones before it left.
        let mut left =
            Limits { nodes_max: limits.nodes_max.saturating_sub(count(&root)), ..*limits };
        let mut read = Vec::with_capacity(references.len());
        for target in references {
            let document = Document::reference(target, &left);
            left.nodes_max = left.nodes_max.saturating_sub(count(&document.root));
            read.push(document);
        }
        Self { schema: Document::new(None, root, limits), references: read, limits: *limits }
    }
}

/// The values in `value`, itself among them.
fn count(value: &Value) -> usize {
    match &value.data {
        Data::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Data::Object(object) => 1 + object.iter().map(|m| count(&m.value)).sum::<usize>(),
        _ => 1,
    }
}

impl Document {
    fn new(name: Option<String>, root: Value, limits: &Limits) -> Self {
        let pattern_depth_max = limits.pattern_depth_max;
        Self { name, unreadable: None, root: with_defs(root), pattern_depth_max }
    }

    fn reference(target: &ResolvedReference, limits: &Limits) -> Self {
        let name = Some(target.reference.name.clone());
        match super::read_any(&target.text, limits) {
            Ok(root) => Self::new(name, root, limits),
            Err(error) => {
                let location = Location { line: 1, column: 1 };
                let root = Value { data: Data::Boolean(false), location };
                Self { unreadable: Some(error), ..Self::new(name, root, limits) }
            }
        }
    }

    /// Checks a pattern that stands at `value`.
    pub(super) fn check_pattern(&self, value: &Value, source: &str) -> Result<(), ParseError> {
        Pattern::parse(source, self.pattern_depth_max).map(drop).map_err(|reason| {
            self.invalid(value, format!("'{source}' is not a regular expression: {reason}"))
        })
    }

    /// An error at a place of this document; a place in a reference is told in the message.
    pub(super) fn error(
        &self,
        kind: ParseErrorKind,
        location: Location,
        message: impl std::fmt::Display,
    ) -> ParseError {
        let Some(name) = &self.name else {
            return ParseError::new(kind, message.to_string()).at(location);
        };
        let inner = ParseError::new(kind, message.to_string()).at(location);
        ParseError::new(kind, format!("in reference '{name}': {inner}"))
    }

    /// The place of a value of this document, if it is the schema itself.
    pub(super) fn location_of(&self, value: &Value) -> Option<Location> {
        self.name.is_none().then_some(value.location)
    }

    pub(super) fn invalid(&self, value: &Value, message: impl std::fmt::Display) -> ParseError {
        self.error(ParseErrorKind::Invalid, value.location, message)
    }

    /// `key` has a value of another kind than `wanted`.
    pub(super) fn mismatch(&self, key: &str, value: &Value, wanted: &str) -> ParseError {
        self.invalid(value, format!("'{key}' must be {wanted}, not {}", value.kind()))
    }
}

/// Top-level `definitions` are found under `$defs` too; what `$defs` has already stays.
fn with_defs(root: Value) -> Value {
    let Data::Object(object) = &root.data else { return root };
    let Some(definitions) = object.get("definitions").and_then(Value::as_object) else {
        return root;
    };
    let present = object.member("$defs");
    if definitions.is_empty() || present.is_some_and(|defs| defs.value.as_object().is_none()) {
        return root;
    }
    let own = present.and_then(|defs| defs.value.as_object());
    let mut defs: Vec<Member> = own.map(|own| own.iter().cloned().collect()).unwrap_or_default();
    let copied = definitions.iter().filter(|m| own.is_none_or(|own| own.get(&m.key).is_none()));
    // Schemas are told apart by identity, so the two places must not share theirs.
    defs.extend(copied.map(|m| Member { value: m.value.unshared(), ..m.clone() }));
    let location = present.map_or(root.location, |defs| defs.value.location);
    let bridged = Member {
        key: "$defs".into(),
        key_location: location,
        value: Value { data: Data::Object(Object::new(defs).into()), location },
    };
    let members = object.iter().cloned().chain([bridged]).collect();
    Value { data: Data::Object(Object::new(members).into()), location: root.location }
}

/// A bundled meta-schema by its address, with or without the trailing `#`; http and https count
/// the same for the main ones.
pub(super) fn meta_schema(address: &str) -> Option<&'static Document> {
    let address = address.strip_suffix('#').unwrap_or(address);
    let bare = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    META_SCHEMAS.iter().find(|(known, _)| *known == bare).map(|(_, document)| document)
}

/// Whether the front end of the old drafts has this meta-schema.
pub(super) fn legacy_meta_schema(address: &str) -> Option<&'static Document> {
    meta_schema(address).filter(|_| address.contains("/draft-0"))
}

static META_SCHEMAS: LazyLock<Vec<(&'static str, Document)>> = LazyLock::new(|| {
    use referencing::meta;
    let sources: [(&'static str, &serde_json::Value); 18] = [
        ("json-schema.org/draft-04/schema", &meta::DRAFT4),
        ("json-schema.org/draft-06/schema", &meta::DRAFT6),
        ("json-schema.org/draft-07/schema", &meta::DRAFT7),
        ("json-schema.org/draft/2019-09/schema", &meta::DRAFT201909),
        ("json-schema.org/draft/2019-09/meta/applicator", &meta::DRAFT201909_APPLICATOR),
        ("json-schema.org/draft/2019-09/meta/content", &meta::DRAFT201909_CONTENT),
        ("json-schema.org/draft/2019-09/meta/core", &meta::DRAFT201909_CORE),
        ("json-schema.org/draft/2019-09/meta/format", &meta::DRAFT201909_FORMAT),
        ("json-schema.org/draft/2019-09/meta/meta-data", &meta::DRAFT201909_META_DATA),
        ("json-schema.org/draft/2019-09/meta/validation", &meta::DRAFT201909_VALIDATION),
        ("json-schema.org/draft/2020-12/schema", &meta::DRAFT202012),
        ("json-schema.org/draft/2020-12/meta/core", &meta::DRAFT202012_CORE),
        ("json-schema.org/draft/2020-12/meta/applicator", &meta::DRAFT202012_APPLICATOR),
        ("json-schema.org/draft/2020-12/meta/unevaluated", &meta::DRAFT202012_UNEVALUATED),
        ("json-schema.org/draft/2020-12/meta/validation", &meta::DRAFT202012_VALIDATION),
        ("json-schema.org/draft/2020-12/meta/meta-data", &meta::DRAFT202012_META_DATA),
        (
            "json-schema.org/draft/2020-12/meta/format-annotation",
            &meta::DRAFT202012_FORMAT_ANNOTATION,
        ),
        ("json-schema.org/draft/2020-12/meta/content", &meta::DRAFT202012_CONTENT),
    ];
    sources
        .into_iter()
        .filter_map(|(address, source)| {
            let limits = Limits::default();
            let mut source = source.clone();
            // The library leaves out what the old drafts ask of the values of `enum`.
            let values = source.pointer_mut("/properties/enum").and_then(|v| v.as_object_mut());
            if let Some(values) = values.filter(|_| address.contains("/draft-0")) {
                values.insert("minItems".to_owned(), 1.into());
                values.insert("uniqueItems".to_owned(), true.into());
            }
            let root = super::read_any(&source.to_string(), &limits).ok()?;
            Some((address, Document::new(Some(format!("https://{address}")), root, &limits)))
        })
        .collect()
});

/// The keywords of `object` that `taken` does not hold, each as `hold` holds its value.
pub(super) fn rest_of(
    object: &Object,
    taken: impl Fn(&str) -> bool,
    hold: impl Fn(&Value) -> Held,
) -> std::collections::BTreeMap<SmolStr, Held> {
    object
        .iter()
        .filter(|member| !taken(&member.key))
        .map(|member| (member.key.clone(), hold(&member.value)))
        .collect()
}
