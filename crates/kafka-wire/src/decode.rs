//! Request bodies into values, by the protocol crate, after a check of every count and length.
//!
//! The crate sizes its vectors by the counts it reads: a frame of 14 bytes can ask for 200 GB and
//! abort the process. So the body is walked along its shape first. The walk allocates nothing,
//! compares each length and count with the bytes that are left, and charges a budget for what the
//! decoder is going to make of it.

use bytes::Bytes;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::Decodable;

use crate::budget::Budget;
use crate::frame::is_flexible;
use crate::reader::{Reader, WireError};
use crate::shape::{Field, Kind, shape_of};

/// Decodes `body`. `R` must be the request of `key`, and `version` one that is served.
pub fn decode<R: Decodable>(key: ApiKey, version: i16, body: &Bytes) -> Result<R, WireError> {
    check(key, version, body)?;
    R::decode(&mut body.clone(), version).map_err(|error| WireError::Body {
        key: key as i16,
        version,
        reason: error.to_string(),
    })
}

/// Walks `body` along the shape of `key` and `version`. Bytes after the last field are left alone,
/// as Kafka leaves them.
fn check(key: ApiKey, version: i16, body: &Bytes) -> Result<(), WireError> {
    let fields = shape_of(key).ok_or(WireError::NoShape { key: key as i16 })?;
    let mut walk = Walk {
        reader: Reader::new(body),
        budget: Budget::of_frame(body.len()),
        version,
        is_flexible: is_flexible(key as i16, version),
    };
    walk.fields(fields)
}

struct Walk<'a> {
    reader: Reader<'a>,
    budget: Budget,
    version: i16,
    is_flexible: bool,
}

impl Walk<'_> {
    /// One struct. Recursion goes as deep as the table of shapes nests and no deeper.
    fn fields(&mut self, fields: &'static [Field]) -> Result<(), WireError> {
        for field in fields.iter().filter(|field| field.tag.is_none()) {
            if field.versions.contains(self.version) {
                self.value(field.kind)?;
            }
        }
        if self.is_flexible {
            self.tagged(fields)?;
        }
        Ok(())
    }

    fn value(&mut self, kind: Kind) -> Result<(), WireError> {
        match kind {
            Kind::Fixed(bytes) => self.reader.skip(bytes),
            Kind::Text => {
                let length = self.reader.text_length(self.is_flexible)?;
                self.reader.skip(length.unwrap_or_default())
            }
            Kind::Bytes => {
                let length = self.reader.length(self.is_flexible)?;
                self.reader.skip(length.unwrap_or_default())
            }
            Kind::Numbers(bytes) => {
                let count = self.count(bytes)?;
                self.budget.elements(count)?;
                self.reader.skip(count.saturating_mul(bytes))
            }
            Kind::Texts => self.elements(1, |walk| walk.value(Kind::Text)),
            Kind::Structs(fields) => self.elements(1, |walk| walk.fields(fields)),
            Kind::NullableStruct(_) if self.reader.i8()? < 0 => Ok(()),
            Kind::Struct(fields) | Kind::NullableStruct(fields) => self.fields(fields),
        }
    }

    fn elements(
        &mut self,
        least: usize,
        mut element: impl FnMut(&mut Self) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        let count = self.count(least)?;
        self.budget.elements(count)?;
        (0..count).try_for_each(|_| element(self))
    }

    /// Null counts as none.
    fn count(&mut self, least: usize) -> Result<usize, WireError> {
        self.reader.nullable_count(self.is_flexible, least).map(Option::unwrap_or_default)
    }

    /// A field the decoder knows is read by its kind, whatever its length says, so both must agree.
    fn tagged(&mut self, fields: &'static [Field]) -> Result<(), WireError> {
        for _ in 0..self.reader.uvarint()? {
            self.budget.element()?;
            let at = self.reader.position();
            let tag = self.reader.uvarint()?;
            let size = self.reader.uvarint()?;
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let start = self.reader.position();
            match fields.iter().find(|field| field.tag == Some(tag)) {
                None => self.reader.skip(size)?,
                Some(field) => {
                    self.value(field.kind)?;
                    if self.reader.position() - start != size {
                        return Err(WireError::Tag { at, tag });
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
