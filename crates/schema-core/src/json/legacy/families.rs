//! The keyword families of the old drafts: strings, numbers, objects, arrays.

use smol_str::SmolStr;

use super::{Extraction, Loader, array, boolean, members};
use crate::ParseError;
use crate::json::decimal::Decimal;
use crate::json::dialect::Dialect;
use crate::json::documents::Document;
use crate::json::java_order::copied_hash_order;
use crate::json::model::{Additional, ArrayRules, Kind, NumberRules, ObjectRules, StringRules};
use crate::json::text::printed_integer;
use crate::json_text::{Data, Object, Value};

pub(super) const STRING: &[&str] = &["minLength", "maxLength", "pattern", "format"];
pub(super) const NUMBER: &[&str] =
    &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

pub(super) fn array_keywords(dialect: Dialect) -> &'static [&'static str] {
    let all: &[&str] =
        &["items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"];
    without_last(all, dialect)
}

pub(super) fn object_keywords(dialect: Dialect) -> &'static [&'static str] {
    let all: &[&str] = &[
        "properties",
        "required",
        "minProperties",
        "maxProperties",
        "dependencies",
        "patternProperties",
        "additionalProperties",
        "propertyNames",
    ];
    without_last(all, dialect)
}

/// Draft 06 added the last keyword of the list.
fn without_last(all: &'static [&'static str], dialect: Dialect) -> &'static [&'static str] {
    match all.split_last() {
        Some((_, older)) if dialect < Dialect::Draft06 => older,
        _ => all,
    }
}

/// The string keywords of the object.
pub(super) fn string(at: &mut Extraction<'_, '_>, typed: bool) -> Result<Kind, ParseError> {
    let (document, object) = (at.scope.document, at.object);
    at.taken.extend(STRING);
    let mut rules = StringRules {
        typed,
        min_length: integer(document, object, "minLength")?,
        max_length: integer(document, object, "maxLength")?,
        ..StringRules::default()
    };
    if let Some(value) = object.get("pattern") {
        let source = super::string(document, "pattern", value)?;
        document.check_pattern(value, &source)?;
        rules.pattern = Some(source);
    }
    if let Some(value) = object.get("format") {
        let format = super::string(document, "format", value)?;
        rules.format = is_checked(at.scope.dialect, &format).then_some(format);
    }
    Ok(Kind::String(Box::new(rules)))
}

/// Whether the reference checks instances by this format; it forgets others.
fn is_checked(dialect: Dialect, format: &str) -> bool {
    let since = match format {
        "date-time" | "email" | "hostname" | "ipv4" | "ipv6" | "uri" => Dialect::Draft04,
        "json-pointer" | "uri-reference" | "uri-template" => Dialect::Draft06,
        "date" | "regex" | "relative-json-pointer" | "time" => Dialect::Draft07,
        _ => return false,
    };
    dialect >= since
}

/// The numeric keywords of the object.
pub(super) fn number(
    at: &mut Extraction<'_, '_>,
    typed: bool,
    integer: bool,
) -> Result<Kind, ParseError> {
    let (document, object) = (at.scope.document, at.object);
    at.taken.extend(NUMBER);
    let mut rules = NumberRules {
        typed,
        integer,
        minimum: numeral(document, object, "minimum")?,
        maximum: numeral(document, object, "maximum")?,
        multiple_of: numeral(document, object, "multipleOf")?,
        ..NumberRules::default()
    };
    let multiple = rules.multiple_of.as_ref().map_or(1.0, Decimal::to_f64);
    if multiple == 0.0 || multiple.is_infinite() {
        let at = object.get("multipleOf").map_or(at.scope.document.root.location, |v| v.location);
        let kind = crate::ParseErrorKind::Invalid;
        let message = "'multipleOf' must be a double and not be 0";
        return Err(document.error(kind, at, message));
    }
    if at.scope.has(Dialect::Draft06) {
        rules.exclusive_minimum = numeral(document, object, "exclusiveMinimum")?;
        rules.exclusive_maximum = numeral(document, object, "exclusiveMaximum")?;
    } else {
        let flag = |key: &str| match object.get(key) {
            Some(value) => boolean(document, key, value),
            None => Ok(false),
        };
        rules.exclusive_flags = (flag("exclusiveMinimum")?, flag("exclusiveMaximum")?);
    }
    Ok(Kind::Number(Box::new(rules)))
}

/// An integer of 32 bits, printed as one: `1.0` is not.
fn integer(document: &Document, object: &Object, key: &str) -> Result<Option<i32>, ParseError> {
    let Some(value) = object.get(key) else { return Ok(None) };
    if let Data::Number(number) = &value.data
        && let Some(small) = printed_integer(number).and_then(|wide| i32::try_from(wide).ok())
    {
        return Ok(Some(small));
    }
    Err(document.invalid(value, format!("'{key}' must be an integer of at most 32 bits")))
}

fn numeral(document: &Document, object: &Object, key: &str) -> Result<Option<Decimal>, ParseError> {
    let Some(value) = object.get(key) else { return Ok(None) };
    match &value.data {
        Data::Number(number) => Ok(Decimal::parse(number.source())),
        _ => Err(document.mismatch(key, value, "a number")),
    }
}

/// `minContains` and `maxContains` are unknown keywords here that the comparison reads all the
/// same, if they are numbers and the schema is an array schema and nothing else.
pub(super) fn count_contains(kind: &mut Kind, object: &Object) {
    let Kind::Array(rules) = kind else { return };
    let count = |key: &str| match object.get(key).map(|value| &value.data) {
        Some(Data::Number(number)) => Decimal::parse(number.source()),
        _ => None,
    };
    rules.min_contains = count("minContains");
    rules.max_contains = count("maxContains");
}

impl<'a> Loader<'a> {
    /// The array keywords of the object.
    pub(super) fn array(
        &mut self,
        at: &mut Extraction<'_, 'a>,
        typed: bool,
    ) -> Result<Kind, ParseError> {
        at.taken.extend(array_keywords(at.scope.dialect));
        let mut rules = Box::<ArrayRules>::default();
        rules.typed = typed;
        lengths(at, &mut rules)?;
        if let Some(value) = at.object.get("additionalItems") {
            rules.additional = self.additional(at, "additionalItems", value)?;
        }
        self.items(at, &mut rules)?;
        // The reference drops `additionalItems: false` beside a schema for all items.
        if rules.items.is_some() && rules.additional == Additional::Refused {
            rules.additional = Additional::Allowed;
        }
        if at.scope.has(Dialect::Draft06)
            && let Some(value) = at.object.get("contains")
        {
            rules.contains = Some(self.child(at.scope, value)?);
        }
        Ok(Kind::Array(rules))
    }

    fn items(&mut self, at: &Extraction<'_, 'a>, rules: &mut ArrayRules) -> Result<(), ParseError> {
        let Some(value) = at.object.get("items") else { return Ok(()) };
        if let Data::Array(positions) = &value.data {
            for position in positions.iter() {
                rules.positions.push(self.child(at.scope, position)?);
            }
        } else {
            refuse_boolean(at, "items", value)?;
            rules.items = Some(self.child(at.scope, value)?);
        }
        Ok(())
    }

    /// The object keywords of the object.
    pub(super) fn object(
        &mut self,
        at: &mut Extraction<'_, 'a>,
        typed: bool,
    ) -> Result<Kind, ParseError> {
        at.taken.extend(object_keywords(at.scope.dialect));
        let mut rules = Box::<ObjectRules>::default();
        rules.typed = typed;
        sizes(at, &mut rules)?;
        self.properties(at, &mut rules)?;
        if let Some(value) = at.object.get("additionalProperties") {
            rules.additional = self.additional(at, "additionalProperties", value)?;
        }
        required(at, &mut rules)?;
        self.patterns(at, &mut rules)?;
        self.dependencies(at, &mut rules)?;
        if at.scope.has(Dialect::Draft06)
            && let Some(value) = at.object.get("propertyNames")
        {
            rules.property_names = Some(self.child(at.scope, value)?);
        }
        Ok(Kind::Object(rules))
    }

    fn properties(
        &mut self,
        at: &Extraction<'_, 'a>,
        rules: &mut ObjectRules,
    ) -> Result<(), ParseError> {
        let Some(value) = at.object.get("properties") else { return Ok(()) };
        let inner = at.scope.enter(value)?;
        for member in copied_hash_order(members(inner.document, "properties", value)?) {
            // A text here is taken for the id of the enclosing schema.
            let id = member.key == inner.dialect.id_keyword();
            if !id || member.value.as_object().is_some() {
                let node = self.child(&inner, &member.value)?;
                rules.properties.insert(member.key.clone(), node);
            }
        }
        Ok(())
    }

    fn patterns(
        &mut self,
        at: &Extraction<'_, 'a>,
        rules: &mut ObjectRules,
    ) -> Result<(), ParseError> {
        let Some(value) = at.object.get("patternProperties") else { return Ok(()) };
        let inner = at.scope.enter(value)?;
        for member in members(inner.document, "patternProperties", value)?.iter() {
            let node = self.child(&inner, &member.value)?;
            inner.document.check_pattern(&member.value, &member.key)?;
            rules.patterns.push((member.key.clone(), node));
        }
        Ok(())
    }

    fn dependencies(
        &mut self,
        at: &Extraction<'_, 'a>,
        rules: &mut ObjectRules,
    ) -> Result<(), ParseError> {
        let Some(value) = at.object.get("dependencies") else { return Ok(()) };
        let inner = at.scope.enter(value)?;
        for member in copied_hash_order(members(inner.document, "dependencies", value)?) {
            if let Data::Array(names) = &member.value.data {
                require_by(inner.document, &member.key, names, rules)?;
            } else {
                refuse_boolean(at, "dependencies", &member.value)?;
                let node = self.child(&inner, &member.value)?;
                rules.schemas_by.insert(member.key.clone(), node);
            }
        }
        Ok(())
    }

    /// A boolean or a schema object.
    fn additional(
        &mut self,
        at: &Extraction<'_, 'a>,
        key: &str,
        value: &'a Value,
    ) -> Result<Additional, ParseError> {
        match &value.data {
            Data::Boolean(true) => Ok(Additional::Allowed),
            Data::Boolean(false) => Ok(Additional::Refused),
            Data::Object(_) => self.child(at.scope, value).map(Additional::Schema),
            _ => Err(at.scope.document.mismatch(key, value, "a boolean or an object")),
        }
    }
}

fn sizes(at: &Extraction<'_, '_>, rules: &mut ObjectRules) -> Result<(), ParseError> {
    rules.min_properties = integer(at.scope.document, at.object, "minProperties")?;
    rules.max_properties = integer(at.scope.document, at.object, "maxProperties")?;
    Ok(())
}

fn lengths(at: &Extraction<'_, '_>, rules: &mut ArrayRules) -> Result<(), ParseError> {
    rules.min_items = integer(at.scope.document, at.object, "minItems")?;
    rules.max_items = integer(at.scope.document, at.object, "maxItems")?;
    if let Some(value) = at.object.get("uniqueItems") {
        rules.unique = boolean(at.scope.document, "uniqueItems", value)?;
    }
    Ok(())
}

fn required(at: &Extraction<'_, '_>, rules: &mut ObjectRules) -> Result<(), ParseError> {
    let Some(value) = at.object.get("required") else { return Ok(()) };
    for name in array(at.scope.document, "required", value)? {
        rules.required.push(name_in(at.scope.document, "required", name)?);
    }
    Ok(())
}

/// An empty list of dependents is none.
fn require_by(
    document: &Document,
    key: &SmolStr,
    names: &[Value],
    rules: &mut ObjectRules,
) -> Result<(), ParseError> {
    for name in names {
        let name = name_in(document, "dependencies", name)?;
        rules.required_by.entry(key.clone()).or_default().insert(name);
    }
    Ok(())
}

/// Draft 04 knows no boolean schemas in some places.
fn refuse_boolean(at: &Extraction<'_, '_>, key: &str, value: &Value) -> Result<(), ParseError> {
    match value.data {
        Data::Boolean(_) if !at.scope.has(Dialect::Draft06) => {
            Err(at.scope.document.mismatch(key, value, "an object or an array"))
        }
        _ => Ok(()),
    }
}

fn name_in(document: &Document, key: &str, value: &Value) -> Result<SmolStr, ParseError> {
    let text = value
        .as_text()
        .ok_or_else(|| document.mismatch(&format!("a member of {key}"), value, "a string"))?;
    Ok(text.clone())
}
