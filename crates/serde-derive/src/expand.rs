//! The code for a type: its schema, and how it is written and read.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{DeriveInput, Lifetime, LitStr, parse_quote};

use crate::agree;
use crate::attributes::{Attributes, Decimal};
use crate::model::{Branch, Field, Shape, Type};

pub(crate) fn code(input: &DeriveInput, parsed: &Type) -> TokenStream {
    let (schema, write, read) = match &parsed.shape {
        Shape::Record(fields) => record(parsed, fields),
        Shape::Enum(symbols) => enumeration(parsed, symbols),
        Shape::Union(branches) => union(&input.ident, branches),
        Shape::Fixed(size) => fixed(parsed, *size),
    };
    let ident = &input.ident;
    let (impl_generics, generics, bounds) = input.generics.split_for_impl();
    // What a type borrows lives as long as the message.
    let (read_generics, lifetime): (_, Lifetime) = match input.generics.lifetimes().next() {
        Some(own) => (input.generics.clone(), own.lifetime.clone()),
        None => (parse_quote!(<'message>), parse_quote!('message)),
    };
    let (read_generics, _, _) = read_generics.split_for_impl();
    // So that the type is compiled again when the file changes.
    let file = parsed.attributes.schema.as_ref().map(|path| {
        let path = agree::location(path).to_string_lossy().into_owned();
        quote!(
            const _: &[u8] = ::std::include_bytes!(#path);
        )
    });
    quote! {
        const _: () = {
            #file
            use ::levada_serde::avro::record as avro;
            use ::levada_serde::{DecodeError, EncodeError};
            use ::std::{boxed::Box, result::Result, vec::Vec};

            #[automatically_derived]
            impl #impl_generics avro::AvroType for #ident #generics #bounds {
                fn schema(defined: &mut avro::Defined) -> avro::Json {
                    #schema
                }
            }

            #[automatically_derived]
            impl #impl_generics avro::AvroWrite for #ident #generics #bounds {
                #[inline]
                fn write(&self, out: &mut Vec<u8>) -> Result<(), Box<EncodeError>> {
                    #write
                }
            }

            #[automatically_derived]
            impl #read_generics avro::AvroRead<#lifetime> for #ident #generics #bounds {
                #[inline]
                fn read(
                    reader: &mut avro::AvroReader<#lifetime>,
                ) -> Result<Self, Box<DecodeError>> {
                    #read
                }
            }
        };
    }
}

fn optional(text: Option<&LitStr>) -> TokenStream {
    text.map_or_else(
        || quote!(::std::option::Option::None),
        |text| quote!(::std::option::Option::Some(#text)),
    )
}

fn record(parsed: &Type, fields: &[Field]) -> (TokenStream, TokenStream, TokenStream) {
    let name = &parsed.name;
    let Attributes { namespace, doc, aliases, .. } = &parsed.attributes;
    let namespace = optional(namespace.as_ref());
    let schemas = fields.iter().map(field_schema);
    let schema = quote! {
        let begun = avro::RecordSchema::begin(defined, #name, #namespace, #doc, &[#(#aliases),*]);
        match begun {
            Result::Err(name) => name,
            Result::Ok(mut record) => {
                #(#schemas)*
                record.end(defined)
            }
        }
    };
    let writes = fields.iter().map(|Field { ident, ty, attributes, .. }| {
        let write = written(ty, attributes, &quote!(&self.#ident));
        quote!(#write?;)
    });
    let write = quote! {
        #(#writes)*
        Result::Ok(())
    };
    // A variable each, so that fields are read in their order whatever the type does with them.
    let variables: Vec<Ident> =
        (0..fields.len()).map(|place| format_ident!("field_{place}")).collect();
    let reads = fields.iter().zip(&variables).map(|(Field { ty, attributes, .. }, variable)| {
        let read = read(ty, attributes);
        quote!(let #variable = #read?;)
    });
    let idents = fields.iter().map(|field| &field.ident);
    let read = quote! {
        reader.nested(|reader| {
            #(#reads)*
            Result::Ok(Self { #(#idents: #variables),* })
        })
    };
    (schema, write, read)
}

/// The schema of a field's or a branch's type.
fn schema_of(ty: &syn::Type, attributes: &Attributes) -> TokenStream {
    match (&attributes.decimal, &attributes.logical) {
        (Some(Decimal { precision, scale }), _) => {
            quote!(<#ty as avro::AvroDecimal>::decimal_schema(#precision, #scale))
        }
        (None, Some(logical)) => {
            quote!(avro::logical(<#ty as avro::AvroType>::schema(defined), #logical))
        }
        (None, None) => quote!(<#ty as avro::AvroType>::schema(defined)),
    }
}

/// Writes a field or a branch, which `value` borrows.
fn written(ty: &syn::Type, attributes: &Attributes, value: &TokenStream) -> TokenStream {
    if let Some(Decimal { precision, scale }) = &attributes.decimal {
        quote! {
            <#ty as avro::AvroDecimal>::write_decimal(#value, #precision, #scale, out)
        }
    } else {
        quote!(<#ty as avro::AvroWrite>::write(#value, out))
    }
}

/// Reads a field or a branch.
fn read(ty: &syn::Type, attributes: &Attributes) -> TokenStream {
    if let Some(Decimal { scale, .. }) = &attributes.decimal {
        quote!(<#ty as avro::AvroDecimal>::read_decimal(reader, #scale))
    } else {
        quote!(<#ty as avro::AvroRead<'_>>::read(reader))
    }
}

fn field_schema(field: &Field) -> TokenStream {
    let Field { name, ty, attributes, .. } = field;
    let Attributes { doc, aliases, default, .. } = attributes;
    let schema = schema_of(ty, attributes);
    let default = match default {
        None if field.has_null_default() => quote!(::std::option::Option::Some("null")),
        default => optional(default.as_ref()),
    };
    quote! {
        let schema = #schema;
        record.field(#name, schema, #doc, &[#(#aliases),*], #default);
    }
}

fn enumeration(
    parsed: &Type,
    symbols: &[(Ident, String)],
) -> (TokenStream, TokenStream, TokenStream) {
    let name = &parsed.name;
    let Attributes { namespace, doc, aliases, default, .. } = &parsed.attributes;
    let (namespace, default) = (optional(namespace.as_ref()), optional(default.as_ref()));
    let names = symbols.iter().map(|(_, symbol)| symbol);
    let schema = quote! {
        avro::enumeration(
            defined, (#name, #namespace), (#doc, &[#(#aliases),*]), &[#(#names),*], #default,
        )
    };
    let (places, variants) = (0i64.., symbols.iter().map(|(variant, _)| variant));
    let writes = places.zip(variants).map(|(place, variant)| quote!(Self::#variant => #place));
    let write = quote! {
        let place: i64 = match self {
            #(#writes),*
        };
        avro::write_long(place, out);
        Result::Ok(())
    };
    let count = symbols.len();
    let reads = symbols.iter().enumerate().map(|(place, (variant, _))| {
        let pattern = arm(place, count);
        quote!(#pattern => Self::#variant)
    });
    let read = quote! {
        Result::Ok(match reader.symbol(#count)? {
            #(#reads),*
        })
    };
    (schema, write, read)
}

/// The arm of a place among `count`; the last catches all, as a match on numbers must.
fn arm(place: usize, count: usize) -> TokenStream {
    if place + 1 == count { quote!(_) } else { quote!(#place) }
}

fn union(ident: &Ident, branches: &[Branch]) -> (TokenStream, TokenStream, TokenStream) {
    let schemas = branches.iter().map(|Branch { held, attributes, .. }| match held {
        None => quote!(|_| avro::Json::from("null")),
        Some(ty) => {
            let schema = schema_of(ty, attributes);
            quote!(|#[allow(unused_variables)] defined| #schema)
        }
    });
    let schema = quote! {
        let own_path = ::std::concat!(::std::module_path!(), "::", ::std::stringify!(#ident));
        avro::union(defined, own_path, &[#(#schemas),*])
    };
    let writes = (0i64..).zip(branches).map(|(place, branch)| {
        let variant = &branch.ident;
        match &branch.held {
            None => quote! {
                Self::#variant => {
                    avro::write_long(#place, out);
                    Result::Ok(())
                }
            },
            Some(ty) => {
                let write = written(ty, &branch.attributes, &quote!(value));
                quote! {
                    Self::#variant(value) => {
                        avro::write_long(#place, out);
                        #write
                    }
                }
            }
        }
    });
    let write = quote! {
        match self {
            #(#writes)*
        }
    };
    let count = branches.len();
    let reads = branches.iter().enumerate().map(|(place, branch)| {
        let (pattern, variant) = (arm(place, count), &branch.ident);
        match &branch.held {
            None => quote!(#pattern => Result::Ok(Self::#variant)),
            Some(ty) => {
                let read = read(ty, &branch.attributes);
                quote!(#pattern => #read.map(Self::#variant))
            }
        }
    });
    let read = quote! {
        match reader.branch(#count)? {
            #(#reads),*
        }
    };
    (schema, write, read)
}

fn fixed(parsed: &Type, size: usize) -> (TokenStream, TokenStream, TokenStream) {
    let name = &parsed.name;
    let Attributes { namespace, doc, aliases, logical, decimal, .. } = &parsed.attributes;
    let namespace = optional(namespace.as_ref());
    let meaning = match (decimal, logical) {
        (Some(Decimal { precision, scale }), _) => {
            quote!(|schema| avro::decimal(schema, #precision, #scale))
        }
        (None, Some(logical)) => quote!(|schema| avro::logical(schema, #logical)),
        (None, None) => quote!(|schema| schema),
    };
    let schema = quote! {
        avro::fixed(defined, (#name, #namespace), (#doc, &[#(#aliases),*]), #size, #meaning)
    };
    let write = quote! {
        out.extend_from_slice(&self.0);
        Result::Ok(())
    };
    (schema, write, quote!(reader.fixed().map(Self)))
}
