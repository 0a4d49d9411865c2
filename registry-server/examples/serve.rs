//! Serves a database for trying the crate alone: `serve DATABASE HOST:PORT`.

use levada_registry_server::{Settings, start};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let database = args.next().ok_or("which database?")?;
    let listen = args.next().ok_or("which address?")?;
    let running = start(Settings::new(database, listen)).await?;
    tokio::signal::ctrl_c().await?;
    Ok(running.shutdown().await?)
}
