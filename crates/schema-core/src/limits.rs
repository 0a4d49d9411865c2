//! The limits every parser and every comparison works under, with their defaults.

/// Bounds on foreign schema text. A breach is a [`crate::ParseError`], never a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest schema text in bytes.
    pub text_bytes_max: usize,
    /// Deepest nesting of JSON values, Avro types, Protobuf messages or options.
    pub depth_max: usize,
    /// Most nodes (types, fields, keywords) in one schema with its references.
    pub nodes_max: usize,
    /// Most pairs of nodes that one comparison may visit.
    pub pairs_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { text_bytes_max: 1 << 20, depth_max: 500, nodes_max: 50_000, pairs_max: 1_000_000 }
    }
}
