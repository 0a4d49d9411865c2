//! Tree to the tree without extensions, which is what `format=ignore_extensions` shows: no
//! `extend`, no extension ranges, no custom options but those of `confluent/meta.proto`.

use super::ast::{File, Message, OptionNode, Section, TypeDecl};

pub(super) fn without_extensions(file: &File) -> File {
    let mut file = file.clone();
    file.extends = Section::default();
    options(&mut file.options);
    file.types.iter_mut().for_each(declaration);
    for service in &mut file.services {
        options(&mut service.options);
        service.rpcs.iter_mut().for_each(|rpc| options(&mut rpc.options));
    }
    file
}

fn options(options: &mut Vec<OptionNode>) {
    options.retain(|option| !option.is_custom || option.name.starts_with("confluent."));
}

fn declaration(decl: &mut TypeDecl) {
    match decl {
        TypeDecl::Message(message) => {
            members(message);
            message.nested.iter_mut().for_each(declaration);
        }
        TypeDecl::Enum(decl) => {
            options(&mut decl.options);
            decl.constants.iter_mut().for_each(|constant| options(&mut constant.options));
        }
    }
}

fn members(message: &mut Message) {
    options(&mut message.options);
    message.extensions.clear();
    message.extends = Section::default();
    let oneofs = message.oneofs.items.iter_mut();
    let (fields, groups): (Vec<_>, Vec<_>) = oneofs
        .map(|oneof| {
            options(&mut oneof.options);
            (&mut oneof.fields, &mut oneof.groups)
        })
        .unzip();
    let groups = groups.into_iter().flatten().chain(&mut message.groups);
    let fields = fields.into_iter().flatten().chain(&mut message.fields);
    fields.chain(groups.flat_map(|group| &mut group.fields)).for_each(|field| {
        options(&mut field.options);
    });
}
