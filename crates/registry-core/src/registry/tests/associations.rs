//! Associations.

use super::*;
use crate::{
    AssociationDraft, AssociationFilter, AssociationListing, AssociationOp, AssociationQuery,
    AssociationRequest, AssociationType, Lifecycle, Page, SchemaListing, SubjectFilter,
};

const OWN: &str = ":.ns:topic-value";

fn all() -> Page {
    Page::new(0, -1, usize::MAX)
}

fn request(drafts: &[AssociationDraft]) -> AssociationRequest {
    AssociationRequest {
        resource_name: Some("topic".into()),
        resource_namespace: Some("ns".into()),
        resource_id: Some("id".into()),
        associations: drafts.to_vec(),
        ..AssociationRequest::default()
    }
}

fn weak(name: &str) -> AssociationDraft {
    AssociationDraft { subject: Some(name.to_owned()), ..AssociationDraft::default() }
}

fn key(draft: AssociationDraft) -> AssociationDraft {
    AssociationDraft { association_type: Some("key".into()), ..draft }
}

fn strong(text: &str) -> AssociationDraft {
    AssociationDraft {
        schema: Some((draft(text), RegisterOptions::default())),
        ..AssociationDraft::default()
    }
}

type Made = Vec<(String, AssociationType, Lifecycle)>;

impl TestRegistry {
    async fn associate(&self, drafts: &[AssociationDraft]) -> Result<Made, RegistryError> {
        let made = self.create_associations(request(drafts), false).await?;
        let shown = made.into_iter().map(|made| {
            let association = made.association;
            (association.subject.to_string(), association.association_type, association.lifecycle)
        });
        Ok(shown.collect())
    }

    async fn upsert(&self, draft: AssociationDraft) -> Result<usize, RegistryError> {
        Ok(self.upsert_associations(request(&[draft]), false).await?.len())
    }

    /// Subjects of the resource's associations.
    async fn associated(&self) -> Vec<String> {
        self.found(AssociationQuery::OfResource("id")).await
    }

    async fn found(&self, query: AssociationQuery<'_>) -> Vec<String> {
        let found = self.associations(query, &AssociationFilter::default(), all()).await.unwrap();
        found.iter().map(|found| found.subject.to_string()).collect()
    }

    async fn dissociate(&self, cascade: bool) -> Result<(), RegistryError> {
        self.delete_associations("id", &AssociationFilter::default(), cascade, false).await
    }
}

/// The property that a request was refused for.
fn refused<T: std::fmt::Debug>(answer: Result<T, RegistryError>) -> &'static str {
    match answer {
        Err(RegistryError::InvalidAssociation { property, .. }) => property,
        other => panic!("{other:?}"),
    }
}

async fn with_subject(name: &str) -> TestRegistry {
    let registry = registry();
    registry.put_text(name, "\"string\"").await.unwrap();
    registry
}

#[tokio::test]
async fn a_weak_association_points_to_a_subject_that_is_there() {
    let registry = with_subject("s").await;
    let none = registry.associate(&[weak("none")]).await;
    assert_eq!(none, Err(RegistryError::NoLiveVersion(subject("none"))));
    let made = registry.associate(&[weak("s")]).await.unwrap();
    assert_eq!(made, [("s".to_owned(), AssociationType::Value, Lifecycle::Weak)]);
    assert_eq!(registry.associated().await, ["s"]);
    // The same again makes nothing, another subject is a conflict.
    assert_eq!(registry.associate(&[weak("s")]).await, Ok(Vec::new()));
    registry.put_text("t", "\"string\"").await.unwrap();
    let exists = RegistryError::AssociationExists {
        association_type: AssociationType::Value,
        resource: "topic".into(),
    };
    assert_eq!(registry.associate(&[weak("t")]).await, Err(exists.clone()));
    assert_eq!(registry.associate(&[strong("\"int\"")]).await, Err(exists));
}

#[tokio::test]
async fn associations_are_found_by_resource_name_and_subject() {
    let registry = with_subject("s").await;
    registry.associate(&[weak("s"), key(weak("s"))]).await.unwrap();
    let named = |namespace, name| AssociationQuery::Named { namespace, name };
    for (query, count) in [
        (AssociationQuery::OfSubject(&subject("s")), 2),
        (AssociationQuery::OfSubject(&subject("t")), 0),
        (named(Some("ns"), Some("topic")), 2),
        (named(None, Some("topic")), 2),
        (named(Some("ns"), None), 2),
        (named(Some("topic"), Some("ns")), 0),
        (named(None, Some("any.topic")), 0),
    ] {
        assert_eq!(registry.found(query).await.len(), count, "{query:?}");
    }
    let keys = AssociationFilter {
        association_types: vec!["key".into()],
        resource_type: Some("topic".into()),
        lifecycle: Some(Lifecycle::Weak),
    };
    let query = AssociationQuery::OfResource("id");
    let found = registry.associations(query, &keys, all()).await.unwrap();
    assert_eq!(found.len(), 1);
    let owned = AssociationFilter { lifecycle: Some(Lifecycle::Strong), ..keys };
    assert_eq!(registry.associations(query, &owned, all()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_strong_association_brings_the_schema_of_its_own_subject() {
    let registry = registry();
    let made = registry.create_associations(request(&[strong("\"int\"")]), false).await.unwrap();
    assert_eq!(made[0].association.subject, subject(OWN));
    assert_eq!(made[0].association.lifecycle, Lifecycle::Strong);
    assert_eq!(made[0].schema.as_ref().unwrap().schema.text, "\"int\"");
    assert_eq!(registry.numbers(OWN).await, [1]);
    assert_eq!(registry.associate(&[strong("\"int\"")]).await, Ok(Vec::new()));
    let other = AssociationRequest { resource_id: Some("other".into()), ..request(&[weak(OWN)]) };
    let other = AssociationRequest { resource_name: Some("t2".into()), ..other };
    let owned = registry.create_associations(other, false).await;
    assert_eq!(owned, Err(RegistryError::SubjectOwned(subject(OWN))));
    let referring = registry.put("user", &user_of(OWN, 1)).await;
    assert!(matches!(referring, Err(RegistryError::InvalidSchema(_))), "{referring:?}");
}

#[tokio::test]
async fn an_owned_subject_is_no_target_of_references_and_a_target_is_not_owned() {
    let registry = registry();
    registry.associate(&[strong(&record(&[]))]).await.unwrap();
    let refused = Err(RegistryError::ReferenceToOwned(subject(OWN)));
    assert_eq!(registry.put("user", &user_of(OWN, 1)).await, refused);
    registry.dissociate(true).await.unwrap();
    registry.put_text(OWN, &record(&[])).await.unwrap();
    registry.put("user", &user_of(OWN, 1)).await.unwrap();
    let referenced = registry.associate(&[strong(&record(&[]))]).await;
    let expected = RegistryError::ReferenceExists(subject(OWN), SchemaVersion(1));
    assert_eq!(referenced, Err(expected));
}

#[tokio::test]
async fn requests_that_contradict_themselves_are_refused() {
    let registry = with_subject("s").await;
    registry.put_text(OWN, "\"string\"").await.unwrap();
    let with_schema = |lifecycle, frozen, name: Option<&str>| AssociationDraft {
        lifecycle,
        frozen,
        subject: name.map(str::to_owned),
        ..strong("\"int\"")
    };
    for (drafts, property) in [
        (vec![], "associations"),
        (vec![AssociationDraft::default()], "subject"),
        (vec![weak("")], "subject"),
        (vec![weak(OWN)], "subject"),
        (vec![AssociationDraft { frozen: Some(true), ..weak("s") }], "frozen"),
        (
            vec![AssociationDraft { association_type: Some("header".into()), ..weak("s") }],
            "associationType",
        ),
        (vec![weak("s"), weak("s")], "associationType"),
        (vec![AssociationDraft { lifecycle: Some(Lifecycle::Strong), ..weak(OWN) }], "schema"),
        (vec![with_schema(Some(Lifecycle::Weak), None, None)], "lifecycle"),
        (vec![with_schema(None, Some(false), None)], "frozen"),
        (vec![with_schema(None, None, Some("s"))], "subject"),
        (vec![key(weak("s")), strong("\"string\"")], "lifecycle"),
    ] {
        assert_eq!(refused(registry.associate(&drafts).await), property, "{drafts:?}");
    }
    let set = |change: fn(&mut AssociationRequest)| {
        let mut request = request(&[weak("s")]);
        change(&mut request);
        registry.create_associations(request, false)
    };
    assert_eq!(refused(set(|r| r.resource_name = None).await), "resourceName");
    assert_eq!(refused(set(|r| r.resource_name = Some("a.b".into())).await), "resourceName");
    assert_eq!(
        refused(set(|r| r.resource_namespace = Some("x".repeat(257))).await),
        "resourceNamespace"
    );
    assert_eq!(refused(set(|r| r.resource_id = Some(String::new())).await), "resourceId");
    assert_eq!(refused(set(|r| r.resource_type = Some("table".into())).await), "resourceType");
    assert_eq!(registry.associated().await, [""; 0]);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_needs_no_id() {
    let registry = with_subject("s").await;
    for draft in [weak("s"), strong("\"int\"")] {
        let request = AssociationRequest { resource_id: None, ..request(&[draft]) };
        assert_eq!(registry.create_associations(request, true).await, Ok(Vec::new()));
    }
    assert_eq!(registry.numbers(OWN).await, [0; 0]);
    let none = registry.create_associations(request(&[weak("none")]), true).await;
    assert_eq!(none, Err(RegistryError::NoLiveVersion(subject("none"))));
}

#[tokio::test]
async fn an_upsert_adds_weak_associations_and_changes_none() {
    let registry = with_subject("s").await;
    registry.put_text("t", "\"string\"").await.unwrap();
    let lifecycle = Some(Lifecycle::Strong);
    let bare = AssociationDraft { lifecycle, ..AssociationDraft::default() };
    assert_eq!(refused(registry.upsert(bare).await), "lifecycle");
    assert_eq!(refused(registry.upsert(strong("\"int\"")).await), "schema");
    assert_eq!(registry.upsert(weak("s")).await, Ok(1));
    assert_eq!(registry.upsert(weak("s")).await, Ok(0));
    assert_eq!(registry.upsert(AssociationDraft::default()).await, Ok(0));
    assert_eq!(refused(registry.upsert(weak("t")).await), "subject");
    let promoted = AssociationDraft { lifecycle, ..weak("s") };
    assert_eq!(refused(registry.upsert(promoted).await), "frozen");
    assert_eq!(registry.associated().await, ["s"]);
}

#[tokio::test]
async fn an_upsert_changes_no_schema_of_what_is_frozen() {
    let registry = registry();
    registry.associate(&[strong("\"int\"")]).await.unwrap();
    assert_eq!(registry.upsert(strong("\"int\"")).await, Ok(0));
    let frozen = RegistryError::AssociationFrozen(AssociationType::Value, subject(OWN));
    registry.set_level(OWN, "NONE").await;
    assert_eq!(registry.upsert(strong("\"string\"")).await, Err(frozen));
    assert_eq!(registry.numbers(OWN).await, [1]);
}

#[tokio::test]
async fn aliases_and_the_context_of_the_request_apply_to_its_subjects() {
    let registry = with_subject(":.c:s").await;
    let patch = ConfigPatch { alias: FieldPatch::Set("s".into()), ..ConfigPatch::default() };
    registry.update_config(&subject(":.c:alias"), patch).await.unwrap();
    let context = crate::Context::new(".c");
    let request = AssociationRequest { context, ..request(&[weak("alias"), key(weak("s"))]) };
    registry.create_associations(request, false).await.unwrap();
    assert_eq!(registry.associated().await, [":.c:s", ":.c:s"]);
}

#[tokio::test]
async fn an_associated_subject_stays_until_it_is_free() {
    let registry = with_subject("s").await;
    registry.associate(&[weak("s")]).await.unwrap();
    let refused = registry.delete_subject(&subject("s"), false).await;
    assert_eq!(refused, Err(RegistryError::SubjectAssociated(subject("s"))));
    let latest = crate::VersionSpec::Latest;
    let refused = registry.delete_version(&subject("s"), latest, false).await;
    assert_eq!(refused, Err(RegistryError::LastVersionAssociated(subject("s"))));
    registry.set_mode_of("s", "READONLY").await.unwrap();
    assert_eq!(registry.dissociate(false).await, Err(RegistryError::ReadOnly(subject("s"))));
    registry.set_mode_of("s", "READWRITE").await.unwrap();
    assert_eq!(registry.dissociate(false).await, Ok(()));
    assert_eq!(
        registry.dissociate(false).await,
        Err(RegistryError::AssociationNotFound("id".into()))
    );
    assert!(registry.delete_subject(&subject("s"), false).await.is_ok());
}

#[tokio::test]
async fn what_a_resource_owns_goes_with_it() {
    let registry = registry();
    registry.associate(&[strong("\"int\"")]).await.unwrap();
    let frozen = RegistryError::AssociationFrozen(AssociationType::Value, subject(OWN));
    assert_eq!(registry.dissociate(false).await, Err(frozen));
    let filter = AssociationFilter::default();
    assert_eq!(registry.delete_associations("id", &filter, true, true).await, Ok(()));
    assert_eq!(registry.associated().await, [OWN]);
    assert_eq!(registry.dissociate(true).await, Ok(()));
    assert_eq!(registry.numbers(OWN).await, [0; 0]);
}

#[tokio::test]
async fn a_batch_of_changes_is_made_as_a_whole() {
    let registry = with_subject("s").await;
    let batch = async |ops: Vec<AssociationOp>| {
        let shown = registry.mutate_associations(&request(&[]), ops, false).await?;
        Ok::<_, RegistryError>(shown.len())
    };
    let delete = |name: &str| AssociationOp::Delete {
        association_type: Some(name.to_owned()),
        cascade: false,
    };
    let two = vec![AssociationOp::Create(weak("s")), AssociationOp::Create(key(weak("s")))];
    assert_eq!(batch(two).await, Ok(2));
    let half = vec![delete("key"), AssociationOp::Upsert(weak("none"))];
    assert!(batch(half).await.is_err());
    assert_eq!(registry.associated().await, ["s", "s"]);
    assert_eq!(batch(vec![delete("key")]).await, Ok(1));
    assert_eq!(batch(vec![delete("key"), delete("value")]).await, Ok(0));
    assert_eq!(refused(batch(Vec::new()).await), "associations");
}

#[tokio::test]
async fn a_list_of_schemas_is_filtered_by_association() {
    let registry = with_subject("s").await;
    registry.put_text("t", "\"string\"").await.unwrap();
    registry.associate(&[weak("s")]).await.unwrap();
    let list = async |wanted: AssociationListing| {
        let listing = SchemaListing {
            subjects: SubjectFilter::parse(""),
            aliases: false,
            deleted: false,
            latest_only: false,
            rule_type: None,
            associations: Some(wanted),
            page: all(),
        };
        let found = registry.schemas(&listing).await.unwrap();
        let shown =
            found.iter().map(|found| (found.version.subject.to_string(), found.associations.len()));
        shown.collect::<Vec<_>>()
    };
    let (s, t) = (vec![("s".to_owned(), 1)], vec![("t".to_owned(), 0)]);
    let wanted = |lifecycles: &[Lifecycle], unassociated| AssociationListing {
        lifecycles: lifecycles.to_vec(),
        unassociated,
        ..AssociationListing::default()
    };
    assert_eq!(list(wanted(&[], false)).await, s);
    assert_eq!(list(wanted(&[Lifecycle::Weak], false)).await, s);
    assert_eq!(list(wanted(&[Lifecycle::Strong], false)).await, []);
    assert_eq!(list(wanted(&[], true)).await, t);
    assert_eq!(list(wanted(&[Lifecycle::Weak], true)).await, [s, t].concat());
    let association_types = vec!["key".to_owned()];
    let filter = AssociationFilter { association_types, ..AssociationFilter::default() };
    assert_eq!(list(AssociationListing { filter, ..wanted(&[], false) }).await, []);
}
