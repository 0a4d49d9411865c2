//! Schemas handed in as type definitions.

use levada_logical_types::{LogicalError, Target, to_native};
use levada_schema_core::SchemaType;

use super::references::References;
use super::register::deleted_reference;
use super::{Draft, Registry};
use crate::parser::resolved;
use crate::{QualifiedSubject, RegistryError, Store};

impl<S: Store> Registry<S> {
    /// `draft`, whose text is a type definition, with the native text that it means.
    ///
    /// No type is implied: the definition means the same in each of them.
    pub async fn native_draft(
        &self,
        subject: &QualifiedSubject,
        draft: Draft,
    ) -> Result<Draft, RegistryError> {
        let named = draft.schema_type.as_deref().unwrap_or_default().trim();
        let schema_type = SchemaType::ALL
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(named))
            .ok_or_else(|| {
                RegistryError::InvalidSchema(format!(
                    "format=logical needs a schemaType of AVRO, JSON or PROTOBUF, not '{named}'"
                ))
            })?;
        let limits = self.parser.limits;
        let (bytes, limit) = (draft.text.len(), limits.text_bytes_max);
        if bytes > limit {
            return Err(RegistryError::SchemaTooLarge { bytes, limit });
        }
        let mut read = self.store.read().await?;
        let mut references = References::new(&mut read, &limits);
        let closure = references.closure(&subject.context, &draft.references).await?;
        drop(read);
        if let Some(deleted) = &closure.deleted {
            return Err(deleted_reference(deleted));
        }
        let row_name = row_name(&subject.to_string());
        let convert = move || {
            let references = &resolved(&closure.targets);
            let target = Target { schema_type, row_name: &row_name, references };
            let text = to_native(&draft.text, target, &limits)?;
            Ok(Draft { text, schema_type: Some(schema_type.to_string()), ..draft })
        };
        self.parser.pool.run(convert).await?
    }
}

/// What the types of a definition are called that leaves them unnamed.
fn row_name(subject: &str) -> String {
    let name: String =
        subject.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| !c.is_ascii_digit()) { name } else { format!("Envelope{name}") }
}

impl From<LogicalError> for RegistryError {
    fn from(error: LogicalError) -> Self {
        Self::InvalidSchema(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unnamed_types_are_called_like_the_subject() {
        for (subject, expected) in [
            ("orders-value", "orders_value"),
            (":.ctx:a.b", "__ctx_a_b"),
            ("1st", "Envelope1st"),
            ("", "Envelope"),
        ] {
            assert_eq!(row_name(subject), expected);
        }
    }
}
