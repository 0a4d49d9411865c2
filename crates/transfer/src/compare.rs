//! In which members two records differ.

use serde_json::{Map, Value};

use crate::Record;

/// Longest value that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 120;
/// Members that no message shows: they may open what they protect.
const SECRET: [&str; 2] = ["kmsProps", "encryptedKeyMaterial"];

/// One line for each member in which the records differ.
pub(crate) fn differences(source: &Record, target: &Record) -> Vec<String> {
    let (source, target) = (members(source), members(target));
    // A registry before version 8 tells no guid.
    let is_untold = |member: &str| {
        member == "guid" && !(source.contains_key(member) && target.contains_key(member))
    };
    let mut names: Vec<&String> = source.keys().chain(target.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let differ = |name: &&String| source.get(*name) != target.get(*name) && !is_untold(name);
    let line = |name: &String| {
        if SECRET.contains(&name.as_str()) {
            return format!("{name} differs");
        }
        let (source, target) = (shown(source.get(name)), shown(target.get(name)));
        format!("{name} is {source} at the source and {target} at the target")
    };
    names.into_iter().filter(differ).map(line).collect()
}

/// The members of a record; those of a config one by one.
fn members(record: &Record) -> Map<String, Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(record) else { return Map::new() };
    if let Some(Value::Object(config)) = members.remove("config") {
        members.extend(config);
    }
    members
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "not set".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        None => text,
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or(""), text.len()),
    }
}
