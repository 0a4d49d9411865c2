//! Whether a file can be normalized, without putting the tree together: every name that it uses
//! must resolve. They are looked up in the order in which normalizing meets them.

use super::Normalizer;
use crate::protobuf::ast::{Extend, Field, File, Group, Message, Oneof, Section, TypeDecl};
use crate::protobuf::error::Result;

impl Normalizer<'_, '_> {
    pub(super) fn check(mut self, file: &File) -> Result<()> {
        self.watch_imports(file);
        self.check_types(&file.types)?;
        for rpc in file.services.iter().flat_map(|service| &service.rpcs) {
            for ty in [&rpc.request, &rpc.response] {
                self.resolve(ty.at, &ty.ty.to_string())?;
            }
        }
        self.check_extends(&file.extends)
    }

    fn check_types(&mut self, types: &[TypeDecl]) -> Result<()> {
        for decl in types {
            match decl {
                TypeDecl::Message(message) if self.is_map_entry(message) => {}
                TypeDecl::Message(message) => {
                    let outer = self.enter(&message.name);
                    self.check_members(message)?;
                    self.check_types(&message.nested)?;
                    self.leave(outer);
                }
                TypeDecl::Enum(decl) => self.watch_reserved(decl.at, &decl.reserved),
            }
        }
        Ok(())
    }

    fn check_members(&self, message: &Message) -> Result<()> {
        self.check_fields(&message.fields)?;
        for Oneof { fields, groups, .. } in super::kept(&message.oneofs) {
            self.check_fields(fields)?;
            self.check_groups(groups)?;
        }
        self.check_groups(&message.groups)?;
        self.watch_reserved(message.at, &message.reserved);
        self.check_extends(&message.extends)
    }

    fn check_groups(&self, groups: &[Group]) -> Result<()> {
        groups.iter().try_for_each(|group| self.check_fields(&group.fields))
    }

    fn check_extends(&self, extends: &Section<Extend>) -> Result<()> {
        extends.items.iter().filter(|extend| !extend.fields.is_empty()).try_for_each(|extend| {
            self.resolve(extend.at, &extend.name)?;
            self.check_fields(&extend.fields)
        })
    }

    fn check_fields(&self, fields: &[Field]) -> Result<()> {
        fields.iter().try_for_each(|field| {
            self.resolved(field)?;
            // A default in quotes is printed with escapes; it does no harm to doubt that one too.
            field.default.iter().for_each(|text| self.watch(field.at, text));
            Ok(())
        })
    }
}
