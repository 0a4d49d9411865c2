//! `levada serve`: registry and broker in one process, until a signal comes; and all else that only a
//! build with a server has. `without_server.rs` stands in its place in one that has none.

mod data;
mod log;
mod sample;
mod settings;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use levada_log_broker::{Broker, BrokerConfig, RunningBroker};
pub(crate) use levada_registry_server::HttpLimits;
use levada_registry_server::{Database, RunningRegistry};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

pub(crate) use data::{DataArgs, look_at_data};
use settings::{HostPort, Settings, Storage};
pub(crate) use settings::{ServeArgs, ServeFlags, ServeTable, check_settings};

use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::runtime;

/// What the binary is.
pub(crate) const ABOUT: &str = "Schema registry, Kafka log broker and schema checks in one binary";
/// What it does without a command.
pub(crate) const WITHOUT_COMMAND: &str = "Without a command, levada serves: the registry on http://127.0.0.1:8081, Kafka on \
     127.0.0.1:9092, data under ./data.";
/// Whether there is a server to be listed among the commands.
pub(crate) const IS_HERE: bool = true;
pub(crate) const HELP: &str = "\
Examples:
  levada serve --data-dir /var/lib/levada --kafka-listen 0.0.0.0:9092 --kafka-advertise kafka.example.com:9092
  levada serve --dev";
pub(crate) const DOCTOR_HELP: &str = "\
Examples:
  levada doctor --registry https://registry.example.com --bootstrap kafka.example.com:9092
  levada doctor --data-dir /var/lib/levada

Nothing is changed. Exits 1 where something is wrong.";

/// Serves until SIGTERM or Ctrl-C, then stops cleanly.
pub(crate) fn run(args: ServeArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let settings = args.decide(globals.settings()?)?;
    log::start(settings.log_format);
    runtime::new()?.block_on(serve(settings, globals))
}

async fn serve(settings: Settings, globals: &Globals) -> Result<ExitCode, Failure> {
    let stop = stop_signal()?;
    if settings.storage == Storage::Memory {
        globals.warn(
            "development: all data is in memory and gone when this ends; nobody but this machine is served",
        );
    }
    let place = Place::make(&settings.storage)?;
    let broker = start_broker(&settings, &place).await?;
    let registry = match start_registry(&settings, &place, &broker).await {
        Ok(registry) => registry,
        Err(failure) => {
            broker.shutdown().await;
            return Err(failure);
        }
    };
    if settings.storage == Storage::Memory {
        let (url, bootstrap) = (url_of(&registry), broker.local_addr().to_string());
        globals.warn(&sample::fill(&url, &bootstrap).await?);
    }
    announce(&registry, &broker)?;
    let offline = tokio::select! {
        () = stop => None,
        reason = broker.failed() => Some(reason),
    };
    info!("stopping");
    let (registry, ()) = tokio::join!(registry.shutdown(), broker.shutdown());
    // Named alone: whatever fails after it, this is what the operator has to mend.
    if let Some(reason) = offline {
        return Err(Failure::new(exit::FAILED, format!("kafka: {reason}")));
    }
    registry.map_err(|error| Failure::new(exit::FAILED, format!("registry: {error}")))?;
    info!("stopped");
    Ok(ExitCode::from(exit::OK))
}

/// Resolves at the first SIGTERM or Ctrl-C from now on.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| {
            Failure::new(exit::FAILED, format!("cannot listen to signals: {error}"))
        })
    };
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Where data lies, made ready.
enum Place {
    Folder {
        log: PathBuf,
        database: Database,
    },
    /// The records are in memory, and the registry's `SQLite` file in a folder that goes with the
    /// process.
    Passing(TempDir),
}

impl Place {
    fn make(storage: &Storage) -> Result<Self, Failure> {
        match storage {
            Storage::Lasting { data_dir, database } => {
                create_data_dir(data_dir)?;
                Ok(Self::Folder { log: data_dir.join("log"), database: database.clone() })
            }
            Storage::Memory => {
                let mut folder = tempfile::Builder::new();
                folder.prefix("levada-dev-");
                // In memory where the system has a place for that.
                let made = folder.tempdir_in("/dev/shm").or_else(|_| folder.tempdir());
                made.map(Self::Passing).map_err(|error| {
                    Failure::new(exit::FAILED, format!("cannot create a temporary folder: {error}"))
                })
            }
        }
    }

    fn database(&self) -> Database {
        match self {
            Self::Folder { database, .. } => database.clone(),
            Self::Passing(folder) => Database::Sqlite(folder.path().join("registry.db")),
        }
    }
}

fn create_data_dir(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| {
        Failure::new(
            exit::FAILED,
            format!("cannot create data directory {}: {error}", path.display()),
        )
    })
}

async fn start_registry(
    settings: &Settings,
    place: &Place,
    broker: &RunningBroker,
) -> Result<RunningRegistry, Failure> {
    levada_registry_server::start(levada_registry_server::Settings {
        kafka_cluster_id: broker.cluster_id().to_owned(),
        collectors: vec![Box::new(broker.metrics())],
        local_kms_secret: settings.local_kms_secret.clone(),
        body_bytes_max: settings.registry_body_max,
        limits: settings.limits.schemas,
        http_limits: settings.limits.http,
        audit_retention_days: settings.audit_retention_days,
        ..levada_registry_server::Settings::new(place.database(), settings.registry_listen.clone())
    })
    .await
    .map_err(|error| Failure::new(exit::FAILED, format!("registry: {error}")))
}

async fn start_broker(settings: &Settings, place: &Place) -> Result<RunningBroker, Failure> {
    let config = BrokerConfig {
        metrics_per_topic: settings.kafka_metrics_per_topic,
        ..BrokerConfig::default()
    };
    let mut builder = Broker::builder().config(config).listen(settings.kafka_listen.clone());
    builder = match place {
        Place::Folder { log, .. } => builder.data_dir(log),
        Place::Passing(_) => builder.in_memory(),
    };
    if let Some(HostPort { host, port }) = &settings.kafka_advertise {
        builder = builder.advertise(host.clone(), *port);
    }
    builder.start().await.map_err(|error| Failure::new(exit::FAILED, format!("kafka: {error}")))
}

fn url_of(registry: &RunningRegistry) -> String {
    format!("http://{}", registry.local_addr())
}

/// Names the bound ports, one line each, then `ready`: the contract with whoever started us.
fn announce(registry: &RunningRegistry, broker: &RunningBroker) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "registry {}\nkafka {}\nready", url_of(registry), broker.local_addr())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::new(exit::FAILED, format!("cannot write to stdout: {error}")))
}
