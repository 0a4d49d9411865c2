//! What black-box tests share: the real binary as a process, its ports, and how to stop it.
//!
//! The tests know the binary only from outside: flags, output lines, signals, ports.

mod http;
mod process;
mod workspace;

pub use http::http_client;
pub use process::{Levada, levada, serve};
pub use workspace::workspace_root;
