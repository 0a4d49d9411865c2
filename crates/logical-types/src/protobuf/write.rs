//! The Protobuf file that a script means.

use std::collections::{BTreeSet, HashMap, HashSet};

use levada_schema_core::{Limits, ResolvedReference};

use super::cycles::cyclic;
use super::meta::{Meta, quoted};
use super::names::{external, identifier, upper_camel, uses_of};
use super::numbers::Numbers;
use super::roots::{Root, check_names, root};
use super::single::{Single, single};
use super::{ENTRY, KEY, VALUE, default, prop};
use crate::error::{Mismatch, check_depth};
use crate::model::{
    Branch, Enum, Field, FieldDefault, Kind, Named, Notes, Params, Script, Struct, Type,
    free_params, parent, simple_name,
};

/// The text that a script means. `row_name` is what the root is called that it leaves unnamed.
pub(crate) fn write(
    script: &Script,
    row_name: &str,
    references: &[ResolvedReference],
    limits: &Limits,
) -> Result<String, Mismatch> {
    if let Some(name) = script.imports.keys().next() {
        let reason = format!("USING TYPE {name} gives an address, and Protobuf imports files");
        return Err(Mismatch::new(reason));
    }
    let external = external(references, limits)?;
    let root = root(script, row_name, &external)?;
    check_names(script, &root)?;
    let mut head = "syntax = \"proto3\";\n".to_owned();
    if let Some(namespace) = &script.namespace {
        namespace.split('.').try_for_each(identifier)?;
        head.extend(["package ", namespace, ";\n"]);
    }
    let (name, body, declared) = match root {
        Root::Message { name, body, declared } => (name, body, declared),
        Root::Import(name) => return Ok(head + &format!("import public {};\n", quoted(name))),
    };
    let mut writer = Writer::of(script, &external, limits);
    let meta = Meta::of(&body.notes);
    let mut messages = vec![writer.message(name, &meta, &slots(body), declared, 0)?];
    let mut enums = Vec::new();
    let is_declared = |other: &str| script.named.contains_key(other);
    for (full, body) in &script.named {
        if declared == Some(full.as_str()) || parent(full, is_declared).is_some() {
            continue;
        }
        match body {
            Named::Struct(body) => {
                let (name, meta) = (simple_name(full), Meta::of(&body.notes));
                messages.push(writer.message(name, &meta, &slots(body), Some(full), 0)?);
            }
            Named::Enum(body) => {
                enums.push(enumeration(simple_name(full), &Meta::of(&body.notes), body)?);
            }
        }
    }
    let imports = writer.imports.iter().map(|path| format!("import {};\n", quoted(path)));
    Ok(head + &imports.collect::<String>() + &messages.concat() + &enums.concat())
}

/// A member of a message: a field of a definition, or one that is made up.
struct Slot<'s> {
    name: &'s str,
    kind: &'s Kind,
    is_nullable: bool,
    notes: Option<&'s Notes>,
    default: Option<&'s FieldDefault>,
}

impl<'s> Slot<'s> {
    fn made_up(name: &'s str, kind: &'s Kind, is_nullable: bool) -> Self {
        Self { name, kind, is_nullable, notes: None, default: None }
    }

    fn params(&self) -> Option<&'s Params> {
        self.notes.map(|notes| &notes.params)
    }
}

fn slots(body: &Struct) -> Vec<Slot<'_>> {
    body.fields.iter().map(slot).collect()
}

fn slot(field: &Field) -> Slot<'_> {
    let Field { name, ty, default, notes, .. } = field;
    Slot {
        name,
        kind: &ty.kind,
        is_nullable: ty.is_nullable,
        notes: Some(notes),
        default: default.as_ref(),
    }
}

/// A field but for its number.
struct Written<'s> {
    label: &'static str,
    ty: String,
    name: &'s str,
    meta: Meta,
}

impl Written<'_> {
    fn text(&self, label: &str, number: i32) -> String {
        let option = self.meta.option("field_meta").map(|option| format!(" [{option}]"));
        let option = option.unwrap_or_default();
        format!("{label}{} {} = {number}{option};\n", self.ty, self.name)
    }
}

const OPTIONAL: &str = "optional ";
const REPEATED: &str = "repeated ";

/// What has been written of a message.
#[derive(Default)]
struct Body {
    members: String,
    /// The types that are made up for its fields.
    nested: String,
    names: HashSet<String>,
}

impl Body {
    /// Takes a name, of which a message has each once, be it of a member or of a type.
    fn declare(&mut self, name: &str) -> Result<(), Mismatch> {
        identifier(name)?;
        if self.names.insert(name.to_owned()) {
            return Ok(());
        }
        Err(Mismatch::new(format!("two fields or types of one message are called '{name}'")))
    }
}

struct Writer<'s> {
    script: &'s Script,
    external: &'s HashMap<String, String>,
    /// The declared types that nest directly in another one.
    children: HashMap<&'s str, Vec<&'s str>>,
    cyclic: HashSet<&'s str>,
    imports: BTreeSet<&'s str>,
    depth_max: usize,
}

impl<'s> Writer<'s> {
    fn of(script: &'s Script, external: &'s HashMap<String, String>, limits: &Limits) -> Self {
        let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
        for full in script.named.keys() {
            if let Some(outer) = parent(full, |other| script.named.contains_key(other)) {
                children.entry(outer).or_default().push(full);
            }
        }
        let cyclic = cyclic(&uses_of(&script.named));
        let imports = BTreeSet::new();
        Self { script, external, children, cyclic, imports, depth_max: limits.depth_max }
    }

    /// `declared` is the full name of a declared type, with those that nest in it.
    fn message(
        &mut self,
        name: &str,
        meta: &Meta,
        slots: &[Slot<'s>],
        declared: Option<&str>,
        depth: usize,
    ) -> Result<String, Mismatch> {
        check_depth(depth, self.depth_max)?;
        identifier(name)?;
        let named = slots.iter().flat_map(|slot| match slot.kind {
            Kind::Union(branches) => branches.iter().map(|one| Some(&one.params)).collect(),
            _ => vec![slot.params()],
        });
        let mut numbers = Numbers::of(named.flatten(), name)?;
        let mut body = Body::default();
        for slot in slots {
            if let Kind::Union(branches) = slot.kind {
                self.oneof(slot.name, branches, &mut numbers, &mut body, depth)?;
            } else {
                body.declare(slot.name)?;
                let number = numbers.take(slot.params())?;
                let mut field = self.field(slot, &mut body, depth)?;
                if let Some(notes) = slot.notes {
                    field.meta.tags.clone_from(&notes.tags);
                    let free = free_params(&notes.params);
                    let free = free.map(|(key, value)| (key.clone(), value.clone()));
                    field.meta.params.extend(free);
                }
                let default = slot.default.and_then(|value| default::to_text(value, slot.kind));
                if let Some(text) = default {
                    field.meta.refine(prop::DEFAULT, text);
                }
                body.members += &field.text(field.label, number);
            }
        }
        self.nested(declared, &mut body, depth)?;
        let option = meta.option("message_meta").map(|option| format!("option {option};\n"));
        let option = option.unwrap_or_default();
        Ok(format!("message {name} {{\n{option}{}{}}}\n", body.members, body.nested))
    }

    /// Adds the declared types that nest in a declared one.
    fn nested(
        &mut self,
        declared: Option<&str>,
        body: &mut Body,
        depth: usize,
    ) -> Result<(), Mismatch> {
        let children = declared.and_then(|name| self.children.get(name)).cloned();
        for full in children.unwrap_or_default() {
            let name = simple_name(full);
            body.declare(name)?;
            let Some(inner) = self.script.named.get(full) else { continue };
            let mut meta = Meta::of(inner.notes());
            if !self.cyclic.contains(full) {
                meta.params.insert(prop::NAMED.into(), "true".into());
            }
            body.nested += &match inner {
                Named::Struct(inner) => {
                    self.message(name, &meta, &slots(inner), Some(full), depth + 1)?
                }
                Named::Enum(inner) => enumeration(name, &meta, inner)?,
            };
        }
        Ok(())
    }

    fn oneof(
        &mut self,
        name: &str,
        branches: &'s [Branch],
        numbers: &mut Numbers,
        body: &mut Body,
        depth: usize,
    ) -> Result<(), Mismatch> {
        // A branch may have the same name.
        identifier(name)?;
        let mut members = String::new();
        for branch in branches {
            body.declare(&branch.name)?;
            let number = numbers.take(Some(&branch.params))?;
            let kind = &branch.ty.kind;
            let mut field = match kind {
                Kind::Array(_) | Kind::Map(..) | Kind::Multiset(_) => {
                    let value = Slot::made_up(VALUE, kind, false);
                    self.wrapped(&branch.name, value, "RepeatedWrapper", body, depth)?
                }
                _ => {
                    let slot = Slot::made_up(&branch.name, kind, branch.ty.is_nullable);
                    self.field(&slot, body, depth)?
                }
            };
            field.meta.doc.clone_from(&branch.doc);
            field.meta.refine_all(free_params(&branch.params));
            members += &field.text("", number);
        }
        body.members.extend(["oneof ", name, " {\n", &members, "}\n"]);
        Ok(())
    }

    fn field(
        &mut self,
        slot: &Slot<'s>,
        body: &mut Body,
        depth: usize,
    ) -> Result<Written<'s>, Mismatch> {
        check_depth(depth, self.depth_max)?;
        let Slot { name, kind, is_nullable, .. } = *slot;
        let mut field = match kind {
            Kind::Array(_) | Kind::Map(..) | Kind::Multiset(_) if is_nullable => {
                let value = Slot::made_up(VALUE, kind, false);
                self.wrapped(name, value, "RepeatedWrapper", body, depth)?
            }
            Kind::Array(item) => self.list(name, item, body, depth)?,
            Kind::Map(key, value) => {
                let value = Slot::made_up(VALUE, &value.kind, value.is_nullable);
                let key = Slot::made_up(KEY, &key.kind, key.is_nullable);
                self.entries(name, &[key, value], body, depth)?
            }
            Kind::Multiset(item) => {
                let item = Slot::made_up(KEY, &item.kind, item.is_nullable);
                let count = Slot::made_up(VALUE, &Kind::Int, false);
                self.entries(name, &[item, count], body, depth)?
            }
            Kind::Union(_) => {
                let value = Slot::made_up(VALUE, kind, is_nullable);
                self.wrapped(name, value, "OneofWrapper", body, depth)?
            }
            _ => self.one(slot, body, depth)?,
        };
        if matches!(kind, Kind::Multiset(_)) {
            field.meta.refine(prop::TYPE, prop::TYPE_MULTISET);
        }
        field.meta.doc = slot.notes.and_then(|notes| notes.doc.clone());
        Ok(field)
    }

    /// Items that are lists themselves, nullable or a choice stand in messages of their own.
    fn list(
        &mut self,
        name: &'s str,
        item: &'s Type,
        body: &mut Body,
        depth: usize,
    ) -> Result<Written<'s>, Mismatch> {
        let is_wrapped = item.is_nullable
            || matches!(
                item.kind,
                Kind::Array(_) | Kind::Map(..) | Kind::Multiset(_) | Kind::Union(_)
            );
        let field = if is_wrapped {
            let value = Slot::made_up(VALUE, &item.kind, item.is_nullable);
            self.wrapped(name, value, "ElementWrapper", body, depth)?
        } else {
            self.one(&Slot::made_up(name, &item.kind, false), body, depth)?
        };
        Ok(Written { label: REPEATED, ..field })
    }

    /// A field of one value.
    fn one(
        &mut self,
        slot: &Slot<'s>,
        body: &mut Body,
        depth: usize,
    ) -> Result<Written<'s>, Mismatch> {
        let Slot { name, kind, is_nullable, .. } = *slot;
        let (ty, meta) = match kind {
            Kind::Struct(inner) => {
                let ty = upper_camel(name) + "Row";
                self.made_up(&ty, &slots(inner), body, depth)?;
                let mut meta = Meta::default();
                if !is_nullable {
                    meta.refine(prop::NOT_NULL, "true");
                }
                (ty, meta)
            }
            Kind::Named(named) => (self.reference(named)?, Meta::default()),
            plain => {
                let Single { ty, import, meta } = single(plain, is_nullable)?;
                self.imports.extend(import);
                (ty.to_owned(), meta)
            }
        };
        let label = if is_nullable { OPTIONAL } else { "" };
        Ok(Written { label, ty, name, meta })
    }

    /// A field of a message that is made up for `payload` alone, which cannot stand here itself.
    fn wrapped(
        &mut self,
        name: &'s str,
        payload: Slot<'s>,
        suffix: &str,
        body: &mut Body,
        depth: usize,
    ) -> Result<Written<'s>, Mismatch> {
        let ty = upper_camel(name) + suffix;
        self.made_up(&ty, &[payload], body, depth)?;
        let mut meta = Meta::default();
        meta.refine(prop::WRAPPED, "true");
        Ok(Written { label: "", ty, name, meta })
    }

    fn entries(
        &mut self,
        name: &'s str,
        members: &[Slot<'s>],
        body: &mut Body,
        depth: usize,
    ) -> Result<Written<'s>, Mismatch> {
        let ty = upper_camel(name) + ENTRY;
        self.made_up(&ty, members, body, depth)?;
        Ok(Written { label: REPEATED, ty, name, meta: Meta::default() })
    }

    fn made_up(
        &mut self,
        ty: &str,
        slots: &[Slot<'s>],
        body: &mut Body,
        depth: usize,
    ) -> Result<(), Mismatch> {
        body.declare(ty)?;
        body.nested += &self.message(ty, &Meta::default(), slots, None, depth + 1)?;
        Ok(())
    }

    fn reference(&mut self, name: &str) -> Result<String, Mismatch> {
        if !self.script.named.contains_key(name) {
            let reference = self.external.get(name).ok_or_else(|| {
                Mismatch::new(format!(
                    "type '{name}' is neither declared nor defined by a reference"
                ))
            })?;
            self.imports.insert(reference);
        }
        Ok(format!(".{name}"))
    }
}

fn enumeration(name: &str, meta: &Meta, body: &Enum) -> Result<String, Mismatch> {
    identifier(name)?;
    let mut text = format!("enum {name} {{\n");
    if let Some(option) = meta.option("enum_meta") {
        text.extend(["option ", &option, ";\n"]);
    }
    for (number, value) in body.values.iter().enumerate() {
        identifier(&value.symbol)?;
        let meta = Meta { doc: value.doc.clone(), params: value.params.clone(), ..Meta::default() };
        let option = meta.option("enum_value_meta").map(|option| format!(" [{option}]"));
        let option = option.unwrap_or_default();
        text.extend([&value.symbol, " = ", &number.to_string(), &option, ";\n"]);
    }
    Ok(text + "}\n")
}
