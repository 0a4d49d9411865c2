//! Reader and printer together: what is read, what is refused, and where.

use super::{Data, Dialect, Json, Tape, Value, Vocabulary, java_float, print, read};
use crate::{Limits, Location, ParseErrorKind};

fn avro(text: &str) -> Value {
    read(text, Dialect::AVRO, &Limits::default()).expect(text)
}

fn printed(text: &str) -> String {
    let mut out = String::new();
    print(&avro(text).data, &mut out);
    out
}

fn refused(text: &str, dialect: Dialect) -> (ParseErrorKind, String) {
    let error = read(text, dialect, &Limits::default()).expect_err(text);
    (error.kind, error.to_string())
}

fn place(line: usize, column: usize) -> Location {
    Location { line, column }
}

#[test]
fn prints_compactly_in_source_order() {
    assert_eq!(printed(" { \"b\" : [ 1 , true ] , \"a\" : null } "), r#"{"b":[1,true],"a":null}"#);
}

#[test]
fn repeated_key_takes_last_value_at_first_place() {
    assert_eq!(printed(r#"{"a":1,"b":2,"a":3,"a":4}"#), r#"{"a":4,"b":2}"#);
    let value = avro(r#"{"a":1,"b":2,"a":3}"#);
    let object = value.as_object().expect("object");
    assert_eq!(object.get("b").map(|v| v.location), Some(place(1, 12)));
    assert!(object.get("c").is_none());
}

const WORDS: Vocabulary = Vocabulary::new(&["", "a", "name"]);

/// Values, order and places, in both forms that a text is read into.
#[test]
fn a_tape_holds_what_the_tree_holds() {
    let many: Vec<String> = (0..40).map(|at| format!("\"k{}\": [{at}]", at % 15)).collect();
    for text in [
        "null",
        " [] ",
        "{}",
        "[1, -2.5e3, true, false, null, \"\", \"é😀\", \"a\\n\\u0041\"]",
        "{\"a\": {\"b\": [{}, [[]], {\"c\": 1}]},\n \"d\": \"e\"}",
        "{\"a\": 1, \"b\": {\"x\": [1, 2], \"x\": {\"y\": []}, \"z\": 0}, \"a\": [3, {\"q\": 4}], \"c\": 5}",
        "{\"a\": 1, \"\\u0061\": 2, \"b\": 3, \"\": 4, \"\": 5}",
        &format!("{{{}}}", many.join(",\n")),
        "[NaN, -Infinity, {\"Infinity\": Infinity}]",
    ] {
        let dialect = Dialect { comments: true, ..Dialect::JSON_SCHEMA };
        let tree = read(text, dialect, &Limits::default()).expect(text);
        let mut tape = Tape::new(&WORDS);
        let root = tape.read(text, dialect, &Limits::default()).expect(text);
        assert_eq!(format!("{:?}", tape.json(root).to_value()), format!("{tree:?}"), "{text}");
    }
}

#[test]
fn a_key_has_the_number_of_its_word_however_it_is_written() {
    let mut tape = Tape::new(&WORDS);
    let text = r#"{"name": 1, "\u0061": 2, "nam": 3, "nane": 4, "": 5, "A": 6}"#;
    let root = tape.read(text, Dialect::AVRO, &Limits::default()).expect(text);
    let members = tape.json(root).as_object().expect("object").iter();
    let words: Vec<u8> = members.map(|(key, _)| key.word()).collect();
    assert_eq!(words, [2, 1, 0, 0, 0, 0]);
}

/// The value of a key is found in objects of every size, and only the last of those given.
#[test]
fn members_are_found_by_key_in_small_and_large_objects() {
    for count in [1, 11, 12, 13, 14, 100] {
        let members: Vec<_> =
            (0..count * 2).map(|at| format!("\"k{}\":{at}", at % count)).collect();
        let text = format!("[{{\"in\":{{{}}}}}]", members.join(","));
        let mut tape = Tape::new(&WORDS);
        let root = tape.read(&text, Dialect::AVRO, &Limits::default()).expect(&text);
        let outer = tape.json(root).as_array().and_then(|mut items| items.next());
        let inner = outer.and_then(Json::as_object).and_then(|outer| outer.get("in"));
        let inner = inner.and_then(Json::as_object).expect("object");
        for at in 0..count {
            let found = inner.get(&format!("k{at}")).expect("a member").to_value();
            assert_eq!(found, avro(&(at + count).to_string()));
        }
        assert!(inner.get("k").is_none() && inner.get(&format!("k{count}")).is_none());
    }
}

/// Two texts lie on one tape; only the one that was read last has lines.
#[test]
fn a_second_text_has_its_own_lines_and_the_first_one_none() {
    let mut tape = Tape::new(&WORDS);
    let limits = Limits::default();
    let first = tape.read("{\"\\u0062\": \"\\u0063\"}", Dialect::AVRO, &limits).expect("first");
    let second = tape.read("[\n é1,\n 2]", Dialect::AVRO, &limits);
    assert!(second.is_err());
    let second = tape.read("[\n \"é\", 1,\n 2]", Dialect::AVRO, &limits).expect("second");
    let items: Vec<_> = tape.json(second).as_array().expect("array").map(Json::location).collect();
    assert_eq!(items, [Some(place(2, 2)), Some(place(2, 7)), Some(place(3, 2))]);
    assert_eq!(tape.json(first).location(), None);
    let members = tape.json(first).as_object().expect("object");
    assert_eq!(members.get("b").and_then(Json::as_str), Some("c"));
}

/// Strings of every length around the eight bytes that are looked at at once.
#[test]
fn a_string_ends_at_its_quote_wherever_that_stands() {
    for length in 0..20 {
        for filling in ["a", "é", "~", "\u{7f}"] {
            let text = filling.repeat(length);
            assert_eq!(avro(&format!("\"{text}\"")).as_str(), Some(text.as_str()));
            let escaped = avro(&format!("\"{text}\\\"{text}\""));
            assert_eq!(escaped.as_str(), Some(format!("{text}\"{text}").as_str()));
            for wrong in ["\n", "\0", "\u{1f}"] {
                let (_, error) = refused(&format!("\"{text}{wrong}\""), Dialect::AVRO);
                assert!(error.starts_with("control character"), "{error}");
            }
        }
    }
}

#[test]
fn locations_count_lines_and_characters() {
    let value = avro("{\n  \"é😀\": /* c */ [1,\r\n\"x\"]}");
    assert_eq!(value.location, place(1, 1));
    let member = value.as_object().and_then(|o| o.member("é😀")).expect("member");
    assert_eq!(member.value.location, place(2, 17));
    let items = member.value.as_array().expect("array");
    assert_eq!((items[0].location, items[1].location), (place(2, 18), place(3, 1)));
}

#[test]
fn numbers_keep_their_source_and_print_as_java_does() {
    for (source, want) in [
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("1e2", "100.0"),
        ("1E7", "1.0E7"),
        ("1234567.5", "1234567.5"),
        ("12345678.5", "1.23456785E7"),
        ("0.001", "0.001"),
        ("0.0123", "0.0123"),
        ("0.5", "0.5"),
        ("0.0001", "1.0E-4"),
        ("1e400", "\"Infinity\""),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ] {
        assert_eq!(printed(source), want, "{source}");
        let Data::Number(number) = avro(source).data else { panic!("{source}") };
        assert_eq!(number.source(), source);
    }
    assert_eq!(java_float(0.1), "0.1");
}

#[test]
fn strings_are_unescaped_and_escaped_again() {
    assert_eq!(printed(r#""\u00e9\ud83d\ude00\/\u0001\u007f\t""#), "\"é😀/\\u0001\u{7f}\\t\"");
}

#[test]
fn dialects_differ_in_comments_trailing_text_and_literals() {
    assert!(matches!(avro("// c\n1 \u{1}\n").data, Data::Number(_)));
    assert_eq!(refused("1 // e", Dialect::AVRO).0, ParseErrorKind::Syntax);
    let json = |text| read(text, Dialect::JSON_SCHEMA, &Limits::default());
    let literals = [
        ("NaN", Some("NaN")),
        ("Infinity", Some("Infinity")),
        ("+Infinity", Some("Infinity")),
        ("-Infinity", Some("-Infinity")),
        ("+INF", Some("Infinity")),
        ("-INF", Some("-Infinity")),
        ("INF", None),
        ("-NaN", None),
        ("+1", None),
    ];
    for (source, meaning) in literals {
        let read = json(source).ok().and_then(|value| value.as_str().map(str::to_owned));
        assert_eq!(read.as_deref(), meaning, "{source}");
        assert_eq!(refused(source, Dialect::AVRO).0, ParseErrorKind::Syntax, "{source}");
    }
    assert!(json("{} trailing").is_ok());
    assert_eq!(refused("// c\n1", Dialect::JSON_SCHEMA).0, ParseErrorKind::Syntax);
    assert_eq!(
        refused("{} x", Dialect::AVRO).1,
        "unexpected 'x' after the end of the JSON text (line 1, column 4)"
    );
}

#[test]
fn broken_text_is_refused_with_its_place() {
    for (text, want) in [
        ("", "expected a JSON value, found the end of the text (line 1, column 1)"),
        ("{\n,}", "expected a member name in double quotes, found ',' (line 2, column 1)"),
        ("[1,]", "expected a JSON value, found ']' (line 1, column 4)"),
        ("\u{feff}1", "expected a JSON value, found '\\u{feff}' (line 1, column 1)"),
        ("NaN", "expected a JSON value, found the word NaN (line 1, column 1)"),
        ("01", "a number must not start with 0 (line 1, column 3)"),
        ("1x", "expected white space or punctuation after a number, found 'x' (line 1, column 2)"),
        (
            "\"a\nb\"",
            "control character '\\n' in a string must be written as an escape (line 1, column 3)",
        ),
        ("\"\\ud800\"", "\\uD800 is half of a surrogate pair and no character (line 1, column 8)"),
        ("/* x", "comment is not closed by */ (line 1, column 1)"),
    ] {
        assert_eq!(
            refused(text, Dialect::AVRO),
            (ParseErrorKind::Syntax, want.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn too_deep_and_too_many_are_clean_errors() {
    let deep = "[".repeat(10_000);
    assert_eq!(
        refused(&deep, Dialect::AVRO),
        (
            ParseErrorKind::TooLarge,
            "JSON nested too deep; the limit is 500 (setting depth-max) (line 1, column 501)"
                .into()
        )
    );
    let many = format!("[{}1]", "1,".repeat(60_000));
    assert_eq!(refused(&many, Dialect::AVRO).0, ParseErrorKind::TooLarge);
}

#[test]
fn numbers_are_bounded_in_digits_and_exponent_however_they_are_written() {
    let ninety = "9".repeat(1_000);
    let zeros = "0".repeat(9_999);
    let fine = [&ninety, "1e10000", "1e-10000", "0e00000", "0.1e10001", &format!("0.{zeros}1")];
    for number in fine {
        let value = avro(number);
        assert!(matches!(value.data, Data::Number(_)), "{number}");
    }
    let digits = "a number has too many digits; the limit is 1000 (setting number-digits-max)";
    let exponent =
        "a number is too large or too small; the limit is 10000 (setting number-exponent-max)";
    for (number, message) in [
        (format!("{ninety}0"), digits),
        (format!("0.{ninety}9"), digits),
        (format!("-{ninety}.5e3"), digits),
        ("1e10001".to_owned(), exponent),
        ("10e10000".to_owned(), exponent),
        ("1E-10001".to_owned(), exponent),
        (format!("0.0{zeros}1"), exponent),
        (format!("1e{ninety}"), exponent),
        (format!("0e-{ninety}"), exponent),
    ] {
        let (kind, told) = refused(&number, Dialect::AVRO);
        assert_eq!(kind, ParseErrorKind::TooLarge);
        assert!(told.starts_with(message), "{told}");
    }
}

#[test]
fn equality_ignores_places_and_member_order_alone() {
    assert_eq!(avro(r#"{"a":1,"b":[2]}"#), avro("{\"b\": [2],\n \"a\": 1}"));
    assert_ne!(avro("1"), avro("1.0"));
    assert_ne!(avro("[1,2]"), avro("[2,1]"));
}
