//! The text of a script, as the reference registry lays it out.

use std::fmt::Write;

use bigdecimal::BigDecimal;
use num_bigint::Sign;

use super::keyword::{quoted, quoted_path};
use super::names::implied_root;
use crate::model::{
    Branch, Check, Enum, Field, FieldDefault, Kind, Named, Notes, Params, Script, Struct, Type,
    UNBOUNDED, parent,
};

/// Structs with more fields have a line a field.
const FIELDS_IN_A_LINE: usize = 2;

/// The definition of a script, one statement a line.
pub(crate) fn print(script: &Script) -> String {
    let mut statements = Vec::new();
    if let Some(namespace) = &script.namespace {
        statements.push(format!("NAMESPACE {};\n", quoted_path(namespace)));
    }
    for (name, address) in &script.imports {
        statements.push(format!("USING TYPE {} FOR {};\n", quoted_path(name), text(address)));
    }
    let mut named: Vec<_> = script.named.iter().collect();
    named.sort_by_key(|(name, _)| nesting(name, script));
    for (name, body) in named {
        let declaration = match body {
            Named::Struct(body) => format!("STRUCT {} {}", quoted_path(name), struct_body(body)),
            Named::Enum(body) => format!("ENUM {} {}", quoted_path(name), enum_body(body)),
        };
        statements.push(format!("{declaration}{};\n", notes(body.notes())));
    }
    if implied_root(&script.named).as_ref() != Some(&script.root) {
        statements.push(format!("TYPE {};\n", type_text(&script.root)));
    }
    statements.concat()
}

/// In how many declared types a name nests.
fn nesting(name: &str, script: &Script) -> usize {
    let is_declared = |other: &str| script.named.contains_key(other);
    std::iter::successors(Some(name), |inner: &&str| -> Option<&str> { parent(inner, is_declared) })
        .count()
}

fn struct_body(body: &Struct) -> String {
    let mut items: Vec<String> = body.fields.iter().map(field).collect();
    items.extend(body.checks.iter().map(check));
    if body.fields.len() <= FIELDS_IN_A_LINE && body.checks.is_empty() {
        return format!("({})", items.join(", "));
    }
    format!("(\n  {}\n)", items.join(",\n  "))
}

fn enum_body(body: &Enum) -> String {
    let value = |value: &crate::model::EnumValue| {
        format!("{}{}{}", text(&value.symbol), comment(value.doc.as_ref()), params(&value.params))
    };
    format!("({})", body.values.iter().map(value).collect::<Vec<_>>().join(", "))
}

fn field(field: &Field) -> String {
    let default = field.default.as_ref();
    let default = default.map(|default| format!(" DEFAULT {}", literal(default, &field.ty.kind)));
    let checks: Vec<String> =
        field.checks.iter().map(|rule| " ".to_owned() + &check(rule)).collect();
    let (name, ty) = (quoted(&field.name), type_text(&field.ty));
    format!("{name} {ty}{}{}{}", default.unwrap_or_default(), checks.concat(), notes(&field.notes))
}

fn check(check: &Check) -> String {
    let name = check.name.as_ref().map(|name| format!("CONSTRAINT {} ", quoted(name)));
    let message = check.message.as_ref().map(|message| format!(" MESSAGE {}", text(message)));
    format!("{}CHECK ({}){}", name.unwrap_or_default(), check.sql, message.unwrap_or_default())
}

fn branch(branch: &Branch) -> String {
    let said = comment(branch.doc.as_ref()) + &params(&branch.params);
    format!("{} {}{said}", quoted(&branch.name), type_text(&branch.ty))
}

fn comment(doc: Option<&String>) -> String {
    doc.map(|doc| format!(" COMMENT {}", text(doc))).unwrap_or_default()
}

fn notes(notes: &Notes) -> String {
    let tags: Vec<String> = notes.tags.iter().map(|tag| text(tag)).collect();
    let tags = match tags.as_slice() {
        [] => String::new(),
        tags => format!(" TAGS({})", tags.join(", ")),
    };
    comment(notes.doc.as_ref()) + &tags + &params(&notes.params)
}

fn params(params: &Params) -> String {
    if params.is_empty() {
        return String::new();
    }
    let pair = |(key, value): (&String, &String)| format!("{} = {}", text(key), text(value));
    format!(" WITH({})", params.iter().map(pair).collect::<Vec<_>>().join(", "))
}

fn type_text(ty: &Type) -> String {
    let kind = match &ty.kind {
        Kind::Decimal { precision, scale: None } => format!("DECIMAL({precision})"),
        Kind::Decimal { precision, scale: Some(scale) } => format!("DECIMAL({precision}, {scale})"),
        Kind::VarChar(UNBOUNDED) => "STRING".to_owned(),
        Kind::VarBinary(UNBOUNDED) => "BYTES".to_owned(),
        Kind::Char(size) | Kind::VarChar(size) | Kind::Binary(size) | Kind::VarBinary(size) => {
            format!("{}({size})", ty.kind.name())
        }
        Kind::Time(digits) | Kind::Timestamp(digits) | Kind::TimestampLtz(digits) => {
            format!("{}({digits})", ty.kind.name())
        }
        Kind::Array(item) | Kind::Multiset(item) => {
            format!("{}<{}>", ty.kind.name(), type_text(item))
        }
        Kind::Map(key, value) => format!("MAP<{}, {}>", type_text(key), type_text(value)),
        Kind::Struct(body) => {
            format!("STRUCT({})", body.fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Kind::Union(branches) => {
            format!("UNION({})", branches.iter().map(branch).collect::<Vec<_>>().join(", "))
        }
        Kind::Enum(symbols) => {
            let symbols: Vec<String> = symbols.iter().map(|symbol| text(symbol)).collect();
            format!("ENUM({})", symbols.join(", "))
        }
        Kind::Named(name) => quoted_path(name),
        plain => plain.name().to_owned(),
    };
    if ty.is_nullable { kind } else { kind + " NOT NULL" }
}

fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// As Java writes decimals: very small ones, and those without digits for their zeros, with an
/// exponent.
pub(crate) fn decimal_text(number: &BigDecimal) -> String {
    let (unscaled, scale) = number.as_bigint_and_exponent();
    let digits = unscaled.magnitude().to_string();
    let behind_first = i64::try_from(digits.len()).unwrap_or(i64::MAX) - 1;
    let exponent = behind_first.saturating_sub(scale);
    if scale >= 0 && exponent >= -6 {
        return number.to_plain_string();
    }
    let sign = if unscaled.sign() == Sign::Minus { "-" } else { "" };
    let (first, rest) = digits.split_at_checked(1).unwrap_or_default();
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}E{exponent:+}")
}

pub(crate) fn float_text(number: f32) -> String {
    approximate(f64::from(number), &format!("{number:?}"), &format!("{number:E}"))
}

pub(crate) fn double_text(number: f64) -> String {
    approximate(number, &format!("{number:?}"), &format!("{number:E}"))
}

/// As Java writes floats: very large and very small ones with an exponent.
fn approximate(number: f64, plain: &str, with_exponent: &str) -> String {
    if number == 0.0 || (1e-3..1e7).contains(&number.abs()) {
        return plain.to_owned();
    }
    match with_exponent.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => with_exponent.to_owned(),
    }
}

/// Dates and times in quotes: only so can they be read again.
fn literal(default: &FieldDefault, kind: &Kind) -> String {
    match default {
        FieldDefault::Null => "NULL".to_owned(),
        FieldDefault::Boolean(true) => "TRUE".to_owned(),
        FieldDefault::Boolean(false) => "FALSE".to_owned(),
        FieldDefault::Integer(number) => number.to_string(),
        FieldDefault::Float(number) => float_text(*number),
        FieldDefault::Double(number) => double_text(*number),
        FieldDefault::Decimal(number) => decimal_text(number),
        FieldDefault::Text(words) => text(words),
        FieldDefault::Bytes(bytes) => {
            let mut out = "x'".to_owned();
            for byte in bytes {
                // Writing to a String cannot fail.
                let _ = write!(out, "{byte:02X}");
            }
            out + "'"
        }
        FieldDefault::Date(date) => text(&date.to_string()),
        FieldDefault::Time(time) => text(&time.to_string()),
        FieldDefault::Timestamp(moment) => {
            let zone = if matches!(kind, Kind::TimestampLtz(_)) { "Z" } else { "" };
            text(&format!("{moment:?}{zone}"))
        }
    }
}
