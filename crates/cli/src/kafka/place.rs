//! Places in a partition as people say them: `earliest`, an offset, `-5`, a time.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDate, NaiveTime};

/// What places are called, for help and errors.
pub(super) const PLACES: &str = "earliest, latest, an offset, +N or -N, a time such as \
                                 2026-11-27T08:00:00Z or 2026-11-27 (UTC), or how long ago, such as \
                                 90s, 15m, 2h, 7d";

/// A place in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Earliest,
    Latest,
    Offset(i64),
    /// So many records on from a place that the command knows; back below 0.
    Shift(i64),
    /// Milliseconds since the epoch.
    TimeMs(i64),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "earliest" => return Ok(Self::Earliest),
            "latest" => return Ok(Self::Latest),
            _ => {}
        }
        if let Ok(number) = text.parse() {
            let is_shift = text.starts_with(['+', '-']);
            return Ok(if is_shift { Self::Shift(number) } else { Self::Offset(number) });
        }
        time_ms(text)
            .map(Self::TimeMs)
            .ok_or_else(|| format!("'{text}' is no place in a partition; it takes {PLACES}"))
    }
}

fn time_ms(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis());
    }
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let ago = Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?);
    milliseconds(SystemTime::now().checked_sub(ago)?)
}

/// Milliseconds since the epoch.
pub(super) fn milliseconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_people_say_them() {
        let known = [
            ("earliest", Place::Earliest),
            ("latest", Place::Latest),
            ("42", Place::Offset(42)),
            ("-5", Place::Shift(-5)),
            ("+5", Place::Shift(5)),
            ("1970-01-02", Place::TimeMs(86_400_000)),
            ("1970-01-01T01:00:00.5+01:00", Place::TimeMs(500)),
        ];
        for (text, place) in known {
            assert_eq!(text.parse(), Ok(place), "{text}");
        }
        for text in ["", "soon", "5w", "é", "2026-13-01"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn how_long_ago_is_told_from_now() {
        let before = milliseconds(SystemTime::now()).unwrap();
        let Ok(Place::TimeMs(time)) = "2h".parse() else { panic!("a time") };
        let after = milliseconds(SystemTime::now()).unwrap();
        assert!((before - 7_200_000..=after - 7_200_000).contains(&time), "{time}");
    }
}
