//! The compiled pair of a writer and a reader schema: a flat list of nodes, built once.
//!
//! Everything that two schemas decide is decided here, when the first message of a writer schema
//! arrives: which fields are read, skipped or defaulted, which numbers are promoted, which
//! branch or symbol becomes which. Reading a message then follows the nodes and looks up no name.

use std::sync::atomic::AtomicUsize;

use apache_avro::types::Value;

/// Position of a [`Node`] in its plan.
pub(super) type NodeId = usize;
/// Position of a [`Skip`] in its plan.
pub(super) type SkipId = usize;

/// Bounds on what one message may cost to read. A breach is an error, never a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Deepest nesting of records, arrays and maps in one value. Reading recurses, so each level
    /// takes stack.
    pub depth_max: usize,
    /// Most array items and map entries in one value, all levels together.
    pub items_max: usize,
    /// Most bytes of memory one value may take (an estimate from its parts); also the longest
    /// string or bytes that is believed.
    pub allocation_bytes_max: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { depth_max: 64, items_max: 16 << 20, allocation_bytes_max: 256 << 20 }
    }
}

/// How to read data of one writer schema as one reader schema.
#[derive(Debug, Default)]
pub(super) struct ReadPlan {
    pub(super) nodes: Vec<Node>,
    pub(super) skips: Vec<Skip>,
    pub(super) root: NodeId,
    /// A top-level `bytes` datum stands in a message without its length.
    pub(super) is_bare_bytes: bool,
}

/// One step of reading.
#[derive(Debug)]
pub(super) enum Node {
    /// A value without parts: read as `wire`, handed on as `leaf`.
    Leaf {
        wire: Wire,
        leaf: Leaf,
    },
    Array {
        items: NodeId,
    },
    Map {
        values: NodeId,
    },
    Record(Box<RecordPlan>),
    /// What each symbol of the writer is to the reader.
    Enum {
        symbols: Box<[Symbol]>,
    },
    /// What each branch of the writer is to the reader.
    Union {
        branches: Box<[NodeId]>,
    },
    /// The reader has a union here; the writer's value is its `branch`.
    Wrap {
        branch: u32,
        inner: NodeId,
    },
    /// The reader has no place for this value.
    Unresolvable {
        reason: String,
    },
}

/// Fields in the writer's order, then the reader's own defaults.
#[derive(Debug)]
pub(super) struct RecordPlan {
    /// The reader's, by slot.
    pub(super) fields: Box<[String]>,
    pub(super) steps: Box<[Step]>,
    pub(super) defaults: Box<[FieldDefault]>,
    /// The same in the reader's order, if the fields that both have stand in one order.
    pub(super) in_order: Option<InOrder>,
    /// What the fields are counted with against the limit of memory, in bytes.
    pub(super) size: usize,
    /// Where the field names of the type lie that was read last and has exactly `fields`.
    pub(super) place: AtomicUsize,
}

/// What to do with one field of the writer.
#[derive(Debug)]
pub(super) enum Step {
    /// Read it into the reader's field `slot`; `name` is the writer's.
    Read { slot: usize, node: NodeId },
    /// The reader has no such field.
    Skip { name: String, skip: SkipId },
}

/// How to read a record from its first field to its last.
#[derive(Debug)]
pub(super) struct InOrder {
    pub(super) slots: Box<[Slot]>,
    /// What stands behind the last field that the reader wants.
    pub(super) trailing: Box<[SkipId]>,
}

impl InOrder {
    /// The steps in the reader's order, if that is the writer's too.
    pub(super) fn of(steps: &[Step], defaults: &[FieldDefault], count: usize) -> Option<Self> {
        let mut slots = Vec::with_capacity(count);
        let mut skips = Vec::new();
        let mut defaults = (0..).zip(defaults).peekable();
        let mut fill_up_to = |slot: usize, slots: &mut Vec<Slot>| {
            while let Some((place, _)) = defaults.next_if(|(_, default)| default.slot < slot) {
                slots.push(Slot::Default { place });
            }
        };
        for step in steps {
            match step {
                Step::Skip { skip, .. } => skips.push(*skip),
                Step::Read { slot, node } => {
                    fill_up_to(*slot, &mut slots);
                    if slots.len() != *slot {
                        return None;
                    }
                    slots.push(match std::mem::take(&mut skips) {
                        skips if skips.is_empty() => Slot::Read(*node),
                        skips => Slot::ReadBehind { skips: skips.into(), node: *node },
                    });
                }
            }
        }
        fill_up_to(count, &mut slots);
        Some(Self { slots: slots.into(), trailing: skips.into() })
    }
}

/// Where the reader's next field comes from.
#[derive(Debug)]
pub(super) enum Slot {
    /// From the message.
    Read(NodeId),
    /// From the message, behind what the reader does not want.
    ReadBehind { skips: Box<[SkipId]>, node: NodeId },
    /// From this place among the defaults.
    Default { place: usize },
}

/// A field that only the reader has.
#[derive(Debug)]
pub(super) struct FieldDefault {
    pub(super) slot: usize,
    pub(super) value: Value,
    /// What a copy of `value` takes, in bytes.
    pub(super) size: usize,
}

/// A symbol of the writer's enum as the reader's enum has it.
#[derive(Debug)]
pub(super) enum Symbol {
    Known { index: u32, name: String },
    Unknown { name: String },
}

/// The primitive encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
}

/// What a primitive is to the reader, logical types included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed,
    Date,
    TimeMillis,
    TimeMicros,
    TimestampMillis,
    TimestampMicros,
    TimestampNanos,
    LocalTimestampMillis,
    LocalTimestampMicros,
    LocalTimestampNanos,
    Decimal,
    BigDecimal,
    UuidText,
    UuidBytes,
    Duration,
}

/// How to pass over data of the writer that the reader does not want.
#[derive(Debug)]
pub(super) enum Skip {
    Leaf(Wire),
    Enum(usize),
    Array(SkipId),
    Map(SkipId),
    Record(Box<[SkipId]>),
    Union(Box<[SkipId]>),
}
