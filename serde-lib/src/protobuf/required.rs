//! Fields that proto2 calls required: a message that lacks one is neither written nor read.

use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage, Value,
};

use super::message::shown;
use crate::rules::joined;

/// Whether there are such fields in what a message can hold, or at least beside it.
pub(super) fn are_near(message: &MessageDescriptor) -> bool {
    let pool = message.parent_pool();
    pool.all_messages()
        .any(|message| message.fields().any(|field| field.cardinality() == Cardinality::Required))
}

/// The path of the first that is not set. Recurses as deep as the decoder, or who made it, let the
/// message be.
pub(super) fn missing(message: &DynamicMessage) -> Option<String> {
    let is_missing = |field: &FieldDescriptor| {
        field.cardinality() == Cardinality::Required && !message.has_field(field)
    };
    if let Some(field) = message.descriptor().fields().find(is_missing) {
        return Some(field.name().to_owned());
    }
    let fields = message.fields().map(|(field, value)| (field.name().to_owned(), value));
    let extensions = message.extensions();
    let extensions = extensions.map(|(field, value)| (format!("[{}]", field.full_name()), value));
    fields.chain(extensions).find_map(|(name, value)| missing_inside(&name, value))
}

fn missing_inside(name: &str, value: &Value) -> Option<String> {
    let of = |name: &str, inner: &Value| match inner {
        Value::Message(inner) => missing(inner).map(|path| joined(name, &path)),
        _ => None,
    };
    match value {
        Value::List(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| of(&format!("{name}[{index}]"), item))
        }
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            let mut entries = entries.into_iter();
            entries.find_map(|(key, item)| of(&format!("{name}[\"{}\"]", shown(key)), item))
        }
        _ => of(name, value),
    }
}
