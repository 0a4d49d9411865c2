//! Fetches everything that a schema refers to, in dependency order, within bounds.

use std::collections::{HashMap, HashSet};

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

/// Context and name of a subject, as a schema of the context `home` calls it: a plain name is of the
/// same context.
pub(super) fn within<'a>(subject: &'a str, home: &'a str) -> (&'a str, &'a str) {
    let qualified = subject.strip_prefix(':').and_then(|rest| rest.split_once(':'));
    qualified.filter(|(context, _)| context.starts_with('.')).unwrap_or((home, subject))
}

/// The closure of `direct`, which stands in a schema of the context `home`: every name once, behind
/// everything that its target refers to itself.
pub(super) async fn fetch(
    inner: &Inner,
    home: &str,
    direct: Vec<SchemaReference>,
) -> Result<Vec<ResolvedReference>, Error> {
    let mut walk =
        Walk { inner, seen: HashSet::new(), fetched: HashMap::new(), resolved: Vec::new() };
    walk.visit(home.to_owned(), direct, 0).await?;
    Ok(walk.resolved)
}

struct Walk<'a> {
    inner: &'a Inner,
    /// Names met, which are what texts use; a cycle ends at the second meeting.
    seen: HashSet<String>,
    /// One version may have several names, and is asked for once.
    fetched: HashMap<(String, i32), SchemaDocument>,
    resolved: Vec<ResolvedReference>,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        home: String,
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
                if !self.seen.insert(name.clone()) {
                    continue;
                }
                if self.seen.len() > REFERENCES_MAX || depth >= DEPTH_MAX {
                    let reason = format!(
                        "it refers to more than {REFERENCES_MAX} schemas or over more than \
                         {DEPTH_MAX} levels"
                    );
                    return Err(invalid_answer(&self.inner.http, reason));
                }
                let (context, plain) = within(&subject, &home);
                let target = self.target(context, plain, version).await?;
                self.visit(context.to_owned(), target.references, depth + 1).await?;
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
    async fn target(
        &mut self,
        context: &str,
        subject: &str,
        version: i32,
    ) -> Result<SchemaDocument, Error> {
        let subject = if context == self.inner.context {
            subject.to_owned()
        } else {
            format!(":{context}:{subject}")
        };
        let key = (subject, version);
        if let Some(known) = self.fetched.get(&key) {
            return Ok(known.clone());
        }
        if let Some((text, references)) = self.inner.bundle.target(&key.0, version) {
            let references = references.iter().map(document_of).collect();
            let schema = Some(text.to_owned());
            return Ok(SchemaDocument { schema, references, ..SchemaDocument::default() });
        }
        let number = version.to_string();
        let path = &["subjects", &key.0, "versions", &number];
        let call = Call::get(path).query(&[("deleted", "true")]);
        let answer: SchemaDocument = self.inner.http.send(call).await?;
        self.fetched.insert(key, answer.clone());
        Ok(answer)
    }
}
