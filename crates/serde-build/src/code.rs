//! The text of the Rust types.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::BuildError;
use crate::model::{Definition, Field, Marking, Shape, Type};
use crate::names;

const HEAD: &str = "// Made of schema files by levada-serde-build; every build makes it anew.\n";

/// All types, each with what is to be derived besides.
pub(crate) fn write(definitions: &[Definition], derives: &[String]) -> Result<String, BuildError> {
    let mut writer = Writer {
        out: HEAD.to_owned(),
        by_name: definitions.iter().map(|it| (it.full_name(), it)).collect(),
        taken: BTreeSet::new(),
        derives: derives.iter().fold(String::new(), |all, path| all + ", " + path),
    };
    for definition in definitions {
        writer.take(&definition.full_name(), &names::type_name(&definition.name))?;
    }
    for definition in definitions {
        match &definition.shape {
            Shape::Record(fields) => writer.record(definition, fields)?,
            Shape::Enum { symbols, default } => {
                writer.enumeration(definition, symbols, default.as_deref())?;
            }
            Shape::Fixed { size, marking } => writer.fixed(definition, *size, marking.as_ref()),
        }
    }
    Ok(writer.out)
}

struct Writer<'a> {
    out: String,
    by_name: BTreeMap<String, &'a Definition>,
    /// The names of Rust that are in use.
    taken: BTreeSet<String>,
    derives: String,
}

/// A union that needs an enum of its own, and its name.
type Unions<'t> = Vec<(String, &'t [Type])>;

impl Writer<'_> {
    fn take(&mut self, place: &str, name: &str) -> Result<(), BuildError> {
        if self.taken.insert(name.to_owned()) { Ok(()) } else { Err(clash(place, name)) }
    }

    fn record(&mut self, definition: &Definition, fields: &[Field]) -> Result<(), BuildError> {
        let name = names::type_name(&definition.name);
        let (mut members, mut unions) = (String::new(), Unions::new());
        let mut known = BTreeSet::new();
        for field in fields {
            let place = format!("{}.{}", definition.full_name(), field.name);
            let member = names::field(&field.name);
            if !known.insert(member.clone()) {
                return Err(clash(&place, &member));
            }
            let here = Place { definition, at: &place, is_behind: false };
            let union = format!("{name}{}", names::type_name(&field.name));
            let rust = self.rust(&field.r#type, here, &union, &mut unions)?;
            let attributes = field_attributes(field, &member);
            _ = writeln!(
                members,
                "{}{attributes}    pub {member}: {rust},",
                docs(&field.doc, "    ")
            );
        }
        let head = self.head(definition, &name, None);
        _ = writeln!(self.out, "{head}pub struct {name} {{\n{members}}}");
        for (union, branches) in unions {
            self.union(definition, &union, branches)?;
        }
        Ok(())
    }

    fn enumeration(
        &mut self,
        definition: &Definition,
        symbols: &[String],
        default: Option<&str>,
    ) -> Result<(), BuildError> {
        let name = names::type_name(&definition.name);
        let (mut variants, mut known) = (String::new(), BTreeSet::new());
        for symbol in symbols {
            let variant = names::type_name(symbol);
            if !known.insert(variant.clone()) {
                return Err(clash(&format!("{}.{symbol}", definition.full_name()), &variant));
            }
            if variant != *symbol {
                _ = writeln!(variants, "    #[avro(name = {symbol:?})]");
            }
            _ = writeln!(variants, "    {variant},");
        }
        let default = default.map(|default| format!("default = {default:?}"));
        let head = self.head(definition, &name, default);
        _ = writeln!(self.out, "{head}pub enum {name} {{\n{variants}}}");
        Ok(())
    }

    fn union(
        &mut self,
        definition: &Definition,
        name: &str,
        branches: &[Type],
    ) -> Result<(), BuildError> {
        let place = format!("{}, union {name}", definition.full_name());
        self.take(&place, name)?;
        let (mut variants, mut unions) = (String::new(), Unions::new());
        let mut known = BTreeSet::new();
        for branch in branches {
            let variant = variant_of(branch);
            if !known.insert(variant.clone()) {
                return Err(clash(&place, &variant));
            }
            if is_null(branch) {
                _ = writeln!(variants, "    {variant},");
                continue;
            }
            let here = Place { definition, at: &place, is_behind: false };
            let union = format!("{name}{variant}");
            let rust = self.rust(branch, here, &union, &mut unions)?;
            if let Some(marking) = marking(branch) {
                _ = writeln!(variants, "    #[avro({})]", said(marking));
            }
            _ = writeln!(variants, "    {variant}({rust}),");
        }
        let head = self.derives();
        _ = writeln!(self.out, "{head}pub enum {name} {{\n{variants}}}");
        for (union, branches) in unions {
            self.union(definition, &union, branches)?;
        }
        Ok(())
    }

    fn fixed(&mut self, definition: &Definition, size: u64, marking: Option<&Marking>) {
        let name = names::type_name(&definition.name);
        let head = self.head(definition, &name, marking.map(said));
        _ = writeln!(self.out, "{head}pub struct {name}(pub [u8; {size}]);");
    }

    fn derives(&self) -> String {
        format!(
            "#[allow(clippy::all, clippy::pedantic)]\n\
             #[derive(Clone, Debug, PartialEq, ::levada_serde::AvroRecord{})]\n",
            self.derives
        )
    }

    /// What stands before the keyword of a named type; `more` is what only its kind says.
    fn head(&self, definition: &Definition, rust: &str, more: Option<String>) -> String {
        let Definition { namespace, name, doc, aliases, .. } = definition;
        let mut said = vec![format!("namespace = {namespace:?}")];
        if rust != name {
            said.push(format!("name = {name:?}"));
        }
        said.extend(aliases.iter().map(|alias| format!("alias = {alias:?}")));
        said.extend(more);
        format!("{}{}#[avro({})]\n", docs(doc, ""), self.derives(), said.join(", "))
    }

    /// The Rust type; unions that need an enum are called `union` and noted.
    fn rust<'t>(
        &self,
        r#type: &'t Type,
        here: Place<'_>,
        union: &str,
        unions: &mut Unions<'t>,
    ) -> Result<String, BuildError> {
        Ok(match r#type {
            Type::Primitive(base) | Type::Marked { base, .. } => match base.as_str() {
                "boolean" => "bool".to_owned(),
                "int" => "i32".to_owned(),
                "long" => "i64".to_owned(),
                "float" => "f32".to_owned(),
                "double" => "f64".to_owned(),
                "string" => "::std::string::String".to_owned(),
                "bytes" => "::std::vec::Vec<u8>".to_owned(),
                _ => return Err(here.unsupported("null alone is no type of a value")),
            },
            Type::Array(items) => {
                let here = Place { is_behind: true, ..here };
                format!("::std::vec::Vec<{}>", self.rust(items, here, union, unions)?)
            }
            Type::Map(values) => {
                let here = Place { is_behind: true, ..here };
                let values = self.rust(values, here, union, unions)?;
                format!("::std::collections::BTreeMap<::std::string::String, {values}>")
            }
            Type::Nullable(inner) => {
                format!("::std::option::Option<{}>", self.rust(inner, here, union, unions)?)
            }
            Type::Named(name) => {
                let short = name.rsplit('.').next().unwrap_or(name);
                let rust = names::type_name(short);
                let holder = here.definition.full_name();
                if !here.is_behind && self.holds(name, &holder, &mut BTreeSet::new()) {
                    format!("::std::boxed::Box<{rust}>")
                } else {
                    rust
                }
            }
            Type::Union(branches) => {
                let taken = unions.iter().filter(|(name, _)| name.starts_with(union)).count();
                let name =
                    if taken == 0 { union.to_owned() } else { format!("{union}{}", taken + 1) };
                unions.push((name.clone(), branches));
                name
            }
        })
    }

    /// Whether values of a type have one of the other inside of them, with nothing between that has
    /// memory of its own. Each type is looked into once.
    fn holds(&self, name: &str, other: &str, seen: &mut BTreeSet<String>) -> bool {
        if name == other {
            return true;
        }
        if !seen.insert(name.to_owned()) {
            return false;
        }
        let Some(Definition { shape: Shape::Record(fields), .. }) = self.by_name.get(name) else {
            return false;
        };
        let mut within: Vec<&Type> = fields.iter().map(|field| &field.r#type).collect();
        while let Some(r#type) = within.pop() {
            match r#type {
                Type::Nullable(inner) => within.push(inner),
                Type::Union(branches) => within.extend(branches),
                Type::Named(name) if self.holds(name, other, seen) => return true,
                _ => {}
            }
        }
        false
    }
}

fn clash(place: &str, name: &str) -> BuildError {
    BuildError::NameClash { place: place.to_owned(), name: name.to_owned() }
}

/// Where a type stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    definition: &'a Definition,
    at: &'a str,
    /// Whether something has memory of its own for what stands here.
    is_behind: bool,
}

impl Place<'_> {
    fn unsupported(self, reason: &str) -> BuildError {
        BuildError::Unsupported {
            path: self.definition.path.clone(),
            place: self.at.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// What is to be said of the innermost type.
fn marking(r#type: &Type) -> Option<&Marking> {
    match r#type {
        Type::Marked { marking, .. } => Some(marking),
        Type::Nullable(inner) | Type::Array(inner) | Type::Map(inner) => marking(inner),
        Type::Primitive(_) | Type::Named(_) | Type::Union(_) => None,
    }
}

/// As an attribute has it.
fn said(marking: &Marking) -> String {
    match marking {
        Marking::Logical(name) => format!("logical = {name:?}"),
        Marking::Decimal { precision, scale } => {
            format!("decimal(precision = {precision}, scale = {scale})")
        }
    }
}

fn field_attributes(field: &Field, member: &str) -> String {
    let mut parts = Vec::new();
    if member.strip_prefix("r#").unwrap_or(member) != field.name {
        parts.push(format!("name = {:?}", field.name));
    }
    parts.extend(field.aliases.iter().map(|alias| format!("alias = {alias:?}")));
    match (&field.r#type, &field.default) {
        (Type::Nullable(_), None) => parts.push("no_default".to_owned()),
        (Type::Nullable(_), Some(Json::Null)) | (_, None) => {}
        (_, Some(default)) => parts.push(format!("default = {:?}", default.to_string())),
    }
    parts.extend(marking(&field.r#type).map(said));
    if parts.is_empty() { String::new() } else { format!("    #[avro({})]\n", parts.join(", ")) }
}

fn docs(doc: &str, indent: &str) -> String {
    if doc.is_empty() { String::new() } else { format!("{indent}#[doc = {doc:?}]\n") }
}

fn is_null(branch: &Type) -> bool {
    matches!(branch, Type::Primitive(name) if name == "null")
}

/// What a branch of a union is called.
fn variant_of(branch: &Type) -> String {
    match branch {
        Type::Primitive(base) | Type::Marked { base, .. } => names::type_name(base),
        Type::Array(_) => "Array".to_owned(),
        Type::Map(_) => "Map".to_owned(),
        Type::Named(name) => names::type_name(name.rsplit('.').next().unwrap_or(name)),
        // No union is a branch of another.
        Type::Nullable(_) | Type::Union(_) => "Union".to_owned(),
    }
}
