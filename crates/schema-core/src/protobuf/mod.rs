//! Protobuf schemas: parse, canonical text, normalized text.

use crate::{Limits, ParseError, ResolvedReference};

/// A parsed schema.
#[derive(Clone, Debug)]
pub struct ProtobufSchema {
    canonical: String,
}

impl ProtobufSchema {
    pub fn parse(
        text: &str,
        _references: &[ResolvedReference],

        _limits: &Limits,
    ) -> Result<Self, ParseError> {
        Ok(Self { canonical: text.to_owned() })
    }

    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    pub fn normalized(&self) -> String {
        self.canonical.clone()
    }

    pub fn resolved(&self) -> String {
        self.canonical.clone()
    }

    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}
