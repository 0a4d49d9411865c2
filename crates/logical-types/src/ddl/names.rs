//! Which names are declared, and what a written name means among them.

use indexmap::{IndexMap, IndexSet};

use crate::model::{Branch, Kind, Named, Params, Type, parent, simple_name};

/// The names that a script declares, in source order.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) namespace: Option<String>,
    pub(super) declared: IndexSet<String>,
}

impl Names {
    /// The full name of a type that is declared by `name`.
    pub(super) fn of_declaration(&self, name: &str) -> String {
        match &self.namespace {
            Some(space) if !name.contains('.') || self.is_nested(name) => {
                // The whole name may have been written out.
                if is_inside(name, space) { name.to_owned() } else { format!("{space}.{name}") }
            }
            _ => name.to_owned(),
        }
    }

    /// The full name of a type that is used as `name`. A dotted name is a full one, unless it leads
    /// into a declared type.
    pub(super) fn of_use(&self, name: &str) -> String {
        match &self.namespace {
            Some(space) if !name.contains('.') => format!("{space}.{name}"),
            Some(_) => self.of_declaration(name),
            None => name.to_owned(),
        }
    }

    /// Whether a dotted name begins with a declared type, with or without the namespace.
    fn is_nested(&self, name: &str) -> bool {
        if self.parent(name).is_some() {
            return true;
        }
        let Some(space) = &self.namespace else { return false };
        let full = format!("{space}.{name}");
        self.parent(&full).is_some_and(|found| found.len() > space.len())
    }

    pub(super) fn parent<'n>(&self, full: &'n str) -> Option<&'n str> {
        parent(full, |name| self.declared.contains(name))
    }
}

fn is_inside(name: &str, space: &str) -> bool {
    name.strip_prefix(space).is_some_and(|rest| rest.starts_with('.'))
}

/// The root that a script without a last `TYPE` statement means: the one declared type that no
/// other uses, or a union of all of them. `None` if there is none, for all use each other.
pub(super) fn implied_root(named: &IndexMap<String, Named>) -> Option<Type> {
    let mut used = IndexSet::new();
    for (name, body) in named {
        let mut inside = IndexSet::new();
        body.add_names(&mut inside);
        inside.shift_remove(name.as_str());
        used.extend(inside);
    }
    let is_root = |name: &&String| {
        !used.contains(name.as_str()) && parent(name, |other| named.contains_key(other)).is_none()
    };
    let roots: Vec<&String> = named.keys().filter(is_root).collect();
    match roots.as_slice() {
        [] => None,
        [only] => Some(Kind::Named((*only).clone()).required()),
        several => {
            let branch = |name: &&String| Branch {
                name: simple_name(name).to_owned(),
                ty: Kind::Named((*name).clone()).required(),
                doc: None,
                params: Params::default(),
            };
            Some(Kind::Union(several.iter().map(branch).collect()).required())
        }
    }
}
