//! Families of characters by the names that `java.util.regex` gives them: `\p{Lu}`, `\p{IsLatin}`.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The members of the family in the braces of `\p{...}`, to stand inside brackets.
pub(super) fn members(name: &str) -> Result<String, String> {
    let found = match name.split_once('=') {
        Some((kind, value)) => match kind.to_ascii_lowercase().as_str() {
            "sc" | "script" => script(value),
            "blk" | "block" => Some(block(value)),
            "gc" | "general_category" => named(value),
            _ => None,
        },
        None => match (name.strip_prefix("In"), name.strip_prefix("Is")) {
            (Some(name), _) => Some(block(name)),
            (_, Some(name)) => binary(name).or_else(|| named(name)).or_else(|| script(name)),
            (None, None) => named(name),
        },
    };
    found.ok_or_else(|| format!("unknown character property {{{name}}}"))
}

/// Blocks are legal, but no engine here has them: compiling such a pattern fails.
fn block(name: &str) -> String {
    format!("\\p{{Block={name}}}")
}

fn script(name: &str) -> Option<String> {
    match name.to_ascii_lowercase().as_str() {
        "unknown" | "zzzz" => Some(r"\p{Cn}\p{Co}".to_owned()),
        _ => Some(format!("\\p{{sc={name}}}")).filter(|text| is_property(text)),
    }
}

/// A property that goes with `Is` in any case. Those that the engines have beyond the table are
/// known to later versions of Java only.
fn binary(name: &str) -> Option<String> {
    let plain = name.to_ascii_uppercase();
    let known = BINARY.iter().find(|(known, _)| *known == plain || known.replace('_', "") == plain);
    let later = || plain.starts_with("EMOJI") || plain == "EXTENDED_PICTOGRAPHIC";
    match known {
        Some((_, members)) => Some((*members).to_owned()),
        None => Some(format!("\\p{{{name}}}")).filter(|text| later() && is_property(text)),
    }
}

/// A general category or a family of POSIX or Java, whose case counts.
fn named(name: &str) -> Option<String> {
    if CATEGORIES.contains(&name) {
        return Some(format!("\\p{{gc={name}}}"));
    }
    let known = NAMED.iter().find(|(known, _)| *known == name);
    known.map(|(_, members)| (*members).to_owned())
}

/// Whether the engines know the property in `text`, a `\p{...}`. Finding out takes long and a
/// pattern can ask very often, so those that are known are remembered; they are finitely many.
fn is_property(text: &str) -> bool {
    static KNOWN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
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

const CATEGORIES: &[&str] = &[
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
    "Cf", "Co", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf", "L", "M", "N",
    "Z", "C", "P", "S", "LC",
];

const BINARY: &[(&str, &str)] = &[
    ("ALPHABETIC", r"\p{Alphabetic}"),
    ("LETTER", r"\p{L}"),
    ("IDEOGRAPHIC", r"\p{Ideographic}"),
    ("LOWERCASE", r"\p{Lowercase}"),
    ("UPPERCASE", r"\p{Uppercase}"),
    ("TITLECASE", r"\p{Lt}"),
    ("WHITE_SPACE", r"\p{White_Space}"),
    ("CONTROL", r"\p{Cc}"),
    ("PUNCTUATION", r"\p{P}"),
    ("HEX_DIGIT", r"\p{Nd}\p{Hex_Digit}"),
    ("ASSIGNED", r"\P{Cn}"),
    ("NONCHARACTER_CODE_POINT", r"\p{Noncharacter_Code_Point}"),
    ("DIGIT", r"\p{Nd}"),
    ("ALNUM", r"\p{Alphabetic}\p{Nd}"),
    ("BLANK", r"\t\p{Zs}"),
    ("GRAPH", r"[^\p{Z}\p{White_Space}\p{Cc}\p{Cn}]"),
    ("PRINT", r"[[^\p{White_Space}\p{Cc}\p{Cn}]\p{Zs}]"),
    ("WORD", r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}"),
    ("JOIN_CONTROL", r"\p{Join_Control}"),
];

const NAMED: &[(&str, &str)] = &[
    // Half of a surrogate pair occurs in no text.
    ("Cs", "a&&b"),
    ("LD", r"\p{L}\p{Nd}"),
    ("L1", r"\x00-\xFF"),
    ("all", r"\x00-\x{10FFFF}"),
    ("ASCII", r"\x00-\x7F"),
    ("Lower", "a-z"),
    ("Upper", "A-Z"),
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
    ("javaLowerCase", r"\p{Lowercase}"),
    ("javaUpperCase", r"\p{Uppercase}"),
    ("javaAlphabetic", r"\p{Alphabetic}"),
    ("javaIdeographic", r"\p{Ideographic}"),
    ("javaTitleCase", r"\p{Lt}"),
    ("javaDigit", r"\p{Nd}"),
    ("javaDefined", r"\P{Cn}"),
    ("javaLetter", r"\p{L}"),
    ("javaLetterOrDigit", r"\p{L}\p{Nd}"),
    ("javaJavaIdentifierStart", r"\p{L}\p{Nl}\p{Sc}\p{Pc}"),
    (
        "javaJavaIdentifierPart",
        r"\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\x00-\x08\x0E-\x1B\x7F-\x9F",
    ),
    ("javaUnicodeIdentifierStart", r"\p{ID_Start}"),
    ("javaUnicodeIdentifierPart", r"\p{ID_Continue}\p{Cf}\x00-\x08\x0E-\x1B\x7F-\x9F"),
    ("javaIdentifierIgnorable", r"\p{Cf}\x00-\x08\x0E-\x1B\x7F-\x9F"),
    ("javaSpaceChar", r"\p{Z}"),
    ("javaWhitespace", r"[\p{Z}&&[^\xA0\x{2007}\x{202F}]]\t-\r\x1C-\x1F"),
    ("javaISOControl", r"\x00-\x1F\x7F-\x9F"),
    // The pairs among the mirrored ones; the engines have no such property.
    ("javaMirrored", r"\p{Ps}\p{Pe}\p{Pi}\p{Pf}<>"),
];
