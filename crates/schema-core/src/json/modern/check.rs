//! The check of a schema as it is loaded: each known keyword has a value of its kind.

use super::load::Loader;
use super::{Instance, Knot, Place};
use crate::ParseError;
use crate::json::uri;
use crate::json_text::{Data, Member, Object, Value};

/// What the value of a keyword must be.
#[derive(Clone, Copy)]
enum Wanted {
    Schema,
    Schemas,
    NamedSchemas,
    PatternSchemas,
    Conditional,
    String,
    Pattern,
    Number,
    Boolean,
    Array,
    Strings,
    NamedStrings,
    Type,
    Reference,
    DynamicReference,
}

/// Keywords that are not here take anything.
fn wanted(key: &str) -> Option<Wanted> {
    Some(match key {
        "additionalProperties"
        | "not"
        | "contains"
        | "items"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Wanted::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Wanted::Schemas,
        "properties" | "$defs" | "dependentSchemas" => Wanted::NamedSchemas,
        "patternProperties" => Wanted::PatternSchemas,
        "if" => Wanted::Conditional,
        "title" | "description" | "format" | "$dynamicAnchor" => Wanted::String,
        "pattern" => Wanted::Pattern,
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            Wanted::Number
        }
        "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => Wanted::Boolean,
        "enum" => Wanted::Array,
        "required" => Wanted::Strings,
        "dependentRequired" => Wanted::NamedStrings,
        "type" => Wanted::Type,
        "$ref" => Wanted::Reference,
        "$dynamicRef" => Wanted::DynamicReference,
        _ => return None,
    })
}

impl<'a> Loader<'a> {
    /// Checks the schema at `place` and notes where its references lead.
    pub(super) fn check(&mut self, knot: Knot, place: Place<'a>) -> Result<(), ParseError> {
        let object = match &place.value.data {
            Data::Boolean(_) => return Ok(()),
            Data::Object(object) => object,
            _ => {
                let kind = place.value.kind();
                let message = format!("a schema is an object or a boolean, not {kind}");
                return Err(place.document.invalid(place.value, message));
            }
        };
        let outer = self.base.clone();
        self.enter(place)?;
        for member in object.iter() {
            if let Some(wanted) = wanted(&member.key) {
                self.keyword(place.instance(knot), place, object, member, wanted)?;
            }
        }
        self.base = outer;
        Ok(())
    }

    /// Checks a schema inside another one. Its own `$schema` must name a schema that is there,
    /// though the answer changes nothing; the schema that a `$ref` leads to is not asked.
    fn child(&mut self, knot: Knot, place: Place<'a>) -> Result<(), ParseError> {
        if let Some(named) = place.value.as_object().and_then(|object| object.get("$schema")) {
            let at = place.at(named);
            let name = string(at, "$schema")?;
            let dialect = if uri::is_valid(name) { self.external(name) } else { None };
            let known = dialect.is_some_and(|dialect| {
                let root = dialect.root.as_object();
                root.is_some_and(|root| root.get("$vocabulary").is_none_or(is_vocabulary))
            });
            if !known {
                let message = format!("'$schema' names no known schema: '{name}'");
                return Err(at.document.invalid(named, message));
            }
        }
        self.check(knot, place)
    }

    fn keyword(
        &mut self,
        instance: Instance,
        place: Place<'a>,
        object: &'a Object,
        member: &'a Member,
        wanted: Wanted,
    ) -> Result<(), ParseError> {
        let at = place.at(&member.value);
        let key = &member.key;
        match wanted {
            Wanted::Schema => self.child(instance.knot, at),
            Wanted::Schemas => {
                array(at, key)?.iter().try_for_each(|item| self.child(instance.knot, at.at(item)))
            }
            Wanted::NamedSchemas => members(at, key)?
                .iter()
                .try_for_each(|schema| self.child(instance.knot, at.at(&schema.value))),
            Wanted::PatternSchemas => members(at, key)?.iter().try_for_each(|schema| {
                at.document.check_pattern(at.value, &schema.key)?;
                self.child(instance.knot, at.at(&schema.value))
            }),
            Wanted::Conditional => {
                self.child(instance.knot, at)?;
                ["then", "else"]
                    .iter()
                    .filter_map(|branch| object.get(branch))
                    .try_for_each(|branch| self.child(instance.knot, at.at(branch)))
            }
            Wanted::Reference => self.refer(instance, at, string(at, key)?),
            Wanted::DynamicReference => self.refer_dynamically(instance, at, string(at, key)?),
            plain => check_plain(at, key, plain),
        }
    }
}

fn is_vocabulary(value: &Value) -> bool {
    let is_flag = |member: &Member| matches!(member.value.data, Data::Boolean(_));
    value.as_object().is_some_and(|object| object.iter().all(is_flag))
}

/// Keywords that hold no schemas.
fn check_plain(at: Place<'_>, key: &str, wanted: Wanted) -> Result<(), ParseError> {
    let mismatch = |wanted: &str| Err(at.document.mismatch(key, at.value, wanted));
    match (wanted, &at.value.data) {
        (Wanted::String, _) => string(at, key).map(drop),
        (Wanted::Pattern, _) => at.document.check_pattern(at.value, string(at, key)?),
        (Wanted::Number, Data::Number(_))
        | (Wanted::Boolean, Data::Boolean(_))
        | (Wanted::Type, Data::String(_) | Data::Array(_)) => Ok(()),
        (Wanted::Number, _) => mismatch("a number"),
        (Wanted::Boolean, _) => mismatch("a boolean"),
        (Wanted::Array, _) => array(at, key).map(drop),
        (Wanted::Strings, _) => strings(at, key),
        (Wanted::NamedStrings, _) => {
            members(at, key)?.iter().try_for_each(|names| strings(at.at(&names.value), key))
        }
        (Wanted::Type, _) => mismatch("a string or an array of strings"),
        // The keywords that hold schemas were taken before.
        _ => Ok(()),
    }
}

fn string<'a>(at: Place<'a>, key: &str) -> Result<&'a str, ParseError> {
    at.value.as_str().ok_or_else(|| at.document.mismatch(key, at.value, "a string"))
}

fn array<'a>(at: Place<'a>, key: &str) -> Result<&'a [Value], ParseError> {
    at.value.as_array().ok_or_else(|| at.document.mismatch(key, at.value, "an array"))
}

fn members<'a>(at: Place<'a>, key: &str) -> Result<&'a Object, ParseError> {
    at.value.as_object().ok_or_else(|| at.document.mismatch(key, at.value, "an object"))
}

fn strings(at: Place<'_>, key: &str) -> Result<(), ParseError> {
    let member = format!("a member of {key}");
    array(at, key)?.iter().try_for_each(|item| string(at.at(item), &member).map(drop))
}
