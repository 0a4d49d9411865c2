//! A client for plain HTTP.

/// A new client. Some part of the build gives reqwest TLS without crypto of its own, and without a
/// process-wide choice it makes no clients then, not even for plain HTTP.
pub fn http_client() -> reqwest::Client {
    // An error says that another test has chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
