//! Types that a build script makes of schema files, and a struct that is compared with one.

/// The types of `schemas/`.
pub mod generated {
    #![allow(missing_docs, reason = "schemas need not say anything")]
    include!(concat!(env!("OUT_DIR"), "/schemas.rs"));
}

/// What a program writes by hand and has compared with the file.
#[derive(Clone, Debug, PartialEq, levada_serde::AvroRecord)]
#[avro(namespace = "shop", schema = "schemas/line.avsc")]
pub struct Line {
    /// The article.
    pub sku: String,
    /// How many.
    #[avro(default = "1")]
    pub quantity: i32,
}
