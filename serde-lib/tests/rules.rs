//! Rules of a schema, run by executors that a program brings, against the real registry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod contract;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contract::{domain, register, rule};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use levada_serde::rules::{
    BodyRule, CompiledRule, FieldContext, FieldRule, FieldValue, Load, Rule, RuleError,
    RuleExecutor, RuleMode, RuleOverride, RuleTarget,
};
use levada_serde::{
    AvroDeserializer, AvroSerializer, Error, RegistryClient, Rules, SchemaDefinition,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use server::start;

const SCHEMA: &str = r#"{
  "type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "int"},
    {"name": "note", "type": ["null", "string"], "confluent:tags": ["PII"]},
    {"name": "lines", "type": {"type": "array", "items": {
      "type": "record", "name": "Line", "fields": [
        {"name": "sku", "type": "string", "confluent:tags": ["PII"]},
        {"name": "labels", "type": {"type": "array", "items": "string"}}
      ]}}}
  ]}"#;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Order {
    id: i32,
    note: Option<String>,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Line {
    sku: String,
    labels: Vec<String>,
}

fn order(note: Option<&str>, sku: &str, label: &str) -> Order {
    let line = Line { sku: sku.to_owned(), labels: vec![label.to_owned()] };
    Order { id: 1, note: note.map(str::to_owned), lines: vec![line] }
}

/// Puts the rule's expression in front of every string, and takes it away on reading. What it
/// needs is there only after it was loaded once.
#[derive(Clone, Debug, Default)]
struct Prefix {
    loads: Arc<AtomicUsize>,
}

struct Prefixed {
    prefix: String,
    mode: RuleMode,
    loads: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Loading(Arc<AtomicUsize>);

impl RuleExecutor for Prefix {
    fn kind(&self) -> &'static str {
        "PREFIX"
    }

    fn compile<'a>(
        &'a self,
        rule: &'a Rule,
        target: &'a RuleTarget<'a>,
    ) -> BoxFuture<'a, Result<CompiledRule, RuleError>> {
        async move {
            let prefix = target.parameter(rule, "prefix");
            let prefix = prefix.ok_or_else(|| RuleError::Invalid("no prefix".to_owned()))?;
            let loads = Arc::clone(&self.loads);
            let rule = Prefixed { prefix: prefix.to_owned(), mode: target.mode, loads };
            Ok(CompiledRule::Fields(Box::new(rule)))
        }
        .boxed()
    }
}

impl FieldRule for Prefixed {
    fn apply(&self, field: &FieldContext<'_>, value: &mut FieldValue) -> Result<bool, RuleError> {
        if self.loads.load(Ordering::Relaxed) == 0 {
            return Err(RuleError::NotLoaded(Arc::new(Loading(Arc::clone(&self.loads)))));
        }
        let FieldValue::String(text) = value else { return Ok(true) };
        *text = match self.mode {
            RuleMode::Write => format!("{}{text}", self.prefix),
            _ => text
                .strip_prefix(&self.prefix)
                .map(str::to_owned)
                .ok_or_else(|| RuleError::Failed(format!("{} has no prefix", field.name)))?,
        };
        Ok(true)
    }
}

impl Load for Loading {
    fn load(&self) -> BoxFuture<'_, Result<(), RuleError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        async { Ok(()) }.boxed()
    }
}

/// Turns the body around.
#[derive(Clone, Debug)]
struct Reverse;

impl RuleExecutor for Reverse {
    fn kind(&self) -> &'static str {
        "REVERSE"
    }

    fn compile<'a>(
        &'a self,
        _rule: &'a Rule,
        _target: &'a RuleTarget<'a>,
    ) -> BoxFuture<'a, Result<CompiledRule, RuleError>> {
        async { Ok(CompiledRule::Body(Box::new(Self))) }.boxed()
    }
}

impl BodyRule for Reverse {
    fn apply(&self, body: &mut Vec<u8>) -> Result<(), RuleError> {
        body.reverse();
        Ok(())
    }
}

fn loaded() -> Prefix {
    Prefix { loads: Arc::new(AtomicUsize::new(1)) }
}

async fn writer(client: &RegistryClient, rules: Rules) -> AvroSerializer<Order> {
    AvroSerializer::from_registry(client).topic("t").rules(rules).build().await.unwrap()
}

async fn reader(client: &RegistryClient, rules: Rules) -> AvroDeserializer<Order> {
    let schema = SchemaDefinition::avro(SCHEMA);
    AvroDeserializer::with_schema(client, schema).rules(rules).build().await.unwrap()
}

fn prefix_rule(prefix: &str, tags: &[&str], more: Json) -> Json {
    let mut rule = rule(&format!("add{prefix}"), "PREFIX", "", more);
    rule["params"] = json!({"prefix": prefix});
    rule["tags"] = json!(tags);
    rule
}

#[tokio::test]
async fn field_rule_changes_tagged_fields_and_is_undone_in_reverse_order() {
    let (_folder, _server, client) = start().await;
    let rules =
        [prefix_rule("a", &["PII"], json!({})), prefix_rule("b", &["LABEL", "PII"], json!({}))];
    let mut contract = domain(&rules);
    contract["metadata"] = json!({"tags": {"**.labels": ["LABEL"]}});
    register(&client, "t-value", "AVRO", SCHEMA, contract).await;
    let rules = Rules::default().executor(loaded());
    let bytes = writer(&client, rules.clone()).await.encode(&order(Some("n"), "s", "l")).unwrap();
    let off = RuleOverride { disabled: Some(true), ..RuleOverride::default() };
    let raw = reader(&client, rules.clone().override_type("prefix", off)).await;
    let raw = raw.decode_async(&bytes, None).await.unwrap();
    assert_eq!(raw, order(Some("ban"), "bas", "bl"));
    let read = reader(&client, rules).await.decode_async(&bytes, None).await.unwrap();
    assert_eq!(read, order(Some("n"), "s", "l"));
}

#[tokio::test]
async fn what_a_rule_lacks_is_loaded_where_waiting_is_possible() {
    let (_folder, _server, client) = start().await;
    let contract = domain(&[prefix_rule("a", &["PII"], json!({}))]);
    register(&client, "t-value", "AVRO", SCHEMA, contract).await;
    let (writing, reading) = (Prefix::default(), Prefix::default());
    let writer = writer(&client, Rules::default().executor(writing.clone())).await;
    let value = order(None, "s", "l");
    let error = writer.encode(&value).unwrap_err();
    assert!(error.is_retriable() && !error.is_poison(), "{error}");
    assert_eq!(writing.loads.load(Ordering::Relaxed), 0);
    let bytes = writer.encode_async(&value).await.unwrap();
    assert_eq!(writing.loads.load(Ordering::Relaxed), 1);
    assert_eq!(writer.encode(&value).unwrap(), bytes);

    let reader = reader(&client, Rules::default().executor(reading.clone())).await;
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), value);
    assert_eq!(reading.loads.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn encoding_rule_sees_the_body_without_its_frame() {
    let (_folder, _server, client) = start().await;
    let contract = json!({"ruleSet": {"encodingRules": [rule("r", "REVERSE", "", json!({}))]}});
    register(&client, "t-value", "AVRO", SCHEMA, contract).await;
    let plain = writer(
        &client,
        Rules::default().override_type(
            "REVERSE",
            RuleOverride { disabled: Some(true), ..RuleOverride::default() },
        ),
    );
    let value = order(Some("n"), "s", "l");
    let plain = plain.await.encode(&value).unwrap();
    let rules = Rules::default().executor(Reverse);
    let bytes = writer(&client, rules.clone()).await.encode(&value).unwrap();
    assert_eq!(bytes[..5], plain[..5]);
    assert_eq!(bytes[5..].iter().rev().copied().collect::<Vec<_>>(), plain[5..]);
    assert_eq!(reader(&client, rules).await.decode_async(&bytes, None).await.unwrap(), value);
}

#[tokio::test]
async fn rule_that_nobody_can_run_is_an_error_unless_its_action_is_none() {
    for (action, passes) in
        [(json!(null), false), (json!("NONE"), true), (json!("NONE,ERROR"), true)]
    {
        let (_folder, _server, client) = start().await;
        let rule = rule("r", "MAGIC", "", json!({"onFailure": action}));
        register(&client, "t-value", "AVRO", SCHEMA, domain(&[rule])).await;
        let written = writer(&client, Rules::default()).await.encode(&order(None, "s", "l"));
        assert_eq!(written.is_ok(), passes, "{action}: {written:?}");
        let Err(Error::Rule(failure)) = written else { continue };
        assert_eq!(
            failure.to_string(),
            "rule `r` (MAGIC) of subject 't-value' failed on WRITE: there is no executor for \
             rules of type `MAGIC`; add one with `Rules::executor`"
        );
    }
}
