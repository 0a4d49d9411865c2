//! Names of types while texts are read: their definitions, their uses, and the uses that come before
//! the definition.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use smol_str::SmolStr;

use super::attributes::{Attribute, Attributes, aliases, at, invalid, required_text};
use super::equal::{Sameness, are_equal};
use super::name::{Alphabet, Name, fault};
use super::parse::{Parser, union_fault};
use super::types::{Named, Primitive, Shape, TypeId};
use crate::json_text::Json;
use crate::{ParseError, ParseErrorKind, Validation};

impl Parser<'_> {
    /// A type by name: a primitive, then the name in the current namespace, then as it stands.
    pub(super) fn find(
        &mut self,
        name: &str,
        space: Option<&str>,
        place: Json<'_>,
    ) -> Result<TypeId, ParseError> {
        if let Some(primitive) = Primitive::parse(name) {
            return self.add(Shape::Primitive(primitive), false, place);
        }
        self.names_used += 1;
        self.full_name.clear();
        if let Some(space) = space.filter(|_| !name.contains('.')) {
            self.charge_name(space.len() + name.len(), place)?;
            self.full_name.push_str(space);
            self.full_name.push('.');
        }
        self.full_name.push_str(name);
        let known = self.names.get(self.full_name.as_str()).or_else(|| self.names.get(name));
        if let Some(&known) = known {
            return Ok(known);
        }
        let full = SmolStr::new(&self.full_name);
        self.add(Shape::Unresolved(full), false, place)
    }

    /// Name, doc and aliases of a definition.
    pub(super) fn named(
        &mut self,
        own: &Attributes<'_>,
        space: Option<&str>,
    ) -> Result<Named, ParseError> {
        let written = required_text(own.get(Attribute::Name), "name", own.place)?;
        let at = own.get(Attribute::Name).unwrap_or(own.place);
        let space = own.text(Attribute::Namespace).and_then(Json::as_str).or(space);
        self.charge_name(written.len() + space.map_or(0, str::len), own.place)?;
        let name = Name::new(written, space);
        self.names_used += 1;
        self.longest_space = self.longest_space.max(name.space.as_ref().map_or(0, SmolStr::len));
        self.check_name(&name.simple, at)?;
        if name.space.is_none() && Primitive::parse(&name.simple).is_some() {
            return Err(invalid(
                format!("a type must not be named after the primitive type {written}"),
                at,
            ));
        }
        let aliases = match own.get(Attribute::Aliases) {
            Some(value) => self.type_aliases(value, name.space.as_deref())?,
            None => Vec::new(),
        };
        let doc = own.text(Attribute::Doc).map(Json::id);
        Ok(Named { name, doc, aliases })
    }

    fn type_aliases(
        &mut self,
        value: Json<'_>,
        space: Option<&str>,
    ) -> Result<Vec<Name>, ParseError> {
        let mut seen = HashSet::new();
        let mut names: Vec<Name> = Vec::new();
        for (alias, at) in aliases(value)? {
            self.charge_name(alias.len() + space.map_or(0, str::len), at)?;
            let alias = Name::new(alias, space);
            if self.validation == Validation::New {
                self.check_name(&alias.simple, at)?;
            }
            if seen.insert(alias.full.clone()) {
                names.push(alias);
            }
        }
        Ok(names)
    }

    /// Counts a full name of so many bytes.
    fn charge_name(&mut self, bytes: usize, place: Json<'_>) -> Result<(), ParseError> {
        let left = self.name_bytes_left.checked_sub(bytes);
        let left = left.ok_or_else(|| at(names_too_long(), place))?;
        self.name_bytes_left = left;
        Ok(())
    }

    pub(super) fn check_name(&self, name: &str, place: Json<'_>) -> Result<(), ParseError> {
        let alphabet = match self.validation {
            Validation::New => Alphabet::Ascii,
            Validation::Stored => Alphabet::Unicode,
        };
        fault(name, alphabet).map_or(Ok(()), |fault| Err(invalid(fault, place)))
    }

    /// Adds a finished definition. The same name may be defined again, but only alike.
    pub(super) fn define(
        &mut self,
        shape: Shape,
        has_props: bool,
        place: Json<'_>,
    ) -> Result<TypeId, ParseError> {
        let name = shape.named().map(|named| named.name.clone());
        let id = self.add(shape, has_props, place)?;
        let Some(name) = name else { return Ok(id) };
        if self.validation == Validation::New {
            for part in name.space.iter().flat_map(|space| space.split('.')) {
                self.check_name(part, place)?;
            }
        }
        match self.names.get(&name.full) {
            Some(&first)
                if !are_equal((&self.types, first), (&self.types, id), Sameness::Structure) =>
            {
                Err(invalid(format!("{} is already defined, and differently", name.full), place))
            }
            Some(_) => Ok(id),
            None => {
                self.names.insert(name.full, id);
                Ok(id)
            }
        }
    }

    /// Gives every name used before its definition its type.
    pub(super) fn resolve(&mut self, start: usize, root: TypeId) -> Result<TypeId, ParseError> {
        let mut targets: HashMap<TypeId, TypeId> = HashMap::new();
        for id in self.types.ids_since(start) {
            let unresolved = self.types.get(id);
            let Shape::Unresolved(full) = &unresolved.shape else { continue };
            let Some(&target) = self.names.get(full) else {
                let message = format!(
                    "unknown type {full:?}: neither the schema nor its references define it"
                );
                let error = ParseError::new(ParseErrorKind::UnresolvedName, message);
                return Err(ParseError { location: self.location(unresolved.node), ..error });
            };
            targets.insert(id, target);
        }
        if !targets.is_empty() {
            self.has_forward_uses = true;
            self.redirect(start, &targets)?;
        }
        for (record, position) in std::mem::take(&mut self.provisional) {
            self.check_provisional(record, position)?;
        }
        Ok(targets.get(&root).copied().unwrap_or(root))
    }

    /// Replaces the names that stood for themselves. Unions may hold a type twice only now.
    fn redirect(
        &mut self,
        start: usize,
        targets: &HashMap<TypeId, TypeId>,
    ) -> Result<(), ParseError> {
        self.types.redirect(start, |id| targets.get(&id).copied().unwrap_or(id));
        for checked in self.types.since(start) {
            if let Shape::Union(branches) = &checked.shape
                && let Some(fault) = union_fault(&self.types, branches)
            {
                let error = ParseError::new(ParseErrorKind::Invalid, fault);
                return Err(ParseError { location: self.location(checked.node), ..error });
            }
        }
        Ok(())
    }

    /// Normal text may move a type of the null namespace into any other, which then stands before
    /// its name wherever that is used.
    pub(super) fn check_moves(&self) -> Result<(), ParseError> {
        let most = self.names_used.saturating_mul(self.longest_space);
        if most > self.limits.name_bytes_max() { Err(names_too_long()) } else { Ok(()) }
    }
}

fn names_too_long() -> ParseError {
    let message = "the full names in the schema are too long (setting text-bytes-max)";
    ParseError::new(ParseErrorKind::TooLarge, message)
}
