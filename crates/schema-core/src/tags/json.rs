//! Tags in a JSON text: the member `confluent:tags` of an object.

use std::sync::Arc;

use super::{EntityChange, TagChanges, UnknownEntity};
use crate::json_text::{Data, Object, Value};

pub(crate) const TAGS: &str = "confluent:tags";

/// A step down from a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
}

/// The tags that an object carries.
pub(crate) fn tags_of(object: &Object) -> Vec<String> {
    let items = object.get(TAGS).and_then(Value::as_array).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Changes the tags in `root`; `find` leads to the object of an entity.
pub(crate) fn edited(
    root: &mut Value,
    changes: &TagChanges,
    find: impl Fn(&Value, &EntityChange) -> Option<Vec<Step>>,
) -> Result<(), UnknownEntity> {
    for change in changes.by_entity() {
        let steps = find(root, &change).ok_or_else(|| change.unknown())?;
        let object = object_at(root, &steps).ok_or_else(|| change.unknown())?;
        let tags = change.applied(tags_of(object));
        if tags.is_empty() {
            object.remove(TAGS);
        } else {
            object.set(TAGS, Data::Array(tags.into_iter().map(text).collect()));
        }
    }
    Ok(())
}

fn text(text: String) -> Value {
    Value::unplaced(Data::String(text.into()))
}

fn object_at<'v>(root: &'v mut Value, steps: &[Step]) -> Option<&'v mut Object> {
    let mut value = root;
    for step in steps {
        value = match (step, &mut value.data) {
            (Step::Member(key), Data::Object(object)) => Arc::make_mut(object).get_mut(key)?,
            (Step::Item(index), Data::Array(items)) => Arc::make_mut(items).get_mut(*index)?,
            _ => return None,
        };
    }
    match &mut value.data {
        Data::Object(object) => Some(Arc::make_mut(object)),
        _ => None,
    }
}
