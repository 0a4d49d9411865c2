//! What a decoder tells of the bytes that it reads: mostly nothing, and to nobody.

use std::ops::Range;

use apache_avro::types::Value;

use super::plan::Wire;
use crate::span::Spans;

/// Is told of each piece that is read; mostly nobody is.
pub(super) trait Watch {
    fn enter(&mut self, _segment: &str) {}
    fn enter_item(&mut self, _index: usize) {}
    fn leave(&mut self) {}
    fn part(&mut self, _bytes: Range<usize>, _text: impl FnOnce() -> String) {}
}

impl Watch for () {}

impl Watch for &mut Spans {
    fn enter(&mut self, segment: &str) {
        Spans::enter(self, segment);
    }

    fn enter_item(&mut self, index: usize) {
        Spans::enter(self, format_args!("[{index}]"));
    }

    fn leave(&mut self) {
        Spans::leave(self);
    }

    fn part(&mut self, bytes: Range<usize>, text: impl FnOnce() -> String) {
        self.add(bytes, text());
    }
}

/// What a value without parts is, in words.
pub(super) fn shown(wire: Wire, value: &Value) -> String {
    match (wire, value) {
        (Wire::Null, _) => "null, which takes no byte".to_owned(),
        (Wire::Boolean, Value::Boolean(value)) => format!("boolean {value}"),
        (Wire::Int, Value::Int(value)) => format!("int {value}"),
        (Wire::Long, Value::Long(value)) => format!("long {value}"),
        (Wire::Float, Value::Float(value)) => format!("float {value}"),
        (Wire::Double, Value::Double(value)) => format!("double {value}"),
        (Wire::String, Value::String(text)) => format!("string {text:?}"),
        (Wire::Bytes, Value::Bytes(bytes)) => format!("bytes, {} of them", bytes.len()),
        (Wire::Fixed(size), _) => format!("fixed of {size}"),
        (_, value) => format!("{value:?}"),
    }
}
