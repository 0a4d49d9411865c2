//! Configs: set where they differ. One that the target alone has is left to it.

use super::target::{Needs, Target};
use crate::record::{ConfigRecord, Key};
use crate::source::Records;
use crate::window::Window;
use crate::{Record, TransferError};

pub(super) async fn bring(records: &mut Records, target: &Target<'_>) -> Result<(), TransferError> {
    let mut window = Window::new();
    while let Some(config) = records.next_of(config_of).await? {
        let scope = config.scope.clone();
        let work = async move {
            let brought = bring_config(&config, target).await;
            (config.scope, brought)
        };
        window.start(scope, &[], work).await?;
    }
    window.drain().await
}

async fn bring_config(config: &ConfigRecord, target: &Target<'_>) -> Result<(), TransferError> {
    let scope = &config.scope;
    let key = Key::Config(scope.clone());
    target.meet(scope);
    let there = target.registry.config(scope).await?;
    if there.as_ref() == Some(config) {
        target.unchanged(&key);
        return Ok(());
    }
    let put = async || target.registry.put_config(config, there.as_ref()).await;
    target.write(&key, scope, Needs::Writable, put).await
}

fn config_of(record: Record) -> Result<ConfigRecord, Record> {
    if let Record::Config(config) = record { Ok(config) } else { Err(record) }
}
