//! Parsing of records and their fields.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use smol_str::SmolStr;

use super::attributes::{
    aliases, invalid, is_reserved, props, required, required_array, required_text,
};
use super::parse::Parser;
use super::types::{FEW_FIELDS, Field, Named, Order, Primitive, Record, Shape, TypeId};
use crate::ParseError;
use crate::json_text::{Data, Items, Json, Members, Number, Object, Value};

/// Attributes of a field with a meaning of their own.
fn is_field_reserved(key: &str) -> bool {
    matches!(key, "default" | "doc" | "name" | "order" | "type" | "aliases")
}

/// The attributes of a field with a meaning of their own, found in one pass.
#[derive(Default)]
struct Attributes<'v> {
    name: Option<Json<'v>>,
    doc: Option<Json<'v>>,
    default: Option<Json<'v>>,
    order: Option<Json<'v>>,
    aliases: Option<Json<'v>>,
    /// Whether there are others.
    has_props: bool,
}

impl<'v> Attributes<'v> {
    fn of(object: Members<'v>) -> Self {
        let mut found = Self::default();
        for (key, value) in object.iter() {
            match key.as_str().unwrap_or_default() {
                "name" => found.name = Some(value),
                "doc" => found.doc = Some(value),
                "default" => found.default = Some(value),
                "order" => found.order = Some(value),
                "aliases" => found.aliases = Some(value),
                key => found.has_props |= !is_field_reserved(key),
            }
        }
        found
    }
}

/// In source order, each once.
fn field_aliases(value: Json<'_>) -> Result<Vec<SmolStr>, ParseError> {
    let mut seen = HashSet::new();
    let listed = aliases(value)?.into_iter();
    Ok(listed.filter(|(alias, _)| seen.insert(*alias)).map(|(alias, _)| alias.into()).collect())
}

/// The fields of a record that have been read.
struct Fields {
    listed: Vec<Field>,
    /// Whether there are too few for `by_name` to be worth its while.
    has_few: bool,
    by_name: HashMap<SmolStr, usize>,
    /// Positions of fields whose defaults are to be checked again at the end.
    provisional: Vec<usize>,
}

impl Fields {
    fn for_as_many_as(values: Items<'_>) -> Self {
        let count = values.count();
        Self {
            listed: Vec::with_capacity(count),
            by_name: if count > FEW_FIELDS {
                HashMap::with_capacity(count)
            } else {
                HashMap::new()
            },
            has_few: count <= FEW_FIELDS,
            provisional: Vec::new(),
        }
    }
}

impl Parser<'_> {
    pub(super) fn record(
        &mut self,
        object: Members<'_>,
        place: Json<'_>,
        space: Option<&str>,
        is_error: bool,
    ) -> Result<TypeId, ParseError> {
        let named = self.named(object, place, space)?;
        let listed = required_array(object, "fields", place)?;
        let mut fields = Fields::for_as_many_as(listed.clone());
        for value in listed {
            let type_id = self.field_type(value, named.name.space.as_deref())?;
            self.add_field(value, type_id, &named, &mut fields)?;
        }
        self.finish_record(object, place, named, fields, is_error)
    }

    fn finish_record(
        &mut self,
        object: Members<'_>,
        place: Json<'_>,
        named: Named,
        fields: Fields,
        is_error: bool,
    ) -> Result<TypeId, ParseError> {
        let Fields { listed, by_name, provisional, .. } = fields;
        let shape = Shape::Record(Box::new(Record { named, is_error, fields: listed, by_name }));
        let id = self.define(shape, props(object, is_reserved), place)?;
        self.provisional.extend(provisional.into_iter().map(|position| (id, position)));
        Ok(id)
    }

    fn field_type(&mut self, field: Json<'_>, space: Option<&str>) -> Result<TypeId, ParseError> {
        let Some(object) = field.as_object() else {
            return Err(invalid(format!("a field is an object, not {}", field.kind()), field));
        };
        self.parse(required(object, "type", field)?, space)
    }

    fn add_field(
        &mut self,
        value: Json<'_>,
        type_id: TypeId,
        record: &Named,
        fields: &mut Fields,
    ) -> Result<(), ParseError> {
        let position = fields.listed.len();
        let (field, is_provisional) = self.field(value, type_id)?;
        let is_repeated = if fields.has_few {
            fields.listed.iter().any(|before| before.name == field.name)
        } else {
            fields.by_name.insert(field.name.clone(), position).is_some()
        };
        if is_repeated {
            return Err(invalid(
                format!("duplicate field {:?} in record {}", field.name, record.name.full),
                value,
            ));
        }
        fields.listed.push(field);
        if is_provisional {
            fields.provisional.push(position);
        }
        Ok(())
    }

    /// The field, and whether its default is to be checked again at the end.
    fn field(&mut self, value: Json<'_>, type_id: TypeId) -> Result<(Field, bool), ParseError> {
        let Some(object) = value.as_object() else {
            return Err(invalid("a field is an object", value));
        };
        let own = Attributes::of(object);
        let name = match own.name.and_then(Json::as_str) {
            Some(name) => SmolStr::new(name),
            None => SmolStr::new(required_text(object, "name", value)?),
        };
        let order = match own.order {
            None => Order::Ascending,
            Some(value) => value.as_str().and_then(Order::parse).ok_or_else(|| {
                invalid("the order of a field is ascending, descending or ignore", value)
            })?,
        };
        self.check_name(&name, own.name.unwrap_or(value))?;
        let default = match own.default {
            None => None,
            Some(value) => Some(self.default_value(&name, type_id, value)?),
        };
        let is_provisional = match &default {
            None => false,
            Some(default) => self.check_default(&name, type_id, default)?,
        };
        let field = Field {
            name,
            type_id,
            doc: own.doc.and_then(Json::as_str).map(SmolStr::new),
            default,
            order,
            aliases: own.aliases.map_or_else(|| Ok(Vec::new()), field_aliases)?,
            props: if own.has_props { props(object, is_field_reserved) } else { Object::default() },
            place: self.place(value),
        };
        Ok((field, is_provisional))
    }

    /// The default as kept: text given for a float or double becomes the number it spells.
    fn default_value(
        &self,
        field: &str,
        type_id: TypeId,
        value: Json<'_>,
    ) -> Result<Value, ParseError> {
        let is_floating = matches!(
            self.types.shape(type_id),
            Shape::Primitive(Primitive::Float | Primitive::Double)
        );
        let mut default = value.to_value();
        if let (true, Some(text)) = (is_floating, value.as_str()) {
            let number = java_parse_double(text).ok_or_else(|| {
                invalid(format!("default {text:?} of field {field:?} is no number"), value)
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
