//! `.proto` text to tree: options and their values, which are protobuf text format in the large.

use foldhash::HashMap;
use smol_str::{SmolStr, format_smolstr};

use super::ast::{OptionNode, OptionValue};
use super::error::Result;
use super::parser::Parser;

impl Parser<'_, '_> {
    /// `option NAME = VALUE;` after its keyword.
    pub(super) fn option_statement(&mut self) -> Result<OptionNode> {
        let option = self.option('=')?;
        self.lexer.require(';')?;
        Ok(option)
    }

    /// `[NAME = VALUE, ...]`, if there is one.
    pub(super) fn bracketed_options(&mut self) -> Result<Vec<OptionNode>> {
        let mut options = Vec::new();
        if !self.lexer.eat('[')? {
            return Ok(options);
        }
        loop {
            options.push(self.option('=')?);
            if self.lexer.eat(']')? {
                return Ok(options);
            }
            self.lexer.require(',')?;
        }
    }

    fn option(&mut self, separator: char) -> Result<OptionNode> {
        let head = self.option_head(separator)?;
        let value = self.value()?;
        Ok(self.option_of(head, value))
    }

    /// All of an option before its value.
    fn option_head(&mut self, separator: char) -> Result<OptionHead> {
        self.node()?;
        let first = self.lexer.peek()?;
        let name = match first {
            '[' => format_smolstr!("[{}]", self.name()?),
            _ => self.name()?.into(),
        };
        let mut path = Vec::new();
        while self.lexer.eat('.')? {
            self.path_components(&mut path)?;
        }
        // In text format the separator before a `{` may be left out.
        if !(separator == ':' && self.lexer.peek()? == '{') {
            self.lexer.require(separator)?;
        }
        Ok(OptionHead { name, is_custom: first == '(', path })
    }

    fn option_of(&mut self, head: OptionHead, mut value: OptionValue) -> OptionNode {
        for (name, is_custom) in head.path.into_iter().rev() {
            self.budget.leave();
            value = OptionValue::Nested(Box::new(OptionNode { name, is_custom, value }));
        }
        OptionNode { name: head.name, is_custom: head.is_custom, value }
    }

    /// What follows a dot of `(custom).inner.(other)`: names, each with whether it stood in
    /// parentheses. Observed: a word takes all the dots it meets, the last one too, so that
    /// nothing in parentheses can come after a word.
    fn path_components(&mut self, path: &mut Vec<(SmolStr, bool)>) -> Result<()> {
        let first = self.lexer.peek()?;
        let name = self.name()?;
        match first {
            '(' => self.path_component(path, name.into(), true),
            '[' => self.path_words(path, &format!("[{name}]")),
            _ => self.path_words(path, name),
        }
    }

    fn path_words(&mut self, path: &mut Vec<(SmolStr, bool)>, words: &str) -> Result<()> {
        words.split('.').try_for_each(|word| self.path_component(path, word.into(), false))
    }

    fn path_component(
        &mut self,
        path: &mut Vec<(SmolStr, bool)>,
        name: SmolStr,
        is_custom: bool,
    ) -> Result<()> {
        self.budget.enter(self.lexer.offset())?;
        self.node()?;
        path.push((name, is_custom));
        Ok(())
    }

    /// A value with all that it holds; a stack of open ones instead of recursion, as for messages.
    fn value(&mut self) -> Result<OptionValue> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let at = self.node()?;
            let mut value = match self.lexer.peek()? {
                bracket @ ('{' | '[') => {
                    self.lexer.next()?;
                    self.budget.enter(at)?;
                    open.push(Open::new(bracket));
                    None
                }
                '"' | '\'' => Some(OptionValue::Text(self.lexer.quoted()?.into())),
                '0'..='9' | '-' => Some(OptionValue::Number(self.lexer.word()?.into())),
                _ => Some(OptionValue::Word(self.lexer.word()?.into())),
            };
            // Put the value where it belongs, and that in turn if it is complete with it.
            while let Some(container) = open.last_mut() {
                if let Some(value) = value.take() {
                    self.place(container, value)?;
                }
                if !self.next_place(container)? {
                    break;
                }
                self.budget.leave();
                value = open.pop().map(Open::close);
            }
            if let (true, Some(value)) = (open.is_empty(), value) {
                return Ok(value);
            }
        }
    }

    fn place(&mut self, container: &mut Open, value: OptionValue) -> Result<()> {
        match container {
            Open::List(items) => {
                items.push(value);
                if !self.lexer.eat(',')? && self.lexer.peek()? != ']' {
                    return self.lexer.fail("expected ',' or ']'");
                }
            }
            Open::Map { entries, head } => {
                if let Some(head) = head.take() {
                    entries.add(self.option_of(head, value));
                }
                if !self.lexer.eat(',')? {
                    self.lexer.eat(';')?;
                }
            }
        }
        Ok(())
    }

    /// Whether the container ends here; if not, the text stands before its next value.
    fn next_place(&mut self, container: &mut Open) -> Result<bool> {
        match container {
            Open::List(_) => self.lexer.eat(']'),
            Open::Map { head, .. } => {
                let ends = self.lexer.eat('}')?;
                if !ends {
                    *head = Some(self.option_head(':')?);
                }
                Ok(ends)
            }
        }
    }
}

struct OptionHead {
    name: SmolStr,
    is_custom: bool,
    path: Vec<(SmolStr, bool)>,
}

/// A map or list that is being read, the map with the key whose value comes next.
enum Open {
    Map { entries: Entries, head: Option<OptionHead> },
    List(Vec<OptionValue>),
}

impl Open {
    fn new(bracket: char) -> Self {
        match bracket {
            '{' => Self::Map { entries: Entries::default(), head: None },
            _ => Self::List(Vec::new()),
        }
    }

    fn close(self) -> OptionValue {
        match self {
            Self::Map { entries, .. } => OptionValue::Map(entries.list),
            Self::List(items) => OptionValue::List(items),
        }
    }
}

/// The entries of a map value in source order; a key that comes again makes its value a list.
#[derive(Default)]
struct Entries {
    list: Vec<(SmolStr, OptionValue)>,
    index: HashMap<SmolStr, usize>,
}

impl Entries {
    fn add(&mut self, OptionNode { name, value, .. }: OptionNode) {
        let known = self.index.get(&name).copied().and_then(|index| self.list.get_mut(index));
        match (known, value) {
            (Some((_, existing)), OptionValue::Nested(inner)) => add_nested(existing, *inner),
            (Some((_, existing)), value) => append(existing, value),
            (None, value) => {
                let value = match value {
                    OptionValue::Nested(inner) => {
                        let mut map = OptionValue::Map(Vec::new());
                        add_nested(&mut map, *inner);
                        map
                    }
                    value => value,
                };
                self.index.insert(name.clone(), self.list.len());
                self.list.push((name, value));
            }
        }
    }
}

/// `key.inner: value` puts `inner` into the map that `key` has, or into a new one in its place.
/// Observed: a bare number or word becomes a quoted string there.
fn add_nested(existing: &mut OptionValue, inner: OptionNode) {
    let value = match inner.value {
        OptionValue::Number(text) | OptionValue::Word(text) => OptionValue::Text(text),
        value => value,
    };
    if !matches!(existing, OptionValue::Map(_)) {
        *existing = OptionValue::Map(Vec::new());
    }
    if let OptionValue::Map(entries) = existing {
        match entries.iter_mut().find(|(name, _)| *name == inner.name) {
            Some((_, old)) => *old = value,
            None => entries.push((inner.name, value)),
        }
    }
}

fn append(existing: &mut OptionValue, value: OptionValue) {
    if !matches!(existing, OptionValue::List(_)) {
        let first = std::mem::replace(existing, OptionValue::List(Vec::new()));
        if let OptionValue::List(items) = existing {
            items.push(first);
        }
    }
    if let OptionValue::List(items) = existing {
        match value {
            OptionValue::List(more) => items.extend(more),
            value => items.push(value),
        }
    }
}
