//! Every type and extension field that a schema can name: its own, its references', well-known ones.
//!
//! Names are a tree keyed by their parts, so that a lookup from a deep scope costs a step per
//! level and not a joined name per level. The reference ignores import lists here: whatever stands
//! in any file of the closure can be named.

use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use memchr::memchr;

use super::Dependency;
use super::ast::{Extend, Field, FieldType, File, MapType, Message, OptionValue, TypeDecl};
use super::well_known;
use crate::Reference;

/// A name in the tree: a package part, a type, an extension field. Also the scope inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(usize);

#[cfg(test)]
impl NodeId {
    pub(super) fn of(id: usize) -> Self {
        Self(id)
    }
}

pub(super) const ROOT: NodeId = NodeId(0);

#[derive(Clone)]
struct Node<'a> {
    parent: NodeId,
    part: &'a str,
    /// Bytes of the full name.
    length: usize,
    ty: Option<TypeInfo<'a>>,
    extension: Option<&'a Field>,
}

/// The file that a type comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    /// The schema itself.
    Own,
    Referenced(&'a Reference),
    WellKnown,
}

#[derive(Clone, Copy)]
pub(super) struct TypeInfo<'a> {
    pub(super) decl: &'a TypeDecl,
    pub(super) package: &'a str,
    pub(super) origin: Origin<'a>,
    /// Key and value, if the message stands for the entries of a map.
    pub(super) map_entry: Option<MapEntry<'a>>,
}

#[derive(Clone, Copy)]
pub(super) struct MapEntry<'a> {
    pub(super) key: Option<&'a FieldType>,
    pub(super) value: Option<&'a FieldType>,
}

impl MapEntry<'_> {
    /// The map type, unless a field is missing.
    pub(super) fn map_type(self) -> Option<MapType> {
        Some(MapType { key: self.key?.clone(), value: self.value?.clone() })
    }
}

#[derive(Clone)]
pub(super) struct Types<'a> {
    nodes: Vec<Node<'a>>,
    edges: HashMap<(NodeId, &'a str), NodeId>,
    /// Every part of a name, wherever it stands: most lookups are of scalars and end here.
    parts: HashSet<&'a str>,
    /// Messages behind an enum that has taken their name in the same scope.
    hidden: HashMap<NodeId, TypeInfo<'a>>,
}

impl<'a> Types<'a> {
    /// Of files that define the same name the later one wins, the schema itself last.
    pub(super) fn collect(file: &'a File, dependencies: &'a [Dependency]) -> Self {
        static WELL_KNOWN: LazyLock<Types<'static>> =
            LazyLock::new(|| Types::of_well_known(|_| true));
        // A reference takes the place of the well-known file with its name.
        let is_kept = |path: &str| dependencies.iter().all(|file| file.reference.name != path);
        let mut types: Types<'a> = if well_known::files().iter().all(|(path, _)| is_kept(path)) {
            WELL_KNOWN.clone()
        } else {
            Types::of_well_known(is_kept)
        };
        for dependency in dependencies {
            types.add_file(&dependency.file, Origin::Referenced(&dependency.reference));
        }
        types.add_file(file, Origin::Own);
        types
    }

    fn of_well_known(is_kept: impl Fn(&str) -> bool) -> Self {
        let root = Node { parent: ROOT, part: "", length: 0, ty: None, extension: None };
        let mut types = Self {
            nodes: vec![root],
            edges: HashMap::new(),
            parts: HashSet::new(),
            hidden: HashMap::new(),
        };
        for (_, file) in well_known::files().iter().filter(|(path, _)| is_kept(path)) {
            types.add_file(file, Origin::WellKnown);
        }
        types
    }

    fn add_file(&mut self, file: &'a File, origin: Origin<'a>) {
        let package = file.package.as_deref().unwrap_or_default();
        let at = if package.is_empty() { ROOT } else { self.insert(ROOT, package) };
        self.add_extends(at, &file.extends.items);
        self.add_types(at, &file.types, package, origin);
    }

    fn add_extends(&mut self, at: NodeId, extends: &'a [Extend]) {
        for field in extends.iter().flat_map(|extend| &extend.fields) {
            let id = self.insert(at, &field.name);
            if let Some(node) = self.nodes.get_mut(id.0) {
                node.extension = Some(field);
            }
        }
    }

    fn add_types(
        &mut self,
        at: NodeId,
        types: &'a [TypeDecl],
        package: &'a str,
        origin: Origin<'a>,
    ) {
        for decl in types {
            let id = self.insert(at, decl.name());
            let mut map_entry = None;
            if let TypeDecl::Message(message) = decl {
                self.add_extends(id, &message.extends.items);
                map_entry = entry_of(message);
            }
            if let Some(node) = self.nodes.get_mut(id.0) {
                let before = node.ty.replace(TypeInfo { decl, package, origin, map_entry });
                if let (TypeDecl::Enum(_), Some(before)) = (decl, before) {
                    self.hidden.insert(id, before);
                }
            }
            if let TypeDecl::Message(message) = decl {
                self.add_types(id, &message.nested, package, origin);
            }
        }
    }

    fn insert(&mut self, at: NodeId, name: &'a str) -> NodeId {
        if !has_dots(name) {
            return self.insert_part(at, name);
        }
        name.split('.').fold(at, |id, part| self.insert_part(id, part))
    }

    fn insert_part(&mut self, at: NodeId, part: &'a str) -> NodeId {
        let next = NodeId(self.nodes.len());
        let child = *self.edges.entry((at, part)).or_insert(next);
        if child == next {
            self.parts.insert(part);
            let length = self.name_length(at) + 1 + part.len();
            self.nodes.push(Node { parent: at, part, length, ty: None, extension: None });
        }
        child
    }

    /// Bytes of the full name, give or take a dot.
    pub(super) fn name_length(&self, id: NodeId) -> usize {
        self.nodes.get(id.0).map_or(0, |node| node.length)
    }

    /// Bytes of the full names of all types that strangers define.
    pub(super) fn name_bytes(&self) -> usize {
        let is_foreign = |info: TypeInfo<'_>| info.origin != Origin::WellKnown;
        let foreign = self.nodes.iter().filter(|node| node.ty.is_some_and(is_foreign));
        foreign.map(|node| node.length).sum()
    }

    /// The scope of a package's top level.
    pub(super) fn scope_of_package(&self, package: &str) -> NodeId {
        if package.is_empty() { ROOT } else { self.enter(ROOT, package) }
    }

    /// The scope inside `name`; a name that is not known here hides nothing and adds nothing.
    pub(super) fn enter(&self, scope: NodeId, name: &str) -> NodeId {
        self.walk(scope, name).unwrap_or(scope)
    }

    fn walk(&self, from: NodeId, name: &str) -> Option<NodeId> {
        let step = |at, part| self.edges.get(&(at, part)).copied();
        if has_dots(name) { name.split('.').try_fold(from, step) } else { step(from, name) }
    }

    /// Innermost scope outward; a leading dot means the outermost alone.
    fn find<T>(
        &self,
        scope: NodeId,
        name: &str,
        pick: impl Fn(&Node<'a>) -> Option<T>,
    ) -> Option<(NodeId, T)> {
        let found = |id: NodeId| Some((id, pick(self.nodes.get(id.0)?)?));
        if let Some(absolute) = name.strip_prefix('.') {
            return found(self.walk(ROOT, absolute)?);
        }
        let first = memchr(b'.', name.as_bytes()).and_then(|end| name.get(..end)).unwrap_or(name);
        if !self.parts.contains(first) {
            return None;
        }
        let mut at = scope;
        loop {
            if let Some(hit) = self.walk(at, name).and_then(found) {
                return Some(hit);
            }
            if at == ROOT {
                return None;
            }
            at = self.nodes.get(at.0)?.parent;
        }
    }

    pub(super) fn resolve(&self, scope: NodeId, name: &str) -> Option<(NodeId, TypeInfo<'a>)> {
        self.find(scope, name, |node| node.ty)
    }

    pub(super) fn resolve_extension(
        &self,
        scope: NodeId,
        name: &str,
    ) -> Option<(NodeId, &'a Field)> {
        self.find(scope, name, |node| node.extension)
    }

    pub(super) fn info(&self, id: NodeId) -> Option<TypeInfo<'a>> {
        self.nodes.get(id.0)?.ty
    }

    /// The message with this name, though an enum may have the name too.
    pub(super) fn message(&self, id: NodeId) -> Option<(&'a Message, Origin<'a>)> {
        let of = |info: TypeInfo<'a>| match info.decl {
            TypeDecl::Message(message) => Some((message, info.origin)),
            TypeDecl::Enum(_) => None,
        };
        of(self.info(id)?).or_else(|| of(*self.hidden.get(&id)?))
    }

    /// The name of a type inside its package.
    pub(super) fn local_name(&self, id: NodeId) -> String {
        let full_name = self.full_name(id);
        let package = self.info(id).map_or("", |info| info.package);
        let inside = full_name.strip_prefix(package).and_then(|rest| rest.strip_prefix('.'));
        inside.map_or_else(|| full_name.clone(), ToOwned::to_owned)
    }

    /// The full name, without a leading dot.
    pub(super) fn full_name(&self, id: NodeId) -> String {
        let mut parts = Vec::new();
        let mut at = id;
        while at != ROOT {
            let Some(node) = self.nodes.get(at.0) else { break };
            parts.push(node.part);
            at = node.parent;
        }
        parts.reverse();
        parts.join(".")
    }
}

/// Names mostly have none, and looking for one is quicker than getting ready to split.
fn has_dots(name: &str) -> bool {
    memchr(b'.', name.as_bytes()).is_some()
}

/// The message behind a map field: one with the option `map_entry`.
fn entry_of(message: &Message) -> Option<MapEntry<'_>> {
    let named = |name: &str| name.strip_prefix('.').unwrap_or(name) == "map_entry";
    let option = message.options.iter().rfind(|option| named(&option.name))?;
    let is_entry = match &option.value {
        OptionValue::Text(text) | OptionValue::Number(text) | OptionValue::Word(text) => {
            text.eq_ignore_ascii_case("true")
        }
        _ => false,
    };
    let field =
        |name: &str| message.fields.iter().find(|field| field.name == name).map(|field| &field.ty);
    is_entry.then(|| MapEntry { key: field("key"), value: field("value") })
}
