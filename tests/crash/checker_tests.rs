//! One tiny history for each anomaly, and one without any.

use crate::checker::{Anomaly, check};
use crate::history::{Ending, Event, Isolation, Place, Record};
use Isolation::{Committed, Uncommitted};

const A: Place = ("a", 0);
const B: Place = ("b", 0);
const PATIENCE_MS: u64 = 90_000;

fn record(topic: &'static str, value: &str) -> Record {
    (topic, value.to_owned())
}

fn sent(topic: &'static str, value: &str) -> Event {
    Event::Sent { producer: "p".to_owned(), record: record(topic, value), transaction: None }
}

fn acked(topic: &'static str, value: &str, offset: i64) -> Event {
    Event::Acked { record: record(topic, value), partition: 0, offset }
}

fn within(transaction: &str, topic: &'static str, value: &str) -> Event {
    let transaction = Some(transaction.to_owned());
    Event::Sent { producer: "t".to_owned(), record: record(topic, value), transaction }
}

fn commit_asked(transaction: &str) -> Event {
    Event::CommitAsked { transaction: transaction.to_owned() }
}

fn ended(transaction: &str, ending: Ending) -> Event {
    Event::Ended { transaction: transaction.to_owned(), ending }
}

fn opened(consumer: u64, isolation: Isolation, place: Place) -> Event {
    Event::Opened { consumer, isolation, place, offset: 0 }
}

fn polled(consumer: u64, place: Place, offset: i64, value: &str) -> Event {
    Event::Polled { consumer, place, offset, value: value.to_owned() }
}

fn drained(consumer: u64, place: Place, end: i64) -> Event {
    Event::Drained { consumer, place, end }
}

fn found(parts: &[&[Event]]) -> Vec<Anomaly> {
    check(&parts.concat(), PATIENCE_MS)
}

/// One producer's records 0, 1, … in topic a, each acknowledged before the next.
fn written(values: &[&str]) -> Vec<Event> {
    let events =
        (0..).zip(values).flat_map(|(at, value)| [sent("a", value), acked("a", value, at)]);
    events.collect()
}

/// A transaction over both topics, at offset 0 of each.
fn pair(asked: bool, ending: Option<Ending>) -> Vec<Event> {
    let mut events = vec![within("t", "a", "x"), within("t", "b", "x")];
    events.extend(asked.then(|| commit_asked("t")));
    events.extend(ending.map(|ending| ended("t", ending)));
    events
}

/// A committed reader of both topics, who finds the record where it says so.
fn both_read(in_a: bool, in_b: bool) -> Vec<Event> {
    let mut events = vec![opened(1, Committed, A), opened(1, Committed, B)];
    events.extend(in_a.then(|| polled(1, A, 0, "x")));
    events.extend(in_b.then(|| polled(1, B, 0, "x")));
    events.extend([drained(1, A, 2), drained(1, B, 2)]);
    events
}

#[test]
fn a_sound_history_has_no_anomaly() {
    let unanswered = [sent("a", "y"), sent("a", "z")];
    let read = [
        opened(1, Uncommitted, A),
        polled(1, A, 0, "v"),
        polled(1, A, 1, "w"),
        polled(1, A, 2, "z"),
        drained(1, A, 4),
        // Read again from the beginning.
        opened(1, Uncommitted, A),
        polled(1, A, 0, "v"),
    ];
    assert_eq!(found(&[&written(&["v", "w"]), &unanswered, &read]), []);
    for (asked, ending, seen) in [
        (true, Some(Ending::Committed), true),
        (true, None, true),
        (true, None, false),
        (true, Some(Ending::Aborted), false),
        (false, None, false),
    ] {
        assert_eq!(found(&[&pair(asked, ending), &both_read(seen, seen)]), [], "{ending:?}");
    }
}

#[test]
fn what_was_acknowledged_and_passed_is_lost() {
    let passed = [opened(1, Uncommitted, A), polled(1, A, 1, "w")];
    let lost = Anomaly::Lost(record("a", "v"));
    assert_eq!(found(&[&written(&["v", "w"]), &passed]), [lost.clone()]);
    let drained = [opened(1, Uncommitted, A), drained(1, A, 1)];
    assert_eq!(found(&[&written(&["v"]), &drained]), [lost]);
    let both = [Anomaly::Lost(record("a", "x")), Anomaly::Lost(record("b", "x"))];
    assert_eq!(found(&[&pair(true, Some(Ending::Committed)), &both_read(false, false)]), both);
}

#[test]
fn what_was_acknowledged_and_not_reached_is_unseen() {
    let reached = [opened(1, Uncommitted, A), polled(1, A, 0, "v")];
    let unseen = Anomaly::Unseen(record("a", "w"));
    assert_eq!(found(&[&written(&["v", "w"]), &reached]), [unseen]);
}

#[test]
fn what_stands_at_two_offsets_is_a_duplicate() {
    let twice = [opened(1, Uncommitted, A), polled(1, A, 0, "v"), polled(1, A, 1, "v")];
    let duplicate = Anomaly::Duplicate(record("a", "v"));
    assert_eq!(found(&[&[sent("a", "v")], &twice]), [duplicate.clone()]);
    let moved = [opened(1, Uncommitted, A), polled(1, A, 1, "v")];
    assert_eq!(found(&[&written(&["v"]), &moved]), [duplicate]);
}

#[test]
fn an_offset_has_one_record() {
    let other = [sent("a", "w"), opened(1, Uncommitted, A), polled(1, A, 0, "w")];
    let expected = [Anomaly::Lost(record("a", "v")), Anomaly::InconsistentOffset(A, 0)];
    assert_eq!(found(&[&written(&["v"]), &other]), expected);
}

#[test]
fn what_was_never_sent_or_was_refused_is_a_phantom() {
    let read = [opened(1, Uncommitted, A), polled(1, A, 0, "v")];
    let phantom = [Anomaly::Phantom(record("a", "v"))];
    assert_eq!(found(&[&read]), phantom);
    let refused = [sent("a", "v"), Event::Refused { record: record("a", "v") }];
    assert_eq!(found(&[&refused, &read]), phantom);
}

#[test]
fn a_record_does_not_stand_before_one_that_was_acknowledged_before_it_was_sent() {
    let early = [sent("a", "v"), acked("a", "v", 1), sent("a", "w")];
    let read = [opened(1, Uncommitted, A), polled(1, A, 0, "w"), polled(1, A, 1, "v")];
    assert_eq!(found(&[&early, &read]), [Anomaly::Order(record("a", "w"))]);
    let overlapping = [sent("a", "v"), sent("a", "w"), acked("a", "v", 1)];
    assert_eq!(found(&[&overlapping, &read]), []);
}

#[test]
fn a_consumer_does_not_go_back_by_itself() {
    let back = [
        opened(1, Uncommitted, A),
        polled(1, A, 0, "v"),
        polled(1, A, 1, "w"),
        polled(1, A, 0, "v"),
    ];
    assert_eq!(found(&[&written(&["v", "w"]), &back]), [Anomaly::WentBack(A, 0)]);
}

#[test]
fn a_consumer_is_given_what_others_find() {
    let first = [opened(1, Uncommitted, A), polled(1, A, 0, "v"), polled(1, A, 1, "w")];
    let second = [opened(2, Uncommitted, A), polled(2, A, 1, "w")];
    assert_eq!(found(&[&written(&["v", "w"]), &first, &second]), [Anomaly::Skipped(A, 0)]);
}

#[test]
fn committed_readers_find_nothing_of_a_transaction_that_was_not_committed() {
    let both = [Anomaly::AbortedRead(record("a", "x")), Anomaly::AbortedRead(record("b", "x"))];
    for (asked, ending) in [(false, None), (true, Some(Ending::Aborted))] {
        assert_eq!(found(&[&pair(asked, ending), &both_read(true, true)]), both);
    }
}

#[test]
fn a_transaction_is_visible_as_a_whole() {
    for ending in [None, Some(Ending::Committed)] {
        let torn = found(&[&pair(true, ending), &both_read(true, false)]);
        assert_eq!(torn, [Anomaly::Torn("t".to_owned())]);
    }
}

#[test]
fn committed_readers_do_not_wait_for_ever() {
    let stable = |last_stable, quiet_ms| {
        [Event::Stable { place: A, last_stable, high_watermark: 9, quiet_ms }]
    };
    assert_eq!(found(&[&stable(7, PATIENCE_MS + 1)]), [Anomaly::Stuck(A, 7)]);
    assert_eq!(found(&[&stable(7, PATIENCE_MS), &stable(9, u64::MAX)]), []);
}
