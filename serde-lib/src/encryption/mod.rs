//! Encryption of fields (`ENCRYPT`) and of whole bodies (`ENCRYPT_PAYLOAD`) by rules.
//!
//! A rule names a KEK, a key in a KMS that the registry knows by name. With it data keys (DEKs)
//! are wrapped, one for each subject, and the registry keeps them so; values are encrypted with
//! the data keys, here, and neither registry nor KMS ever sees one. The key of a KEK that is
//! `shared` is known to the registry as well.
//!
//! | parameter of the rule | |
//! |---|---|
//! | `encrypt.kek.name` | the KEK |
//! | `encrypt.kms.type`, `encrypt.kms.key.id` | its KMS and its key there: needed to make the KEK, when the first message is written; else the registry's must be these |
//! | `encrypt.dek.algorithm` | `AES256_GCM` (default), `AES128_GCM`, or `AES256_SIV`: equal values stay equal, so that keys of messages can be encrypted |
//! | `encrypt.dek.expiry.days` | after so many days the next message is written with a new version of the data key; the older ones stay readable. To be set from the start: with it ciphertexts name their version, without they do not |
//!
//! ```no_run
//! use levada_serde::encryption::Encryption;
//! use levada_serde::{AvroDeserializer, AvroSchema, AvroSerializer, RegistryClient, Rules};
//!
//! #[derive(AvroSchema, serde::Serialize, serde::Deserialize)]
//! struct Payment { amount: i64, iban: String }
//!
//! # async fn secure() -> Result<(), Box<dyn std::error::Error>> {
//! // The schema of `payments-value` in the registry has the tag PII on its field `iban`, and the
//! // domain rule {"name": "secret", "type": "ENCRYPT", "mode": "WRITEREAD", "tags": ["PII"],
//! // "params": {"encrypt.kek.name": "payments", "encrypt.kms.type": "local-kms",
//! // "encrypt.kms.key.id": "payments"}}.
//! let registry = RegistryClient::new("http://127.0.0.1:8081")?;
//! let secret = std::env::var("PAYMENTS_SECRET")?;
//! let rules = Rules::default()
//!     .encryption(&Encryption::builder().property("secret", secret).build());
//!
//! let writer = AvroSerializer::<Payment>::from_registry(&registry).topic("payments");
//! let writer = writer.rules(rules.clone()).build().await?;
//! let payment = Payment { amount: 5, iban: "DE02120300000000202051".into() };
//! let message = writer.encode_async(&payment).await?; // `iban` is a ciphertext in it
//!
//! let reader = AvroDeserializer::<Payment>::builder(&registry).rules(rules).build().await?;
//! assert_eq!(reader.decode_async(&message, None).await?.iban, payment.iban);
//! # Ok(())
//! # }
//! ```
//!
//! `ENCRYPT` is a domain rule for the fields with its tags, which must be strings (they become
//! base64) or bytes. `ENCRYPT_PAYLOAD` is an encoding rule for the body behind the schema id.
//!
//! All that a KMS needs can stand in the environment, and then nothing is to be set:
//! [`Rules`](crate::rules::Rules) can encrypt by default where the feature `encryption` is on.
//! [`Encryption`] is for programs that bring properties or drivers of their own. KMSs are
//! [`kms::LocalKms`] and, each with its feature, [`kms::Vault`](kms) and [`kms::AwsKms`](kms).
//!
//! When a key that has aged cannot be replaced, the old one goes on being used, and replacing it
//! is tried again a minute later. Key material is wiped from memory once it is not needed, but
//! for the texts in which the HTTP library receives it.

mod dek_registry;
mod error;
mod executor;
mod keys;
pub mod kms;
mod settings;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

pub use error::EncryptionError;
use executor::{Executor, Scope};
use keys::{Config, Keys};
use kms::{KmsDriver, Secret};

use crate::client::RegistryClient;
use crate::rules::RuleExecutor;

const KEYS_MAX: usize = 1_000;

/// What rules encrypt with: the KMSs, their properties, and the keys in use.
///
/// Copies are cheap and share the keys.
#[derive(Clone)]
pub struct Encryption {
    inner: Arc<Inner>,
}

struct Inner {
    config: Arc<Config>,
    /// One for each registry.
    keys: Mutex<Vec<Arc<Keys>>>,
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types: Vec<_> =
            self.inner.config.drivers.iter().map(|driver| driver.kms_type()).collect();
        f.debug_struct("Encryption").field("kms", &types).finish_non_exhaustive()
    }
}

impl Default for Encryption {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Encryption {
    /// Settings, which are none at first: the KMSs of all features that are on, and what they find
    /// in the environment.
    pub fn builder() -> EncryptionBuilder {
        let drivers: Vec<Arc<dyn KmsDriver>> = vec![
            Arc::new(kms::LocalKms),
            #[cfg(feature = "kms-aws")]
            Arc::new(kms::AwsKms::default()),
            #[cfg(feature = "kms-vault")]
            Arc::new(kms::Vault),
        ];
        EncryptionBuilder(Config {
            drivers,
            properties: BTreeMap::new(),
            clock: Arc::new(SystemTime::now),
            ttl: None,
            keys_max: KEYS_MAX,
        })
    }

    /// The executor of rules of type `ENCRYPT`.
    pub fn fields(&self) -> impl RuleExecutor + use<> {
        Executor { encryption: self.clone(), scope: Scope::Fields }
    }

    /// The executor of rules of type `ENCRYPT_PAYLOAD`.
    pub fn payloads(&self) -> impl RuleExecutor + use<> {
        Executor { encryption: self.clone(), scope: Scope::Payload }
    }

    fn keys_of(&self, client: &RegistryClient) -> Arc<Keys> {
        let mut all = self.inner.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.iter().find(|keys| keys.are_of(client)) {
            return Arc::clone(known);
        }
        let keys = Arc::new(Keys::new(client.clone(), Arc::clone(&self.inner.config)));
        all.push(Arc::clone(&keys));
        keys
    }
}

/// Builds an [`Encryption`].
pub struct EncryptionBuilder(Config);

impl fmt::Debug for EncryptionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionBuilder").finish_non_exhaustive()
    }
}

impl EncryptionBuilder {
    /// Adds a KMS; it replaces one for the same type.
    #[must_use]
    pub fn driver(mut self, driver: impl KmsDriver + 'static) -> Self {
        self.0.drivers.retain(|known| known.kms_type() != driver.kms_type());
        self.0.drivers.push(Arc::new(driver));
        self
    }

    /// Sets a property that a KMS asks for, such as `secret`. One of the same name that the KEK
    /// has in the registry wins.
    ///
    /// `encrypt.alternate.kms.key.ids`: keys, separated by commas, that are tried where the KEK's
    /// own does not work.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, text: impl Into<Secret>) -> Self {
        self.0.properties.insert(name.into(), text.into());
        self
    }

    /// How long a data key is used before the registry and the KMS are asked for it again, so that
    /// a key that was taken away stops working. By default keys are kept.
    #[must_use]
    pub fn keys_ttl(mut self, ttl: Duration) -> Self {
        self.0.ttl = Some(ttl);
        self
    }

    /// Most data keys kept for each registry; the default is 1,000.
    #[must_use]
    pub fn keys_max(mut self, count: usize) -> Self {
        self.0.keys_max = count;
        self
    }

    /// What time it is, for tests of rotation that cannot wait for days.
    #[must_use]
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.0.clock = Arc::new(now);
        self
    }

    /// Makes it. Nothing is asked yet.
    pub fn build(self) -> Encryption {
        Encryption { inner: Arc::new(Inner { config: Arc::new(self.0), keys: Mutex::default() }) }
    }
}
