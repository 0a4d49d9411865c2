//! A program that reads orders and writes invoices, and the test of it without Docker.
//!
//! `cargo test -p levada-testing --example shop` runs the tests at its end; `cargo run` runs the
//! program itself against servers of `levada serve`.

use std::error::Error;
use std::time::Duration;

use levada_serde::consumer::Message;
use levada_serde::{
    AvroDeserializer, AvroSchema, AvroSerializer, DeserializingConsumer, PlainText, Record,
    RegistryClient, SerializingProducer,
};
use serde::{Deserialize, Serialize};

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(AvroSchema, Debug, Deserialize, PartialEq, Serialize)]
struct Order {
    customer: String,
    cents: Vec<i64>,
}

#[derive(AvroSchema, Debug, Deserialize, PartialEq, Serialize)]
struct Invoice {
    customer: String,
    total_cents: i64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Billing::start("127.0.0.1:9092", "http://127.0.0.1:8081").await?.run(usize::MAX).await
}

/// Writes an invoice for each order.
struct Billing {
    orders: DeserializingConsumer<PlainText, AvroDeserializer<Order>>,
    invoices: SerializingProducer<PlainText, AvroSerializer<Invoice>>,
}

impl Billing {
    async fn start(bootstrap: &str, registry: &str) -> Result<Self, Box<dyn Error>> {
        let registry = RegistryClient::new(registry)?;
        Ok(Self {
            orders: reader(bootstrap, &registry, "orders").await?,
            invoices: writer(bootstrap, &registry, "invoices").await?,
        })
    }

    async fn run(self, orders: usize) -> Result<(), Box<dyn Error>> {
        for _ in 0..orders {
            let order: Message<String, Order> = self.orders.recv().await?;
            let Some(Order { customer, cents }) = &order.value else { continue };
            let invoice = Invoice { customer: customer.clone(), total_cents: cents.iter().sum() };
            self.invoices.send(Record::to("invoices").key(customer).value(&invoice)).await?;
            self.orders.commit(&order).await?;
        }
        self.invoices.close(PATIENCE).await?;
        Ok(self.orders.close().await?)
    }
}

async fn writer<T: AvroSchema + Serialize>(
    bootstrap: &str,
    registry: &RegistryClient,
    topic: &str,
) -> Result<SerializingProducer<PlainText, AvroSerializer<T>>, Box<dyn Error>> {
    let values = AvroSerializer::<T>::builder(registry).topic(topic).build().await?;
    Ok(SerializingProducer::builder(bootstrap).key(PlainText).value(values).build()?)
}

async fn reader<T: AvroSchema + for<'de> Deserialize<'de>>(
    bootstrap: &str,
    registry: &RegistryClient,
    topic: &str,
) -> Result<DeserializingConsumer<PlainText, AvroDeserializer<T>>, Box<dyn Error>> {
    let values = AvroDeserializer::<T>::builder(registry).build().await?;
    let consumer = DeserializingConsumer::builder(bootstrap, "billing")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("allow.auto.create.topics", "true");
    Ok(consumer.key(PlainText).value(values).subscribe(&[topic])?)
}

#[cfg(test)]
mod tests {
    use levada_testing::Levada;
    use rdkafka::ClientConfig;
    use rdkafka::consumer::{BaseConsumer, Consumer};

    use super::*;

    fn order(customer: &str, cents: &[i64]) -> Order {
        Order { customer: customer.to_owned(), cents: cents.to_vec() }
    }

    #[tokio::test]
    async fn each_order_has_an_invoice_over_its_sum() {
        let levada = Levada::start().await.unwrap();
        let registry = RegistryClient::new(levada.registry_url()).unwrap();
        let orders = writer::<Order>(levada.bootstrap(), &registry, "orders").await.unwrap();
        for order in [order("ada", &[250, 199]), order("bob", &[5])] {
            orders.send(Record::to("orders").key(&order.customer).value(&order)).await.unwrap();
        }

        let billing = Billing::start(levada.bootstrap(), levada.registry_url()).await.unwrap();
        billing.run(2).await.unwrap();

        let invoices = reader::<Invoice>(levada.bootstrap(), &registry, "invoices").await.unwrap();
        let mut written = Vec::new();
        for _ in 0..2 {
            let received = tokio::time::timeout(PATIENCE, invoices.recv()).await;
            let message: Message<String, Invoice> = received.expect("an invoice").unwrap();
            written.extend(message.value.map(|i| (i.customer, i.total_cents)));
        }
        assert_eq!(written, [("ada".to_owned(), 449), ("bob".to_owned(), 5)]);
        levada.shutdown().await;
    }

    /// The registry is the real one: it refuses here what it would refuse in production.
    #[tokio::test]
    async fn a_schema_that_old_readers_cannot_follow_is_refused() {
        let levada = Levada::start().await.unwrap();
        let registry = RegistryClient::new(levada.registry_url()).unwrap();
        AvroSerializer::<Order>::builder(&registry).topic("orders").build().await.unwrap();
        let refused = AvroSerializer::<Invoice>::builder(&registry).topic("orders").build().await;
        let reason = refused.expect_err("another record under the same subject").to_string();
        assert!(reason.contains("409"), "{reason}");
    }

    /// The broker is the real one too: what a group has read is kept by it.
    #[tokio::test]
    async fn orders_are_committed_when_they_are_invoiced() {
        let levada = Levada::start().await.unwrap();
        let registry = RegistryClient::new(levada.registry_url()).unwrap();
        let orders = writer::<Order>(levada.bootstrap(), &registry, "orders").await.unwrap();
        let ada = order("ada", &[1]);
        orders.send(Record::to("orders").key(&ada.customer).value(&ada)).await.unwrap();
        let billing = Billing::start(levada.bootstrap(), levada.registry_url()).await.unwrap();
        billing.run(1).await.unwrap();
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", levada.bootstrap())
            .set("group.id", "billing")
            .create()
            .unwrap();
        let mut place = rdkafka::TopicPartitionList::new();
        place.add_partition("orders", 0);
        let committed = client.committed_offsets(place, PATIENCE).unwrap();
        assert_eq!(committed.elements()[0].offset(), rdkafka::Offset::Offset(1));
    }
}
