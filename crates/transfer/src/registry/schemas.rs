//! Subjects and their versions.

use levada_registry_api::{RegisterRequest, SchemaDocument};
use levada_serde::client::Call;
use serde_json::Value;

use super::{DELETED, Registry, is_too_long, json};
use crate::TransferError;
use crate::names::{in_path, is_context, prefix_of, scope_of_context};
use crate::record::VersionRecord;

/// Schemas of a page, to begin with; their texts may make it too long.
const SCHEMAS_PAGE: usize = 500;
/// The version is soft-deleted already.
const VERSION_SOFT_DELETED: u32 = 40406;

impl Registry {
    /// The contexts in which something was ever registered, as scopes.
    pub(crate) async fn contexts(&self) -> Result<Vec<String>, TransferError> {
        let listed = self.names(&["contexts"], &[]).await?;
        Ok(listed.iter().map(|name| scope_of_context(name)).collect())
    }

    /// Every subject of every context, soft-deleted ones included.
    pub(crate) async fn subjects(&self) -> Result<Vec<String>, TransferError> {
        self.names(&["subjects"], &[("subjectPrefix", ":*:"), DELETED]).await
    }

    /// Whether a context has any subject, soft-deleted ones included.
    pub(crate) async fn has_subjects(&self, context: &str) -> Result<bool, TransferError> {
        let query = [("subjectPrefix", prefix_of(context)), DELETED, ("limit", "1")];
        let found: Option<Vec<String>> = self.find(Call::get(&["subjects"]).query(&query)).await?;
        Ok(found.is_some_and(|names| !names.is_empty()))
    }

    /// The numbers of a subject's versions, soft-deleted ones included.
    pub(crate) async fn version_numbers(&self, subject: &str) -> Result<Vec<i32>, TransferError> {
        if self.aliases(subject).await?.schemas {
            let listed = self.listed(subject).await?;
            return Ok(listed.iter().map(|version| version.version).collect());
        }
        let path = ["subjects", &in_path(subject), "versions"];
        let numbers: Option<Vec<i32>> = self.find(Call::get(&path).query(&[DELETED])).await?;
        Ok(numbers.unwrap_or_default())
    }

    /// A version, soft-deleted or not.
    pub(crate) async fn version(
        &self,
        subject: &str,
        version: i32,
    ) -> Result<Option<VersionRecord>, TransferError> {
        if self.aliases(subject).await?.schemas {
            let listed = self.listed(subject).await?;
            return Ok(listed.into_iter().find(|found| found.version == version));
        }
        let name = in_path(subject);
        let path = ["subjects", &name, "versions", &version.to_string()];
        let call = Call::get(&path).query(&[DELETED]);
        let request = call.to_string();
        let Some(shown) = self.find::<SchemaDocument>(call).await? else { return Ok(None) };
        // What is not in the default context is looked for in all others, and found under
        // another name.
        if shown.subject.as_deref().is_some_and(|found| in_path(found) != name) {
            return Ok(None);
        }
        let deleted = match shown.deleted {
            Some(deleted) => deleted,
            // Registries before version 8 do not tell.
            None => self.find::<Value>(Call::get(&path)).await?.is_none(),
        };
        let invalid = |reason: &str| TransferError::InvalidAnswer {
            request: request.clone(),
            reason: reason.to_owned(),
        };
        version_record(SchemaDocument { subject: Some(subject.to_owned()), ..shown }, deleted)
            .ok_or_else(|| invalid("it has no version, no id or no schema"))
            .map(Some)
    }

    /// Every version of a subject that an alias hides: lists show it all the same.
    async fn listed(&self, subject: &str) -> Result<Vec<VersionRecord>, TransferError> {
        let all = self.schemas(subject, &[DELETED]).await?;
        let live = self.schemas(subject, &[]).await?;
        let is_live = |version: Option<i32>| live.iter().any(|found| found.version == version);
        let records = all.into_iter().filter_map(|shown| {
            let deleted = shown.deleted.unwrap_or_else(|| !is_live(shown.version));
            version_record(shown, deleted)
        });
        Ok(records.collect())
    }

    /// The listed versions of one subject.
    async fn schemas(
        &self,
        subject: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<SchemaDocument>, TransferError> {
        let query = [&[("subjectPrefix", subject)], query].concat();
        let mut found = Vec::new();
        self.each_schema(&query, |shown| {
            if shown.get("subject").and_then(Value::as_str) == Some(subject) {
                found.extend(serde_json::from_value::<SchemaDocument>(shown));
            }
        })
        .await?;
        Ok(found)
    }

    /// The names that stand for another subject, as far as that subject exists.
    pub(crate) async fn alias_names(&self) -> Result<Vec<String>, TransferError> {
        let everything = [("subjectPrefix", ":*:"), ("aliases", "true"), ("latestOnly", "true")];
        let mut names = Vec::new();
        self.each_schema(&[everything.as_slice(), &[DELETED]].concat(), |shown| {
            let aliases = shown.get("aliases").and_then(Value::as_array);
            let aliases = aliases.into_iter().flatten().filter_map(Value::as_str);
            names.extend(aliases.map(str::to_owned));
        })
        .await?;
        names.retain(|name| !is_context(name));
        Ok(names)
    }

    /// Walks over all pages of a list of schemas, with smaller ones where texts are long. It ends as
    /// a list of names does.
    pub(super) async fn each_schema(
        &self,
        query: &[(&str, &str)],
        mut visit: impl FnMut(Value),
    ) -> Result<(), TransferError> {
        let (mut offset, mut limit) = (0, SCHEMAS_PAGE);
        let place = |shown: &Value| (shown.get("subject").cloned(), shown.get("version").cloned());
        let mut begin = None;
        loop {
            let (from, most) = (offset.to_string(), limit.to_string());
            let paging = [("offset", from.as_str()), ("limit", most.as_str())];
            let query = [query, &paging].concat();
            let call = Call::get(&["schemas"]).query(&query);
            let page = match self.find::<Vec<Value>>(call).await {
                Err(error) if is_too_long(&error) && limit > 1 => {
                    limit /= 2;
                    continue;
                }
                page => page?.unwrap_or_default(),
            };
            let first = page.first().map(place);
            if first.is_none() || first == begin {
                return Ok(());
            }
            begin = begin.or(first);
            offset += page.len();
            page.into_iter().for_each(&mut visit);
        }
    }

    /// Registers a schema under the id and the version that it has.
    pub(crate) async fn register(&self, record: &VersionRecord) -> Result<(), TransferError> {
        let body = RegisterRequest {
            id: Some(record.id),
            version: Some(record.version),
            ..request(record)
        };
        let path = ["subjects", &in_path(&record.subject), "versions"];
        self.change(Call::post(&path, json(&body)), None).await
    }

    /// The id under which the registry finds the record's schema in its subject, however its text
    /// is written.
    pub(crate) async fn id_of(&self, record: &VersionRecord) -> Result<Option<i32>, TransferError> {
        let path = ["subjects", &in_path(&record.subject)];
        let call = Call::post(&path, json(&request(record)));
        match self.ask::<SchemaDocument>(call.query(&[DELETED])).await {
            Ok(found) if found.subject.as_deref() == Some(&record.subject) => Ok(found.id),
            // Found in another context.
            Ok(_) => Ok(None),
            Err(error) if error.refusal().is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Soft-deletes a version.
    pub(crate) async fn soft_delete(
        &self,
        subject: &str,
        version: i32,
    ) -> Result<(), TransferError> {
        let path = ["subjects", &in_path(subject), "versions", &version.to_string()];
        self.change(Call::delete(&path), Some(VERSION_SOFT_DELETED)).await
    }
}

fn version_record(shown: SchemaDocument, deleted: bool) -> Option<VersionRecord> {
    Some(VersionRecord {
        subject: shown.subject?,
        version: shown.version?,
        id: shown.id?,
        guid: shown.guid,
        schema_type: shown.schema_type.unwrap_or_else(|| "AVRO".to_owned()),
        references: shown.references,
        metadata: shown.metadata,
        rule_set: shown.rule_set,
        schema: shown.schema?,
        deleted,
    })
}

fn request(record: &VersionRecord) -> RegisterRequest {
    RegisterRequest {
        schema: Some(record.schema.clone()),
        schema_type: Some(record.schema_type.clone()),
        references: record.references.clone(),
        metadata: record.metadata.clone(),
        rule_set: record.rule_set.clone(),
        ..RegisterRequest::default()
    }
}
