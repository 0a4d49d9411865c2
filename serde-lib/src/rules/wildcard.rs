//! Paths with wildcards, by which metadata names the fields that have a tag.

/// One piece of a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Piece {
    Exactly(char),
    /// `?`: one character of a name.
    One,
    /// `*`: any characters of a name.
    Name,
    /// `**`: any characters, dots included.
    Path,
}

/// Whether a full name matches a pattern as a whole. `?` stands for one character other than a
/// dot, `*` for any number of them, `**` for any characters at all.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let pieces = pieces(pattern);
    // `reached[n]`: the pieces so far match the first n characters. One row a piece, so the work
    // is the product of both lengths, whatever the pattern.
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for piece in pieces {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            let before = at.checked_sub(1);
            let stepped = before.is_some_and(|before| reached[before]);
            let here = before.and_then(|before| name.get(before));
            next[at] = match piece {
                Piece::Exactly(wanted) => stepped && here == Some(&wanted),
                Piece::One => stepped && here != Some(&'.'),
                Piece::Name => {
                    reached[at] || (here != Some(&'.') && before.is_some_and(|at| next[at]))
                }
                Piece::Path => reached[at] || before.is_some_and(|at| next[at]),
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    // `**.*` is `**`: both may be nothing.
    let pattern = pattern.replace("**.*", "**");
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        pieces.push(match character {
            '*' if characters.next_if_eq(&'*').is_some() => Piece::Path,
            '*' => Piece::Name,
            '?' => Piece::One,
            other => Piece::Exactly(other),
        });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn star_stays_within_a_name_and_two_stars_do_not() {
        for (pattern, name, expected) in [
            ("eve*", "eve", true),
            ("a*.bob.eve", "alice.bob.eve", true),
            ("a*.bob.e*", "alice.bob.eve", true),
            ("a*", "alice.bob.eve", false),
            ("a**", "alice.bob.eve", true),
            ("alice.bob*", "alice.bob.eve", false),
            ("alice.bob**", "alice.bob.eve", true),
            ("**.eve", "alice.bob.eve", true),
            ("**.eve", "eve", false),
            ("**.*", "", true),
            ("e?e", "eve", true),
            ("e?e", "e.e", false),
            ("(eve)", "(eve)", true),
            ("", "eve", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn hostile_pattern_costs_no_more_than_its_length() {
        assert!(!matches(&"a*".repeat(2_001), &"a".repeat(4_000).replace("aa", "ab")));
    }
}
