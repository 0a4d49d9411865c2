//! Limits as settings: flag before variable before file before default.

use std::collections::BTreeMap;
use std::str::FromStr;

use clap::Args;
use levada_schema_core::{LimitError, Limits};

use crate::exit::{self, Failure};
use crate::serve::HttpLimits;

/// The table `[limits]` of the settings file.
pub(crate) type LimitsTable = BTreeMap<String, usize>;

#[derive(Debug, Default, Args)]
pub(crate) struct LimitArgs {
    /// Bound on schemas and requests, may be repeated; README.md lists them [example: depth-max=200]
    #[arg(long = "limit", value_name = "NAME=NUMBER")]
    limits: Vec<LimitArg>,
}

/// `NAME=NUMBER`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LimitArg {
    name: String,
    value: usize,
}

impl FromStr for LimitArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("expected NAME=NUMBER")?;
        let value = value.parse().map_err(|_| format!("'{value}' is not a whole number"))?;
        let arg = Self { name: name.to_owned(), value };
        AllLimits::default().set(&arg.name, value)?;
        Ok(arg)
    }
}

/// Every limit that has a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AllLimits {
    pub(crate) schemas: Limits,
    pub(crate) http: HttpLimits,
}

impl AllLimits {
    fn set(&mut self, name: &str, value: usize) -> Result<(), String> {
        match (self.http.get_mut(name), self.schemas.set(name, value)) {
            (Some(_), _) if value == 0 => Err(format!("limit {name} must be at least 1")),
            (Some(limit), _) => {
                *limit = value;
                Ok(())
            }
            (None, Err(LimitError::Unknown(_))) => {
                let known = defaults().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
                Err(format!("unknown limit '{name}'; known are {known}"))
            }
            (None, outcome) => outcome.map_err(|error| error.to_string()),
        }
    }
}

impl LimitArgs {
    /// What the last flag says about a limit.
    pub(crate) fn flag(&self, name: &str) -> Option<usize> {
        self.limits.iter().rfind(|limit| limit.name == name).map(|limit| limit.value)
    }

    /// Every limit, decided; `variable` reads the environment.
    pub(crate) fn decide(
        &self,
        file: &LimitsTable,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<AllLimits, Failure> {
        let mut limits = AllLimits::default();
        let mut set = |origin: &str, name: &str, value: usize| {
            limits
                .set(name, value)
                .map_err(|error| Failure::new(exit::USAGE, format!("{origin}: {error}")))
        };
        for (name, value) in file {
            set("settings file, table [limits]", name, *value)?;
        }
        for (name, _) in defaults() {
            let key = variable_of(&name);
            let Some(text) = variable(&key) else { continue };
            let value = text.parse().map_err(|_| {
                Failure::new(exit::USAGE, format!("{key}: '{text}' is not a whole number"))
            })?;
            set(&key, &name, value)?;
        }
        for LimitArg { name, value } in &self.limits {
            set("--limit", name, *value)?;
        }
        Ok(limits)
    }
}

/// The name of every limit, and its default.
pub(crate) fn defaults() -> impl Iterator<Item = (String, usize)> {
    let schemas = Limits::SETTINGS.iter();
    let schemas = schemas.map(|(field, _, default)| (field.replace('_', "-"), *default));
    schemas.chain(HttpLimits::SETTINGS.iter().map(|(name, default)| ((*name).to_owned(), *default)))
}

/// The variable that sets a limit.
pub(crate) fn variable_of(name: &str) -> String {
    format!("LEVADA_LIMIT_{}", name.to_uppercase().replace('-', "_"))
}

/// A variable of the process; one that is not UTF-8 is no number either.
pub(crate) fn variable(key: &str) -> Option<String> {
    std::env::var_os(key).map(|value| value.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(texts: &[&str]) -> LimitArgs {
        LimitArgs { limits: texts.iter().map(|text| text.parse().unwrap()).collect() }
    }

    #[test]
    fn flags_win_over_variables_and_variables_over_the_file() {
        let file = ["depth-max", "nodes-max", "pairs-max"].map(|name| (name.to_owned(), 1));
        let variable = |key: &str| {
            let is_set = ["LEVADA_LIMIT_NODES_MAX", "LEVADA_LIMIT_PAIRS_MAX"].contains(&key);
            is_set.then(|| "2".to_owned())
        };
        let limits = args(&["pairs-max=3"]).decide(&file.into(), variable).unwrap();
        let expected = Limits { depth_max: 1, nodes_max: 2, pairs_max: 3, ..Limits::default() };
        assert_eq!(limits, AllLimits { schemas: expected, ..AllLimits::default() });
    }

    // Without a server nothing keeps them.
    #[cfg(feature = "serve")]
    #[test]
    fn limits_on_requests_are_set_in_the_same_way() {
        let file = LimitsTable::from([("http-headers-max".to_owned(), 1)]);
        let variable = |key: &str| (key == "LEVADA_LIMIT_HTTP_REQUEST_MS").then(|| "2".to_owned());
        let limits = args(&["http-requests-max=3"]).decide(&file, variable).unwrap();
        let expected =
            HttpLimits { headers_max: 1, request_ms: 2, requests_max: 3, ..HttpLimits::default() };
        assert_eq!(limits, AllLimits { http: expected, ..AllLimits::default() });
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let file = LimitsTable::from([("depth".to_owned(), 1)]);
        let failure = format!("{:?}", LimitArgs::default().decide(&file, |_| None).unwrap_err());
        assert!(failure.contains("table [limits]: unknown limit 'depth'"), "{failure}");
        let variable = |key: &str| (key == "LEVADA_LIMIT_DEPTH_MAX").then(|| "deep".to_owned());
        let none = LimitsTable::new();
        let failure = format!("{:?}", LimitArgs::default().decide(&none, variable).unwrap_err());
        assert!(failure.contains("LEVADA_LIMIT_DEPTH_MAX: 'deep' is not a whole"), "{failure}");
        let wrong: [(&str, &str); 5] = [
            ("depth-max", "expected NAME=NUMBER"),
            ("depth-max=-1", "'-1' is not a whole number"),
            ("depth-max=9999", "limit depth-max may be at most 1000"),
            ("deep=1", "unknown limit 'deep'; known are text-bytes-max, "),
            ("http-headers-max=0", "limit http-headers-max must be at least 1"),
        ];
        for (text, message) in wrong {
            let error = text.parse::<LimitArg>().unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
