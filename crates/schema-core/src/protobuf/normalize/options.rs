//! Normalized options: custom names in full, sorted, several settings of one option merged.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use super::merge::Merged;
use super::{Normalizer, numbers};
use crate::protobuf::ast::{Field, FieldType, Label, Message, OptionNode, OptionValue, TypeDecl};

type Entries = Vec<(SmolStr, OptionValue)>;

impl Normalizer<'_, '_> {
    pub(in crate::protobuf) fn options(&self, options: &[OptionNode]) -> Vec<OptionNode> {
        let mut options: Vec<_> =
            options.iter().map(|option| self.qualified(option.clone())).collect();
        options.sort_by(|a, b| a.name.cmp(&b.name));
        let mut merged: Vec<(OptionNode, Merged)> = Vec::with_capacity(options.len());
        for OptionNode { name, is_custom, value } in options {
            let same = merged.last_mut().filter(|(last, _)| last.name == name);
            match (same, self.extension(&name)) {
                (Some((last, known)), Some(field)) if field.label != Some(Label::Repeated) => {
                    last.is_custom = is_custom;
                    self.merge_option(field, known, as_map(value));
                }
                _ => {
                    let head = OptionNode { name, is_custom, value: OptionValue::Map(Vec::new()) };
                    merged.push((head, Merged::One(value)));
                }
            }
        }
        let whole = |(head, merged): (OptionNode, Merged)| OptionNode {
            value: self.top_value(merged.into_value()),
            ..head
        };
        merged.into_iter().map(whole).collect()
    }

    /// The extension field with this full name.
    fn extension(&self, name: &str) -> Option<&Field> {
        let absolute = format!(".{}", name.strip_prefix('.').unwrap_or(name));
        self.types.resolve_extension(self.scope, &absolute).map(|(_, field)| field)
    }

    fn qualified(&self, option: OptionNode) -> OptionNode {
        if !option.is_custom {
            return option;
        }
        match self.types.resolve_extension(self.scope, &option.name) {
            Some((id, _)) => OptionNode {
                name: self.full_name(id),
                is_custom: option.is_custom,
                value: as_map(option.value),
            },
            None => option,
        }
    }

    /// `(custom).a = 1` and `(custom).b = 2` are one message value; otherwise the last one counts.
    fn merge_option(&self, field: &Field, known: &mut Merged, new: OptionValue) {
        match new {
            OptionValue::Map(more) if known.is_map() => self.merge_maps(Some(field), known, more),
            new => *known = Merged::One(new),
        }
    }

    fn merge_maps(&self, container: Option<&Field>, known: &mut Merged, more: Entries) {
        let message = container.and_then(|field| self.message_of(field));
        for (key, value) in more {
            match known.entry(&key) {
                None => known.insert(key, value),
                Some(old) => {
                    let field = message.and_then(|message| find_field(message, &key));
                    self.merge_values(field, old, value);
                }
            }
        }
    }

    fn merge_values(&self, field: Option<&Field>, old: &mut Merged, new: OptionValue) {
        let singular = field.filter(|field| field.label != Some(Label::Repeated));
        match new {
            OptionValue::Map(new)
                if old.is_map()
                    && singular.is_some_and(|field| self.message_of(field).is_some()) =>
            {
                self.merge_maps(singular, old, new);
            }
            new if singular.is_some() => *old = Merged::One(new),
            new => old.accumulate(new),
        }
    }

    fn message_of(&self, field: &Field) -> Option<&Message> {
        let FieldType::Named(name) = &field.ty else { return None };
        match self.types.resolve(self.scope, name)?.1.decl {
            TypeDecl::Message(message) => Some(message),
            TypeDecl::Enum(_) => None,
        }
    }

    fn top_value(&self, value: OptionValue) -> OptionValue {
        match value {
            OptionValue::List(items) => {
                OptionValue::List(items.into_iter().map(|item| self.value(item)).collect())
            }
            value => self.value(value),
        }
    }

    /// Observed: a list of one prints as its item, except as the whole value of an option.
    fn value(&self, value: OptionValue) -> OptionValue {
        match value {
            OptionValue::Number(text) => {
                OptionValue::Number(numbers::normalize(text.into()).into())
            }
            OptionValue::Map(entries) => OptionValue::Map(self.sorted(entries)),
            OptionValue::List(mut items) if items.len() == 1 => match items.pop() {
                Some(item) => self.value(item),
                None => OptionValue::List(items),
            },
            OptionValue::List(items) => {
                OptionValue::List(items.into_iter().map(|item| self.value(item)).collect())
            }
            OptionValue::Nested(inner) => {
                let value = self.top_value(inner.value);
                OptionValue::Nested(Box::new(OptionNode { value, ..*inner }))
            }
            value @ (OptionValue::Text(_) | OptionValue::Word(_)) => value,
        }
    }

    /// Entries by key, extension keys in full, the first of equal ones kept, empty lists dropped.
    fn sorted(&self, entries: Entries) -> Entries {
        let mut sorted = BTreeMap::new();
        for (key, value) in entries {
            if matches!(&value, OptionValue::List(items) if items.is_empty()) {
                continue;
            }
            let extension = key.strip_prefix('[').and_then(|key| key.strip_suffix(']'));
            let full = extension
                .and_then(|name| self.types.resolve_extension(self.scope, name))
                .map(|(id, _)| format_smolstr!("[{}]", self.full_name(id)));
            sorted.entry(full.unwrap_or(key)).or_insert_with(|| self.value(value));
        }
        sorted.into_iter().collect()
    }
}

/// A nested setting as the map that it stands for.
pub(in crate::protobuf) fn as_map(value: OptionValue) -> OptionValue {
    let OptionValue::Nested(inner) = value else { return value };
    let mut path = vec![inner.name];
    let mut value = inner.value;
    while let OptionValue::Nested(deeper) = value {
        path.push(deeper.name);
        value = deeper.value;
    }
    for name in path.into_iter().rev() {
        value = OptionValue::Map(vec![(name, value)]);
    }
    value
}

fn find_field<'m>(message: &'m Message, name: &str) -> Option<&'m Field> {
    let members = message.oneofs.items.iter().flat_map(|oneof| &oneof.fields);
    message.fields.iter().chain(members).find(|field| field.name == name)
}
