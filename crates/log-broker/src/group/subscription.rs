//! The topics in a `consumer` protocol subscription, the one part of a member's metadata that a
//! broker looks into.
//!
//! ```text
//! version i16 · topics [string] · user_data bytes? · (v1) owned partitions · (v2) generation · …
//! ```
//! Only the leading fields are read, so every version, past or future, parses alike.

use std::collections::BTreeSet;

use bytes::{Buf, Bytes};

/// `None` when the bytes are not a subscription; then any topic may be subscribed.
pub(crate) fn topics(metadata: &Bytes) -> Option<BTreeSet<String>> {
    let mut rest = metadata.as_ref();
    let _version = rest.try_get_i16().ok()?;
    let count = usize::try_from(rest.try_get_i32().ok()?).ok()?;
    // A topic takes two bytes at least: a false count ends the loop, it allocates nothing.
    (0..count).map(|_| string(&mut rest)).collect()
}

fn string(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(rest.try_get_i16().ok()?).ok()?;
    let (text, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn topics_are_read_whatever_follows_them() {
        let plain = Bytes::from_static(b"\x00\x00\x00\x00\x00\x02\x00\x01a\x00\x02bc");
        let longer =
            Bytes::from_static(b"\x00\x03\x00\x00\x00\x01\x00\x01a\xff\xff\xff\xff\x00\x07");
        assert_eq!(topics(&plain), Some(set(&["a", "bc"])));
        assert_eq!(topics(&longer), Some(set(&["a"])));
    }

    #[test]
    fn an_empty_subscription_names_no_topic() {
        assert_eq!(topics(&Bytes::from_static(b"\x00\x00\x00\x00\x00\x00")), Some(set(&[])));
    }

    #[test]
    fn bytes_that_are_no_subscription_give_none() {
        for foreign in [
            &b""[..],
            b"\x00",
            b"\x00\x00\x7f\xff\xff\xff\x00\x01a",
            b"\x00\x00\xff\xff\xff\xff",
            b"\x00\x00\x00\x00\x00\x01\xff\xff",
            b"\x00\x00\x00\x00\x00\x01\x00\x01\xff",
        ] {
            assert_eq!(topics(&Bytes::copy_from_slice(foreign)), None, "{foreign:?}");
        }
    }
}
