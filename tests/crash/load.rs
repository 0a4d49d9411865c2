//! The load: an idempotent producer, a transactional one, a schema author and a committing group,
//! all at once. What the clients of the log do and see goes into a history.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use levada_tests::Levada;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::future_producer::Delivery;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::json;
use tokio::sync::Notify;

use crate::history::{Ending, Event, History};

pub const TOPIC: &str = "crash-orders";
pub const GROUP: &str = "crash-group";
/// Every transaction writes its value to both.
pub const PAIR: [&str; 2] = ["crash-left", "crash-right"];

const TRANSACTIONAL_ID: &str = "crash-transactions";
const DEADLINE: Duration = Duration::from_mins(1);

/// Messages that the producer keeps in flight.
const IN_FLIGHT: usize = 32;

/// A registered schema as the registry acknowledged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredSchema {
    pub subject: String,
    pub id: i64,
    pub text: String,
}

/// Everything the servers said yes to, over all rounds.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged {
    /// Of records and transactions.
    pub history: History,
    pub schemas: Vec<RegisteredSchema>,
    /// The last commit that was answered.
    pub committed: i64,
    /// The last commit that was asked for; the kill may have come before its answer.
    pub commit_asked: i64,
}

/// What one round has collected so far, shared by its tasks.
#[derive(Debug, Default)]
struct Round {
    acknowledged: Mutex<Acknowledged>,
    progress: Notify,
    over: AtomicBool,
}

impl Round {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    fn tell(&self, event: Event) {
        self.note(|all| all.history.add(event));
    }

    fn note(&self, change: impl FnOnce(&mut Acknowledged)) {
        change(&mut self.acknowledged.lock().expect("no task panicked"));
        self.progress.notify_one();
    }
}

/// Loads the server until every task has `enough` answers, kills it, and keeps what was answered.
pub async fn load_until_killed(
    server: Levada,
    round: usize,
    enough: usize,
    acknowledged: &mut Acknowledged,
) {
    let running = start(&server, round, acknowledged);
    running.reached(enough, acknowledged).await;
    server.kill();
    *acknowledged = running.stop();
}

/// Loads the server until every task has `enough` answers.
pub async fn load(server: &Levada, round: usize, enough: usize, acknowledged: &mut Acknowledged) {
    let running = start(server, round, acknowledged);
    running.reached(enough, acknowledged).await;
    *acknowledged = running.finish().await;
}

struct Running {
    round: Arc<Round>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

fn start(server: &Levada, number: usize, before: &Acknowledged) -> Running {
    let round = Arc::new(Round { acknowledged: Mutex::new(before.clone()), ..Round::default() });
    let producer = client(server)
        .set("enable.idempotence", "true")
        .set("linger.ms", "1")
        .create::<FutureProducer>()
        .expect("a producer");
    let consumer = client(server)
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .create::<BaseConsumer>()
        .expect("a consumer");
    let mut tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|lane| {
            tokio::spawn(produce(producer.clone(), Arc::clone(&round), format!("{number}-{lane}")))
        })
        .collect();
    tasks.push(tokio::spawn(register(server.registry.clone(), Arc::clone(&round), number)));
    let committing = Arc::clone(&round);
    let from = before.commit_asked;
    tasks.push(tokio::task::spawn_blocking(move || commit(&consumer, &committing, from)));
    let transactional = transactional_producer(server);
    let transacting = Arc::clone(&round);
    tasks.push(tokio::task::spawn_blocking(move || transact(&transactional, &transacting, number)));
    Running { round, tasks }
}

/// A producer under the one id of all rounds; its start rolls back what the one before left open.
pub fn transactional_producer(server: &Levada) -> FutureProducer {
    client(server)
        .set("transactional.id", TRANSACTIONAL_ID)
        .create()
        .expect("a transactional producer")
}

pub fn client(server: &Levada) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &server.kafka);
    config
}

impl Running {
    /// Waits until all four kinds of work have `enough` new answers.
    async fn reached(&self, enough: usize, before: &Acknowledged) {
        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        loop {
            let progress = self.round.progress.notified();
            {
                let now = self.round.acknowledged.lock().expect("no task panicked");
                let commits = usize::try_from(now.committed - before.committed).unwrap_or(0);
                if now.history.acked() >= before.history.acked() + enough
                    && now.schemas.len() >= before.schemas.len() + enough / 4
                    && commits >= enough / 4
                    && now.history.committed() >= before.history.committed() + enough / 8
                {
                    return;
                }
            }
            let waited = tokio::time::timeout_at(deadline, progress).await;
            assert!(waited.is_ok(), "no progress: {:?}", self.round.acknowledged);
        }
    }

    /// What was answered, once no task can ask a living server for more.
    async fn finish(mut self) -> Acknowledged {
        self.end();
        for task in self.tasks.drain(..) {
            let ended = task.await;
            assert!(ended.is_ok() || ended.is_err_and(|error| error.is_cancelled()));
        }
        self.stop()
    }

    fn end(&self) {
        self.round.over.store(true, Ordering::Release);
        for task in &self.tasks {
            task.abort();
        }
    }

    fn stop(self) -> Acknowledged {
        self.end();
        self.round.acknowledged.lock().expect("no task panicked").clone()
    }
}

/// Sends one message after the other; an unanswered one may or may not be there later.
async fn produce(producer: FutureProducer, round: Arc<Round>, lane: String) {
    for number in 0.. {
        let value = format!("{lane}-{number}");
        let (name, record) = (lane.clone(), (TOPIC, value.clone()));
        round.tell(Event::Sent { producer: name, record, transaction: None });
        let message = FutureRecord::<str, str>::to(TOPIC).payload(&value).key(&lane);
        let Ok(delivery) = producer.send(message, Duration::from_mins(1)).await else { return };
        let Delivery { partition, offset, .. } = delivery;
        round.tell(Event::Acked { record: (TOPIC, value), partition, offset });
    }
}

/// Registers one new schema after the other, each under a subject of its own.
async fn register(registry: String, round: Arc<Round>, number: usize) {
    let http = levada_tests::http_client();
    for count in 0.. {
        let subject = format!("crash-{number}-{count}-value");
        let text = format!(
            r#"{{"type":"record","name":"Order{number}_{count}","fields":[{{"name":"id","type":"long"}}]}}"#
        );
        let body = json!({ "schema": text }).to_string();
        let request = http
            .post(format!("{registry}/subjects/{subject}/versions"))
            .header("content-type", "application/vnd.schemaregistry.v1+json")
            .body(body);
        let Ok(answer) = request.send().await else { return };
        assert_eq!(answer.status(), 200, "registering {subject}");
        let Ok(body) = answer.text().await else { return };
        let body: serde_json::Value = serde_json::from_str(&body).expect("a JSON answer");
        let id = body["id"].as_i64().expect("an id");
        round.note(|all| all.schemas.push(RegisteredSchema { subject, id, text }));
    }
}

/// Commits one offset after the other, waiting for each answer.
fn commit(consumer: &BaseConsumer, round: &Round, from: i64) {
    for offset in from + 1.. {
        if round.is_over() {
            return;
        }
        round.note(|all| all.commit_asked = offset);
        let mut position = TopicPartitionList::new();
        position
            .add_partition_offset(TOPIC, 0, Offset::Offset(offset))
            .expect("a partition and an offset");
        match consumer.commit(&position, CommitMode::Sync) {
            Ok(()) => round.note(|all| all.committed = offset),
            // Before the topic exists the broker refuses; after the kill nobody answers.
            Err(_) if round.is_over() => return,
            Err(_) => {}
        }
    }
}

/// One transaction after the other over both topics, every third rolled back, until something
/// fails: then its outcome is whatever the next start finds.
fn transact(producer: &FutureProducer, round: &Round, number: usize) {
    if producer.init_transactions(DEADLINE).is_err() {
        return;
    }
    for count in 0.. {
        let value = format!("{number}-{count}");
        if round.is_over() || producer.begin_transaction().is_err() {
            return;
        }
        let is_doomed = count % 3 == 2;
        for topic in PAIR {
            let (name, record) = (number.to_string(), (topic, value.clone()));
            round.tell(Event::Sent { producer: name, record, transaction: Some(value.clone()) });
            let record = FutureRecord::<str, str>::to(topic).payload(&value).partition(0);
            if producer.send_result(record).is_err() {
                return;
            }
        }
        let transaction = value;
        let (ended, ending) = if is_doomed {
            // A rollback must take back what is written, not what was never sent.
            let flushed = producer.flush(DEADLINE);
            (flushed.and_then(|()| producer.abort_transaction(DEADLINE)), Ending::Aborted)
        } else {
            round.tell(Event::CommitAsked { transaction: transaction.clone() });
            (producer.commit_transaction(DEADLINE), Ending::Committed)
        };
        if ended.is_err() {
            return;
        }
        round.tell(Event::Ended { transaction, ending });
    }
}
