//! Escapes in patterns: classes, characters by number, properties, quoted text.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::parser::Parser;

impl Parser<'_> {
    /// The rest of an escape, the backslash being read.
    pub(super) fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let c = self.rest.next().ok_or("unexpected end behind '\\'")?;
        self.quantifiable = true;
        self.is_set =
            matches!(c, 'd' | 'w' | 's' | 'h' | 'v' | 'D' | 'W' | 'S' | 'H' | 'V' | 'p' | 'P');
        let set = |inner: &str| {
            if in_class { inner.to_owned() } else { format!("[{inner}]") }
        };
        let text = match c {
            'd' => set("0-9"),
            'w' => set("a-zA-Z0-9_"),
            's' => set(r" \t\n\x0B\f\r"),
            'h' => set(r" \t\xA0\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}"),
            'v' => set(r"\n\x0B\f\r\x{85}\x{2028}\x{2029}"),
            'D' => "[^0-9]".to_owned(),
            'W' => "[^a-zA-Z0-9_]".to_owned(),
            'S' => r"[^ \t\n\x0B\f\r]".to_owned(),
            'H' => {
                r"[^ \t\xA0\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]".to_owned()
            }
            'V' => r"[^\n\x0B\f\r\x{85}\x{2028}\x{2029}]".to_owned(),
            't' | 'n' | 'r' | 'f' | 'a' => format!("\\{c}"),
            'e' => r"\x1B".to_owned(),
            'x' | 'u' | '0' | 'c' => self.character(c)?,
            'p' | 'P' => self.property(c)?,
            'Q' => self.quoted(in_class),
            'b' | 'B' | 'A' | 'z' | '1'..='9' if !in_class => format!("\\{c}"),
            'Z' if !in_class => r"\z".to_owned(),
            'G' if !in_class => r"\A".to_owned(),
            'R' if !in_class => r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])".to_owned(),
            'X' if !in_class => r"(?:\P{M}\p{M}*)".to_owned(),
            'N' => return Err("named characters are not known".to_owned()),
            'k' if !in_class => self.named_reference()?,
            c if c.is_ascii_alphanumeric() => {
                return Err(format!("illegal or unsupported escape sequence '\\{c}'"));
            }
            c => escaped_in_class(c),
        };
        self.out.push_str(&text);
        Ok(())
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
    fn character(&mut self, kind: char) -> Result<String, String> {
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
        let code = if (0xD800..0xE000).contains(&code) { self.surrogate(code) } else { code };
        Ok(format!("\\x{{{code:X}}}"))
    }

    fn fixed_hexadecimal(&mut self, length: usize) -> Result<u32, String> {
        let digits = self.take(length, char::is_ascii_hexdigit);
        if digits.len() < length {
            return Err("illegal hexadecimal or Unicode escape sequence".to_owned());
        }
        u32::from_str_radix(&digits, 16).map_err(|error| error.to_string())
    }

    /// The character written as two escapes that begins with `unit`. Half a pair stands for what
    /// occurs in no text.
    fn surrogate(&mut self, unit: u32) -> u32 {
        let alone = self.rest.clone();
        if unit < 0xDC00 && self.rest.next() == Some('\\') && self.rest.next() == Some('u') {
            match self.fixed_hexadecimal(4) {
                Ok(low @ 0xDC00..0xE000) => {
                    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                }
                _ => self.rest = alone,
            }
        } else {
            self.rest = alone;
        }
        u32::from(char::REPLACEMENT_CHARACTER)
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
        let posix = POSIX.iter().find(|(known, _)| *known == name);
        let text = match posix {
            Some((_, set)) if kind == 'p' => format!("[{set}]"),
            Some((_, set)) => format!("[^{set}]"),
            None => {
                let bare = name.strip_prefix("Is").or_else(|| name.strip_prefix("In"));
                let bare = bare.unwrap_or(&name);
                format!("\\{kind}{{{}}}", bare.rsplit('=').next().unwrap_or(bare))
            }
        };
        // Blocks and the rest of Java's own families are legal, but no engine here has them.
        let foreign = ["In", "java", "block=", "blk="].iter().any(|mark| name.starts_with(mark));
        if foreign || posix.is_some() || is_property(&text) {
            Ok(text)
        } else {
            Err(format!("unknown character property {{{name}}}"))
        }
    }

    /// The text between `\Q` and `\E`.
    fn quoted(&mut self, in_class: bool) -> String {
        let mut text = String::new();
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.peek() == Some(&'E') {
                self.rest.next();
                break;
            }
            text.push(c);
        }
        if in_class { text.chars().map(escaped_in_class).collect() } else { regex::escape(&text) }
    }
}

/// Whether the engines know the property in `text`, a `\p{...}`. Finding out takes long and a
/// pattern can ask very often, so those that are known are remembered; they are finitely many.
fn is_property(text: &str) -> bool {
    static KNOWN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(|| Mutex::new(HashSet::new()));
    // Neither counts where names are compared.
    let is_counted = |c: &char| !matches!(c, ' ' | '_' | '-');
    let key: String = text.to_ascii_lowercase().chars().filter(is_counted).collect();
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known().contains(&key) {
        return true;
    }
    let is_known = regex::Regex::new(text).is_ok();
    if is_known {
        known().insert(key);
    }
    is_known
}

/// The families that `java.util.regex` knows by POSIX or Java names, as members of a class.
const POSIX: &[(&str, &str)] = &[
    ("Lower", "a-z"),
    ("Upper", "A-Z"),
    ("ASCII", r"\x00-\x7F"),
    ("Alpha", "a-zA-Z"),
    ("Digit", "0-9"),
    ("Alnum", "a-zA-Z0-9"),
    ("Punct", r"!-/:-@\[-`{-~"),
    ("Graph", "!-~"),
    ("Print", " -~"),
    ("Blank", r" \t"),
    ("Cntrl", r"\x00-\x1F\x7F"),
    ("XDigit", "0-9a-fA-F"),
    ("Space", r" \t\n\x0B\f\r"),
    ("L1", r"\x00-\xFF"),
    ("all", r"\x00-\x{10FFFF}"),
    ("javaLowerCase", r"\p{Lowercase}"),
    ("javaUpperCase", r"\p{Uppercase}"),
    ("javaWhitespace", r"\s"),
    ("javaLetter", r"\p{L}"),
    ("javaDigit", r"\p{Nd}"),
    ("javaLetterOrDigit", r"\p{L}\p{Nd}"),
];

/// Outside of classes the escapes mean the same.
pub(super) fn escaped_in_class(c: char) -> String {
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        format!("\\{c}")
    } else {
        c.to_string()
    }
}
