//! What a rule says about its keys.

use std::sync::Arc;
use std::time::Duration;

use levada_encryption::DekAlgorithm;

use super::EncryptionError;
use super::dek_registry::DekSeries;
use crate::client::Version;

const KEK_NAME: &str = "encrypt.kek.name";
const KMS_TYPE: &str = "encrypt.kms.type";
const KMS_KEY_ID: &str = "encrypt.kms.key.id";
const ALGORITHM: &str = "encrypt.dek.algorithm";
const EXPIRY_DAYS: &str = "encrypt.dek.expiry.days";

const DAY: Duration = Duration::from_hours(24);

/// The keys of one rule on one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeySettings {
    pub(super) series: Arc<DekSeries>,
    /// Needed where the KEK is to be made; else the KEK's must be this one.
    pub(super) kms_type: Option<String>,
    pub(super) kms_key_id: Option<String>,
    /// How old a DEK may get before the next version replaces it; without, the first is used for
    /// good, and ciphertexts name no version.
    pub(super) expiry: Option<Duration>,
}

impl KeySettings {
    /// `parameter` finds a parameter by its name.
    pub(super) fn new<'a>(
        subject: &str,
        parameter: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, EncryptionError> {
        let kek = parameter(KEK_NAME).filter(|name| !name.is_empty());
        let kek = kek.ok_or(EncryptionError::MissingParameter(KEK_NAME))?;
        let text = |name| parameter(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let algorithm = parameter(ALGORITHM).map(algorithm).transpose()?.unwrap_or_default();
        let (kek, subject) = (kek.to_owned(), subject.to_owned());
        Ok(Self {
            series: Arc::new(DekSeries { kek, subject, algorithm }),
            kms_type: text(KMS_TYPE),
            kms_key_id: text(KMS_KEY_ID),
            expiry: parameter(EXPIRY_DAYS).map(expiry).transpose()?.flatten(),
        })
    }

    /// Whether ciphertexts say with which version of the key they were made.
    pub(super) fn names_versions(&self) -> bool {
        self.expiry.is_some()
    }

    /// The version that is written with.
    pub(super) fn written(&self) -> Version {
        if self.names_versions() { Version::Latest } else { Version::Number(1) }
    }

    /// The schema context of the subject: `.billing` of `:.billing:orders`.
    pub(super) fn context(&self) -> Option<&str> {
        let rest = self.series.subject.strip_prefix(':')?;
        let context = rest.split(':').next().unwrap_or(rest);
        (context.starts_with('.') && context != ".").then_some(context)
    }
}

fn algorithm(name: &str) -> Result<DekAlgorithm, EncryptionError> {
    name.parse().map_err(|error: levada_encryption::UnknownAlgorithm| {
        let (name, value, reason) = (ALGORITHM, name.to_owned(), error.to_string());
        EncryptionError::InvalidParameter { name, value, reason }
    })
}

/// Zero days mean that keys do not age.
fn expiry(text: &str) -> Result<Option<Duration>, EncryptionError> {
    let days: u32 = text.trim().parse().map_err(|_| EncryptionError::InvalidParameter {
        name: EXPIRY_DAYS,
        value: text.to_owned(),
        reason: "it must be a number of days, 0 for none".to_owned(),
    })?;
    Ok((days > 0).then(|| DAY.saturating_mul(days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(
        subject: &str,
        parameters: &[(&str, &'static str)],
    ) -> Result<KeySettings, EncryptionError> {
        KeySettings::new(subject, |name| {
            parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        })
    }

    #[test]
    fn only_the_name_of_the_kek_is_needed() {
        let (kek, subject) = ("k".to_owned(), "s".to_owned());
        let series = DekSeries { kek, subject, algorithm: DekAlgorithm::Aes256Gcm };
        let (kms_type, kms_key_id) = (None, None);
        let wanted = KeySettings { series: Arc::new(series), kms_type, kms_key_id, expiry: None };
        assert_eq!(settings("s", &[(KEK_NAME, "k")]).unwrap(), wanted);
        assert_eq!(wanted.written(), Version::Number(1));
        for none in [&[][..], &[(KEK_NAME, "")]] {
            let error = settings("s", none).unwrap_err();
            assert_eq!(error.to_string(), "the rule needs the parameter `encrypt.kek.name`");
        }
    }

    #[test]
    fn keys_that_age_are_written_by_the_latest_version() {
        let days = |days| settings("s", &[(KEK_NAME, "k"), (EXPIRY_DAYS, days)]);
        let aging = days("2").unwrap();
        assert_eq!((aging.expiry, aging.written()), (Some(2 * DAY), Version::Latest));
        assert_eq!(days("0").unwrap().expiry, None);
        for wrong in ["-1", "", "soon", "1.5"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_algorithm_is_one_of_the_three() {
        let of = |name| settings("s", &[(KEK_NAME, "k"), (ALGORITHM, name)]);
        assert_eq!(of("AES256_SIV").unwrap().series.algorithm, DekAlgorithm::Aes256Siv);
        assert!(of("aes256_siv").is_err());
    }

    #[test]
    fn the_context_is_that_of_the_subject() {
        let of = |subject| settings(subject, &[(KEK_NAME, "k")]).unwrap();
        assert_eq!(of(":.billing:orders").context(), Some(".billing"));
        assert_eq!(of(":.billing:").context(), Some(".billing"));
        for none in ["orders", ":.:orders", ":orders:", ":"] {
            assert_eq!(of(none).context(), None, "{none}");
        }
    }
}
