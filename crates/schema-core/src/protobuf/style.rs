//! Style of Protobuf files: names, package and syntax lines, the zero of enums.

use super::ast::{Enum, Field, Message, TypeDecl};
use super::error::{Budget, Places};
use super::read_file;
use crate::style::{StyleFinding, StyleRule, is_lower_snake, is_pascal};
use crate::{Limits, Location, ParseError};

pub(crate) fn style(text: &str, limits: &Limits) -> Result<Vec<StyleFinding>, ParseError> {
    let read = read_file(text, limits, &mut Budget::new(limits));
    let read = read.map_err(|failure| failure.into_error(text))?;
    if !read.is_text {
        return Ok(Vec::new()); // A descriptor has no places to name.
    }
    let mut walk = Walk { places: Places::new(text), found: Vec::new() };
    let start = Location { line: 1, column: 1 };
    if read.file.package.is_none() {
        let rule = StyleRule::ProtobufPackageMissing;
        walk.found.push(StyleFinding::new(rule, "the file", start));
    }
    if read.file.syntax.is_none() {
        let rule = StyleRule::ProtobufSyntaxMissing;
        walk.found.push(StyleFinding::new(rule, "the file", start));
    }
    read.file.types.iter().for_each(|decl| walk.declaration(decl));
    Ok(walk.found)
}

struct Walk<'t> {
    places: Places<'t>,
    found: Vec<StyleFinding>,
}

impl Walk<'_> {
    fn add(&mut self, rule: StyleRule, name: &str, at: usize) {
        self.found.push(StyleFinding::new(rule, name, self.places.location(at)));
    }

    /// As deep as the parser let the text be.
    fn declaration(&mut self, decl: &TypeDecl) {
        if !is_pascal(decl.name()) {
            self.add(StyleRule::ProtobufMessageName, decl.name(), decl.at());
        }
        match decl {
            TypeDecl::Message(message) => self.message(message),
            TypeDecl::Enum(decl) => self.enumeration(decl),
        }
    }

    fn message(&mut self, message: &Message) {
        let of_oneofs = message.oneofs.items.iter().flat_map(|oneof| &oneof.fields);
        message.fields.iter().chain(of_oneofs).for_each(|field| self.field(field));
        message.nested.iter().for_each(|decl| self.declaration(decl));
    }

    fn field(&mut self, field: &Field) {
        if !is_lower_snake(&field.name) {
            self.add(StyleRule::ProtobufFieldName, &field.name, field.at);
        }
    }

    fn enumeration(&mut self, decl: &Enum) {
        let zero = decl.constants.iter().find(|constant| constant.number == 0);
        let says_nothing = |name: &str| {
            ["UNSPECIFIED", "UNKNOWN", "NONE", "INVALID"].iter().any(|end| name.ends_with(end))
        };
        if let Some(zero) = zero.filter(|zero| !says_nothing(&zero.name)) {
            self.add(StyleRule::ProtobufEnumZero, &zero.name, decl.at);
        }
    }
}
