//! Random sequences of requests: the answers are the same on every store.

use levada_registry_core::MemoryStore;
use proptest::prelude::*;

use super::actions::{Action, action, everything, run};
use super::*;

proptest! {
    #![proptest_config(sequences())]

    #[test]
    fn both_databases_and_memory_give_the_same_answers(
        actions in proptest::collection::vec(action(), 10..60)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(compare(&actions))?;
    }
}

async fn compare(actions: &[Action]) -> Result<(), TestCaseError> {
    let directory = TempDir::new().unwrap();
    let databases = [sqlite(&directory), new_postgres().await.1];
    let [file, server] = [open(&databases[0]).await, open(&databases[1]).await];
    let model = over(MemoryStore::default());
    for action in actions {
        let (expected, in_file, on_server) =
            tokio::join!(run(&model, action), run(&file, action), run(&server, action));
        prop_assert_eq!(in_file, expected.clone(), "SQLite: {:?}", action);
        prop_assert_eq!(on_server, expected, "PostgreSQL: {:?}", action);
    }
    let expected = everything(&model).await;
    let mut noted = model.store().audit();
    for entry in &mut noted {
        entry.ts_ms = 0;
    }
    for (store, database) in [file, server].into_iter().zip(&databases) {
        prop_assert_eq!(&everything(&store).await, &expected, "{:?}", database);
        prop_assert_eq!(&audit(store.store()).await, &noted, "{:?}", database);
        store.store().close().await.unwrap();
        drop(store);
        prop_assert_eq!(&everything(&open(database).await).await, &expected, "{:?}", database);
    }
    Ok(())
}
