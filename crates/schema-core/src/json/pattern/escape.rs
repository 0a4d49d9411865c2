//! Escapes in patterns: classes, characters by number, properties, quoted text.

use std::borrow::Cow;

use super::family;
use super::parser::Parser;

/// What an escape stands for.
pub(super) enum Escape {
    /// A code point, or half of a surrogate pair.
    Character(u32),
    /// Members of a class, in the syntax of the engines.
    Set(String),
}

impl Parser<'_> {
    /// The rest of an escape outside of classes, the backslash being read.
    pub(super) fn escape(&mut self) -> Result<(), String> {
        let c = self.rest.next().ok_or("unexpected end behind '\\'")?;
        self.quantifiable = true;
        let text = match c {
            'b' | 'B' | 'A' | 'z' | '1'..='9' => format!("\\{c}"),
            'Z' => r"\z".to_owned(),
            'G' => r"\A".to_owned(),
            'R' => r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])".to_owned(),
            'X' => r"(?:\P{M}\p{M}*)".to_owned(),
            'k' => self.named_reference()?,
            c => match self.escaped(c)? {
                Escape::Set(set) if set.starts_with(['[', '\\']) && c != 'v' => set,
                Escape::Set(set) => format!("[{set}]"),
                Escape::Character(code) => character(code),
            },
        };
        self.out.push_str(&text);
        Ok(())
    }

    /// What `\c` means inside and outside of classes alike.
    pub(super) fn escaped(&mut self, c: char) -> Result<Escape, String> {
        Ok(Escape::Set(match c {
            'd' => "0-9".to_owned(),
            'w' => "a-zA-Z0-9_".to_owned(),
            's' => r" \t\n\x0B\f\r".to_owned(),
            'h' => r" \t\xA0\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}".to_owned(),
            'v' => r"\n\x0B\f\r\x{85}\x{2028}\x{2029}".to_owned(),
            'D' | 'W' | 'S' | 'H' | 'V' => match self.escaped(c.to_ascii_lowercase())? {
                Escape::Set(set) => format!("[^{set}]"),
                Escape::Character(_) => String::new(),
            },
            'p' | 'P' => self.property(c)?,
            _ => return self.escaped_character(c).map(Escape::Character),
        }))
    }

    fn escaped_character(&mut self, c: char) -> Result<u32, String> {
        Ok(match c {
            't' => 0x09,
            'n' => 0x0A,
            'r' => 0x0D,
            'f' => 0x0C,
            'a' => 0x07,
            'e' => 0x1B,
            'x' | 'u' | '0' | 'c' => self.character(c)?,
            'N' => return Err("named characters are not known".to_owned()),
            c if c.is_ascii_alphanumeric() => {
                return Err(format!("illegal or unsupported escape sequence '\\{c}'"));
            }
            c => u32::from(c),
        })
    }

    fn named_reference(&mut self) -> Result<String, String> {
        if self.rest.next() != Some('<') {
            return Err("\\k is not followed by '<'".to_owned());
        }
        let name = self.name()?;
        if self.names.contains(&name) {
            Ok(format!("\\k<{name}>"))
        } else {
            Err(format!("there is no group named '{name}'"))
        }
    }

    /// A character by number: `\x41`, `\x{1F600}`, `\u0041`, `\0101`, `\cA`.
    fn character(&mut self, kind: char) -> Result<u32, String> {
        let code = match kind {
            'c' => u32::from(self.rest.next().ok_or("illegal control escape")?) ^ 64,
            '0' => {
                let digits = self.take(3, |c| ('0'..='7').contains(c));
                u32::from_str_radix(&digits, 8).map_err(|_| "illegal octal escape")?
            }
            'x' if self.rest.next_if_eq(&'{').is_some() => {
                let digits = self.take(6, char::is_ascii_hexdigit);
                if self.rest.next() != Some('}') {
                    return Err("unclosed hexadecimal escape".to_owned());
                }
                u32::from_str_radix(&digits, 16).map_err(|_| "illegal hexadecimal escape")?
            }
            _ => self.fixed_hexadecimal(if kind == 'x' { 2 } else { 4 })?,
        };
        match code {
            0xD800..0xDC00 => Ok(self.surrogate(code)),
            0x11_0000.. => Err("hexadecimal code point is too big".to_owned()),
            code => Ok(code),
        }
    }

    fn fixed_hexadecimal(&mut self, length: usize) -> Result<u32, String> {
        let digits = self.take(length, char::is_ascii_hexdigit);
        if digits.len() < length {
            return Err("illegal hexadecimal or Unicode escape sequence".to_owned());
        }
        u32::from_str_radix(&digits, 16).map_err(|error| error.to_string())
    }

    /// The character written as two escapes that begins with `unit`, or that half alone.
    fn surrogate(&mut self, unit: u32) -> u32 {
        let alone = self.rest.clone();
        if self.rest.next() == Some('\\')
            && self.rest.next() == Some('u')
            && let Ok(low @ 0xDC00..0xE000) = self.fixed_hexadecimal(4)
        {
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
        self.rest = alone;
        unit
    }

    fn take(&mut self, most: usize, wanted: impl Fn(&char) -> bool) -> String {
        let mut taken = String::new();
        while taken.len() < most {
            match self.rest.next_if(&wanted) {
                Some(c) => taken.push(c),
                None => break,
            }
        }
        taken
    }

    /// `\p{L}`, `\pL`, `\p{Alpha}`, `\p{IsLatin}`.
    fn property(&mut self, kind: char) -> Result<String, String> {
        let name: String = match self.rest.next() {
            Some('{') => {
                let name = self.take(64, |c| *c != '}');
                if self.rest.next() != Some('}') {
                    return Err("unclosed character family".to_owned());
                }
                name
            }
            Some(letter) => letter.to_string(),
            None => return Err("a character family is missing".to_owned()),
        };
        let members = family::members(&name)?;
        Ok(format!("[{}{members}]", if kind == 'p' { "" } else { "^" }))
    }
}

/// A character as the engines read it everywhere. Half of a surrogate pair stands for what occurs
/// in no text.
pub(super) fn character(code: u32) -> String {
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    format!("\\x{{{:X}}}", u32::from(c))
}

/// The pattern with each `\Q...\E` as escapes, which is how the reference reads them.
pub(super) fn unquoted(source: &str) -> Cow<'_, str> {
    if !source.contains("\\Q") {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len() * 2);
    let mut rest = source.chars().peekable();
    let (mut quotes, mut begins) = (false, false);
    while let Some(c) = rest.next() {
        match c {
            '\\' if quotes && rest.next_if_eq(&'E').is_some() => quotes = false,
            '\\' if !quotes && rest.next_if_eq(&'Q').is_some() => {
                (quotes, begins) = (true, true);
                continue;
            }
            // A digit must not go on an escape by number before the quotation.
            '0'..='9' if begins => out.extend(['\\', 'x', '3', c]),
            c if quotes && c.is_ascii() && !c.is_ascii_alphanumeric() => out.extend(['\\', c]),
            '\\' if !quotes => out.extend(std::iter::once(c).chain(rest.next())),
            c => out.push(c),
        }
        begins = false;
    }
    Cow::Owned(out)
}
