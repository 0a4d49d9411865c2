//! `hcvault`: the transit engine of `HashiCorp` Vault.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use levada_encryption::{Secret, Zeroizing};
use reqwest::{RequestBuilder, Url};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::exchange::{client, exchange};
use super::{KmsDriver, KmsError, KmsKey};
use crate::client::Tls;

/// Wraps data keys with a key of Vault's transit engine.
///
/// The id of a key is its address, `https://vault:8200/transit/keys/NAME`. Who asks is said by the
/// property `token.id` (variable `VAULT_TOKEN`), or by `approle.role.id` and `approle.secret.id`
/// (`VAULT_APPROLE_ROLE_ID`, `VAULT_APPROLE_SECRET_ID`), which win; `namespace`
/// (`VAULT_NAMESPACE`) is optional. `ssl.ca.location` (`VAULT_CACERT`) names a PEM file of trusted
/// certificates, `ssl.certificate.location` and `ssl.key.location` (`VAULT_CLIENT_CERT`,
/// `VAULT_CLIENT_KEY`) those to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vault;

impl KmsDriver for Vault {
    fn kms_type(&self) -> &'static str {
        "hcvault"
    }

    fn wrap<'a>(
        &'a self,
        key: &'a KmsKey,
        material: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, KmsError>> {
        async move {
            let plaintext = Zeroizing::new(STANDARD.encode(material));
            // A key of transit that derives others takes a context; ours must not.
            let body = json!({"plaintext": *plaintext, "context": ""});
            let answer: Answer<Wrapped> = transit(key, "encrypt", &body).await?;
            Ok(answer.data.ciphertext.into_bytes())
        }
        .boxed()
    }

    fn unwrap<'a>(
        &'a self,
        key: &'a KmsKey,
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, KmsError>> {
        async move {
            let wrapped = std::str::from_utf8(wrapped).map_err(|_| KmsError::Foreign)?;
            let body = json!({"ciphertext": wrapped, "context": ""});
            let answer: Answer<Unwrapped> = transit(key, "decrypt", &body).await?;
            let plaintext = Zeroizing::new(answer.data.plaintext);
            let material = STANDARD.decode(&*plaintext).map_err(|_| not_base64())?;
            Ok(Zeroizing::new(material))
        }
        .boxed()
    }
}

#[derive(Deserialize)]
struct Answer<D> {
    data: D,
}

#[derive(Deserialize)]
struct Wrapped {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Unwrapped {
    plaintext: String,
}

#[derive(Deserialize)]
struct Login {
    auth: Token,
}

#[derive(Deserialize)]
struct Token {
    client_token: Secret,
}

/// Asks for an action of the transit engine.
async fn transit<A: serde::de::DeserializeOwned>(
    key: &KmsKey,
    action: &str,
    body: &Json,
) -> Result<A, KmsError> {
    let (mount, name) = address(&key.id)?;
    let client = client(&key.id, &tls(key).await?)?;
    let token = token(key, &client).await?;
    let path: Vec<_> = mount.iter().map(String::as_str).chain([action, &name]).collect();
    let request = post(key, &client, &path)?.header("X-Vault-Token", token.expose());
    exchange(request.json(body), reason_of).await
}

async fn token(key: &KmsKey, client: &reqwest::Client) -> Result<Secret, KmsError> {
    let role = key.setting("approle.role.id", "VAULT_APPROLE_ROLE_ID");
    let secret = key.setting("approle.secret.id", "VAULT_APPROLE_SECRET_ID");
    if let (Some(role), Some(secret)) = (role, secret) {
        let body = json!({"role_id": role.expose(), "secret_id": secret.expose()});
        let request = post(key, client, &["auth", "approle", "login"])?;
        let login: Login = exchange(request.json(&body), reason_of).await?;
        return Ok(login.auth.client_token);
    }
    key.setting("token.id", "VAULT_TOKEN").ok_or_else(|| {
        KmsError::Config(
            "no access to Vault: set the property `token.id` or the variable VAULT_TOKEN, or both \
             of `approle.role.id` and `approle.secret.id`"
                .to_owned(),
        )
    })
}

fn post(key: &KmsKey, client: &reqwest::Client, path: &[&str]) -> Result<RequestBuilder, KmsError> {
    let mut url = Url::parse(&key.id).map_err(|_| not_a_key(&key.id))?;
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().map_err(|()| not_a_key(&key.id))?.clear().push("v1").extend(path);
    let request = client.post(url).header("X-Vault-Request", "true");
    Ok(match key.setting("namespace", "VAULT_NAMESPACE") {
        Some(namespace) => request.header("X-Vault-Namespace", namespace.expose()),
        None => request,
    })
}

/// Where the engine is mounted, and the name of the key: `/MOUNT/keys/NAME`.
fn address(id: &str) -> Result<(Vec<String>, String), KmsError> {
    let url = Url::parse(id).map_err(|_| not_a_key(id))?;
    let segments = url.path_segments().ok_or_else(|| not_a_key(id))?;
    let decoded = segments
        .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into());
    let segments: Vec<String> = decoded.collect();
    match segments.as_slice() {
        [mount @ .., keys, name]
            if keys == "keys"
                && !mount.is_empty()
                && !name.is_empty()
                && mount.iter().all(|segment| !segment.is_empty()) =>
        {
            Ok((mount.to_vec(), name.clone()))
        }
        _ => Err(not_a_key(id)),
    }
}

async fn tls(key: &KmsKey) -> Result<Tls, KmsError> {
    let file = |property, variable| async move {
        let Some(path) = key.setting(property, variable) else { return Ok(None) };
        let path = path.expose();
        let read = tokio::fs::read(path).await;
        let read = read.map_err(|error| KmsError::Config(format!("{property} {path}: {error}")));
        read.map(Some)
    };
    let roots = file("ssl.ca.location", "VAULT_CACERT").await?;
    let chain = file("ssl.certificate.location", "VAULT_CLIENT_CERT").await?;
    let own_key = file("ssl.key.location", "VAULT_CLIENT_KEY").await?;
    let identity = match (chain, own_key) {
        (None, None) => None,
        // One PEM file may hold both.
        (Some(chain), None) => Some((chain.clone(), chain)),
        (Some(chain), Some(own_key)) => Some((chain, own_key)),
        (None, Some(_)) => {
            let reason = "`ssl.key.location` needs `ssl.certificate.location`";
            return Err(KmsError::Config(reason.to_owned()));
        }
    };
    Ok(Tls { roots, identity })
}

/// `{"errors": ["permission denied"]}`
fn reason_of(body: &Json) -> Option<String> {
    let errors = body.get("errors")?.as_array()?.iter().filter_map(Json::as_str);
    Some(errors.collect::<Vec<_>>().join("; ")).filter(|reason| !reason.is_empty())
}

fn not_base64() -> KmsError {
    KmsError::InvalidAnswer("the key is not base64".to_owned())
}

fn not_a_key(id: &str) -> KmsError {
    KmsError::Config(format!(
        "`{id}` is no key of Vault; it must look like https://vault:8200/transit/keys/NAME"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_key_names_mount_and_key() {
        let of = |path: &str| address(&format!("https://vault:8200/{path}"));
        assert_eq!(of("transit/keys/k").unwrap(), (vec!["transit".to_owned()], "k".to_owned()));
        let mount = vec!["team".to_owned(), "a b".to_owned()];
        assert_eq!(of("team/a%20b/keys/k").unwrap(), (mount, "k".to_owned()));
        for wrong in ["", "transit", "transit/k", "keys/k", "transit/keys/", "a//keys/k"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert!(address("transit/keys/k").is_err());
    }
}
