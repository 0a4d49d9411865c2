//! levada's broker without its registry, for what it takes by itself: `levada-broker-alone FOLDER
//! HOST:PORT`. Serves until it is killed.

use std::io::Write;

use levada_log_broker::Broker;

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
    Err(broker.failed().await.into())
}
