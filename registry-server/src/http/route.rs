//! Routes: a path with its operations, from which both the router and the API's description are
//! made. What an operation takes and gives is read off the signature of its handler.

use std::future::Future;

use axum::extract::State;
use axum::handler::Handler;
use axum::http::Method;
use axum::response::NoContent;
use axum::routing::{self, MethodRouter};
use levada_registry_api::ErrorCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::audit::Acting;
use super::error::HttpError;
use super::extract::{Body, Names, Params};
use super::parameters::Parameter;
use super::reply::{BareText, Document, Json, MultiStatus, OpenMetrics};
use crate::app::AppState;

/// A path of the API.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) operations: Vec<Operation>,
    /// Whether it is for who operates the server: it answers however busy the server is, and in
    /// one media type.
    pub(super) is_operational: bool,
}

impl Route {
    pub(super) fn new(path: &'static str, operations: impl IntoIterator<Item = Operation>) -> Self {
        Self { path, operations: operations.into_iter().collect(), is_operational: false }
    }

    pub(super) fn operational(path: &'static str, operation: Operation) -> Self {
        Self { path, operations: vec![operation], is_operational: true }
    }

    /// The names in the path, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
    }
}

/// What one method does at a path.
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) handler: MethodRouter<AppState>,
    /// Unique over the API; what generated clients call it.
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// Whether it changes something, and so leaves a row in the audit.
    pub(super) is_change: bool,
    /// Whether its answers are kept until something changes.
    pub(super) is_remembered: bool,
    /// Query parameters.
    pub(super) parameters: &'static [Parameter],
    /// The error codes of its own; those that follow from path, parameters and body are added.
    pub(super) refusals: Vec<ErrorCode>,
    pub(super) body: fn(&mut SchemaGenerator) -> Option<Schema>,
    pub(super) answer: fn(&mut SchemaGenerator) -> Success,
}

impl Operation {
    pub(super) fn takes(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    pub(super) fn changes(mut self) -> Self {
        self.is_change = true;
        self
    }

    /// For single reads that are asked again and again; their answers are a body alone.
    pub(super) fn remembered(mut self) -> Self {
        self.is_remembered = true;
        self
    }

    /// May be repeated.
    pub(super) fn refuses(mut self, codes: &[ErrorCode]) -> Self {
        self.refusals.extend(codes);
        self
    }
}

/// The answer of an operation that succeeds.
pub(super) struct Success {
    pub(super) status: u16,
    pub(super) content: Content,
}

pub(super) enum Content {
    None,
    /// JSON of one of the API's media types, as negotiated.
    Json(Schema),
    /// The text of a schema under the same media types, JSON or not.
    SchemaText,
    /// Of a media type of its own, whatever the client would like.
    Own(&'static str),
}

macro_rules! operations {
    ($($method:ident $constant:ident),+) => {$(
        pub(super) fn $method<H, T, A>(
            handler: H,
            name: &'static str,
            summary: &'static str,
        ) -> Operation
        where
            H: Handler<T, AppState> + Signature<A>,
            T: 'static,
        {
            Operation {
                method: Method::$constant,
                handler: routing::$method(handler),
                name,
                summary,
                is_change: false,
                is_remembered: false,
                parameters: &[],
                refusals: Vec::new(),
                body: H::body,
                answer: H::answer,
            }
        }
    )+};
}

operations!(get GET, post POST, put PUT, delete DELETE);

/// A handler whose parts say what they mean to the API.
pub(super) trait Signature<Args> {
    fn body(generator: &mut SchemaGenerator) -> Option<Schema>;
    fn answer(generator: &mut SchemaGenerator) -> Success;
}

macro_rules! signature {
    ($($part:ident)*) => {
        impl<F, Fut, R, $($part),*> Signature<($($part,)*)> for F
        where
            F: Fn($($part),*) -> Fut,
            Fut: Future<Output = Result<R, HttpError>>,
            R: Given,
            $($part: Taken),*
        {
            fn body(_generator: &mut SchemaGenerator) -> Option<Schema> {
                None$(.or_else(|| $part::schema(_generator)))*
            }

            fn answer(generator: &mut SchemaGenerator) -> Success {
                R::success(generator)
            }
        }
    };
}

signature!();
signature!(A);
signature!(A B);
signature!(A B C);
signature!(A B C D);

/// What a handler takes from a request; the schema of the body, if it is that.
pub(super) trait Taken {
    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }
}

impl Taken for State<AppState> {}
impl Taken for Acting {}
impl Taken for Names {}
impl Taken for Params {}

impl<T: JsonSchema> Taken for Body<T> {
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }
}

/// What a handler answers when it succeeds.
pub(super) trait Given {
    fn success(generator: &mut SchemaGenerator) -> Success;
}

impl<T: JsonSchema> Given for Json<T> {
    fn success(generator: &mut SchemaGenerator) -> Success {
        Success { status: 200, content: Content::Json(generator.subschema_for::<T>()) }
    }
}

impl<T: JsonSchema> Given for MultiStatus<T> {
    fn success(generator: &mut SchemaGenerator) -> Success {
        Success { status: 207, content: Content::Json(generator.subschema_for::<T>()) }
    }
}

impl Given for NoContent {
    fn success(_: &mut SchemaGenerator) -> Success {
        Success { status: 204, content: Content::None }
    }
}

impl Given for BareText {
    fn success(_: &mut SchemaGenerator) -> Success {
        Success { status: 200, content: Content::SchemaText }
    }
}

impl Given for OpenMetrics {
    fn success(_: &mut SchemaGenerator) -> Success {
        Success { status: 200, content: Content::Own(OpenMetrics::MEDIA_TYPE) }
    }
}

impl Given for Document {
    fn success(_: &mut SchemaGenerator) -> Success {
        Success { status: 200, content: Content::Own(Document::MEDIA_TYPE) }
    }
}
