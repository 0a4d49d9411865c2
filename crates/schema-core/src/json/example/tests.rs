//! Each rule has an instance that shows it.
