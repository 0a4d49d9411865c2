//! The registry that a command talks to: where it is, who asks, and whom they trust. The one place
//! where the command line makes clients of registries.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use levada_encryption::Secret;
use levada_serde::RegistryClient;
use levada_serde::client::RetryPolicy;
use levada_transfer::Registry;

use crate::config_file::RegistryTable;
use crate::exit::{self, Failure};
use crate::globals::Globals;

/// The registry that a command talks to.
#[derive(Debug, Args)]
pub(crate) struct RegistryArgs {
    /// URL of the registry; user and password in it are sent as basic authentication
    /// [default: url in the table [registry] of levada.toml]
    #[arg(long, env = "LEVADA_REGISTRY", value_name = "URL", hide_env_values = true)]
    registry: Option<Secret>,
    #[command(flatten)]
    access: AccessArgs,
}

/// Who asks a registry, and whom they trust.
#[derive(Debug, Args)]
pub(crate) struct AccessArgs {
    /// File with a bearer token for the registry; it counts instead of a password in the URL
    #[arg(long, env = "LEVADA_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// File of PEM certificates that are trusted instead of those that the system trusts
    #[arg(long, env = "LEVADA_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// The context of a registry that a command works in.
#[derive(Debug, Args)]
pub(crate) struct ContextArgs {
    /// The context of the registry to work in, such as .test: ids and bare names are those of it
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,
}

/// A registry, and how it is asked.
#[derive(Debug)]
pub(crate) struct Endpoint {
    url: Secret,
    /// The context of all names and ids.
    pub(crate) context: Option<String>,
    token: Option<Secret>,
    /// PEM text.
    ca: Option<Vec<u8>>,
    timeout: Option<Duration>,
}

impl RegistryArgs {
    /// The registry of the flag, the variable, the profile, or the settings file.
    pub(crate) fn endpoint(
        &self,
        globals: &Globals,
        table: &RegistryTable,
    ) -> Result<Endpoint, Failure> {
        let said = globals.only(self.registry.as_ref(), "registry", "LEVADA_REGISTRY")?;
        let (url, origin) = match (said, &table.url) {
            (Some(url), _) => (url, "--registry or LEVADA_REGISTRY"),
            (None, Some(url)) => (url, "the settings file"),
            (None, None) => {
                let message = "no registry; say it with --registry URL, LEVADA_REGISTRY, or url in the \
                               table [registry] of levada.toml";
                return Err(Failure::new(exit::USAGE, message));
            }
        };
        let endpoint = self.access.endpoint(url, globals, table)?;
        globals.note(&format!("registry {}, from {origin}", endpoint.client()?.url()));
        Ok(endpoint)
    }

    /// Whether the command line, a variable or the settings file names a registry.
    pub(crate) fn is_named(&self, table: &RegistryTable) -> bool {
        self.registry.is_some() || table.url.is_some()
    }
}

impl AccessArgs {
    /// The registry at `url`. What the settings file says beside its own URL is about that one alone:
    /// no other registry is sent its token.
    pub(crate) fn endpoint(
        &self,
        url: &Secret,
        globals: &Globals,
        table: &RegistryTable,
    ) -> Result<Endpoint, Failure> {
        let trimmed = |url: &Secret| url.expose().trim_end_matches('/').to_owned();
        let is_own = table.url.as_ref().is_some_and(|own| trimmed(own) == trimmed(url));
        let none = RegistryTable::default();
        let own = if is_own { table } else { &none };
        let token_file = self.token_file.as_deref().or(own.token_file.as_deref());
        let ca = self.ca.as_deref().or(own.ca.as_deref());
        if let Some(file) = token_file {
            globals.note(&format!("bearer token of {}", file.display()));
        }
        if let Some(file) = ca {
            globals.note(&format!("trusted certificates of {}", file.display()));
        }
        Ok(Endpoint {
            url: url.clone(),
            context: own.context.as_deref().map(context_name),
            token: token_file.map(token).transpose()?,
            ca: ca.map(|file| std::fs::read(file).map_err(unreadable(file))).transpose()?,
            timeout: globals.timeout(),
        })
    }

    /// A settings file's table for the registry at `url`, which says what these flags say.
    pub(crate) fn table(&self, url: &str, context: Option<String>) -> RegistryTable {
        let Self { token_file, ca } = self;
        let url = Some(Secret::from(url));
        RegistryTable { url, context, token_file: token_file.clone(), ca: ca.clone() }
    }

    /// The registry at `url`, where these flags are about another one: only the trust is shared.
    pub(crate) fn other(
        &self,
        url: &Secret,
        token_file: Option<&Path>,
        globals: &Globals,
    ) -> Result<Endpoint, Failure> {
        let access = Self { token_file: token_file.map(Path::to_path_buf), ca: self.ca.clone() };
        access.endpoint(url, globals, &RegistryTable::default())
    }
}

/// A context as registries name it: with a dot before it, and without the colons around it that
/// tell it from the subject.
fn context_name(given: &str) -> String {
    let bare = given.trim_matches(':');
    if bare.starts_with('.') { bare.to_owned() } else { format!(".{bare}") }
}

impl Endpoint {
    /// Works in this context, if one is named, whatever the settings file says.
    pub(crate) fn within(mut self, context: &ContextArgs) -> Self {
        self.context = context.context.as_deref().map(context_name).or(self.context);
        self
    }

    /// A client with the patience of somebody who waits before a terminal.
    pub(crate) fn client(&self) -> Result<RegistryClient, Failure> {
        self.build(RetryPolicy::default())
    }

    /// The whole registry, for commands that move or compare it.
    pub(crate) fn whole(&self) -> Result<Registry, Failure> {
        Ok(Registry::new(self.build(Registry::patience())?))
    }

    fn build(&self, mut patience: RetryPolicy) -> Result<RegistryClient, Failure> {
        if let Some(timeout) = self.timeout {
            (patience.attempt_timeout, patience.deadline) = (timeout, timeout);
        }
        let mut builder = RegistryClient::builder(self.url.expose()).retry(patience);
        if let Some(context) = &self.context {
            builder = builder.context(context);
        }
        if let Some(token) = &self.token {
            builder = builder.bearer_auth(token.expose());
        }
        if let Some(ca) = &self.ca {
            builder = builder.trusted_certificates(ca.as_slice());
        }
        builder.build().map_err(|error| Failure::new(exit::USAGE, error))
    }
}

/// A URL without user and password, which no file that others read should have.
pub(crate) fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// The token in a file: one word, which is all that a header can carry.
fn token(file: &Path) -> Result<Secret, Failure> {
    let text = std::fs::read_to_string(file).map_err(unreadable(file))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message =
            format!("{} has no bearer token: it must be one word of ASCII", file.display());
        return Err(Failure::new(exit::USAGE, message));
    }
    Ok(Secret::from(token.to_owned()))
}

fn unreadable(file: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    move |error| Failure::new(exit::NO_INPUT, format!("cannot read {}: {error}", file.display()))
}
