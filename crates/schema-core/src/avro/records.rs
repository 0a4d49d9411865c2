//! Parsing of records and their fields.

use foldhash::{HashSet, HashSetExt};
use smol_str::SmolStr;

use super::attributes::{
    Attribute, Attributes, aliases, invalid, required, required_array, required_text,
};
use super::parse::Parser;
use super::types::{
    FEW_FIELDS, Field, FieldDefault, Named, Order, Primitive, Record, Shape, TypeId, Types,
};
use crate::ParseError;
use crate::json_text::{Items, Json, Number, Sieve};

/// In source order, each once.
fn field_aliases(value: Json<'_>) -> Result<Vec<SmolStr>, ParseError> {
    let mut seen = HashSet::new();
    let listed = aliases(value)?.into_iter();
    Ok(listed.filter(|(alias, _)| seen.insert(*alias)).map(|(alias, _)| alias.into()).collect())
}

/// The fields of a record that have been read.
struct Fields<'v> {
    listed: Vec<Field>,
    names: Sieve,
    /// The names, where there are so many that looking at all of them takes longer.
    many: Option<HashSet<&'v str>>,
    /// Positions of fields whose defaults are to be checked again at the end.
    provisional: Vec<usize>,
}

impl<'v> Fields<'v> {
    fn for_as_many_as(values: Items<'_>) -> Self {
        let count = values.count();
        Self {
            listed: Vec::with_capacity(count),
            names: Sieve::default(),
            many: (count > FEW_FIELDS).then(|| HashSet::with_capacity(count)),
            provisional: Vec::new(),
        }
    }

    /// Adds a field of that name; false if there is one already.
    fn add(&mut self, field: Field, name: &'v str, types: &Types) -> bool {
        let is_new = if let Some(many) = &mut self.many {
            many.insert(name)
        } else {
            let is_same = |before: &Field| types.text(before.name) == name;
            !(self.names.may_have_seen(name.as_bytes()) && self.listed.iter().any(is_same))
        };
        self.listed.push(field);
        is_new
    }
}

impl Parser<'_> {
    pub(super) fn record(
        &mut self,
        own: &Attributes<'_>,
        space: Option<&str>,
        is_error: bool,
    ) -> Result<TypeId, ParseError> {
        let named = self.named(own, space)?;
        let listed = required_array(own.get(Attribute::Fields), "fields", own.place)?;
        let mut fields = Fields::for_as_many_as(listed.clone());
        for value in listed {
            let field = field_attributes(value)?;
            let type_id = required(field.get(Attribute::Type), "type", value)?;
            let type_id = self.parse(type_id, named.name.space.as_deref())?;
            self.add_field(&field, type_id, &named, &mut fields)?;
        }
        self.finish_record(own, named, fields, is_error)
    }

    fn finish_record(
        &mut self,
        own: &Attributes<'_>,
        named: Named,
        fields: Fields<'_>,
        is_error: bool,
    ) -> Result<TypeId, ParseError> {
        let Fields { listed: fields, provisional, .. } = fields;
        let shape = Shape::Record(Box::new(Record::new(named, is_error, fields)));
        let id = self.define(shape, own.has(Attribute::PROPS), own.place)?;
        self.provisional.extend(provisional.into_iter().map(|position| (id, position)));
        Ok(id)
    }

    fn add_field<'v>(
        &mut self,
        own: &Attributes<'v>,
        type_id: TypeId,
        record: &Named,
        fields: &mut Fields<'v>,
    ) -> Result<(), ParseError> {
        let (mut field, name) = self.field(own, type_id)?;
        let is_provisional = self.check_default(&field, own.get(Attribute::Default))?;
        if let Some(listed) = own.get(Attribute::Aliases) {
            field.aliases = field_aliases(listed)?;
        }
        if is_provisional {
            fields.provisional.push(fields.listed.len());
        }
        if !fields.add(field, name, &self.types) {
            let record = &record.name.full;
            let message = format!("duplicate field {name:?} in record {record}");
            return Err(invalid(message, own.place));
        }
        Ok(())
    }

    /// The field without its aliases, and its name.
    fn field<'v>(
        &mut self,
        own: &Attributes<'v>,
        type_id: TypeId,
    ) -> Result<(Field, &'v str), ParseError> {
        let named = required(own.get(Attribute::Name), "name", own.place)?;
        let name = required_text(Some(named), "name", own.place)?;
        let order = match own.get(Attribute::Order) {
            None => Order::Ascending,
            Some(value) => value.as_str().and_then(Order::parse).ok_or_else(|| {
                invalid("the order of a field is ascending, descending or ignore", value)
            })?,
        };
        self.check_name(name, named)?;
        let default =
            own.get(Attribute::Default).map(|value| self.default_value(name, type_id, value));
        let field = Field {
            name: named.id(),
            type_id,
            doc: own.text(Attribute::Doc).map(Json::id),
            default: default.transpose()?,
            order,
            aliases: Vec::new(),
            node: own.place.id(),
            has_props: own.has(Attribute::FIELD_PROPS),
        };
        Ok((field, name))
    }

    /// The default as kept: text given for a float or double becomes the number it spells.
    fn default_value(
        &self,
        field: &str,
        type_id: TypeId,
        value: Json<'_>,
    ) -> Result<FieldDefault, ParseError> {
        let is_floating = matches!(
            self.types.shape(type_id),
            Shape::Primitive(Primitive::Float | Primitive::Double)
        );
        let Some(text) = value.as_str().filter(|_| is_floating) else {
            return Ok(FieldDefault::AsWritten(value.id()));
        };
        let number = java_parse_double(text).ok_or_else(|| {
            invalid(format!("default {text:?} of field {field:?} is no number"), value)
        })?;
        Ok(FieldDefault::Number(Number::from_f64(number).source().into()))
    }
}

fn field_attributes(field: Json<'_>) -> Result<Attributes<'_>, ParseError> {
    let object = field
        .as_object()
        .ok_or_else(|| invalid(format!("a field is an object, not {}", field.kind()), field))?;
    Ok(Attributes::of(object, field))
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
