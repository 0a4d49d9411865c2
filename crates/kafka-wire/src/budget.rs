//! What decoding one frame may take of memory beyond the frame itself.
//!
//! An element of two bytes on the wire can become a struct of a hundred in memory. Each one is
//! charged for before it is made, so a frame buys a small multiple of itself and no more.

use crate::reader::WireError;

/// What a struct, a number in an array or a tagged field is charged: more than most of them take.
/// Numbers are small, but handlers make a struct of each.
const ELEMENT_BYTES: usize = 96;
/// Free for every frame: some six hundred elements.
const ALLOWANCE_BYTES: usize = 64 << 10;
/// Memory per byte of the frame: four bytes of a number pay for it.
const MULTIPLE: usize = ELEMENT_BYTES / 4;
/// For the largest frames.
const BUDGET_BYTES_MAX: usize = 64 << 20;

/// Counts down.
#[derive(Debug)]
pub(crate) struct Budget {
    max: usize,
    left: usize,
}

impl Budget {
    pub(crate) fn of_frame(frame_bytes: usize) -> Self {
        let max = frame_bytes.saturating_mul(MULTIPLE).saturating_add(ALLOWANCE_BYTES);
        let max = max.min(BUDGET_BYTES_MAX);
        Self { max, left: max }
    }

    /// Charges for one element.
    pub(crate) fn element(&mut self) -> Result<(), WireError> {
        self.elements(1)
    }

    /// Before they are made: it is their count that sizes the vector.
    pub(crate) fn elements(&mut self, count: usize) -> Result<(), WireError> {
        let left = self.left.checked_sub(count.saturating_mul(ELEMENT_BYTES));
        self.left = left.ok_or(WireError::Budget { max: self.max })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_frame_buys_its_allowance_and_a_multiple_of_itself() {
        let mut budget = Budget::of_frame(96);
        let affordable = (ALLOWANCE_BYTES + 96 * MULTIPLE) / ELEMENT_BYTES;
        budget.elements(affordable).unwrap();
        assert!(matches!(budget.element(), Err(WireError::Budget { .. })));
    }

    #[test]
    fn largest_frame_buys_no_more_than_the_maximum() {
        let mut budget = Budget::of_frame(usize::MAX);
        assert!(budget.elements(BUDGET_BYTES_MAX / ELEMENT_BYTES + 1).is_err());
    }
}
