//! Changing a value that was read: members set and removed, the others as they were.

use super::{Data, Member, Object, Value};
use crate::Location;

/// The place of what never stood in a text.
const NOWHERE: Location = Location { line: 1, column: 1 };

impl Value {
    /// A value that stands in no text.
    pub(crate) fn unplaced(data: Data) -> Self {
        Self { data, location: NOWHERE }
    }
}

impl Object {
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let member = self.members.iter_mut().find(|member| member.key == key);
        member.map(|member| &mut member.value)
    }

    /// Replaces the member in its place, or adds it at the end.
    pub(crate) fn set(&mut self, key: &str, data: Data) {
        let value = Value::unplaced(data);
        if let Some(old) = self.get_mut(key) {
            *old = value;
            return;
        }
        let mut members = std::mem::take(&mut self.members);
        members.push(Member { key: key.into(), key_location: NOWHERE, value });
        *self = Self::new(members);
    }

    pub(crate) fn remove(&mut self, key: &str) {
        let mut members = std::mem::take(&mut self.members);
        members.retain(|member| member.key != key);
        *self = Self::new(members);
    }
}
