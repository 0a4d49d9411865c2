//! An example, or the lack of one, for each rule.
