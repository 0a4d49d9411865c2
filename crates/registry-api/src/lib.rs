//! What the registry's REST API sends and receives, and the one table of its error codes.
//!
//! Bodies are written field for field as the reference sends them: documents leave out members
//! that are null or empty, and unknown members of requests are ignored. Server and clients share
//! these types, so neither can drift from the other. There is no behaviour here: what a body
//! means is decided in registry-core.

mod associations;
mod compatibility;
mod config;
mod contract;
mod error_code;
mod keys;
pub mod media_type;
mod metadata_documents;
mod mode;
mod patch;
mod schema;
mod tags;
mod wire;

pub use associations::{
    AssociatedDocument, AssociationDocument, AssociationOpRequest, AssociationUpdate,
    AssociationsQuery, AssociationsRequest, BatchDocument, BatchRequest, BatchResult,
    ResourceDocument,
};
pub use compatibility::CompatibilityDocument;
pub use config::{ConfigDocument, ConfigUpdate};
pub use contract::{Metadata, Rule, RuleSet};
pub use error_code::{ErrorBody, ErrorCode};
pub use keys::{CreateDekRequest, CreateKekRequest, DekDocument, KekDocument, UpdateKekRequest};
pub use metadata_documents::{
    ClusterIdDocument, ClusterScope, DeploymentDocument, VersionDocument,
};
pub use mode::{ModeDocument, ModeUpdate};
pub use patch::Patch;
pub use schema::{
    ContextId, ListedSchemaDocument, RegisterRequest, SchemaDocument, SchemaReference,
    SubjectVersion, TagsRequest,
};
pub use tags::{SchemaEntity, SchemaTags};

#[cfg(test)]
mod tests;
