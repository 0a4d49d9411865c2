//! Who is told how a transfer goes on.

/// Is told how a transfer goes on. All methods may be called from any thread.
pub trait Observer: Send + Sync {
    /// A walk over `total` things begins: records of an archive, or subjects of a registry.
    fn begin(&self, total: u64);
    /// One of them is done.
    fn advance(&self);
    /// Something about one record that could not be brought over; the transfer goes on.
    fn problem(&self, what: &str);
    /// Something that whoever started the transfer should know; nothing failed.
    fn notice(&self, what: &str);
    /// Something in which source and target differ.
    fn difference(&self, what: &str);
}
