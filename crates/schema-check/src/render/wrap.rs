//! Text for people in lines that a terminal has room for.

/// `text` with line breaks in the place of blanks, so that the first line has at most `first` and
/// every other one at most `rest` characters. Longer words stay whole: they are copied.
pub fn wrap(text: &str, first: usize, rest: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            wrapped.push('\n');
        }
        let (mut room, mut used) = (if number == 0 { first } else { rest }, 0);
        for word in line.split(' ') {
            let length = word.chars().count();
            if used > 0 && used + length > room {
                // The blank that went before stands at the end of a line, where it says nothing.
                wrapped.pop();
                wrapped.push('\n');
                (room, used) = (rest, 0);
            } else if used == 0 && length > room && room < rest {
                wrapped.push('\n');
                room = rest;
            }
            wrapped.push_str(word);
            wrapped.push(' ');
            used += length + 1;
        }
        wrapped.pop();
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_nowhere_else() {
        assert_eq!(wrap("one two three four", 7, 10), "one two\nthree four");
        assert_eq!(wrap("one two", 80, 80), "one two");
        assert_eq!(wrap("a 0123456789 b", 5, 5), "a\n0123456789\nb");
        assert_eq!(wrap("one two\nthree four", 7, 5), "one two\nthree\nfour");
        assert_eq!(wrap("é é é", 3, 3), "é é\né");
        assert_eq!(wrap("", 3, 3), "");
    }

    #[test]
    fn first_line_stays_empty_where_no_word_has_room() {
        assert_eq!(wrap("words follow", 3, 12), "\nwords follow");
    }
}
