//! What is refused, what is accepted, and what is found.

use super::{Pattern, Searches};
use crate::Limits;

fn parse(source: &str) -> Result<Pattern, String> {
    Pattern::parse(source, Limits::default().pattern_depth_max)
}

fn finds(pattern: &str, text: &str) -> bool {
    Searches::new(&Limits::default()).finds(pattern, text).expect(pattern).0
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
        "\\x{110000}",
        "[&&]",
        "[)-\\S]",
        "[a-\\p{L}]",
        "[a-",
        "a{2",
    ] {
        assert!(parse(pattern).is_err(), "{pattern}");
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
        "^[0-9a-z-_]+$",
        "[a-z0-9-~][--/]",
        "[\\w-.]",
        "[a-[b]]",
        "[a&&]",
        "[&&a]",
        "[\\v-a]",
        "[\\Qa-z]\\E]",
        "{2}",
        "a{2}{3}",
    ] {
        let parsed = parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        let found = Searches::new(&Limits::default()).finds(pattern, "");
        assert!(found.is_some(), "{pattern} as {parsed:?}");
    }
}

#[test]
fn families_have_the_names_and_the_case_of_java() {
    for name in [
        "Lu",
        "LC",
        "LD",
        "Cs",
        "all",
        "Alpha",
        "IsL",
        "IsAlpha",
        "IsalphaBETIC",
        "IsWhiteSpace",
        "IsTitlecase",
        "IsGraph",
        "IsLatin",
        "Islatn",
        "IsUnknown",
        "sc=Greek",
        "SCRIPT=grek",
        "gc=Lu",
        "General_Category=P",
        "InGreek",
        "block=Thai",
        "javaMirrored",
        "IsEmoji",
    ] {
        for kind in ['p', 'P'] {
            let pattern = format!("^[\\{kind}{{{name}}}x]\\{kind}{{{name}}}");
            assert!(parse(&pattern).is_ok(), "{pattern}");
            if !name.contains("In") && !name.contains("block") {
                assert!(Searches::new(&Limits::default()).finds(&pattern, "").is_some(), "{name}");
            }
        }
    }
    for name in [
        "lu",
        "Letter",
        "alpha",
        "ALPHA",
        "Latin",
        "Greek",
        "Any",
        "Uppercase",
        "isLatin",
        "ISLatin",
        "IsUppercase_Letter",
        "Emoji",
        "ID_Start",
        "scx=Latin",
        "gc=lu",
        "gc=Letter",
        " L",
        "L ",
        "IsGC=Lu",
        "=L",
        "Is",
        "",
        "javaNope",
    ] {
        assert!(parse(&format!("\\p{{{name}}}")).is_err(), "{name}");
    }
}

#[test]
fn families_have_the_members_of_java() {
    for (name, inside, outside) in [
        ("LD", "aé٣", "_ Ⅷ"),
        ("Lower", "a", "éA"),
        ("IsLowercase", "aéª", "A1"),
        ("IsTitlecase", "ǅ", "Aa"),
        ("IsHexDigit", "9afF٣Ａ", "g"),
        ("IsAssigned", "a\u{e100}", "\u{378}"),
        ("IsUnknown", "\u{378}\u{e100}", "a"),
        ("IsBlank", "\t \u{3000}", "\na"),
        ("IsGraph", "a!é\u{301}", " \u{3000}\u{7}"),
        ("IsPrint", "a! \u{3000}", "\t\u{7}"),
        ("IsWord", "a_é1\u{301}", "- "),
        ("javaWhitespace", "\t \u{2003}\u{1c}", "a\u{a0}"),
        ("javaJavaIdentifierStart", "a_$€", "1-"),
        ("gc=Sc", "$€", "a"),
        ("sc=Greek", "α", "a"),
    ] {
        for (text, is_member) in [(inside, true), (outside, false)] {
            for c in text.chars() {
                let text = String::from(c);
                assert_eq!(finds(&format!("\\p{{{name}}}"), &text), is_member, "{name} {c:?}");
                assert_eq!(finds(&format!("[^\\P{{{name}}}]"), &text), is_member, "{name} {c:?}");
            }
        }
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
        ("^[\\w-a]$", "-", true),
        ("^[\\w-a]$", "`", false),
        ("^[\\uD800-\\uDBFF]$", "😀", false),
        ("^\\uD83D\\uDE00$", "😀", true),
        ("^a++a$", "aaa", false),
        ("(?i:A)b", "ab", true),
        ("(?i)AB", "xab", true),
        ("^[a-c-_]+$", "b-_", true),
        ("^[a-c-_]+$", "Z", false),
        ("^[a-z&&[^b-y]]+$", "az", true),
        ("^[a-z&&[^b-y]]+$", "b", false),
        ("^[a&&]$", "a", true),
        ("^[\\Q]-^\\E]+$", "^-]", true),
        ("^\\Qa1\\E1$", "a11", true),
        ("^(?:a|{2})$", "", true),
    ] {
        assert_eq!(finds(pattern, text), want, "{pattern} in {text}");
    }
}

#[test]
fn hostile_patterns_end() {
    let mut searches = Searches::new(&Limits::default());
    let text = format!("{}!", "a".repeat(40));
    for pattern in ["^(a|a?)+\\1b$", "(a{1000}){1000}", &"\\p{L}".repeat(10_000)] {
        assert_eq!(searches.finds(pattern, &text), None, "{pattern:.40}");
    }
    assert!(parse(&"(".repeat(100_000)).is_err());
}

#[test]
fn patterns_share_one_bound() {
    let mut searches = Searches::new(&Limits::default());
    let large = |number: usize| format!("^[a-z]{{5000}}{number}$");
    let refused = (0..1_000).find(|&number| searches.finds(&large(number), "a").is_none());
    assert!(refused.is_some_and(|number| number > 3), "{refused:?}");
    assert_eq!(searches.finds(&large(0), "a"), Some((false, 1)), "those before stay");
}

#[test]
fn searches_cost_what_they_may_take() {
    let limits = Limits { pattern_steps_max: 50, ..Limits::default() };
    let mut searches = Searches::new(&limits);
    assert_eq!(searches.finds("a$", &"a".repeat(320)), Some((true, 11)));
    assert_eq!(searches.finds("(?=a)a", "a"), Some((true, 6)));
}
