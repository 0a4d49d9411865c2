//! How long parsing and comparing take: `cargo bench -p levada-schema-core`, with a part of a name
//! behind `--` for some of them. `BENCHMARKS.md` has the table.

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::{Pair, avro, json, pairs, protobuf};
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use levada_schema_core::SchemaType;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    group
}

/// Both versions parsed and compared once, as one pair.
fn parse_and_check(criterion: &mut Criterion) {
    for schema_type in SchemaType::ALL {
        let mut group = group(criterion, &format!("parse and check {schema_type}"));
        group.throughput(Throughput::Elements(1));
        for pair in pairs(schema_type) {
            assert!(pair.check().is_compatible(), "{} {}", schema_type, pair.name);
            group.bench_function(&pair.name, |bencher| bencher.iter(|| pair.check()));
        }
    }
}

/// What the work on the realistic pair is made of.
fn parts(criterion: &mut Criterion) {
    for schema_type in SchemaType::ALL {
        let mut group = group(criterion, &format!("parts of {schema_type}"));
        let Some(pair) = pairs(schema_type).pop() else { continue };
        group.bench_function("parse", |bencher| bencher.iter(|| pair.parse_new()));
        group.bench_function("parse, canonical text", |bencher| {
            bencher.iter(|| black_box(pair.parse_new().canonical().len()));
        });
        let (new, old) = (pair.parse_new(), pair.parse_old());
        group.bench_function("check", |bencher| bencher.iter(|| pair.compare(&new, &old)));
        group.bench_function("normalized text", |bencher| bencher.iter(|| new.normalized()));
    }
}

/// The time for a field must not depend on how many there are.
fn growth(criterion: &mut Criterion) {
    for schema_type in SchemaType::ALL {
        let mut group = group(criterion, &format!("growth of {schema_type}"));
        for count in [500, 1_000, 2_000, 4_000] {
            let pair = match schema_type {
                SchemaType::Avro => avro::flat(count),
                SchemaType::Json => json::flat(count),
                SchemaType::Protobuf => protobuf::flat(count),
            };
            group.throughput(Throughput::Elements(u64::try_from(pair.fields).unwrap_or(u64::MAX)));
            let id = BenchmarkId::from_parameter(count);
            group.bench_function(id, |bencher| bencher.iter(|| pair.check()));
        }
    }
}

/// Small schemas that take exponential or quadratic time where work is done again and again.
fn traps(criterion: &mut Criterion) {
    let mut group = group(criterion, "traps");
    let mut trap = |pair: Pair| {
        let name = format!("{} {}", pair.schema_type, pair.name);
        group.bench_function(name, |bencher| bencher.iter(|| pair.check()));
    };
    for levels in [9, 18, 36] {
        trap(protobuf::renamed_import(levels));
    }
    for count in [125, 250, 500] {
        trap(json::bundle(count));
    }
    for count in [125, 250, 500] {
        trap(json::references(count));
    }
    for count in [3, 6, 12] {
        trap(json::recursive_choice(count));
    }
}

criterion_group!(benches, parse_and_check, parts, growth, traps);
criterion_main!(benches);
