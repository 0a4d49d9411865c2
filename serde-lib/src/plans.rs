//! What a deserializer keeps of each schema that it has met, read without a lock.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use crate::Error;
use crate::wire_format::SchemaRef;

/// Most schemas kept; a deserializer that meets more forgets all but the first.
const PLANS_MAX: usize = 1_000;

/// How many of the first schemas are found without a look at the others.
const FIRST: usize = 8;

/// The first plans, which stay, and all later ones sorted by schema; who adds one of those copies
/// the list, which holds pointers alone.
pub(crate) struct Plans<P> {
    first: [OnceLock<(SchemaRef, P)>; FIRST],
    later: ArcSwap<Vec<(SchemaRef, Arc<P>)>>,
}

impl<P> Default for Plans<P> {
    fn default() -> Self {
        Self { first: [const { OnceLock::new() }; FIRST], later: ArcSwap::default() }
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
        let later;
        let plan = if let Some(plan) = self.among_first(schema) {
            plan
        } else {
            later = self.later.load();
            let place = later.binary_search_by_key(&schema, |(key, _)| *key).ok();
            let found = place.and_then(|place| later.get(place));
            &*found.ok_or(Error::SchemaNotLoaded { schema })?.1
        };
        read(plan)
    }

    /// The plan of a schema, if it is one of the first that were met.
    #[inline]
    pub(crate) fn among_first(&self, schema: SchemaRef) -> Option<&P> {
        for place in &self.first {
            let (known, plan) = place.get()?;
            if *known == schema {
                return Some(plan);
            }
        }
        None
    }

    pub(crate) fn has(&self, schema: SchemaRef) -> bool {
        self.with(schema, |_| Ok(())).is_ok()
    }

    pub(crate) fn insert(&self, schema: SchemaRef, plan: P) {
        let mut plan = (schema, plan);
        for place in &self.first {
            // Who loses a race may put the same plan into the next place, which does no harm.
            match place.set(plan) {
                Ok(()) => return,
                Err(given_back) => plan = given_back,
            }
            if place.get().is_some_and(|(known, _)| *known == schema) {
                return;
            }
        }
        let plan = Arc::new(plan.1);
        self.later.rcu(|plans| {
            let mut grown = if plans.len() < PLANS_MAX { plans.to_vec() } else { Vec::new() };
            if let Err(place) = grown.binary_search_by_key(&schema, |(key, _)| *key) {
                grown.insert(place, (schema, Arc::clone(&plan)));
            }
            grown
        });
    }
}
