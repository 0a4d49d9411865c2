//! Definitions that are read and printed, and those that are refused.

use levada_schema_core::Limits;
use proptest::prelude::*;

use super::{parse, print};

fn printed(ddl: &str) -> String {
    let script = parse(ddl, &Limits::default()).unwrap_or_else(|error| panic!("{ddl}: {error}"));
    print(&script)
}

fn refused(ddl: &str) -> String {
    parse(ddl, &Limits::default()).unwrap_err().to_string()
}

#[test]
fn every_type_is_printed_in_its_own_words() {
    let body = [
        ("a BOOLEAN", "a BOOLEAN"),
        ("a tinyint not null", "a TINYINT NOT NULL"),
        ("a SMALLINT NULL", "a SMALLINT"),
        ("a INTEGER", "a INT"),
        ("a BIGINT", "a BIGINT"),
        ("a REAL", "a FLOAT"),
        ("a DOUBLE PRECISION", "a DOUBLE"),
        ("a DECIMAL", "a DECIMAL(10)"),
        ("a DEC(7)", "a DECIMAL(7)"),
        ("a NUMERIC(7, 2)", "a DECIMAL(7, 2)"),
        ("a CHARACTER VARYING(3)", "a VARCHAR(3)"),
        ("a VARCHAR", "a VARCHAR(1)"),
        ("a STRING", "a STRING"),
        ("a CHARACTER(2)", "a CHAR(2)"),
        ("a BINARY VARYING(4)", "a VARBINARY(4)"),
        ("a BINARY", "a BINARY(1)"),
        ("a BYTES", "a BYTES"),
        ("a DATE", "a DATE"),
        ("a TIME", "a TIME(0)"),
        ("a TIMESTAMP WITHOUT TIME ZONE", "a TIMESTAMP(6)"),
        ("a TIMESTAMP(3) WITH LOCAL TIME ZONE", "a TIMESTAMP_LTZ(3)"),
        ("a TIMESTAMP WITH('k' = 'v')", "a TIMESTAMP(6) WITH('k' = 'v')"),
        ("a VARIANT", "a VARIANT"),
        ("a INT ARRAY NOT NULL MULTISET", "a MULTISET<ARRAY<INT> NOT NULL>"),
        ("a MAP<STRING NOT NULL, Other>", "a MAP<STRING NOT NULL, Other>"),
        ("a map", "a map"),
        ("a ROW<b INT 'x', c type>", "a STRUCT(b INT COMMENT 'x', c type)"),
        ("a UNION(i INT, s STRING COMMENT 'it''s')", "a UNION(i INT, s STRING COMMENT 'it''s')"),
        ("`group by` INT", "refused"),
        ("`row` ns.`Row`", "`row` ns.`Row`"),
    ];
    for (source, expected) in body {
        let ddl = format!("STRUCT S ({source})");
        if expected == "refused" {
            assert!(refused(&ddl).contains("white space"), "{ddl}");
            continue;
        }
        assert_eq!(printed(&ddl), format!("STRUCT S ({expected});\n"));
    }
}

#[test]
fn statements_and_what_is_said_of_them_are_kept() {
    let ddl = "NAMESPACE com.x;
        USING TYPE other.Far FOR 'far.json#/$defs/Far';
        // a comment
        STRUCT Order (id BIGINT NOT NULL DEFAULT -1 COMMENT 'the id' TAGS('PII', 'KEY') WITH('a' = 'b'),
          far other.Far, color Color NOT NULL, line Order.Line ARRAY) 'an order' TAGS('T');
        ENUM Color ('RED', 'GREEN' COMMENT 'go' WITH('hex' = '0f0')) /* and */ COMMENT 'paint';
        STRUCT Order.Line (qty INT)";
    assert_eq!(
        printed(ddl),
        "NAMESPACE com.x;\n\
         USING TYPE other.Far FOR 'far.json#/$defs/Far';\n\
         STRUCT com.x.Order (\n  \
           id BIGINT NOT NULL DEFAULT -1 COMMENT 'the id' TAGS('PII', 'KEY') WITH('a' = 'b'),\n  \
           far other.Far,\n  \
           color com.x.Color NOT NULL,\n  \
           line ARRAY<com.x.Order.Line>\n\
         ) COMMENT 'an order' TAGS('T');\n\
         ENUM com.x.Color ('RED', 'GREEN' COMMENT 'go' WITH('hex' = '0f0')) COMMENT 'paint';\n\
         STRUCT com.x.Order.Line (qty INT);\n"
    );
}

#[test]
fn the_root_is_named_only_where_it_is_not_implied() {
    assert_eq!(printed("STRUCT A (b B); STRUCT B (i INT)"), "STRUCT A (b B);\nSTRUCT B (i INT);\n");
    assert_eq!(printed("STRUCT A (i INT); TYPE A NOT NULL;"), "STRUCT A (i INT);\n");
    assert_eq!(printed("STRUCT A (i INT) TYPE A"), "STRUCT A (i INT);\nTYPE A;\n");
    assert_eq!(printed("STRUCT A (a A); STRUCT B (i INT)"), "STRUCT A (a A);\nSTRUCT B (i INT);\n");
    assert_eq!(printed("TYPE STRING NOT NULL"), "TYPE STRING NOT NULL;\n");
}

#[test]
fn defaults_are_values_of_their_type() {
    for (ty, default) in [
        ("BOOLEAN", "TRUE"),
        ("TINYINT", "-128"),
        ("BIGINT", "9223372036854775807"),
        ("FLOAT", "1.5"),
        ("DOUBLE", "1.0E300"),
        ("DOUBLE", "-2.5E-7"),
        ("DOUBLE", "1000000.0"),
        ("DECIMAL(5, 2)", "123.45"),
        ("CHAR(2)", "'ab'"),
        ("STRING", "'it''s'"),
        ("VARBINARY(2)", "x'00FF'"),
        ("DATE", "'2024-02-29'"),
        ("TIME(3)", "'23:59:59.999'"),
        ("TIMESTAMP(6)", "'2024-02-29T10:20:30.000001'"),
        ("TIMESTAMP_LTZ(0)", "'2024-02-29T10:20:30Z'"),
        ("ARRAY<INT>", "NULL"),
    ] {
        let statement = format!("STRUCT S (a {ty} DEFAULT {default});\n");
        assert_eq!(printed(&statement), statement);
    }
    assert_eq!(
        printed("STRUCT S (a DECIMAL(5, 2) DEFAULT 5)"),
        "STRUCT S (a DECIMAL(5, 2) DEFAULT 5.00);\n"
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (ddl, expected) in [
        ("", "nothing to register: declare a STRUCT or an ENUM, or add TYPE (line 1, column 1)"),
        (
            "not ddl {{{",
            "expected ';', a declaration, or a last TYPE statement, found 'not' (line 1, column 1)",
        ),
        ("STRUCT S ()", "expected a name, found ')' (line 1, column 11)"),
        ("STRUCT S (\n  a INT,\n  a INT)", "field 'a' is there twice (line 3, column 3)"),
        (
            "STRUCT S (order INT, row INT)",
            "ROW is a reserved word; a name must be `quoted` (line 1, column 22)",
        ),
        (
            "STRUCT S (a INT CHECK (a > 0))",
            "CHECK constraints are not supported in definitions yet (line 1, column 17)",
        ),
        (
            "STRUCT S (a INT, CONSTRAINT c CHECK (a > 0))",
            "CHECK constraints are not supported in definitions yet (line 1, column 18)",
        ),
        (
            "STRUCT S (a TINYINT DEFAULT 128)",
            "the default 128 is out of the range of TINYINT (line 1, column 29)",
        ),
        (
            "STRUCT S (a DECIMAL(3, 2) DEFAULT 1.234)",
            "the default 1.234 has more digits than DECIMAL(3, 2) (line 1, column 35)",
        ),
        (
            "STRUCT S (a TIME(2) DEFAULT '10:00:00.123')",
            "the default '10:00:00.123' is finer than TIME(2) (line 1, column 29)",
        ),
        ("STRUCT S (a TIME(10))", "the precision is 0 to 9, not 10 (line 1, column 17)"),
        ("STRUCT S (a INT); STRUCT S (a INT)", "type 'S' is declared twice (line 1, column 26)"),
        (
            "STRUCT A (b B); STRUCT B (a A)",
            "the declared types all use each other; add 'TYPE <name>' to say which to register (line 1, column 31)",
        ),
        (
            "STRUCT A (b INT); STRUCT A.B.C (a INT)",
            "'A.B.C' nests in 'A', but what stands between is not declared (line 1, column 26)",
        ),
        (
            "STRUCT A (b INT); STRUCT A.B (a INT); TYPE A.B",
            "'A.B' nests in 'A' and cannot be registered without it (line 1, column 39)",
        ),
        (
            "USING TYPE F FOR 'f'; STRUCT A (b INT)",
            "USING TYPE F: nothing uses the type (line 1, column 39)",
        ),
        ("STRUCT S (a STRING DEFAULT 'x)", "no closing ' (line 1, column 28)"),
        ("/* STRUCT S", "comment without an end (line 1, column 1)"),
        ("STRUCT S (é INT)", "unexpected character 'é' (line 1, column 11)"),
    ] {
        assert_eq!(refused(ddl), format!("Invalid type definition: {expected}"));
    }
}

#[test]
fn limits_end_what_is_too_large() {
    let limits = Limits { depth_max: 3, nodes_max: 40, union_branches_max: 2, ..Limits::default() };
    let within = |ddl: &str| parse(ddl, &limits).map(drop).map_err(|error| error.to_string());
    assert_eq!(within("TYPE INT ARRAY ARRAY"), Ok(()));
    let too_deep = Err("types nested too deep; the limit is 3 (setting depth-max)".to_owned());
    assert_eq!(within("TYPE INT ARRAY ARRAY ARRAY"), too_deep);
    assert_eq!(within("TYPE ARRAY<ARRAY<ARRAY<INT>>>"), too_deep);
    assert_eq!(within("TYPE ARRAY<INT ARRAY ARRAY>"), Ok(()));
    assert_eq!(within("TYPE ARRAY<INT ARRAY ARRAY> ARRAY"), too_deep);
    let fields: Vec<String> = (0..40).map(|at| format!("f{at} INT")).collect();
    let too_many =
        Err("type definition has too many parts; the limit is 40 (setting nodes-max)".to_owned());
    assert_eq!(within(&format!("STRUCT S ({})", fields.join(","))), too_many);
    let branches = "too many branches of a union; the limit is 2 (setting union-branches-max)";
    assert_eq!(within("TYPE UNION(a INT, b INT, c INT)"), Err(branches.to_owned()));
    let deep = format!("TYPE {}INT", "ARRAY<".repeat(100_000));
    // Walkers recurse as deep as the limits allow; the registry's threads have that much stack.
    let read = move || parse(&deep, &Limits::default()).unwrap_err().to_string();
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(read).unwrap();
    let error = thread.join().unwrap();
    assert_eq!(error, "types nested too deep; the limit is 500 (setting depth-max)");
}

fn any_type() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("INT".to_owned()),
        Just("STRING".to_owned()),
        Just("DECIMAL(4, 2)".to_owned()),
        Just("TIME(3)".to_owned()),
        Just("VARIANT".to_owned()),
        "[a-z]{1,8}",
        "`[a-z ]{1,3}`",
    ];
    let nullable =
        |inner: String, is_required: bool| if is_required { inner + " NOT NULL" } else { inner };
    leaf.prop_recursive(4, 24, 3, move |inner| {
        prop_oneof![
            (inner.clone(), any::<bool>())
                .prop_map(move |(i, n)| nullable(format!("ARRAY<{i}>"), n)),
            (inner.clone(), inner.clone()).prop_map(|(k, v)| format!("MAP<{k}, {v}>")),
            proptest::collection::vec(inner, 1..4).prop_map(|types| {
                let fields = types.iter().enumerate().map(|(at, ty)| format!("f{at} {ty}"));
                format!("STRUCT({})", fields.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(ty in any_type()) {
        if let Ok(script) = parse(&format!("STRUCT S (a {ty}); TYPE {ty}"), &Limits::default()) {
            let text = print(&script);
            let again = parse(&text, &Limits::default());
            prop_assert_eq!(again.as_ref(), Ok(&script), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}", words in "(STRUCT|ENUM|TYPE|[a-z]|[(),;<>.']|x'|INT| ){0,40}") {
        let _ = parse(&text, &Limits::default());
        let _ = parse(&words, &Limits::default());
    }
}
