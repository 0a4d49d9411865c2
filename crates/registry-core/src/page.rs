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

    /// A part of a list that is read in parts: so many from its beginning.
    pub const fn first(limit: usize) -> Self {
        Self { offset: 0, limit }
    }

    pub fn offset(self) -> usize {
        self.offset
    }

    pub fn limit(self) -> usize {
        self.limit
    }

    pub fn cut<T>(self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        items.into_iter().skip(self.offset).take(self.limit).collect()
    }

    /// The page of a list whose entries come one at a time.
    pub(crate) fn fill<T>(self) -> Filling<T> {
        Filling { to_skip: self.offset, limit: self.limit, items: Vec::new() }
    }
}

/// A page that is being filled.
pub(crate) struct Filling<T> {
    to_skip: usize,
    limit: usize,
    items: Vec<T>,
}

impl<T> Filling<T> {
    /// Takes the next entry of the list.
    pub(crate) fn push(&mut self, item: T) {
        if self.to_skip > 0 {
            self.to_skip -= 1;
        } else if !self.is_full() {
            self.items.push(item);
        }
    }

    /// Whether the next entry stands before the page, and does; then it need not be read.
    pub(crate) fn skip(&mut self) -> bool {
        let skips = self.to_skip > 0;
        self.to_skip = self.to_skip.saturating_sub(1);
        skips
    }

    pub(crate) fn is_full(&self) -> bool {
        self.items.len() >= self.limit
    }

    /// How many entries of the list are missing, if all of them count.
    pub(crate) fn missing(&self) -> usize {
        self.to_skip.saturating_add(self.limit.saturating_sub(self.items.len()))
    }

    pub(crate) fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_cut_and_filled() {
        let cut = |offset, limit| {
            let page = Page::new(offset, limit, 3);
            let mut filling = page.fill();
            (1..=5).for_each(|item| filling.push(item));
            let cut = page.cut(1..=5);
            assert_eq!(filling.into_items(), cut);
            cut
        };
        assert_eq!(cut(0, 2), [1, 2]);
        assert_eq!(cut(1, 2), [2, 3]);
        assert_eq!(cut(9, 2), [0; 0]);
        assert_eq!(cut(0, -1), [1, 2, 3]);
        assert_eq!(cut(0, 0), [1, 2, 3]);
        assert_eq!(cut(0, 4), [1, 2, 3]);
        assert_eq!(cut(-1, 1), [1]);
    }
}
