//! The compiled schema that Rust values are written with: what each value must be, by position.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use apache_avro::Schema;
use apache_avro::schema::RecordSchema;

use super::base::{Base, base, fixed_of};
use super::resolve::Typed;
use super::schema::ParsedSchema;

/// A schema as the list of its parts; [`Kind`]s point into it.
#[derive(Debug)]
pub(super) struct WritePlan {
    pub(super) root: Kind,
    pub(super) records: Vec<Box<[WriteField]>>,
    /// Items of arrays, values of maps, what an option holds.
    pub(super) inner: Vec<Kind>,
    pub(super) enums: Vec<Box<[String]>>,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(usize),
    Array(usize),
    Map(usize),
    Record(usize),
    /// A union of null and one other type.
    Option {
        some: usize,
        null_branch: u8,
    },
    /// A union that needs more than the position of a value to find its branch.
    Union,
}

/// A field of a record.
pub(super) struct WriteField {
    name: Box<str>,
    pub(super) kind: Kind,
    /// Where the name lies that a type gave last, which spares comparing texts: two static texts
    /// of one place and length are one.
    place: AtomicUsize,
}

impl fmt::Debug for WriteField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.name, self.kind)
    }
}

impl WriteField {
    #[inline]
    pub(super) fn is_called(&self, key: &'static str) -> bool {
        if key.len() != self.name.len() {
            return false;
        }
        let place = key.as_ptr().addr();
        if self.place.load(Ordering::Relaxed) == place {
            return true;
        }
        let is_same = *key == *self.name;
        if is_same {
            self.place.store(place, Ordering::Relaxed);
        }
        is_same
    }
}

impl WritePlan {
    pub(super) fn compile(schema: &ParsedSchema) -> Self {
        let names = schema.names();
        let plan = Self { root: Kind::Null, records: vec![], inner: vec![], enums: vec![] };
        let mut compiler = Compiler { plan, records: HashMap::new() };
        let root = compiler.kind(Typed::root(schema, &names));
        Self { root, ..compiler.plan }
    }
}

struct Compiler {
    plan: WritePlan,
    /// Records met before, by full name: done, or begun further up.
    records: HashMap<String, usize>,
}

impl Compiler {
    /// Recurses as deep as the schema nests, which parsing has bounded.
    fn kind(&mut self, typed: Typed<'_>) -> Kind {
        match typed.schema {
            Schema::Array(array) => Kind::Array(self.inner(typed.part(&array.items))),
            Schema::Map(map) => Kind::Map(self.inner(typed.part(&map.types))),
            Schema::Record(record) => Kind::Record(self.record(typed, record)),
            Schema::Enum(symbols) => {
                self.plan.enums.push(symbols.symbols.clone().into());
                Kind::Enum(self.plan.enums.len() - 1)
            }
            Schema::Union(union) => match union.variants() {
                [Schema::Null, some] => self.option(typed.part(some), 0),
                [some, Schema::Null] => self.option(typed.part(some), 1),
                _ => Kind::Union,
            },
            other => match base(other) {
                Base::Null => Kind::Null,
                Base::Boolean => Kind::Boolean,
                Base::Int => Kind::Int,
                Base::Long => Kind::Long,
                Base::Float => Kind::Float,
                Base::Double => Kind::Double,
                Base::Bytes => Kind::Bytes,
                Base::String => Kind::String,
                Base::Fixed => Kind::Fixed(fixed_of(other).unwrap_or_default()),
                Base::Enum | Base::Array | Base::Map | Base::Record | Base::Union => Kind::Union,
            },
        }
    }

    fn inner(&mut self, typed: Typed<'_>) -> usize {
        let kind = self.kind(typed);
        self.plan.inner.push(kind);
        self.plan.inner.len() - 1
    }

    fn option(&mut self, some: Typed<'_>, null_branch: u8) -> Kind {
        Kind::Option { some: self.inner(some), null_branch }
    }

    fn record(&mut self, typed: Typed<'_>, record: &RecordSchema) -> usize {
        let name = typed.full_name();
        if let Some(&known) = self.records.get(&name) {
            return known;
        }
        self.plan.records.push(Box::default());
        let id = self.plan.records.len() - 1;
        self.records.insert(name, id);
        let fields = record.fields.iter().map(|field| WriteField {
            name: field.name.as_str().into(),
            kind: self.kind(typed.field(record, field)),
            place: AtomicUsize::new(0),
        });
        self.plan.records[id] = fields.collect();
        id
    }
}
