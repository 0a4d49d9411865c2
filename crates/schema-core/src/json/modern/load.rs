//! Anchors and references: every address that is named gets the schema it leads to.

use std::collections::VecDeque;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};
use smol_str::SmolStr;

use super::{Instance, Knot, Place, keywords};
use crate::json::documents::{Document, Documents, meta_schema};
use crate::json::uri;
use crate::json_text::{Data, Object, Value};
use crate::{ParseError, ParseErrorKind};

/// The base of a schema without `$id`.
const NO_BASE: &str = "UNKNOWN";
/// What the reference resolves the names of its references against.
const INPUT_BASE: &str = "mem://input";

/// What [`load`] found: the schema by knot and the knot of each `$ref` and `$dynamicRef`.
pub(super) struct Loaded<'a> {
    pub(super) roots: Vec<Option<Place<'a>>>,
    pub(super) references: HashMap<Instance, (Knot, SmolStr)>,
    pub(super) dynamic: HashMap<Instance, Knot>,
    /// The knot of the schema itself.
    pub(super) root: Knot,
}

/// An address and what is known of it.
struct Address<'a> {
    text: String,
    /// Where the first `$ref` to it stands.
    asked: Option<Place<'a>>,
    place: Option<Place<'a>>,
    base: Option<Rc<str>>,
    queued: bool,
}

pub(super) struct Loader<'a> {
    externals: HashMap<String, &'a Document>,
    addresses: Vec<Address<'a>>,
    by_text: HashMap<String, Knot>,
    loadable: VecDeque<Knot>,
    unresolved: VecDeque<Knot>,
    pub(super) base: Rc<str>,
    references: HashMap<Instance, (Knot, SmolStr)>,
    dynamic: HashMap<Instance, Knot>,
}

pub(super) fn load(documents: &Documents) -> Result<Loaded<'_>, ParseError> {
    let mut loader = Loader {
        externals: externals(documents),
        addresses: Vec::new(),
        by_text: HashMap::new(),
        loadable: VecDeque::new(),
        unresolved: VecDeque::new(),
        base: NO_BASE.into(),
        references: HashMap::new(),
        dynamic: HashMap::new(),
    };
    for document in &documents.references {
        let name = document.name.as_deref().unwrap_or("");
        if !uri::is_valid(name) {
            let message = format!("the reference name '{name}' is not a URI");
            return Err(ParseError::new(ParseErrorKind::Invalid, message));
        }
    }
    let place = Place { document: &documents.schema, value: &documents.schema.root };
    loader.anchors(place, &[])?;
    loader.enter(place)?;
    let root = loader.ask(place, "#")?.0;
    let base = loader.base.clone();
    loader.register(&base, place)?;
    loader.drain()?;
    let roots = loader.addresses.iter().map(|address| address.place).collect();
    Ok(Loaded { roots, references: loader.references, dynamic: loader.dynamic, root })
}

/// The references by name, by `./name` and by the name resolved against the input's base; of two
/// with the same address the first counts.
fn externals(documents: &Documents) -> HashMap<String, &Document> {
    let mut externals = HashMap::new();
    for document in &documents.references {
        let name = document.name.as_deref().unwrap_or("");
        let mut addresses = vec![name.to_owned(), uri::resolve(INPUT_BASE, name)];
        if uri::scheme(name).is_none() && !name.starts_with('.') {
            addresses.push(format!("./{name}"));
        }
        for address in addresses {
            externals.entry(address).or_insert(document);
        }
    }
    externals
}

impl<'a> Loader<'a> {
    /// Loads what can be loaded, then resolves an address, until nothing is left.
    fn drain(&mut self) -> Result<(), ParseError> {
        loop {
            if let Some(knot) = self.loadable.pop_front() {
                let Some(address) = self.addresses.get(knot) else { continue };
                let Some(place) = address.place else { continue };
                let outer = self.base.clone();
                if let Some(base) = &address.base {
                    self.base = base.clone();
                }
                self.check(knot, place)?;
                self.base = outer;
            } else if let Some(knot) = self.unresolved.pop_front() {
                let known = self.addresses.get(knot).map(|a| (a.place, a.text.clone(), a.asked));
                let Some((None, text, Some(asked))) = known else { continue };
                let (place, base) = self.resolve(asked, &text)?;
                if let Some(address) = self.addresses.get_mut(knot) {
                    address.place = Some(place);
                    address.base = Some(base);
                    address.queued = true;
                    self.loadable.push_back(knot);
                }
            } else {
                return Ok(());
            }
        }
    }

    /// The knot of an address, made if need be.
    fn knot(&mut self, text: &str) -> Knot {
        let plain = text.strip_suffix('#').unwrap_or(text);
        if let Some(&knot) = self.by_text.get(plain) {
            return knot;
        }
        let base = Some(text.into());
        let new = Address { text: text.to_owned(), asked: None, place: None, base, queued: false };
        self.addresses.push(new);
        self.by_text.insert(plain.to_owned(), self.addresses.len() - 1);
        self.addresses.len() - 1
    }

    /// Says that `text` is the address of `place`.
    fn register(&mut self, text: &str, place: Place<'a>) -> Result<Knot, ParseError> {
        let knot = self.knot(text);
        let Some(address) = self.addresses.get_mut(knot) else { return Ok(knot) };
        if address.place.is_some_and(|other| !std::ptr::eq(other.value, place.value)) {
            let message = format!("two schemas have the address '{text}'");
            return Err(place.document.invalid(place.value, message));
        }
        address.place = Some(place);
        if !std::mem::replace(&mut address.queued, true) {
            self.loadable.push_back(knot);
        }
        Ok(knot)
    }

    /// Registers the ids and anchors in `place`. `path` is where it stands in a reference; the
    /// reference looks everywhere in the schema itself, which has no places.
    fn anchors(&mut self, place: Place<'a>, path: &[&str]) -> Result<(), ParseError> {
        if let Some((last, before)) = path.split_last()
            && !keywords::is_known(last)
            && before.last().is_none_or(|before| !keywords::holds_schemas(before))
        {
            return Ok(());
        }
        match &place.value.data {
            Data::Object(object) => {
                let outer = self.base.clone();
                self.enter(place)?;
                self.own_anchors(place, object)?;
                for member in object.iter() {
                    if member.key != "enum" && member.key != "const" {
                        self.anchors_below(place.at(&member.value), path, &member.key)?;
                    }
                }
                self.base = outer;
            }
            Data::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.anchors_below(place.at(item), path, &index.to_string())?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn anchors_below(
        &mut self,
        place: Place<'a>,
        path: &[&str],
        segment: &str,
    ) -> Result<(), ParseError> {
        if place.document.name.is_none() {
            return self.anchors(place, &[]);
        }
        // Two segments decide.
        match path.last() {
            Some(last) => self.anchors(place, &[last, segment]),
            None => self.anchors(place, &[segment]),
        }
    }

    fn own_anchors(&mut self, place: Place<'a>, object: &Object) -> Result<(), ParseError> {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        if text("$id").is_some() {
            let base = self.base.clone();
            self.register(&base, place)?;
        }
        if let Some(anchor) = text("$anchor") {
            let address = self.against_base(place, &format!("#{anchor}"))?;
            self.register(&address, place)?;
        }
        if let Some(anchor) = text("$dynamicAnchor") {
            let address = self.against_base(place, &format!("#{anchor}"))?;
            let knot = self.knot(&address);
            if let Some(address) = self.addresses.get_mut(knot) {
                if address.place.is_none() {
                    address.base = None; // loaded under the base in force
                }
                address.place = Some(place);
                if !std::mem::replace(&mut address.queued, true) {
                    self.loadable.push_back(knot);
                }
            }
        }
        Ok(())
    }

    /// Moves the base to the `$id` of `place`, if it has one.
    pub(super) fn enter(&mut self, place: Place<'a>) -> Result<(), ParseError> {
        let id = place.value.as_object().and_then(|object| object.get("$id"));
        if let Some(id) = id.and_then(Value::as_str)
            && !self.base.ends_with(id)
        {
            self.base = self.against_base(place, id)?.into();
        }
        Ok(())
    }

    fn against_base(&self, place: Place<'a>, text: &str) -> Result<String, ParseError> {
        if !uri::is_valid(text) {
            let message = format!("'{text}' is not a URI");
            return Err(place.document.invalid(place.value, message));
        }
        Ok(match uri::scheme(&self.base) {
            Some("urn" | "tag") => format!("{}{text}", self.base),
            _ => uri::resolve(&self.base, text),
        })
    }

    /// The knot of a `$ref` and its address; `at` is the place of its text.
    fn ask(&mut self, at: Place<'a>, text: &str) -> Result<(Knot, String), ParseError> {
        let (document, _) = uri::at_fragment(text);
        let absolute = uri::scheme(text).is_some() || self.external(document).is_some();
        let address = if absolute && uri::is_valid(text) {
            text.to_owned()
        } else {
            self.against_base(at, text)?
        };
        let knot = self.knot(&address);
        if let Some(known) = self.addresses.get_mut(knot) {
            known.asked.get_or_insert(at);
            if known.place.is_none() {
                self.unresolved.push_back(knot);
            }
        }
        Ok((knot, address))
    }

    /// Remembers where the `$ref` of a schema leads.
    pub(super) fn refer(
        &mut self,
        instance: Instance,
        at: Place<'a>,
        text: &str,
    ) -> Result<(), ParseError> {
        let found = self.ask(at, text)?;
        self.references.insert(instance, (found.0, found.1.into()));
        Ok(())
    }

    /// The same for its `$dynamicRef`.
    pub(super) fn refer_dynamically(
        &mut self,
        instance: Instance,
        at: Place<'a>,
        text: &str,
    ) -> Result<(), ParseError> {
        let (knot, _) = self.ask(at, text)?;
        self.dynamic.insert(instance, knot);
        Ok(())
    }

    /// A document by address.
    pub(super) fn external(&self, address: &str) -> Option<&'a Document> {
        self.externals.get(address).copied().or_else(|| meta_schema(address))
    }

    /// What `text` leads to, and the base there.
    fn resolve(
        &mut self,
        asked: Place<'a>,
        text: &str,
    ) -> Result<(Place<'a>, Rc<str>), ParseError> {
        let (document, fragment) = uri::at_fragment(text);
        let known = self.by_text.get(document).and_then(|&knot| self.addresses.get(knot)?.place);
        let root = match known {
            Some(root) => root,
            None => self.fetch(asked, text, document)?,
        };
        if fragment.is_empty() || fragment == "#" {
            return Ok((root, document.into()));
        }
        let anchored = self.by_text.get(text).and_then(|&knot| self.addresses.get(knot)?.place);
        if let Some(place) = anchored {
            return Ok((place, text.into()));
        }
        self.pointer(asked, root, fragment)
    }

    /// Opens a reference or a meta-schema; nothing else is there to open.
    fn fetch(
        &mut self,
        asked: Place<'a>,
        text: &str,
        document: &str,
    ) -> Result<Place<'a>, ParseError> {
        let Some(found) = self.external(document) else {
            let shown = text.strip_prefix(NO_BASE).unwrap_or(text);
            return Err(unresolved(asked, shown));
        };
        if let Some(error) = &found.unreadable {
            let name = found.name.as_deref().unwrap_or("");
            return Err(ParseError::new(error.kind, format!("in reference '{name}': {error}")));
        }
        let place = Place { document: found, value: &found.root };
        self.register(document, place)?;
        let outer = std::mem::replace(&mut self.base, text.into());
        self.enter(place)?;
        self.anchors(place, &[])?;
        self.base = outer;
        Ok(place)
    }

    fn pointer(
        &mut self,
        asked: Place<'a>,
        root: Place<'a>,
        fragment: &str,
    ) -> Result<(Place<'a>, Rc<str>), ParseError> {
        let mut tokens = fragment.split('/');
        if tokens.next() != Some("#") {
            return Err(unresolved(asked, fragment));
        }
        let base: Rc<str> = match root.value.as_object().and_then(|object| object.get("$id")) {
            Some(id) => {
                let text =
                    id.as_str().ok_or_else(|| root.document.mismatch("$id", id, "a string"))?;
                text.into()
            }
            None => root.document.name.as_deref().unwrap_or(NO_BASE).into(),
        };
        let outer = std::mem::replace(&mut self.base, base);
        let mut place = root;
        self.enter(place)?;
        for token in tokens {
            let next = uri::pointer_token(token).and_then(|key| match &place.value.data {
                Data::Object(object) => object.get(&key),
                Data::Array(items) => items.get(key.parse::<usize>().ok()?),
                _ => None,
            });
            place = place.at(next.ok_or_else(|| unresolved(asked, fragment))?);
            self.enter(place)?;
        }
        Ok((place, std::mem::replace(&mut self.base, outer)))
    }
}

fn unresolved(asked: Place<'_>, text: &str) -> ParseError {
    crate::json::legacy::unresolved(asked.document, asked.value, text)
}
