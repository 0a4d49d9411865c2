//! The arguments of the commands that speak a registry's REST API.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use levada_schema_core::{CompatibilityLevel, CompatibilityPolicy, SchemaType};

use crate::kafka::AnswerArgs;
use crate::registry::{ContextArgs, RegistryArgs};

/// The registry, and what of it.
#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
    #[command(flatten)]
    pub(super) context: ContextArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubjectCommand {
    /// The names, one a line
    #[command(after_help = "Example:\n  levada subject list orders- --context .test")]
    List {
        /// Only those that start so
        #[arg(default_value = "")]
        prefix: String,
        /// Soft-deleted ones, too
        #[arg(long)]
        deleted: bool,
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// The versions of a subject with their ids
    #[command(after_help = "Example:\n  levada subject show orders-value")]
    Show {
        subject: String,
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// Register the soft-deleted versions of a subject again
    #[command(after_help = "Example:\n  levada subject undelete orders-value")]
    Undelete {
        subject: String,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Delete a subject; softly, so that it can be undone, or for good
    #[command(after_help = "Example:\n  levada subject delete orders-value --permanent")]
    Delete {
        subject: String,
        /// For good; it must be soft-deleted before, which this does, too
        #[arg(long)]
        permanent: bool,
        #[command(flatten)]
        scope: ScopeArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// The text of a schema, by subject and version or by id
    #[command(after_help = "Example:\n  levada schema get orders-value --version 3")]
    Get {
        /// The subject; without --version its newest
        #[arg(required_unless_present = "id")]
        subject: Option<String>,
        #[arg(long, default_value = "latest")]
        version: String,
        #[arg(long, conflicts_with = "subject")]
        id: Option<i32>,
        /// With the references written out
        #[arg(long)]
        resolve: bool,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Register a schema as the next version of a subject
    #[command(
        after_help = "Example:\n  levada schema register orders-value order.avsc --reference shop.User=users-value:2"
    )]
    Register(DraftArgs),
    /// Ask for the version and the id of a schema that is registered
    #[command(after_help = "Example:\n  levada schema lookup orders-value order.avsc")]
    Lookup(DraftArgs),
    /// Delete a version of a subject
    #[command(after_help = "Example:\n  levada schema delete orders-value --version 3")]
    Delete {
        subject: String,
        #[arg(long)]
        version: String,
        /// For good; it must be soft-deleted before, which this does, too
        #[arg(long)]
        permanent: bool,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// The ids of the schemas that refer to a version
    #[command(after_help = "Example:\n  levada schema refs users-value")]
    Refs {
        subject: String,
        #[arg(long, default_value = "latest")]
        version: String,
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        answer: AnswerArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DraftArgs {
    pub(super) subject: String,
    pub(super) file: PathBuf,
    /// AVRO, PROTOBUF or JSON [default: by extension: .avsc .avro, .proto, .json]
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) schema_type: Option<SchemaType>,
    /// What the schema refers to; may be repeated
    #[arg(long = "reference", value_name = "NAME=SUBJECT:VERSION")]
    pub(super) references: Vec<String>,
    /// In its normalized form
    #[arg(long)]
    pub(super) normalize: bool,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// The settings of a subject, of a context, or of the registry
    #[command(after_help = "Example:\n  levada config get --subject orders-value")]
    Get(TargetArgs),
    /// Change settings of a subject, of a context, or of the registry
    #[command(after_help = "Example:\n  levada config set --subject orders-value --level FULL")]
    Set {
        #[command(flatten)]
        target: TargetArgs,
        #[arg(long, value_name = "LEVEL")]
        level: Option<CompatibilityLevel>,
        #[arg(long, value_name = "POLICY")]
        policy: Option<CompatibilityPolicy>,
        /// Whether schemas are normalized before they are registered
        #[arg(long, value_name = "BOOL")]
        normalize: Option<bool>,
        /// The subject that this name stands for
        #[arg(long, value_name = "SUBJECT")]
        alias: Option<String>,
        /// The property of metadata whose values keep versions apart
        #[arg(long, value_name = "NAME")]
        group: Option<String>,
    },
    /// Take the settings of a subject, of a context, or of the registry back
    #[command(after_help = "Example:\n  levada config unset --subject orders-value")]
    Unset(TargetArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModeCommand {
    /// The mode of a subject, of a context, or of the registry
    #[command(after_help = "Example:\n  levada mode get")]
    Get(TargetArgs),
    /// Set the mode
    #[command(after_help = "Example:\n  levada mode set --context .old READONLY")]
    Set {
        #[command(flatten)]
        target: TargetArgs,
        /// READWRITE, READONLY, `READONLY_OVERRIDE`, IMPORT or FORWARD
        mode: String,
        /// Mode IMPORT although there are schemas
        #[arg(long)]
        force: bool,
    },
    /// Take the mode of a subject, of a context, or of the registry back
    #[command(after_help = "Example:\n  levada mode unset --context .old")]
    Unset(TargetArgs),
}

/// What settings are of.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// The subject [default: the context, else the whole registry]
    #[arg(long, value_name = "SUBJECT")]
    pub(super) subject: Option<String>,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// The names, one a line
    #[command(after_help = "Example:\n  levada context list")]
    List {
        #[command(flatten)]
        registry: RegistryArgs,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// Delete a context that has no subjects
    #[command(after_help = "Example:\n  levada context delete .old")]
    Delete {
        context: String,
        #[command(flatten)]
        registry: RegistryArgs,
    },
}
