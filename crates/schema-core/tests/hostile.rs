//! Every hostile input of the catalogue ends in what it must end in. How soon, and in how much
//! memory, is measured by `cargo bench -p levada-schema-core --bench hostile`.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

mod catalogue;

/// As the registry and the command line give to their workers.
const STACK_BYTES: usize = 64 << 20;

#[test]
fn every_hostile_input_ends_as_it_must() {
    let run = || {
        let outcomes = catalogue::cases().map(|case| (case.name, (case.task)().run()));
        let wrong: Vec<_> = outcomes
            .zip(catalogue::cases())
            .filter(|((_, outcome), case)| outcome != case.expected)
            .collect();
        for ((name, outcome), case) in &wrong {
            eprintln!("{name}: expected {}, got {outcome}", case.expected);
        }
        assert!(wrong.is_empty(), "{} cases", wrong.len());
    };
    let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    worker.expect("a thread").join().expect("no panic");
}

/// Every finding has a search of its own, so a few tell what all would.
const FINDINGS_MAX: usize = 3;

#[test]
fn every_search_for_an_example_of_a_hostile_pair_ends() {
    let run = || {
        let mut counts = std::collections::BTreeMap::new();
        for case in catalogue::cases() {
            for outcome in (case.task)().examples(FINDINGS_MAX) {
                *counts.entry(outcome).or_insert(0) += 1;
            }
        }
        assert!(counts.get("value").is_some_and(|count| *count > 10), "{counts:?}");
    };
    let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    worker.expect("a thread").join().expect("no panic");
}
