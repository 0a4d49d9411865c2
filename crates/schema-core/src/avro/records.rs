//! Parsing of records and their fields.

use std::collections::{HashMap, HashSet};

use super::parse::{
    Parser, RESERVED, aliases_of, invalid, props, required, required_array, required_text, text,
};
use super::types::{Field, Order, Primitive, Record, Shape, TypeId};
use crate::json_text::{Data, Number, Object, Value};
use crate::{Location, ParseError};

/// Attributes of a field with a meaning of their own.
const FIELD_RESERVED: [&str; 6] = ["default", "doc", "name", "order", "type", "aliases"];

impl Parser<'_> {
    pub(super) fn record(
        &mut self,
        object: &Object,
        place: Location,
        space: Option<&str>,
        is_error: bool,
    ) -> Result<TypeId, ParseError> {
        let named = self.named(object, place, space)?;
        let listed = required_array(object, "fields", place)?;
        let mut fields: Vec<Field> = Vec::with_capacity(listed.len());
        let mut provisional = Vec::new();
        let mut by_name = HashMap::with_capacity(listed.len());
        for value in listed {
            let (field, is_provisional) = self.field(value, named.name.space.as_deref())?;
            if is_provisional {
                provisional.push(fields.len());
            }
            if by_name.insert(field.name.clone(), fields.len()).is_some() {
                return Err(invalid(
                    format!("duplicate field {:?} in record {}", field.name, named.name.full),
                    value.location,
                ));
            }
            fields.push(field);
        }
        let shape = Shape::Record(Record { named, is_error, fields, by_name });
        let id = self.define(shape, props(object, &RESERVED), place)?;
        self.provisional.extend(provisional.into_iter().map(|position| (id, position)));
        Ok(id)
    }

    /// The field, and whether its default is to be checked again at the end.
    fn field(&mut self, value: &Value, space: Option<&str>) -> Result<(Field, bool), ParseError> {
        let place = value.location;
        let Some(object) = value.as_object() else {
            return Err(invalid(format!("a field is an object, not {}", value.kind()), place));
        };
        let name = required_text(object, "name", place)?.to_owned();
        let type_id = self.parse(required(object, "type", place)?, space)?;
        let order = match object.get("order") {
            None => Order::Ascending,
            Some(value) => value.as_str().and_then(Order::parse).ok_or_else(|| {
                invalid("the order of a field is ascending, descending or ignore", value.location)
            })?,
        };
        self.check_name(&name, object.get("name").map_or(place, |value| value.location))?;
        let default = match object.get("default") {
            None => None,
            Some(value) => Some(self.default_value(&name, type_id, value)?),
        };
        let is_provisional = match &default {
            None => false,
            Some(default) => self.check_default(&name, type_id, default)?,
        };
        let mut seen = HashSet::new();
        let mut aliases: Vec<String> = Vec::new();
        for (alias, _) in aliases_of(object)? {
            if seen.insert(alias) {
                aliases.push(alias.to_owned());
            }
        }
        let field = Field {
            name,
            type_id,
            doc: text(object, "doc").map(str::to_owned),
            default,
            order,
            aliases,
            props: props(object, &FIELD_RESERVED),
            location: self.location(place),
        };
        Ok((field, is_provisional))
    }

    /// The default as kept: text given for a float or double becomes the number it spells.
    fn default_value(
        &self,
        field: &str,
        type_id: TypeId,
        value: &Value,
    ) -> Result<Value, ParseError> {
        let is_floating = matches!(
            self.types.shape(type_id),
            Shape::Primitive(Primitive::Float | Primitive::Double)
        );
        let mut default = value.clone();
        if let (true, Some(text)) = (is_floating, value.as_str()) {
            let number = java_parse_double(text).ok_or_else(|| {
                invalid(format!("default {text:?} of field {field:?} is no number"), value.location)
            })?;
            default.data = Data::Number(Number::from_f64(number));
        }
        Ok(default)
    }
}

/// A decimal number in the notation Java reads: blanks around, a sign, `NaN`, `Infinity`, and
/// `f` or `d` behind the digits.
fn java_parse_double(text: &str) -> Option<f64> {
    let trimmed = text.trim_matches(|c| c <= ' ');
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if matches!(unsigned, "NaN" | "Infinity") {
        return trimmed.parse().ok();
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    trimmed.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(trimmed).parse().ok()
}
