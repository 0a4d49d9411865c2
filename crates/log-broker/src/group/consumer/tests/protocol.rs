//! One rule of the protocol each.

use super::*;

#[test]
fn first_member_gets_everything_at_once_and_is_told_once() {
    let mut bench = Bench::with_topic("t", 2);
    let all = [("t", 0), ("t", 1)];
    let joined = bench.join("a", &["t"]).unwrap();
    assert_eq!(joined, told("a", joined.epoch, Some(&all)));
    assert_eq!(bench.go_on("a", joined.epoch, &all), Ok(told("a", joined.epoch, None)));
    assert_eq!(bench.group.state_name(), "Stable");
}

#[test]
fn partition_changes_hands_only_when_the_old_member_has_given_it_up() {
    let mut bench = Bench::with_topic("t", 2);
    let first = bench.join("a", &["t"]).unwrap().epoch;
    let second = bench.join("b", &["t"]).unwrap();
    assert_eq!(second.assignment, Some(set(&[])), "what it is to get is still held");
    let revoking = bench.go_on("a", first, &[("t", 0), ("t", 1)]).unwrap();
    let kept = revoking.assignment.clone().unwrap();
    assert_eq!((revoking.epoch, kept.partitions().count()), (first, 1), "the epoch waits");
    assert_eq!(bench.group.state_name(), "Reconciling");
    let waiting = bench.go_on("b", second.epoch, &[]).unwrap();
    assert_eq!(waiting.assignment, None, "it is not given up yet");
    let (topic, partition) = kept.partitions().next().unwrap();
    assert_eq!(topic, id_of("t"));
    let acknowledged = bench.go_on("a", first, &[("t", partition)]).unwrap();
    assert_eq!(acknowledged.epoch, second.epoch);
    let given = bench.go_on("b", second.epoch, &[]).unwrap();
    assert_eq!(given.assignment, Some(set(&[("t", 1 - partition)])));
    assert_eq!(bench.group.state_name(), "Stable");
}

#[test]
fn leaving_frees_what_a_member_had() {
    let mut bench = Bench::with_topic("t", 2);
    bench.join("a", &["t"]).unwrap();
    let second = bench.join("b", &["t"]).unwrap().epoch;
    assert_eq!(bench.beat(&going_on("a", -1)), Ok(told("a", -1, None)));
    let given = bench.go_on("b", second, &[]).unwrap();
    assert_eq!(given.assignment, Some(set(&[("t", 0), ("t", 1)])));
    assert_eq!(bench.beat(&going_on("a", -1)), Err(ResponseError::UnknownMemberId));
}

#[test]
fn epochs_that_are_not_the_members_are_fenced() {
    let mut bench = Bench::with_topic("t", 1);
    let epoch = bench.join("a", &["t"]).unwrap().epoch;
    for (id, epoch, error) in [
        ("a", epoch + 1, ResponseError::FencedMemberEpoch),
        ("a", epoch + 9, ResponseError::FencedMemberEpoch),
        ("b", epoch, ResponseError::UnknownMemberId),
    ] {
        assert_eq!(bench.go_on(id, epoch, &[]), Err(error), "{id} in epoch {epoch}");
    }
}

#[test]
fn member_that_missed_an_answer_may_repeat_itself() {
    let mut bench = Bench::with_topic("t", 1);
    let first = bench.join("a", &["t"]).unwrap().epoch;
    bench.topics.set("t", 2);
    let missed = bench.go_on("a", first, &[("t", 0)]).unwrap();
    assert!(missed.epoch > first, "more partitions are a new epoch");
    assert_eq!(missed.assignment, Some(set(&[("t", 0), ("t", 1)])));
    let again = bench.go_on("a", first, &[("t", 0)]).unwrap();
    assert_eq!(again.epoch, missed.epoch);
    let foreign = bench.go_on("a", first, &[("x", 0)]);
    assert_eq!(foreign, Err(ResponseError::FencedMemberEpoch), "that was never its own");
}

#[test]
fn full_heartbeat_is_told_everything_again() {
    let mut bench = Bench::with_topic("t", 1);
    let epoch = bench.join("a", &["t"]).unwrap().epoch;
    let full = Beat { epoch, ..joining("a", &["t"]) };
    assert_eq!(bench.beat(&full), Ok(told("a", epoch, Some(&[("t", 0)]))));
    let rejoined = bench.join("a", &["t"]).unwrap();
    assert_eq!(rejoined, told("a", epoch, Some(&[("t", 0)])), "nor does it lose anything");
}

#[test]
fn silent_member_is_out_and_one_that_keeps_too_long_as_well() {
    let mut bench = Bench::with_topic("t", 2);
    let first = bench.join("a", &["t"]).unwrap().epoch;
    bench.pass(45_000);
    assert!(bench.group.is_empty());
    assert_eq!(bench.go_on("a", first, &[]), Err(ResponseError::UnknownMemberId));

    let both = [("t", 0), ("t", 1)];
    let first = bench.join("a", &["t"]).unwrap().epoch;
    bench.join("b", &["t"]).unwrap();
    for _ in 0..3 {
        assert_eq!(bench.go_on("a", first, &both).unwrap().epoch, first);
        let second = bench.group.members["b"].current.epoch;
        bench.go_on("b", second, &[]).unwrap();
        bench.pass(20_000);
    }
    let members: Vec<&String> = bench.group.members.keys().collect();
    assert_eq!(members, ["b"], "it had a minute to give up a partition");
}

#[test]
fn static_member_comes_back_to_what_it_had() {
    let mut bench = Bench::with_topic("t", 1);
    let named =
        |id: &str, epoch| Beat { epoch, instance_id: Some("i".to_owned()), ..joining(id, &["t"]) };
    let epoch = bench.beat(&named("a", 0)).unwrap().epoch;
    assert_eq!(bench.beat(&named("b", 0)), Err(ResponseError::UnreleasedInstanceId));
    let left = Beat { instance_id: Some("i".to_owned()), ..going_on("a", -2) };
    assert_eq!(bench.beat(&left), Ok(told("a", -2, None)));
    let back = bench.beat(&named("b", 0)).unwrap();
    assert_eq!(back, told("b", epoch, Some(&[("t", 0)])), "no epoch is lost over it");
    assert_eq!(bench.beat(&named("a", epoch)), Err(ResponseError::FencedInstanceId));
    let stranger = Beat { instance_id: Some("j".to_owned()), ..going_on("b", epoch) };
    assert_eq!(bench.beat(&stranger), Err(ResponseError::UnknownMemberId));
}

#[test]
fn pattern_finds_topics_now_and_later_and_an_empty_one_finds_none() {
    let mut bench = Bench::with_topic("apples", 1);
    bench.topics.set("bananas", 1);
    let regex = |text: &str| Beat {
        topic_names: None,
        topic_regex: Some(text.to_owned()),
        ..joining("a", &[])
    };
    let joined = bench.beat(&regex("a.*|cherries")).unwrap();
    assert_eq!(joined.assignment, Some(set(&[("apples", 0)])));
    bench.topics.set("cherries", 1);
    let more = bench.go_on("a", joined.epoch, &[("apples", 0)]).unwrap();
    assert_eq!(more.assignment, Some(set(&[("apples", 0), ("cherries", 0)])));
    assert_eq!(bench.beat(&regex("(")), Err(ResponseError::InvalidRegularExpression));
    let none = bench.beat(&Beat { epoch: more.epoch, ..regex("") }).unwrap();
    assert_eq!(none.assignment, Some(set(&[])));
}

#[test]
fn malformed_heartbeats_are_refused_before_anything_happens() {
    let mut bench = Bench::with_topic("t", 1);
    let good = joining("a", &["t"]);
    for bad in [
        Beat { member_id: String::new(), ..good.clone() },
        Beat { epoch: -3, ..good.clone() },
        Beat { epoch: -2, ..good.clone() },
        Beat { rebalance_timeout_ms: -1, ..good.clone() },
        Beat { topic_names: None, ..good.clone() },
        Beat { owned: Some(set(&[("t", 0)])), ..good.clone() },
        Beat { instance_id: Some(String::new()), ..good.clone() },
    ] {
        assert_eq!(bench.beat(&bad), Err(ResponseError::InvalidRequest), "{bad:?}");
    }
    let odd = Beat { server_assignor: Some("odd".to_owned()), ..good };
    assert_eq!(bench.beat(&odd), Err(ResponseError::UnsupportedAssignor));
    assert!(bench.group.is_empty());
}

#[test]
fn most_members_choose_the_assignor() {
    let mut bench = Bench::with_topic("t", 1);
    assert_eq!(bench.group.assignor(), "uniform");
    for id in ["a", "b"] {
        let asked = Beat { server_assignor: Some("range".to_owned()), ..joining(id, &["t"]) };
        bench.beat(&asked).unwrap();
    }
    bench.join("c", &["t"]).unwrap();
    assert_eq!(bench.group.assignor(), "range");
}

#[test]
fn more_members_than_allowed_are_refused() {
    let mut bench = Bench::with_topic("t", 1);
    bench.config.max_size = 1;
    bench.join("a", &["t"]).unwrap();
    assert_eq!(bench.join("b", &["t"]), Err(ResponseError::GroupMaxSizeReached));
    assert!(bench.join("a", &["t"]).is_ok(), "who belongs to it may come again");
}
