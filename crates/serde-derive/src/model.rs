//! A type as Avro sees it, and what is refused because Avro has nothing like it.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{
    Data, DataEnum, DataStruct, DeriveInput, Expr, ExprLit, Fields, GenericArgument, GenericParam,
    Ident, Lit, LitStr, PathArguments, PathSegment, Result, TypeArray, Variant,
};

use crate::attributes::{Attributes, Decimal};
use crate::file_type::is_u8;

/// What is derived for.
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) attributes: Attributes,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    Record(Vec<Field>),
    /// Variants and their symbols.
    Enum(Vec<(Ident, String)>),
    /// One branch may hold nothing, which is null.
    Union(Vec<Branch>),
    /// Its size in bytes.
    Fixed(usize),
}

/// A branch of a union.
pub(crate) struct Branch {
    pub(crate) ident: Ident,
    pub(crate) held: Option<syn::Type>,
    pub(crate) attributes: Attributes,
}

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: syn::Type,
    pub(crate) attributes: Attributes,
}

impl Type {
    pub(crate) fn parse(input: &DeriveInput) -> Result<Self> {
        let attributes = Attributes::parse(&input.attrs)?;
        refuse_generics(input)?;
        let shape = match &input.data {
            Data::Struct(data) => {
                refuse(attributes.default.as_ref(), "a record has no default, its fields may")?;
                match byte_array(data) {
                    Some(array) => fixed(array, &attributes)?,
                    None => record(&input.ident, data)?,
                }
            }
            Data::Enum(data) => enumeration(&input.ident, data, &attributes)?,
            Data::Union(_) => return Err(error(&input.ident, "a `union` of Rust has no schema")),
        };
        if let (Shape::Union(_), Some(name)) = (&shape, &attributes.name) {
            return Err(error(name, "a union has no name in Avro"));
        }
        if !matches!(shape, Shape::Fixed(_)) {
            refuse(attributes.logical.as_ref(), "a logical type belongs to a field")?;
            if attributes.decimal.is_some() {
                return Err(error(&input.ident, "a decimal belongs to a field"));
            }
        }
        Ok(Self { name: name(&attributes, &input.ident), attributes, shape })
    }
}

pub(crate) fn error(place: &impl Spanned, message: &str) -> syn::Error {
    syn::Error::new(place.span(), message)
}

fn refuse(attribute: Option<&LitStr>, message: &str) -> Result<()> {
    attribute.map_or(Ok(()), |attribute| Err(error(attribute, message)))
}

fn name(attributes: &Attributes, ident: &Ident) -> String {
    let ident = ident.to_string();
    let own = ident.strip_prefix("r#").unwrap_or(&ident);
    attributes.name.as_ref().map_or_else(|| own.to_owned(), LitStr::value)
}

fn refuse_generics(input: &DeriveInput) -> Result<()> {
    let mut lifetimes = 0;
    for parameter in &input.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            return Err(error(parameter, "a generic type would be several types of one name"));
        }
        lifetimes += 1;
        if lifetimes > 1 {
            return Err(error(parameter, "all that is borrowed lives as long as the message"));
        }
    }
    Ok(())
}

/// The only field of a struct such as `struct Md5([u8; 16])`.
fn byte_array(data: &DataStruct) -> Option<&TypeArray> {
    let Fields::Unnamed(fields) = &data.fields else { return None };
    match fields.unnamed.first() {
        Some(syn::Field { ty: syn::Type::Array(array), .. })
            if fields.unnamed.len() == 1 && is_u8(&array.elem) =>
        {
            Some(array)
        }
        _ => None,
    }
}

fn fixed(array: &TypeArray, attributes: &Attributes) -> Result<Shape> {
    let Expr::Lit(ExprLit { lit: Lit::Int(size), .. }) = &array.len else {
        return Err(error(&array.len, "the size of a fixed type is a number"));
    };
    let size = size.base10_parse()?;
    if let Some(logical) = &attributes.logical {
        if attributes.decimal.is_some() {
            return Err(error(logical, "a decimal is a logical type already"));
        }
        let expected = match logical.value().as_str() {
            "duration" => 12,
            "uuid" => 16,
            "decimal" => return Err(error(logical, SAY_DECIMAL)),
            _ => return Err(error(logical, "Avro has no such logical type on a fixed type")),
        };
        if size != expected {
            let message = format!("`{}` has {expected} bytes", logical.value());
            return Err(error(array, &message));
        }
    }
    Ok(Shape::Fixed(size))
}

fn record(ident: &Ident, data: &DataStruct) -> Result<Shape> {
    let Fields::Named(fields) = &data.fields else {
        let hint =
            "a record has named fields, and a fixed type is an array: `struct Md5([u8; 16])`";
        return Err(error(ident, hint));
    };
    let mut names = HashSet::new();
    let mut parsed = Vec::new();
    for field in &fields.named {
        let Some(ident) = field.ident.clone() else { continue };
        let attributes = Attributes::parse(&field.attrs)?;
        let field =
            Field { name: name(&attributes, &ident), ident, ty: field.ty.clone(), attributes };
        if !names.insert(field.name.clone()) {
            return Err(error(&field.ident, "two fields have this name"));
        }
        field.check()?;
        parsed.push(field);
    }
    Ok(Shape::Record(parsed))
}

impl Field {
    fn check(&self) -> Result<()> {
        let Attributes { namespace, default, logical, decimal, schema, no_default, .. } =
            &self.attributes;
        refuse(namespace.as_ref(), "a field has no namespace")?;
        refuse(schema.as_ref(), "a schema file is that of a type")?;
        if let Some(no_default) = no_default.as_ref().filter(|_| !self.is_option()) {
            return Err(error(no_default, "only an option has a default that nobody wrote"));
        }
        if let Some(default) = default {
            if self.is_option() {
                return Err(error(default, "the default of an option is null already"));
            }
            if let Err(reason) = serde_json::from_str::<serde_json::Value>(&default.value()) {
                return Err(error(default, &format!("a default is JSON text: {reason}")));
            }
        }
        check_logical(&self.ty, logical.as_ref(), decimal.as_ref())
    }

    pub(crate) fn is_option(&self) -> bool {
        last_segment(&self.ty).is_some_and(|segment| segment.ident == "Option")
    }

    /// Whether the schema has null for a message without the field.
    pub(crate) fn has_null_default(&self) -> bool {
        self.is_option() && self.attributes.no_default.is_none()
    }
}

const SAY_DECIMAL: &str = "say decimal(precision = …, scale = …)";

/// Whether the base of a type, or of what it holds, is that of the logical type.
fn check_logical(
    ty: &syn::Type,
    logical: Option<&LitStr>,
    decimal: Option<&Decimal>,
) -> Result<()> {
    let Some(logical) = logical else { return Ok(()) };
    if decimal.is_some() {
        return Err(error(logical, "a decimal is a logical type already"));
    }
    let base = match logical.value().as_str() {
        "date" | "time-millis" => "i32",
        "time-micros"
        | "timestamp-millis"
        | "timestamp-micros"
        | "timestamp-nanos"
        | "local-timestamp-millis"
        | "local-timestamp-micros"
        | "local-timestamp-nanos" => "i64",
        "uuid" => "String",
        "decimal" => return Err(error(logical, SAY_DECIMAL)),
        _ => return Err(error(logical, "Avro has no such logical type on a number or string")),
    };
    if last_segment(innermost(ty)).is_some_and(|segment| segment.ident == base) {
        return Ok(());
    }
    Err(error(ty, &format!("`{}` is a logical type of `{base}`", logical.value())))
}

/// What an option, a list, a map or a box holds in the end.
fn innermost(ty: &syn::Type) -> &syn::Type {
    let Some(segment) = last_segment(ty) else { return ty };
    let is_around = ["Option", "Vec", "Box", "HashMap", "BTreeMap"];
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return ty };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    // Of a map the second; who hashes its keys comes behind.
    match types.take(2).last() {
        Some(inner) if is_around.iter().any(|name| segment.ident == name) => innermost(inner),
        _ => ty,
    }
}

fn last_segment(ty: &syn::Type) -> Option<&PathSegment> {
    let syn::Type::Path(path) = ty else { return None };
    path.path.segments.last()
}

fn enumeration(ident: &Ident, data: &DataEnum, attributes: &Attributes) -> Result<Shape> {
    let variants: Vec<_> = data.variants.iter().collect();
    if variants.is_empty() {
        return Err(error(ident, "an enum has at least one symbol"));
    }
    if variants.iter().all(|variant| matches!(variant.fields, Fields::Unit)) {
        return symbols(&variants, attributes);
    }
    refuse(attributes.default.as_ref(), "a union has no default, the field that has it may")?;
    let mut has_null = false;
    let branch = |variant: &&Variant| {
        let held = match &variant.fields {
            Fields::Unit if std::mem::replace(&mut has_null, true) => {
                return Err(error(*variant, "only one variant can stand for null"));
            }
            Fields::Unit => None,
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                fields.unnamed.first().map(|field| field.ty.clone())
            }
            _ => {
                return Err(error(
                    *variant,
                    "a branch of a union holds one value: `Variant(Type)`",
                ));
            }
        };
        let attributes = Attributes::parse(&variant.attrs)?;
        let (logical, decimal) = (attributes.logical.as_ref(), attributes.decimal.as_ref());
        match (&held, logical) {
            (Some(ty), _) => check_logical(ty, logical, decimal)?,
            (None, Some(logical)) => return Err(error(logical, "null has no logical type")),
            (None, None) if decimal.is_some() => return Err(error(*variant, "null is no decimal")),
            (None, None) => {}
        }
        Ok(Branch { ident: variant.ident.clone(), held, attributes })
    };
    variants.iter().map(branch).collect::<Result<_>>().map(Shape::Union)
}

fn symbols(variants: &[&Variant], attributes: &Attributes) -> Result<Shape> {
    let mut symbols = Vec::new();
    for variant in variants {
        let symbol = name(&Attributes::parse(&variant.attrs)?, &variant.ident);
        if symbols.iter().any(|(_, known)| *known == symbol) {
            return Err(error(*variant, "two symbols have this name"));
        }
        symbols.push((variant.ident.clone(), symbol));
    }
    if let Some(default) = &attributes.default
        && symbols.iter().all(|(_, symbol)| *symbol != default.value())
    {
        let span: Span = default.span();
        return Err(syn::Error::new(span, "the default of an enum is one of its symbols"));
    }
    Ok(Shape::Enum(symbols))
}
