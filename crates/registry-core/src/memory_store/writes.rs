//! What is changed in the store in memory.

use std::sync::Arc;

use super::{Held, MemoryTransaction};
use crate::{
    AuditEntry, Config, Context, Mode, QualifiedSubject, SchemaId, SchemaVersion, StoreError,
    StoredSchema, WriteTransaction,
};

impl WriteTransaction for MemoryTransaction {
    async fn allocate_id(&mut self, context: &Context) -> Result<Option<SchemaId>, StoreError> {
        let state = self.change();
        state.contexts.insert(context.clone());
        let max_id = state.max_ids.entry(context.clone()).or_default();
        let Some(next) = max_id.checked_add(1) else { return Ok(None) };
        *max_id = next;
        Ok(Some(SchemaId(next)))
    }

    async fn insert_schema(
        &mut self,
        context: &Context,
        schema: &StoredSchema,
        imported: bool,
    ) -> Result<(), StoreError> {
        let state = self.change();
        if imported {
            state.contexts.insert(context.clone());
            let max_id = state.max_ids.entry(context.clone()).or_default();
            *max_id = (*max_id).max(schema.id.0);
        }
        state.schemas.insert((context.clone(), schema.id), Arc::new(schema.clone()));
        Ok(())
    }

    async fn put_version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
        id: SchemaId,
        ts_ms: i64,
    ) -> Result<(), StoreError> {
        let state = self.change();
        let held = Held { id, is_deleted: false, ts_ms };
        state.versions.insert((subject.clone(), version), held);
        state.touch(subject);
        Ok(())
    }

    async fn soft_delete(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
        ts_ms: i64,
    ) -> Result<(), StoreError> {
        let state = self.change();
        if let Some(held) = state.versions.get_mut(&(subject.clone(), version)) {
            held.is_deleted = true;
            held.ts_ms = ts_ms;
        }
        state.touch(subject);
        Ok(())
    }

    async fn remove_version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
    ) -> Result<(), StoreError> {
        let state = self.change();
        state.versions.remove(&(subject.clone(), version));
        state.touch(subject);
        Ok(())
    }

    async fn remove_schema(&mut self, context: &Context, id: SchemaId) -> Result<(), StoreError> {
        self.change().schemas.remove(&(context.clone(), id));
        Ok(())
    }

    async fn put_config(
        &mut self,
        scope: &QualifiedSubject,
        config: Option<&Config>,
    ) -> Result<(), StoreError> {
        let state = self.change();
        match config {
            Some(config) => state.configs.insert(scope.clone(), config.clone()),
            None => state.configs.remove(scope),
        };
        state.settings.0 += 1;
        Ok(())
    }

    async fn put_mode(
        &mut self,
        scope: &QualifiedSubject,
        mode: Option<Mode>,
    ) -> Result<(), StoreError> {
        let state = self.change();
        match mode {
            Some(mode) => state.modes.insert(scope.clone(), mode),
            None => state.modes.remove(scope),
        };
        state.settings.0 += 1;
        Ok(())
    }

    async fn remove_subject_modes(&mut self, context: &Context) -> Result<(), StoreError> {
        let state = self.change();
        state.modes.retain(|scope, _| scope.context != *context || scope.is_context());
        state.settings.0 += 1;
        Ok(())
    }

    async fn unlist_context(&mut self, context: &Context) -> Result<(), StoreError> {
        self.change().contexts.remove(context);
        Ok(())
    }

    async fn commit(self, note: Option<&AuditEntry>) -> Result<(), StoreError> {
        *self.current.write() = self.state;
        self.audit.write().extend(note.cloned());
        Ok(())
    }
}
