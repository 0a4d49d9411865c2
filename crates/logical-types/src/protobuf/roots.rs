//! What a definition registers, as the first message of a file.

use std::collections::HashMap;

use crate::error::Mismatch;
use crate::model::{Kind, Named, Script, Struct, parent, simple_name};

/// What a file begins with.
pub(super) enum Root<'s> {
    /// A message of its own.
    Message {
        name: &'s str,
        body: &'s Struct,
        /// The full name by which it is declared.
        declared: Option<&'s str>,
    },
    /// Nothing but the import of this reference, which has the name of the registered type.
    Import(&'s str),
}

/// `row_name` is the name of an unnamed struct; `external` has the references of types.
pub(super) fn root<'s>(
    script: &'s Script,
    row_name: &'s str,
    external: &HashMap<String, String>,
) -> Result<Root<'s>, Mismatch> {
    let mut kind = &script.root.kind;
    // Of several the first is the root, and the others stand beside it.
    if let Kind::Union(branches) = kind
        && !script.root.is_nullable
        && branches.iter().all(|branch| {
            matches!(&branch.ty.kind, Kind::Named(name) if script.named.contains_key(name))
        })
        && let Some(first) = branches.first()
    {
        kind = &first.ty.kind;
    }
    match kind {
        Kind::Struct(body) => Ok(Root::Message { name: row_name, body, declared: None }),
        Kind::Named(name) => match script.named.get(name) {
            Some(Named::Struct(body)) => {
                Ok(Root::Message { name: simple_name(name), body, declared: Some(name) })
            }
            Some(Named::Enum(_)) => Err(no_message("an enum")),
            None if external.values().any(|reference| reference == name) => Ok(Root::Import(name)),
            None => Err(no_message("a type that is not declared here")),
        },
        other => Err(no_message(other.name())),
    }
}

fn no_message(found: &str) -> Mismatch {
    Mismatch::new(format!("the registered type must be a STRUCT, not {found}; wrap it in one"))
}

/// Refuses types that one file cannot declare together with the root.
pub(super) fn check_names(script: &Script, root: &Root<'_>) -> Result<(), Mismatch> {
    let Root::Message { name, declared, .. } = root else { return Ok(()) };
    let package = script.namespace.as_deref().unwrap_or_default();
    let is_declared = |other: &str| script.named.contains_key(other);
    let mut taken = HashMap::from([(*name, *name)]);
    for full in script.named.keys().filter(|full| parent(full, is_declared).is_none()) {
        let space = full.rsplit_once('.').map_or("", |(space, _)| space);
        if space != package {
            return Err(Mismatch::new(format!(
                "'{full}' is not in the namespace '{package}', and a file has one package"
            )));
        }
        if *declared != Some(full.as_str())
            && let Some(other) = taken.insert(simple_name(full), full)
        {
            return Err(Mismatch::new(format!("'{full}' and '{other}' have the same name")));
        }
    }
    Ok(())
}
