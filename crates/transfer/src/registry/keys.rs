//! KEKs and DEKs.

use levada_registry_api::{CreateDekRequest, CreateKekRequest, DekDocument, KekDocument};
use levada_serde::client::Call;

use super::{DELETED, Registry, json};
use crate::TransferError;
use crate::names::in_path;
use crate::record::{DekRecord, KekRecord, Key};

/// All that the DEK registry knows.
const ALGORITHMS: [&str; 3] = ["AES128_GCM", "AES256_GCM", "AES256_SIV"];
/// A key is there already: an attempt before this one made it, for it was not there just now.
const KEY_EXISTS: u32 = 40971;
/// The KMS of a shared KEK did not unwrap a key, which is otherwise shown.
pub(crate) const KMS_FAILED: u32 = 50070;

impl Registry {
    /// The names of all KEKs, soft-deleted ones included.
    pub(crate) async fn kek_names(&self) -> Result<Vec<String>, TransferError> {
        self.names(&["dek-registry", "v1", "keks"], &[DELETED]).await
    }

    pub(crate) async fn kek(&self, name: &str) -> Result<Option<KekRecord>, TransferError> {
        let path = ["dek-registry", "v1", "keks", name];
        let shown: Option<KekDocument> = self.find(Call::get(&path).query(&[DELETED])).await?;
        Ok(shown.map(KekRecord::from))
    }

    /// Every DEK under a KEK: all subjects, algorithms and versions.
    pub(crate) async fn dek_keys(&self, kek: &str) -> Result<Vec<Key>, TransferError> {
        let mut keys = Vec::new();
        for subject in self.names(&["dek-registry", "v1", "keks", kek, "deks"], &[DELETED]).await? {
            if self.aliases(&subject).await?.deks {
                return Err(TransferError::HiddenDeks { kek: kek.to_owned(), subject });
            }
            for algorithm in ALGORITHMS {
                let name = in_path(&subject);
                let path = ["dek-registry", "v1", "keks", kek, "deks", &name, "versions"];
                let query = [("algorithm", algorithm), DELETED];
                let versions: Option<Vec<i32>> = self.find(Call::get(&path).query(&query)).await?;
                keys.extend(versions.unwrap_or_default().into_iter().map(|version| Key::Dek {
                    kek: kek.to_owned(),
                    subject: subject.clone(),
                    algorithm: algorithm.to_owned(),
                    version,
                }));
            }
        }
        Ok(keys)
    }

    pub(crate) async fn dek(
        &self,
        kek: &str,
        subject: &str,
        algorithm: &str,
        version: i32,
    ) -> Result<Option<DekRecord>, TransferError> {
        if self.aliases(subject).await?.deks {
            let (kek, subject) = (kek.to_owned(), subject.to_owned());
            return Err(TransferError::HiddenDeks { kek, subject });
        }
        let number = version.to_string();
        let name = in_path(subject);
        let path = ["dek-registry", "v1", "keks", kek, "deks", &name, "versions", &number];
        let query = [("algorithm", algorithm), DELETED];
        let shown: Option<DekDocument> = self.find(Call::get(&path).query(&query)).await?;
        Ok(shown.map(DekRecord::from))
    }

    /// Adds a KEK, live whatever the record says, or makes a soft-deleted equal one live again.
    pub(crate) async fn create_kek(&self, kek: &KekRecord) -> Result<(), TransferError> {
        let body = CreateKekRequest {
            name: Some(kek.name.clone()),
            kms_type: Some(kek.kms_type.clone()),
            kms_key_id: Some(kek.kms_key_id.clone()),
            kms_props: kek.kms_props.clone(),
            doc: kek.doc.clone(),
            shared: kek.shared,
            deleted: false,
        };
        let call = Call::post(&["dek-registry", "v1", "keks"], json(&body));
        self.change(call, Some(KEY_EXISTS)).await
    }

    /// Adds a DEK, live whatever the record says. The subject is in the body, where no alias
    /// leads it elsewhere.
    pub(crate) async fn create_dek(&self, dek: &DekRecord) -> Result<(), TransferError> {
        let body = CreateDekRequest {
            subject: Some(dek.subject.clone()),
            version: Some(dek.version),
            algorithm: Some(dek.algorithm.clone()),
            encrypted_key_material: Some(dek.encrypted_key_material.clone()),
            deleted: false,
        };
        let path = ["dek-registry", "v1", "keks", &dek.kek_name, "deks"];
        self.change(Call::post(&path, json(&body)), Some(KEY_EXISTS)).await
    }

    pub(crate) async fn soft_delete_kek(&self, name: &str) -> Result<(), TransferError> {
        self.change(Call::delete(&["dek-registry", "v1", "keks", name]), None).await
    }

    pub(crate) async fn soft_delete_dek(&self, dek: &DekRecord) -> Result<(), TransferError> {
        let (name, number) = (in_path(&dek.subject), dek.version.to_string());
        let path =
            ["dek-registry", "v1", "keks", &dek.kek_name, "deks", &name, "versions", &number];
        let query = [("algorithm", dek.algorithm.as_str())];
        self.change(Call::delete(&path).query(&query), None).await
    }

    pub(crate) async fn undelete_dek(&self, dek: &DekRecord) -> Result<(), TransferError> {
        let (name, number) = (in_path(&dek.subject), dek.version.to_string());
        let path = [
            "dek-registry",
            "v1",
            "keks",
            &dek.kek_name,
            "deks",
            &name,
            "versions",
            &number,
            "undelete",
        ];
        let query = [("algorithm", dek.algorithm.as_str())];
        self.change(Call::post(&path, Vec::new()).query(&query), None).await
    }
}
