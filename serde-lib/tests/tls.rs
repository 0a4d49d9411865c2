//! Registries behind TLS: whom the client trusts, and what it shows of itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod stub;

use std::sync::Arc;

use axum::serve::Listener;
use levada_serde::client::{RegistryClientBuilder, RegistryErrorKind};
use levada_serde::{Error, RegistryClient};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use stub::Stub;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const SCHEMA: &str = "\"int\"";

/// Signs certificates; its own is PEM text.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate and its key, both as PEM text.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, peer) = self.tcp.accept().await.unwrap();
            // A client that does not trust us ends the handshake.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// A registry that knows one schema; clients must show a certificate of `clients`, if it is given.
async fn registry(authority: &Authority, clients: Option<&Authority>) -> Stub {
    let (certificate, key) = authority.sign("localhost");
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = match clients {
        Some(clients) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(clients.pem.as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
        None => config.with_no_client_auth(),
    };
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = config.with_single_cert(chain, key).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", tcp.local_addr().unwrap().port());
    let stub = Stub::serve(TlsListener { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) }, url);
    stub.schema(7, SCHEMA);
    stub
}

async fn schema_text(client: RegistryClientBuilder) -> Result<String, Error> {
    let schema = client.build()?.schema_by_id(7).await?;
    Ok(schema.text.clone())
}

#[tokio::test]
async fn a_registry_is_believed_if_its_certificate_leads_to_a_trusted_one() {
    let authority = Authority::new();
    let stub = registry(&authority, None).await;
    let client = || RegistryClient::builder(stub.url.as_str());
    let trusting = client().trusted_certificates(authority.pem.as_str());
    assert_eq!(schema_text(trusting).await.unwrap(), SCHEMA);
    for suspicious in [client(), client().trusted_certificates(Authority::new().pem)] {
        let error = schema_text(suspicious).await.unwrap_err();
        let Error::Registry(error) = error else { panic!("{error}") };
        assert!(matches!(error.kind, RegistryErrorKind::NotTrusted(_)), "{error}");
        assert_eq!(error.attempts, 1);
    }
    assert_eq!(stub.asked().len(), 1, "nobody else was told anything");
}

#[tokio::test]
async fn a_registry_that_wants_to_know_its_clients_is_shown_their_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let stub = registry(&authority, Some(&clients)).await;
    let client =
        || RegistryClient::builder(stub.url.as_str()).trusted_certificates(authority.pem.as_str());
    let (certificate, key) = clients.sign("client");
    let known = client().client_certificate(certificate, key);
    assert_eq!(schema_text(known).await.unwrap(), SCHEMA);
    let (certificate, key) = authority.sign("client");
    for unknown in [client(), client().client_certificate(certificate, key)] {
        assert!(schema_text(unknown).await.is_err());
    }
    assert_eq!(stub.asked().len(), 1);
}

#[test]
fn what_is_no_certificate_is_refused_before_anything_is_sent() {
    let client = || RegistryClient::builder("https://localhost:1");
    let (certificate, _) = Authority::new().sign("client");
    for (broken, wrong) in [
        (client().trusted_certificates("nonsense"), "the trusted certificates: there is no"),
        (client().client_certificate("", ""), "the client certificate: there is no"),
        (client().client_certificate(certificate, "nonsense"), "the client's key: "),
    ] {
        let error = broken.build().unwrap_err().to_string();
        assert!(error.contains(wrong), "{error}");
    }
}
