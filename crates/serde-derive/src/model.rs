//! A type as Avro sees it, and what is refused because Avro has nothing like it.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{
    Data, DataEnum, DataStruct, DeriveInput, Fields, GenericParam, Ident, LitStr, Result, Variant,
};

use crate::attributes::Attributes;

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
    /// Variants and what they hold; one may hold nothing, which is null.
    Union(Vec<(Ident, Option<syn::Type>)>),
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
        refuse(attributes.logical.as_ref(), "a logical type belongs to a field")?;
        let shape = match &input.data {
            Data::Struct(data) => {
                refuse(attributes.default.as_ref(), "a record has no default, its fields may")?;
                record(&input.ident, data)?
            }
            Data::Enum(data) => enumeration(&input.ident, data, &attributes)?,
            Data::Union(_) => return Err(error(&input.ident, "a `union` of Rust has no schema")),
        };
        if let (Shape::Union(_), Some(name)) = (&shape, &attributes.name) {
            return Err(error(name, "a union has no name in Avro"));
        }
        Ok(Self { name: name(&attributes, &input.ident), attributes, shape })
    }
}

fn error(place: &impl Spanned, message: &str) -> syn::Error {
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

fn record(ident: &Ident, data: &DataStruct) -> Result<Shape> {
    let Fields::Named(fields) = &data.fields else {
        return Err(error(ident, "a record has named fields"));
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
        let Attributes { namespace, default, logical, decimal, .. } = &self.attributes;
        refuse(namespace.as_ref(), "a field has no namespace")?;
        if let Some(default) = default {
            if self.is_option() {
                return Err(error(default, "the default of an option is null already"));
            }
            if let Err(reason) = serde_json::from_str::<serde_json::Value>(&default.value()) {
                return Err(error(default, &format!("a default is JSON text: {reason}")));
            }
        }
        if let Some(logical) = logical {
            if decimal.is_some() {
                return Err(error(logical, "a decimal is a logical type already"));
            }
            self.check_logical(logical)?;
        }
        Ok(())
    }

    /// Whether the type's own base is that of the logical type.
    fn check_logical(&self, logical: &LitStr) -> Result<()> {
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
            "decimal" => {
                return Err(error(logical, "say decimal(precision = …, scale = …)"));
            }
            _ => return Err(error(logical, "Avro has no such logical type on a number or string")),
        };
        if self.last_segment().is_some_and(|segment| segment == base) {
            return Ok(());
        }
        Err(error(&self.ty, &format!("`{}` is a logical type of `{base}`", logical.value())))
    }

    pub(crate) fn is_option(&self) -> bool {
        self.last_segment().is_some_and(|segment| segment == "Option")
    }

    fn last_segment(&self) -> Option<&Ident> {
        let syn::Type::Path(path) = &self.ty else { return None };
        path.path.segments.last().map(|segment| &segment.ident)
    }
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
    let branch = |variant: &&Variant| match &variant.fields {
        Fields::Unit if std::mem::replace(&mut has_null, true) => {
            Err(error(*variant, "only one variant can stand for null"))
        }
        Fields::Unit => Ok((variant.ident.clone(), None)),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            Ok((variant.ident.clone(), fields.unnamed.first().map(|field| field.ty.clone())))
        }
        _ => Err(error(*variant, "a branch of a union holds one value: `Variant(Type)`")),
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
