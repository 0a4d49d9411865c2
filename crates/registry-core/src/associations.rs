//! Associations: which subject holds the schemas of the keys or values of a resource.

use std::fmt;
use std::future::Future;
use std::str::FromStr;

use crate::{QualifiedSubject, StoreError};

macro_rules! names {
    ($(#[doc = $doc:literal])* $type:ident, {
        $($(#[doc = $variant_doc:literal])* $variant:ident = $name:literal),+
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type {
            $($(#[doc = $variant_doc])* $variant,)+
        }

        impl $type {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                let known = Self::ALL.iter().copied().find(|known| known.as_str() == name);
                known.ok_or_else(|| UnknownName {
                    name: name.to_owned(),
                    known: [$($name),+].join(", "),
                })
            }
        }
    };
}

/// A name that an enumeration of the associations does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {known}, not '{name}'")]
pub struct UnknownName {
    name: String,
    known: String,
}

names!(
    /// Which part of a record the schemas are for.
    AssociationType, { Key = "key", Value = "value" }
);
names!(
    /// Whose the subject is.
    Lifecycle, {
        /// The resource owns it: it is made and deleted with the resource. Always frozen.
        Strong = "STRONG",
        /// Others may use it too. Never frozen.
        Weak = "WEAK"
    }
);

/// What is associated; today only topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub name: String,
    pub namespace: String,
    pub id: String,
    pub resource_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    pub guid: String,
    pub subject: QualifiedSubject,
    pub resource: Resource,
    pub association_type: AssociationType,
    pub lifecycle: Lifecycle,
    /// In milliseconds since the epoch.
    pub create_ts_ms: i64,
    pub update_ts_ms: i64,
}

/// Which associations are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssociationQuery<'a> {
    OfSubject(&'a QualifiedSubject),
    /// Of the resource with this id.
    OfResource(&'a str),
    /// Of the resources with this namespace and name; nothing stands for any.
    Named {
        namespace: Option<&'a str>,
        name: Option<&'a str>,
    },
}

/// Questions about associations. Lists are ordered by name, namespace and type of the resource,
/// then by type of the association and subject.
pub trait ReadAssociations: Send {
    fn associations(
        &mut self,
        query: AssociationQuery<'_>,
    ) -> impl Future<Output = Result<Vec<Association>, StoreError>> + Send;
}

/// Changes of associations. They count as changes of their subjects.
pub trait WriteAssociations: ReadAssociations {
    /// Adds the association; a resource has one of a type at most.
    fn add_association(
        &mut self,
        association: &Association,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn remove_association(
        &mut self,
        association: &Association,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
