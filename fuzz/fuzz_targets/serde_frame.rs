//! The frame in front of a serialized message, with and without a schema id header.
#![no_main]

use levada_serde::wire_format::{MessageIndex, split, split_indexed};

libfuzzer_sys::fuzz_target!(|input: (&[u8], Option<&[u8]>)| {
    let (payload, header) = input;
    let _ = split(payload, header);
    let _ = split_indexed(payload, header);
    if let Ok((index, _)) = MessageIndex::read(payload) {
        let mut written = Vec::new();
        index.write(&mut written);
        assert_eq!(MessageIndex::read(&written), Ok((index, &[][..])));
    }
});
