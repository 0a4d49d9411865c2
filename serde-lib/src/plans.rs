//! What a deserializer keeps of each schema that it has met, read without a lock.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::Error;
use crate::wire_format::SchemaRef;

/// Most schemas kept; a deserializer that meets more starts over.
const PLANS_MAX: usize = 1_000;

/// Plans sorted by schema; who adds one copies the list, which holds pointers alone.
pub(crate) struct Plans<P>(ArcSwap<Vec<(SchemaRef, Arc<P>)>>);

impl<P> Default for Plans<P> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<P> fmt::Debug for Plans<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plans")
    }
}

impl<P> Plans<P> {
    /// Does `read` with the plan of a schema; [`Error::SchemaNotLoaded`] if there is none.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        schema: SchemaRef,
        read: impl FnOnce(&P) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let plans = self.0.load();
        let place = plans.binary_search_by_key(&schema, |(key, _)| *key).ok();
        let (_, plan) =
            place.and_then(|place| plans.get(place)).ok_or(Error::SchemaNotLoaded { schema })?;
        read(plan)
    }

    pub(crate) fn has(&self, schema: SchemaRef) -> bool {
        self.with(schema, |_| Ok(())).is_ok()
    }

    pub(crate) fn insert(&self, schema: SchemaRef, plan: P) {
        let plan = Arc::new(plan);
        self.0.rcu(|plans| {
            let mut grown = if plans.len() < PLANS_MAX { plans.to_vec() } else { Vec::new() };
            if let Err(place) = grown.binary_search_by_key(&schema, |(key, _)| *key) {
                grown.insert(place, (schema, Arc::clone(&plan)));
            }
            grown
        });
    }
}
