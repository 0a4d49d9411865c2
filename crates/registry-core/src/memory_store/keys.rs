//! Encryption keys in memory.

use super::MemoryTransaction;
use crate::StoreError;
use crate::keys::{Dek, DekSeries, Kek, ReadKeys, WriteKeys};

impl ReadKeys for MemoryTransaction {
    async fn kek(&mut self, name: &str) -> Result<Option<Kek>, StoreError> {
        Ok(self.state.keks.get(name).cloned())
    }

    async fn keks(&mut self) -> Result<Vec<Kek>, StoreError> {
        Ok(self.state.keks.values().cloned().collect())
    }

    async fn deks(&mut self, kek: Option<&str>) -> Result<Vec<Dek>, StoreError> {
        let deks = self.state.deks.values();
        Ok(deks.filter(|dek| kek.is_none_or(|kek| dek.series.kek == kek)).cloned().collect())
    }

    async fn dek_versions(&mut self, series: &DekSeries) -> Result<Vec<Dek>, StoreError> {
        Ok(self.state.deks.values().filter(|dek| dek.series == *series).cloned().collect())
    }

    async fn key_counts(&mut self) -> Result<(usize, usize), StoreError> {
        Ok((self.state.keks.len(), self.state.deks.len()))
    }
}

impl WriteKeys for MemoryTransaction {
    async fn put_kek(&mut self, kek: &Kek) -> Result<(), StoreError> {
        self.change().keks.insert(kek.name.clone(), kek.clone());
        Ok(())
    }

    async fn remove_kek(&mut self, name: &str) -> Result<(), StoreError> {
        self.change().keks.remove(name);
        Ok(())
    }

    async fn put_dek(&mut self, dek: &Dek) -> Result<(), StoreError> {
        self.change().deks.insert((dek.series.clone(), dek.version), dek.clone());
        Ok(())
    }

    async fn remove_dek(&mut self, series: &DekSeries, version: i32) -> Result<(), StoreError> {
        self.change().deks.remove(&(series.clone(), version));
        Ok(())
    }
}
