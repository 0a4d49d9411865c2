//! `#[derive(AvroRecord)]` of levada-serde: a type's schema, and straight code that writes and
//! reads it.

mod agree;
mod attributes;
mod expand;
mod file_type;
mod model;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Gives a struct or an enum an Avro schema, and code that writes and reads it.
///
/// | Rust | Avro |
/// |---|---|
/// | struct with named fields | record |
/// | enum of variants without fields | enum |
/// | enum of variants with one field each, and at most one without | union; that one is null |
/// | struct of one array of bytes, such as `struct Md5([u8; 16])` | fixed |
/// | `bool`, `i32`, `i64`, `f32`, `f64`, `String`, `Vec<u8>` | the primitive type |
/// | `&str`, `&[u8]`, `Cow` of them | borrowed from the message |
/// | `Option<T>` | union of null and `T`; as a field its default is null |
/// | `Vec<T>`, `HashMap<String, T>`, `BTreeMap<String, T>`, `Box<T>` | array, map, map, `T` |
/// | `Uuid`; dates and times of `chrono` and `jiff`, `rust_decimal::Decimal` with the feature of that name | the logical type, times in microseconds |
///
/// Documentation comments become `doc`. What else a schema says stands in `#[avro(…)]`:
///
/// | on | |
/// |---|---|
/// | a type | `name = "…"`, `namespace = "…"`, `alias = "…"` (repeatable), `schema = "…"`; on an enum `default = "SYMBOL"` |
/// | a variant without field | `name = "…"`, the symbol |
/// | a variant with one | `logical = "…"` or `decimal(…)`, as on a field |
/// | a struct of one array | `logical = "…"` (`duration`, `uuid`), `decimal(precision = …, scale = …)` |
/// | a field | `name = "…"`, `alias = "…"`, `default = "…"` (JSON text), `no_default` (on `Option`), `logical = "…"` (on `i32`, `i64`, `String`, also within options, lists and maps), `decimal(precision = …, scale = …)` (on `Vec<u8>`, `Decimal`, also within those) |
///
/// With `schema = "schemas/order.avsc"` (relative to the package) a type does not compile unless the
/// file has the same: names, order, types, defaults and aliases; the error stands at the field that
/// differs. The types of fields are compared where they are derived, with an attribute of their own.
/// Documentation and properties such as tags do not count.
///
/// A type without a namespace has that of the type it is used in.
#[proc_macro_derive(AvroRecord, attributes(avro))]
pub fn avro_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let parsed = model::Type::parse(&input);
    let code = parsed.and_then(|parsed| {
        agree::check(&parsed)?;
        Ok(expand::code(&input, &parsed))
    });
    code.unwrap_or_else(syn::Error::into_compile_error).into()
}
