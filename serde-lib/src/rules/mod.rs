//! Rules that travel with a schema: what a value must pass before it is written and after it was
//! read.
//!
//! A rule set has domain rules, which look at the value or at single fields of it, encoding rules,
//! which look at the finished body, and migration rules, which bring a value from one version of
//! the schema to the next. Rules are a filter from body to body: where a schema has some for what
//! is being done, the body is read generically, passes them and is written again. That is decided
//! once, when a serializer is built or a schema first met; without rules nothing is done.
//!
//! What a rule means is known by its [`RuleExecutor`]. Those for `CEL` and `CEL_FIELD` come with
//! the feature `rules-cel`, the one for `JSONATA` with `rules-jsonata`; a program can bring its own
//! ([`Rules::executor`]). A rule that nobody can run fails, and so does what it is for.
//!
//! ```no_run
//! use levada_serde::rules::{ReaderVersion, RuleOverride};
//! use levada_serde::{AvroDeserializer, AvroSerializer, Error, RegistryClient, Rules};
//!
//! # #[derive(serde::Serialize, serde::Deserialize, levada_serde::AvroSchema)]
//! # struct Order { id: i64 }
//! # async fn example(order: &Order) -> Result<(), Error> {
//! let registry = RegistryClient::new("http://127.0.0.1:8081")?;
//! // Writes what the latest version of `orders-value` asks for, by its rules.
//! let orders = AvroSerializer::<Order>::from_registry(&registry).topic("orders").build().await?;
//! match orders.encode(order) {
//!     Ok(payload) => println!("{} bytes", payload.len()),
//!     Err(Error::Rule(failure)) => println!("{} does not pass it", failure.rule),
//!     Err(error) => return Err(error),
//! }
//!
//! // Reads any version as the latest, and lets conditions pass that do not hold.
//! let lenient = RuleOverride { on_failure: Some("NONE".into()), ..RuleOverride::default() };
//! let orders = AvroDeserializer::<Order>::builder(&registry)
//!     .subject("orders-value")
//!     .reader_version(ReaderVersion::Latest)
//!     .rules(Rules::default().override_type("CEL", lenient))
//!     .build()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Which rules run
//!
//! Writing runs the rules of the schema that is written with: one that the registry holds, or the
//! program's own as the answer to its registration has them. Reading runs the encoding rules of the
//! writer's schema, the migration rules on the way to the version that is asked for (`reader_version`
//! of the deserializers), and the domain rules of that version, or else of the writer's schema. The
//! order is reversed on reading and downgrading. Rules that are disabled, or enabled for servers
//! alone, do not run.
//!
//! # After a rule
//!
//! A condition that does not hold, or a rule that cannot be applied, has its action `onFailure`:
//! `ERROR` (the default) is [`Error::Rule`](crate::Error::Rule), `NONE` goes on with the value as it
//! was before the rule, `DLQ` is an error with a [`DeadLetter`], which `SerializingProducer` sends to
//! the topic `dlq.topic` by itself when it writes, and on `send_dead_letter` for a record received.
//! `onSuccess` can name the same actions; its default is `NONE`.
//!
//! With the feature `metrics`, rules are counted for the recorder that a program installs with the crate
//! of that name: `levada_serde_rule_executions_total`, `levada_serde_rule_failures_total` and the
//! histogram `levada_serde_rule_seconds`, each by `subject`, `rule` and `mode`.
//!
//! # Rules inside a schema
//!
//! A schema can carry constraints itself: `confluent:rules` of an Avro record or field or of a JSON
//! Schema, `rules` of Protobuf's `confluent.message_meta` and `confluent.field_meta`. Each is an
//! expression in CEL over `this`, the value of the record or field (`now` is the time), which gives a
//! boolean or, as text, what is wrong. Fields that are null or not set are passed over. Serializers
//! check them where [`validation_rules`](crate::SerializerBuilder::validation_rules) says so; a value
//! that breaks some is [`Error::ValidationRules`](crate::Error::ValidationRules), with all of them.
//!
//! ```no_run
//! use levada_serde::rules::ValidationRules;
//! use levada_serde::{AvroSerializer, Error, RegistryClient, SchemaDefinition};
//!
//! # #[derive(serde::Serialize)]
//! # struct Order { amount: i64 }
//! # async fn example(registry: &RegistryClient) -> Result<(), Error> {
//! let schema = SchemaDefinition::avro(
//!     r#"{"type": "record", "name": "Order", "fields": [{"name": "amount", "type": "long",
//!         "confluent:rules": [{"name": "positive", "expr": "this > 0"}]}]}"#,
//! );
//! let orders = AvroSerializer::<Order>::with_schema(registry, schema)
//!     .topic("orders")
//!     .validation_rules(ValidationRules::BeforeDomainRules { fail_fast: false })
//!     .build()
//!     .await?;
//! if let Err(Error::ValidationRules(broken)) = orders.encode(&Order { amount: -1 }) {
//!     println!("{}", broken.violations[0]); // amount: positive: this > 0
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What differs from other clients
//!
//! * Rules see Avro values without logical types: a date is an `int`, a decimal `bytes`.
//! * In Protobuf messages, `has()` of a field without presence holds even if it has its default.
//! * The functions on decimals, variants and their like of later reference clients are not there.
//! * Numbers of `JSONATA` are doubles; an integer beyond 2^53 is an error.
//! * A condition must give a boolean.
//! * Records that come back from a dead letter topic pass the rule again that refused them.
//!
//! # Expressions from strangers
//!
//! Who may write rules into the registry chooses what runs in the programs that read it. Length and
//! nesting of expressions are bounded, so that none exhausts the stack, and `JSONATA` is stopped after
//! five seconds. CEL has no loops but over what is there; still, comprehensions within each other
//! multiply, and so does text that is put together again and again: neither their time nor their
//! memory is bounded.

mod action;
#[cfg(feature = "rules-cel")]
mod cel;
mod error;
mod executor;
mod field;
mod inline;
#[cfg(feature = "rules-jsonata")]
mod jsonata;
mod message;
mod meter;
mod migration;
mod plan;
mod reading;
mod settings;
mod wildcard;

#[cfg(feature = "rules-cel")]
pub use cel::{CelExecutor, CelFieldExecutor};
pub use error::{DeadLetter, Load, RuleError, RuleFailure};
pub(crate) use error::{LOADS_MAX, Loads};
pub use executor::{
    BodyRule, CompiledRule, FieldRule, MessageRule, RuleExecutor, RuleKind, RuleMode, RuleTarget,
};
pub use field::{FieldContext, FieldType, FieldValue};
pub(crate) use field::{Walk, misfit};
pub(crate) use inline::{Constraint, Inspection, RULES, This, joined};
pub use inline::{RuleViolation, ValidationRules, ValidationRulesError};
#[cfg(feature = "rules-jsonata")]
pub use jsonata::JsonataExecutor;
pub use levada_registry_api::{Metadata, Rule, RuleSet};
pub(crate) use message::Form;
pub use message::{Message, MessageView};
pub(crate) use plan::{Scope, WriteRules};
pub use reading::ReaderVersion;
pub(crate) use reading::{ReadRules, ReadSubject, Reading};
pub use settings::{RuleOverride, Rules};
