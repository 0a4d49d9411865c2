//! What Rust calls the things of a schema.

/// Words that cannot name a field as they are, and those that cannot even as `r#…`.
const KEYWORDS: [&str; 50] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe",
    "unsized", "use", "virtual", "where", "while", "yield",
];
const NEVER: [&str; 4] = ["crate", "self", "super", "Self"];

/// `customerId` and `CustomerID` as `customer_id`.
pub(crate) fn field(name: &str) -> String {
    let words: Vec<String> = words(name).iter().map(|word| word.to_lowercase()).collect();
    let name = started(words.join("_"));
    match name.as_str() {
        word if NEVER.contains(&word) => format!("{word}_"),
        word if KEYWORDS.contains(&word) => format!("r#{word}"),
        _ => name,
    }
}

/// `order_line` and `ORDER_LINE` as `OrderLine`.
pub(crate) fn type_name(name: &str) -> String {
    let words = words(name);
    let name = words.iter().map(|word| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        let rest: String = characters.collect();
        // Capitals alone are a word, not letters.
        let is_shouted = word.len() > 1 && rest.chars().all(|c| !c.is_ascii_lowercase());
        let rest = if is_shouted { rest.to_ascii_lowercase() } else { rest };
        first.into_iter().collect::<String>() + &rest
    });
    let name = started(name.collect());
    if name == "Self" { "Self_".to_owned() } else { name }
}

/// No name begins with a digit, and none is empty.
fn started(name: String) -> String {
    let is_started = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_started { name } else { format!("n{name}") }
}

/// The words of a name, which end at `_`, before a capital behind a small letter, and before the last
/// of several capitals that a small letter follows.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, &here) in characters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| characters.get(at)).copied();
        let after = characters.get(at + 1).copied();
        let begins = here.is_ascii_uppercase()
            && before.is_some_and(|c| {
                c.is_ascii_lowercase()
                    || c.is_ascii_digit()
                    || (c.is_ascii_uppercase() && after.is_some_and(|c| c.is_ascii_lowercase()))
            });
        if here == '_' || begins {
            words.push(String::new());
        }
        if let (true, Some(word)) = (here != '_', words.last_mut()) {
            word.push(here);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_rust_calls_such_things() {
        for (name, as_field, as_type) in [
            ("id", "id", "Id"),
            ("customerId", "customer_id", "CustomerId"),
            ("HTTPServer", "http_server", "HttpServer"),
            ("ORDER_LINE", "order_line", "OrderLine"),
            ("_x", "x", "X"),
            ("type", "r#type", "Type"),
            ("self", "self_", "Self_"),
            ("_1a", "n1a", "n1a"),
            ("EUR", "eur", "Eur"),
            ("v2Beta", "v2_beta", "V2Beta"),
            ("_", "n", "n"),
        ] {
            assert_eq!((&*field(name), &*type_name(name)), (as_field, as_type), "{name}");
        }
    }
}
