//! Contexts: their list, and the deletion of one that is empty.

use super::{DeletedFilter, Registry};
use crate::WriteTransaction;
use crate::{
    About, Context, Page, QualifiedSubject, ReadTransaction, RegistryError, Store, SubjectFilter,
};

impl<S: Store> Registry<S> {
    /// The contexts whose names start with `prefix`: the default one first, which is always there,
    /// then every one in which a schema was ever registered and that has not been deleted since.
    pub async fn contexts(&self, prefix: &str, page: Page) -> Result<Vec<Context>, RegistryError> {
        let mut contexts = self.store.read().await?.contexts().await?;
        contexts.retain(|context| !context.is_default());
        contexts.insert(0, Context::default());
        contexts.retain(|context| context.as_str().starts_with(prefix));
        Ok(page.cut(contexts))
    }

    /// Takes a context off the list. One that still has versions, soft-deleted or not, is refused;
    /// one that is not listed is no error. Its counter of ids goes on where it stands.
    pub async fn delete_context(&self, context: &Context) -> Result<(), RegistryError> {
        let mut tx = self.store.write().await?;
        let inside = SubjectFilter::OneContext { context: context.clone(), prefix: String::new() };
        if !tx.subjects(&inside, DeletedFilter::All, Page::first(1)).await?.is_empty() {
            return Err(RegistryError::ContextNotEmpty(context.clone()));
        }
        tx.unlist_context(context).await?;
        self.commit(tx, About::subject(&QualifiedSubject::of_context(context.clone()))).await?;
        Ok(())
    }
}
