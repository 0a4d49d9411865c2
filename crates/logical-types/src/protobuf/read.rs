//! The script that a Protobuf file means.

use std::collections::{HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};
use levada_schema_core::Limits;
use levada_schema_core::protobuf::{
    Declarations, DeclaredEnum, DeclaredEnumValue, DeclaredField, DeclaredMessage, DeclaredOneof,
    DeclaredType, ProtobufSchema,
};

use super::budget::Budget;
use super::cycles::cyclic;
use super::meta::{self, flag, param};
use super::names::{all_messages, all_types, declared_names, uses_of};
use super::single::{scalar, unwrapped, well_known};
use super::{ENTRY, KEY, VALUE, default, prop};
use crate::error::{Mismatch, breach, check_depth};
use crate::model::{Branch, Enum, EnumValue, Field, Kind, Named, Script, Struct, Type};

/// Reads a parsed file.
pub(crate) fn read(schema: &ProtobufSchema, limits: &Limits) -> Result<Script, Mismatch> {
    let declarations = schema.declarations();
    let own = &declarations.own;
    let namespace = own.package.clone();
    if namespace.as_ref().is_some_and(|name| name.matches('.').count() >= limits.depth_max) {
        let reason = breach("package of too many parts", limits.depth_max, "depth-max");
        return Err(Mismatch::new(reason));
    }
    let script = |root, named| Script { namespace, root, named, imports: IndexMap::new() };
    let Some(first) = own.messages.first() else {
        let name =
            imported(&declarations).ok_or_else(|| Mismatch::new("the file declares no message"))?;
        return Ok(script(Kind::Named(name.to_owned()).required(), IndexMap::new()));
    };
    if let Some(kind) = unwrapped(&first.name) {
        return Ok(script(Type { kind, is_nullable: true }, IndexMap::new()));
    }
    let mut reader = Reader::of(&declarations, limits);
    let names = declared_names(own);
    reader.names.clone_from(&names);
    let mut bodies = IndexMap::new();
    for name in names {
        let body = reader.declaration(name)?;
        bodies.insert(name.to_owned(), body);
    }
    let inside = format!("{}.", first.name);
    let is_used = bodies.keys().any(|name| name.starts_with(&inside))
        || cyclic(&uses_of(&bodies)).contains(first.name.as_str());
    if is_used {
        return Ok(script(Kind::Named(first.name.clone()).required(), bodies));
    }
    match bodies.shift_remove(&first.name) {
        Some(Named::Struct(body)) => Ok(script(Kind::Struct(body).required(), bodies)),
        _ => Err(Mismatch::new(format!("'{}' is declared twice", first.name))),
    }
}

/// The type that a file stands for which declares none and imports another one for all to see.
fn imported(declarations: &Declarations) -> Option<&str> {
    let [path] = declarations.own.public_imports.as_slice() else { return None };
    if !declarations.own.enums.is_empty() {
        return None;
    }
    let files = declarations.referenced.iter().chain(&declarations.well_known);
    let (_, file) = files.into_iter().find(|(known, _)| known == path)?;
    let message = file.messages.first().map(|message| message.name.as_str());
    message.or_else(|| file.enums.first().map(|decl| decl.name.as_str()))
}

struct Reader<'d> {
    messages: HashMap<&'d str, &'d DeclaredMessage>,
    enums: HashMap<&'d str, &'d DeclaredEnum>,
    /// The types of the references.
    external: HashSet<&'d str>,
    /// What the file declares by name.
    names: IndexSet<&'d str>,
    /// The messages that are being written out.
    open: Vec<&'d str>,
    budget: Budget,
    depth_max: usize,
}

impl<'d> Reader<'d> {
    fn of(declarations: &'d Declarations, limits: &Limits) -> Self {
        let mut reader = Self {
            messages: HashMap::new(),
            enums: HashMap::new(),
            external: HashSet::new(),
            names: IndexSet::new(),
            open: Vec::new(),
            budget: Budget::new(limits),
            depth_max: limits.depth_max,
        };
        let well_known = declarations.well_known.iter().map(|(_, file)| file);
        for file in well_known.chain([&declarations.own]) {
            let messages = all_messages(&file.messages);
            let nested = messages.iter().flat_map(|message| &message.enums);
            reader
                .enums
                .extend(file.enums.iter().chain(nested).map(|decl| (decl.name.as_str(), decl)));
            reader.messages.extend(messages.iter().map(|one| (one.name.as_str(), *one)));
        }
        for (_, file) in &declarations.referenced {
            reader.external.extend(all_types(file));
        }
        reader
    }

    fn declaration(&mut self, name: &'d str) -> Result<Named, Mismatch> {
        if let Some(message) = self.messages.get(name) {
            return Ok(Named::Struct(self.body(message, 0)?));
        }
        match self.enums.get(name) {
            Some(decl) => enumeration(decl).map(Named::Enum),
            None => Err(undeclared(name)),
        }
    }

    /// Fields outside of oneofs first, as the reference has them.
    fn body(&mut self, message: &'d DeclaredMessage, depth: usize) -> Result<Struct, Mismatch> {
        let is_numbered = !is_sequential(message);
        let mut fields = Vec::with_capacity(message.fields.len());
        for field in &message.fields {
            fields.push(self.field(field, is_numbered, depth)?);
        }
        for oneof in &message.oneofs {
            if message.fields.iter().any(|field| field.name == oneof.name) {
                let reason = format!("a field and a oneof are both called '{}'", oneof.name);
                return Err(Mismatch::new(reason));
            }
            fields.push(Field {
                name: oneof.name.clone(),
                ty: self.oneof(oneof, is_numbered, depth)?,
                default: None,
                checks: Vec::new(),
                notes: meta::notes(None),
            });
        }
        let said = message.meta.as_ref();
        Ok(Struct { fields, checks: meta::checks(said), notes: meta::notes(said) })
    }

    fn field(
        &mut self,
        field: &'d DeclaredField,
        is_numbered: bool,
        depth: usize,
    ) -> Result<Field, Mismatch> {
        let ty = self.ty(field, depth)?;
        let said = field.meta.as_ref();
        let default = match param(said, prop::DEFAULT) {
            Some(text) => default::from_text(text, first_kind(&ty.kind)),
            None => field.default.as_ref().and_then(|text| default::from_native(text, &ty.kind)),
        };
        let mut notes = meta::notes(said);
        if is_numbered {
            notes.params.insert(prop::NUMBER.into(), field.number.to_string());
        }
        Ok(Field { name: field.name.clone(), ty, default, checks: meta::checks(said), notes })
    }

    fn oneof(
        &mut self,
        oneof: &'d DeclaredOneof,
        is_numbered: bool,
        depth: usize,
    ) -> Result<Type, Mismatch> {
        let mut branches = Vec::with_capacity(oneof.fields.len());
        for field in &oneof.fields {
            let mut params = meta::notes(field.meta.as_ref()).params;
            if is_numbered {
                params.insert(prop::NUMBER.into(), field.number.to_string());
            }
            branches.push(Branch {
                name: field.name.clone(),
                // Only one of them is there.
                ty: Type { is_nullable: true, ..self.ty(field, depth + 1)? },
                doc: meta::doc(field.meta.as_ref()),
                params,
            });
        }
        Ok(Type { kind: Kind::Union(branches), is_nullable: true })
    }

    fn ty(&mut self, field: &'d DeclaredField, depth: usize) -> Result<Type, Mismatch> {
        check_depth(depth, self.depth_max)?;
        self.budget.take_field(field)?;
        let said = field.meta.as_ref();
        let is_message = matches!(field.ty, DeclaredType::Message(_));
        let is_required = flag(said, prop::NOT_NULL);
        let is_nullable =
            is_required.map_or(is_message && !field.is_repeated, |required| !required);
        if !field.is_repeated {
            return self.single(field, field.is_optional || is_nullable, depth);
        }
        if let DeclaredType::Message(name) = &field.ty
            && let Some(entry) = self.messages.get(name.as_str()).filter(|it| is_entry(it))
        {
            return Ok(Type { kind: self.map(field, entry, depth)?, is_nullable });
        }
        let item = match &field.ty {
            DeclaredType::Message(name) if flag(said, prop::WRAPPED) == Some(true) => {
                self.payload(name, depth)?
            }
            _ => self.single(field, false, depth + 1)?,
        };
        Ok(Type { kind: Kind::Array(Box::new(item)), is_nullable })
    }

    fn map(
        &mut self,
        field: &'d DeclaredField,
        entry: &'d DeclaredMessage,
        depth: usize,
    ) -> Result<Kind, Mismatch> {
        let is_numbered = !is_sequential(entry);
        let oneof = entry.oneofs.iter().find(|oneof| oneof.name == KEY);
        let named = |name: &str| entry.fields.iter().find(|field| field.name == name);
        let key = match (named(KEY), oneof) {
            (Some(key), _) => self.ty(key, depth + 1)?,
            (None, Some(oneof)) => self.oneof(oneof, is_numbered, depth + 1)?,
            (None, None) => return Err(Mismatch::new("the entry of a map has no key")),
        };
        let Some(value) = named(VALUE) else {
            return Err(Mismatch::new("the entry of a map has no value"));
        };
        let value = self.ty(value, depth + 1)?;
        if param(field.meta.as_ref(), prop::TYPE) != Some(prop::TYPE_MULTISET) {
            return Ok(Kind::Map(Box::new(key), Box::new(value)));
        }
        if value.kind != Kind::Int {
            let found = value.kind.name();
            return Err(Mismatch::new(format!("a multiset counts with INT, not with {found}")));
        }
        Ok(Kind::Multiset(Box::new(key)))
    }

    /// The type that a message stands for which was made up to hold it.
    fn payload(&mut self, name: &str, depth: usize) -> Result<Type, Mismatch> {
        let Some(message) = self.messages.get(name).copied() else {
            return Err(undeclared(name));
        };
        if let Some(value) = message.fields.iter().find(|field| field.name == VALUE) {
            return self.ty(value, depth + 1);
        }
        match message.oneofs.iter().find(|oneof| oneof.name == VALUE) {
            Some(oneof) => self.oneof(oneof, !is_sequential(message), depth + 1),
            None => Err(Mismatch::new(format!(
                "'{name}' says that it wraps a type ({}) and has no member '{VALUE}'",
                prop::WRAPPED
            ))),
        }
    }

    fn single(
        &mut self,
        field: &'d DeclaredField,
        is_nullable: bool,
        depth: usize,
    ) -> Result<Type, Mismatch> {
        let kind = match &field.ty {
            DeclaredType::Scalar(name) => scalar(name, field)?,
            DeclaredType::Enum(name) if self.is_named(name) => Kind::Named(name.clone()),
            DeclaredType::Enum(name) => Kind::Enum(self.symbols(name)?),
            DeclaredType::Group => {
                let reason = format!("field '{}' is a group, which no type is", field.name);
                return Err(Mismatch::new(reason));
            }
            DeclaredType::Message(name) => {
                if let Some(kind) = well_known(name, field)? {
                    kind
                } else if let Some(kind) = unwrapped(name) {
                    return Ok(Type { kind, is_nullable: true });
                } else if self.is_named(name) {
                    Kind::Named(name.clone())
                } else {
                    return self.written_out(name, field, is_nullable, depth);
                }
            }
        };
        Ok(Type { kind, is_nullable })
    }

    /// The symbols of an enum without a name that a definition could use.
    fn symbols(&mut self, name: &str) -> Result<Vec<String>, Mismatch> {
        let Some(decl) = self.enums.get(name) else { return Err(undeclared(name)) };
        self.budget.take_bytes(decl.values.iter().map(|value| value.name.len()).sum())?;
        Ok(decl.values.iter().map(|value| value.name.clone()).collect())
    }

    fn is_named(&self, name: &str) -> bool {
        self.external.contains(name) || self.names.contains(name)
    }

    /// A message without a name that a definition could use.
    fn written_out(
        &mut self,
        name: &str,
        field: &'d DeclaredField,
        is_nullable: bool,
        depth: usize,
    ) -> Result<Type, Mismatch> {
        let Some(message) = self.messages.get(name).copied() else {
            return Err(undeclared(name));
        };
        if self.open.contains(&name) {
            return Err(Mismatch::new(format!("'{name}' contains itself")));
        }
        self.open.push(&message.name);
        let ty = if flag(field.meta.as_ref(), prop::WRAPPED) == Some(true) {
            Type { is_nullable: true, ..self.payload(name, depth)? }
        } else {
            Type { kind: Kind::Struct(self.body(message, depth + 1)?), is_nullable }
        };
        self.open.pop();
        Ok(ty)
    }
}

fn undeclared(name: &str) -> Mismatch {
    Mismatch::new(format!("'{name}' is not declared"))
}

/// The default of a union is one of its first branch.
fn first_kind(kind: &Kind) -> &Kind {
    match kind {
        Kind::Union(branches) => branches.first().map_or(kind, |branch| &branch.ty.kind),
        kind => kind,
    }
}

fn enumeration(decl: &DeclaredEnum) -> Result<Enum, Mismatch> {
    if !meta::checks(decl.meta.as_ref()).is_empty() {
        return Err(Mismatch::new(format!("the enum '{}' has a check", decl.name)));
    }
    let value = |value: &DeclaredEnumValue| EnumValue {
        symbol: value.name.clone(),
        doc: meta::doc(value.meta.as_ref()),
        params: meta::all_params(value.meta.as_ref()),
    };
    let values = decl.values.iter().map(value).collect();
    Ok(Enum { values, notes: meta::notes(decl.meta.as_ref()) })
}

/// Whether the numbers are those that fields have which name none.
fn is_sequential(message: &DeclaredMessage) -> bool {
    let in_oneofs = message.oneofs.iter().flat_map(|oneof| &oneof.fields);
    message.fields.iter().chain(in_oneofs).zip(1..).all(|(field, number)| field.number == number)
}

/// Whether a message has the name and the fields of an entry of a map.
fn is_entry(message: &DeclaredMessage) -> bool {
    let has = |name: &str| message.fields.iter().any(|field| field.name == name);
    let has_key = has(KEY) || message.oneofs.iter().any(|oneof| oneof.name == KEY);
    let members = message.fields.len() + message.oneofs.len();
    message.name.ends_with(ENTRY) && members == 2 && has_key && has(VALUE)
}
