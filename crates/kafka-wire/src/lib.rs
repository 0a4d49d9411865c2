//! The Kafka protocol as bytes and values, without I/O.
//!
//! A connection's bytes become frames and request headers here ([`frame`]), bodies are checked
//! against their shape before a decoder may allocate for them ([`decode`]), the two bodies that
//! carry records are read and written by hand ([`produce`], [`fetch`]), as are those that the decoder
//! does not know ([`offsets`]), and [`record_batch`] knows what is inside. No count or length from the wire sizes an allocation unchecked.

mod budget;
pub mod compression;
pub mod decode;
pub mod fetch;
pub mod frame;
pub mod offsets;
pub mod produce;
pub mod reader;
pub mod record_batch;
mod shape;
pub mod varint;

pub use reader::WireError;
