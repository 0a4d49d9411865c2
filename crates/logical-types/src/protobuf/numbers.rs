//! The numbers of the fields of a message.

use std::collections::HashSet;

use super::prop;
use crate::error::Mismatch;
use crate::model::Params;

/// Gives out numbers around those that a definition names.
pub(super) struct Numbers {
    named: HashSet<i32>,
    next: i32,
}

impl Numbers {
    /// For the members of a message with these parameters; each number is named once.
    pub(super) fn of<'p>(
        members: impl Iterator<Item = &'p Params>,
        message: &str,
    ) -> Result<Self, Mismatch> {
        let mut named = HashSet::new();
        for params in members {
            if let Some(number) = number(params)?
                && !named.insert(number)
            {
                let reason = format!("two fields of '{message}' have the number {number}");
                return Err(Mismatch::new(reason));
            }
        }
        Ok(Self { named, next: 1 })
    }

    /// The number of the next member.
    pub(super) fn take(&mut self, params: Option<&Params>) -> Result<i32, Mismatch> {
        if let Some(number) = params.map(number).transpose()?.flatten() {
            return Ok(number);
        }
        while self.named.contains(&self.next) {
            self.next += 1;
        }
        let number = self.next;
        self.next += 1;
        Ok(number)
    }
}

fn number(params: &Params) -> Result<Option<i32>, Mismatch> {
    let Some(text) = params.get(prop::NUMBER) else { return Ok(None) };
    // The sign may be there, as in the reference.
    let number = text.parse::<i32>().ok().filter(|number| *number > 0);
    let wrong = || Mismatch::new(format!("{} is a number from 1, not '{text}'", prop::NUMBER));
    number.ok_or_else(wrong).map(Some)
}
