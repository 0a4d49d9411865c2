//! The rules of one schema for one mode, in the order in which they run.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use levada_registry_api::{Rule, RuleSet};

use super::action::{Action, Redaction};
use super::inline;
use super::meter::Meter;
use super::{
    CompiledRule, DeadLetter, Form, Message, RuleError, RuleFailure, RuleKind, RuleMode,
    RuleTarget, Rules, ValidationRules, Walk,
};
use crate::Error;
use crate::client::{Contract, RegisteredSchema, RegistryClient};

/// Where rules run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) client: &'a RegistryClient,
    pub(crate) subject: &'a str,
    pub(crate) topic: Option<&'a str>,
}

/// What a value passes before it is written.
#[derive(Debug)]
pub(crate) struct WriteRules {
    domain: Phase,
    encoding: Phase,
    /// When what the schema carries itself is checked, if it carries anything.
    validation: ValidationRules,
}

impl WriteRules {
    /// None where the schema has nothing to run.
    pub(crate) async fn compile(
        rules: &Rules,
        validation: ValidationRules,
        scope: Scope<'_>,
        schema: &RegisteredSchema,
    ) -> Result<Option<Self>, Error> {
        let mode = RuleMode::Write;
        let domain = Phase::of(rules, scope, schema, |set| &set.domain_rules, mode).await?;
        let encoding = Phase::of(rules, scope, schema, |set| &set.encoding_rules, mode).await?;
        let validation =
            if inline::may_be_in(schema) { validation } else { ValidationRules::Disabled };
        let compiled = Self { domain, encoding, validation };
        let has_any = compiled.looks_at_value() || !compiled.encoding.is_empty();
        Ok(has_any.then_some(compiled))
    }

    /// Passes the body that `out` has from `start` on, which `read` takes apart and `write`
    /// appends again.
    pub(crate) fn apply<'s>(
        &self,
        out: &mut Vec<u8>,
        start: usize,
        read: impl FnOnce(&[u8]) -> Result<Form<'s>, Error>,
        write: impl FnOnce(Form<'s>, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.looks_at_value() {
            let mut message = Message(read(out.get(start..).unwrap_or_default())?);
            self.apply_to_value(&mut message)?;
            if !self.domain.is_empty() {
                out.truncate(start);
                write(message.0, out)?;
            }
        }
        self.apply_to_body(out, start)
    }

    fn looks_at_value(&self) -> bool {
        !self.domain.is_empty() || self.validation != ValidationRules::Disabled
    }

    /// Passes a value that is still to be written.
    pub(crate) fn apply_to_value(&self, message: &mut Message<'_>) -> Result<(), Error> {
        let subject = &self.domain.subject;
        if let ValidationRules::BeforeDomainRules { fail_fast } = self.validation {
            inline::check(fail_fast, subject, |inspection| message.inspect(inspection))?;
        }
        self.domain.apply(message)?;
        if let ValidationRules::AfterDomainRules { fail_fast } = self.validation {
            inline::check(fail_fast, subject, |inspection| message.inspect(inspection))?;
        }
        Ok(())
    }

    /// Passes the finished body that `out` has from `start` on.
    pub(crate) fn apply_to_body(&self, out: &mut Vec<u8>, start: usize) -> Result<(), Error> {
        if self.encoding.is_empty() {
            return Ok(());
        }
        let mut body = out.split_off(start);
        self.encoding.apply_to_body(&mut body)?;
        out.append(&mut body);
        Ok(())
    }
}

/// Rules that run behind each other.
pub(crate) struct Phase {
    mode: RuleMode,
    subject: String,
    contract: Arc<Contract>,
    rules: Vec<Planned>,
    redaction: Redaction,
}

impl fmt::Debug for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.rules.iter().map(|rule| &rule.name);
        f.debug_list().entries(names).finish()
    }
}

/// A rule that runs in this mode.
struct Planned {
    name: String,
    rule_type: String,
    kind: RuleKind,
    tags: BTreeSet<String>,
    /// What a condition says when it does not hold.
    refusal: String,
    /// A rule that can never run fails each time that it would.
    compiled: Result<CompiledRule, RuleError>,
    on_success: Action,
    on_failure: Action,
    dead_letter_topic: Option<String>,
    meter: Meter,
}

impl Phase {
    /// The rules that `part` of the schema's rule set has for a mode.
    pub(super) async fn of(
        rules: &Rules,
        scope: Scope<'_>,
        schema: &RegisteredSchema,
        part: fn(&RuleSet) -> &Vec<Rule>,
        mode: RuleMode,
    ) -> Result<Self, Error> {
        let rule_set = schema.contract.rule_set.as_ref().filter(|_| !rules.is_off());
        let all = rule_set.map(part);
        Self::compile(rules, scope, schema, all.map_or(&[], Vec::as_slice), mode).await
    }

    async fn compile(
        rules: &Rules,
        scope: Scope<'_>,
        schema: &RegisteredSchema,
        all: &[Rule],
        mode: RuleMode,
    ) -> Result<Self, Error> {
        // What was done last is undone first.
        let is_reversed = matches!(mode, RuleMode::Read | RuleMode::Downgrade);
        let ordered: Vec<&Rule> =
            if is_reversed { all.iter().rev().collect() } else { all.iter().collect() };
        let mut planned = Vec::new();
        for (index, rule) in ordered.iter().enumerate() {
            if !runs_in(rule, mode) || is_disabled(rules, schema, rule) {
                continue;
            }
            let kind = kind_of(rule);
            let Scope { client, subject, topic } = scope;
            let target = RuleTarget { client, subject, topic, schema, kind, mode };
            let compiled = compile(rules, rule, &target).await;
            if let Err(error) = &compiled
                && error.is_retriable()
            {
                return Err(failure(rule, scope.subject, mode, error.clone()));
            }
            if matches!(compiled, Ok(CompiledRule::Fields(_)))
                && is_done_by_another(&ordered, index, mode)
            {
                continue;
            }
            planned.push(Planned::new(rules, rule, &target, compiled));
        }
        let (subject, contract) = (scope.subject.to_owned(), Arc::clone(&schema.contract));
        let redaction = contract.rule_set.as_ref().map(Redaction::of).unwrap_or_default();
        Ok(Self { mode, subject, contract, rules: planned, redaction })
    }

    /// Passes a message.
    pub(crate) fn apply(&self, message: &mut Message<'_>) -> Result<(), Error> {
        let is_wanted = self.mode == RuleMode::Write
            && self.rules.iter().any(|rule| rule.has_action(&Action::DeadLetter));
        let original = is_wanted.then(|| self.redaction.redacted(&message.0, &self.contract));
        for rule in &self.rules {
            let outcome = rule.meter.run(|| rule.apply(message, &self.contract));
            let body = || original.clone().flatten();
            match self.act(rule, outcome, body)? {
                Next::Rule => {}
                Next::End => break,
            }
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub(super) fn apply_to_body(&self, body: &mut Vec<u8>) -> Result<(), Error> {
        let is_wanted = self.mode == RuleMode::Write
            && self.rules.iter().any(|rule| rule.has_action(&Action::DeadLetter));
        let original = if is_wanted { self.redaction.unless_secret(body) } else { None };
        for rule in &self.rules {
            let outcome = rule.meter.run(|| rule.apply_to_body(body));
            match self.act(rule, outcome, || original.clone())? {
                Next::Rule => {}
                Next::End => break,
            }
        }
        Ok(())
    }

    /// A failure that no single rule of these has.
    pub(super) fn failure(&self, error: RuleError) -> Error {
        let rule = self.rules.last();
        Error::Rule(Box::new(RuleFailure {
            rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
            rule_type: rule.map(|rule| rule.rule_type.clone()).unwrap_or_default(),
            mode: self.mode,
            subject: self.subject.clone(),
            error,
            dead_letter: None,
        }))
    }

    /// Does what is to be done after a rule ran.
    fn act(
        &self,
        rule: &Planned,
        outcome: Result<(), RuleError>,
        body: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Result<Next, Error> {
        let (action, error) = match outcome {
            Ok(()) => (&rule.on_success, None),
            // Nothing failed yet: who may wait loads it and tries again.
            Err(error @ RuleError::NotLoaded(_)) => (&Action::Error, Some(error)),
            Err(error) => (&rule.on_failure, Some(error)),
        };
        let mut dead_letter = None;
        let error = match (action, error) {
            // Rules behind one that nobody can run do not run either, as in the reference.
            (Action::None, Some(RuleError::UnknownType(_))) => return Ok(Next::End),
            (Action::None, _) => return Ok(Next::Rule),
            (Action::Error, error) => error.unwrap_or_else(|| RuleError::Passed("ERROR".into())),
            (Action::DeadLetter, error) => {
                if let Some(topic) = &rule.dead_letter_topic {
                    dead_letter = Some(DeadLetter { topic: topic.clone(), body: body() });
                    error.unwrap_or_else(|| RuleError::Passed("DLQ".into()))
                } else {
                    let hint = "its action is DLQ, but neither its parameters nor the metadata \
                                of the schema name a `dlq.topic`";
                    RuleError::Invalid(hint.to_owned())
                }
            }
            (Action::Unknown(name), _) => {
                RuleError::Invalid(format!("there is no action `{name}`; use NONE, ERROR or DLQ"))
            }
        };
        Err(Error::Rule(Box::new(RuleFailure {
            rule: rule.name.clone(),
            rule_type: rule.rule_type.clone(),
            mode: self.mode,
            subject: self.subject.clone(),
            error,
            dead_letter,
        })))
    }
}

/// What happens after a rule's action.
enum Next {
    Rule,
    End,
}

impl Planned {
    fn new(
        rules: &Rules,
        rule: &Rule,
        target: &RuleTarget<'_>,
        compiled: Result<CompiledRule, RuleError>,
    ) -> Self {
        let rule_type = rule.rule_type.clone().unwrap_or_default();
        let change = rules.override_of(&rule_type);
        let on_success = change.and_then(|change| change.on_success.as_ref());
        let on_failure = change.and_then(|change| change.on_failure.as_ref());
        let name = rule.name.clone().unwrap_or_default();
        let expression = rule.expr.as_deref().filter(|expr| !expr.is_empty());
        let refusal = match (rule.doc.as_deref().filter(|doc| !doc.is_empty()), expression) {
            (Some(doc), _) => doc.to_owned(),
            (None, Some(expr)) => format!("the condition does not hold: {expr}"),
            (None, None) => format!("condition `{name}` does not hold"),
        };
        let action = |text: Option<&String>, default| {
            Action::of(text.map(String::as_str), rule.mode.as_deref(), target.mode, default)
        };
        Self {
            rule_type,
            kind: target.kind,
            tags: rule.tags.clone(),
            refusal,
            compiled,
            on_success: action(on_success.or(rule.on_success.as_ref()), Action::None),
            on_failure: action(on_failure.or(rule.on_failure.as_ref()), Action::Error),
            dead_letter_topic: target.parameter(rule, "dlq.topic").map(str::to_owned),
            meter: Meter::new(target.subject, &name, target.mode),
            name,
        }
    }

    fn has_action(&self, action: &Action) -> bool {
        self.on_success == *action || self.on_failure == *action
    }

    fn apply(&self, message: &mut Message<'_>, contract: &Contract) -> Result<(), RuleError> {
        match self.compiled.as_ref().map_err(Clone::clone)? {
            CompiledRule::Message(rule) => {
                if !rule.apply(message)? && self.kind == RuleKind::Condition {
                    return Err(RuleError::Condition(self.refusal.clone()));
                }
                Ok(())
            }
            CompiledRule::Fields(rule) => {
                let walk = Walk {
                    rule: &**rule,
                    kind: self.kind,
                    wanted: &self.tags,
                    metadata: contract.metadata.as_ref().map(|metadata| &metadata.tags),
                    refusal: &self.refusal,
                };
                // A rule that fails and is let pass must not have changed half of the fields.
                let before = (self.on_failure == Action::None).then(|| message.0.clone());
                message.walk(&walk).inspect_err(|_| {
                    if let Some(before) = before {
                        message.0 = before;
                    }
                })
            }
            CompiledRule::Body(_) => Err(RuleError::Invalid(format!(
                "rules of type {} work on the finished body, so they belong to `encodingRules`",
                self.rule_type
            ))),
        }
    }

    fn apply_to_body(&self, body: &mut Vec<u8>) -> Result<(), RuleError> {
        match self.compiled.as_ref().map_err(Clone::clone)? {
            CompiledRule::Body(rule) => rule.apply(body),
            CompiledRule::Message(_) | CompiledRule::Fields(_) => Err(RuleError::Invalid(format!(
                "rules of type {} look into the value, so they belong to `domainRules`",
                self.rule_type
            ))),
        }
    }
}

async fn compile(
    rules: &Rules,
    rule: &Rule,
    target: &RuleTarget<'_>,
) -> Result<CompiledRule, RuleError> {
    let Some(rule_type) = &rule.rule_type else {
        return Err(RuleError::Invalid("it has no type".to_owned()));
    };
    match rules.executor_of(rule_type) {
        Some(executor) => executor.compile(rule, target).await,
        None => Err(RuleError::UnknownType(rule_type.clone())),
    }
}

fn failure(rule: &Rule, subject: &str, mode: RuleMode, error: RuleError) -> Error {
    Error::Rule(Box::new(RuleFailure {
        rule: rule.name.clone().unwrap_or_default(),
        rule_type: rule.rule_type.clone().unwrap_or_default(),
        mode,
        subject: subject.to_owned(),
        error,
        dead_letter: None,
    }))
}

fn kind_of(rule: &Rule) -> RuleKind {
    match rule.kind.as_deref() {
        Some("CONDITION") => RuleKind::Condition,
        _ => RuleKind::Transform,
    }
}

fn runs_in(rule: &Rule, mode: RuleMode) -> bool {
    match rule.mode.as_deref().unwrap_or("WRITEREAD") {
        "WRITEREAD" => matches!(mode, RuleMode::Write | RuleMode::Read),
        "UPDOWN" => matches!(mode, RuleMode::Upgrade | RuleMode::Downgrade),
        one => one == mode.as_str(),
    }
}

/// Whether a schema has any domain or encoding rule to run in this mode.
pub(super) fn runs_any(rules: &Rules, schema: &RegisteredSchema, mode: RuleMode) -> bool {
    let rule_set = schema.contract.rule_set.as_ref().filter(|_| !rules.is_off());
    let all =
        rule_set.into_iter().flat_map(|set| set.domain_rules.iter().chain(&set.encoding_rules));
    let mut running = all.filter(|rule| runs_in(rule, mode) && !is_disabled(rules, schema, rule));
    running.next().is_some()
}

fn is_disabled(rules: &Rules, schema: &RegisteredSchema, rule: &Rule) -> bool {
    let rule_type = rule.rule_type.as_deref().unwrap_or_default();
    if let Some(disabled) = rules.override_of(rule_type).and_then(|change| change.disabled) {
        return disabled;
    }
    let rule_set = schema.contract.rule_set.as_ref();
    let enabled_at = rule_set.and_then(|rule_set| rule_set.enable_at.as_deref()).unwrap_or("ALL");
    rule.disabled || !matches!(enabled_at, "ALL" | "CLIENT")
}

/// Of several transforms of one type for the same tags only the first to write counts, so that a
/// field is not, for one, encrypted twice.
fn is_done_by_another(ordered: &[&Rule], index: usize, mode: RuleMode) -> bool {
    let rule = ordered[index];
    let others = match mode {
        RuleMode::Write | RuleMode::Upgrade => &ordered[..index],
        RuleMode::Read | RuleMode::Downgrade => &ordered[index + 1..],
    };
    let is_same = |other: &&Rule| {
        kind_of(other) == RuleKind::Transform
            && other.mode == rule.mode
            && other.rule_type == rule.rule_type
            && other.tags == rule.tags
    };
    !rule.tags.is_empty() && kind_of(rule) == RuleKind::Transform && others.iter().any(is_same)
}
