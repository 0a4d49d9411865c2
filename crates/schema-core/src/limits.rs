//! The limits every parser and every comparison works under, with their defaults and their names
//! as settings.

/// Declares the limits once: the fields with their defaults, and the table of their names.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $field:ident = $default:expr;)+) => {
        /// Bounds on foreign schema text. A breach is a [`crate::ParseError`], a [`crate::CheckError`] or a
        /// refusal of the registry, never a crash.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $field: usize,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl Limits {
            /// The name of each limit, what it bounds, and its default.
            pub const SETTINGS: &'static [(&'static str, &'static str, usize)] =
                &[$((stringify!($field), concat!($($doc),+), $default),)+];

            fn slot(&mut self, field: &str) -> Option<&mut usize> {
                match field {
                    $(stringify!($field) => Some(&mut self.$field),)+
                    _ => None,
                }
            }
        }
    };
}

limits! {
    /// Longest schema text in bytes.
    text_bytes_max = 1 << 20;
    /// Deepest nesting of JSON values, Avro types, Protobuf messages or options.
    depth_max = 500;
    /// Most nodes (types, fields, keywords, values) in one schema with its references.
    nodes_max = 50_000;
    /// Most branches of a union, members of a oneof or of an `allOf`, `anyOf` or `oneOf`.
    union_branches_max = 1_000;
    /// Most symbols of an enum.
    enum_symbols_max = 10_000;
    /// Most digits of a number.
    number_digits_max = 1_000;
    /// Largest exponent of a number, of either sign.
    number_exponent_max = 10_000;
    /// Deepest nesting of groups or classes in a regular expression.
    pattern_depth_max = 100;
    /// Most bytes that a compiled regular expression may take; all of a comparison, 16 times that.
    pattern_bytes_max = 1 << 20;
    /// Most steps of one search with look-around or back references.
    pattern_steps_max = 10_000;
    /// Most work of one comparison: a pair of Avro types that is visited, or what takes as long. A
    /// pair of JSON schemas counts four times, a difference more.
    pairs_max = 400_000;
    /// Most direct references of a schema.
    references_max = 100;
    /// Most schemas that a schema refers to, directly or through others.
    closure_max = 1_000;
    /// Longest chain of references.
    reference_depth_max = 32;
    /// Most bytes of text in all schemas that a schema refers to.
    closure_bytes_max = 8 << 20;
    /// Most versions that a transitive check compares.
    versions_max = 1_000;
}

/// What recursion follows; beyond these the stack of a thread, not the limit, would decide.
const CEILINGS: [(&str, usize); 3] =
    [("depth_max", 1_000), ("pattern_depth_max", 200), ("reference_depth_max", 100)];

/// Why a limit cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("unknown limit '{0}'; known are {known}", known = known_names())]
    Unknown(String),
    #[error("limit {name} may be at most {ceiling}")]
    TooHigh { name: String, ceiling: usize },
}

impl Limits {
    /// Sets the limit called `name`: its field with hyphens between the words.
    pub fn set(&mut self, name: &str, value: usize) -> Result<(), LimitError> {
        let is_spelled = name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        let field = name.replace('-', "_");
        let slot = is_spelled.then(|| self.slot(&field)).flatten();
        let slot = slot.ok_or_else(|| LimitError::Unknown(name.to_owned()))?;
        match CEILINGS.iter().find(|(known, _)| *known == field) {
            Some(&(_, ceiling)) if value > ceiling => {
                Err(LimitError::TooHigh { name: name.to_owned(), ceiling })
            }
            _ => {
                *slot = value;
                Ok(())
            }
        }
    }
}

fn known_names() -> String {
    let names = Limits::SETTINGS.iter().map(|(field, ..)| field.replace('_', "-"));
    names.collect::<Vec<_>>().join(", ")
}

impl Limits {
    /// Most bytes of names and addresses written out in full: inside a long package, namespace or
    /// base, each short one becomes long.
    pub(crate) fn name_bytes_max(&self) -> usize {
        self.text_bytes_max.saturating_mul(16)
    }
}

/// What is said of a breach: what is too large, how large it may be, and the name of the setting.
pub(crate) fn breach(what: &str, max: usize, setting: &str) -> String {
    format!("{what}; the limit is {max} (setting {setting})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_set_by_its_name() {
        for (at, (field, ..)) in Limits::SETTINGS.iter().enumerate() {
            let mut limits = Limits::default();
            limits.set(&field.replace('_', "-"), at).unwrap();
            assert_ne!(limits, Limits::default(), "{field}");
            assert_eq!(limits.slot(field), Some(&mut { at }));
        }
    }

    #[test]
    fn unknown_setting_is_told_the_known_ones() {
        let mut limits = Limits::default();
        for name in ["depth", "depth_max", "DEPTH-MAX", ""] {
            let error = limits.set(name, 1).unwrap_err().to_string();
            let start = format!("unknown limit '{name}'; known are text-bytes-max, depth-max, ");
            assert!(error.starts_with(&start), "{error}");
        }
        assert_eq!(limits, Limits::default());
    }

    #[test]
    fn what_recursion_follows_cannot_be_raised_beyond_the_stack() {
        let mut limits = Limits::default();
        let error = limits.set("depth-max", 1_001).unwrap_err().to_string();
        assert_eq!(error, "limit depth-max may be at most 1000");
        assert_eq!(limits.set("depth-max", 1_000), Ok(()));
        assert_eq!(limits.depth_max, 1_000);
    }
}
