//! What `levada serve` is told: by flags and variables, by the settings file, else by default.

use std::net::ToSocketAddrs;
use std::path::PathBuf;

use clap::Args;
use levada_encryption::Secret;
use levada_registry_server::Database;
use serde::Deserialize;

use super::log::LogFormat;
use crate::config_file::ConfigFile;
use crate::exit::{self, Failure};
use crate::limits::{self, AllLimits, LimitArgs};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// For trying things out: all data in memory and gone at the end, sample schemas and records,
    /// and nobody but this machine is served
    #[arg(long, conflicts_with_all = ["data_dir", "database"])]
    pub(super) dev: bool,
    #[command(flatten)]
    pub(super) flags: ServeFlags,
}

/// What `serve` was told on the command line or by variables; the settings file fills the gaps.
#[derive(Debug, Default, Args)]
pub(crate) struct ServeFlags {
    /// Folder for the log, and for the database unless it is elsewhere [default: ./data]
    #[arg(long, env = "LEVADA_DATA_DIR", value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// Database of the schema registry: sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/NAME,
    /// which several servers can share [default: sqlite:registry.db in the data folder]
    #[arg(long, env = "LEVADA_DATABASE", value_name = "DATABASE", hide_env_values = true)]
    pub(super) database: Option<Secret>,
    /// Address of the schema registry; port 0 takes a free one [default: 127.0.0.1:8081]
    #[arg(long, env = "LEVADA_REGISTRY_LISTEN", value_name = "HOST:PORT")]
    pub(super) registry_listen: Option<String>,
    /// Address of the Kafka listener; port 0 takes a free one [default: 127.0.0.1:9092]
    #[arg(long, env = "LEVADA_KAFKA_LISTEN", value_name = "HOST:PORT")]
    pub(super) kafka_listen: Option<String>,
    /// Address that Kafka clients are told to connect to [default: the one listened on]
    #[arg(long, env = "LEVADA_KAFKA_ADVERTISE", value_name = "HOST:PORT")]
    pub(super) kafka_advertise: Option<String>,
    /// Secret of the local KMS, for shared keys of the DEK registry that bring none of their own
    #[arg(long, env = "LEVADA_LOCAL_KMS_SECRET", value_name = "TEXT", hide_env_values = true)]
    pub(super) local_kms_secret: Option<Secret>,
    /// Longest request body of the schema registry in bytes [default: 1048576]
    #[arg(long, env = "LEVADA_REGISTRY_BODY_MAX", value_name = "BYTES")]
    pub(super) registry_body_max: Option<usize>,
    /// How long rows of the audit are kept, in days; 0 keeps no audit [default: 90]
    #[arg(long, env = "LEVADA_AUDIT_RETENTION_DAYS", value_name = "DAYS")]
    pub(super) audit_retention_days: Option<u32>,
    /// Whether /metrics shows each topic, each partition and the lag of each group, too
    /// [default: false]
    #[arg(long, env = "LEVADA_KAFKA_METRICS_PER_TOPIC", value_name = "BOOL")]
    pub(super) kafka_metrics_per_topic: Option<bool>,
    /// Form of the log lines on stderr [default: text]
    #[arg(long, env = "LEVADA_LOG_FORMAT", value_name = "FORMAT")]
    pub(super) log_format: Option<LogFormat>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The table `[serve]`: the flags of `levada serve` under the same names.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ServeTable {
    pub(super) data_dir: Option<PathBuf>,
    pub(super) database: Option<Secret>,
    pub(super) registry_listen: Option<String>,
    pub(super) kafka_listen: Option<String>,
    pub(super) kafka_advertise: Option<String>,
    pub(super) local_kms_secret: Option<Secret>,
    pub(super) registry_body_max: Option<usize>,
    pub(super) audit_retention_days: Option<u32>,
    pub(super) kafka_metrics_per_topic: Option<bool>,
    pub(super) log_format: Option<LogFormat>,
}

const DATA_DIR: &str = "./data";
const REGISTRY_LISTEN: &str = "127.0.0.1:8081";
const KAFKA_LISTEN: &str = "127.0.0.1:9092";

/// Every setting of `serve`, decided: flag before variable before file before default.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) storage: Storage,
    pub(super) registry_listen: String,
    pub(super) kafka_listen: String,
    pub(super) kafka_advertise: Option<HostPort>,
    pub(super) local_kms_secret: Option<Secret>,
    pub(super) registry_body_max: usize,
    pub(super) audit_retention_days: u32,
    pub(super) kafka_metrics_per_topic: bool,
    pub(super) log_format: LogFormat,
    pub(super) limits: AllLimits,
}

/// Where data lies.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Lasting {
        data_dir: PathBuf,
        database: Database,
    },
    /// For as long as the process lives, which serves this machine alone.
    Memory,
}

/// An address as clients are told it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HostPort {
    pub(super) host: String,
    pub(super) port: u16,
}

impl ServeArgs {
    pub(super) fn decide(self, file: ConfigFile) -> Result<Settings, Failure> {
        let Self { dev, flags } = self;
        let mut settings = Settings::decide(flags, file)?;
        if dev {
            must_be_loopback("registry-listen", &settings.registry_listen)?;
            must_be_loopback("kafka-listen", &settings.kafka_listen)?;
            settings.storage = Storage::Memory;
        }
        Ok(settings)
    }
}

/// Sample data is for whoever sits before the machine, and there is no login that would keep others
/// away.
fn must_be_loopback(setting: &str, address: &str) -> Result<(), Failure> {
    // An address that cannot be found out is refused when it is listened on.
    let mut found = address.to_socket_addrs().into_iter().flatten();
    if found.all(|address| address.ip().is_loopback()) {
        return Ok(());
    }
    let message = format!(
        "--dev serves this machine alone, and {setting} is {address}; leave it out, or take 127.0.0.1"
    );
    Err(Failure::new(exit::USAGE, message))
}

impl Settings {
    pub(super) fn decide(args: ServeFlags, file: ConfigFile) -> Result<Self, Failure> {
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
        let database = database.map_err(|error| Failure::new(exit::USAGE, error))?;
        Ok(Self {
            storage: Storage::Lasting { data_dir, database },
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
pub(crate) fn check_settings(args: ServeFlags, file: ConfigFile) -> Result<(), Failure> {
    Settings::decide(args, file).map(drop)
}

#[cfg(test)]
mod tests {
    use levada_schema_core::Limits;

    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let args =
            ServeFlags { kafka_listen: Some("0.0.0.0:1".to_owned()), ..ServeFlags::default() };
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
                storage: Storage::Lasting {
                    data_dir: "/srv".into(),
                    database: Database::Sqlite("/srv/registry.db".into()),
                },
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
            let args = ServeFlags { database: flag.map(Secret::from), ..ServeFlags::default() };
            let filed = Some(Secret::from("postgres://db/levada"));
            let file = ServeTable { database: filed, ..ServeTable::default() };
            Settings::decide(args, ConfigFile { serve: file, ..ConfigFile::default() }).map(
                |settings| match settings.storage {
                    Storage::Lasting { database, .. } => database,
                    Storage::Memory => unreachable!("--dev was not said"),
                },
            )
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
    fn development_keeps_nothing_and_serves_this_machine_alone() {
        let decide = |listen: &str| {
            let flags = ServeFlags {
                registry_listen: Some("localhost:1".to_owned()),
                kafka_listen: Some(listen.to_owned()),
                ..ServeFlags::default()
            };
            let filed = ServeTable { data_dir: Some("/srv".into()), ..ServeTable::default() };
            let file = ConfigFile { serve: filed, ..ConfigFile::default() };
            ServeArgs { dev: true, flags }.decide(file)
        };
        for own in ["127.0.0.1:0", "[::1]:1", "localhost:2"] {
            assert_eq!(decide(own).unwrap().storage, Storage::Memory, "{own}");
        }
        for open in ["0.0.0.0:9092", "[::]:9092", "192.0.2.1:9092"] {
            let refused = format!("{:?}", decide(open).unwrap_err());
            let told = format!("--dev serves this machine alone, and kafka-listen is {open};");
            assert!(refused.contains(&told), "{refused}");
        }
    }

    #[test]
    fn advertised_address_without_a_port_is_refused() {
        for text in ["host", "host:", ":1", "host:0", "host:70000"] {
            assert!(HostPort::parse(text).is_err(), "{text}");
        }
    }
}
