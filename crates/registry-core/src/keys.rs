//! Encryption keys: key encryption keys (KEKs), which a KMS holds, and data encryption keys (DEKs),
//! which are stored wrapped by them.

use std::collections::BTreeMap;
use std::future::Future;

use levada_encryption::DekAlgorithm;

use crate::{QualifiedSubject, StoreError};

/// A key in a KMS, known here by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kek {
    pub name: String,
    pub kms_type: String,
    pub kms_key_id: String,
    pub kms_props: BTreeMap<String, String>,
    pub doc: Option<String>,
    /// Whether the registry may use the KMS itself.
    pub shared: bool,
    pub is_deleted: bool,
    /// When it was stored, in milliseconds since the epoch.
    pub ts_ms: i64,
}

impl Kek {
    /// Equal but for the deletion and the time.
    pub(crate) fn is_equivalent(&self, other: &Self) -> bool {
        let same = Self { is_deleted: self.is_deleted, ts_ms: self.ts_ms, ..other.clone() };
        *self == same
    }
}

/// All versions of the DEKs of one subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DekSeries {
    pub kek: String,
    pub subject: QualifiedSubject,
    pub algorithm: DekAlgorithm,
}

/// A data encryption key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dek {
    pub series: DekSeries,
    pub version: i32,
    /// Base64 of the key, wrapped by the KEK.
    pub encrypted_key_material: String,
    pub is_deleted: bool,
    /// When it was stored, in milliseconds since the epoch.
    pub ts_ms: i64,
}

/// Questions about keys. Lists are in order: of names, subjects, algorithms, versions.
pub trait ReadKeys: Send {
    fn kek(&mut self, name: &str) -> impl Future<Output = Result<Option<Kek>, StoreError>> + Send;

    fn keks(&mut self) -> impl Future<Output = Result<Vec<Kek>, StoreError>> + Send;

    /// The DEKs of a KEK, or of all.
    fn deks(
        &mut self,
        kek: Option<&str>,
    ) -> impl Future<Output = Result<Vec<Dek>, StoreError>> + Send;

    fn dek_versions(
        &mut self,
        series: &DekSeries,
    ) -> impl Future<Output = Result<Vec<Dek>, StoreError>> + Send;

    /// How many KEKs and how many DEKs there are.
    fn key_counts(&mut self) -> impl Future<Output = Result<(usize, usize), StoreError>> + Send;
}

/// Changes of keys.
pub trait WriteKeys: ReadKeys {
    /// Adds or replaces.
    fn put_kek(&mut self, kek: &Kek) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn remove_kek(&mut self, name: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Adds or replaces.
    fn put_dek(&mut self, dek: &Dek) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn remove_dek(
        &mut self,
        series: &DekSeries,
        version: i32,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
