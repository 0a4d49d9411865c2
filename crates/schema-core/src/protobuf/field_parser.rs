//! `.proto` text to tree: fields, groups, oneofs and the types of fields.

use smol_str::{SmolStr, format_smolstr};

use super::ast::{Field, FieldType, Group, Label, Oneof, OptionNode, OptionValue, Syntax};
use super::error::{Failure, Result};
use super::parser::Parser;

/// What may stand in a message between its keyword statements.
pub(super) enum Member {
    Field(Field),
    Group(Group),
}

impl Parser<'_, '_> {
    /// A field or group that starts with `word`, which has been read.
    pub(super) fn member(&mut self, at: usize, word: &str) -> Result<Member> {
        let label = match word {
            "required" if self.syntax == Some(Syntax::Proto3) => {
                return Err(Failure::syntax(at, "'required' is not allowed in proto3"));
            }
            "required" => Some(Label::Required),
            "optional" => Some(Label::Optional),
            "repeated" => Some(Label::Repeated),
            _ => None,
        };
        let ty = if label.is_some() {
            self.data_type()?
        } else {
            let is_map = word == "map" && self.lexer.peek()? == '<';
            if self.syntax != Some(Syntax::Proto3) && !is_map {
                let message = format!(
                    "unexpected '{word}': without syntax = \"proto3\" a field starts with \
                     'optional', 'required' or 'repeated'"
                );
                return Err(Failure::syntax(at, message));
            }
            self.data_type_from(word)?
        };
        match ty {
            FieldType::Map(_) if label.is_some() => {
                Err(Failure::syntax(at, "a map field cannot have a label"))
            }
            FieldType::Named(name) if name == "group" => self.group(label).map(Member::Group),
            ty => self.field(at, label, ty).map(Member::Field),
        }
    }

    fn field(&mut self, at: usize, label: Option<Label>, ty: FieldType) -> Result<Field> {
        let name = SmolStr::new(self.lexer.member_name()?);
        self.budget.parts(&name, at)?;
        self.lexer.require('=')?;
        let number = self.lexer.integer()?;
        let mut options = self.bracketed_options()?;
        let default = take_value("default", &mut options);
        let json_name = take_value("json_name", &mut options);
        self.lexer.require(';')?;
        self.lexer.trailing_comment()?;
        Ok(Field { at, label, ty, name, number, default, json_name, options })
    }

    pub(super) fn oneof(&mut self) -> Result<Oneof> {
        let name = self.name()?.into();
        let mut oneof = Oneof { name, fields: Vec::new(), groups: Vec::new(), options: Vec::new() };
        self.lexer.require('{')?;
        while !self.lexer.eat('}')? {
            let at = self.node()?;
            self.budget.branch(oneof.fields.len() + oneof.groups.len(), at)?;
            match self.data_type()? {
                FieldType::Named(word) if word == "group" => oneof.groups.push(self.group(None)?),
                FieldType::Named(word) if word == "option" => {
                    oneof.options.push(self.option_statement()?);
                }
                ty => oneof.fields.push(self.field(at, None, ty)?),
            }
        }
        Ok(oneof)
    }

    fn group(&mut self, label: Option<Label>) -> Result<Group> {
        let at = self.lexer.offset();
        let name = self.lexer.word()?.into();
        self.lexer.require('=')?;
        let number = self.lexer.integer()?;
        let mut fields = Vec::new();
        self.lexer.require('{')?;
        self.budget.enter(self.lexer.offset())?;
        while !self.lexer.eat('}')? {
            let at = self.node()?;
            let word = self.lexer.word()?;
            match self.member(at, word)? {
                Member::Field(field) => fields.push(field),
                Member::Group(_) => {
                    return Err(Failure::syntax(at, "a group cannot stand inside a group"));
                }
            }
        }
        self.budget.leave();
        Ok(Group { at, label, name, number, fields })
    }

    pub(super) fn data_type(&mut self) -> Result<FieldType> {
        let word = self.lexer.word()?;
        self.data_type_from(word)
    }

    /// A type whose first word has been read; a name may go on after blanks around a dot.
    pub(super) fn data_type_from(&mut self, word: &str) -> Result<FieldType> {
        if word == "map" {
            self.lexer.require('<')?;
            self.budget.enter(self.lexer.offset())?;
            let key = self.data_type()?;
            self.lexer.require(',')?;
            let value = self.data_type()?;
            self.lexer.require('>')?;
            self.budget.leave();
            return Ok(FieldType::map(key, value));
        }
        let mut name = SmolStr::new(word);
        while self.lexer.eat('.')? {
            name = format_smolstr!("{name}.{}", self.lexer.word()?);
        }
        Ok(FieldType::Named(name))
    }
}

/// Takes the pseudo-option `name` out of a field's options; the last one counts.
fn take_value(name: &str, options: &mut Vec<OptionNode>) -> Option<SmolStr> {
    let taken = options.extract_if(.., |option| option.name == name).last();
    taken.map(|option| spelled(option.value))
}

/// A value as the reference turns it into text, which for maps and lists is how its language shows
/// them; most of those cannot be read back and are refused then.
fn spelled(value: OptionValue) -> SmolStr {
    match value {
        OptionValue::Text(text) | OptionValue::Number(text) | OptionValue::Word(text) => text,
        OptionValue::Nested(option) => format_smolstr!(
            "OptionElement(name={}, kind={}, value={}, isParenthesized={})",
            option.name,
            kind(&option.value),
            spelled(option.value),
            option.is_custom
        ),
        OptionValue::List(items) => {
            let items: Vec<_> = items.into_iter().map(spelled_inside).collect();
            format_smolstr!("[{}]", items.join(", "))
        }
        OptionValue::Map(entries) => {
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(key, value)| format!("{key}={}", spelled_inside(value)))
                .collect();
            format_smolstr!("{{{}}}", entries.join(", "))
        }
    }
}

fn spelled_inside(value: OptionValue) -> SmolStr {
    let kind = kind(&value);
    match value {
        OptionValue::Number(text) | OptionValue::Word(text) => {
            format_smolstr!("OptionPrimitive(kind={kind}, value={text})")
        }
        value => spelled(value),
    }
}

fn kind(value: &OptionValue) -> &'static str {
    match value {
        OptionValue::Text(_) => "STRING",
        OptionValue::Number(_) => "NUMBER",
        OptionValue::Word(word) if word == "true" || word == "false" => "BOOLEAN",
        OptionValue::Word(_) => "ENUM",
        OptionValue::Map(_) => "MAP",
        OptionValue::List(_) => "LIST",
        OptionValue::Nested(_) => "OPTION",
    }
}
