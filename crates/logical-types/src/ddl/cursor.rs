//! The tokens ahead of the parser, and the budget of what it may build from them.

use levada_schema_core::{Limits, Location};

use super::keyword;
use super::lexer::{Lexer, Token, invalid};
use crate::error::{LogicalError, breach};
use crate::model::Params;
use crate::row_name::NAME_BYTES_MAX;

pub(super) struct Cursor<'t> {
    lexer: Lexer<'t>,
    /// The next two tokens.
    ahead: [(Token<'t>, Location); 2],
    pub(super) limits: &'t Limits,
    nodes: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str, limits: &'t Limits) -> Result<Self, LogicalError> {
        let mut lexer = Lexer::new(text);
        let ahead = [lexer.next()?, lexer.next()?];
        Ok(Self { lexer, ahead, limits, nodes: 0 })
    }

    pub(super) fn place(&self) -> Location {
        self.ahead[0].1
    }

    pub(super) fn peek(&self) -> &Token<'t> {
        &self.ahead[0].0
    }

    pub(super) fn advance(&mut self) -> Result<Token<'t>, LogicalError> {
        let next = self.lexer.next()?;
        let [first, second] = &mut self.ahead;
        let taken = std::mem::replace(first, std::mem::replace(second, next));
        Ok(taken.0)
    }

    /// Counts one more part: a type, a field, a branch, a value, a clause.
    pub(super) fn count(&mut self) -> Result<(), LogicalError> {
        self.nodes += 1;
        if self.nodes <= self.limits.nodes_max {
            return Ok(());
        }
        let max = self.limits.nodes_max;
        Err(LogicalError::TooLarge(breach("type definition has too many parts", max, "nodes-max")))
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> LogicalError {
        invalid(reason, self.place())
    }

    pub(super) fn expected(&self, what: &str) -> LogicalError {
        self.error(format!("expected {what}, found {}", self.peek().describe()))
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    pub(super) fn at_symbol(&self, symbol: char) -> bool {
        *self.peek() == Token::Symbol(symbol)
    }

    /// Whether the token after the next one is this word, or this symbol.
    pub(super) fn second_is(&self, word: &str) -> bool {
        match &self.ahead[1].0 {
            Token::Word(found) => found.eq_ignore_ascii_case(word),
            Token::Symbol(found) => word.starts_with(*found),
            _ => false,
        }
    }

    pub(super) fn take_word(&mut self, word: &str) -> Result<bool, LogicalError> {
        let is_there = self.at_word(word);
        if is_there {
            self.advance()?;
        }
        Ok(is_there)
    }

    pub(super) fn take_symbol(&mut self, symbol: char) -> Result<bool, LogicalError> {
        let is_there = self.at_symbol(symbol);
        if is_there {
            self.advance()?;
        }
        Ok(is_there)
    }

    pub(super) fn word(&mut self, word: &str) -> Result<(), LogicalError> {
        if self.take_word(word)? { Ok(()) } else { Err(self.expected(word)) }
    }

    pub(super) fn symbol(&mut self, symbol: char) -> Result<(), LogicalError> {
        if self.take_symbol(symbol)? { Ok(()) } else { Err(self.expected(&format!("'{symbol}'"))) }
    }

    pub(super) fn text(&mut self) -> Result<String, LogicalError> {
        let Token::Text(text) = self.peek() else {
            return Err(self.expected("a string in single quotes"));
        };
        let text = text.clone();
        self.advance()?;
        Ok(text)
    }

    /// One part of a name: a plain word that is not reserved, or one in backquotes.
    pub(super) fn identifier(&mut self) -> Result<String, LogicalError> {
        match self.peek() {
            Token::Word(word) if keyword::is_reserved(word) => {
                let word = word.to_ascii_uppercase();
                Err(self.error(format!("{word} is a reserved word; a name must be `quoted`")))
            }
            Token::Word(word) => {
                let word = (*word).to_owned();
                self.advance()?;
                Ok(word)
            }
            Token::Quoted(name) => {
                let name = name.clone();
                self.advance()?;
                Ok(name)
            }
            _ => Err(self.expected("a name")),
        }
    }

    /// Names with dots between them.
    pub(super) fn path(&mut self) -> Result<String, LogicalError> {
        let place = self.place();
        let mut path = self.identifier()?;
        let mut parts = 1;
        while self.take_symbol('.')? {
            path.push('.');
            path.push_str(&self.identifier()?);
            parts += 1;
            if path.len() > NAME_BYTES_MAX {
                break;
            }
            if parts > self.limits.depth_max {
                let max = self.limits.depth_max;
                return Err(LogicalError::TooLarge(breach(
                    "name of too many parts",
                    max,
                    "depth-max",
                )));
            }
        }
        if path.len() > NAME_BYTES_MAX {
            return Err(invalid(format!("a name has at most {NAME_BYTES_MAX} bytes"), place));
        }
        Ok(path)
    }

    /// A whole number without sign that fits an `INT`.
    pub(super) fn size(&mut self) -> Result<i32, LogicalError> {
        let Token::Integer(digits) = self.peek() else { return Err(self.expected("a number")) };
        let size = digits.parse().map_err(|_| self.error(format!("{digits} is too large")))?;
        self.advance()?;
        Ok(size)
    }

    /// `COMMENT 'text'`, or the text alone.
    pub(super) fn comment(&mut self) -> Result<Option<String>, LogicalError> {
        if self.take_word("COMMENT")? || matches!(self.peek(), Token::Text(_)) {
            return self.text().map(Some);
        }
        Ok(None)
    }

    /// `TAGS('a', …)`, or none.
    pub(super) fn tags(&mut self) -> Result<Vec<String>, LogicalError> {
        let mut tags = Vec::new();
        if self.take_word("TAGS")? {
            self.symbol('(')?;
            loop {
                self.count()?;
                tags.push(self.text()?);
                if !self.more(')')? {
                    break;
                }
            }
        }
        Ok(tags)
    }

    /// `WITH('key' = 'value', …)`, or none. The last of two equal keys counts.
    pub(super) fn params(&mut self) -> Result<Params, LogicalError> {
        let mut params = Params::new();
        if self.take_word("WITH")? {
            self.symbol('(')?;
            loop {
                self.count()?;
                let key = self.text()?;
                self.symbol('=')?;
                params.insert(key, self.text()?);
                if !self.more(')')? {
                    break;
                }
            }
        }
        Ok(params)
    }

    /// Behind an item of a list: whether a comma leads to another one, or `end` ends it.
    pub(super) fn more(&mut self, end: char) -> Result<bool, LogicalError> {
        if self.take_symbol(',')? {
            return Ok(true);
        }
        if self.take_symbol(end)? {
            return Ok(false);
        }
        Err(self.expected(&format!("',' or '{end}'")))
    }
}

/// The name of a field, a branch or a symbol, which must be usable outside.
pub(super) fn usable(name: String, what: &str, at: Location) -> Result<String, LogicalError> {
    if name.is_empty() {
        return Err(invalid(format!("the name of a {what} must not be empty"), at));
    }
    if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let reason = format!("{what} '{name}' has white space or control characters in its name");
        return Err(invalid(reason, at));
    }
    Ok(name)
}
