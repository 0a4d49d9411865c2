//! `mock://scope` in the place of a registry's URL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use levada_serde::{Error, RegistryClient, SchemaDefinition};
use levada_testing::registry_url;

async fn client(url: &str) -> RegistryClient {
    RegistryClient::new(registry_url(url).await.unwrap()).unwrap()
}

#[tokio::test]
async fn clients_of_one_scope_share_a_registry_and_those_of_others_do_not() {
    let int = SchemaDefinition::avro(r#""int""#);
    let id = client("mock://a").await.register("s", &int, false).await.unwrap().id;
    assert_eq!(client("mock://a").await.lookup("s", &int, false).await.unwrap().id, id);
    let elsewhere = client("mock://b").await.lookup("s", &int, false).await.unwrap_err();
    assert!(matches!(elsewhere, Error::Registry(_)), "{elsewhere}");
}

#[tokio::test]
async fn any_other_url_stands_for_itself_and_a_client_names_who_knows_this_one() {
    let url = "https://registry.example/sr";
    assert_eq!(registry_url(url).await.unwrap(), url);
    let error = RegistryClient::new("mock://a").unwrap_err().to_string();
    assert!(error.contains("levada_testing::registry_url"), "{error}");
}
