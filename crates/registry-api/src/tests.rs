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

    for (frozen, expected) in
        [(json!("true"), Some(true)), (json!(0), Some(false)), (json!(null), None)]
    {
        let update: AssociationUpdate = from_value(json!({"frozen": frozen})).unwrap();
        assert_eq!(update.frozen, expected, "{frozen}");
    }

    for wrong in [
        json!({"schema": {}}),
        json!({"version": "abc"}),
        json!({"version": 2_147_483_648_i64}),
        json!({"references": {}}),
        json!({"propagateSchemaTags": "yes"}),
        json!({"metadata": {"tags": {"a": [null]}}}),
        json!({"metadata": {"sensitive": ["a", null]}}),
    ] {
        assert!(request(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn a_list_is_no_object_wherever_one_stands() {
    fn refuses<T: serde::de::DeserializeOwned>(body: Value) {
        let text = body.to_string();
        assert!(serde_json::from_str::<T>(&text).is_err(), "{text}");
        assert!(from_value::<T>(body).is_err(), "{text}");
    }
    for member in ["metadata", "ruleSet"] {
        refuses::<RegisterRequest>(json!({member: []}));
        refuses::<TagsRequest>(json!({member: []}));
    }
    refuses::<RegisterRequest>(json!({"references": [["n", "s", 1]]}));
    refuses::<RegisterRequest>(json!({"schemaTagsToAdd": [[]]}));
    refuses::<RegisterRequest>(json!({"schemaTagsToAdd": [{"schemaEntity": ["p", "sr_field"]}]}));
    refuses::<RuleSet>(json!({"domainRules": [[]]}));
    refuses::<TagsRequest>(json!({"rulesToMerge": []}));
    for member in ["defaultMetadata", "overrideMetadata", "defaultRuleSet", "overrideRuleSet"] {
        refuses::<ConfigUpdate>(json!({member: []}));
        let cleared: ConfigUpdate = from_value(json!({member: null})).unwrap();
        assert_ne!(cleared, ConfigUpdate::default(), "{member}");
    }
    refuses::<AssociationsRequest<AssociationUpdate>>(json!({"associations": [[]]}));
    refuses::<AssociationUpdate>(json!({"schema": []}));
    refuses::<AssociationOpRequest>(json!({"opType": "CREATE", "schema": []}));
    refuses::<BatchRequest<AssociationsQuery>>(json!({"requests": [[]]}));
}

#[test]
fn numbers_are_read_as_text_in_lists_and_maps_too() {
    let read = request(json!({
        "metadata": {"tags": {"a": [1, "b", true]}},
        "schemaTagsToAdd": [{"schemaEntity": {"entityPath": 5, "entityType": "x"}, "tags": [6]}],
    }));
    let read = to_value(read.unwrap()).unwrap();
    assert_eq!(read["metadata"]["tags"], json!({"a": ["1", "b", "true"]}));
    let tags = json!([{"schemaEntity": {"entityPath": "5", "entityType": "x"}, "tags": ["6"]}]);
    assert_eq!(read["schemaTagsToAdd"], tags);
    let removed: TagsRequest = from_value(json!({"rulesToRemove": [5]})).unwrap();
    assert_eq!(removed.rules_to_remove, Some(vec!["5".to_owned()]));
    let none: TagsRequest = from_value(json!({"rulesToRemove": null})).unwrap();
    assert_eq!(none.rules_to_remove, None);
    let update: UpdateKekRequest = from_value(json!({"kmsProps": {"a": 2}})).unwrap();
    let props = [("a".to_owned(), "2".to_owned())].into();
    assert_eq!(update.kms_props, Patch::Set(props));
    let query: AssociationsQuery = from_value(json!({"associationTypes": [5]})).unwrap();
    assert_eq!(query.association_types, ["5"]);
}

#[test]
fn empty_texts_of_a_rule_are_left_out() {
    let rule: Rule = from_value(json!({
        "name": "r", "type": "T", "doc": "", "expr": "", "onSuccess": "", "onFailure": "",
    }))
    .unwrap();
    let expected =
        Rule { name: Some("r".to_owned()), rule_type: Some("T".to_owned()), ..Rule::default() };
    assert_eq!(rule, expected);
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
