//! Rules of the type `JSONATA`, which bring values from one version of a schema to another.
//!
//! The library behind it shows nowhere else. It has one kind of number, a double, so an integer
//! that a double cannot hold exactly is an error and never a near number.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use levada_registry_api::Rule;
use serde_json::Value as Json;

use super::{CompiledRule, Message, MessageRule, RuleError, RuleExecutor, RuleKind, RuleTarget};

/// Longest expression, in bytes.
const LENGTH_MAX: usize = 64 << 10;
/// What one evaluation may take: time, depth of calls, items of a sequence.
const MILLISECONDS_MAX: u64 = 5_000;
const CALLS_MAX: usize = 2_000;
const ITEMS_MAX: usize = 1 << 20;
/// The largest integer up to which a double has them all.
const EXACT_MAX: u64 = 1 << 53;

/// Runs rules of the type `JSONATA`: the value as JSON is the input, the result takes its place.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonataExecutor;

impl RuleExecutor for JsonataExecutor {
    fn kind(&self) -> &'static str {
        "JSONATA"
    }

    fn compile<'a>(
        &'a self,
        rule: &'a Rule,
        target: &'a RuleTarget<'a>,
    ) -> BoxFuture<'a, Result<CompiledRule, RuleError>> {
        async {
            let text = rule.expr.as_deref().unwrap_or_default();
            if text.len() > LENGTH_MAX {
                let reason = format!("the expression is longer than {LENGTH_MAX} bytes");
                return Err(RuleError::Invalid(reason));
            }
            let ast = parser::parse(text).map_err(|error| RuleError::Invalid(error.to_string()))?;
            Ok(CompiledRule::Message(Box::new(Expression { ast, kind: target.kind })))
        }
        .boxed()
    }
}

struct Expression {
    ast: AstNode,
    kind: RuleKind,
}

impl MessageRule for Expression {
    fn apply(&self, message: &mut Message<'_>) -> Result<bool, RuleError> {
        let input = message.to_json()?;
        check_exact(&input)?;
        let options = EvaluatorOptions {
            timeout_ms: Some(MILLISECONDS_MAX),
            max_stack_depth: Some(CALLS_MAX),
            max_sequence_length: Some(ITEMS_MAX),
            ..EvaluatorOptions::default()
        };
        let mut evaluator = Evaluator::with_options(Context::new(), options);
        let result = evaluator
            .evaluate(&self.ast, &JValue::from(input))
            .map_err(|error| RuleError::Failed(error.to_string()))?;
        match (self.kind, &result) {
            (RuleKind::Condition, JValue::Bool(holds)) => Ok(*holds),
            (RuleKind::Condition, _) => {
                Err(RuleError::Failed("a condition must give a boolean".to_owned()))
            }
            (RuleKind::Transform, JValue::Undefined) => {
                Err(RuleError::Failed("the expression gives no value".to_owned()))
            }
            (RuleKind::Transform, _) => {
                // Through text, where whole numbers are integers again and nesting has a bound.
                let failed = |error: serde_json::Error| RuleError::Failed(error.to_string());
                let text = result.to_json_string().map_err(failed)?;
                message.set_json(serde_json::from_str(&text).map_err(failed)?)?;
                Ok(true)
            }
        }
    }
}

/// Refuses integers that would come back as their neighbours. Recurses as deep as the decoder let
/// the value be.
fn check_exact(json: &Json) -> Result<(), RuleError> {
    match json {
        Json::Number(number) => {
            let size = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
            match size {
                Some(size) if size > EXACT_MAX => Err(RuleError::Failed(format!(
                    "the numbers of JSONata are doubles, which cannot hold {number} exactly"
                ))),
                _ => Ok(()),
            }
        }
        Json::Array(items) => items.iter().try_for_each(check_exact),
        Json::Object(members) => members.values().try_for_each(check_exact),
        _ => Ok(()),
    }
}
