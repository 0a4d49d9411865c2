//! Every event in every phase, and what becomes of used-up epochs.

use kafka_protocol::ResponseError;

use super::super::machine::{
    Caller, Claim, Claimed, Decision, EndRequest, Judged, add, check, claim, complete, end,
    roll_back,
};
use super::super::transaction::{
    LAST_EPOCH, Open, Outcome, Partitions, Phase, Protocol, Transaction,
};

const NOW: i64 = 1_000;
const PRODUCER: i64 = 9;
const EPOCH: i16 = 4;

/// None, Empty, Ongoing, Prepared and Completed with both outcomes.
const PHASES: [&str; 7] = ["-", "E", "O", "PC", "PA", "CC", "CA"];

fn places(index: i32) -> Partitions {
    Partitions::from([("t".to_owned(), [index].into())])
}

fn transaction(phase: Phase) -> Transaction {
    Transaction {
        producer_id: PRODUCER,
        previous_producer_id: None,
        next_producer_id: None,
        epoch: EPOCH,
        last_epoch: Some(EPOCH - 1),
        timeout_ms: 60,
        phase,
        last_update_ms: 0,
        protocol: Protocol::V2,
    }
}

fn phase(name: &str) -> Option<Transaction> {
    let open = Open { started_ms: 0, partitions: places(0) };
    Some(transaction(match name {
        "-" => return None,
        "E" => Phase::Empty,
        "O" => Phase::Ongoing(open),
        "PC" => Phase::Prepared(Outcome::Commit, open),
        "PA" => Phase::Prepared(Outcome::Abort, open),
        "CC" => Phase::Completed(Outcome::Commit),
        _ => Phase::Completed(Outcome::Abort),
    }))
}

fn name(transaction: &Transaction) -> &'static str {
    match transaction.state_name() {
        "Empty" => "E",
        "Ongoing" => "O",
        "PrepareCommit" => "PC",
        "PrepareAbort" => "PA",
        "CompleteCommit" => "CC",
        _ => "CA",
    }
}

/// An error's number, `=` for no change, `id?`, or the next phase and epoch.
fn short<T>(judged: Judged<T>) -> String {
    match judged {
        Err(error) => error.code().to_string(),
        Ok(Decision::Answer(_)) => "=".to_owned(),
        Ok(Decision::NeedsProducerId) => "id?".to_owned(),
        Ok(Decision::Change { next, .. }) => format!("{}@{}", name(&next), next.epoch),
    }
}

fn caller(producer_id: i64, epoch: i16) -> Caller {
    Caller { producer_id, epoch }
}

fn claimed(holder: Option<Caller>) -> impl Fn(Option<&Transaction>) -> String {
    move |txn| short(claim(txn, Claim { timeout_ms: 60, holder }, NOW, None))
}

fn added(caller: Caller, index: i32) -> impl Fn(Option<&Transaction>) -> String {
    move |txn| short(add(txn, caller, &places(index), Protocol::V1, NOW))
}

fn checked(index: i32) -> impl Fn(Option<&Transaction>) -> String {
    move |txn| short(check(txn, caller(PRODUCER, EPOCH), &places(index)).map(Decision::Answer))
}

fn ended(
    protocol: Protocol,
    outcome: Outcome,
    epoch: i16,
) -> impl Fn(Option<&Transaction>) -> String {
    let request = EndRequest { caller: caller(PRODUCER, epoch), outcome, protocol };
    move |txn| short(end(txn, request, NOW, None))
}

type Event = Box<dyn Fn(Option<&Transaction>) -> String>;

type Row = (&'static str, Event, [&'static str; 7]);

fn assert_rows(table: Vec<Row>) {
    for (event, judge, expected) in table {
        let found: Vec<String> = PHASES.iter().map(|name| judge(phase(name).as_ref())).collect();
        assert_eq!(found, expected, "{event}: {PHASES:?}");
    }
}

#[test]
fn every_claim_and_addition_in_every_phase() {
    let (now, last) = (EPOCH, EPOCH - 1);
    let own = |epoch| caller(PRODUCER, epoch);
    assert_rows(vec![
        ("claim", Box::new(claimed(None)), ["id?", "E@5", "PA@5", "51", "51", "E@5", "E@5"]),
        (
            "claim of the holder",
            Box::new(claimed(Some(own(now)))),
            ["id?", "E@5", "PA@5", "51", "51", "E@5", "E@5"],
        ),
        (
            "claim once more",
            Box::new(claimed(Some(own(last)))),
            ["id?", "E@4", "90", "51", "51", "E@4", "E@4"],
        ),
        (
            "claim of a zombie",
            Box::new(claimed(Some(own(last - 1)))),
            ["id?", "90", "90", "51", "51", "90", "90"],
        ),
        (
            "claim of another producer",
            Box::new(claimed(Some(caller(8, now)))),
            ["id?", "90", "90", "90", "90", "90", "90"],
        ),
        ("add", Box::new(added(own(now), 1)), ["49", "O@4", "O@4", "51", "51", "O@4", "O@4"]),
        ("add again", Box::new(added(own(now), 0)), ["49", "O@4", "=", "51", "51", "O@4", "O@4"]),
        ("add, old", Box::new(added(own(last), 1)), ["49", "90", "90", "90", "90", "90", "90"]),
        ("add, new", Box::new(added(own(now + 1), 1)), ["49", "90", "90", "90", "90", "90", "90"]),
        (
            "add, other",
            Box::new(added(caller(8, now), 1)),
            ["49", "49", "49", "49", "49", "49", "49"],
        ),
        ("check", Box::new(checked(0)), ["49", "120", "=", "51", "51", "120", "120"]),
        ("check more", Box::new(checked(1)), ["49", "120", "120", "51", "51", "120", "120"]),
    ]);
}

#[test]
fn every_end_in_every_phase() {
    use Outcome::{Abort, Commit};
    use Protocol::{V1, V2};
    let (now, last) = (EPOCH, EPOCH - 1);
    assert_rows(vec![
        (
            "commit v1",
            Box::new(ended(V1, Commit, now)),
            ["49", "48", "PC@4", "51", "48", "=", "48"],
        ),
        ("abort v1", Box::new(ended(V1, Abort, now)), ["49", "48", "PA@4", "48", "51", "48", "="]),
        (
            "commit v1, old",
            Box::new(ended(V1, Commit, last)),
            ["49", "90", "90", "90", "90", "90", "90"],
        ),
        (
            "commit v2",
            Box::new(ended(V2, Commit, now)),
            ["49", "48", "PC@5", "90", "90", "48", "48"],
        ),
        (
            "abort v2",
            Box::new(ended(V2, Abort, now)),
            ["49", "PA@5", "PA@5", "90", "90", "PA@5", "PA@5"],
        ),
        (
            "commit v2 once more",
            Box::new(ended(V2, Commit, last)),
            ["49", "90", "90", "51", "48", "=", "48"],
        ),
        (
            "abort v2 once more",
            Box::new(ended(V2, Abort, last)),
            ["49", "90", "90", "48", "51", "48", "="],
        ),
    ]);
}

#[test]
fn only_what_is_prepared_is_completed_with_its_outcome() {
    let completed = PHASES.map(|name| {
        let next = phase(name).and_then(|txn| complete(&txn, NOW));
        next.map(|next| (self::name(&next), next.epoch))
    });
    let expected = [None, None, None, Some(("CC", 4)), Some(("CA", 4)), None, None];
    assert_eq!(completed, expected);
}

#[test]
fn a_new_producer_fences_the_one_before_which_has_no_retry() {
    let ongoing = Transaction { protocol: Protocol::V2, ..phase("O").unwrap() };
    let anew = Claim { timeout_ms: 60, holder: None };
    let Ok(Decision::Change { next, answer }) = claim(Some(&ongoing), anew, NOW, None) else {
        panic!("the claim is granted");
    };
    assert_eq!((next.open(), answer), (ongoing.open(), Claimed::Fenced));
    let completed = complete(&next, NOW).unwrap();
    assert_eq!(abort_v2(&completed), Err(ResponseError::ProducerFenced));
    let again = Claim { timeout_ms: 60, holder: Some(caller(PRODUCER, EPOCH)) };
    assert_eq!(claim(Some(&completed), again, NOW, None), Err(ResponseError::ProducerFenced));
}

#[test]
fn a_producer_goes_on_after_its_transaction_was_rolled_back_for_it() {
    let ongoing = Transaction { protocol: Protocol::V2, ..phase("O").unwrap() };
    let again = Claim { timeout_ms: 60, holder: Some(caller(PRODUCER, EPOCH)) };
    let Ok(Decision::Change { next: asked, .. }) = claim(Some(&ongoing), again, NOW, None) else {
        panic!("the claim is granted");
    };
    let timed_out = roll_back(&ongoing, NOW);
    assert_eq!((&asked, timed_out.open()), (&timed_out, ongoing.open()));
    assert_eq!(abort_v2(&timed_out), Err(ResponseError::ConcurrentTransactions));
    let completed = complete(&timed_out, NOW).unwrap();
    let raised = caller(PRODUCER, EPOCH + 1);
    assert_eq!(abort_v2(&completed), Ok(Decision::Answer(raised)));
    let commit = EndRequest {
        caller: caller(PRODUCER, EPOCH),
        outcome: Outcome::Commit,
        protocol: Protocol::V2,
    };
    let refused = end(Some(&completed), commit, NOW, None);
    assert_eq!(refused, Err(ResponseError::InvalidTxnState));
    let Ok(Decision::Change { next, answer }) = claim(Some(&completed), again, NOW, None) else {
        panic!("the claim is granted");
    };
    assert_eq!((next.caller(), answer), (raised, Claimed::Given(raised)));
}

#[test]
fn the_last_epoch_is_not_raised_for_a_producer_that_goes_on() {
    let ongoing = Transaction { epoch: LAST_EPOCH, ..phase("O").unwrap() };
    let timed_out = roll_back(&ongoing, NOW);
    assert_eq!((timed_out.epoch, timed_out.last_epoch), (i16::MAX, None));
}

fn abort_v2(txn: &Transaction) -> Judged<Caller> {
    let request = EndRequest {
        caller: caller(PRODUCER, EPOCH),
        outcome: Outcome::Abort,
        protocol: Protocol::V2,
    };
    end(Some(txn), request, NOW, None)
}

#[test]
fn overdue_is_what_is_open_longer_than_its_timeout() {
    for name in PHASES {
        let Some(txn) = phase(name) else { continue };
        assert_eq!((txn.is_overdue(60), txn.is_overdue(61)), (false, name == "O"), "{name}");
    }
}

#[test]
fn used_up_epochs_give_a_new_producer_id_and_the_retry_finds_it() {
    let exhausted = Transaction { epoch: LAST_EPOCH, ..phase("CC").unwrap() };
    let holder = Some(caller(PRODUCER, LAST_EPOCH));
    let ask = Claim { timeout_ms: 60, holder };
    assert_eq!(claim(Some(&exhausted), ask, NOW, None), Ok(Decision::NeedsProducerId));
    let given = Claimed::Given(caller(70, 0));
    let Ok(Decision::Change { next, answer }) = claim(Some(&exhausted), ask, NOW, Some(70)) else {
        panic!("the claim is granted");
    };
    assert_eq!(answer, given);
    let Ok(Decision::Change { answer, .. }) = claim(Some(&next), ask, NOW, None) else {
        panic!("the retry is granted");
    };
    assert_eq!(answer, given);
}

#[test]
fn ending_the_last_epoch_moves_to_a_new_producer_id() {
    let ongoing = Transaction { epoch: LAST_EPOCH, ..phase("O").unwrap() };
    let request = EndRequest {
        caller: caller(PRODUCER, LAST_EPOCH),
        outcome: Outcome::Commit,
        protocol: Protocol::V2,
    };
    assert_eq!(end(Some(&ongoing), request, NOW, None), Ok(Decision::NeedsProducerId));
    let Ok(Decision::Change { next, answer }) = end(Some(&ongoing), request, NOW, Some(70)) else {
        panic!("the end is granted");
    };
    assert_eq!(answer, caller(70, 0));
    assert_eq!(next.caller(), caller(PRODUCER, i16::MAX), "the markers fence the last client");
    let completed = complete(&next, NOW).unwrap();
    assert_eq!(completed.caller(), caller(70, 0));
    let retried = end(Some(&completed), request, NOW, None);
    assert_eq!(retried, Ok(Decision::Answer(caller(70, 0))));
}
