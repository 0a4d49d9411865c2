//! `levada fmt`: the stable form of a schema file. Key order, numbers and escapes stay as they are
//! written; what changes is white space alone.

use levada_schema_core::SchemaType;

use crate::format_proto;

/// What a line may have before a bracket is broken into lines.
const LINE_CHARS_MAX: usize = 100;
const INDENT: &str = "  ";

/// The text in its stable form; none where that would lose something, with the reason.
///
/// `text` must be well-formed: white space is only changed where the format ignores it.
pub fn format(schema_type: SchemaType, text: &str) -> Result<String, &'static str> {
    match schema_type {
        SchemaType::Protobuf => Ok(format_proto::format(text)),
        SchemaType::Avro | SchemaType::Json => {
            let tokens = tokens(text).ok_or("it has comments, which would be lost")?;
            let mut out = String::with_capacity(text.len());
            Printer { tokens: &tokens, at: 0, out: &mut out }.values();
            out.push('\n');
            Ok(out)
        }
    }
}

/// The tokens of JSON text; none where there are comments.
fn tokens(text: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' => return None,
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest
                .find(|c: char| c.is_whitespace() || "{}[],:\"/".contains(c))
                .unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(length.max(first.len_utf8()).min(rest.len()));
        tokens.push(token);
        rest = behind.trim_start();
    }
    Some(tokens)
}

fn string_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

struct Printer<'t, 'o> {
    tokens: &'t [&'t str],
    at: usize,
    out: &'o mut String,
}

/// A bracket that is open.
#[derive(Clone, Copy)]
enum Open {
    /// Everything in it stands on one line.
    Inline,
    Broken,
}

impl Printer<'_, '_> {
    /// One token after the other, without recursion.
    fn values(mut self) {
        let mut open: Vec<Open> = Vec::new();
        while let Some(token) = self.tokens.get(self.at).copied() {
            match token {
                "{" | "[" => {
                    let inside = matches!(open.last(), Some(Open::Inline));
                    let is_inline = inside || (!open.is_empty() && self.fits());
                    self.out.push_str(token);
                    let is_empty = matches!(self.tokens.get(self.at + 1), Some(&("}" | "]")));
                    open.push(if is_inline || is_empty { Open::Inline } else { Open::Broken });
                    if !is_inline && !is_empty {
                        self.line(open.len());
                    }
                }
                "}" | "]" => {
                    if let Some(Open::Broken) = open.pop() {
                        self.line(open.len());
                    }
                    self.out.push_str(token);
                }
                "," => {
                    self.out.push(',');
                    match open.last() {
                        Some(Open::Broken) => self.line(open.len()),
                        _ => self.out.push(' '),
                    }
                }
                ":" => self.out.push_str(": "),
                token => self.out.push_str(token),
            }
            self.at += 1;
        }
    }

    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        self.out.push_str(&INDENT.repeat(depth));
    }

    /// Whether the bracket that opens here, with the comma behind it, fits into the line.
    fn fits(&self) -> bool {
        let start = self.out.rfind('\n').map_or(0, |at| at + 1);
        let used = self.out.get(start..).map_or(0, |line| line.chars().count());
        let (mut depth, mut chars) = (0_usize, used + 1);
        for token in self.tokens.iter().skip(self.at) {
            chars += token.chars().count() + usize::from(matches!(*token, "," | ":"));
            match *token {
                "{" | "[" => depth += 1,
                "}" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if chars > LINE_CHARS_MAX {
                return false;
            }
            if depth == 0 {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_laid_out_with_everything_as_it_is_written() {
        let text =
            "{\"b\" :1.0e5 ,\"a\":[ ],\"d\":{\"x\":[1,2],\"y\":\"{\\\",\"},\n\"c\":\"é\\u00e9\"}";
        let expected = "{\n  \"b\": 1.0e5,\n  \"a\": [],\n  \"d\": {\"x\": [1, 2], \"y\": \"{\\\",\"},\n  \
                        \"c\": \"é\\u00e9\"\n}\n";
        let formatted = format(SchemaType::Avro, text).unwrap();
        assert_eq!(formatted, expected);
        assert_eq!(format(SchemaType::Avro, &formatted).unwrap(), formatted);
        assert_eq!(format(SchemaType::Avro, "\"int\"").unwrap(), "\"int\"\n");
    }

    #[test]
    fn what_does_not_fit_into_a_line_is_broken_and_only_that() {
        let long =
            format!("{{\"fields\":[{{\"name\":\"{}\",\"t\":[1]}},{{\"n\":1}}]}}", "x".repeat(90));
        let expected = format!(
            "{{\n  \"fields\": [\n    {{\n      \"name\": \"{}\",\n      \"t\": [1]\n    }},\n    {{\"n\": 1}}\n  ]\n}}\n",
            "x".repeat(90)
        );
        assert_eq!(format(SchemaType::Json, &long).unwrap(), expected);
    }

    #[test]
    fn nothing_is_lost() {
        assert!(format(SchemaType::Avro, "// why\n\"int\"").is_err());
        let proto = "syntax = \"proto3\";  \r\n\n// why\t\nmessage A {}\n\n\n";
        let expected = "syntax = \"proto3\";\n\n// why\nmessage A {}\n";
        assert_eq!(format(SchemaType::Protobuf, proto).unwrap(), expected);
    }
}
