//! The rule types `ENCRYPT` and `ENCRYPT_PAYLOAD`.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::dek_registry::DekSeries;
use super::keys::{HeldKey, Keys};
use super::settings::KeySettings;
use super::{Encryption, EncryptionError};
use crate::rules::{
    BodyRule, CompiledRule, FieldContext, FieldRule, FieldValue, Load, Rule, RuleError,
    RuleExecutor, RuleKind, RuleMode, RuleTarget,
};

/// What stands before the version of the key in front of a ciphertext.
const MAGIC: u8 = 0;

/// What the rules of one type encrypt.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    /// `ENCRYPT`.
    Fields,
    /// `ENCRYPT_PAYLOAD`.
    Payload,
}

/// Runs the rules of one of both types.
#[derive(Debug)]
pub(super) struct Executor {
    pub(super) encryption: Encryption,
    pub(super) scope: Scope,
}

impl RuleExecutor for Executor {
    fn kind(&self) -> &'static str {
        match self.scope {
            Scope::Fields => "ENCRYPT",
            Scope::Payload => "ENCRYPT_PAYLOAD",
        }
    }

    fn compile<'a>(
        &'a self,
        rule: &'a Rule,
        target: &'a RuleTarget<'a>,
    ) -> BoxFuture<'a, Result<CompiledRule, RuleError>> {
        async move {
            let cryptor = Cryptor::new(&self.encryption, rule, target).await?;
            Ok(match (self.scope, target.mode) {
                (Scope::Fields, RuleMode::Write) => {
                    CompiledRule::Fields(Box::new(Encrypt(cryptor)))
                }
                (Scope::Fields, _) => CompiledRule::Fields(Box::new(Decrypt(cryptor))),
                (Scope::Payload, RuleMode::Write) => CompiledRule::Body(Box::new(Encrypt(cryptor))),
                (Scope::Payload, _) => CompiledRule::Body(Box::new(Decrypt(cryptor))),
            })
        }
        .boxed()
    }
}

struct Encrypt(Cryptor);

struct Decrypt(Cryptor);

impl FieldRule for Encrypt {
    fn apply(&self, field: &FieldContext<'_>, value: &mut FieldValue) -> Result<bool, RuleError> {
        *value = match &*value {
            FieldValue::Null => return Ok(true),
            FieldValue::String(text) => {
                FieldValue::String(STANDARD.encode(self.0.encrypt(text.as_bytes())?))
            }
            FieldValue::Bytes(bytes) => FieldValue::Bytes(self.0.encrypt(bytes)?),
            _ => {
                return Err(RuleError::Failed(format!(
                    "a value of type {} cannot be encrypted, only strings and bytes can",
                    field.field_type.as_str()
                )));
            }
        };
        Ok(true)
    }
}

impl FieldRule for Decrypt {
    fn apply(&self, _field: &FieldContext<'_>, value: &mut FieldValue) -> Result<bool, RuleError> {
        *value = match &*value {
            FieldValue::String(text) => {
                let ciphertext = STANDARD.decode(text).map_err(|_| foreign("it is not base64"))?;
                let text = String::from_utf8(self.0.decrypt(&ciphertext)?);
                FieldValue::String(text.map_err(|_| foreign("it is not UTF-8"))?)
            }
            FieldValue::Bytes(bytes) => FieldValue::Bytes(self.0.decrypt(bytes)?),
            // Nothing else was ever encrypted.
            _ => return Ok(true),
        };
        Ok(true)
    }
}

impl BodyRule for Encrypt {
    fn apply(&self, body: &mut Vec<u8>) -> Result<(), RuleError> {
        *body = self.0.encrypt(body)?;
        Ok(())
    }
}

impl BodyRule for Decrypt {
    fn apply(&self, body: &mut Vec<u8>) -> Result<(), RuleError> {
        *body = self.0.decrypt(body)?;
        Ok(())
    }
}

/// Encrypts and decrypts for one rule.
struct Cryptor {
    keys: Arc<Keys>,
    settings: Arc<KeySettings>,
}

impl Cryptor {
    /// Checks what the rule says and, for writing, gets the key.
    async fn new(
        encryption: &Encryption,
        rule: &Rule,
        target: &RuleTarget<'_>,
    ) -> Result<Self, RuleError> {
        if target.kind == RuleKind::Condition {
            let reason = "it changes values, so its kind must be TRANSFORM";
            return Err(RuleError::Invalid(reason.to_owned()));
        }
        let settings = KeySettings::new(target.subject, |name| target.parameter(rule, name))?;
        let keys = encryption.keys_of(target.client);
        match target.mode {
            RuleMode::Write => keys.load_for_writing(&settings).await?,
            // Which versions of the key are needed is known by the messages.
            RuleMode::Read => {}
            RuleMode::Upgrade | RuleMode::Downgrade => {
                let reason = format!("nothing is encrypted on {}", target.mode);
                return Err(RuleError::Invalid(reason));
            }
        }
        Ok(Self { keys, settings: Arc::new(settings) })
    }

    fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, RuleError> {
        let held = self.keys.for_writing(&self.settings)?;
        let HeldKey { key, version, .. } = held.ok_or_else(|| self.not_loaded(Wanted::Written))?;
        let ciphertext = key.encrypt(plaintext).map_err(EncryptionError::Plaintext)?;
        if !self.settings.names_versions() {
            return Ok(ciphertext);
        }
        Ok([&[MAGIC], version.to_be_bytes().as_slice(), &ciphertext].concat())
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Vec<u8>, RuleError> {
        let (version, ciphertext) =
            if self.settings.names_versions() { versioned(ciphertext)? } else { (1, ciphertext) };
        let held = self.keys.for_reading(&self.settings, version)?;
        let held = held.ok_or_else(|| self.not_loaded(Wanted::Version(version)))?;
        held.key.decrypt(ciphertext).map_err(|error| foreign(&error.to_string()))
    }

    fn not_loaded(&self, wanted: Wanted) -> RuleError {
        let (keys, settings) = (Arc::clone(&self.keys), Arc::clone(&self.settings));
        RuleError::NotLoaded(Arc::new(MissingKey { keys, settings, wanted }))
    }
}

/// Splits the version of the key off a ciphertext: a zero, and four bytes of the number.
fn versioned(ciphertext: &[u8]) -> Result<(i32, &[u8]), RuleError> {
    let Some((&[MAGIC, a, b, c, d], rest)) = ciphertext.split_first_chunk() else {
        return Err(foreign("it does not begin with the version of a key"));
    };
    match i32::from_be_bytes([a, b, c, d]) {
        version if version > 0 => Ok((version, rest)),
        version => Err(foreign(&format!("it names version {version} of a key"))),
    }
}

fn foreign(reason: &str) -> RuleError {
    EncryptionError::Ciphertext(reason.to_owned()).into()
}

/// A data key that is not at hand.
struct MissingKey {
    keys: Arc<Keys>,
    settings: Arc<KeySettings>,
    wanted: Wanted,
}

enum Wanted {
    /// The one to write with.
    Written,
    Version(i32),
}

impl fmt::Debug for MissingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DekSeries { kek, subject, .. } = &*self.settings.series;
        match self.wanted {
            Wanted::Written => write!(f, "the data key of KEK `{kek}` for subject '{subject}'"),
            Wanted::Version(version) => {
                write!(f, "version {version} of the data key of KEK `{kek}`, subject '{subject}'")
            }
        }
    }
}

impl Load for MissingKey {
    fn load(&self) -> BoxFuture<'_, Result<(), RuleError>> {
        async move {
            match self.wanted {
                Wanted::Written => self.keys.load_for_writing(&self.settings).await?,
                Wanted::Version(version) => {
                    self.keys.load_for_reading(&self.settings, version).await?;
                }
            }
            Ok(())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_split_off() {
        assert_eq!(versioned(b"\0\0\0\x01\x02rest").unwrap(), (258, &b"rest"[..]));
        assert_eq!(versioned(b"\0\0\0\0\x01").unwrap(), (1, &b""[..]));
        for foreign in
            [&b""[..], b"\0\0\0\0", b"\x01\0\0\0\x01", b"\0\0\0\0\0", b"\0\xff\xff\xff\xff"]
        {
            assert!(matches!(versioned(foreign), Err(RuleError::Failed(_))), "{foreign:?}");
        }
    }
}
