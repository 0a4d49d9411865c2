//! `aws-kms`: AWS Key Management Service.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use levada_encryption::Zeroizing;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::exchange::{client, exchange};
use super::{KmsDriver, KmsError, KmsKey, environment};
use crate::client::Tls;

const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// Wraps data keys with a key of AWS KMS.
///
/// The id of a key is its ARN, `arn:aws:kms:REGION:ACCOUNT:key/ID`; the region is taken from it.
/// Who asks is said by the properties `access.key.id` and `secret.access.key`, or else by the
/// variables `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, for temporary credentials,
/// `AWS_SESSION_TOKEN`. The variables `AWS_ENDPOINT_URL_KMS` and `AWS_ENDPOINT_URL` name another
/// address of the service. Profiles and roles to assume are not known; a program that needs them
/// brings a [`KmsDriver`] of its own around the AWS SDK.
#[derive(Clone, Debug, Default)]
pub struct AwsKms {
    endpoint: Option<String>,
}

impl AwsKms {
    /// Asks at this address instead of the region's own, such as a private endpoint.
    pub fn at(endpoint: impl Into<String>) -> Self {
        Self { endpoint: Some(endpoint.into()) }
    }

    fn endpoint(&self, key: &KmsKey, region: &str) -> String {
        if let Some(endpoint) = &self.endpoint {
            return endpoint.clone();
        }
        // Not a property: those of a KEK would let the registry choose where keys are sent.
        let set = ["AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"].into_iter().find_map(environment);
        match set {
            Some(endpoint) => endpoint.expose().to_owned(),
            None if key.id.starts_with("arn:aws-cn:") => {
                format!("https://kms.{region}.amazonaws.com.cn/")
            }
            None => format!("https://kms.{region}.amazonaws.com/"),
        }
    }

    async fn ask<A: DeserializeOwned>(
        &self,
        key: &KmsKey,
        action: &str,
        body: &Json,
    ) -> Result<A, KmsError> {
        let region = region_of(&key.id)?;
        let endpoint = self.endpoint(key, region);
        let client = client(&endpoint, &Tls::default())?;
        let body = Zeroizing::new(body.to_string().into_bytes());
        let request = Request { endpoint: &endpoint, region, action, body: &body };
        let signed = request.signed(&client, &credentials(key)?)?;
        exchange(signed, reason_of).await
    }
}

impl KmsDriver for AwsKms {
    fn kms_type(&self) -> &'static str {
        "aws-kms"
    }

    fn wrap<'a>(
        &'a self,
        key: &'a KmsKey,
        material: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, KmsError>> {
        async move {
            let plaintext = Zeroizing::new(STANDARD.encode(material));
            let body = json!({"KeyId": key.id, "Plaintext": *plaintext, "EncryptionContext": {}});
            let answer: Wrapped = self.ask(key, "Encrypt", &body).await?;
            STANDARD.decode(answer.ciphertext_blob).map_err(|_| not_base64())
        }
        .boxed()
    }

    fn unwrap<'a>(
        &'a self,
        key: &'a KmsKey,
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, KmsError>> {
        async move {
            let blob = STANDARD.encode(wrapped);
            let body = json!({"KeyId": key.id, "CiphertextBlob": blob, "EncryptionContext": {}});
            let answer: Unwrapped = self.ask(key, "Decrypt", &body).await?;
            let plaintext = Zeroizing::new(answer.plaintext);
            let material = STANDARD.decode(&*plaintext).map_err(|_| not_base64())?;
            Ok(Zeroizing::new(material))
        }
        .boxed()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapped {
    ciphertext_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Unwrapped {
    plaintext: String,
}

/// A request before it is signed.
struct Request<'a> {
    endpoint: &'a str,
    region: &'a str,
    action: &'a str,
    body: &'a [u8],
}

impl Request<'_> {
    fn signed(
        &self,
        client: &reqwest::Client,
        credentials: &Credentials,
    ) -> Result<RequestBuilder, KmsError> {
        let identity = credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("kms")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build();
        let params = params.map_err(|error| not_signed(&error))?.into();
        let target = format!("TrentService.{}", self.action);
        let headers = [("content-type", MEDIA_TYPE), ("x-amz-target", target.as_str())];
        let signable = SignableRequest::new(
            "POST",
            self.endpoint,
            headers.into_iter(),
            SignableBody::Bytes(self.body),
        );
        let signable = signable.map_err(|error| not_signed(&error))?;
        let signed = sign(signable, &params).map_err(|error| not_signed(&error))?;
        let mut request = client.post(self.endpoint).body(self.body.to_vec());
        for (name, value) in headers.into_iter().chain(signed.output().headers()) {
            request = request.header(name, value);
        }
        Ok(request)
    }
}

/// `arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`
fn region_of(arn: &str) -> Result<&str, KmsError> {
    let parts: Vec<_> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "kms", region, _, _, ..]
            if !region.is_empty()
                && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            Ok(region)
        }
        _ => Err(KmsError::Config(format!(
            "`{arn}` is no key of AWS KMS; it must look like arn:aws:kms:REGION:ACCOUNT:key/ID"
        ))),
    }
}

fn credentials(key: &KmsKey) -> Result<Credentials, KmsError> {
    for property in ["role.arn", "profile"] {
        if key.properties.contains_key(property) {
            return Err(KmsError::Config(format!(
                "the property `{property}` is not supported; give `access.key.id` and \
                 `secret.access.key`, or the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY \
                 and AWS_SESSION_TOKEN"
            )));
        }
    }
    let (id, secret, token) = match (
        key.property("access.key.id").cloned(),
        key.property("secret.access.key").cloned(),
    ) {
        (None, None) => (
            environment("AWS_ACCESS_KEY_ID"),
            environment("AWS_SECRET_ACCESS_KEY"),
            environment("AWS_SESSION_TOKEN"),
        ),
        (id, secret) => (id, secret, None),
    };
    let (Some(id), Some(secret)) = (id, secret) else {
        return Err(KmsError::Config(
            "no access to AWS KMS: set both properties `access.key.id` and `secret.access.key`, \
             or both variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                .to_owned(),
        ));
    };
    let token = token.map(|token| token.expose().to_owned());
    Ok(Credentials::new(id.expose(), secret.expose(), token, None, "levada"))
}

/// `{"__type": "AccessDeniedException", "message": "..."}`
fn reason_of(body: &Json) -> Option<String> {
    let kind = body.get("__type")?.as_str()?;
    let kind = kind.rsplit('#').next().unwrap_or(kind);
    let message = body.get("message").or_else(|| body.get("Message")).and_then(Json::as_str);
    let message = message.filter(|message| !message.is_empty());
    Some(message.map_or_else(|| kind.to_owned(), |message| format!("{kind}: {message}")))
}

fn not_signed(error: &dyn std::error::Error) -> KmsError {
    KmsError::Config(format!("the request cannot be signed: {error}"))
}

fn not_base64() -> KmsError {
    KmsError::InvalidAnswer("the key is not base64".to_owned())
}

#[cfg(test)]
mod tests {
    use levada_encryption::Secret;

    use super::*;

    fn key(id: &str, properties: &[(&str, &str)]) -> KmsKey {
        let properties =
            properties.iter().map(|(name, text)| ((*name).to_owned(), Secret::from(*text)));
        KmsKey { id: id.to_owned(), properties: properties.collect() }
    }

    #[test]
    fn the_region_is_that_of_the_key() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234";
        assert_eq!(region_of(arn), Ok("eu-west-1"));
        for wrong in ["", "arn:aws:kms", "arn:aws:s3:r:a:key/1", "arn:aws:kms::a:key/1"] {
            assert!(region_of(wrong).is_err(), "{wrong}");
        }
        assert!(region_of("arn:aws:kms:evil.example/:a:key/1").is_err());
        let at = |arn: &str, region| AwsKms::default().endpoint(&key(arn, &[]), region);
        assert_eq!(at("arn:aws:kms:r:a:k", "r"), "https://kms.r.amazonaws.com/");
        assert_eq!(at("arn:aws-cn:kms:r:a:k", "r"), "https://kms.r.amazonaws.com.cn/");
    }

    #[test]
    fn credentials_are_never_half_or_of_a_kind_that_is_not_known() {
        let half = key("k", &[("access.key.id", "id"), ("secret.access.key", "")]);
        assert!(matches!(credentials(&half), Err(KmsError::Config(_))));
        let role = key("k", &[("role.arn", "arn:aws:iam::1:role/r")]);
        assert!(matches!(credentials(&role), Err(KmsError::Config(_))));
        let whole = key("k", &[("access.key.id", "id"), ("secret.access.key", "key")]);
        let whole = credentials(&whole).unwrap();
        assert_eq!((whole.access_key_id(), whole.secret_access_key()), ("id", "key"));
    }
}
