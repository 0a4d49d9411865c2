//! serde-lib
