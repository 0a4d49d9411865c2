//! The threads on which commands wait for sockets.

use tokio::runtime::{Builder, Runtime};

use crate::exit::{self, Failure};

pub(crate) fn new() -> Result<Runtime, Failure> {
    let built = Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Failure::new(exit::FAILED, format!("cannot start threads: {error}")))
}
