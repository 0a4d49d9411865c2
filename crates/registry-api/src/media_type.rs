//! The media types of the API, best first.

/// What answers carry unless the client prefers another.
pub const REGISTRY_V1: &str = "application/vnd.schemaregistry.v1+json";
pub const REGISTRY: &str = "application/vnd.schemaregistry+json";
pub const JSON: &str = "application/json";
/// Taken for request bodies only; a missing Content-Type counts as this.
pub const OCTET_STREAM: &str = "application/octet-stream";

/// The types answers can have, in falling preference, with the server's weight in thousandths.
pub const RESPONSE_TYPES: [(&str, u32); 3] = [(REGISTRY_V1, 1000), (REGISTRY, 900), (JSON, 500)];

/// The types request bodies may have.
pub const REQUEST_TYPES: [&str; 4] = [REGISTRY_V1, REGISTRY, JSON, OCTET_STREAM];
