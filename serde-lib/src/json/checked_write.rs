//! Checks a value against a [`Shape`] while any serializer writes it.
//!
//! What the shape does not take is an error without words, and so is a value whose JSON is not
//! known before it is written; the validator then says what is wrong with its tree, if anything.

use serde::ser::{
    Error, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer,
};

use super::shape::{Is, Place, Progress, Shape};

/// A value that is checked when it is written.
pub(super) struct Checked<'s, T: ?Sized> {
    pub(super) shape: &'s Shape,
    pub(super) place: Place,
    pub(super) value: &'s T,
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, inner: S) -> Result<S::Ok, S::Error> {
        match self.place {
            None => self.value.serialize(inner),
            place => self.value.serialize(Checking { shape: self.shape, place, inner }),
        }
    }
}

struct Checking<'s, S> {
    shape: &'s Shape,
    place: Place,
    inner: S,
}

#[cold]
fn declined<E: Error>() -> E {
    E::custom("declined")
}

impl<S: Serializer> Checking<'_, S> {
    #[inline]
    fn expect(&self, is: Is) -> Result<(), S::Error> {
        if self.shape.takes(self.place, is) { Ok(()) } else { Err(declined()) }
    }
}

/// Methods that check a type and hand the value on.
macro_rules! checked {
    ($($method:ident($type:ty) as $is:ident),*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            self.expect(Is::$is)?;
            self.inner.$method(value)
        }
    )*};
}

impl<'s, S: Serializer> Serializer for Checking<'s, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Items<'s, S::SerializeSeq>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = Entries<'s, S::SerializeMap>;
    type SerializeStruct = Entries<'s, S::SerializeStruct>;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    checked! {
        serialize_bool(bool) as Boolean,
        serialize_i8(i8) as Integer, serialize_i16(i16) as Integer,
        serialize_i32(i32) as Integer, serialize_i64(i64) as Integer,
        serialize_u8(u8) as Integer, serialize_u16(u16) as Integer,
        serialize_u32(u32) as Integer, serialize_u64(u64) as Integer,
        serialize_char(char) as String, serialize_str(&str) as String
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.expect(if value.is_finite() { Is::Fraction } else { Is::Null })?;
        self.inner.serialize_f32(value)
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.expect(if value.is_finite() { Is::Fraction } else { Is::Null })?;
        self.inner.serialize_f64(value)
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<S::Ok, S::Error> {
        Err(declined())
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.expect(Is::Null)?;
        self.inner.serialize_none()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Checked { shape: self.shape, place: self.place, value })
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.expect(Is::Null)?;
        self.inner.serialize_unit()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        self.expect(Is::Null)?;
        self.inner.serialize_unit_struct(name)
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.expect(Is::String)?;
        self.inner.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        // Such names make `serde_json` write text as if it were JSON.
        if name.starts_with("$serde_json") {
            return Err(declined());
        }
        let value = Checked { shape: self.shape, place: self.place, value };
        self.inner.serialize_newtype_struct(name, &value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<S::Ok, S::Error> {
        Err(declined())
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.expect(Is::Array)?;
        let place = self.shape.items(self.place);
        Ok(Items { shape: self.shape, place, inner: self.inner.serialize_seq(len)? })
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple, S::Error> {
        Err(declined())
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        Err(declined())
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        Err(declined())
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.expect(Is::Object)?;
        let progress = self.shape.progress(self.place).ok_or_else(declined)?;
        let inner = self.inner.serialize_map(len)?;
        Ok(Entries { shape: self.shape, progress, place: None, inner })
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        if name.starts_with("$serde_json") {
            return Err(declined());
        }
        self.expect(Is::Object)?;
        let progress = self.shape.progress(self.place).ok_or_else(declined)?;
        let inner = self.inner.serialize_struct(name, len)?;
        Ok(Entries { shape: self.shape, progress, place: None, inner })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        Err(declined())
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

struct Items<'s, S> {
    shape: &'s Shape,
    place: Place,
    inner: S,
}

impl<S: SerializeSeq> SerializeSeq for Items<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let (shape, place) = (self.shape, self.place);
        self.inner.serialize_element(&Checked { shape, place, value })
    }

    #[inline]
    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}

/// The properties of an object, out of a struct or a map.
struct Entries<'s, S> {
    shape: &'s Shape,
    progress: Progress<'s>,
    /// Where the value stands whose key was written.
    place: Place,
    inner: S,
}

impl<S: SerializeStruct> SerializeStruct for Entries<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        let place = self.progress.property(key).ok_or_else(declined)?;
        self.inner.serialize_field(key, &Checked { shape: self.shape, place, value })
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
        self.inner.skip_field(key)
    }

    #[inline]
    fn end(self) -> Result<S::Ok, S::Error> {
        if !self.progress.is_complete() {
            return Err(declined());
        }
        self.inner.end()
    }
}

impl<S: SerializeMap> SerializeMap for Entries<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        let found = key.serialize(Key(&mut self.progress));
        self.place = found.map_err(|NoText| declined())?;
        self.inner.serialize_key(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.inner.serialize_value(&Checked { shape: self.shape, place: self.place, value })
    }

    #[inline]
    fn end(self) -> Result<S::Ok, S::Error> {
        if !self.progress.is_complete() {
            return Err(declined());
        }
        self.inner.end()
    }
}

/// Finds the place of the property that a key names.
struct Key<'p, 's>(&'p mut Progress<'s>);

/// A key that is no text, or no property that may be there.
#[derive(Debug, thiserror::Error)]
#[error("declined")]
struct NoText;

impl Error for NoText {
    fn custom<T: std::fmt::Display>(_message: T) -> Self {
        Self
    }
}

/// Methods of keys that are no text.
macro_rules! no_text {
    ($($method:ident($($type:ty),*) -> $result:ty),* $(,)?) => {$(
        fn $method(self, $(_: $type),*) -> Result<$result, NoText> {
            Err(NoText)
        }
    )*};
}

type Never = Impossible<Place, NoText>;

impl Serializer for Key<'_, '_> {
    type Ok = Place;
    type Error = NoText;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    #[inline]
    fn serialize_str(self, key: &str) -> Result<Place, NoText> {
        self.0.property(key).ok_or(NoText)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> Result<Place, NoText> {
        Err(NoText)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _value: &T,
    ) -> Result<Place, NoText> {
        Err(NoText)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<Place, NoText> {
        Err(NoText)
    }

    no_text! {
        serialize_bool(bool) -> Place, serialize_i8(i8) -> Place, serialize_i16(i16) -> Place,
        serialize_i32(i32) -> Place, serialize_i64(i64) -> Place, serialize_u8(u8) -> Place,
        serialize_u16(u16) -> Place, serialize_u32(u32) -> Place, serialize_u64(u64) -> Place,
        serialize_f32(f32) -> Place, serialize_f64(f64) -> Place, serialize_char(char) -> Place,
        serialize_bytes(&[u8]) -> Place, serialize_none() -> Place, serialize_unit() -> Place,
        serialize_unit_struct(&'static str) -> Place,
        serialize_unit_variant(&'static str, u32, &'static str) -> Place,
        serialize_seq(Option<usize>) -> Never, serialize_tuple(usize) -> Never,
        serialize_tuple_struct(&'static str, usize) -> Never,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never,
        serialize_map(Option<usize>) -> Never, serialize_struct(&'static str, usize) -> Never,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never,
    }
}
