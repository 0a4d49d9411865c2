//! `kill -9` under load, twenty times: what was acknowledged is there after the restart.
//!
//! A killed process leaves the page cache behind, so this shows recovery and answer order, not
//! what a power cut leaves; the broker's simulated disk covers that.

mod checker;
mod checker_tests;
mod history;
mod load;
mod nodes;
mod verify;

use levada_tests::Levada;

use load::{Acknowledged, load_until_killed};
use verify::verify;

const ROUNDS: usize = 20;

#[test]
fn acknowledged_work_survives_twenty_kills_under_load() {
    let data = tempfile::tempdir().expect("a folder for the data");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        let server = Levada::start(data.path());
        runtime.block_on(verify(&server, &mut acknowledged));
        // Each round dies at another depth of the load.
        let enough = 10 + 17 * round % 60;
        runtime.block_on(load_until_killed(server, round, enough, &mut acknowledged));
    }
    let server = Levada::start(data.path());
    runtime.block_on(verify(&server, &mut acknowledged));
    server.terminate();
    // Clients of killed servers still wait for them; nobody waits for those clients.
    runtime.shutdown_background();
    assert!(acknowledged.history.acked() > ROUNDS * 10, "{:?}", acknowledged.history);
}

#[test]
fn acknowledged_work_survives_an_orderly_restart() {
    let data = tempfile::tempdir().expect("a folder for the data");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut acknowledged = Acknowledged::default();
    let server = Levada::start(data.path());
    runtime.block_on(load::load(&server, 0, 50, &mut acknowledged));
    server.terminate();
    let server = Levada::start(data.path());
    runtime.block_on(verify(&server, &mut acknowledged));
    server.terminate();
    runtime.shutdown_background();
}
