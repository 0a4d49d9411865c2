//! The order in which the reference meets the members of an object.
//!
//! It keeps them in Java hash maps. In the newer dialects what becomes of a list of types depends
//! on whether its keywords come before or after `type`; in the older ones the order decides which
//! of two schemas that refer to each other is loaded first. The names of properties are compared in
//! the order of a hash set.

use smol_str::SmolStr;

use crate::json_text::{Member, Object};

/// The members of the schema itself (not those of references) in the newer dialects: as a
/// `java.util.HashMap` filled in written order walks them, by bucket, and in a bucket as they came.
pub(super) fn hash_order(object: &Object) -> Vec<&Member> {
    let mut members: Vec<&Member> = object.iter().collect();
    walk(&mut members, 16);
    members
}

/// The members in the older dialects: read into one such map, then copied to one of their size.
pub(super) fn copied_hash_order(object: &Object) -> Vec<&Member> {
    let mut members = hash_order(object);
    walk(&mut members, object.len().next_power_of_two());
    members
}

/// The names of both sides, each once, as a `java.util.HashSet` walks them that was made of the one
/// side and then filled with the other. Both come sorted; in a bucket they stay so.
pub(super) fn hash_order_of_both<'n>(
    first: impl ExactSizeIterator<Item = &'n SmolStr>,
    second: impl Iterator<Item = &'n SmolStr>,
) -> Vec<&'n SmolStr> {
    // Such a set begins large enough to hold the first side at three quarters.
    let room = (first.len() * 4 / 3 + 1).max(16).next_power_of_two();
    let mut names: Vec<&SmolStr> = first.chain(second).collect();
    names.sort_unstable();
    names.dedup();
    let mask = bucket_mask(names.len(), room);
    names.sort_by_cached_key(|name| bucket(name, mask));
    names
}

fn walk(members: &mut [&Member], initial_capacity: usize) {
    let mask = bucket_mask(members.len(), initial_capacity);
    members.sort_by_key(|member| bucket(&member.key, mask));
}

/// What of a hash chooses the bucket in a table that grew to hold `count` entries.
fn bucket_mask(count: usize, initial_capacity: usize) -> u32 {
    let mut capacity = initial_capacity;
    while count * 4 > capacity * 3 {
        capacity *= 2;
    }
    u32::try_from(capacity - 1).unwrap_or(u32::MAX)
}

fn bucket(key: &str, mask: u32) -> u32 {
    let hash = string_hash(key);
    (hash ^ (hash >> 16)) & mask
}

/// `String.hashCode()`.
fn string_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

#[cfg(test)]
mod tests {
    use super::{hash_order, string_hash};
    use crate::Limits;
    use crate::json_text::{Dialect, read};

    #[test]
    fn hashes_as_java_does() {
        assert_eq!(string_hash("type"), 3_575_610);
        assert_eq!(string_hash("minLength"), 4_276_045_784);
    }

    #[test]
    fn members_come_by_bucket_however_written() {
        for text in [
            r#"{"type":1,"minLength":2,"minimum":3,"$schema":4}"#,
            r#"{"$schema":4,"minimum":3,"minLength":2,"type":1}"#,
        ] {
            let value = read(text, Dialect::JSON_SCHEMA, &Limits::default()).expect(text);
            let members = hash_order(value.as_object().expect(text));
            let keys: Vec<&str> = members.iter().map(|member| member.key.as_str()).collect();
            assert_eq!(keys, ["$schema", "minLength", "type", "minimum"]);
        }
    }
}
