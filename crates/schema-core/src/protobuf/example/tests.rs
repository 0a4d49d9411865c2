//! Each rule has a value that shows it.
