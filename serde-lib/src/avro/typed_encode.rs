//! Writes a Rust value by a [`WritePlan`] as serde names its parts: nothing is looked up, nothing
//! allocated.
//!
//! This is the straight way only: fields in the schema's order, options, enums of plain symbols.
//! Whatever else a value is, or whatever is wrong with it, is [`Declined`], and the codec of
//! `apache_avro` writes it or says why not.

use serde::Serialize;
use serde::ser::{Impossible, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use super::encode::write_bytes;
use super::write_plan::{Kind, WriteField, WritePlan};
use crate::wire_format::write_zigzag;

/// The straight way does not lead through a value.
#[derive(Debug, thiserror::Error)]
#[error("declined")]
pub(super) struct Declined;

impl serde::ser::Error for Declined {
    fn custom<T: std::fmt::Display>(_message: T) -> Self {
        Self
    }
}

type Written = Result<(), Declined>;

impl WritePlan {
    /// Appends `value`; after an error `out` holds a part of it.
    #[inline]
    pub(super) fn write<T: Serialize + ?Sized>(&self, value: &T, out: &mut Vec<u8>) -> Written {
        value.serialize(Encoder { plan: self, kind: self.root, out })
    }
}

struct Encoder<'a> {
    plan: &'a WritePlan,
    kind: Kind,
    out: &'a mut Vec<u8>,
}

impl<'a> Encoder<'a> {
    fn inner(self, inner: usize) -> Result<Self, Declined> {
        let kind = *self.plan.inner.get(inner).ok_or(Declined)?;
        Ok(Self { kind, ..self })
    }

    #[inline]
    fn int(self, value: i32) -> Written {
        if self.kind != Kind::Int {
            return Err(Declined);
        }
        write_zigzag(i64::from(value), self.out);
        Ok(())
    }

    #[inline]
    fn long(self, value: i64) -> Written {
        if self.kind != Kind::Long {
            return Err(Declined);
        }
        write_zigzag(value, self.out);
        Ok(())
    }

    fn blocks(self, len: Option<usize>, inner: usize) -> Result<Blocks<'a>, Declined> {
        let count = len.ok_or(Declined)?;
        let kind = *self.plan.inner.get(inner).ok_or(Declined)?;
        write_zigzag(i64::try_from(count).map_err(|_| Declined)?, self.out);
        Ok(Blocks { plan: self.plan, kind, out: self.out, count, left: count })
    }
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = Declined;
    type SerializeSeq = Blocks<'a>;
    type SerializeTuple = Impossible<(), Declined>;
    type SerializeTupleStruct = Impossible<(), Declined>;
    type SerializeTupleVariant = Impossible<(), Declined>;
    type SerializeMap = Blocks<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Impossible<(), Declined>;

    #[inline]
    fn serialize_bool(self, value: bool) -> Written {
        if self.kind != Kind::Boolean {
            return Err(Declined);
        }
        self.out.push(u8::from(value));
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Written {
        self.int(i32::from(value))
    }

    fn serialize_i16(self, value: i16) -> Written {
        self.int(i32::from(value))
    }

    #[inline]
    fn serialize_i32(self, value: i32) -> Written {
        self.int(value)
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Written {
        self.long(value)
    }

    fn serialize_u8(self, value: u8) -> Written {
        self.int(i32::from(value))
    }

    fn serialize_u16(self, value: u16) -> Written {
        self.int(i32::from(value))
    }

    fn serialize_u32(self, value: u32) -> Written {
        self.long(i64::from(value))
    }

    fn serialize_u64(self, _value: u64) -> Written {
        Err(Declined)
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Written {
        if self.kind != Kind::Float {
            return Err(Declined);
        }
        self.out.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Written {
        if self.kind != Kind::Double {
            return Err(Declined);
        }
        self.out.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Written {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Written {
        if self.kind != Kind::String {
            return Err(Declined);
        }
        write_bytes(value.as_bytes(), self.out);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Written {
        match self.kind {
            Kind::Bytes => write_bytes(value, self.out),
            Kind::Fixed(size) if size == value.len() => self.out.extend_from_slice(value),
            _ => return Err(Declined),
        }
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Written {
        let Kind::Option { null_branch, .. } = self.kind else { return Err(Declined) };
        write_zigzag(i64::from(null_branch), self.out);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        let Kind::Option { some, null_branch } = self.kind else { return Err(Declined) };
        write_zigzag(i64::from(1 - null_branch), self.out);
        value.serialize(self.inner(some)?)
    }

    fn serialize_unit(self) -> Written {
        if self.kind == Kind::Null { Ok(()) } else { Err(Declined) }
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Written {
        Err(Declined)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Written {
        let Kind::Enum(id) = self.kind else { return Err(Declined) };
        let symbols = self.plan.enums.get(id).ok_or(Declined)?;
        let place = usize::try_from(index).map_err(|_| Declined)?;
        if symbols.get(place).is_none_or(|symbol| symbol != variant) {
            return Err(Declined);
        }
        write_zigzag(i64::from(index), self.out);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _value: &T,
    ) -> Written {
        Err(Declined)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Written {
        Err(Declined)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Blocks<'a>, Declined> {
        let Kind::Array(items) = self.kind else { return Err(Declined) };
        self.blocks(len, items)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple, Declined> {
        Err(Declined)
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleStruct, Declined> {
        Err(Declined)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, Declined> {
        Err(Declined)
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Blocks<'a>, Declined> {
        let Kind::Map(values) = self.kind else { return Err(Declined) };
        self.blocks(len, values)
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Fields<'a>, Declined> {
        let Kind::Record(id) = self.kind else { return Err(Declined) };
        let left = self.plan.records.get(id).ok_or(Declined)?.iter();
        Ok(Fields { plan: self.plan, left, out: self.out })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, Declined> {
        Err(Declined)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The items of an array or the entries of a map, in one block.
struct Blocks<'a> {
    plan: &'a WritePlan,
    kind: Kind,
    out: &'a mut Vec<u8>,
    count: usize,
    left: usize,
}

impl Blocks<'_> {
    #[inline]
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(Encoder { plan: self.plan, kind: self.kind, out: &mut *self.out })
    }

    fn take_one(&mut self) -> Written {
        self.left = self.left.checked_sub(1).ok_or(Declined)?;
        Ok(())
    }

    /// The count of an empty array or map already ended it.
    fn close(self) -> Written {
        if self.left != 0 {
            return Err(Declined);
        }
        if self.count > 0 {
            self.out.push(0);
        }
        Ok(())
    }
}

impl SerializeSeq for Blocks<'_> {
    type Ok = ();
    type Error = Declined;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.take_one()?;
        self.item(value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl SerializeMap for Blocks<'_> {
    type Ok = ();
    type Error = Declined;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.take_one()?;
        key.serialize(Encoder { plan: self.plan, kind: Kind::String, out: &mut *self.out })
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

/// The fields of a record, which come in its order or not at all.
struct Fields<'a> {
    plan: &'a WritePlan,
    /// Those that have not come yet.
    left: std::slice::Iter<'a, WriteField>,
    out: &'a mut Vec<u8>,
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Declined;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        let field = self.left.next().ok_or(Declined)?;
        if !field.is_called(key) {
            return Err(Declined);
        }
        value.serialize(Encoder { plan: self.plan, kind: field.kind, out: &mut *self.out })
    }

    fn skip_field(&mut self, _key: &'static str) -> Written {
        Err(Declined)
    }

    #[inline]
    fn end(self) -> Written {
        if self.left.as_slice().is_empty() { Ok(()) } else { Err(Declined) }
    }
}
