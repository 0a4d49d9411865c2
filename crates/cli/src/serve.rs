//! `levada serve`: registry and broker in one process, until a signal comes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use levada_encryption::Secret;
use levada_log_broker::{Broker, BrokerConfig, RunningBroker};
use levada_registry_server::{Database, RunningRegistry};
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use crate::args::ServeArgs;
use crate::config_file::ConfigFile;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::limits::{self, AllLimits};
use crate::log::{self, LogFormat};
use crate::runtime;

const DATA_DIR: &str = "./data";
const REGISTRY_LISTEN: &str = "127.0.0.1:8081";
const KAFKA_LISTEN: &str = "127.0.0.1:9092";

/// Every setting of `serve`, decided: flag before variable before file before default.
#[derive(Debug, PartialEq, Eq)]
struct Settings {
    data_dir: PathBuf,
    database: Database,
    registry_listen: String,
    kafka_listen: String,
    kafka_advertise: Option<HostPort>,
    local_kms_secret: Option<Secret>,
    registry_body_max: usize,
    audit_retention_days: u32,
    kafka_metrics_per_topic: bool,
    log_format: LogFormat,
    limits: AllLimits,
}

/// An address as clients are told it.
#[derive(Debug, PartialEq, Eq)]
struct HostPort {
    host: String,
    port: u16,
}

impl Settings {
    fn decide(args: ServeArgs, file: ConfigFile) -> Result<Self, Failure> {
        let limits = args.limits.decide(&file.limits, limits::variable)?;
        let file = file.serve;
        let text = |given: Option<String>, filed: Option<String>, default: &str| {
            given.or(filed).unwrap_or_else(|| default.to_owned())
        };
        let advertise = args.kafka_advertise.or(file.kafka_advertise);
        let data_dir = args.data_dir.or(file.data_dir).unwrap_or_else(|| DATA_DIR.into());
        let database = match args.database.or(file.database) {
            Some(setting) => Database::try_from(setting),
            None => Ok(Database::Sqlite(data_dir.join("registry.db"))),
        };
        Ok(Self {
            database: database.map_err(|error| Failure::new(exit::USAGE, error))?,
            data_dir,
            registry_listen: text(args.registry_listen, file.registry_listen, REGISTRY_LISTEN),
            kafka_listen: text(args.kafka_listen, file.kafka_listen, KAFKA_LISTEN),
            kafka_advertise: advertise.as_deref().map(HostPort::parse).transpose()?,
            local_kms_secret: args.local_kms_secret.or(file.local_kms_secret),
            registry_body_max: args
                .registry_body_max
                .or(file.registry_body_max)
                .unwrap_or(levada_registry_server::BODY_BYTES_MAX),
            audit_retention_days: args
                .audit_retention_days
                .or(file.audit_retention_days)
                .unwrap_or(levada_registry_server::AUDIT_RETENTION_DAYS),
            kafka_metrics_per_topic: args
                .kafka_metrics_per_topic
                .or(file.kafka_metrics_per_topic)
                .unwrap_or_default(),
            log_format: args.log_format.or(file.log_format).unwrap_or_default(),
            limits,
        })
    }
}

impl HostPort {
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || {
            Failure::new(
                exit::USAGE,
                format!("kafka-advertise '{text}' is not HOST:PORT with a port from 1 to 65535"),
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// Whether `serve` would start with these settings, as far as they alone tell.
pub(crate) fn check_settings(args: ServeArgs, file: ConfigFile) -> Result<(), Failure> {
    Settings::decide(args, file).map(drop)
}

/// Serves until SIGTERM or Ctrl-C, then stops cleanly.
pub(crate) fn run(args: ServeArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let settings = Settings::decide(args, globals.settings()?)?;
    log::start(settings.log_format);
    runtime::new()?.block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<ExitCode, Failure> {
    let stop = stop_signal()?;
    create_data_dir(&settings.data_dir)?;
    let broker = start_broker(&settings).await?;
    let registry = match start_registry(&settings, &broker).await {
        Ok(registry) => registry,
        Err(failure) => {
            broker.shutdown().await;
            return Err(failure);
        }
    };
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
    broker: &RunningBroker,
) -> Result<RunningRegistry, Failure> {
    let database = settings.database.clone();
    levada_registry_server::start(levada_registry_server::Settings {
        kafka_cluster_id: broker.cluster_id().to_owned(),
        collectors: vec![Box::new(broker.metrics())],
        local_kms_secret: settings.local_kms_secret.clone(),
        body_bytes_max: settings.registry_body_max,
        limits: settings.limits.schemas,
        http_limits: settings.limits.http,
        audit_retention_days: settings.audit_retention_days,
        ..levada_registry_server::Settings::new(database, settings.registry_listen.clone())
    })
    .await
    .map_err(|error| Failure::new(exit::FAILED, format!("registry: {error}")))
}

async fn start_broker(settings: &Settings) -> Result<RunningBroker, Failure> {
    let config = BrokerConfig {
        metrics_per_topic: settings.kafka_metrics_per_topic,
        ..BrokerConfig::default()
    };
    let mut builder = Broker::builder()
        .config(config)
        .data_dir(settings.data_dir.join("log"))
        .listen(settings.kafka_listen.clone());
    if let Some(HostPort { host, port }) = &settings.kafka_advertise {
        builder = builder.advertise(host.clone(), *port);
    }
    builder.start().await.map_err(|error| Failure::new(exit::FAILED, format!("kafka: {error}")))
}

/// Names the bound ports, one line each, then `ready`: the contract with whoever started us.
fn announce(registry: &RunningRegistry, broker: &RunningBroker) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    writeln!(
        stdout,
        "registry http://{}\nkafka {}\nready",
        registry.local_addr(),
        broker.local_addr()
    )
    .and_then(|()| stdout.flush())
    .map_err(|error| Failure::new(exit::FAILED, format!("cannot write to stdout: {error}")))
}

#[cfg(test)]
mod tests {
    use levada_schema_core::Limits;

    use super::*;
    use crate::config_file::ServeTable;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let args = ServeArgs { kafka_listen: Some("0.0.0.0:1".to_owned()), ..ServeArgs::default() };
        let file = ServeTable {
            data_dir: Some("/srv".into()),
            kafka_listen: Some("0.0.0.0:2".to_owned()),
            kafka_advertise: Some("[::1]:9092".to_owned()),
            local_kms_secret: Some(Secret::from("filed")),
            registry_body_max: Some(5),
            audit_retention_days: Some(7),
            kafka_metrics_per_topic: Some(true),
            log_format: Some(LogFormat::Json),
            ..ServeTable::default()
        };
        let limits = [("depth-max".to_owned(), 7)].into();
        assert_eq!(
            Settings::decide(args, ConfigFile { serve: file, limits, ..ConfigFile::default() })
                .unwrap(),
            Settings {
                data_dir: "/srv".into(),
                database: Database::Sqlite("/srv/registry.db".into()),
                registry_listen: REGISTRY_LISTEN.to_owned(),
                kafka_listen: "0.0.0.0:1".to_owned(),
                kafka_advertise: Some(HostPort { host: "::1".to_owned(), port: 9092 }),
                local_kms_secret: Some(Secret::from("filed")),
                registry_body_max: 5,
                audit_retention_days: 7,
                kafka_metrics_per_topic: true,
                log_format: LogFormat::Json,
                limits: AllLimits {
                    schemas: Limits { depth_max: 7, ..Limits::default() },
                    ..AllLimits::default()
                },
            }
        );
    }

    #[test]
    fn a_database_elsewhere_is_taken_from_the_flag_before_the_file() {
        let database = |flag: Option<&str>| {
            let args = ServeArgs { database: flag.map(Secret::from), ..ServeArgs::default() };
            let filed = Some(Secret::from("postgres://db/levada"));
            let file = ServeTable { database: filed, ..ServeTable::default() };
            Settings::decide(args, ConfigFile { serve: file, ..ConfigFile::default() })
                .map(|settings| settings.database)
        };
        assert_eq!(
            database(None).unwrap(),
            Database::Postgres(Secret::from("postgres://db/levada"))
        );
        assert_eq!(database(Some("sqlite:x.db")).unwrap(), Database::Sqlite("x.db".into()));
        let refused = format!("{:?}", database(Some("x:secret")).unwrap_err());
        assert!(refused.contains("neither sqlite:PATH nor postgres://"), "{refused}");
        assert!(!refused.contains("secret"), "{refused}");
    }

    #[test]
    fn advertised_address_without_a_port_is_refused() {
        for text in ["host", "host:", ":1", "host:0", "host:70000"] {
            assert!(HostPort::parse(text).is_err(), "{text}");
        }
    }
}
