//! Showing a schema in the format that a request asks for.

use levada_registry_api::SchemaDocument;
use levada_registry_core::{SchemaFormat, StoredVersion};

use super::convert;
use super::error::HttpError;
use super::extract::Params;
use super::parameters::{FIND_TAGS, FORMAT, REFERENCE_FORMAT};
use crate::app::App;

impl App {
    /// The text of a version in the wanted format.
    pub(super) async fn text(
        &self,
        version: &StoredVersion,
        params: &Params,
    ) -> Result<String, HttpError> {
        let name = params.text(FORMAT).unwrap_or_default();
        let format = SchemaFormat::parse(name, version.schema.schema_type);
        Ok(self.registry.text(version, format).await?)
    }

    /// As [`Self::text`], or as a type definition.
    pub(super) async fn text_or_definition(
        &self,
        version: &StoredVersion,
        params: &Params,
    ) -> Result<String, HttpError> {
        if is_logical(params) {
            return Ok(self.registry.text(version, SchemaFormat::Logical).await?);
        }
        self.text(version, params).await
    }

    /// As [`Self::version_document`], with the tagged entities that `findTags` asks for, and
    /// references as `referenceFormat` wants them.
    pub(super) async fn whole_document(
        &self,
        version: &StoredVersion,
        params: &Params,
    ) -> Result<SchemaDocument, HttpError> {
        let mut shown = self.version_document(version, params).await?;
        let wanted: Vec<String> = params.all(FIND_TAGS).map(str::to_owned).collect();
        if !wanted.is_empty() {
            let found = self.registry.tagged_entities(version, &wanted).await?;
            shown.schema_tags = found.into_iter().map(convert::schema_tags).collect();
        }
        if params.text(REFERENCE_FORMAT) == Some("qualified") {
            convert::qualify_references(&mut shown, &version.subject.context);
        }
        Ok(shown)
    }

    /// A version with its text in the wanted format.
    pub(super) async fn version_document(
        &self,
        version: &StoredVersion,
        params: &Params,
    ) -> Result<SchemaDocument, HttpError> {
        Ok(convert::version(version, self.text(version, params).await?))
    }
}

/// Whether `format` asks for type definitions, which only versions by their number know.
pub(super) fn is_logical(params: &Params) -> bool {
    params.text(FORMAT).is_some_and(|name| name.eq_ignore_ascii_case("logical"))
}
