//! The comparison: can the reader accept everything that the writer accepts?
//!
//! Only what breaks the reader under the policy in force is recorded; the reference's compatible
//! differences never steer anything. [`Comparison`] is the hub that every pair of nodes goes
//! through; one file a keyword family decides what the pair's rules make of each other.

mod arrays;
mod bounds;
mod combined;
mod hub;
mod matching;
mod objects;
mod places;
mod values;

use super::JsonSchema;
use crate::{CheckError, CompatibilityPolicy, Incompatibility, JsonRule, Limits, Rule, Side};
use hub::{At, Comparison, Owner};
use places::Places;

/// One difference, its path relative to the pair it was found in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Difference {
    rule: JsonRule,
    path: String,
    /// The nodes whose comparison told it.
    pair: (At, At),
    /// How many bytes at the end of `path` lead from that pair to the keyword.
    own_path_bytes: usize,
}

impl Difference {
    /// The part of the path that begins at the pair.
    fn own_path(&self) -> &str {
        self.path.get(self.path.len().saturating_sub(self.own_path_bytes)..).unwrap_or_default()
    }
}

/// The differences of one pair.
#[derive(Debug)]
struct Findings {
    policy: CompatibilityPolicy,
    pair: (At, At),
    list: Vec<Difference>,
}

impl Findings {
    fn new(policy: CompatibilityPolicy, pair: (At, At)) -> Self {
        Self { policy, pair, list: Vec::new() }
    }

    /// Records a difference at `path`, unless the policy forgives it.
    fn add(&mut self, rule: JsonRule, path: impl Into<String>) {
        if self.policy != CompatibilityPolicy::Lenient || !rule.is_lenient() {
            let path = path.into();
            let own_path_bytes = path.len();
            self.list.push(Difference { rule, path, pair: self.pair, own_path_bytes });
        }
    }

    /// Takes over the differences of a pair that stands at `path`.
    fn add_below(&mut self, path: &str, found: &[Difference]) {
        self.list.extend(found.iter().map(|difference| Difference {
            rule: difference.rule,
            path: if difference.path.is_empty() {
                path.to_owned()
            } else {
                format!("{path}/{}", difference.path)
            },
            pair: difference.pair,
            own_path_bytes: difference.own_path_bytes,
        }));
    }
}

/// Every difference that keeps `reader` from reading what `writer` wrote.
pub(crate) fn compare(
    reader: &JsonSchema,
    writer: &JsonSchema,
    reader_side: Side,
    policy: CompatibilityPolicy,
    limits: &Limits,
) -> Result<Vec<Incompatibility>, CheckError> {
    let found = match compared(reader, writer, policy, limits, SHALLOW_MAX) {
        Err(Stop::TooDeep(_)) => compared_deep(reader, writer, policy, limits)?,
        Err(Stop::Error(error)) => return Err(error),
        Ok(found) => found,
    };
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let [in_reader, in_writer] =
        [Places::new(Owner::Reader, reader), Places::new(Owner::Writer, writer)];
    let told = found.iter().map(|difference| Incompatibility {
        reader_location: in_reader.of(difference),
        writer_location: in_writer.of(difference),
        ..incompatibility(difference, reader_side)
    });
    Ok(told.collect())
}

/// Deepest recursion over pairs on the caller's stack.
const SHALLOW_MAX: usize = 250;
/// Deepest recursion at all. Types that refer to each other in choices lead from pair to pair,
/// through all of them in the worst case, before the first one is finished.
const DEEP_MAX: usize = 30_000;
/// Room for [`DEEP_MAX`] pairs in an unoptimised build; memory is taken as it is used.
const DEEP_STACK_BYTES: usize = DEEP_MAX * 6 * 1024;

/// Why a comparison came to no end.
enum Stop {
    TooDeep(CheckError),
    Error(CheckError),
}

fn compared(
    reader: &JsonSchema,
    writer: &JsonSchema,
    policy: CompatibilityPolicy,
    limits: &Limits,
    depth_max: usize,
) -> Result<Vec<Difference>, Stop> {
    let models = [&*writer.model, &*reader.model];
    let mut comparison = Comparison::new(models, policy, limits, depth_max);
    let original = At { owner: Owner::Writer, node: writer.root };
    let update = At { owner: Owner::Reader, node: reader.root };
    match comparison.run(original, update) {
        Ok(found) => Ok(found.to_vec()),
        Err(error) if comparison.is_too_deep => Err(Stop::TooDeep(error)),
        Err(error) => Err(Stop::Error(error)),
    }
}

/// The same from the start on a thread with a stack for it, which few schemas need.
fn compared_deep(
    reader: &JsonSchema,
    writer: &JsonSchema,
    policy: CompatibilityPolicy,
    limits: &Limits,
) -> Result<Vec<Difference>, CheckError> {
    let too_complex = || CheckError::TooComplex(limits.pairs_max);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(DEEP_STACK_BYTES);
        let running = thread
            .spawn_scoped(scope, || compared(reader, writer, policy, limits, DEEP_MAX))
            .map_err(|_| too_complex())?;
        match running.join() {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(Stop::TooDeep(error) | Stop::Error(error))) => Err(error),
            Err(_) => Err(too_complex()),
        }
    })
}

fn incompatibility(difference: &Difference, reader: Side) -> Incompatibility {
    let path = format!("#/{}", difference.path);
    let rule = difference.rule;
    let sentence = rule.sentence(&path, reader.as_str(), reader.other().as_str());
    // The reference opens the description with one kind of quote and closes it with the other.
    let message = format!("{{errorType:\"{}\", description:\"{sentence}'}}", rule.as_str());
    Incompatibility {
        rule: Rule::Json(rule),
        path,
        reader,
        detail: sentence,
        message,
        reader_location: None,
        writer_location: None,
    }
}
