//! How decimals stand in `bytes`: their digits as one number, in two's complement, big-endian.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use serde_json::{Value as Json, json};

use super::super::cursor::Decoded;
use super::super::encode::{Encoded, write_bytes};
#[cfg(feature = "rust_decimal")]
use super::logical::invalid;
use super::types::{
    read_items, read_option, read_sorted, read_unsorted, write_entries, write_items, write_option,
};
use super::{AvroReader, decimal, nullable};

/// A type that stands for a `decimal` of some precision and scale, or holds such, as
/// `#[avro(decimal(precision = 9, scale = 2))]` asks of it.
pub trait AvroDecimal: Sized {
    /// The schema; that of a decimal, unless the type only holds some.
    fn decimal_schema(precision: u32, scale: u32) -> Json {
        decimal("bytes".into(), precision, scale)
    }

    /// Appends the value.
    fn write_decimal(&self, precision: u32, scale: u32, out: &mut Vec<u8>) -> Encoded<()>;

    /// Reads a value that was so written.
    fn read_decimal(reader: &mut AvroReader<'_>, scale: u32) -> Decoded<Self>;
}

/// The digits as they stand in the message.
impl AvroDecimal for Vec<u8> {
    fn write_decimal(&self, _precision: u32, _scale: u32, out: &mut Vec<u8>) -> Encoded<()> {
        write_bytes(self, out);
        Ok(())
    }

    fn read_decimal(reader: &mut AvroReader<'_>, _scale: u32) -> Decoded<Self> {
        Ok(reader.bytes()?.to_vec())
    }
}

#[cfg(feature = "rust_decimal")]
impl AvroDecimal for rust_decimal::Decimal {
    fn write_decimal(&self, precision: u32, scale: u32, out: &mut Vec<u8>) -> Encoded<()> {
        use crate::error::{EncodeError, EncodeKind};
        let misfit = || {
            let reason = format!("{self} does not fit a decimal({precision}, {scale})");
            Box::new(EncodeError::new("AVRO", EncodeKind::Other(reason)))
        };
        let mut scaled = *self;
        scaled.rescale(scale);
        let is_exact = scaled == *self && scaled.scale() == scale;
        let fits = |digits: i128| {
            10u128.checked_pow(precision).is_none_or(|bound| digits.unsigned_abs() < bound)
        };
        let digits = Some(scaled.mantissa()).filter(|&digits| is_exact && fits(digits));
        let digits = digits.ok_or_else(misfit)?.to_be_bytes();
        // Leading bytes that only repeat the sign say nothing.
        let says_nothing = |at: usize| match (digits[at], digits[at + 1]) {
            (0, next) => next < 0x80,
            (0xff, next) => next >= 0x80,
            _ => false,
        };
        let start = (0..digits.len() - 1).take_while(|&at| says_nothing(at)).count();
        write_bytes(&digits[start..], out);
        Ok(())
    }

    fn read_decimal(reader: &mut AvroReader<'_>, scale: u32) -> Decoded<Self> {
        let bytes = reader.bytes()?;
        let is_negative = bytes.first().is_some_and(|&byte| byte >= 0x80);
        let mut digits = [if is_negative { 0xff } else { 0 }; 16];
        let Some(start) = digits.len().checked_sub(bytes.len()) else {
            return Err(invalid(reader, "decimal", &"it has more than 16 bytes of digits"));
        };
        digits[start..].copy_from_slice(bytes);
        let digits = i128::from_be_bytes(digits);
        Self::try_from_i128_with_scale(digits, scale)
            .map_err(|error| invalid(reader, "decimal", &error))
    }
}

impl<T: AvroDecimal> AvroDecimal for Option<T> {
    fn decimal_schema(precision: u32, scale: u32) -> Json {
        nullable(T::decimal_schema(precision, scale))
    }

    fn write_decimal(&self, precision: u32, scale: u32, out: &mut Vec<u8>) -> Encoded<()> {
        write_option(self.as_ref(), out, |value, out| value.write_decimal(precision, scale, out))
    }

    fn read_decimal(reader: &mut AvroReader<'_>, scale: u32) -> Decoded<Self> {
        read_option(reader, |reader| T::read_decimal(reader, scale))
    }
}

impl<T: AvroDecimal> AvroDecimal for Vec<T> {
    fn decimal_schema(precision: u32, scale: u32) -> Json {
        json!({"type": "array", "items": T::decimal_schema(precision, scale)})
    }

    fn write_decimal(&self, precision: u32, scale: u32, out: &mut Vec<u8>) -> Encoded<()> {
        write_items(self, out, |item, out| item.write_decimal(precision, scale, out))
    }

    fn read_decimal(reader: &mut AvroReader<'_>, scale: u32) -> Decoded<Self> {
        read_items(reader, |reader| T::read_decimal(reader, scale))
    }
}

impl<T: AvroDecimal> AvroDecimal for BTreeMap<String, T> {
    fn decimal_schema(precision: u32, scale: u32) -> Json {
        json!({"type": "map", "values": T::decimal_schema(precision, scale)})
    }

    fn write_decimal(&self, precision: u32, scale: u32, out: &mut Vec<u8>) -> Encoded<()> {
        write_entries(self, out, |value, out| value.write_decimal(precision, scale, out))
    }

    fn read_decimal(reader: &mut AvroReader<'_>, scale: u32) -> Decoded<Self> {
        read_sorted(reader, |reader| T::read_decimal(reader, scale))
    }
}

impl<T: AvroDecimal, S: BuildHasher + Default> AvroDecimal for HashMap<String, T, S> {
    fn decimal_schema(precision: u32, scale: u32) -> Json {
        json!({"type": "map", "values": T::decimal_schema(precision, scale)})
    }

    fn write_decimal(&self, precision: u32, scale: u32, out: &mut Vec<u8>) -> Encoded<()> {
        write_entries(self, out, |value, out| value.write_decimal(precision, scale, out))
    }

    fn read_decimal(reader: &mut AvroReader<'_>, scale: u32) -> Decoded<Self> {
        read_unsorted(reader, |reader| T::read_decimal(reader, scale))
    }
}
