//! The stable form of a `.proto` file: lines are indented by nesting, end without blanks, and at most
//! one blank line stands between two others. Tokens, comments and the lines that they stand on stay.

const INDENT: &str = "  ";
/// Levels more for the further lines of a statement.
const CONTINUED: usize = 2;

pub(crate) fn format(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut nesting = Nesting::default();
    let mut rest = text;
    loop {
        let behind = rest.trim_start();
        let gap = rest.get(..rest.len() - behind.len()).unwrap_or_default();
        let (piece, left) = split(behind);
        if piece.is_empty() {
            break;
        }
        match gap.matches('\n').count() {
            _ if out.is_empty() => {}
            0 => out.push_str(gap),
            breaks => {
                out.push_str(if breaks == 1 { "\n" } else { "\n\n" });
                out.push_str(&INDENT.repeat(nesting.of_line(behind)));
            }
        }
        if piece.starts_with("/*") {
            comment(&mut out, piece, nesting.open.len());
        } else {
            out.push_str(piece.trim_end());
        }
        nesting.take(piece);
        rest = left;
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// The first piece of a text that does not begin with white space: a comment, a string, a bracket, or
/// what stands together otherwise.
fn split(text: &str) -> (&str, &str) {
    let length = match text.as_bytes() {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => {
            text.get(2..).and_then(|inside| inside.find("*/")).map_or(text.len(), |at| at + 4)
        }
        [b'"' | b'\'', ..] => string_length(text),
        [b'{' | b'}' | b'[' | b']' | b'(' | b')' | b';' | b',', ..] => 1,
        _ => word_length(text),
    };
    text.split_at_checked(length).unwrap_or((text, ""))
}

/// A string ends with the quote that it begins with, and always with its line.
fn string_length(text: &str) -> usize {
    let quote = text.chars().next();
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\n' => return at,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            found if Some(found) == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn word_length(text: &str) -> usize {
    let ends = |(at, character): (usize, char)| {
        let is_comment =
            || text.get(at..).is_some_and(|rest| rest.starts_with("//") || rest.starts_with("/*"));
        let is_end = character.is_whitespace() || "\"'{}[]();,".contains(character) || is_comment();
        is_end.then_some(at)
    };
    text.char_indices().skip(1).find_map(ends).unwrap_or(text.len())
}

/// The lines of a block comment that begin with a star stand below its first one.
fn comment(out: &mut String, piece: &str, depth: usize) {
    for (number, line) in piece.lines().enumerate() {
        let line = line.trim_end();
        if number > 0 {
            out.push('\n');
        }
        match line.trim_start() {
            starred if number > 0 && starred.starts_with('*') => {
                out.push_str(&INDENT.repeat(depth));
                out.push(' ');
                out.push_str(starred);
            }
            _ => out.push_str(line),
        }
    }
}

/// What is open where a line begins.
#[derive(Default)]
struct Nesting {
    open: Vec<Open>,
    /// The last character that is in no comment.
    last: Option<char>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Statements stand in it.
    Body,
    /// The options of a field, a list, or a value in braces.
    Value,
}

impl Nesting {
    /// The levels of a line that begins so.
    fn of_line(&self, line: &str) -> usize {
        let closers = line.chars().take_while(|found| " \t}])".contains(*found));
        let closed = closers.filter(|found| !found.is_whitespace()).count();
        let is_continued = closed == 0
            && !self.open.contains(&Open::Value)
            && !matches!(self.last, None | Some('{' | '}' | ';'));
        self.open.len().saturating_sub(closed) + if is_continued { CONTINUED } else { 0 }
    }

    fn take(&mut self, piece: &str) {
        match piece {
            "{" => {
                let is_value = matches!(self.last, Some('=' | ':' | ',' | '['));
                let inside = self.open.last() == Some(&Open::Value);
                self.open.push(if is_value || inside { Open::Value } else { Open::Body });
            }
            "[" | "(" => self.open.push(Open::Value),
            "}" | "]" | ")" => drop(self.open.pop()),
            _ => {}
        }
        if !piece.starts_with("//") && !piece.starts_with("/*") {
            self.last = piece.chars().next_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (piece, left) = split(rest);
            // The blanks before and behind the lines of a comment are white space, too.
            found.push(piece.lines().map(str::trim).collect::<Vec<_>>().join("\n"));
            rest = left.trim_start();
        }
        found
    }

    #[test]
    fn lines_are_indented_by_nesting_and_statements_go_on_further_right() {
        let text = "\n\nsyntax = \"proto3\";\r\n\n\n\n/* why\n* { so\n   drawn */\nmessage A {\n\t// one \n\
                    int32 a = 1; // { two\n      string b = 2\n[deprecated = true];\noneof c {\nint32 d = 3 [\n\
                    (x) = {\na: \"}\"\nb: 'it\\'s {'\n}\n];\n} }\nmessage B { reserved 1,\n2; }   \n\n\n";
        let expected = "syntax = \"proto3\";\n\n/* why\n * { so\n   drawn */\nmessage A {\n  // one\n  \
                        int32 a = 1; // { two\n  string b = 2\n      [deprecated = true];\n  oneof c {\n    \
                        int32 d = 3 [\n      (x) = {\n        a: \"}\"\n        b: 'it\\'s {'\n      }\n    \
                        ];\n} }\nmessage B { reserved 1,\n      2; }\n";
        assert_eq!(format(text), expected);
    }

    fn gap() -> impl Strategy<Value = String> {
        "[ \t\n]{1,4}"
    }

    fn piece() -> impl Strategy<Value = String> {
        const FIXED: [&str; 17] = [
            "message",
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            ";",
            "=",
            "1",
            ",",
            "\"a // b\"",
            "'\\'{'",
            "// c }\n",
            "/* d */",
            "/* e\n   * f\n\tg */",
            "a.b/c",
        ];
        prop::sample::select(FIXED.as_slice()).prop_map(str::to_owned)
    }

    proptest! {
        #[test]
        fn tokens_and_comments_stay_and_a_second_time_changes_nothing(
            parts in prop::collection::vec((piece(), gap()), 0..40)
        ) {
            let text: String = parts.into_iter().flat_map(|(piece, gap)| [piece, gap]).collect();
            let formatted = format(&text);
            prop_assert_eq!(pieces(&formatted), pieces(&text));
            prop_assert_eq!(format(&formatted), formatted);
        }

        #[test]
        fn any_text_keeps_its_characters(text in "\\PC{0,60}") {
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&format(&text)), solid(&text));
        }
    }
}
