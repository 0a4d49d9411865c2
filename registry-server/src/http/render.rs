//! Showing a schema in the format that a request asks for.

use levada_registry_api::SchemaDocument;
use levada_registry_core::{SchemaFormat, StoredVersion};

use super::convert;
use super::error::HttpError;
use super::extract::Params;
use crate::app::AppState;

impl AppState {
    /// The text of a version in the wanted format.
    pub(super) async fn text(
        &self,
        version: &StoredVersion,
        params: &Params,
    ) -> Result<String, HttpError> {
        let name = params.text("format").unwrap_or_default();
        let format = SchemaFormat::parse(name, version.schema.schema_type)?;
        Ok(self.registry.text(version, format).await?)
    }

    /// A version with its text in the wanted format.
    pub(super) async fn version_document(
        &self,
        version: &StoredVersion,
        params: &Params,
    ) -> Result<SchemaDocument, HttpError> {
        let text = self.text(version, params).await?;
        let mut shown = convert::version(version, text);
        let wanted: Vec<String> = params.all("findTags").map(str::to_owned).collect();
        if !wanted.is_empty() {
            let found = self.registry.tagged_entities(version, &wanted).await?;
            shown.schema_tags = found.into_iter().map(convert::schema_tags).collect();
        }
        if params.text("referenceFormat") == Some("qualified") {
            convert::qualify_references(&mut shown, &version.subject.context);
        }
        Ok(shown)
    }
}

/// With `format=logical` the body is a type definition and no schema.
pub(super) fn refuse_logical_format(params: &Params) -> Result<(), HttpError> {
    match params.text("format") {
        Some(name) if name.eq_ignore_ascii_case("logical") => {
            Err(HttpError::not_implemented("Registration with format=logical"))
        }
        _ => Ok(()),
    }
}
