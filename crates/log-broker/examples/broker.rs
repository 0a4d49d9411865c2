//! Runs a broker alone: `broker <data directory> <host:port>`, until standard input ends.

use std::io::Read;

use levada_log_broker::Broker;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (data_dir, listen) = arguments.next().zip(arguments.next()).ok_or("two arguments")?;
    let running = Broker::builder().data_dir(data_dir).listen(listen).start().await?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    running.shutdown().await;
    Ok(())
}
