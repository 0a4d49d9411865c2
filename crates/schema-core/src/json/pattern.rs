//! Regular expressions of `java.util.regex`: what it compiles, and a search with the same meaning.
//!
//! One pass checks the syntax and writes the pattern for the linear engine `regex`; look-around and
//! back references go to `fancy_regex` under its limit of steps, so no pattern runs for ever.

use std::iter::Peekable;
use std::str::Chars;

/// A checked pattern, ready to be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// In the syntax of the crates `regex` and `fancy_regex`.
    translated: String,
    /// Has quantifiers that give nothing back, which the linear engine would misread.
    possessive: bool,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) enum Search {
    Linear(regex::Regex),
    Stepwise(Box<fancy_regex::Regex>),
}

/// Most bytes of a compiled pattern.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Most steps of one search with look-around or back references.
const STEPS_MAX: usize = 100_000;
/// Deepest nesting of groups and classes.
const DEPTH_MAX: usize = 200;

impl Pattern {
    /// Checks a pattern; the error says what is wrong with it.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let mut parser = Parser {
            rest: source.chars().peekable(),
            out: String::with_capacity(source.len() + 8),
            groups: Vec::new(),
            names: Vec::new(),
            quantifiable: false,
            possessive: false,
        };
        parser.run()?;
        Ok(Self { translated: parser.out, possessive: parser.possessive })
    }

    /// `None` if the pattern outgrows the limits of both engines.
    pub(super) fn compile(&self) -> Option<Search> {
        let linear =
            regex::RegexBuilder::new(&self.translated).size_limit(COMPILED_BYTES_MAX).build();
        let linear = linear.ok().filter(|_| !self.possessive);
        linear.map(Search::Linear).or_else(|| {
            fancy_regex::RegexBuilder::new(&self.translated)
                .delegate_size_limit(COMPILED_BYTES_MAX)
                .backtrack_limit(STEPS_MAX)
                .build()
                .ok()
                .map(|found| Search::Stepwise(Box::new(found)))
        })
    }
}

impl Search {
    /// Whether the pattern occurs anywhere in `text`; `None` if the search took too many steps.
    pub(super) fn finds(&self, text: &str) -> Option<bool> {
        match self {
            Self::Linear(engine) => Some(engine.is_match(text)),
            Self::Stepwise(engine) => engine.is_match(text).ok(),
        }
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    /// For each open group whether a quantifier may follow it.
    groups: Vec<bool>,
    names: Vec<String>,
    /// Whether a quantifier may stand here.
    quantifiable: bool,
    possessive: bool,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => self.escape(false)?,
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
        if !self.quantifiable || least.is_empty() || self.rest.next() != Some('}') {
            return Err("illegal repetition".to_owned());
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
        if self.groups.len() >= DEPTH_MAX {
            return Err("groups are nested too deep".to_owned());
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
        self.names.push(name);
        Ok(())
    }

    /// `name>` of a group or of a reference to one.
    fn name(&mut self) -> Result<String, String> {
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

    /// The rest of a character class, the `[` being read.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        let mut depth = 1_usize;
        let mut first = true;
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        while let Some(c) = self.rest.next() {
            match c {
                ']' if !first => {
                    self.out.push(']');
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                '[' => {
                    depth += 1;
                    if depth > DEPTH_MAX {
                        return Err("character classes are nested too deep".to_owned());
                    }
                    self.out.push('[');
                    if self.rest.next_if_eq(&'^').is_some() {
                        self.out.push('^');
                    }
                    first = true;
                    continue;
                }
                '\\' => self.escape(true)?,
                '&' if self.rest.next_if_eq(&'&').is_some() => self.out.push_str("&&"),
                '-' if !first && self.rest.peek().is_some_and(|next| *next != ']') => {
                    self.range_end()?;
                }
                c => self.out.push_str(&escaped_in_class(c)),
            }
            first = false;
        }
        Err("unclosed character class".to_owned())
    }

    /// The rest of a range in a class, its `-` being read.
    fn range_end(&mut self) -> Result<(), String> {
        if self.rest.peek() == Some(&'[') {
            self.out.push_str("\\-");
            return Ok(());
        }
        let start = self.out.chars().last();
        self.out.push('-');
        match self.rest.next() {
            Some('\\') => self.escape(true),
            Some(end) => {
                let plain = self.out.chars().rev().nth(2) != Some('\\');
                if plain && start.is_some_and(|start| start != '}' && start > end) {
                    return Err("illegal character range".to_owned());
                }
                self.out.push_str(&escaped_in_class(end));
                Ok(())
            }
            None => Err("unclosed character class".to_owned()),
        }
    }

    /// The rest of an escape, the backslash being read.
    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let c = self.rest.next().ok_or("unexpected end behind '\\'")?;
        self.quantifiable = true;
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
        let code = if (0xD800..0xDC00).contains(&code) { self.low_surrogate(code)? } else { code };
        Ok(format!("\\x{{{code:X}}}"))
    }

    fn fixed_hexadecimal(&mut self, length: usize) -> Result<u32, String> {
        let digits = self.take(length, char::is_ascii_hexdigit);
        if digits.len() < length {
            return Err("illegal hexadecimal or Unicode escape sequence".to_owned());
        }
        u32::from_str_radix(&digits, 16).map_err(|error| error.to_string())
    }

    /// The second half of a character written as two escapes.
    fn low_surrogate(&mut self, high: u32) -> Result<u32, String> {
        if self.rest.next() == Some('\\') && self.rest.next() == Some('u') {
            let low = self.fixed_hexadecimal(4)?;
            if (0xDC00..0xE000).contains(&low) {
                return Ok(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            }
        }
        Err("half of a surrogate pair is no character".to_owned())
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
        match regex::Regex::new(&text) {
            Ok(_) => Ok(text),
            Err(_) => Err(format!("unknown character property {{{name}}}")),
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
fn escaped_in_class(c: char) -> String {
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        format!("\\{c}")
    } else {
        c.to_string()
    }
}
#[cfg(test)]
mod tests {
    use super::Pattern;

    fn finds(pattern: &str, text: &str) -> bool {
        let search = Pattern::parse(pattern).expect(pattern).compile().expect(pattern);
        search.finds(text).expect("steps")
    }

    #[test]
    fn refuses_what_java_refuses() {
        for pattern in [
            "[",
            "[]",
            "[^]",
            "(",
            ")",
            "(?<n",
            "*a",
            "a**",
            "a{",
            "{",
            "a{2,1}",
            "\\u{1F600}",
            "\\",
            "\\y",
            "\\p{Nope}",
            "(?<a>x)(?<a>y)",
            "\\k<a>",
            "[z-a]",
            "a+++",
            "(?q)",
            "\\x1",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn accepts_what_java_accepts() {
        for pattern in [
            "",
            "^(?!x).*$",
            "(a)\\1",
            "\\p{L}",
            "a++",
            "[a-z&&[^x]]",
            "\\Q[\\E",
            "(?i)a",
            "a}",
            "]",
            "[]a]",
            "\\/",
            "\\-",
            "(?<=a)b",
            "(?>a)",
            "\\u00e9",
            "[\\w.-]+",
            "x{2}",
            "x{2,}?",
            "\\pL",
            "[a-]",
            "^.{1,3}$",
            "(?:)",
            "a|",
            "\\p{Alpha}",
            "\\p{IsLatin}",
            "(?<year>\\d{4})-\\k<year>",
        ] {
            let parsed = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert!(parsed.compile().is_some(), "{pattern} as {parsed:?}");
        }
    }

    #[test]
    fn searches_unanchored_with_the_meaning_of_java() {
        for (pattern, text, want) in [
            ("^s_", "s_a", true),
            ("b", "abc", true),
            ("^b", "abc", false),
            ("^$", "", true),
            ("^.{1,3}$", "é日x", true),
            ("\\d", "٣", false),
            ("^[\\w.-]+$", "a.b-c", true),
            ("^(?!x)", "xa", false),
            ("(a)\\1", "aa", true),
            ("[+*]", "a+b", true),
            ("\\Qa.b\\E", "axb", false),
            ("a{2}", "aa", true),
            ("^a++a$", "aaa", false),
            ("(?i:A)b", "ab", true),
            ("(?i)AB", "xab", true),
        ] {
            assert_eq!(finds(pattern, text), want, "{pattern} in {text}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let pattern = Pattern::parse("^(a|a?)+\\1b$").expect("legal");
        let search = pattern.compile().expect("compiles");
        assert_eq!(search.finds(&format!("{}!", "a".repeat(40))), None);
        assert!(Pattern::parse(&"(".repeat(100_000)).is_err());
    }
}
