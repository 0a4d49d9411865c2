//! The identity of a schema's content, shown by the REST API as its guid.

use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};

use crate::{Contract, Reference};

/// MD5 over the stored text, the references and the contract. The schema type is not hashed.
///
/// The digest is no protection against forgery; it is what the reference uses, and clients see
/// it as the guid, so it must be this one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 16]);

/// Text that is no guid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no guid")]
pub struct InvalidFingerprint(pub String);

impl Fingerprint {
    /// Hashes `text`, then name, subject and big-endian version of each reference in order, then,
    /// if there is metadata, a byte 1 and its tags, properties and sensitive names, then, if there
    /// is a rule set, a byte 1 and its rules.
    pub fn of(text: &str, references: &[Reference], contract: &Contract) -> Self {
        let mut md5 = Md5::new();
        md5.update(text);
        for reference in references {
            md5.update(&reference.name);
            md5.update(&reference.subject);
            md5.update(reference.version.to_be_bytes());
        }
        if let Some(metadata) = &contract.metadata {
            md5.update([1]);
            for (path, tags) in &metadata.tags {
                md5.update(path);
                for tag in tags {
                    md5.update(tag);
                }
            }
            for (key, value) in &metadata.properties {
                md5.update(key);
                md5.update(value);
            }
            for name in &metadata.sensitive {
                md5.update(name);
            }
        }
        if let Some(rule_set) = &contract.rule_set {
            md5.update([1]);
            rule_set.hash_into(&mut md5);
        }
        Self(md5.finalize().into())
    }

    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The 16 bytes in UUID form.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    /// The UUID form, or the 32 digits without dashes; case does not count.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidFingerprint(text.to_owned());
        let dashed = text.len() == 36
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| matches!(at, 8 | 13 | 18 | 23) == (byte == b'-'));
        let digits: Vec<u8> = text.bytes().filter(|&byte| byte != b'-').collect();
        if !(dashed || text.len() == 32) || digits.len() != 32 {
            return Err(invalid());
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| invalid())?;
            *byte = pair
                .bytes()
                .all(|digit| digit.is_ascii_hexdigit())
                .then(|| u8::from_str_radix(pair, 16).ok())
                .flatten()
                .ok_or_else(invalid)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContractRule, ExecutionEnvironment, Metadata, RuleKind, RuleMode, RuleSet};

    #[test]
    fn guid_of_the_string_type_is_the_known_one() {
        let guid = "095d71cf-1255-6b9d-5e33-0ad575b3df5d";
        let fingerprint = Fingerprint::of("\"string\"", &[], &Contract::default());
        assert_eq!(fingerprint.to_string(), guid);
        assert_eq!(guid.parse(), Ok(fingerprint));
        assert_eq!(guid.replace('-', "").to_uppercase().parse(), Ok(fingerprint));
    }

    #[test]
    fn text_that_is_no_guid_is_refused() {
        for text in
            ["", "nope", "095d71cf-1255-6b9d-5e33-0ad575b3df5", "é95d71cf12556b9d5e330ad575b3df5"]
        {
            assert_eq!(text.parse::<Fingerprint>(), Err(InvalidFingerprint(text.to_owned())));
        }
        assert!("+95d71cf12556b9d5e330ad575b3df5d".parse::<Fingerprint>().is_err());
        assert!("0-95d71cf1255-6b9d5e33-0ad575b3df5-d".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn references_metadata_and_rules_count() {
        let reference = Reference { name: "n".into(), subject: "s".into(), version: 1 };
        let of = |contract: &Contract| Fingerprint::of("t", &[], contract);
        let mut all = vec![Fingerprint::of("t", &[reference], &Contract::default())];
        let mut contract = Contract::default();
        all.push(of(&contract));
        contract.metadata = Some(Metadata::default());
        all.push(of(&contract));
        let properties = [("k".to_owned(), "v".to_owned())].into();
        contract.metadata = Some(Metadata { properties, ..Metadata::default() });
        all.push(of(&contract));
        contract.rule_set = Some(RuleSet::default());
        all.push(of(&contract));
        contract.rule_set =
            Some(RuleSet { enable_at: Some(ExecutionEnvironment::Client), ..RuleSet::default() });
        all.push(of(&contract));
        contract.rule_set = Some(RuleSet { domain_rules: vec![rule()], ..RuleSet::default() });
        all.push(of(&contract));
        let disabled = ContractRule { disabled: true, ..rule() };
        contract.rule_set = Some(RuleSet { domain_rules: vec![disabled], ..RuleSet::default() });
        all.push(of(&contract));
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_parts_of_a_rule_are_hashed_in_order() {
        let contract = Contract {
            rule_set: Some(RuleSet {
                migration_rules: vec![rule()],
                enable_at: Some(ExecutionEnvironment::All),
                ..RuleSet::default()
            }),
            ..Contract::default()
        };
        let text = "t\u{1}nameCONDITIONWRITEtypeabkveALL";
        let expected = Fingerprint::of(text, &[], &Contract::default());
        assert_eq!(Fingerprint::of("t", &[], &contract), expected);
    }

    fn rule() -> ContractRule {
        ContractRule {
            name: Some("name".into()),
            doc: None,
            kind: RuleKind::Condition,
            mode: RuleMode::Write,
            rule_type: Some("type".into()),
            tags: ["b".into(), "a".into()].into(),
            params: [("k".into(), "v".into())].into(),
            expr: Some("e".into()),
            on_success: None,
            on_failure: None,
            disabled: false,
        }
    }
}
