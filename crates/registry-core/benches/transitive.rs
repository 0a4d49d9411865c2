//! A check against a thousand versions: `cargo bench -p levada-registry-core`.
#![expect(clippy::expect_used, reason = "a bench whose data cannot be set up must stop")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use levada_registry_core::{
    Check, ConfigPatch, Draft, FieldPatch, MemoryStore, QualifiedSubject, Registry, SchemaId,
    SchemaVersion, Store, StoredSchema, WriteTransaction,
};
use levada_schema_core::{Contract, Fingerprint, Limits, SchemaType};
use tokio::runtime::{Builder, Runtime};

const CHECK: Check = Check { version: None, normalize: false, verbose: false };
const FIELDS: usize = 20;

/// A record with fields that come and go from version to version.
fn record(version: usize) -> String {
    let fields: Vec<String> = (version..version + FIELDS)
        .map(|at| {
            format!(r#"{{"name":"field_{at}","type":["null","string"],"default":null,"doc":"Field {at}."}}"#)
        })
        .collect();
    format!(r#"{{"type":"record","name":"Event","fields":[{}]}}"#, fields.join(","))
}

/// A registry whose one subject has `count` versions, none of them parsed yet.
async fn registry(count: usize) -> Registry<MemoryStore> {
    let registry = Registry::new(MemoryStore::default(), Limits::default(), 1).expect("threads");
    let subject = QualifiedSubject::parse("events");
    let mut tx = registry.store().write().await.expect("a transaction");
    for (number, version) in (1..).zip(0..count) {
        let text = record(version);
        let schema = StoredSchema {
            id: SchemaId(number),
            schema_type: SchemaType::Avro,
            references: Vec::new(),
            contract: Contract::default(),
            fingerprint: Fingerprint::of(&text, &[], &Contract::default()),
            text,
        };
        tx.insert_schema(&subject.context, &schema, true).await.expect("a new content");
        let number = SchemaVersion(number);
        tx.put_version(&subject, number, schema.id, 0).await.expect("a new version");
    }
    tx.commit(None).await.expect("a commit");
    let level = FieldPatch::Set("FULL_TRANSITIVE".parse().expect("a level"));
    let patch = ConfigPatch { level, ..ConfigPatch::default() };
    registry.update_config(&subject, patch).await.expect("a level");
    registry
}

async fn check(registry: &Registry<MemoryStore>, count: usize) {
    let draft = Draft { text: record(count), ..Draft::default() };
    let subject = QualifiedSubject::parse("events");
    let found = registry.check_compatibility(&subject, &draft, CHECK).await;
    assert_eq!(found, Ok(Vec::new()));
}

fn transitive(criterion: &mut Criterion) {
    let runtime: Runtime = Builder::new_current_thread().build().expect("a runtime");
    let mut group = criterion.benchmark_group("transitive check");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for count in [250_usize, 500, 1_000] {
        group.throughput(Throughput::Elements(u64::try_from(count).unwrap_or(u64::MAX)));
        let known = runtime.block_on(registry(count));
        group.bench_function(BenchmarkId::new("versions parsed before", count), |bencher| {
            bencher.iter(|| runtime.block_on(check(&known, count)));
        });
        group.bench_function(BenchmarkId::new("versions not parsed yet", count), |bencher| {
            bencher.iter_with_setup(
                || runtime.block_on(registry(count)),
                |fresh| runtime.block_on(check(black_box(&fresh), count)),
            );
        });
    }
    group.finish();
}

criterion_group!(benches, transitive);
criterion_main!(benches);
