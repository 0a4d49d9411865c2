//! Cutting a page out of a list.

/// Where a page starts and how many entries it holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    offset: usize,
    limit: usize,
}

impl Page {
    /// A `limit` of zero or less, or above `max`, means `max`, which is the default too
    /// (observed: not the empty page, not an error). A negative offset counts as none.
    pub fn new(offset: i32, limit: i32, max: usize) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        Self {
            offset: usize::try_from(offset).unwrap_or(0),
            limit: if limit == 0 || limit > max { max } else { limit },
        }
    }

    pub fn cut<T>(self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        items.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_cut() {
        let cut = |offset, limit| Page::new(offset, limit, 3).cut(1..=5);
        assert_eq!(cut(0, 2), [1, 2]);
        assert_eq!(cut(1, 2), [2, 3]);
        assert_eq!(cut(9, 2), [0; 0]);
        assert_eq!(cut(0, -1), [1, 2, 3]);
        assert_eq!(cut(0, 0), [1, 2, 3]);
        assert_eq!(cut(0, 4), [1, 2, 3]);
        assert_eq!(cut(-1, 1), [1]);
    }
}
