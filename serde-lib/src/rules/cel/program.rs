//! Compiled expressions, and how much stack they may take.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cel::{Context, Env, Program, Value};
use chrono::DateTime;

use super::functions;
use crate::rules::RuleError;

/// Longest expression, in bytes.
const LENGTH_MAX: usize = 16 << 10;
/// Most characters that can open a level of nesting. Parser and evaluator recurse once a level.
const LEVELS_MAX: usize = 500;
/// What a level takes of the stack at most, in bytes, measured without optimisation.
const PARSE_LEVEL: usize = 256 << 10;
const RUN_LEVEL: usize = 96 << 10;
/// Longest part of an error that is told; the library puts whole values into it.
const REASON_MAX: usize = 300;

/// An expression, and the guard before it.
pub(super) struct Guarded {
    guard: Option<Expression>,
    /// A rule without one does nothing.
    body: Option<Expression>,
}

/// What a guarded expression comes to.
pub(super) enum Outcome {
    /// The guard does not hold, or there is nothing to run.
    PassedOver,
    Value(Value),
}

impl Guarded {
    /// Takes `guard ; expression`, or an expression alone, apart at the first semicolon.
    pub(super) fn compile(text: Option<&str>) -> Result<Self, RuleError> {
        let Some(text) = text else { return Ok(Self { guard: None, body: None }) };
        let (guard, body) = match text.split_once(';') {
            Some((guard, body)) if guard.trim().is_empty() => (None, body),
            Some((guard, body)) => (Some(guard), body),
            None => (None, text),
        };
        let guard = guard.map(Expression::compile).transpose()?;
        Ok(Self { guard, body: Some(Expression::compile(body)?) })
    }

    pub(super) fn run(
        &self,
        variables: impl FnOnce() -> Vec<(&'static str, Value)>,
    ) -> Result<Outcome, RuleError> {
        let Some(body) = &self.body else { return Ok(Outcome::PassedOver) };
        let variables = variables();
        if let Some(guard) = &self.guard
            && !super::value::truth(&guard.run(variables.clone())?)?
        {
            return Ok(Outcome::PassedOver);
        }
        body.run(variables).map(Outcome::Value)
    }
}

pub(super) struct Expression {
    program: Program,
    env: Arc<Env>,
    levels: usize,
    wants_now: bool,
}

impl Expression {
    pub(super) fn compile(text: &str) -> Result<Self, RuleError> {
        if text.len() > LENGTH_MAX {
            let reason = format!("the expression is longer than {LENGTH_MAX} bytes");
            return Err(RuleError::Invalid(reason));
        }
        let levels = levels_of(text);
        if levels > LEVELS_MAX {
            let reason =
                format!("the expression has more than {LEVELS_MAX} operators and brackets");
            return Err(RuleError::Invalid(reason));
        }
        let invalid = |reason: String| RuleError::Invalid(shortened(reason));
        let stack = levels * PARSE_LEVEL;
        let (program, env) = stacker::maybe_grow(stack, stack, || {
            let mut env = Env::stdlib();
            env.add_extension(cel::extensions::strings).map_err(|error| error.to_string())?;
            let program = env.compile(text).map_err(|error| error.to_string())?;
            Ok((program, Arc::new(env)))
        })
        .map_err(invalid)?;
        Ok(Self { program, env, levels, wants_now: text.contains("now") })
    }

    pub(super) fn run(&self, variables: Vec<(&'static str, Value)>) -> Result<Value, RuleError> {
        let failed = |reason: String| RuleError::Failed(shortened(reason));
        let stack = self.levels * RUN_LEVEL;
        stacker::maybe_grow(stack, stack, || {
            let mut context = Context::with_env(Arc::clone(&self.env));
            functions::add_to(&mut context).map_err(|error| error.to_string())?;
            for (name, value) in variables {
                context.add_variable_from_value(name, value);
            }
            if self.wants_now {
                context.add_variable_from_value("now", now());
            }
            self.program.execute(&context).map_err(|error| error.to_string())
        })
        .map_err(failed)
    }
}

/// At least as many levels as the syntax tree of an expression can have, each a handful of nodes.
fn levels_of(text: &str) -> usize {
    let opens = |byte: &u8| {
        matches!(
            byte,
            b'(' | b'['
                | b'{'
                | b'.'
                | b','
                | b'?'
                | b':'
                | b'!'
                | b'<'
                | b'>'
                | b'='
                | b'&'
                | b'|'
                | b'+'
                | b'-'
                | b'*'
                | b'/'
                | b'%'
        )
    };
    let words = text.split_ascii_whitespace().filter(|word| *word == "in").count();
    text.as_bytes().iter().filter(|byte| opens(byte)).count() + words + 4
}

fn now() -> Value {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX);
    let time = DateTime::from_timestamp(seconds, elapsed.subsec_nanos()).unwrap_or_default();
    Value::Timestamp(time.fixed_offset())
}

fn shortened(mut reason: String) -> String {
    if reason.len() > REASON_MAX {
        let end = reason.floor_char_boundary(REASON_MAX);
        reason.truncate(end);
        reason.push('…');
    }
    reason
}
