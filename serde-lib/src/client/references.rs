//! Fetches everything that a schema refers to, in dependency order, within bounds.

use std::collections::HashSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use levada_registry_api::{SchemaDocument, SchemaReference};
use levada_schema_core::{Reference, ResolvedReference};

use super::Inner;
use super::ask::{document_of, invalid_answer};
use super::http::Call;
use crate::Error;

/// Most schemas and longest chain that are followed from one schema.
pub(super) const REFERENCES_MAX: usize = 256;
pub(super) const DEPTH_MAX: usize = 32;

/// The closure of `direct`: every target once, behind everything that it refers to itself.
pub(super) async fn fetch(
    inner: &Inner,
    direct: Vec<SchemaReference>,
) -> Result<Vec<ResolvedReference>, Error> {
    let mut walk = Walk { inner, seen: HashSet::new(), resolved: Vec::new() };
    walk.visit(direct, 0).await?;
    Ok(walk.resolved)
}

struct Walk<'a> {
    inner: &'a Inner,
    /// Subjects and versions met; a cycle ends at the second meeting.
    seen: HashSet<(String, i32)>,
    resolved: Vec<ResolvedReference>,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        references: Vec<SchemaReference>,
        depth: usize,
    ) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            for reference in references {
                let SchemaReference {
                    name: Some(name),
                    subject: Some(subject),
                    version: Some(version),
                } = reference
                else {
                    return Err(invalid_answer(&self.inner.http, "a reference is incomplete"));
                };
                if !self.seen.insert((subject.clone(), version)) {
                    continue;
                }
                if self.seen.len() > REFERENCES_MAX || depth >= DEPTH_MAX {
                    let reason = format!(
                        "it refers to more than {REFERENCES_MAX} schemas or over more than \
                         {DEPTH_MAX} levels"
                    );
                    return Err(invalid_answer(&self.inner.http, reason));
                }
                let target = self.target(&subject, version).await?;
                self.visit(target.references, depth + 1).await?;
                let text = target.schema;
                let text =
                    text.ok_or_else(|| invalid_answer(&self.inner.http, "it has no schema"))?;
                let reference = Reference { name, subject, version };
                self.resolved.push(ResolvedReference { reference, text });
            }
            Ok(())
        }
        .boxed()
    }

    /// A soft-deleted version still defines what others refer to.
    async fn target(&self, subject: &str, version: i32) -> Result<SchemaDocument, Error> {
        if let Some((text, references)) = self.inner.bundle.target(subject, version) {
            let references = references.iter().map(document_of).collect();
            let schema = Some(text.to_owned());
            return Ok(SchemaDocument { schema, references, ..SchemaDocument::default() });
        }
        let number = version.to_string();
        let path = &["subjects", subject, "versions", &number];
        Ok(self.inner.http.send(Call::get(path).query(&[("deleted", "true")])).await?)
    }
}
