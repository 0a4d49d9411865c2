//! Accepts connections and keeps count of them.

#[derive(Debug)]
pub(crate) struct Listener;
