//! Whether a default value fits its type, judged as the reference judges it: shapes and ranges
//! count, lengths of fixed types and symbols of enums do not, and any branch of a union will do.

use foldhash::HashSet;

use super::types::{Primitive, Shape, TypeId, Types};
use crate::json_text::{Json, Number, View};
use crate::{Limits, ParseError, ParseErrorKind};

/// One check. Defaults can fill each other in without end in sight, so it counts its steps.
pub(super) struct DefaultCheck<'a> {
    types: &'a Types,
    depth_max: usize,
    steps_left: usize,
    /// The record whose field has the default, once all names are resolved.
    owner: Option<TypeId>,
    is_provisional: bool,
}

impl<'a> DefaultCheck<'a> {
    pub(super) fn new(types: &'a Types, limits: &Limits, steps_left: usize) -> Self {
        let depth_max = limits.depth_max;
        Self { types, depth_max, steps_left, owner: None, is_provisional: false }
    }

    /// A check of a field of `owner` after all names have been resolved.
    pub(super) fn for_owner(mut self, owner: TypeId) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Whether an object was accepted for a type that is not defined yet.
    pub(super) fn is_provisional(&self) -> bool {
        self.is_provisional
    }

    pub(super) fn steps_left(&self) -> usize {
        self.steps_left
    }

    pub(super) fn fits(&mut self, id: TypeId, value: &View<'_>) -> Result<bool, ParseError> {
        self.fits_at(id, value, 0)
    }

    fn fits_at(&mut self, id: TypeId, value: &View<'_>, depth: usize) -> Result<bool, ParseError> {
        self.steps_left = self.steps_left.saturating_sub(1);
        if self.steps_left == 0 || depth > self.depth_max {
            let message = "the default values of the schema are too complex to check (settings \
                           pairs-max, depth-max)";
            return Err(ParseError::new(ParseErrorKind::TooLarge, message));
        }
        match (self.types.shape(id), value) {
            (Shape::Primitive(primitive), value) => Ok(fits_primitive(*primitive, value)),
            (Shape::Enum(_) | Shape::Fixed(_), value) => Ok(matches!(value, View::Text(_))),
            (Shape::Array(items), View::Array(values)) => {
                self.all_fit(*items, values.clone(), depth)
            }
            (Shape::Map(values), View::Object(object)) => {
                self.all_fit(*values, object.iter().map(|(_, value)| value), depth)
            }
            (Shape::Union(branches), _) => {
                for &branch in branches {
                    if self.fits_at(branch, value, depth + 1)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Shape::Record(record), View::Object(object)) => {
                self.must_not_lead_to_owner(id, &record.named.name.full)?;
                for field in &record.fields {
                    let given = object.get(self.types.text(field.name)).map(Json::view);
                    let Some(given) = given.or_else(|| self.types.default(field)) else {
                        return Ok(false);
                    };
                    if !self.fits_at(field.type_id, &given, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Shape::Unresolved(_), View::Object(_)) => {
                self.is_provisional = true;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The reference looks for the fields of a record that it is still putting together, and
    /// fails, where a default is given for a type that leads back to the default's own record.
    fn must_not_lead_to_owner(&mut self, record: TypeId, name: &str) -> Result<(), ParseError> {
        let Some(owner) = self.owner else { return Ok(()) };
        let mut seen: HashSet<TypeId> = [record].into_iter().collect();
        let mut open = vec![record];
        while let Some(id) = open.pop() {
            self.steps_left = self.steps_left.saturating_sub(1);
            if id == owner {
                let message = format!(
                    "a default must not be given for {name}, which contains the field's own record"
                );
                return Err(ParseError::new(ParseErrorKind::Invalid, message));
            }
            open.extend(self.types.inside(id).into_iter().filter(|inside| seen.insert(*inside)));
        }
        Ok(())
    }

    fn all_fit<'v>(
        &mut self,
        id: TypeId,
        values: impl Iterator<Item = Json<'v>>,
        depth: usize,
    ) -> Result<bool, ParseError> {
        for value in values {
            if !self.fits_at(id, &value.view(), depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn fits_primitive(primitive: Primitive, value: &View<'_>) -> bool {
    match (primitive, value) {
        (Primitive::Null, View::Null)
        | (Primitive::Boolean, View::Boolean(_))
        | (Primitive::Float | Primitive::Double, View::Number(_))
        | (Primitive::Bytes | Primitive::String, View::Text(_)) => true,
        (Primitive::Int, View::Number(source)) => as_int(source).is_some(),
        (Primitive::Long, View::Number(source)) => Number::new(source).as_i64().is_some(),
        _ => false,
    }
}

fn as_int(source: &str) -> Option<i32> {
    Number::new(source).as_i64().and_then(|value| i32::try_from(value).ok())
}
