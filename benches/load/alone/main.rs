//! levada's broker without its registry, for what it takes by itself: `levada-broker-alone FOLDER
//! HOST:PORT`. Stops cleanly at SIGTERM.

use std::io::Write;

use levada_log_broker::Broker;
use tokio::signal::unix::{SignalKind, signal};

/// As the levada binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(folder), Some(listen), None) = (words.next(), words.next(), words.next()) else {
        return Err("usage: levada-broker-alone FOLDER HOST:PORT".into());
    };
    let broker = Broker::builder().data_dir(folder).listen(listen).start().await?;
    writeln!(std::io::stdout(), "kafka {}\nready", broker.local_addr())?;
    let mut stop = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = stop.recv() => broker.shutdown().await,
        reason = broker.failed() => return Err(reason.into()),
    }
    Ok(())
}
