//! The order in which the reference meets the keywords of a schema.
//!
//! It keeps the members of the schema itself (not those of references) in a Java hash map, and
//! what becomes of a list of types depends on whether its keywords come before or after `type`.

use crate::json_text::{Member, Object};

/// The members as a `java.util.HashMap` filled in written order walks them: by bucket, and in a
/// bucket as they came.
pub(super) fn hash_order(object: &Object) -> Vec<&Member> {
    let mut capacity = 16_usize;
    while object.len() * 4 > capacity * 3 {
        capacity *= 2;
    }
    let mask = u32::try_from(capacity - 1).unwrap_or(u32::MAX);
    let mut members: Vec<&Member> = object.iter().collect();
    members.sort_by_key(|member| {
        let hash = string_hash(&member.key);
        (hash ^ (hash >> 16)) & mask
    });
    members
}

/// `String.hashCode()`.
fn string_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

#[cfg(test)]
mod tests {
    use super::string_hash;

    #[test]
    fn hashes_as_java_does() {
        assert_eq!(string_hash("type"), 3_575_610);
        assert_eq!(string_hash("minLength"), 4_276_045_784);
    }
}
