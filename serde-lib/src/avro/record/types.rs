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
        match self {
            None => {
                out.push(0);
                Ok(())
            }
            Some(value) => {
                out.push(2); // branch 1
                value.write(out)
            }
        }
    }
}

impl<'b, T: AvroRead<'b>> AvroRead<'b> for Option<T> {
    #[inline]
    fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
        match reader.branch(2)? {
            0 => Ok(None),
            _ => T::read(reader).map(Some),
        }
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
        write_count(self.len(), out);
        for item in self {
            item.write(out)?;
        }
        end_blocks(self.len(), out);
        Ok(())
    }
}

impl<'b, T: AvroRead<'b>> AvroRead<'b> for Vec<T> {
    #[inline]
    fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
        let mut items = Self::new();
        // Whatever takes no memory is counted all the same, for it takes time.
        reader.blocks(size_of::<T>().max(1), |reader, left| {
            if items.len() == items.capacity() {
                items.reserve(left);
            }
            items.push(T::read(reader)?);
            Ok(())
        })?;
        Ok(items)
    }
}

/// The key of a map, which is a string to Avro.
pub trait AvroKey<'b>: From<&'b str> {}

impl AvroKey<'_> for String {}
impl<'b> AvroKey<'b> for &'b str {}
impl<'b> AvroKey<'b> for Cow<'b, str> {}

macro_rules! map {
    ($map:ident, [$($hasher:ident)?], [$($read_bound:path),*],
        |$entries:ident, $left:ident| $reserve:expr) => {
        impl<K: AsRef<str>, V: AvroType, $($hasher)?> AvroType for $map<K, V, $($hasher)?> {
            fn schema(defined: &mut Defined) -> Json {
                json!({"type": "map", "values": V::schema(defined)})
            }
        }

        impl<K: AsRef<str>, V: AvroWrite, $($hasher)?> AvroWrite for $map<K, V, $($hasher)?> {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
                write_count(self.len(), out);
                #[allow(clippy::iter_over_hash_type, reason = "entries of a map have no order")]
                for (key, value) in self {
                    write_bytes(key.as_ref().as_bytes(), out);
                    value.write(out)?;
                }
                end_blocks(self.len(), out);
                Ok(())
            }
        }

        impl<'b, K, V, $($hasher)?> AvroRead<'b> for $map<K, V, $($hasher)?>
        where
            K: AsRef<str> + AvroKey<'b> $(+ $read_bound)*,
            V: AvroRead<'b>,
            $($hasher: BuildHasher + Default,)?
        {
            #[inline]
            #[allow(clippy::no_effect, reason = "not every map can be given room")]
            fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
                let mut $entries = Self::default();
                reader.blocks(size_of::<(K, V)>(), |reader, $left| {
                    $reserve;
                    let key = K::from(reader.text()?);
                    $entries.insert(key, V::read(reader)?);
                    Ok(())
                })?;
                Ok($entries)
            }
        }
    };
}

map!(HashMap, [S], [Eq, Hash], |entries, left| if entries.len() == entries.capacity() {
    entries.reserve(left);
});
map!(BTreeMap, [], [Ord], |entries, _left| ());
