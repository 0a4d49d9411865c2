//! What the settings file `levada.toml` says about schemas.

use std::fmt::Display;
use std::str::FromStr;

use levada_schema_core::{CompatibilityLevel, CompatibilityPolicy, SchemaType};
use serde::{Deserialize, Deserializer};

/// The tables of `levada.toml` that concern schema files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    pub defaults: Defaults,
    pub schemas: Vec<SchemaRule>,
    pub lint: LintTable,
    pub accept: Vec<Accept>,
}

/// The table `[defaults]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Defaults {
    #[serde(default, deserialize_with = "named")]
    pub compatibility: Option<CompatibilityLevel>,
    #[serde(default, deserialize_with = "named")]
    pub policy: Option<CompatibilityPolicy>,
    /// Whether schemas are registered in their normalized form.
    #[serde(default)]
    pub normalize: bool,
}

/// A table `[[schemas]]`: which files are schemas, and of which subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SchemaRule {
    /// A pattern for paths from the settings file: `*` within a folder, `**` for any folders.
    pub path: String,
    /// The subject; `{file}`, `{dir}`, `{path}`, `{record}` and `{topic}` are filled in.
    pub subject: Option<String>,
    pub topic: Option<String>,
    #[serde(default, deserialize_with = "named")]
    pub compatibility: Option<CompatibilityLevel>,
    #[serde(default, deserialize_with = "named")]
    pub policy: Option<CompatibilityPolicy>,
    /// The format, where the extension does not tell it.
    #[serde(default, rename = "type", deserialize_with = "named")]
    pub schema_type: Option<SchemaType>,
    /// Folders from which Protobuf imports count.
    #[serde(default)]
    pub import_roots: Vec<String>,
}

/// The table `[lint]`: rules that are used, and of those the ones that are not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintTable {
    #[serde(rename = "use")]
    pub used: Option<Vec<String>>,
    #[serde(default)]
    pub except: Vec<String>,
}

/// A table `[[accept]]`: a finding that was approved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    pub rule: String,
    /// The file, `#`, and the path in the schema.
    pub at: String,
    /// The fingerprint of this very change.
    pub hash: String,
    pub reason: String,
    /// The last day on which it counts, `YYYY-MM-DD`.
    #[serde(default, deserialize_with = "day")]
    pub until: Option<String>,
}

/// A day as it is compared: texts of this form sort as the days do.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_day(&text) {
        return Ok(Some(text));
    }
    let message = format!("\"{text}\" is no day; it is written YYYY-MM-DD, such as 2027-02-01");
    Err(serde::de::Error::custom(message))
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let within = |part: &str, digits: usize, most: u32| {
        part.len() == digits
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse().is_ok_and(|number: u32| (1..=most).contains(&number))
    };
    matches!(parts[..], [year, month, day]
        if within(year, 4, 9_999) && within(month, 2, 12) && within(day, 2, 31))
}

/// Reads what has a name of its own from that name.
fn named<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let name = String::deserialize(deserializer)?;
    name.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_in_one_way() {
        for (text, expected) in [
            ("2027-02-01", true),
            ("2026-9-1", false),
            ("31.12.2020", false),
            ("2026-13-01", false),
            ("2026-12-32", false),
            ("2026-12-01 ", false),
            ("+026-12-01", false),
            ("", false),
        ] {
            assert_eq!(is_day(text), expected, "{text}");
        }
    }
}
