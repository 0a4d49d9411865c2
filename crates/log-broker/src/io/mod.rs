//! The disk as the broker sees it: one trait, the real file system, one in memory, and a simulated
//! one that can lose power.

mod disk;
mod memory;
mod real;
mod sim;

pub use disk::{Dir, DirLock, Disk, DiskFile, Space, read_file, replace_file};
pub use memory::MemoryDisk;
pub use real::RealDisk;
pub use sim::{Fault, SimDisk};
