//! Type expressions, fields and the bodies of declarations.
//!
//! The grammar is the reference registry's, but for `CHECK` clauses: those are refused by name.

use super::cursor::{Cursor, usable};
use super::default;
use super::lexer::{Token, invalid};
use super::names::Names;
use crate::error::{LogicalError, breach};
use crate::model::{Branch, Enum, EnumValue, Field, Kind, Notes, Struct, Type, UNBOUNDED};

/// Digits of the second of a TIMESTAMP that names none.
const TIMESTAMP_DIGITS: u8 = 6;

/// Digits of a DECIMAL that names none.
const DECIMAL_DIGITS: i32 = 10;

/// Reads types, whose names it completes by what is declared.
pub(super) struct Parser<'c, 't> {
    pub(super) cursor: &'c mut Cursor<'t>,
    pub(super) names: &'c Names,
}

/// A kind of type that has a length.
type WithLength = fn(i32) -> Kind;

/// A type, and how many types nest in it, itself included.
struct Nested {
    kind: Kind,
    height: usize,
}

impl Nested {
    fn leaf(kind: Kind) -> Self {
        Self { kind, height: 1 }
    }
}

impl Parser<'_, '_> {
    /// A type expression. Without `NOT NULL` it is nullable.
    pub(super) fn type_expression(&mut self) -> Result<Type, LogicalError> {
        Ok(self.nested_type(1)?.0)
    }

    /// A type that stands so deep in others.
    fn nested_type(&mut self, depth: usize) -> Result<(Type, usize), LogicalError> {
        self.within(depth)?;
        self.cursor.count()?;
        let Nested { kind, mut height } = self.kind(depth)?;
        let mut ty = Type { kind, is_nullable: self.nullability()? };
        loop {
            let wrap = if self.cursor.take_word("ARRAY")? {
                Kind::Array
            } else if self.cursor.take_word("MULTISET")? {
                Kind::Multiset
            } else {
                return Ok((ty, height));
            };
            height += 1;
            self.within(height)?;
            self.cursor.count()?;
            ty = Type { kind: wrap(Box::new(ty)), is_nullable: self.nullability()? };
        }
    }

    fn within(&self, depth: usize) -> Result<(), LogicalError> {
        let max = self.cursor.limits.depth_max;
        if depth <= max {
            return Ok(());
        }
        Err(LogicalError::TooLarge(breach("types nested too deep", max, "depth-max")))
    }

    fn nullability(&mut self) -> Result<bool, LogicalError> {
        if self.cursor.take_word("NOT")? {
            self.cursor.word("NULL")?;
            return Ok(false);
        }
        self.cursor.take_word("NULL")?;
        Ok(true)
    }

    fn kind(&mut self, depth: usize) -> Result<Nested, LogicalError> {
        let Token::Word(word) = *self.cursor.peek() else { return self.named() };
        let word = word.to_ascii_uppercase();
        match word.as_str() {
            "ARRAY" => self.items(depth, Kind::Array),
            "MULTISET" => self.items(depth, Kind::Multiset),
            "STRUCT" | "ROW" => self.inline_struct(depth),
            "UNION" => self.union(depth),
            "MAP" if self.cursor.second_is("<") => self.map(depth),
            "VARIANT" if !self.cursor.second_is(".") => {
                self.cursor.advance()?;
                Ok(Nested::leaf(Kind::Variant))
            }
            word => match self.primitive(word)? {
                Some(kind) => Ok(Nested::leaf(kind)),
                None => self.named(),
            },
        }
    }

    fn named(&mut self) -> Result<Nested, LogicalError> {
        if !matches!(self.cursor.peek(), Token::Word(_) | Token::Quoted(_)) {
            return Err(self.cursor.expected("a type"));
        }
        let name = self.cursor.path()?;
        Ok(Nested::leaf(Kind::Named(self.names.of_use(&name))))
    }

    fn items(&mut self, depth: usize, wrap: fn(Box<Type>) -> Kind) -> Result<Nested, LogicalError> {
        self.cursor.advance()?;
        self.cursor.symbol('<')?;
        let (item, height) = self.nested_type(depth + 1)?;
        self.cursor.symbol('>')?;
        Ok(Nested { kind: wrap(Box::new(item)), height: height + 1 })
    }

    fn map(&mut self, depth: usize) -> Result<Nested, LogicalError> {
        self.cursor.advance()?;
        self.cursor.symbol('<')?;
        let (key, key_height) = self.nested_type(depth + 1)?;
        self.cursor.symbol(',')?;
        let (value, value_height) = self.nested_type(depth + 1)?;
        self.cursor.symbol('>')?;
        let kind = Kind::Map(Box::new(key), Box::new(value));
        Ok(Nested { kind, height: key_height.max(value_height) + 1 })
    }

    /// The bracket that opens the list of an inline type, as the one that closes it.
    fn open(&mut self) -> Result<char, LogicalError> {
        if self.cursor.take_symbol('<')? {
            return Ok('>');
        }
        self.cursor.symbol('(')?;
        Ok(')')
    }

    fn inline_struct(&mut self, depth: usize) -> Result<Nested, LogicalError> {
        self.cursor.advance()?;
        let end = self.open()?;
        let (body, height) = self.fields(depth, end)?;
        Ok(Nested { kind: Kind::Struct(body), height: height + 1 })
    }

    /// The fields of a struct up to and with `end`, and how many types nest in them.
    fn fields(&mut self, depth: usize, end: char) -> Result<(Struct, usize), LogicalError> {
        let mut fields = Vec::new();
        let mut taken = std::collections::HashSet::new();
        let mut height = 0;
        loop {
            let place = self.cursor.place();
            self.cursor.count()?;
            let (field, inner) = self.field(depth)?;
            if !taken.insert(field.name.clone()) {
                return Err(invalid(format!("field '{}' is there twice", field.name), place));
            }
            fields.push(field);
            height = height.max(inner);
            if !self.cursor.more(end)? {
                return Ok((Struct { fields, ..Struct::default() }, height));
            }
        }
    }

    fn field(&mut self, depth: usize) -> Result<(Field, usize), LogicalError> {
        self.refuse_check()?;
        let at = self.cursor.place();
        let name = self.cursor.identifier()?;
        let name = usable(name, "field", at)?;
        let (ty, height) = self.nested_type(depth + 1)?;
        let has_default = self.cursor.take_word("DEFAULT")?;
        let default = if has_default { Some(default::read(self.cursor, &ty.kind)?) } else { None };
        self.refuse_check()?;
        let notes = self.notes()?;
        Ok((Field { name, ty, default, checks: Vec::new(), notes }, height))
    }

    fn refuse_check(&self) -> Result<(), LogicalError> {
        if self.cursor.at_word("CHECK") || self.cursor.at_word("CONSTRAINT") {
            return Err(self
                .cursor
                .error("CHECK constraints are not supported in definitions yet"));
        }
        Ok(())
    }

    fn notes(&mut self) -> Result<Notes, LogicalError> {
        let doc = self.cursor.comment()?;
        let tags = self.cursor.tags()?;
        Ok(Notes { doc, tags, params: self.cursor.params()? })
    }

    /// The body of a declared struct, with what is said of it.
    pub(super) fn declared_struct(&mut self) -> Result<Struct, LogicalError> {
        self.cursor.symbol('(')?;
        let (body, _) = self.fields(0, ')')?;
        Ok(Struct { notes: self.notes()?, ..body })
    }

    /// The body of a declared enum, with what is said of it.
    pub(super) fn declared_enum(&mut self) -> Result<Enum, LogicalError> {
        self.cursor.symbol('(')?;
        let mut values: Vec<EnumValue> = Vec::new();
        let mut taken = std::collections::HashSet::new();
        loop {
            self.cursor.count()?;
            let at = self.cursor.place();
            let symbol = self.cursor.text()?;
            let symbol = usable(symbol, "symbol", at)?;
            if !taken.insert(symbol.clone()) {
                return Err(invalid(format!("symbol '{symbol}' is there twice"), at));
            }
            let max = self.cursor.limits.enum_symbols_max;
            if values.len() == max {
                let what = "too many symbols of an enum";
                return Err(LogicalError::TooLarge(breach(what, max, "enum-symbols-max")));
            }
            let (doc, params) = (self.cursor.comment()?, self.cursor.params()?);
            values.push(EnumValue { symbol, doc, params });
            if !self.cursor.more(')')? {
                break;
            }
        }
        let (doc, params) = (self.cursor.comment()?, self.cursor.params()?);
        Ok(Enum { values, notes: Notes { doc, tags: Vec::new(), params } })
    }

    fn union(&mut self, depth: usize) -> Result<Nested, LogicalError> {
        self.cursor.advance()?;
        let end = self.open()?;
        let mut branches: Vec<Branch> = Vec::new();
        let mut taken = std::collections::HashSet::new();
        let mut height = 0;
        loop {
            let at = self.cursor.place();
            let name = self.cursor.identifier()?;
            let name = usable(name, "branch", at)?;
            if !taken.insert(name.clone()) {
                return Err(invalid(format!("branch '{name}' is there twice"), at));
            }
            let max = self.cursor.limits.union_branches_max;
            if branches.len() == max {
                let what = "too many branches of a union";
                return Err(LogicalError::TooLarge(breach(what, max, "union-branches-max")));
            }
            let (ty, inner) = self.nested_type(depth + 1)?;
            height = height.max(inner);
            let (doc, params) = (self.cursor.comment()?, self.cursor.params()?);
            branches.push(Branch { name, ty, doc, params });
            if !self.cursor.more(end)? {
                return Ok(Nested { kind: Kind::Union(branches), height: height + 1 });
            }
        }
    }

    /// The primitive type that starts with `word`, in capitals; `None` for any other word.
    fn primitive(&mut self, word: &str) -> Result<Option<Kind>, LogicalError> {
        let plain = match word {
            "BOOLEAN" => Kind::Boolean,
            "TINYINT" => Kind::TinyInt,
            "SMALLINT" => Kind::SmallInt,
            "INT" | "INTEGER" => Kind::Int,
            "BIGINT" => Kind::BigInt,
            "FLOAT" | "REAL" => Kind::Float,
            "DOUBLE" => Kind::Double,
            "STRING" => Kind::VarChar(UNBOUNDED),
            "BYTES" => Kind::VarBinary(UNBOUNDED),
            "DATE" => Kind::Date,
            _ => return self.sized(word),
        };
        self.cursor.advance()?;
        if plain == Kind::Double {
            self.cursor.take_word("PRECISION")?;
        }
        Ok(Some(plain))
    }

    /// A primitive type that may name a length or a precision.
    fn sized(&mut self, word: &str) -> Result<Option<Kind>, LogicalError> {
        let (fixed, varying): (WithLength, Option<WithLength>) = match word {
            "CHARACTER" => (Kind::Char, Some(Kind::VarChar)),
            "BINARY" => (Kind::Binary, Some(Kind::VarBinary)),
            "CHAR" => (Kind::Char, None),
            "VARCHAR" => (Kind::VarChar, None),
            "VARBINARY" => (Kind::VarBinary, None),
            _ => return self.decimal_or_time(word),
        };
        self.cursor.advance()?;
        let wrap = match varying {
            Some(varying) if self.cursor.take_word("VARYING")? => varying,
            _ => fixed,
        };
        let length = self.sizes(1)?.first().copied();
        Ok(Some(wrap(length.unwrap_or(1))))
    }

    fn decimal_or_time(&mut self, word: &str) -> Result<Option<Kind>, LogicalError> {
        if !matches!(word, "DECIMAL" | "DEC" | "NUMERIC" | "TIME" | "TIMESTAMP" | "TIMESTAMP_LTZ") {
            return Ok(None);
        }
        self.cursor.advance()?;
        Ok(Some(match word {
            "TIME" => Kind::Time(self.digits(0)?),
            "TIMESTAMP_LTZ" => Kind::TimestampLtz(self.digits(TIMESTAMP_DIGITS)?),
            "TIMESTAMP" => {
                let digits = self.digits(TIMESTAMP_DIGITS)?;
                if self.is_local_time()? {
                    Kind::TimestampLtz(digits)
                } else {
                    Kind::Timestamp(digits)
                }
            }
            _ => {
                let sizes = self.sizes(2)?;
                let precision = sizes.first().copied().unwrap_or(DECIMAL_DIGITS);
                Kind::Decimal { precision, scale: sizes.get(1).copied() }
            }
        }))
    }

    /// Reads `WITHOUT TIME ZONE` or `WITH LOCAL TIME ZONE`, and says which of them was there.
    fn is_local_time(&mut self) -> Result<bool, LogicalError> {
        let is_local = self.cursor.at_word("WITH") && self.cursor.second_is("LOCAL");
        if !is_local && !self.cursor.at_word("WITHOUT") {
            return Ok(false);
        }
        self.cursor.advance()?;
        if is_local {
            self.cursor.word("LOCAL")?;
        }
        self.cursor.word("TIME")?;
        self.cursor.word("ZONE")?;
        Ok(is_local)
    }

    /// The digits of a second, 0 to 9.
    fn digits(&mut self, unnamed: u8) -> Result<u8, LogicalError> {
        let place = self.cursor.place();
        let Some(&named) = self.sizes(1)?.first() else { return Ok(unnamed) };
        u8::try_from(named)
            .ok()
            .filter(|digits| *digits <= 9)
            .ok_or_else(|| invalid(format!("the precision is 0 to 9, not {named}"), place))
    }

    /// Up to so many sizes in parentheses, or none at all.
    fn sizes(&mut self, max: usize) -> Result<Vec<i32>, LogicalError> {
        let mut sizes = Vec::new();
        if self.cursor.take_symbol('(')? {
            sizes.push(self.cursor.size()?);
            while sizes.len() < max && self.cursor.take_symbol(',')? {
                sizes.push(self.cursor.size()?);
            }
            self.cursor.symbol(')')?;
        }
        Ok(sizes)
    }
}
