//! An import that is stopped goes on when it is started again.

use levada_transfer::{ImportOptions, Tally, TransferError};

use crate::fill::fill;
use crate::proxy::proxy;
use crate::server::Server;
use crate::{assert_same, bring, brought, noticed, source};

/// What is soft-deleted at the source after [`fill`], DEKs aside: it counts as brought when it has
/// come, and is deleted later.
const DELETED: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn import_stopped_at_any_request_is_completed_by_the_next_one() {
    let from = Server::start().await;
    fill(&from).await;
    let mut stopped = 0;
    for requests in (1..).step_by(23) {
        let to = Server::start().await;
        let way = proxy(&to.url(), requests).await;
        let (first, problems) = brought(&source(&from), &way, ImportOptions::default()).await;
        assert_eq!(problems, Vec::<String>::new());
        let done = match first {
            Ok(tally) => tally.brought.total(),
            Err(stop) => {
                let refused = matches!(stop.error, TransferError::Registry { .. });
                assert!(refused, "{}", stop.error);
                stopped += 1;
                stop.tally.brought.total()
            }
        };
        let rest = completed(&from, &to).await;
        assert!(rest.unchanged.total() + DELETED >= done, "{done} were there: {rest}");
        assert_same(&from, &to).await;
        if rest.brought.total() == 0 {
            break;
        }
    }
    assert!(stopped > 5, "only {stopped} imports were stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn source_that_fails_midway_stops_the_import() {
    let (from, to) = (Server::start().await, Server::start().await);
    fill(&from).await;
    for requests in [1, 20, 100] {
        let way = proxy(&from.url(), requests).await;
        let half = levada_transfer::Source::Registry(crate::registry(&way));
        let (stopped, _) = brought(&half, &to.url(), ImportOptions::default()).await;
        let error = stopped.expect_err("the source is gone").error;
        assert!(error.to_string().contains("503"), "{error}");
    }
    completed(&from, &to).await;
    assert_same(&from, &to).await;
}

/// An import after others that were stopped, and what it says is left to be done.
async fn completed(from: &Server, to: &Server) -> Tally {
    let (tally, notices) = noticed(&source(from), to).await;
    for notice in notices {
        let (_, end) = notice.split_once("has left it so, end that with ").unwrap();
        to.make(end, serde_json::Value::Null).await;
    }
    tally
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_source_got_meanwhile_comes_with_the_next_import() {
    let (from, to) = (Server::start().await, Server::start().await);
    fill(&from).await;
    bring(&source(&from), &to).await;
    from.register("plain", crate::fill::record("Plain", "new")).await;
    from.make("DELETE /mode/contract-value", serde_json::Value::Null).await;
    from.register("contract-value", crate::fill::record("Contract", "c")).await;
    from.make("PUT /mode/contract-value", serde_json::json!({"mode": "READONLY"})).await;
    from.make("DELETE /subjects/plain/versions/1", serde_json::Value::Null).await;
    from.make("DELETE /subjects/also-plain", serde_json::Value::Null).await;

    let (refused, _) = brought(&source(&from), &to.url(), ImportOptions::default()).await;
    let refused = refused.expect_err("the target is in use");
    assert!(matches!(&refused.error, TransferError::InUse { context } if context == ":.:"));
    assert_eq!(refused.tally.brought.total(), 0);

    let options = ImportOptions { force: true, ..ImportOptions::default() };
    let (forced, problems) = brought(&source(&from), &to.url(), options).await;
    assert_eq!(problems, Vec::<String>::new());
    let brought = forced.unwrap().brought;
    let expected = levada_transfer::Counts { versions: 4, ..Tally::default().brought };
    assert_eq!(brought, expected);
    assert_same(&from, &to).await;
}
