//! Tree to the tree whose text is the normalized one. This is also where every name that the file
//! itself uses must resolve, because the normalized text names types in full.
//!
//! Sorted: imports, fields and oneofs by number, constants by number and name, reserved and
//! extension ranges, options. Kept: the order of messages, enums, services, rpcs, because message
//! indexes on the wire count it. Map entries become `map<>`, `proto2` goes unsaid.

mod merge;
mod numbers;
mod options;

pub(super) use options::as_map;

use std::cell::Cell;

use smol_str::{SmolStr, format_smolstr};

use super::ast::{
    Constant, Enum, Extend, Extensions, Field, FieldType, File, Group, Message, NumberRange, Oneof,
    OptionValue, Reserved, ReservedItem, Rpc, RpcType, Section, Service, Syntax, TypeDecl,
};
use super::error::{Failure, Result};
use super::print::value_options;
use super::types::{NodeId, Types};
use crate::{Limits, ParseErrorKind};

/// The normalized tree, and where a text stands in it whose print may not be readable.
pub(super) fn normalize(
    file: &File,
    types: &Types<'_>,
    limits: &Limits,
) -> Result<(File, Option<usize>)> {
    let scope = types.scope_of_package(file.package.as_deref().unwrap_or_default());
    let mut normalizer = Normalizer::new(types, scope);
    let left = limits.name_bytes_max().checked_sub(types.name_bytes());
    normalizer.name_bytes_left.set(left);
    let tree = normalizer.file(file)?;
    if normalizer.name_bytes_left.get().is_none() {
        let message = "the full names in the file are too long (setting text-bytes-max)";
        return Err(Failure::new(ParseErrorKind::TooLarge, 0, message).without_place());
    }
    Ok((tree, normalizer.odd.get()))
}

/// What names and options come to, seen from a scope.
pub(super) struct Normalizer<'t, 'a> {
    types: &'t Types<'a>,
    scope: NodeId,
    /// The place of a text that is printed as it is though it is not one word.
    odd: Cell<Option<usize>>,
    /// Bytes left for full names; `None` once there were too many, which are then left empty.
    name_bytes_left: Cell<Option<usize>>,
}

impl<'t, 'a> Normalizer<'t, 'a> {
    pub(super) fn new(types: &'t Types<'a>, scope: NodeId) -> Self {
        Self { types, scope, odd: Cell::new(None), name_bytes_left: Cell::new(Some(usize::MAX)) }
    }

    pub(super) fn scope(&self) -> NodeId {
        self.scope
    }

    /// Steps into a message; returns what [`Self::leave`] goes back to.
    pub(super) fn enter(&mut self, name: &str) -> NodeId {
        let outer = self.scope;
        self.scope = self.types.enter(outer, name);
        outer
    }

    pub(super) fn leave(&mut self, outer: NodeId) {
        self.scope = outer;
    }

    fn full_name(&self, id: NodeId) -> SmolStr {
        let length = self.types.name_length(id);
        let left = self.name_bytes_left.get().and_then(|left| left.checked_sub(length));
        self.name_bytes_left.set(left);
        left.map_or_else(SmolStr::default, |_| self.types.full_name(id).into())
    }

    fn file(&mut self, file: &File) -> Result<File> {
        for path in file.imports.iter().chain(&file.public_imports) {
            if path.contains(['"', '\\', '\n']) {
                self.watch(0, path);
            }
        }
        Ok(File {
            package: file.package.clone(),
            syntax: file.syntax.filter(|syntax| *syntax == Syntax::Proto3),
            imports: sorted(&file.imports),
            public_imports: sorted(&file.public_imports),
            types: self.types(&file.types)?,
            services: all(&file.services, |service| self.service(service))?,
            extends: self.extends(&file.extends)?,
            options: self.options(&file.options),
        })
    }

    fn watch(&self, at: usize, text: &str) {
        let is_word = |text: &str| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            !text.is_empty() && text.bytes().all(is_part)
        };
        if !is_word(text) {
            self.odd.set(self.odd.get().or(Some(at)));
        }
    }

    /// A full name with its leading dot.
    fn name(&self, at: usize, name: &str) -> Result<SmolStr> {
        let (id, _) = self.types.resolve(self.scope, name).ok_or_else(|| unresolved(at, name))?;
        Ok(format_smolstr!(".{}", self.full_name(id)))
    }

    fn types(&mut self, types: &[TypeDecl]) -> Result<Vec<TypeDecl>> {
        let mut kept = Vec::with_capacity(types.len());
        for decl in types {
            match decl {
                TypeDecl::Message(message) if self.is_map_entry(message) => {}
                TypeDecl::Message(message) => {
                    let outer = self.enter(&message.name);
                    // Apart from the members, to keep the recursion's frames small.
                    kept.push(self.members(message)?);
                    let nested = self.types(&message.nested)?;
                    if let Some(TypeDecl::Message(message)) = kept.last_mut() {
                        message.nested = nested;
                    }
                    self.leave(outer);
                }
                TypeDecl::Enum(decl) => kept.push(TypeDecl::Enum(self.enumeration(decl))),
            }
        }
        Ok(kept)
    }

    fn is_map_entry(&self, message: &Message) -> bool {
        let found = self.types.resolve(self.scope, &message.name);
        found.is_some_and(|(_, info)| info.map_entry.is_some())
    }

    /// All of a message but its nested types.
    fn members(&self, message: &Message) -> Result<TypeDecl> {
        Ok(TypeDecl::Message(Message {
            at: message.at,
            name: message.name.clone(),
            fields: self.fields(&message.fields)?,
            oneofs: self.oneofs(&message.oneofs)?,
            groups: self.groups(&message.groups)?,
            nested: Vec::new(),
            reserved: self.reserved(message.at, &message.reserved),
            extensions: self.extensions(&message.extensions),
            extends: self.extends(&message.extends)?,
            options: self.options(&message.options),
        }))
    }

    fn fields(&self, fields: &[Field]) -> Result<Vec<Field>> {
        let mut fields: Vec<Field> = all(fields, |field| self.field(field))?;
        fields.sort_by_key(|field| field.number);
        Ok(fields)
    }

    fn field(&self, field: &Field) -> Result<Field> {
        let ty = self.field_type(field)?;
        let is_map = matches!(ty, FieldType::Map(_));
        let mut normalized = Field {
            label: field.label.filter(|_| !is_map),
            ty,
            default: field.default.clone(),
            json_name: field.json_name.clone(),
            options: Vec::new(),
            name: field.name.clone(),
            ..*field
        };
        let mut options = field.options.clone();
        for option in value_options(&normalized) {
            if let OptionValue::Word(text) | OptionValue::Number(text) = &option.value {
                self.watch(field.at, text);
            }
            options.push(option);
        }
        normalized.options = self.options(&options);
        normalized.default = None;
        normalized.json_name = None;
        Ok(normalized)
    }

    fn field_type(&self, field: &Field) -> Result<FieldType> {
        let ty = match &field.ty {
            FieldType::Named(_) if field.ty.is_scalar() => return Ok(field.ty.clone()),
            FieldType::Named(name) => {
                let found = self.types.resolve(self.scope, name);
                let (id, info) = found.ok_or_else(|| unresolved(field.at, name))?;
                match info.map_entry {
                    None => {
                        return Ok(FieldType::Named(format_smolstr!(".{}", self.full_name(id))));
                    }
                    Some(entry) => entry.map_type().map(|map| FieldType::Map(Box::new(map))).ok_or_else(|| {
                        let message = format!(
                            "'{name}' is marked as a map entry but has no 'key' and 'value' that \
                             make a map"
                        );
                        Failure::new(ParseErrorKind::Invalid, field.at, message)
                    })?,
                }
            }
            FieldType::Map(_) => field.ty.clone(),
        };
        check_keys(field.at, &ty)?;
        // Observed: the type of the values may stay unresolved.
        Ok(match ty {
            FieldType::Map(map) => match self.types.resolve(self.scope, &map.value.to_string()) {
                Some((id, _)) => {
                    let value = FieldType::Named(format_smolstr!(".{}", self.full_name(id)));
                    FieldType::map(map.key, value)
                }
                None => FieldType::Map(map),
            },
            named @ FieldType::Named(_) => named,
        })
    }

    /// Observed: a oneof without fields is dropped even if it holds a group.
    fn oneofs(&self, oneofs: &Section<Oneof>) -> Result<Section<Oneof>> {
        let mut items = Vec::new();
        for oneof in oneofs.items.iter().filter(|oneof| !oneof.fields.is_empty()) {
            items.push(Oneof {
                name: oneof.name.clone(),
                fields: self.fields(&oneof.fields)?,
                groups: self.groups(&oneof.groups)?,
                options: self.options(&oneof.options),
            });
        }
        items.sort_by_key(|oneof| oneof.fields.first().map(|field| field.number));
        Ok(Section { written: oneofs.written, items })
    }

    fn groups(&self, groups: &[Group]) -> Result<Vec<Group>> {
        let mut groups: Vec<Group> = all(groups, |group| {
            Ok(Group {
                at: group.at,
                label: group.label,
                name: group.name.clone(),
                number: group.number,
                fields: self.fields(&group.fields)?,
            })
        })?;
        groups.sort_by_key(|group| group.number);
        Ok(groups)
    }

    fn enumeration(&self, decl: &Enum) -> Enum {
        let constant = |constant: &Constant| Constant {
            name: constant.name.clone(),
            number: constant.number,
            options: self.options(&constant.options),
        };
        let mut constants: Vec<_> = decl.constants.iter().map(constant).collect();
        constants.sort_by(|a, b| (a.number, &a.name).cmp(&(b.number, &b.name)));
        Enum {
            at: decl.at,
            name: decl.name.clone(),
            constants,
            reserved: self.reserved(decl.at, &decl.reserved),
            options: self.options(&decl.options),
        }
    }

    fn reserved(&self, at: usize, statements: &[Reserved]) -> Vec<Reserved> {
        for item in statements.iter().flatten() {
            if let ReservedItem::Name(name) = item {
                self.watch(at, name);
            }
        }
        reserved(statements)
    }

    fn extensions(&self, statements: &[Extensions]) -> Vec<Extensions> {
        let mut split: Vec<_> = statements
            .iter()
            .flat_map(|statement| {
                statement.ranges.iter().map(|range| Extensions {
                    ranges: vec![single(*range)],
                    options: self.options(&statement.options),
                })
            })
            .collect();
        split.sort_by_key(|statement| statement.ranges.first().map(|range| range.start));
        split
    }

    /// One `extend` for each extended message, in the order of their first extension.
    fn extends(&self, extends: &Section<Extend>) -> Result<Section<Extend>> {
        let mut items = Vec::new();
        for extend in extends.items.iter().filter(|extend| !extend.fields.is_empty()) {
            let name = self.name(extend.at, &extend.name)?;
            items.push(Extend { at: extend.at, name, fields: self.fields(&extend.fields)? });
        }
        let mut items = Extend::grouped(items);
        for item in &mut items {
            item.fields.sort_by_key(|field| field.number);
        }
        Ok(Section { written: extends.written, items })
    }

    fn service(&self, service: &Service) -> Result<Service> {
        Ok(Service {
            at: service.at,
            name: service.name.clone(),
            rpcs: all(&service.rpcs, |rpc| {
                Ok(Rpc {
                    name: rpc.name.clone(),
                    request: self.rpc_type(&rpc.request)?,
                    response: self.rpc_type(&rpc.response)?,
                    options: self.options(&rpc.options),
                })
            })?,
            options: self.options(&service.options),
        })
    }

    fn rpc_type(&self, ty: &RpcType) -> Result<RpcType> {
        let name = self.name(ty.at, &ty.ty.to_string())?;
        Ok(RpcType { ty: FieldType::Named(name), ..*ty })
    }
}

/// Longest name that a message quotes whole.
const QUOTED_CHARS_MAX: usize = 200;

fn unresolved(at: usize, name: &str) -> Failure {
    let (shown, dots) = match name.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => (name.get(..end).unwrap_or_default(), "..."),
        None => (name, ""),
    };
    let message = format!(
        "cannot resolve type '{shown}{dots}'; define it here or add a reference to a schema that does"
    );
    Failure::new(ParseErrorKind::UnresolvedName, at, message)
}

fn check_keys(at: usize, ty: &FieldType) -> Result<()> {
    let mut ty = ty;
    while let FieldType::Map(map) = ty {
        if !map.key.is_map_key() {
            let message =
                format!("the key of a map is an integer, a bool or a string, not '{}'", map.key);
            return Err(Failure::new(ParseErrorKind::Invalid, at, message));
        }
        ty = &map.value;
    }
    Ok(())
}

fn all<T, U>(items: &[T], one: impl FnMut(&T) -> Result<U>) -> Result<Vec<U>> {
    items.iter().map(one).collect()
}

fn sorted(paths: &[String]) -> Vec<String> {
    let mut paths = paths.to_vec();
    paths.sort();
    paths.dedup();
    paths
}

fn single(range: NumberRange) -> NumberRange {
    NumberRange { start: range.start, end: range.end.filter(|end| *end != range.start) }
}

/// One statement for each item, numbers before names.
fn reserved(statements: &[Reserved]) -> Vec<Reserved> {
    let mut items: Vec<_> = statements.iter().flatten().cloned().collect();
    items.sort_by_cached_key(|item| match item {
        ReservedItem::Name(name) => (i32::MAX, name.to_string()),
        ReservedItem::Numbers(NumberRange { start, end: None }) => (*start, start.to_string()),
        ReservedItem::Numbers(NumberRange { start, end: Some(end) }) => {
            (*start, format!("{start}..{end}"))
        }
    });
    let single_item = |item| match item {
        ReservedItem::Numbers(range) => vec![ReservedItem::Numbers(single(range))],
        name @ ReservedItem::Name(_) => vec![name],
    };
    items.into_iter().map(single_item).collect()
}
