//! Rules in the Common Expression Language: `CEL` on messages, `CEL_FIELD` on fields.
//!
//! The library behind it shows nowhere else. It neither counts steps nor can it be interrupted, so
//! what an expression may cost is bounded by its own size ([`program`]) and that of the message;
//! nested comprehensions multiply.

mod functions;
mod program;
mod value;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use levada_registry_api::Rule;

use super::inline::InlineProgram;
use super::{
    CompiledRule, FieldContext, FieldRule, FieldType, FieldValue, Message, MessageRule, RuleError,
    RuleExecutor, RuleKind, RuleTarget, This,
};
use cel::Value;
use program::{Expression, Guarded, Outcome};

/// Runs rules of the type `CEL`: conditions and transforms of the message as a whole.
///
/// The variable `message` is the value; `now` is the time. A transform gives the new value, in
/// which fields it leaves out have their defaults. `guard ; expression` runs the expression only
/// where the guard holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct CelExecutor;

/// Runs rules of the type `CEL_FIELD`: conditions and transforms of single fields.
///
/// Variables are `value`, `fullName`, `name`, `typeName`, `tags` and, for the record that has the
/// field, `message`; `now` is the time. `guard ; expression` runs the expression only where the
/// guard holds. Enums and `fixed` are passed over, as in the reference.
#[derive(Clone, Copy, Debug, Default)]
pub struct CelFieldExecutor;

impl RuleExecutor for CelExecutor {
    fn kind(&self) -> &'static str {
        "CEL"
    }

    fn compile<'a>(
        &'a self,
        rule: &'a Rule,
        target: &'a RuleTarget<'a>,
    ) -> BoxFuture<'a, Result<CompiledRule, RuleError>> {
        async {
            let program = Guarded::compile(rule.expr.as_deref())?;
            Ok(CompiledRule::Message(Box::new(OnMessage { program, kind: target.kind })))
        }
        .boxed()
    }
}

impl RuleExecutor for CelFieldExecutor {
    fn kind(&self) -> &'static str {
        "CEL_FIELD"
    }

    fn compile<'a>(
        &'a self,
        rule: &'a Rule,
        target: &'a RuleTarget<'a>,
    ) -> BoxFuture<'a, Result<CompiledRule, RuleError>> {
        async {
            let program = Guarded::compile(rule.expr.as_deref())?;
            Ok(CompiledRule::Fields(Box::new(OnFields { program, kind: target.kind })))
        }
        .boxed()
    }
}

struct OnMessage {
    program: Guarded,
    kind: RuleKind,
}

impl MessageRule for OnMessage {
    fn apply(&self, message: &mut Message<'_>) -> Result<bool, RuleError> {
        let variables = || vec![("message", value::of_view(message.view()))];
        match (self.program.run(variables)?, self.kind) {
            (Outcome::PassedOver, _) => Ok(true),
            (Outcome::Value(result), RuleKind::Condition) => value::truth(&result),
            (Outcome::Value(result), RuleKind::Transform) => {
                let json = value::to_json(&result, message.view())?;
                message.set_json(json)?;
                Ok(true)
            }
        }
    }
}

struct OnFields {
    program: Guarded,
    kind: RuleKind,
}

impl FieldRule for OnFields {
    fn apply(&self, field: &FieldContext<'_>, value: &mut FieldValue) -> Result<bool, RuleError> {
        if matches!(field.field_type, FieldType::Enum | FieldType::Fixed) {
            return Ok(true);
        }
        let variables = || {
            let tags: Vec<&str> = field.tags.iter().map(String::as_str).collect();
            vec![
                ("value", value::of_field(value)),
                ("fullName", field.full_name.into()),
                ("name", field.name.into()),
                ("typeName", field.field_type.as_str().into()),
                ("tags", tags.into()),
                ("message", value::of_view(field.message)),
            ]
        };
        match (self.program.run(variables)?, self.kind) {
            (Outcome::PassedOver, _) => Ok(true),
            (Outcome::Value(result), RuleKind::Condition) => value::truth(&result),
            (Outcome::Value(result), RuleKind::Transform) => {
                let new = value::to_field(&result).ok_or_else(|| {
                    RuleError::Failed(format!(
                        "the rule made a {} of a field of type {}",
                        result.type_of(),
                        field.field_type.as_str()
                    ))
                })?;
                *value = new;
                Ok(true)
            }
        }
    }
}

/// A rule that a schema carries itself, about the variable `this`.
pub(super) fn compile_inline(expression: &str) -> Result<Box<dyn InlineProgram>, RuleError> {
    if expression.is_empty() {
        return Err(RuleError::Invalid("it has no expression".to_owned()));
    }
    Ok(Box::new(Expression::compile(expression)?))
}

impl InlineProgram for Expression {
    fn refusal(&self, this: This<'_>) -> Result<Option<String>, RuleError> {
        match self.run(vec![("this", value::of_this(this))])? {
            Value::Bool(holds) => Ok((!holds).then(String::new)),
            Value::String(told) => {
                Ok(Some(told.as_str().to_owned()).filter(|told| !told.is_empty()))
            }
            other => Err(RuleError::Failed(format!(
                "a rule of a schema must give a bool or a string, and this gives a {}",
                other.type_of()
            ))),
        }
    }
}
