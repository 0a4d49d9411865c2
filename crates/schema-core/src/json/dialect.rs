//! Which rules `$schema` asks for.

/// A dialect the reference knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    Draft04,
    Draft06,
    Draft07,
    Draft201909,
    Draft202012,
}

/// The address of each dialect's meta-schema without its scheme.
const ADDRESSES: [(&str, Dialect); 6] = [
    ("json-schema.org/draft-04/schema", Dialect::Draft04),
    ("json-schema.org/schema", Dialect::Draft04),
    ("json-schema.org/draft-06/schema", Dialect::Draft06),
    ("json-schema.org/draft-07/schema", Dialect::Draft07),
    ("json-schema.org/draft/2019-09/schema", Dialect::Draft201909),
    ("json-schema.org/draft/2020-12/schema", Dialect::Draft202012),
];

impl Dialect {
    /// The dialect of a `$schema` text: exactly a known address, one trailing `#` aside.
    pub(super) fn named(schema: &str) -> Option<Self> {
        let address = without_scheme(schema.strip_suffix('#').unwrap_or(schema))?;
        ADDRESSES.iter().find(|(known, _)| *known == address).map(|(_, dialect)| *dialect)
    }

    /// How the loader of the old drafts reads `$schema`: the beginning of the text decides.
    pub(super) fn legacy_named(schema: &str) -> Option<Self> {
        let address = without_scheme(schema)?;
        ADDRESSES
            .iter()
            .find(|(known, dialect)| !dialect.is_modern() && address.starts_with(known))
            .map(|(_, dialect)| *dialect)
    }

    /// Read by the front end of the newer dialects, with the keywords of 2020-12.
    pub(super) fn is_modern(self) -> bool {
        self >= Self::Draft201909
    }

    /// The keyword that names a schema.
    pub(super) fn id_keyword(self) -> &'static str {
        if self == Self::Draft04 { "id" } else { "$id" }
    }
}

fn without_scheme(address: &str) -> Option<&str> {
    address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"))
}
