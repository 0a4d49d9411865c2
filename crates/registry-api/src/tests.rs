//! The bodies against the text that the API sends and takes.

use serde_json::{Value, from_value, json, to_value};

use super::*;

fn request(body: Value) -> Result<RegisterRequest, serde_json::Error> {
    from_value(body)
}

#[test]
fn scalars_are_read_leniently_and_other_shapes_are_refused() {
    let lenient = request(json!({
        "schema": 1, "version": "2", "id": null, "references": null,
        "propagateSchemaTags": "true", "unknown": [],
        "metadata": {"properties": {"a": 1, "b": true}, "tags": null},
    }));
    let lenient = lenient.unwrap();
    assert_eq!(lenient.schema.as_deref(), Some("1"));
    assert_eq!((lenient.version, lenient.id), (Some(2), None));
    assert!(lenient.propagate_schema_tags);
    let properties = lenient.metadata.unwrap().properties;
    assert_eq!(to_value(properties).unwrap(), json!({"a": "1", "b": "true"}));

    for wrong in [
        json!({"schema": {}}),
        json!({"version": "abc"}),
        json!({"version": 2_147_483_648_i64}),
        json!({"references": {}}),
        json!({"propagateSchemaTags": "yes"}),
    ] {
        assert!(request(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn schema_documents_leave_out_what_is_empty() {
    let document = SchemaDocument {
        subject: Some("s".to_owned()),
        version: Some(1),
        deleted: Some(false),
        ..SchemaDocument::default()
    };
    let shown = json!({"subject": "s", "version": 1, "deleted": false});
    assert_eq!(to_value(&document).unwrap(), shown);
    assert_eq!(from_value::<SchemaDocument>(shown).unwrap(), document);
}

#[test]
fn an_update_tells_left_out_from_null() {
    let body = json!({"normalize": null, "compatibility": "FULL", "compatibilityLevel": "NONE"});
    let update: ConfigUpdate = from_value(body).unwrap();
    let expected = ConfigUpdate {
        normalize: Patch::Clear,
        compatibility: Patch::Set("FULL".to_owned()),
        ..ConfigUpdate::default()
    };
    assert_eq!(update, expected);
    assert_eq!(from_value::<ModeUpdate>(json!({})).unwrap(), ModeUpdate::default());
    let cleared: ModeUpdate = from_value(json!({"mode": null})).unwrap();
    assert_eq!(cleared, ModeUpdate { mode: Patch::Clear });
    assert!(from_value::<ConfigUpdate>(json!({"normalize": "yes"})).is_err());
}

#[test]
fn the_answer_of_a_check_shows_an_empty_list_but_no_null() {
    let with = CompatibilityDocument { is_compatible: true, messages: Some(Vec::new()) };
    let without = CompatibilityDocument { is_compatible: true, messages: None };
    assert_eq!(to_value(with).unwrap(), json!({"is_compatible": true, "messages": []}));
    assert_eq!(to_value(without).unwrap(), json!({"is_compatible": true}));
}
