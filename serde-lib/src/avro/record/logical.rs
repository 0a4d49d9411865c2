//! How types of other crates stand for Avro's logical types.

use serde_json::Value as Json;
use uuid::Uuid;

use super::super::cursor::Decoded;
use super::super::encode::{Encoded, write_bytes};
use super::{AvroRead, AvroReader, AvroType, AvroWrite, Defined, logical};
use crate::error::{DecodeError, DecodeKind};

#[cold]
#[expect(clippy::unnecessary_box_returns, reason = "as every error of the decoder is")]
pub(super) fn invalid(
    reader: &AvroReader<'_>,
    logical: &'static str,
    reason: &impl ToString,
) -> Box<DecodeError> {
    reader.error(DecodeKind::InvalidLogicalValue { logical, reason: reason.to_string() })
}

impl AvroType for Uuid {
    fn schema(_defined: &mut Defined) -> Json {
        logical("string".into(), "uuid")
    }
}

impl AvroWrite for Uuid {
    fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
        write_bytes(self.hyphenated().encode_lower(&mut Self::encode_buffer()).as_bytes(), out);
        Ok(())
    }
}

impl<'b> AvroRead<'b> for Uuid {
    fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
        let text = reader.text()?;
        Self::try_parse(text).map_err(|error| invalid(reader, "uuid", &error))
    }
}

/// Types with a whole number on the wire.
#[cfg(any(feature = "chrono", feature = "jiff"))]
macro_rules! numbered {
    ($type:ty, $base:literal, $logical:literal, $read:ident,
        |$value:ident| $number:expr, |$raw:ident| $parse:expr) => {
        impl AvroType for $type {
            fn schema(_defined: &mut Defined) -> Json {
                logical($base.into(), $logical)
            }
        }

        impl AvroWrite for $type {
            fn write(&self, out: &mut Vec<u8>) -> Encoded<()> {
                let $value = self;
                crate::wire_format::write_zigzag($number, out);
                Ok(())
            }
        }

        impl<'b> AvroRead<'b> for $type {
            fn read(reader: &mut AvroReader<'b>) -> Decoded<Self> {
                let $raw = reader.$read()?;
                let parsed: Option<$type> = $parse;
                parsed
                    .ok_or_else(|| invalid(reader, $logical, &format!("{} is out of range", $raw)))
            }
        }
    };
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

    #[allow(
        clippy::wildcard_imports,
        reason = "a part of the file that a feature switches on"
    )]
    use super::*;

    const NANOS_PER_MICRO: u32 = 1_000;
    const MICROS_PER_SECOND: i64 = 1_000_000;

    numbered!(
        DateTime<Utc>,
        "long",
        "timestamp-micros",
        long,
        |value| value.timestamp_micros(),
        |raw| Self::from_timestamp_micros(raw)
    );
    numbered!(
        NaiveDateTime,
        "long",
        "local-timestamp-micros",
        long,
        |value| value.and_utc().timestamp_micros(),
        |raw| DateTime::from_timestamp_micros(raw).map(|time| time.naive_utc())
    );
    numbered!(
        NaiveDate,
        "int",
        "date",
        int,
        |value| (*value - NaiveDate::default()).num_days(),
        |raw| match Days::new(u64::from(raw.unsigned_abs())) {
            days if raw < 0 => Self::default().checked_sub_days(days),
            days => Self::default().checked_add_days(days),
        }
    );
    numbered!(
        NaiveTime,
        "long",
        "time-micros",
        long,
        |value| i64::from(value.num_seconds_from_midnight()) * MICROS_PER_SECOND
            + i64::from(value.nanosecond() / NANOS_PER_MICRO),
        |raw| {
            let seconds = u32::try_from(raw.div_euclid(MICROS_PER_SECOND)).ok();
            let micros = u32::try_from(raw.rem_euclid(MICROS_PER_SECOND)).unwrap_or_default();
            seconds.and_then(|seconds| {
                Self::from_num_seconds_from_midnight_opt(seconds, micros * NANOS_PER_MICRO)
            })
        }
    );
}

#[cfg(feature = "jiff")]
mod of_jiff {
    use jiff::civil::{Date, Time};
    use jiff::{SignedDuration, Timestamp};

    #[allow(
        clippy::wildcard_imports,
        reason = "a part of the file that a feature switches on"
    )]
    use super::*;

    const EPOCH: Date = Date::constant(1970, 1, 1);

    numbered!(Timestamp, "long", "timestamp-micros", long, |value| value.as_microsecond(), |raw| {
        Self::from_microsecond(raw).ok()
    });
    numbered!(Date, "int", "date", int, |value| i64::from((*value - EPOCH).get_days()), |raw| {
        let span = jiff::Span::new().try_days(raw).ok();
        span.and_then(|span| EPOCH.checked_add(span).ok())
    });
    numbered!(
        Time,
        "long",
        "time-micros",
        long,
        |value| {
            let micros = value.duration_since(Time::midnight()).as_micros();
            i64::try_from(micros).unwrap_or(i64::MAX)
        },
        |raw| Self::midnight().checked_add(SignedDuration::from_micros(raw)).ok()
    );
}
