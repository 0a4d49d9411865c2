//! Whether every name that a file itself uses can be resolved, without putting the normalized tree
//! together. The names are looked up in the order in which that would meet them.

use super::{Normalizer, Resolved};
use crate::protobuf::ast::{Extend, Field, File, Group, Message, Oneof, Section, TypeDecl};
use crate::protobuf::error::Result;

impl Normalizer<'_, '_> {
    pub(super) fn check(mut self, file: &File) -> Result<()> {
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
            if let TypeDecl::Message(message) = decl
                && !self.is_map_entry(message)
            {
                let outer = self.enter(&message.name);
                self.check_members(message)?;
                self.check_types(&message.nested)?;
                self.leave(outer);
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
        fields.iter().try_for_each(|field| self.resolved(field).map(|_: Resolved<'_>| ()))
    }
}
