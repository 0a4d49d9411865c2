//! Own schemas and values for each rule of reading.
