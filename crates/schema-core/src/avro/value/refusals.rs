//! The reasons why a reader cannot take a value, as they are found, in plain sentences.

use super::matching::Clash;
use super::{Broken, Pair, Refusal};
use crate::Rule;
use crate::avro::types::{Field, Record, Shape, TypeId, Types};

/// What the specification forbids and Avro Java lets pass (seen with 1.12.1): it reads a record by
/// its fields, whatever it is called.
const NAMES_OVERLOOKED: &str =
    " (a reader that overlooks the names of records, as Avro Java's, may go on)";

pub(super) struct Refusals<'a> {
    reader: &'a Types,
    writer: &'a Types,
    /// The way to the value at hand: names of fields, `[]`, `{}`.
    path: Vec<&'a str>,
    list: Vec<Refusal>,
}

impl<'a> Refusals<'a> {
    pub(super) fn new(reader: &'a Types, writer: &'a Types) -> Self {
        Self { reader, writer, path: Vec::new(), list: Vec::new() }
    }

    pub(super) fn into_list(self) -> Vec<Refusal> {
        self.list
    }

    pub(super) fn enter(&mut self, step: &'a str) {
        self.path.push(step);
    }

    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    fn add(&mut self, rule: Rule, pair: Pair, field: Option<usize>, reason: String) {
        let mut path = String::new();
        for step in &self.path {
            let is_field = !matches!(*step, "[]" | "{}");
            path.push_str(if is_field && !path.is_empty() { "." } else { "" });
            path.push_str(step);
        }
        self.list.push(Refusal { path, reason, broken: Broken { pair, field, rule } });
    }

    pub(super) fn other_name(&mut self, pair: Pair) {
        let (shape, w) = (self.reader.shape(pair.0), described(self.writer.shape(pair.1)));
        let r = full_name(shape);
        let lenient = if matches!(shape, Shape::Record(_)) { NAMES_OVERLOOKED } else { "" };
        let reason =
            format!("the writer's {w} is {r} to the reader, which has no alias for it{lenient}");
        self.add(Rule::AvroNameMismatch, pair, None, reason);
    }

    pub(super) fn other_size(&mut self, pair: Pair, [reader, writer]: [i32; 2]) {
        let name = full_name(self.reader.shape(pair.0));
        let reason = format!("the reader's fixed {name} has size {reader}, the writer's {writer}");
        self.add(Rule::AvroFixedSizeMismatch, pair, None, reason);
    }

    pub(super) fn unknown_symbol(&mut self, pair: Pair, symbol: &str) {
        let name = full_name(self.reader.shape(pair.0));
        let reason = format!("the reader's enum {name} has no symbol \"{symbol}\" and no default");
        self.add(Rule::AvroMissingEnumSymbols, pair, None, reason);
    }

    pub(super) fn other_type(&mut self, pair: Pair) {
        let (r, w) = (self.reader.shape(pair.0), self.writer.shape(pair.1));
        let reason =
            format!("the reader wants {} and cannot make it of {}", described(r), described(w));
        self.add(Rule::AvroTypeMismatch, pair, None, reason);
    }

    pub(super) fn no_branch(&mut self, pair: Pair, branches: &[TypeId]) {
        let is_record = |shape: &Shape| matches!(shape, Shape::Record(_));
        let written = self.writer.shape(pair.1);
        let has_record = branches.iter().any(|&branch| is_record(self.reader.shape(branch)));
        let lenient = if is_record(written) && has_record { NAMES_OVERLOOKED } else { "" };
        let w = described(written);
        let reason = format!("no branch of the reader's union takes {w}{lenient}");
        self.add(Rule::AvroMissingUnionBranch, pair, None, reason);
    }

    pub(super) fn missing_field(
        &mut self,
        pair: Pair,
        (index, field): (usize, &Field),
        reader: &Record,
    ) {
        let (record, name) = (&reader.named.name.full, self.reader.text(field.name));
        let reason = format!(
            "the reader's record {record} needs a field \"{name}\", which is not written and has no default"
        );
        self.add(Rule::AvroReaderFieldMissingDefault, pair, Some(index), reason);
    }

    pub(super) fn wrong_default(&mut self, pair: Pair, (index, field): (usize, &Field)) {
        let name = self.reader.text(field.name);
        let kind = self.reader.shape(field.type_id).kind();
        let reason = format!(
            "the default of the reader's field \"{name}\" is no value of its type ({kind})"
        );
        self.add(Rule::AvroReaderFieldMissingDefault, pair, Some(index), reason);
    }

    pub(super) fn clash(
        &mut self,
        pair: Pair,
        clash: &Clash,
        (reader, writer): (&Record, &Record),
    ) {
        let name = |types: &'a Types, record: &Record, at: usize| {
            record.fields.get(at).map(|field| types.text(field.name)).unwrap_or_default()
        };
        let [first, second] = clash.writer.map(|at| name(self.writer, writer, at));
        let target = name(self.reader, reader, clash.reader);
        let reason = format!(
            "the writer's fields \"{first}\" and \"{second}\" both answer to the reader's field \"{target}\""
        );
        self.add(Rule::AvroAmbiguousAlias, pair, Some(clash.reader), reason);
    }
}

/// The kind, and the name where there is one.
fn described(shape: &Shape) -> String {
    match shape.named() {
        Some(named) => format!("{} {}", shape.kind(), named.name.full),
        None => shape.kind().to_owned(),
    }
}

fn full_name(shape: &Shape) -> &str {
    shape.named().map_or("", |named| named.name.full.as_str())
}
