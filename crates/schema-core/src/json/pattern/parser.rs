//! The syntax of patterns but for escapes and classes: groups and quantifiers.

use std::collections::HashSet;
use std::iter::Peekable;
use std::str::Chars;

use crate::limits::breach;

/// The limit on [`Parser::depth_max`].
pub(super) const SETTING: &str = "pattern-depth-max";

pub(super) struct Parser<'a> {
    pub(super) rest: Peekable<Chars<'a>>,
    pub(super) out: String,
    /// For each open group whether a quantifier may follow it.
    groups: Vec<bool>,
    /// Deepest nesting of groups, and of classes.
    pub(super) depth_max: usize,
    pub(super) names: HashSet<String>,
    /// Whether a quantifier may stand here.
    pub(super) quantifiable: bool,
    pub(super) possessive: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str, depth_max: usize) -> Self {
        Self {
            rest: source.chars().peekable(),
            out: String::with_capacity(source.len() + 8),
            groups: Vec::new(),
            depth_max,
            names: HashSet::new(),
            quantifiable: false,
            possessive: false,
        }
    }

    /// Reads the whole pattern.
    pub(super) fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => self.escape()?,
                '[' => {
                    self.class()?;
                    self.quantifiable = true;
                }
                '(' => self.open_group()?,
                ')' => {
                    self.quantifiable = self.groups.pop().ok_or("unmatched closing ')'")?;
                    self.out.push(')');
                }
                '*' | '+' | '?' => self.quantifier(c)?,
                '{' => self.repetition()?,
                '.' => self.atom(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
                '|' | '^' => {
                    self.out.push(c);
                    self.quantifiable = c == '^';
                }
                '$' => self.atom("$"),
                c => {
                    let mut buffer = [0; 4];
                    let text = regex::escape(c.encode_utf8(&mut buffer));
                    self.atom(&text);
                }
            }
        }
        if self.groups.is_empty() { Ok(()) } else { Err("unclosed group".to_owned()) }
    }

    fn atom(&mut self, text: &str) {
        self.out.push_str(text);
        self.quantifiable = true;
    }

    fn quantifier(&mut self, c: char) -> Result<(), String> {
        if !self.quantifiable {
            return Err(format!("dangling meta character '{c}'"));
        }
        self.out.push(c);
        self.laziness();
        Ok(())
    }

    /// A `?` or `+` behind a quantifier belongs to it.
    fn laziness(&mut self) {
        if let Some(mark) = self.rest.next_if(|c| matches!(c, '?' | '+')) {
            self.out.push(mark);
            self.possessive |= mark == '+';
        }
        self.quantifiable = false;
    }

    fn repetition(&mut self) -> Result<(), String> {
        let least = self.digits();
        let comma = self.rest.next_if_eq(&',').is_some();
        let most = if comma { self.digits() } else { String::new() };
        if least.is_empty() || self.rest.next() != Some('}') {
            return Err("illegal repetition".to_owned());
        }
        if !self.quantifiable {
            self.out.push_str("(?:)"); // nothing, repeated
        }
        let number = |digits: &str| digits.parse::<i32>();
        let (Ok(low), Ok(high)) =
            (number(&least), if most.is_empty() { Ok(i32::MAX) } else { number(&most) })
        else {
            return Err("illegal repetition range".to_owned());
        };
        if high < low {
            return Err("illegal repetition range".to_owned());
        }
        let comma = if comma { "," } else { "" };
        for text in ["{", &least, comma, &most, "}"] {
            self.out.push_str(text);
        }
        self.laziness();
        Ok(())
    }

    fn digits(&mut self) -> String {
        std::iter::from_fn(|| self.rest.next_if(char::is_ascii_digit)).collect()
    }

    fn open_group(&mut self) -> Result<(), String> {
        if self.groups.len() >= self.depth_max {
            return Err(breach("groups nest too deep", self.depth_max, SETTING));
        }
        self.out.push('(');
        self.quantifiable = false;
        if self.rest.next_if_eq(&'?').is_none() {
            self.groups.push(true);
            return Ok(());
        }
        self.out.push('?');
        match self.rest.next().ok_or("unknown group type")? {
            kind @ (':' | '>' | '=' | '!') => self.out.push(kind),
            '<' => self.open_angle()?,
            flag => return self.flags(flag),
        }
        self.groups.push(true);
        Ok(())
    }

    /// The rest of `(?<=`, `(?<!` or `(?<name>`.
    fn open_angle(&mut self) -> Result<(), String> {
        self.out.push('<');
        if let Some(look) = self.rest.next_if(|c| matches!(c, '=' | '!')) {
            self.out.push(look);
            return Ok(());
        }
        let name = self.name()?;
        if self.names.contains(&name) {
            return Err(format!("group name '{name}' is defined twice"));
        }
        self.out.push_str(&name);
        self.out.push('>');
        self.names.insert(name);
        Ok(())
    }

    /// `name>` of a group or of a reference to one.
    pub(super) fn name(&mut self) -> Result<String, String> {
        let name: String =
            std::iter::from_fn(|| self.rest.next_if(char::is_ascii_alphanumeric)).collect();
        let starts = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        if starts && self.rest.next() == Some('>') {
            Ok(name)
        } else {
            Err("a group name is letters and digits in <>".to_owned())
        }
    }

    /// `(?i)` and `(?i:...)`.
    fn flags(&mut self, first: char) -> Result<(), String> {
        let mut flag = first;
        loop {
            match flag {
                'i' | 'm' | 's' | 'x' | '-' | ':' | ')' => self.out.push(flag),
                'd' | 'u' | 'U' => {} // the engines are past ASCII anyway
                _ => return Err("unknown inline modifier".to_owned()),
            }
            match flag {
                ':' => {
                    self.groups.push(true);
                    return Ok(());
                }
                ')' => return Ok(()),
                _ => flag = self.rest.next().ok_or("unknown inline modifier")?,
            }
        }
    }
}
