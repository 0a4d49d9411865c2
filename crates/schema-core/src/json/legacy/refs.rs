//! `$ref` in the old drafts: by id as written, by pointer, by registered address; never fetched.

use std::collections::hash_map::Entry;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::{Loader, Scope};
use crate::json::dialect::Dialect;
use crate::json::documents::{Document, Documents, legacy_meta_schema};
use crate::json::model::{Held, Kind, NodeId, RefId};
use crate::json::uri;
use crate::json_text::{Data, Value};
use crate::{ParseError, ParseErrorKind};

/// The objects of a document that have an id, with their scopes.
pub(super) type Ids<'a> = HashMap<String, (&'a Value, Scope<'a>)>;

/// The references by the address that their names resolve to against the schema's own id. All of
/// them must be objects, used or not.
pub(super) fn register(documents: &Documents) -> Result<HashMap<String, &Document>, ParseError> {
    let root = documents.schema.root.as_object();
    let text = |key: &str| root.and_then(|root| root.get(key)).and_then(Value::as_str);
    let dialect = text("$schema").and_then(Dialect::named).unwrap_or(Dialect::Draft07);
    let id = text(dialect.id_keyword());
    let mut registered = HashMap::new();
    for document in &documents.references {
        let name = document.name.as_deref().unwrap_or("");
        if !uri::is_valid(name) {
            let message = format!("the reference name '{name}' is not a URI");
            return Err(ParseError::new(ParseErrorKind::Invalid, message));
        }
        if let Some(error) = &document.unreadable {
            return Err(ParseError::new(error.kind, format!("in reference '{name}': {error}")));
        }
        if document.root.as_object().is_none() {
            return Err(document.invalid(&document.root, "a referenced schema must be an object"));
        }
        let address = id.map_or_else(|| name.to_owned(), |id| uri::resolve(id, name));
        registered.insert(address, document);
    }
    Ok(registered)
}

/// A `$ref` that was met.
pub(super) struct Asked {
    pub(super) node: NodeId,
    pub(super) target: RefId,
    pub(super) default: Option<Held>,
}

impl<'a> Loader<'a> {
    /// Gives those `$ref`s the default beside them that keep it. The reference loads a target when
    /// it first meets it, in depth, and forgets the default of each `$ref` but those that it meets
    /// while their own target is being loaded.
    pub(super) fn keep_defaults(&mut self) {
        let nothing = Vec::new();
        let asked = |target: Option<RefId>| self.asked.get(&target).unwrap_or(&nothing).iter();
        let mut open: HashSet<RefId> = HashSet::new();
        let mut done: HashSet<RefId> = HashSet::new();
        let mut stack = vec![(None, asked(None))];
        while let Some((target, rest)) = stack.last_mut() {
            let target = *target;
            let Some(next) = rest.next() else {
                if let Some(target) = target {
                    open.remove(&target);
                    done.insert(target);
                }
                stack.pop();
                continue;
            };
            if open.contains(&next.target) {
                if let Some(default) = &next.default {
                    self.builder.set_default(next.node, default.clone());
                }
            } else if !done.contains(&next.target) {
                open.insert(next.target);
                stack.push((Some(next.target), asked(Some(next.target))));
            }
        }
    }

    /// The node of a `$ref`; its target is loaded later, once.
    pub(super) fn reference(
        &mut self,
        scope: &Scope<'a>,
        value: &'a Value,
    ) -> Result<Kind, ParseError> {
        let text = super::string(scope.document, "$ref", value)?;
        if !uri::is_valid(&text) {
            return Err(scope.document.invalid(value, format!("'$ref' is not a URI: '{text}'")));
        }
        let address = match &scope.base {
            Some(base) => uri::resolve(base, &text),
            None => text.to_string(),
        };
        if let Some(&target) = self.known.get(&address) {
            return Ok(Kind::Reference { text: address.into(), target });
        }
        let (found, target_scope) = self.find(scope, value, &text, &address)?;
        let target = self.builder.new_ref();
        self.known.insert(address, target);
        self.queue.push_back((target, target_scope, found));
        Ok(Kind::Reference { text, target })
    }

    fn find(
        &mut self,
        scope: &Scope<'a>,
        at: &Value,
        text: &str,
        address: &str,
    ) -> Result<(&'a Value, Scope<'a>), ParseError> {
        if let Some(found) = self.by_id(scope, address)? {
            return Ok(found);
        }
        if text.starts_with('#') {
            return self.within(scope, at, text);
        }
        if address.starts_with('#') {
            return self.within(scope, at, address);
        }
        let (document_address, fragment) = uri::at_fragment(address);
        let external = |address: &str| {
            self.registered.get(address).copied().or_else(|| legacy_meta_schema(address))
        };
        let (document, fragment) = match (external(address), external(document_address)) {
            (Some(whole), _) => (whole, "#"),
            (None, Some(document)) => (document, fragment),
            (None, None) => return Err(unresolved(scope.document, at, text)),
        };
        let dialect = dialect_of(document, scope.dialect)?;
        let base: Rc<str> = document_address.into();
        let outside =
            Scope { document, dialect, root_base: Some(base.clone()), base: Some(base.clone()) };
        let root_base = outside.enter(&document.root)?.base;
        let root = Scope { root_base: root_base.clone(), base: root_base.clone(), ..outside };
        let (found, _) = self.within(&root, at, fragment)?;
        // Ids between the document's root and the target do not count.
        let target = Scope { base: Some(base), ..root }.enter(found)?;
        Ok((found, target))
    }

    /// Resolves a fragment with its `#` in the document of `scope`.
    fn within(
        &mut self,
        scope: &Scope<'a>,
        at: &Value,
        fragment: &str,
    ) -> Result<(&'a Value, Scope<'a>), ParseError> {
        let document = scope.document;
        let mut scope = Scope { base: scope.root_base.clone(), ..scope.clone() };
        if fragment.is_empty() {
            return Ok((&document.root, scope));
        }
        if let Some(found) = self.by_id(&scope, fragment)? {
            return Ok(found);
        }
        // A plain name that nobody has means the whole document, as the reference splits it.
        let mut found = &document.root;
        for token in fragment.trim_end_matches('/').split('/').skip(1) {
            let next = uri::pointer_token(token).and_then(|key| match &found.data {
                Data::Object(object) => object.get(&key),
                Data::Array(items) => items.get(key.parse::<usize>().ok()?),
                _ => None,
            });
            found = next.ok_or_else(|| unresolved(document, at, fragment))?;
            scope = scope.enter(found)?;
        }
        Ok((found, scope))
    }

    /// The object whose id is written exactly as `id`. Looking for it, the reference meets every id
    /// of the document, and each must be a URI.
    fn by_id(&mut self, scope: &Scope<'a>, id: &str) -> Result<Found<'a>, ParseError> {
        let ids = match self.ids.entry(std::ptr::from_ref(scope.document)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => {
                let mut ids = HashMap::new();
                let root = Scope { base: scope.root_base.clone(), ..scope.clone() };
                collect_ids(&root, &scope.document.root, &mut ids)?;
                vacant.insert(ids)
            }
        };
        Ok(ids.get(id).cloned())
    }
}

/// A value and the scope in which it stands, if it was found.
type Found<'a> = Option<(&'a Value, Scope<'a>)>;

fn collect_ids<'a>(
    scope: &Scope<'a>,
    value: &'a Value,
    ids: &mut Ids<'a>,
) -> Result<(), ParseError> {
    match &value.data {
        Data::Object(object) => {
            if let Some(id) = object.get(scope.dialect.id_keyword()).and_then(Value::as_str) {
                ids.insert(id.to_owned(), (value, scope.clone()));
            }
            object.iter().try_for_each(|member| {
                collect_ids(&scope.enter(&member.value)?, &member.value, ids)
            })
        }
        Data::Array(items) => {
            items.iter().try_for_each(|item| collect_ids(&scope.enter(item)?, item, ids))
        }
        _ => Ok(()),
    }
}

/// A referenced document says its own dialect; one that the old drafts do not know is read as the
/// referring one, but for draft 04, which then gives up.
fn dialect_of(document: &Document, referring: Dialect) -> Result<Dialect, ParseError> {
    let Some(schema) = document.root.as_object().and_then(|root| root.get("$schema")) else {
        return Ok(referring);
    };
    let named = schema.as_str().ok_or_else(|| document.mismatch("$schema", schema, "a string"))?;
    match Dialect::legacy_named(named) {
        Some(dialect) => Ok(dialect),
        None if referring == Dialect::Draft04 => {
            Err(document.invalid(schema, format!("unknown dialect '{named}'")))
        }
        None => Ok(referring),
    }
}

pub(in crate::json) fn unresolved(document: &Document, at: &Value, text: &str) -> ParseError {
    let remote = uri::scheme(text).is_some();
    let advice = if remote {
        "no address is ever fetched; register the schema and name it in the references"
    } else {
        "it is neither in the schema nor among its references"
    };
    let message = format!("cannot resolve '$ref' '{text}': {advice}");
    document.error(ParseErrorKind::UnresolvedName, at.location, message)
}
