//! The types that an Avro schema defines, and those it names without defining them.

use super::name::Name;
use super::types::Primitive;
use crate::json_text::{self, Data, Dialect, Object, Value};
use crate::outline::Outline;
use crate::{Limits, ParseError};

pub(crate) fn outline(text: &str, limits: &Limits) -> Result<Outline, ParseError> {
    let root = json_text::read(text, Dialect::AVRO, limits)?;
    let mut walk = Walk::default();
    walk.schema(&root, None);
    let mut outline =
        Outline { defines: walk.defined, main: main_type(&root), ..Outline::default() };
    for name in &walk.used {
        if !outline.defines.contains(name) {
            outline.need(name, name);
        }
    }
    Ok(outline)
}

fn main_type(root: &Value) -> Option<String> {
    let root = root.as_object()?;
    let written = root.get("name")?.as_str()?;
    Some(Name::new(written, text(root, "namespace")).full.to_string())
}

fn text<'v>(object: &'v Object, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

/// Full names in the order of the text, each once.
#[derive(Default)]
struct Walk {
    defined: Vec<String>,
    used: Vec<String>,
}

impl Walk {
    /// As deep as the reader let the text be.
    fn schema(&mut self, value: &Value, space: Option<&str>) {
        match &value.data {
            Data::String(name) => self.name(name, space),
            Data::Array(branches) => branches.iter().for_each(|branch| self.schema(branch, space)),
            Data::Object(object) => self.object(object, space),
            _ => {}
        }
    }

    fn object(&mut self, object: &Object, space: Option<&str>) {
        match text(object, "type") {
            Some("record" | "error" | "enum" | "fixed") => {
                let Some(written) = text(object, "name") else { return };
                let name = Name::new(written, text(object, "namespace").or(space));
                add(&mut self.defined, &name.full);
                let fields = object.get("fields").and_then(Value::as_array).unwrap_or_default();
                for field in fields.iter().filter_map(Value::as_object) {
                    if let Some(inner) = field.get("type") {
                        self.schema(inner, name.space.as_deref());
                    }
                }
            }
            Some("array" | "map") => {
                for inner in ["items", "values"].iter().filter_map(|key| object.get(key)) {
                    self.schema(inner, space);
                }
            }
            _ => {
                if let Some(inner) = object.get("type") {
                    self.schema(inner, space);
                }
            }
        }
    }

    fn name(&mut self, written: &str, space: Option<&str>) {
        if Primitive::parse(written).is_none() {
            add(&mut self.used, &Name::new(written, space).full);
        }
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}
