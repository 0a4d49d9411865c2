//! Character classes: unions, intersections and ranges, in the reading of `java.util.regex`.

use super::escape::{Escape, character};
use super::parser::{Parser, SETTING};
use crate::limits::breach;

impl Parser<'_> {
    /// The rest of a character class, the `[` being read.
    pub(super) fn class(&mut self) -> Result<(), String> {
        // For each open class whether it has a member by now.
        let mut outer: Vec<bool> = Vec::new();
        self.open_class();
        let mut filled = false;
        let mut intersects = false;
        loop {
            let c = self.rest.next().ok_or("unclosed character class")?;
            match c {
                ']' if filled => {
                    self.out.push(']');
                    let Some(_) = outer.pop() else { return Ok(()) };
                    continue;
                }
                '&' if self.rest.next_if_eq(&'&').is_some() => {
                    if matches!(self.rest.peek(), Some(']' | '&')) {
                        if !filled {
                            return Err("bad class syntax".to_owned());
                        }
                    } else {
                        intersects = filled;
                        filled = false;
                    }
                    continue;
                }
                _ => {}
            }
            if std::mem::take(&mut intersects) {
                self.out.push_str("&&");
            }
            filled = true;
            match c {
                '[' if outer.len() + 1 >= self.depth_max => {
                    let what = "character classes nest too deep";
                    return Err(breach(what, self.depth_max, SETTING));
                }
                '[' => {
                    outer.push(true);
                    self.open_class();
                    filled = false;
                }
                c => self.member(c)?,
            }
        }
    }

    fn open_class(&mut self) {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
    }

    /// A set, a character or a range of characters that begins with `c`.
    fn member(&mut self, c: char) -> Result<(), String> {
        let start = match c {
            '\\' => match self.escape_in_class()? {
                Escape::Set(set) => {
                    self.out.push_str(&set);
                    return Ok(());
                }
                Escape::Character(code) => code,
            },
            c => u32::from(c),
        };
        self.out.push_str(&character(start));
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('-') || matches!(ahead.next(), Some('[' | ']')) {
            return Ok(());
        }
        self.rest.next();
        let end = match self.rest.next().ok_or("unclosed character class")? {
            '\\' => self.escape_at_end_of_range()?,
            end => u32::from(end),
        };
        if end < start {
            return Err("illegal character range".to_owned());
        }
        self.out.push('-');
        self.out.push_str(&character(end));
        Ok(())
    }

    fn escape_in_class(&mut self) -> Result<Escape, String> {
        let c = self.rest.next().ok_or("unexpected end behind '\\'")?;
        match (c, self.rest.peek()) {
            ('v', Some('-')) => Ok(Escape::Character(VERTICAL_TAB)),
            _ => self.escaped(c),
        }
    }

    fn escape_at_end_of_range(&mut self) -> Result<u32, String> {
        match self.rest.next().ok_or("unexpected end behind '\\'")? {
            'v' => Ok(VERTICAL_TAB),
            c => match self.escaped(c)? {
                Escape::Character(code) => Ok(code),
                Escape::Set(_) => Err("illegal character range".to_owned()),
            },
        }
    }
}

const VERTICAL_TAB: u32 = 0x0B;
