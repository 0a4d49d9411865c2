//! How the types of the standard library stand in Avro.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use serde_json::{Value as Json, json};

use super::super::cursor::Decoded;
use super::super::encode::{Encoded, end_blocks, write_bytes, write_count};
use super::{AvroRead, AvroReader, AvroType, AvroWrite, Defined, nullable};
use crate::wire_format::write_zigzag;

macro_rules! primitive {
    ($type:ty, $name:literal, $read:ident, |$value:ident, $out:ident| $write:expr) => {
        impl AvroType for $type {
            fn schema(_defined: &mut Defined) -> Json {
                $name.into()
            }
        }

        impl AvroWrite for $type {
            #[inline]
            fn write(&self, $out: &mut Vec<u8>) -> Encoded<()> {
                let $value = self;
                $write;
                Ok(())
            }
        }

        impl<'b> AvroRead<'b> for $type {
            #[inline]
            fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
                Ok(reader.$read()?.into())
            }
        }
    };
}

primitive!(bool, "boolean", boolean, |value, out| out.push(u8::from(*value)));
primitive!(i32, "int", int, |value, out| write_zigzag(i64::from(*value), out));
primitive!(i64, "long", long, |value, out| write_zigzag(*value, out));
primitive!(f32, "float", float, |value, out| out.extend_from_slice(&value.to_le_bytes()));
primitive!(f64, "double", double, |value, out| out.extend_from_slice(&value.to_le_bytes()));
primitive!(String, "string", text, |value, out| write_bytes(value.as_bytes(), out));
primitive!(Vec<u8>, "bytes", bytes, |value, out| write_bytes(value, out));

/// Text or bytes that lie in the message.
macro_rules! borrowed {
    ($name:literal, $read:ident, $as_bytes:path, [$($type:ty),*]) => {$(
        impl<'b> AvroType for $type {
            fn schema(_defined: &mut Defined) -> Json {
                $name.into()
            }
        }

        impl<'b> AvroWrite for $type {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
                write_bytes($as_bytes(self), out);
                Ok(())
            }
        }

        impl<'b> AvroRead<'b> for $type {
            #[inline]
            fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
                Ok(reader.$read()?.into())
            }
        }
    )*};
}

borrowed!("string", text, str::as_bytes, [&'b str, Cow<'b, str>]);
borrowed!("bytes", bytes, AsRef::<[u8]>::as_ref, [&'b [u8], Cow<'b, [u8]>]);

/// A union of null, which comes first, and the type.
impl<T: AvroType> AvroType for Option<T> {
    fn schema(defined: &mut Defined) -> Json {
        nullable(T::schema(defined))
    }
}

impl<T: AvroWrite> AvroWrite for Option<T> {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
        write_option(self.as_ref(), out, T::write)
    }
}

impl<'b, T: AvroRead<'b>> AvroRead<'b> for Option<T> {
    #[inline]
    fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
        read_option(reader, T::read)
    }
}

#[inline]
pub(super) fn write_option<T>(
    value: Option<&T>,
    out: &mut Vec<u8>,
    write: impl FnOnce(&T, &mut Vec<u8>) -> Encoded<()>,
) -> Encoded<()> {
    match value {
        None => {
            out.push(0);
            Ok(())
        }
        Some(value) => {
            out.push(2); // branch 1
            write(value, out)
        }
    }
}

#[inline]
pub(super) fn read_option<'b, T>(
    reader: &mut AvroReader<'b>,
    read: impl FnOnce(&mut AvroReader<'b>) -> Decoded<T>,
) -> Decoded<Option<T>> {
    match reader.branch(2)? {
        0 => Ok(None),
        _ => read(reader).map(Some),
    }
}

impl<T: AvroType> AvroType for Box<T> {
    fn schema(defined: &mut Defined) -> Json {
        T::schema(defined)
    }
}

impl<T: AvroWrite> AvroWrite for Box<T> {
    fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
        T::write(self, out)
    }
}

impl<'b, T: AvroRead<'b>> AvroRead<'b> for Box<T> {
    fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
        reader.charge(size_of::<T>())?;
        T::read(reader).map(Self::new)
    }
}

impl<T: AvroType> AvroType for Vec<T> {
    fn schema(defined: &mut Defined) -> Json {
        json!({"type": "array", "items": T::schema(defined)})
    }
}

impl<T: AvroWrite> AvroWrite for Vec<T> {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
        write_items(self, out, T::write)
    }
}

impl<'b, T: AvroRead<'b>> AvroRead<'b> for Vec<T> {
    #[inline]
    fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
        read_items(reader, T::read)
    }
}

#[inline]
pub(super) fn write_items<T>(
    items: &[T],
    out: &mut Vec<u8>,
    write: impl Fn(&T, &mut Vec<u8>) -> Encoded<()>,
) -> Encoded<()> {
    write_count(items.len(), out);
    for item in items {
        write(item, out)?;
    }
    end_blocks(items.len(), out);
    Ok(())
}

#[inline]
pub(super) fn read_items<'b, T>(
    reader: &mut AvroReader<'b>,
    read: impl Fn(&mut AvroReader<'b>) -> Decoded<T>,
) -> Decoded<Vec<T>> {
    let mut items = Vec::new();
    // Whatever takes no memory is counted all the same, for it takes time.
    reader.blocks(size_of::<T>().max(1), |reader, left| {
        if items.len() == items.capacity() {
            items.reserve(left);
        }
        items.push(read(reader)?);
        Ok(())
    })?;
    Ok(items)
}

/// The key of a map, which is a string to Avro.
pub trait AvroKey<'b>: From<&'b str> {}

impl AvroKey<'_> for String {}
impl<'b> AvroKey<'b> for &'b str {}
impl<'b> AvroKey<'b> for Cow<'b, str> {}

#[inline]
pub(super) fn write_entries<'m, K, V, M>(
    entries: M,
    out: &mut Vec<u8>,
    write: impl Fn(&V, &mut Vec<u8>) -> Encoded<()>,
) -> Encoded<()>
where
    K: AsRef<str> + 'm,
    V: 'm,
    M: IntoIterator<Item = (&'m K, &'m V), IntoIter: ExactSizeIterator>,
{
    let entries = entries.into_iter();
    let count = entries.len();
    write_count(count, out);
    for (key, value) in entries {
        write_bytes(key.as_ref().as_bytes(), out);
        write(value, out)?;
    }
    end_blocks(count, out);
    Ok(())
}

impl<K: AsRef<str>, V: AvroType, S> AvroType for HashMap<K, V, S> {
    fn schema(defined: &mut Defined) -> Json {
        json!({"type": "map", "values": V::schema(defined)})
    }
}

impl<K: AsRef<str>, V: AvroWrite, S> AvroWrite for HashMap<K, V, S> {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
        write_entries(self, out, V::write)
    }
}

impl<'b, K, V, S> AvroRead<'b> for HashMap<K, V, S>
where
    K: AsRef<str> + AvroKey<'b> + Eq + Hash,
    V: AvroRead<'b>,
    S: BuildHasher + Default,
{
    #[inline]
    fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
        read_unsorted(reader, V::read)
    }
}

#[inline]
pub(super) fn read_unsorted<'b, K, V, S>(
    reader: &mut AvroReader<'b>,
    read: impl Fn(&mut AvroReader<'b>) -> Decoded<V>,
) -> Decoded<HashMap<K, V, S>>
where
    K: AvroKey<'b> + Eq + Hash,
    S: BuildHasher + Default,
{
    let mut entries = HashMap::default();
    reader.blocks(size_of::<(K, V)>(), |reader, left| {
        if entries.len() == entries.capacity() {
            entries.reserve(left);
        }
        let key = K::from(reader.text()?);
        entries.insert(key, read(reader)?);
        Ok(())
    })?;
    Ok(entries)
}

impl<K: AsRef<str>, V: AvroType> AvroType for BTreeMap<K, V> {
    fn schema(defined: &mut Defined) -> Json {
        json!({"type": "map", "values": V::schema(defined)})
    }
}

impl<K: AsRef<str>, V: AvroWrite> AvroWrite for BTreeMap<K, V> {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
        write_entries(self, out, V::write)
    }
}

impl<'b, K, V> AvroRead<'b> for BTreeMap<K, V>
where
    K: AsRef<str> + AvroKey<'b> + Ord,
    V: AvroRead<'b>,
{
    #[inline]
    fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
        read_sorted(reader, V::read)
    }
}

#[inline]
pub(super) fn read_sorted<'b, K, V>(
    reader: &mut AvroReader<'b>,
    read: impl Fn(&mut AvroReader<'b>) -> Decoded<V>,
) -> Decoded<BTreeMap<K, V>>
where
    K: AvroKey<'b> + Ord,
{
    let mut entries = BTreeMap::new();
    reader.blocks(size_of::<(K, V)>(), |reader, _| {
        let key = K::from(reader.text()?);
        entries.insert(key, read(reader)?);
        Ok(())
    })?;
    Ok(entries)
}
