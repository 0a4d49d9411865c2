//! Encrypted connections to a registry: whom to trust, and who we are.

use std::fmt::Display;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::Error;

/// Settings of TLS; the default trusts whom the operating system trusts and shows no certificate.
#[derive(Default)]
pub(crate) struct Tls {
    /// PEM certificates that are trusted instead of the operating system's.
    pub(crate) roots: Option<Vec<u8>>,
    /// A PEM chain and its PEM key.
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Tls {
    /// What no connection is made with.
    pub(super) fn unused() -> Result<ClientConfig, Error> {
        Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
    }

    pub(super) fn config(&self) -> Result<ClientConfig, Error> {
        let builder = builder()?;
        let builder = match &self.roots {
            Some(pem) => builder.with_root_certificates(roots(pem)?),
            None => {
                builder.with_platform_verifier().map_err(invalid("the system's certificates"))?
            }
        };
        let Some((chain, key)) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let chain = certificates(chain, "the client certificate")?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(invalid("the client's key"))?;
        builder.with_client_auth_cert(chain, key).map_err(invalid("the client certificate"))
    }
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    builder.with_safe_default_protocol_versions().map_err(invalid("TLS"))
}

fn roots(pem: &[u8]) -> Result<RootCertStore, Error> {
    let what = "the trusted certificates";
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, what)? {
        roots.add(certificate).map_err(invalid(what))?;
    }
    Ok(roots)
}

/// At least one.
fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(invalid(what))?;
    if found.is_empty() {
        return Err(Error::Config(format!("{what}: there is no certificate in the PEM text")));
    }
    Ok(found)
}

fn invalid<E: Display>(what: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::Config(format!("{what}: {error}"))
}
