//! The rules as tables, and the coordinator over a disk that loses power.

mod crash;
mod machine;
mod replay;
mod rig;
