//! Comparisons of whole schemas: messages, places, and sizes that the reference cannot handle.

use super::differences;
use crate::protobuf::ProtobufSchema;
use crate::protobuf::error::DEPTH_MAX;
use crate::{Limits, Location, Reference, ResolvedReference, Rule, Side};

fn schema(text: &str, references: &[ResolvedReference]) -> ProtobufSchema {
    ProtobufSchema::parse(text, references, &Limits::default()).unwrap()
}

fn reference(name: &str, version: i32, text: &str) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: name.to_owned(), version };
    ResolvedReference { reference, text: text.to_owned() }
}

/// Rules and paths of what keeps the reader from reading.
fn breaking(reader: &ProtobufSchema, writer: &ProtobufSchema) -> Vec<(Rule, String)> {
    let found = super::compare(reader, writer, Side::New, &Limits::default()).unwrap();
    found.into_iter().map(|found| (found.rule, found.path)).collect()
}

#[test]
fn a_finding_has_its_message_and_its_place_on_both_sides() {
    let writer = schema("syntax = \"proto3\";\nmessage A {\n  int32 a = 1;\n}", &[]);
    let reader = schema("syntax = \"proto3\";\nmessage A { oneof o {\n string a = 1;\n} }", &[]);
    let found = super::compare(&reader, &writer, Side::Old, &Limits::default()).unwrap();
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        found.message,
        "{errorType:\"FIELD_SCALAR_KIND_CHANGED\", description:\"The kind of a SCALAR field at \
         path '#/A/o/1' in the old schema does not match its kind in the new schema\"}"
    );
    assert_eq!(found.reader_location, Some(Location { line: 3, column: 2 }));
    assert_eq!(found.writer_location, Some(Location { line: 3, column: 3 }));
}

#[test]
fn a_finding_in_a_reference_has_no_place() {
    let with = |version, ty: &str| {
        let file = format!("syntax = \"proto3\"; message D {{ {ty} d = 1; }}");
        let text = "syntax = \"proto3\"; message A { D a = 1; }";
        schema(text, &[reference("d.proto", version, &file)])
    };
    let found = differences(&with(2, "string"), &with(1, "int32"), &Limits::default()).unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|found| (found.rule, found.path, found.reader_location.is_some()))
        .collect();
    assert_eq!(
        found,
        [
            (Rule::ProtobufFieldScalarKindChanged, "#/D/1".to_owned(), false),
            (Rule::ProtobufFieldNamedTypeChanged, "#/A/1".to_owned(), true),
        ]
    );
}

#[test]
fn a_change_behind_the_same_subject_and_version_goes_unseen() {
    let with = |ty: &str| {
        let file = format!("syntax = \"proto3\"; message D {{ {ty} d = 1; }}");
        schema("syntax = \"proto3\"; message A { D a = 1; }", &[reference("d.proto", 1, &file)])
    };
    assert_eq!(breaking(&with("string"), &with("int32")), []);
}

/// A file of `depth` messages, each with two fields of the next one, the last one as given.
fn ladder(depth: usize, last: &str) -> String {
    let level = |at| format!("message L{at} {{ L{0} a = 1; L{0} b = 2; }}\n", at + 1);
    let levels: String = (0..depth).map(level).collect();
    format!("syntax = \"proto3\"; {levels} message L{depth} {{ {last} }}")
}

#[test]
fn renaming_an_import_stays_linear_whatever_it_holds() {
    let user = "syntax = \"proto3\"; message A { L0 a = 1; }";
    let old = schema(user, &[reference("old.proto", 1, &ladder(5_000, "int32 x = 1;"))]);
    let new = schema(user, &[reference("new.proto", 1, &ladder(5_000, "int64 y = 1;"))]);
    assert_eq!(breaking(&new, &old), []);
    let changed = schema(user, &[reference("new.proto", 1, &ladder(5_000, "string x = 1;"))]);
    let found = breaking(&changed, &old);
    assert_eq!(found.first(), Some(&(Rule::ProtobufFieldNamedTypeChanged, "#/A/1".to_owned())));
    assert_eq!(found.len(), 2 + 2 * 5_000);
}

#[test]
fn nested_messages_that_name_each_other_stay_linear() {
    let file = |extra: &str| {
        let inner =
            |n| format!("message N{n} {{ P p = 1; N{} n = 2; {extra} }}", (n * 7 + 1) % 200);
        let nested: String = (0..200).map(inner).collect();
        format!("syntax = \"proto3\"; message P {{ N0 n = 1; {nested} }}")
    };
    let user = "syntax = \"proto3\"; message A { P p = 1; }";
    let old = schema(user, &[reference("old.proto", 1, &file(""))]);
    let new = schema(user, &[reference("new.proto", 1, &file("int32 x = 3;"))]);
    assert_eq!(breaking(&new, &old), []);
    assert!(!differences(&new, &old, &Limits::default()).unwrap().is_empty());
}

#[test]
fn messages_nested_to_the_limit_are_compared() {
    let depth = DEPTH_MAX;
    let nest = |member: &str| {
        let open = format!("message A {{ {member} ").repeat(depth);
        schema(&format!("syntax = \"proto3\"; {open}{}", "}".repeat(depth)), &[])
    };
    let found = breaking(&nest("string a = 1;"), &nest("int32 a = 1;"));
    assert_eq!(found.len(), depth);
    let deepest = format!("#{}/1", "/A".repeat(depth));
    assert!(found.contains(&(Rule::ProtobufFieldScalarKindChanged, deepest)));
}

#[test]
fn more_pairs_than_the_limit_are_refused() {
    let one = schema(&ladder(10, ""), &[]);
    let limits = Limits { pairs_max: 10, ..Limits::default() };
    assert_eq!(
        differences(&one, &one, &limits).map_err(|error| error.to_string()),
        Err("the schemas are too complex to compare: more than 10 pairs of types \
             (setting pairs-max)"
            .to_owned())
    );
}

#[test]
fn a_message_is_compared_though_an_enum_of_its_scope_has_its_name() {
    let with = |ty: &str| {
        schema(
            &format!(
                "syntax = \"proto3\";
                 message O {{ message A {{ {ty} a = 1; }} enum A {{ Z = 0; }} }}"
            ),
            &[],
        )
    };
    assert_eq!(
        breaking(&with("string"), &with("int32")),
        [(Rule::ProtobufFieldScalarKindChanged, "#/O/A/1".to_owned())]
    );
}
