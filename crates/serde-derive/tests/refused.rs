//! What the derive macro refuses, and what it says then. `TRYBUILD=overwrite` writes the answers
//! anew.

#[test]
fn what_avro_has_no_type_for_is_refused_where_it_stands() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
