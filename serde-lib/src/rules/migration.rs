//! What brings a message from one version of a subject to another.

use std::sync::Arc;

use serde_json::Value as Json;

use super::plan::Phase;
use super::{Form, Message, RuleError, RuleMode, Rules, Scope};
use crate::Error;
use crate::client::{RegisteredSchema, RegistryClient};
use crate::json::JsonMessage;

/// Most versions between a writer and a reader.
const STEPS_MAX: i32 = 1_000;

/// The steps between two versions that have rules, in the order in which they are taken.
#[derive(Debug, Default)]
pub(crate) struct Migrations(Vec<Phase>);

impl Migrations {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes every step on the JSON form of the message, which no schema binds meanwhile.
    pub(crate) fn apply<'s>(
        &self,
        message: &Message<'_>,
        form: impl FnOnce(Json) -> Result<Form<'s>, RuleError>,
    ) -> Result<Message<'s>, Error> {
        let failed = |error| match self.0.last() {
            Some(last) => last.failure(error),
            None => Error::Config("there is nothing to migrate by".to_owned()),
        };
        let json = message.to_json().map_err(failed)?;
        let mut between = Message(Form::Json(JsonMessage::free(json)));
        for step in &self.0 {
            step.apply(&mut between)?;
        }
        let json = between.to_json().map_err(failed)?;
        form(json).map(Message).map_err(failed)
    }
}

/// The rules on the way from the writer's version to the one that is asked for. A version's rules
/// say how to come to it from the one before, and back.
pub(super) async fn plan(
    rules: &Rules,
    scope: Scope<'_>,
    (from, writer): (i32, &RegisteredSchema),
    (to, wanted): (i32, &Arc<RegisteredSchema>),
) -> Result<Migrations, Error> {
    let mode = if from < to { RuleMode::Upgrade } else { RuleMode::Downgrade };
    let (first, last) = (from.min(to), from.max(to));
    if last - first > STEPS_MAX {
        let reason = format!("versions {first} and {last} are more than {STEPS_MAX} steps apart");
        return Err(Error::Config(reason));
    }
    let mut steps = Vec::new();
    // The oldest version is where the way begins or ends: its own rules lead below it.
    for number in first + 1..=last {
        let schema = if number == to {
            Some(Arc::clone(wanted))
        } else if number == from {
            Some(Arc::new(writer.clone()))
        } else {
            between(scope.client, scope.subject, number).await?
        };
        let Some(schema) = schema else { continue };
        let step = Phase::of(rules, scope, &schema, |set| &set.migration_rules, mode).await?;
        if !step.is_empty() {
            steps.push(step);
        }
    }
    if mode == RuleMode::Downgrade {
        steps.reverse();
    }
    Ok(Migrations(steps))
}

/// A version between; soft-deleted ones count, one that is gone for good is no step.
async fn between(
    client: &RegistryClient,
    subject: &str,
    number: i32,
) -> Result<Option<Arc<RegisteredSchema>>, Error> {
    match client.version_even_deleted(subject, number).await {
        Ok(version) => Ok(Some(Arc::new(version.schema))),
        Err(Error::Registry(error)) if error.status() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}
