//! Types back to text: the canonical form, and the normal form that `normalize=true` stores.
//!
//! The work still to do lies on a list of its own, so no nesting of types can exhaust the stack.

use foldhash::{HashMap, HashMapExt};
use smol_str::{SmolStr, format_smolstr};

use super::equal::are_alike;
use super::logical;
use super::name::{Name, relative};
use super::normal_default;
use super::types::{Enum, Field, Fixed, Named, Order, Record, Shape, Type, TypeId, Types};
use crate::json_text::{Json, View, print as print_value, print_sorted, utf16_order, write_string};

/// Which text to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Canonical,
    /// Properties, nested keys and aliases sorted, defaults spelled by their type; `error` becomes
    /// `record`, an empty doc of a named type goes.
    ///
    /// A type of the null namespace inside another namespace moves into it: the reference prints
    /// its name without a namespace and reads it back that way. If its name is taken there by a type
    /// that is its like, the two become one; by another one, it stays where it is: the reference
    /// refuses to normalize such a schema.
    Normal,
}

/// Prints `root`. Types of the names in `known` count as defined and are printed as names.
pub(super) fn print(types: &Types, root: TypeId, known: &[&Name], form: Form) -> String {
    let written = known.iter().map(|name| (name.full.as_str(), name.space.as_deref())).collect();
    let taken = match form {
        Form::Canonical => HashMap::new(),
        Form::Normal => types
            .ids_since(0)
            .filter_map(|id| types.shape(id).named().map(|named| (named.name.full.as_str(), id)))
            .collect(),
    };
    let work = vec![Work::Type(root, None)];
    let out = String::with_capacity(types.text_bytes());
    let mut printer = Printer { types, form, written, taken, out, work };
    while let Some(step) = printer.work.pop() {
        printer.step(step);
    }
    printer.out
}

/// A namespace; `None` is the null one.
type Space<'a> = Option<&'a str>;

#[derive(Clone, Copy)]
enum Work<'a> {
    Type(TypeId, Space<'a>),
    Branch {
        branches: &'a [TypeId],
        index: usize,
        space: Space<'a>,
    },
    Field {
        fields: &'a [Field],
        index: usize,
        space: Space<'a>,
    },
    FieldTail(&'a Field),
    /// Properties and aliases behind the fields of a record.
    RecordTail(&'a Type, &'a Record),
    /// Properties behind the items of an array or the values of a map.
    Tail(&'a Type),
}

struct Printer<'a> {
    types: &'a Types,
    form: Form,
    /// The namespaces under which named types stand in the output, by full name.
    written: HashMap<&'a str, Space<'a>>,
    /// All full names in use, with a type of each; filled where types may move.
    taken: HashMap<&'a str, TypeId>,
    out: String,
    work: Vec<Work<'a>>,
}

impl<'a> Printer<'a> {
    fn step(&mut self, work: Work<'a>) {
        match work {
            Work::Type(id, space) => self.type_text(self.types.get(id), space),
            Work::Branch { branches, index, space } => match branches.get(index) {
                Some(&branch) => {
                    self.comma(index);
                    self.work.push(Work::Branch { branches, index: index + 1, space });
                    self.work.push(Work::Type(branch, space));
                }
                None => self.out.push(']'),
            },
            Work::Field { fields, index, space } => match fields.get(index) {
                Some(field) => {
                    self.comma(index);
                    self.out.push_str("{\"name\":");
                    write_string(self.types.text(field.name), &mut self.out);
                    self.out.push_str(",\"type\":");
                    self.work.push(Work::Field { fields, index: index + 1, space });
                    self.work.push(Work::FieldTail(field));
                    self.work.push(Work::Type(field.type_id, space));
                }
                None => self.out.push(']'),
            },
            Work::FieldTail(field) => self.field_tail(field),
            Work::RecordTail(printed, record) => self.named_tail(printed, &record.named),
            Work::Tail(printed) => {
                self.props(printed);
                self.out.push('}');
            }
        }
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
    }

    fn type_text(&mut self, printed: &'a Type, space: Space<'a>) {
        match &printed.shape {
            Shape::Primitive(primitive) if !printed.has_props => {
                write_string(primitive.as_str(), &mut self.out);
            }
            Shape::Primitive(primitive) => {
                self.out.push_str("{\"type\":");
                write_string(primitive.as_str(), &mut self.out);
                self.props(printed);
                self.out.push('}');
            }
            Shape::Array(items) => {
                self.out.push_str("{\"type\":\"array\",\"items\":");
                self.work.extend([Work::Tail(printed), Work::Type(*items, space)]);
            }
            Shape::Map(values) => {
                self.out.push_str("{\"type\":\"map\",\"values\":");
                self.work.extend([Work::Tail(printed), Work::Type(*values, space)]);
            }
            Shape::Union(branches) => {
                self.out.push('[');
                self.work.push(Work::Branch { branches, index: 0, space });
            }
            Shape::Record(record) => self.record(printed, record, space),
            Shape::Enum(symbols) => self.enumeration(printed, symbols, space),
            Shape::Fixed(fixed) => self.fixed(printed, fixed, space),
            // Parsing leaves none of these in use.
            Shape::Unresolved(name) => write_string(name, &mut self.out),
        }
    }

    fn record(&mut self, printed: &'a Type, record: &'a Record, space: Space<'a>) {
        let word = if record.is_error && self.form == Form::Canonical { "error" } else { "record" };
        if let Some(inner) = self.head(word, &record.named, space) {
            self.out.push_str(",\"fields\":[");
            self.work.push(Work::RecordTail(printed, record));
            self.work.push(Work::Field { fields: &record.fields, index: 0, space: inner });
        }
    }

    fn enumeration(&mut self, printed: &'a Type, symbols: &'a Enum, space: Space<'a>) {
        if self.head("enum", &symbols.named, space).is_none() {
            return;
        }
        self.out.push_str(",\"symbols\":");
        let types = self.types;
        self.strings(types.symbols(symbols));
        if let Some(default) = symbols.default {
            self.out.push_str(",\"default\":");
            write_string(types.text(default), &mut self.out);
        }
        self.named_tail(printed, &symbols.named);
    }

    fn fixed(&mut self, printed: &'a Type, fixed: &'a Fixed, space: Space<'a>) {
        if self.head("fixed", &fixed.named, space).is_none() {
            return;
        }
        self.out.push_str(",\"size\":");
        self.out.push_str(&fixed.size.to_string());
        self.named_tail(printed, &fixed.named);
    }

    /// Prints a name for a type that stands in the text already, else the start of its definition;
    /// returns the namespace inside the definition.
    fn head(&mut self, word: &str, named: &'a Named, space: Space<'a>) -> Option<Space<'a>> {
        let name = &named.name;
        if let Some(&defined) = self.written.get(name.full.as_str()) {
            write_string(&relative(name, defined, space), &mut self.out);
            return None;
        }
        let inner = match (name.space.as_deref(), space) {
            (None, Some(around)) if self.form == Form::Normal => match self.holder(name, around) {
                None => space,
                Some((holder, id)) if self.is_like(name, id) => {
                    self.written.insert(&name.full, space);
                    if self.written.insert(holder, space).is_some() {
                        write_string(&relative(name, space, space), &mut self.out);
                        return None;
                    }
                    space
                }
                Some(_) => None,
            },
            (own, _) => own,
        };
        self.written.insert(&name.full, inner);
        self.out.push_str("{\"type\":");
        write_string(word, &mut self.out);
        self.out.push_str(",\"name\":");
        write_string(&name.simple, &mut self.out);
        if inner != space {
            self.out.push_str(",\"namespace\":");
            write_string(inner.unwrap_or(""), &mut self.out);
        }
        let is_dropped = |doc: &&str| self.form == Form::Normal && doc.is_empty();
        if let Some(doc) = named.doc.map(|doc| self.types.text(doc)).filter(|doc| !is_dropped(doc))
        {
            self.out.push_str(",\"doc\":");
            write_string(doc, &mut self.out);
        }
        Some(inner)
    }

    /// Who has the name that a type of the null namespace gets when it moves into `around`.
    fn holder(&self, name: &Name, around: &str) -> Option<(&'a str, TypeId)> {
        let moved = format!("{around}.{}", name.simple);
        self.taken.get_key_value(moved.as_str()).map(|(holder, id)| (*holder, *id))
    }

    /// Whether the type of that name and `other` are the same but for their names.
    fn is_like(&self, name: &Name, other: TypeId) -> bool {
        let own = self.taken.get(name.full.as_str());
        own.is_some_and(|own| are_alike(self.types, *own, other))
    }

    fn named_tail(&mut self, printed: &Type, named: &Named) {
        self.props(printed);
        let mut aliases: Vec<&Name> = named.aliases.iter().collect();
        if self.form == Form::Normal {
            aliases.sort_by(|a, b| utf16_order(&sort_key(a, named), &sort_key(b, named)));
        }
        if !aliases.is_empty() {
            self.out.push_str(",\"aliases\":");
            let own = named.name.space.as_deref();
            let shown: Vec<SmolStr> = aliases
                .into_iter()
                .map(|alias| relative(alias, alias.space.as_deref(), own))
                .collect();
            self.strings(shown.iter().map(SmolStr::as_str));
        }
        self.out.push('}');
    }

    fn field_tail(&mut self, field: &Field) {
        if let Some(doc) = field.doc {
            self.out.push_str(",\"doc\":");
            write_string(self.types.text(doc), &mut self.out);
        }
        if let Some(default) = self.types.default(field) {
            self.default(field, &default);
        }
        if field.order != Order::Ascending {
            self.out.push_str(",\"order\":");
            write_string(field.order.as_str(), &mut self.out);
        }
        let mut aliases: Vec<&str> = field.aliases.iter().map(SmolStr::as_str).collect();
        if self.form == Form::Normal {
            aliases.sort_by(|a, b| utf16_order(a, b));
        }
        if !aliases.is_empty() {
            self.out.push_str(",\"aliases\":");
            self.strings(aliases.into_iter());
        }
        self.other_props(self.types.field_props(field), &[]);
        self.out.push('}');
    }

    fn default(&mut self, field: &Field, default: &View<'_>) {
        let default = default.to_data();
        let before = self.out.len();
        self.out.push_str(",\"default\":");
        match self.form {
            Form::Canonical => print_value(&default, &mut self.out),
            Form::Normal => {
                if !normal_default::print(self.types, field.type_id, &default, &mut self.out) {
                    self.out.truncate(before);
                }
            }
        }
    }

    fn strings<'s>(&mut self, texts: impl Iterator<Item = &'s str>) {
        self.out.push('[');
        for (index, text) in texts.enumerate() {
            self.comma(index);
            write_string(text, &mut self.out);
        }
        self.out.push(']');
    }

    /// Properties of a type: in normal form a usable logical type and its attributes come first.
    fn props(&mut self, printed: &Type) {
        let types = self.types;
        let mut first: Vec<&str> = Vec::new();
        if let (Form::Normal, Some(name)) = (self.form, logical::usable(types, printed)) {
            first.push("logicalType");
            if name == "decimal" {
                first.push("precision");
                if logical::scale(types, printed) != 0 {
                    first.push("scale");
                }
            }
        }
        for key in &first {
            if let Some(value) = types.prop(printed, key) {
                self.prop(key, value);
            }
        }
        self.other_props(types.props(printed), &first);
    }

    fn other_props<'p>(
        &mut self,
        props: impl Iterator<Item = (&'p str, Json<'p>)>,
        printed: &[&str],
    ) {
        let mut members: Vec<_> = props.filter(|(key, _)| !printed.contains(key)).collect();
        if self.form == Form::Normal {
            members.sort_by(|(a, _), (b, _)| utf16_order(a, b));
        }
        for (key, value) in members {
            self.prop(key, value);
        }
    }

    fn prop(&mut self, key: &str, value: Json<'_>) {
        self.out.push(',');
        write_string(key, &mut self.out);
        self.out.push(':');
        let value = value.view().to_data();
        match self.form {
            Form::Canonical => print_value(&value, &mut self.out),
            Form::Normal => print_sorted(&value, &mut self.out),
        }
    }
}

/// How the reference sorts aliases: by full name, with a dot before one that left the namespace.
fn sort_key(alias: &Name, named: &Named) -> SmolStr {
    if alias.space.is_none() && named.name.space.is_some() {
        return format_smolstr!(".{}", alias.simple);
    }
    alias.full.clone()
}
