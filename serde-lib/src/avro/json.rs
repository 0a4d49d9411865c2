//! Generic values as JSON text, in the JSON encoding of the specification: bytes as one character a
//! byte, a union's value under the name of its branch. Logical types do not count.

use apache_avro::Schema;
use apache_avro::schema::{
    DecimalSchema, InnerDecimalSchema, RecordSchema, UnionSchema, UuidSchema,
};
use apache_avro::types::Value;
use serde_json::{Map, Number, Value as Json};

use super::base::{Base, base, leaf_of};
use super::default::leaf_value;
use super::encode::Encoded;
use super::resolve::{Typed, join_path};
use super::schema::ParsedSchema;
use crate::error::{EncodeError, EncodeKind};

impl ParsedSchema {
    /// The same schema, where every type is what it is underneath its logical type.
    pub(super) fn without_logical_types(&self) -> Result<Self, crate::Error> {
        let mut root = self.root().clone();
        strip(&mut root);
        Self::from_schema(root)
    }
}

fn strip(schema: &mut Schema) {
    match schema {
        Schema::Array(array) => strip(&mut array.items),
        Schema::Map(map) => strip(&mut map.types),
        Schema::Record(record) => {
            record.fields.iter_mut().for_each(|field| strip(&mut field.schema));
        }
        Schema::Union(union) => {
            let mut branches = union.variants().to_vec();
            branches.iter_mut().for_each(strip);
            // Without logical types the branches are as different as before.
            if let Ok(stripped) = UnionSchema::new(branches) {
                *union = stripped;
            }
        }
        Schema::Decimal(DecimalSchema { inner: InnerDecimalSchema::Fixed(fixed), .. })
        | Schema::Duration(fixed)
        | Schema::Uuid(UuidSchema::Fixed(fixed)) => *schema = Schema::Fixed(fixed.clone()),
        other => match base(other) {
            Base::Int => *other = Schema::Int,
            Base::Long => *other = Schema::Long,
            Base::Bytes => *other = Schema::Bytes,
            Base::String => *other = Schema::String,
            _ => {}
        },
    }
}

/// A value that was read with `typed`, which has no logical types, as JSON.
pub(super) fn json_of(value: &Value, typed: Typed<'_>) -> Json {
    match (typed.schema, value) {
        (Schema::Union(union), Value::Union(branch, inner)) => {
            let branch = usize::try_from(*branch).ok();
            let branch = branch.and_then(|branch| union.variants().get(branch));
            match branch.map(|branch| typed.part(branch)) {
                Some(branch) if **inner != Value::Null => {
                    let named = [(branch_name(branch), json_of(inner, branch))];
                    Json::Object(named.into_iter().collect())
                }
                _ => Json::Null,
            }
        }
        (Schema::Record(record), Value::Record(fields)) => {
            let members = record.fields.iter().zip(fields).map(|(field, (name, value))| {
                (name.clone(), json_of(value, typed.field(record, field)))
            });
            Json::Object(members.collect())
        }
        (Schema::Array(array), Value::Array(items)) => {
            items.iter().map(|item| json_of(item, typed.part(&array.items))).collect()
        }
        (Schema::Map(map), Value::Map(entries)) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            let members = entries.into_iter();
            let members =
                members.map(|(key, value)| (key.clone(), json_of(value, typed.part(&map.types))));
            Json::Object(members.collect())
        }
        (_, Value::Boolean(value)) => Json::Bool(*value),
        (_, Value::Int(value)) => Json::from(*value),
        (_, Value::Long(value)) => Json::from(*value),
        // The digits of the float, and not those of the double beside it.
        (_, Value::Float(value)) => float(value.to_string().parse().unwrap_or(f64::NAN)),
        (_, Value::Double(value)) => float(*value),
        (_, Value::String(text) | Value::Enum(_, text)) => Json::String(text.clone()),
        (_, Value::Bytes(bytes) | Value::Fixed(_, bytes)) => {
            Json::String(bytes.iter().map(|&byte| char::from(byte)).collect())
        }
        _ => Json::Null,
    }
}

/// JSON has no numbers for the special values.
pub(super) fn float(value: f64) -> Json {
    Number::from_f64(value).map_or_else(
        || {
            let name = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            Json::from(name)
        },
        Json::Number,
    )
}

/// What a union's value of this branch stands under.
fn branch_name(branch: Typed<'_>) -> String {
    match branch.schema.name() {
        Some(_) => branch.full_name(),
        None => base(branch.schema).as_str().to_owned(),
    }
}

/// The value of type `typed`, which has no logical types, that `json` stands for. A union's value
/// need not stand under the name of its branch: then the first branch that takes it is meant.
/// Fields that are missing have their defaults.
pub(super) fn value_of(json: &Json, typed: Typed<'_>) -> Encoded<Value> {
    match (typed.schema, json) {
        (Schema::Union(union), _) => union_value(json, union, typed),
        (Schema::Record(record), Json::Object(members)) => record_value(members, record, typed),
        (Schema::Array(array), Json::Array(items)) => {
            let items = items.iter().enumerate().map(|(index, item)| {
                value_of(item, typed.part(&array.items))
                    .map_err(|error| inside(error, &format!("[{index}]")))
            });
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        (Schema::Map(map), Json::Object(members)) => {
            let entries = members.iter().map(|(key, value)| {
                let value = value_of(value, typed.part(&map.types));
                Ok((key.clone(), value.map_err(|error| inside(error, key))?))
            });
            entries.collect::<Result<_, _>>().map(Value::Map)
        }
        // The symbol is looked up when it is written.
        (Schema::Enum(_), Json::String(symbol)) => Ok(Value::String(symbol.clone())),
        (schema, _) => leaf_of(schema)
            .and_then(|leaf| leaf_value(json, leaf, typed))
            .ok_or_else(|| mismatch(json, typed)),
    }
}

fn record_value(
    members: &Map<String, Json>,
    record: &RecordSchema,
    typed: Typed<'_>,
) -> Encoded<Value> {
    let is_unknown = |name: &&String| !record.fields.iter().any(|field| field.name == **name);
    if let Some(name) = members.keys().find(is_unknown) {
        return Err(error(EncodeKind::UnknownField(name.clone())));
    }
    let given = record.fields.iter().filter_map(|field| Some((field, members.get(&field.name)?)));
    let fields = given.map(|(field, json)| {
        let value = value_of(json, typed.field(record, field));
        Ok((field.name.clone(), value.map_err(|error| inside(error, &field.name))?))
    });
    fields.collect::<Result<_, _>>().map(Value::Record)
}

fn union_value(json: &Json, union: &UnionSchema, typed: Typed<'_>) -> Encoded<Value> {
    let branches = || (0u32..).zip(union.variants().iter().map(|branch| typed.part(branch)));
    let take = |index, json, branch| {
        value_of(json, branch).map(|value| Value::Union(index, Box::new(value)))
    };
    let mut first_error = None;
    if let Some((name, inner)) = only_member(json)
        && let Some((index, branch)) = branches().find(|(_, it)| branch_name(*it) == *name)
    {
        match take(index, inner, branch) {
            Ok(value) => return Ok(value),
            Err(error) => first_error = Some(error),
        }
    }
    for (index, branch) in branches() {
        match take(index, json, branch) {
            // Whether an enum has a symbol decides which branch is meant.
            Ok(Value::Union(_, value)) if !has_symbol(branch.schema, &value) => {}
            Ok(value) => return Ok(value),
            Err(error) => {
                let is_apt = matches!(branch.schema, Schema::Record(_)) && json.is_object();
                first_error = first_error.or(is_apt.then_some(error));
            }
        }
    }
    Err(first_error.unwrap_or_else(|| error(EncodeKind::NoUnionBranch(kind_of(json)))))
}

fn has_symbol(schema: &Schema, value: &Value) -> bool {
    match (schema, value) {
        (Schema::Enum(symbols), Value::String(symbol)) => symbols.symbols.contains(symbol),
        _ => true,
    }
}

fn only_member(json: &Json) -> Option<(&String, &Json)> {
    let members = json.as_object()?;
    members.iter().next().filter(|_| members.len() == 1)
}

fn mismatch(json: &Json, typed: Typed<'_>) -> Box<EncodeError> {
    let (expected, actual) = (base(typed.schema).as_str(), kind_of(json));
    error(EncodeKind::TypeMismatch { expected, actual })
}

fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(number) if number.is_f64() => "a number with a fraction",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

fn error(kind: EncodeKind) -> Box<EncodeError> {
    Box::new(EncodeError::new("AVRO", kind))
}

#[cold]
fn inside(mut error: Box<EncodeError>, segment: &str) -> Box<EncodeError> {
    error.path = join_path(segment, &error.path);
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avro::encode::encode_generic;
    use crate::avro::plan::{DecodeLimits, ReadPlan};

    fn plain(text: &str) -> ParsedSchema {
        ParsedSchema::parse(text, &[]).unwrap().without_logical_types().unwrap()
    }

    /// Writes JSON, and reads it again.
    fn through(schema: &ParsedSchema, json: &str) -> Result<String, String> {
        let names = schema.names();
        let typed = Typed::root(schema, &names);
        let json: Json = serde_json::from_str(json).unwrap();
        let value = value_of(&json, typed).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        encode_generic(schema, &value, &mut bytes).map_err(|error| error.to_string())?;
        let plan = ReadPlan::compile(schema, schema).unwrap();
        let value = plan.decode(&bytes, &DecodeLimits::default(), false).unwrap();
        Ok(json_of(&value, typed).to_string())
    }

    #[test]
    fn every_type_goes_to_bytes_and_back() {
        let types = [
            (r#""null""#, "null"),
            (r#""boolean""#, "true"),
            (r#""int""#, "-5"),
            (r#""long""#, "9007199254740993"),
            (r#""float""#, "0.1"),
            (r#""float""#, r#""NaN""#),
            (r#""double""#, r#""-Infinity""#),
            (r#""double""#, "0.1"),
            (r#""string""#, r#""é""#),
            (r#""bytes""#, r#""\u0000ÿ""#),
            (r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#, r#""\u0001""#),
            (r#"{"type":"int","logicalType":"time-millis"}"#, "99999999"),
            (r#"{"type":"string","logicalType":"uuid"}"#, r#""no uuid""#),
            (r#"{"type":"fixed","name":"F","size":2}"#, r#""ab""#),
            (r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, r#""B""#),
            (r#"{"type":"array","items":"int"}"#, "[1,2]"),
            (r#"{"type":"map","values":"int"}"#, r#"{"a":1,"b":2}"#),
            (r#"["null","string"]"#, "null"),
            (r#"["null","string"]"#, r#"{"string":"x"}"#),
            (
                r#"[{"type":"record","name":"n.R","fields":[{"name":"a","type":"int"}]}]"#,
                r#"{"n.R":{"a":1}}"#,
            ),
            (
                r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#,
                r#"{"next":{"L":{"next":null}}}"#,
            ),
        ];
        for (schema, json) in types {
            assert_eq!(through(&plain(schema), json).as_deref(), Ok(json), "{schema}");
        }
    }

    #[test]
    fn value_of_a_union_may_stand_bare_and_missing_fields_have_their_defaults() {
        let schema = plain(
            r#"{"type":"record","name":"R","fields":[
                {"name":"a","type":["null","long","string"]},
                {"name":"b","type":[{"type":"enum","name":"E","symbols":["A"]},"string"]},
                {"name":"c","type":"int","default":7}]}"#,
        );
        assert_eq!(
            through(&schema, r#"{"a":"x","b":"A"}"#).as_deref(),
            Ok(r#"{"a":{"string":"x"},"b":{"E":"A"},"c":7}"#)
        );
        assert_eq!(
            through(&schema, r#"{"a":5,"b":"Z","c":1}"#).as_deref(),
            Ok(r#"{"a":{"long":5},"b":{"string":"Z"},"c":1}"#)
        );
    }

    #[test]
    fn misfit_is_refused_with_its_place() {
        let schema = plain(
            r#"{"type":"record","name":"R","fields":[
                {"name":"a","type":{"type":"array","items":"int"},"default":[]},
                {"name":"u","type":["null",{"type":"record","name":"S","fields":[
                    {"name":"x","type":"int"}]}],"default":null}]}"#,
        );
        let refusals = [
            (r#"{"a":[1,"x"]}"#, "(field `a[1]`): the schema wants int, the value is a string"),
            (
                r#"{"a":[1.5]}"#,
                "(field `a[0]`): the schema wants int, the value is a number with a fraction",
            ),
            (r#"{"b":1}"#, "(field ``): the schema has no field `b`"),
            ("[]", "(field ``): the schema wants record, the value is an array"),
            (
                r#"{"u":{"S":{"x":"y"}}}"#,
                "(field `u.x`): the schema wants int, the value is a string",
            ),
            (r#"{"u":{"y":1}}"#, "(field `u`): the schema has no field `y`"),
            (r#"{"u":1}"#, "(field `u`): no branch of the union takes a number"),
        ];
        for (json, reason) in refusals {
            let told = through(&schema, json).unwrap_err();
            assert_eq!(told, format!("cannot encode AVRO {reason}"), "{json}");
        }
    }
}
