//! A request for associations: what can be told from it alone.

use std::collections::BTreeSet;

use super::{AssociationType, Lifecycle};
use crate::registry::{Draft, RegisterOptions};
use crate::{Context, QualifiedSubject, RegistryError};

/// The only type of resources.
const TOPIC: &str = "topic";
/// Longest name or namespace of a resource, in characters.
const NAME_MAX: usize = 256;

/// Associations of one resource, as a client asks for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssociationRequest {
    pub resource_name: Option<String>,
    pub resource_namespace: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
    pub associations: Vec<AssociationDraft>,
    /// Where plain subjects belong.
    pub context: Context,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssociationDraft {
    pub subject: Option<String>,
    pub association_type: Option<String>,
    pub lifecycle: Option<Lifecycle>,
    pub frozen: Option<bool>,
    /// To be registered under the subject.
    pub schema: Option<(Draft, RegisterOptions)>,
}

/// A request in which nothing contradicts itself.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) is_create: bool,
    pub(super) name: String,
    pub(super) namespace: String,
    /// Nothing in a dry run alone.
    pub(super) id: Option<String>,
    pub(super) resource_type: String,
    /// Each type once.
    pub(super) links: Vec<Link>,
}

/// One association that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// As it was given, in its context; aliases are not followed yet.
    pub(super) subject: Option<QualifiedSubject>,
    pub(super) association_type: AssociationType,
    pub(super) lifecycle: Option<Lifecycle>,
    pub(super) frozen: Option<bool>,
    pub(super) schema: Option<(Draft, RegisterOptions)>,
    /// The subject that the resource owns where the lifecycle is strong.
    pub(super) own_subject: QualifiedSubject,
}

impl AssociationRequest {
    pub(super) fn checked(self, is_create: bool, dry_run: bool) -> Result<Checked, RegistryError> {
        let name = checked_name("resourceName", self.resource_name)?;
        let namespace = checked_name("resourceNamespace", self.resource_namespace)?;
        let id = self.resource_id.filter(|id| !id.is_empty());
        if id.is_none() && !dry_run {
            return Err(invalid("resourceId", "cannot be null or empty"));
        }
        let resource_type = self.resource_type.filter(|name| !name.is_empty());
        let resource_type = resource_type.unwrap_or_else(|| TOPIC.to_owned());
        if resource_type != TOPIC {
            return Err(invalid("resourceType", format!("must be '{TOPIC}'")));
        }
        if self.associations.is_empty() {
            return Err(invalid("associations", "cannot be null or empty"));
        }
        let mut seen = BTreeSet::new();
        let mut links = Vec::with_capacity(self.associations.len());
        for draft in self.associations {
            let association_type = association_type(draft.association_type.as_deref())?;
            if !seen.insert(association_type) {
                let message =
                    format!("may only appear once per request, but '{association_type}' does not");
                return Err(invalid("associationType", message));
            }
            let own_subject = QualifiedSubject {
                context: Context::new(&format!(".{namespace}")),
                subject: format!("{name}-{association_type}"),
            };
            let link = Link {
                subject: draft.subject.map(|name| subject(&name, &self.context)).transpose()?,
                association_type,
                lifecycle: draft.lifecycle,
                frozen: draft.frozen,
                schema: draft.schema,
                own_subject,
            };
            links.push(if is_create { link.of_new(true)? } else { link });
        }
        Ok(Checked { is_create, name, namespace, id, resource_type, links })
    }
}

impl Link {
    /// With what a new association has where nothing is said of it. Only in a creation can it bring
    /// a schema, which makes it strong.
    pub(super) fn of_new(mut self, is_create: bool) -> Result<Self, RegistryError> {
        if self.schema.is_some() {
            if !is_create {
                return Err(invalid("schema", "must come with the creation of the resource"));
            }
            if self.lifecycle == Some(Lifecycle::Weak) {
                return Err(invalid("lifecycle", "cannot be WEAK when schema is provided"));
            }
            if self.frozen == Some(false) {
                return Err(invalid("frozen", "cannot be false when a schema is provided"));
            }
            self.lifecycle = Some(Lifecycle::Strong);
        }
        let lifecycle = self.lifecycle.unwrap_or(Lifecycle::Weak);
        let is_strong = lifecycle == Lifecycle::Strong;
        check_frozen(lifecycle, self.frozen.unwrap_or(is_strong))?;
        if is_strong && self.subject.is_none() {
            self.subject = Some(self.own_subject.clone());
        }
        self.lifecycle = Some(lifecycle);
        self.frozen = Some(is_strong);
        self.check_subject(lifecycle)?;
        Ok(self)
    }

    /// Strong associations have the subject that their resource owns, and weak ones another.
    pub(super) fn check_subject(&self, lifecycle: Lifecycle) -> Result<(), RegistryError> {
        let own = &self.own_subject;
        match (lifecycle, &self.subject) {
            (Lifecycle::Weak, None) => {
                Err(invalid("subject", "must be provided for WEAK associations"))
            }
            (Lifecycle::Weak, Some(subject)) if subject == own => {
                Err(invalid("subject", format!("WEAK associations cannot use subject '{own}'")))
            }
            (Lifecycle::Strong, Some(subject)) if subject != own => {
                Err(invalid("subject", format!("frozen associations must use subject '{own}'")))
            }
            _ => Ok(()),
        }
    }
}

/// Strong associations are frozen and weak ones are not.
pub(super) fn check_frozen(lifecycle: Lifecycle, frozen: bool) -> Result<(), RegistryError> {
    if frozen == (lifecycle == Lifecycle::Strong) {
        return Ok(());
    }
    let message = format!("association with lifecycle of {lifecycle} cannot be frozen={frozen}");
    Err(invalid("frozen", message))
}

pub(super) fn invalid(property: &'static str, detail: impl Into<String>) -> RegistryError {
    RegistryError::InvalidAssociation { property, detail: detail.into() }
}

/// Left out it is `value`.
pub(super) fn association_type(name: Option<&str>) -> Result<AssociationType, RegistryError> {
    match name {
        None | Some("") => Ok(AssociationType::Value),
        Some(name) => name.parse().map_err(|error: crate::associations::UnknownName| {
            invalid("associationType", error.to_string())
        }),
    }
}

fn checked_name(property: &'static str, name: Option<String>) -> Result<String, RegistryError> {
    let name = name.unwrap_or_default();
    if name.is_empty() {
        return Err(invalid(property, "cannot be null or empty"));
    }
    if name.chars().count() > NAME_MAX {
        return Err(invalid(property, format!("exceeds max length of {NAME_MAX}")));
    }
    match name.chars().find(|&c| !(c.is_alphanumeric() || matches!(c, '_' | '-'))) {
        Some(c) => Err(invalid(property, format!("illegal character '{c}'"))),
        None => Ok(name),
    }
}

fn subject(name: &str, home: &Context) -> Result<QualifiedSubject, RegistryError> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(invalid("subject", "must not be empty or hold control characters"));
    }
    Ok(QualifiedSubject::parse_within(name, home))
}
