//! Checks a value against a [`Shape`] while any deserializer reads it.
//!
//! As in `checked_write.rs`, an error says nothing: the validator then judges the tree.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::shape::{Is, Place, Progress, Shape};

/// Reads what `seed` reads, checked.
pub(super) struct Checked<'s, T> {
    pub(super) shape: &'s Shape,
    pub(super) place: Place,
    pub(super) inner: T,
}

#[cold]
fn declined<E: Error>() -> E {
    E::custom("declined")
}

impl<T> Checked<'_, T> {
    #[inline]
    fn expect<E: Error>(&self, is: Is) -> Result<(), E> {
        if self.shape.takes(self.place, is) { Ok(()) } else { Err(declined()) }
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Checked<'_, T> {
    type Value = T::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        let Self { shape, place, inner } = self;
        match place {
            None => inner.deserialize(deserializer),
            place => inner.deserialize(Checked { shape, place, inner: deserializer }),
        }
    }
}

/// Methods that only put the check between deserializer and visitor.
macro_rules! visited {
    ($($method:ident($($argument:ident: $type:ty),*)),* $(,)?) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            let Self { shape, place, inner } = self;
            inner.$method($($argument,)* Checked { shape, place, inner: visitor })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Checked<'_, D> {
    type Error = D::Error;

    visited! {
        deserialize_any(), deserialize_bool(), deserialize_i8(), deserialize_i16(),
        deserialize_i32(), deserialize_i64(), deserialize_i128(), deserialize_u8(),
        deserialize_u16(), deserialize_u32(), deserialize_u64(), deserialize_u128(),
        deserialize_f32(), deserialize_f64(), deserialize_char(), deserialize_str(),
        deserialize_string(), deserialize_bytes(), deserialize_byte_buf(), deserialize_option(),
        deserialize_unit(), deserialize_unit_struct(name: &'static str), deserialize_seq(),
        deserialize_tuple(len: usize), deserialize_tuple_struct(name: &'static str, len: usize),
        deserialize_map(), deserialize_identifier(),
        deserialize_struct(name: &'static str, fields: &'static [&'static str]),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]),
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        // Such names make `serde_json` give text instead of what it says.
        if name.starts_with("$serde_json") {
            return Err(declined());
        }
        let Self { shape, place, inner } = self;
        inner.deserialize_newtype_struct(name, Checked { shape, place, inner: visitor })
    }

    /// What the type ignores is checked all the same, so it must be looked at.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Methods that check a type and hand the value on.
macro_rules! checked {
    ($($method:ident($type:ty) as $is:ident),* $(,)?) => {$(
        #[inline]
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.expect(Is::$is)?;
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Checked<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(f)
    }

    checked! {
        visit_bool(bool) as Boolean,
        visit_i64(i64) as Integer, visit_u64(u64) as Integer,
        visit_f64(f64) as Fraction,
        visit_str(&str) as String, visit_borrowed_str(&'de str) as String,
        visit_string(String) as String,
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.expect(Is::Null)?;
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.expect(Is::Null)?;
        self.inner.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let Self { shape, place, inner } = self;
        inner.visit_some(Checked { shape, place, inner: deserializer })
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        let Self { shape, place, inner } = self;
        inner.visit_newtype_struct(Checked { shape, place, inner: deserializer })
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.expect(Is::Array)?;
        let place = self.shape.items(self.place);
        self.inner.visit_seq(Checked { shape: self.shape, place, inner: access })
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.expect(Is::Object)?;
        let progress = self.shape.progress(self.place).ok_or_else(declined)?;
        let mut entries = Entries { shape: self.shape, progress, place: None, access };
        let value = self.inner.visit_map(&mut entries)?;
        if entries.progress.is_complete() { Ok(value) } else { Err(declined()) }
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Checked<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let seed = Checked { shape: self.shape, place: self.place, inner: seed };
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The properties of an object.
struct Entries<'s, A> {
    shape: &'s Shape,
    progress: Progress<'s>,
    /// Where the value stands whose key was read.
    place: Place,
    access: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for &mut Entries<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let Entries { progress, place, access, .. } = &mut **self;
        access.next_key_seed(Key { progress, place, inner: seed })
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = Checked { shape: self.shape, place: self.place, inner: seed };
        self.access.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.access.size_hint()
    }
}

/// Listens to a key and finds the place of its value.
struct Key<'p, 's, T> {
    progress: &'p mut Progress<'s>,
    place: &'p mut Place,
    inner: T,
}

impl<T> Key<'_, '_, T> {
    #[inline]
    fn find<E: Error>(&mut self, name: &str) -> Result<(), E> {
        *self.place = self.progress.property(name).ok_or_else(declined)?;
        Ok(())
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<'_, '_, T> {
    type Value = T::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        let Self { progress, place, inner } = self;
        inner.deserialize(Key { progress, place, inner: deserializer })
    }
}

/// Keys of JSON are text, whatever the type asks for; only those that it asks for as text, or as
/// the name of a field, go this way.
impl<'de, D: Deserializer<'de>> Deserializer<'de> for Key<'_, '_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { progress, place, inner } = self;
        inner.deserialize_any(Key { progress, place, inner: visitor })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Key<'_, '_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(f)
    }

    #[inline]
    fn visit_str<E: Error>(mut self, key: &str) -> Result<V::Value, E> {
        self.find(key)?;
        self.inner.visit_str(key)
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(mut self, key: &'de str) -> Result<V::Value, E> {
        self.find(key)?;
        self.inner.visit_borrowed_str(key)
    }
}
