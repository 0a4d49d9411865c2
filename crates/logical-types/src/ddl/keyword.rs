//! The words of the language, and how a name is written that is one of them.

/// Words that are no names unless quoted. ENUM, INTERVAL, MAP, NAMESPACE, TAGS, TYPE, VARIANT and
/// ZONE have a meaning too, but are names wherever one is expected.
const RESERVED: [&str; 71] = [
    "AND",
    "ARRAY",
    "AS",
    "BETWEEN",
    "BIGINT",
    "BINARY",
    "BOOLEAN",
    "BOTH",
    "BYTES",
    "CASE",
    "CAST",
    "CHAR",
    "CHARACTER",
    "CHECK",
    "COMMENT",
    "CONSTRAINT",
    "CURRENT_TIMESTAMP",
    "DATE",
    "DEC",
    "DECIMAL",
    "DEFAULT",
    "DOUBLE",
    "ELSE",
    "END",
    "ESCAPE",
    "EXTRACT",
    "FALSE",
    "FLOAT",
    "FOR",
    "FROM",
    "IN",
    "INT",
    "INTEGER",
    "IS",
    "LEADING",
    "LIKE",
    "LOCAL",
    "MESSAGE",
    "MULTISET",
    "NOT",
    "NULL",
    "NUMERIC",
    "OR",
    "POSITION",
    "PRECISION",
    "REAL",
    "RETURNING",
    "ROW",
    "SMALLINT",
    "STRING",
    "STRUCT",
    "SUBSTRING",
    "SYMMETRIC",
    "THEN",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "TINYINT",
    "TRAILING",
    "TRIM",
    "TRUE",
    "TRY_VARIANT_GET",
    "UNION",
    "USING",
    "VARBINARY",
    "VARCHAR",
    "VARIANT_GET",
    "VARYING",
    "WHEN",
    "WITH",
    "WITHOUT",
];

pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// A name as the text carries it: in backquotes where it would be read as something else.
pub(super) fn quoted(name: &str) -> String {
    let starts_well = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_plain = name.starts_with(starts_well)
        && name.chars().all(|c| starts_well(c) || c.is_ascii_digit())
        && !is_reserved(name)
        // No word of the grammar; the reference quotes it all the same.
        && !name.eq_ignore_ascii_case("CREATE");
    if is_plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

/// A dotted name, each part quoted on its own.
pub(super) fn quoted_path(name: &str) -> String {
    name.split('.').map(quoted).collect::<Vec<_>>().join(".")
}
