//! The files that a Protobuf file imports, but for the well-known ones.

use super::ast::TypeDecl;
use super::error::Budget;
use super::{read_file, well_known};
use crate::outline::Outline;
use crate::{Limits, ParseError};

pub(crate) fn outline(text: &str, limits: &Limits) -> Result<Outline, ParseError> {
    let read = read_file(text, limits, &mut Budget::new(limits));
    let file = read.map_err(|failure| failure.into_error(text))?.file;
    let mut outline = Outline::default();
    for path in file.imports.iter().chain(&file.public_imports) {
        if !well_known::files().iter().any(|(known, _)| known == path) {
            outline.need(path, path);
        }
    }
    let is_message = |decl: &&TypeDecl| matches!(decl, TypeDecl::Message(_));
    outline.main = file.types.iter().find(is_message).map(|message| match &file.package {
        Some(package) => format!("{package}.{}", message.name()),
        None => message.name().to_owned(),
    });
    Ok(outline)
}
