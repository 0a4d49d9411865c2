//! Sockets to calls and back: accept, read frames, dispatch by api key, write in request order.

mod call;
mod connection;
mod dispatch;
mod listener;
mod memory;
mod reply;
mod send;

pub(crate) use call::{Api, Call, Peer};
pub(crate) use dispatch::{apis, decode};
pub(crate) use listener::Listener;
pub(crate) use reply::{CloseReason, Outcome, Part, Reply};
