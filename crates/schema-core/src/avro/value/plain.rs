//! The smallest value of a type: zero, empty, the first symbol, the smallest branch.

use super::{Value, depth_max};
use crate::Limits;
use crate::avro::logical;
use crate::avro::types::{Primitive, Shape, TypeId, Types};

/// Sizes count values and bytes; a type without a finite value has none.
pub(in crate::avro) struct PlainValues<'a> {
    types: &'a Types,
    /// By the position of the type.
    sizes: Vec<Option<usize>>,
    size_max: usize,
    depth_max: usize,
    /// No more rounds would find more: what has no size has no value.
    is_settled: bool,
}

impl<'a> PlainValues<'a> {
    pub(in crate::avro) fn new(types: &'a Types, limits: &Limits) -> Self {
        let mut plain = Self {
            types,
            sizes: vec![None; types.len()],
            size_max: limits.text_bytes_max,
            depth_max: depth_max(limits),
            is_settled: false,
        };
        // Each round knows the values that are one level deeper than those of the round before.
        for _ in 0..=plain.depth_max {
            if !plain.grow() {
                plain.is_settled = true;
                break;
            }
        }
        plain
    }

    /// The smallest value, unless the type has none within the limits.
    pub(in crate::avro) fn value(&self, id: TypeId) -> Option<Value> {
        self.size(id).filter(|&size| size <= self.size_max)?;
        self.built(id, 0)
    }

    /// Whether it is certain that the type has no value, however deep.
    pub(in crate::avro) fn is_without_values(&self, id: TypeId) -> bool {
        self.is_settled && self.size(id).is_none()
    }

    pub(in crate::avro) fn size(&self, id: TypeId) -> Option<usize> {
        self.sizes.get(id.position()).copied().flatten()
    }

    /// Looks at every type once more; says whether any got a size or a smaller one.
    fn grow(&mut self) -> bool {
        let mut has_grown = false;
        for id in self.types.ids_since(0) {
            let size = self.size_of(id);
            if size != self.size(id)
                && let Some(known) = self.sizes.get_mut(id.position())
            {
                *known = size;
                has_grown = true;
            }
        }
        has_grown
    }

    fn size_of(&self, id: TypeId) -> Option<usize> {
        let inside = match self.types.shape(id) {
            Shape::Primitive(_) | Shape::Array(_) | Shape::Map(_) => Some(0),
            Shape::Fixed(fixed) => usize::try_from(fixed.size).ok(),
            Shape::Enum(symbols) => symbols.symbols.first().map(|_| 0),
            Shape::Record(record) => record
                .fields
                .iter()
                .try_fold(0usize, |sum, field| Some(sum.saturating_add(self.size(field.type_id)?))),
            Shape::Union(branches) => branches.iter().filter_map(|&id| self.size(id)).min(),
            Shape::Unresolved(_) => None,
        };
        inside.map(|inside| inside.saturating_add(1))
    }

    fn built(&self, id: TypeId, depth: usize) -> Option<Value> {
        if depth > self.depth_max {
            return None;
        }
        Some(match self.types.shape(id) {
            Shape::Primitive(primitive) => {
                zero(*primitive, logical::usable(self.types, self.types.get(id)))
            }
            Shape::Array(_) => Value::Array(Vec::new()),
            Shape::Map(_) => Value::Map(Vec::new()),
            Shape::Fixed(fixed) => Value::Fixed(vec![0; usize::try_from(fixed.size).ok()?]),
            Shape::Enum(symbols) => Value::Enum(symbols.symbols.first().map(|_| 0)?),
            Shape::Record(record) => {
                let fields = record.fields.iter();
                let values = fields.map(|field| self.built(field.type_id, depth + 1));
                Value::Record(values.collect::<Option<_>>()?)
            }
            Shape::Union(branches) => {
                let sized = branches.iter().enumerate();
                let sized =
                    sized.filter_map(|(at, &branch)| Some((self.size(branch)?, at, branch)));
                let (_, index, branch) = sized.min_by_key(|&(size, at, _)| (size, at))?;
                Value::Union(index, Box::new(self.built(branch, depth + 1)?))
            }
            Shape::Unresolved(_) => return None,
        })
    }
}

/// Zero or empty, unless a serializer that knows the logical type would not write that.
fn zero(primitive: Primitive, logical_type: Option<&str>) -> Value {
    match (primitive, logical_type) {
        (Primitive::Null, _) => Value::Null,
        (Primitive::Boolean, _) => Value::Boolean(false),
        (Primitive::Int, _) => Value::Int(0),
        (Primitive::Long, _) => Value::Long(0),
        (Primitive::Float, _) => Value::Float(0.0),
        (Primitive::Double, _) => Value::Double(0.0),
        (Primitive::String, Some("uuid")) => {
            Value::String("00000000-0000-0000-0000-000000000000".to_owned())
        }
        (Primitive::String, _) => Value::String(String::new()),
        (Primitive::Bytes, Some("decimal")) => Value::Bytes(vec![0]),
        // The digits as bytes, and the scale.
        (Primitive::Bytes, Some("big-decimal")) => Value::Bytes(vec![2, 0, 0]),
        (Primitive::Bytes, _) => Value::Bytes(Vec::new()),
    }
}
