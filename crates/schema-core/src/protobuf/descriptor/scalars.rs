//! The numbers that descriptors give the types of fields.

const NAMES: [(&str, i32); 18] = [
    ("double", 1),
    ("float", 2),
    ("int64", 3),
    ("uint64", 4),
    ("int32", 5),
    ("fixed64", 6),
    ("fixed32", 7),
    ("bool", 8),
    ("string", 9),
    ("group", 10),
    ("message", 11),
    ("bytes", 12),
    ("uint32", 13),
    ("enum", 14),
    ("sfixed32", 15),
    ("sfixed64", 16),
    ("sint32", 17),
    ("sint64", 18),
];

/// The name of a type's number; an unknown number counts as the first, as everywhere in protobuf.
pub(super) fn name(number: i32) -> &'static str {
    NAMES.iter().find(|(_, known)| *known == number).map_or("double", |(name, _)| name)
}

/// The number of a scalar type.
pub(super) fn number(name: &str) -> Option<i32> {
    let (_, number) = NAMES.iter().find(|(known, _)| *known == name)?;
    (!matches!(name, "group" | "message" | "enum")).then_some(*number)
}
