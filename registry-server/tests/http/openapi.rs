//! The description of the API against the server that gives it.

use super::*;

const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE];

async fn description(server: &Server) -> Value {
    let (status, document) = answer(server.get("/openapi.json")).await;
    assert_eq!(status, 200);
    document
}

/// A path of the description with something in the place of each name.
fn filled(path: &str) -> String {
    path.replace("{id}", "1").replace("{version}", "1").replace(['{', '}'], "")
}

#[tokio::test]
async fn every_path_is_described_with_the_methods_that_it_has() {
    let server = Server::start().await;
    let document = description(&server).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let operations = operations.as_object().unwrap();
        for method in METHODS {
            // No body and no type that would be taken: only the route decides.
            let request = server.request(method.clone(), &filled(path)).header("accept", "text/x");
            let status = request.send().await.unwrap().status().as_u16();
            let is_described = operations.contains_key(&method.as_str().to_lowercase());
            assert_eq!(status != 405, is_described, "{method} {path}: {status}");
            assert_ne!(status, 404, "{method} {path}");
        }
    }
    server.stop().await;
}

/// Every `$ref` below `value`.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn the_description_names_every_operation_once_and_refers_to_what_it_holds() {
    let server = Server::start().await;
    let document = description(&server).await;
    let paths = document["paths"].as_object().unwrap();
    let mut names: Vec<&str> = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
    let found = references(&document);
    let is_missing =
        |name: &&&str| document.pointer(name.strip_prefix('#').unwrap_or_default()).is_none();
    assert_eq!(found.iter().filter(is_missing).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(found.len() > paths.len(), "{} references", found.len());
    server.stop().await;
}

#[tokio::test]
async fn what_handlers_take_and_give_is_described() {
    let server = Server::start().await;
    let document = description(&server).await;
    let register = &document["paths"]["/subjects/{subject}/versions"]["post"];
    let schema = |content: &Value| content["application/json"]["schema"].clone();
    assert_eq!(
        schema(&register["requestBody"]["content"]),
        json!({"$ref": "#/components/schemas/RegisterRequest"})
    );
    assert_eq!(
        schema(&register["responses"]["200"]["content"]),
        json!({"$ref": "#/components/schemas/SchemaDocument"})
    );
    let conflict = register["responses"]["409"]["$ref"].as_str().unwrap();
    let conflict = document.pointer(conflict.strip_prefix('#').unwrap()).unwrap();
    assert_eq!(conflict["description"], "40901 IncompatibleSchema");
    let level = &document["components"]["schemas"]["ConfigDocument"]["properties"]["compatibilityLevel"]
        ["enum"];
    assert_eq!(level[1], "BACKWARD");
    server.stop().await;
}
