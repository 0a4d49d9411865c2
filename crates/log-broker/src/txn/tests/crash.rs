//! Power cuts at every operation of transactions: each stands or falls as a whole.

use super::super::transaction::{Outcome, Protocol};
use super::rig::{Rig, Stopped, TIMEOUT_MS};
use crate::group::OFFSETS_TOPIC;
use crate::io::{Fault, SimDisk};
use crate::txn::Caller;

const NOW_MS: i64 = 1_700_000_000_000;
const TRANSACTIONS: i64 = 4;

/// What a client was told.
#[derive(Debug, Default)]
struct Told {
    /// The end of the transaction was asked for.
    asked: Vec<(i64, Outcome)>,
    answered: usize,
}

fn outcome_of(number: i64) -> Outcome {
    if number % 2 == 0 { Outcome::Commit } else { Outcome::Abort }
}

/// Transactions over two topics and a group, every second one rolled back, until the power goes.
async fn workload(rig: &Rig, protocol: Protocol, caller: Caller, told: &mut Told) {
    match try_workload(rig, protocol, caller, told).await {
        Ok(()) | Err(Stopped::Disk) => {}
        // What the disk refuses before a byte is written.
        Err(Stopped::Refused(error)) => assert_eq!(error.code(), 15, "{error}"),
    }
}

async fn try_workload(
    rig: &Rig,
    protocol: Protocol,
    mut caller: Caller,
    told: &mut Told,
) -> Result<(), Stopped> {
    for number in 0..TRANSACTIONS {
        rig.add(caller, &["a", "b", OFFSETS_TOPIC]).await?;
        let sequence = match protocol {
            Protocol::V1 => i32::try_from(number).unwrap(),
            Protocol::V2 => 0,
        };
        for topic in ["a", "b"] {
            rig.write(caller, topic, sequence, &number.to_string()).await?;
        }
        rig.commit(caller, number + 1).await?;
        told.asked.push((number, outcome_of(number)));
        caller = rig.end(caller, outcome_of(number), protocol).await?;
        told.answered += 1;
    }
    Ok(())
}

async fn check(rig: &Rig, told: &Told, context: &str) {
    let seen = rig.committed("a");
    assert_eq!(rig.committed("b"), seen, "{context}: both topics or none");
    let committed = |(number, outcome): &(i64, Outcome)| {
        (*outcome == Outcome::Commit).then(|| number.to_string())
    };
    let asked: Vec<String> = told.asked.iter().filter_map(committed).collect();
    let answered: Vec<String> = told.asked[..told.answered].iter().filter_map(committed).collect();
    assert!(asked.starts_with(&seen), "{context}: {seen:?} of {asked:?}");
    assert!(seen.len() >= answered.len(), "{context}: {seen:?}, told {answered:?}");
    let offset = seen.last().map(|number| number.parse::<i64>().unwrap() + 1);
    assert_eq!(rig.group_offset().await, offset, "{context}: offsets go with the records");

    rig.clock.advance(i64::from(TIMEOUT_MS) + 1);
    rig.transactions.sweep().await;
    assert_eq!((rig.committed("a"), rig.committed("b")), (seen.clone(), seen), "{context}");
    for topic in ["a", "b", OFFSETS_TOPIC] {
        assert!(rig.is_stable(topic), "{context}: {topic} is stuck");
    }
}

async fn prepared() -> (Rig, Caller) {
    let rig = Rig::open(SimDisk::new(), NOW_MS);
    for topic in ["a", "b"] {
        rig.create(topic).await;
    }
    let caller = rig.claim(None).await.unwrap();
    (rig, caller)
}

/// Changing operations of the whole workload.
async fn operations(protocol: Protocol) -> u64 {
    let (rig, caller) = prepared().await;
    let before = rig.disk.operations();
    let mut told = Told::default();
    workload(&rig, protocol, caller, &mut told).await;
    assert_eq!(told.answered, 4);
    check(&rig, &told, "without a fault").await;
    rig.disk.operations() - before
}

async fn cut_everywhere(protocol: Protocol) {
    for cut in 0..operations(protocol).await {
        let (rig, caller) = prepared().await;
        rig.disk.set_fault(Some(Fault::PowerCutAt(rig.disk.operations() + cut)));
        let mut told = Told::default();
        workload(&rig, protocol, caller, &mut told).await;
        for seed in 0..3 {
            let context = format!("cut at {cut}, outcome {seed}");
            let disk = rig.disk.crash(seed * 7919 + seed);
            let again = Rig::open(disk, NOW_MS);
            again.transactions.complete_prepared().await;
            check(&again, &told, &context).await;
        }
    }
}

#[tokio::test]
async fn a_power_cut_anywhere_leaves_transactions_whole() {
    cut_everywhere(Protocol::V1).await;
}

#[tokio::test]
async fn a_power_cut_anywhere_leaves_epoch_raising_transactions_whole() {
    cut_everywhere(Protocol::V2).await;
}

#[tokio::test]
async fn a_second_power_cut_while_rolling_forward_changes_nothing() {
    for cut in (0..operations(Protocol::V1).await).step_by(3) {
        let (rig, caller) = prepared().await;
        rig.disk.set_fault(Some(Fault::PowerCutAt(rig.disk.operations() + cut)));
        let mut told = Told::default();
        workload(&rig, Protocol::V1, caller, &mut told).await;
        for second in 0..4 {
            let again = Rig::open(rig.disk.crash(cut + 1), NOW_MS);
            let fault = Fault::PowerCutAt(again.disk.operations() + second);
            again.disk.set_fault(Some(fault));
            again.transactions.complete_prepared().await;
            let last = Rig::open(again.disk.crash(second + 1), NOW_MS);
            last.transactions.complete_prepared().await;
            check(&last, &told, &format!("cut at {cut}, then at {second}")).await;
        }
    }
}

/// The group has committed 1, and 2 waits for the end of a transaction.
async fn with_pending_offset() -> (Rig, Caller) {
    let (rig, mut caller) = prepared().await;
    for offset in [1, 2] {
        rig.add(caller, &[OFFSETS_TOPIC]).await.unwrap();
        rig.commit(caller, offset).await.unwrap();
        rig.clock.advance(1);
        if offset == 1 {
            caller = rig.end(caller, Outcome::Commit, Protocol::V1).await.unwrap();
        }
    }
    (rig, caller)
}

#[tokio::test]
async fn a_power_cut_while_the_offsets_topic_is_compacted_loses_no_pending_offset() {
    let operations = {
        let (rig, _) = with_pending_offset().await;
        let before = rig.disk.operations();
        rig.groups.compact().await.unwrap();
        rig.disk.operations() - before
    };
    for cut in 0..=operations {
        let (rig, caller) = with_pending_offset().await;
        rig.disk.set_fault(Some(Fault::PowerCutAt(rig.disk.operations() + cut)));
        assert_eq!(rig.groups.compact().await.is_ok(), cut == operations);
        for seed in 0..12 {
            let context = format!("cut at {cut}, outcome {seed}");
            let again = Rig::open(rig.disk.crash(seed * 7919 + seed), NOW_MS);
            assert_eq!(again.group_offset().await, Some(1), "{context}");
            again.end(caller, Outcome::Commit, Protocol::V1).await.unwrap();
            assert_eq!(again.group_offset().await, Some(2), "{context}");
        }
    }
}
