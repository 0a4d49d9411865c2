//! The disk as the log sees it: one trait, the real file system, and a simulated one that can
//! lose power.

mod disk;
mod real;
mod sim;

pub use disk::{DirLock, Disk, DiskFile, Space, read_file, replace_file};
pub use real::RealDisk;
pub use sim::{Fault, SimDisk};
