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
