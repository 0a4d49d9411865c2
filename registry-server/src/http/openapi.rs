//! GET `/openapi.json`: the API described in `OpenAPI` 3.1, made from the routes that are served.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use axum::body::Bytes;
use levada_registry_api::{ErrorBody, ErrorCode, media_type};
use levada_registry_core::{AssociationType, Mode};
use levada_schema_core::{
    CompatibilityLevel, ExecutionEnvironment, RuleKind, RuleMode, SchemaType,
};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::association_batches::OP_TYPES;
use super::convert::ENTITY_TYPES;
use super::error::HttpError;
use super::parameters::{FORMAT, Parameter, algorithms, lifecycles, path_schema};
use super::reply::Document;
use super::route::{Content, Operation, Route, get};
use super::router::routes;

const DESCRIPTION: &str = "\
    The REST API of a Confluent-compatible schema registry, with the DEK registry and associations. \
    Subjects outside the default context are written `:.context:subject`; a path that begins with \
    `/contexts/{context}` means that context wherever a subject names none. A slash at the end of a \
    path changes nothing. Unknown parameters and unknown members of bodies are ignored.";

/// What can happen to any request.
const ALWAYS: [ErrorCode; 8] = [
    ErrorCode::UriTooLong,
    ErrorCode::TooManyRequests,
    ErrorCode::HeaderFieldsTooLarge,
    ErrorCode::InternalServerError,
    ErrorCode::StoreFailure,
    ErrorCode::Timeout,
    ErrorCode::LeaderNotKnown,
    ErrorCode::ServiceUnavailable,
];
/// What can happen to a request with a name in its path or in its parameters.
const WITH_NAMES: [ErrorCode; 2] = [ErrorCode::BadRequest, ErrorCode::InvalidSubject];
/// What can happen to a request with a body.
const WITH_BODY: [ErrorCode; 5] = [
    ErrorCode::BadRequest,
    ErrorCode::RequestTimeout,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnprocessableEntity,
    ErrorCode::InvalidSubject,
];

/// What can happen to a request for a format.
const WITH_FORMAT: [ErrorCode; 1] = [ErrorCode::InvalidSchema];

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document(&routes()).to_string().into());

pub(super) fn served() -> Vec<Route> {
    vec![Route::operational("/openapi.json", get(show, "getDescription", "This document"))]
}

/// GET `/openapi.json`
pub(super) async fn show() -> Result<Document, HttpError> {
    Ok(Document(DOCUMENT.clone()))
}

fn document(routes: &[Route]) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    generator.subschema_for::<ErrorBody>();
    let mut refused = Map::new();
    let paths: Map<String, Value> = routes
        .iter()
        .map(|route| (route.path.to_owned(), path_item(route, &mut generator, &mut refused)))
        .collect();
    let mut schemas = generator.take_definitions(true);
    name_words(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "levada schema registry",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/"}, {
            "url": "/contexts/{context}",
            "description": "The API as seen from inside one context.",
            "variables": {"context": {"default": "."}},
        }],
        "paths": paths,
        "components": {"schemas": schemas, "responses": refused},
    })
}

/// Lists the words of members that hold one of a few; in the bodies they are plain text.
fn name_words(schemas: &mut Map<String, Value>) {
    let environments = ExecutionEnvironment::ALL.iter().map(|known| known.as_str()).collect();
    let words: [(&str, Vec<&str>); 10] = [
        ("schemaType", SchemaType::ALL.map(SchemaType::as_str).to_vec()),
        ("compatibility", CompatibilityLevel::ALL.map(CompatibilityLevel::as_str).to_vec()),
        ("compatibilityLevel", CompatibilityLevel::ALL.map(CompatibilityLevel::as_str).to_vec()),
        ("lifecycle", lifecycles()),
        ("associationType", AssociationType::ALL.iter().map(|known| known.as_str()).collect()),
        ("algorithm", algorithms()),
        ("kind", RuleKind::ALL.iter().map(|known| known.as_str()).collect()),
        ("enableAt", environments),
        ("opType", OP_TYPES.to_vec()),
        ("entityType", ENTITY_TYPES.to_vec()),
    ];
    for (name, schema) in schemas {
        let modes: Vec<&str> = match name.as_str() {
            "Rule" => RuleMode::ALL.iter().map(|known| known.as_str()).collect(),
            _ => Mode::ALL.map(Mode::as_str).to_vec(),
        };
        let words = words.iter().map(|(member, words)| (*member, words)).chain([("mode", &modes)]);
        for (member, words) in words {
            let Some(shape) = schema.pointer_mut(&format!("/properties/{member}")) else {
                continue;
            };
            let is_nullable = shape["type"].is_array();
            let null = is_nullable.then_some(Value::Null);
            shape["enum"] = words.iter().map(|word| json!(word)).chain(null).collect();
        }
    }
}

fn path_item(
    route: &Route,
    generator: &mut SchemaGenerator,
    refused: &mut Map<String, Value>,
) -> Value {
    let operations = route.operations.iter().map(|operation| {
        let method = operation.method.as_str().to_ascii_lowercase();
        (method, describe(route, operation, generator, refused))
    });
    Value::Object(operations.collect())
}

fn describe(
    route: &Route,
    operation: &Operation,
    generator: &mut SchemaGenerator,
    refused: &mut Map<String, Value>,
) -> Value {
    let names = route.names().map(
        |name| json!({"name": name, "in": "path", "required": true, "schema": path_schema(name)}),
    );
    let parameters = operation.parameters.iter().map(|parameter| {
        let Parameter { name, kind, description } = parameter;
        json!({"name": name, "in": "query", "description": description, "schema": kind.schema()})
    });
    let success = (operation.answer)(generator);
    let body = (operation.body)(generator);
    let mut responses = Map::from_iter([(success.status.to_string(), answer(success.content))]);
    for (status, codes) in refusals(route, operation, body.is_some()) {
        let name = codes.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        refused.entry(name).or_insert_with(|| refusal(&codes));
        responses.insert(status.to_string(), reference);
    }
    let mut described = json!({
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": names.chain(parameters).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Some(schema) = body {
        let content = content(&media_type::REQUEST_TYPES, Some(&json!(schema)));
        described["requestBody"] = json!({"required": true, "content": content});
    }
    described
}

fn answer(answer: Content) -> Value {
    let (description, content) = match answer {
        Content::None => return json!({"description": "Done"}),
        Content::Json(schema) => ("Done", negotiated(Some(&json!(schema)))),
        Content::SchemaText => ("The text of the schema", negotiated(None)),
        Content::Own(name) => ("Done", content(&[name], None)),
    };
    json!({"description": description, "content": content})
}

/// The answer that carries one of these error codes, which share a status.
fn refusal(codes: &BTreeSet<u32>) -> Value {
    let name = |code: &u32| {
        ErrorCode::from_code(*code).map_or(String::new(), |known| format!("{code} {known:?}"))
    };
    let schema = json!({
        "$ref": "#/components/schemas/ErrorBody",
        "properties": {"error_code": {"enum": codes}},
    });
    json!({
        "description": codes.iter().map(name).collect::<Vec<_>>().join(", "),
        "content": negotiated(Some(&schema)),
    })
}

/// The codes of the operation itself, and those that its parts can lead to, by status.
fn refusals(route: &Route, operation: &Operation, has_body: bool) -> BTreeMap<u16, BTreeSet<u32>> {
    let mut codes = operation.refusals.clone();
    codes.extend(ALWAYS);
    if !route.is_operational {
        codes.extend([ErrorCode::NotAcceptable, ErrorCode::UnsupportedMediaType]);
    }
    if route.names().next().is_some() || !operation.parameters.is_empty() {
        codes.extend(WITH_NAMES);
    }
    if route.names().any(|name| name == "id")
        || operation.parameters.iter().any(|parameter| parameter.kind.is_checked())
    {
        codes.push(ErrorCode::NotFound);
    }
    if route.names().any(|name| name == "version") {
        codes.push(ErrorCode::InvalidVersion);
    }
    if operation.parameters.iter().any(|parameter| parameter.name == FORMAT.name) {
        codes.extend(WITH_FORMAT);
    }
    if has_body {
        codes.extend(WITH_BODY);
    }
    let mut by_status: BTreeMap<u16, BTreeSet<u32>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.http_status()).or_default().insert(code.code());
    }
    by_status
}

/// Content of any of the media types that answers can have.
fn negotiated(schema: Option<&Value>) -> Value {
    content(&media_type::RESPONSE_TYPES.map(|(name, _)| name), schema)
}

/// Without a schema it is text of any form.
fn content(types: &[&str], schema: Option<&Value>) -> Value {
    let shape = schema.map_or_else(|| json!({}), |schema| json!({"schema": schema}));
    let entries = types.iter().map(|name| ((*name).to_owned(), shape.clone()));
    Value::Object(entries.collect())
}
