//! A record batch of format 2. Length and checksum are set right, else nothing behind them is met.
#![no_main]

use levada_kafka_wire::record_batch::{
    BatchHeader, CRC_START, HEADER_BYTES, PREFIX_BYTES, Records, crc32c, record_bytes,
};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = BatchHeader::parse(input);
    let mut batch = input.to_vec();
    if batch.len() >= HEADER_BYTES {
        let length = i32::try_from(batch.len() - PREFIX_BYTES).expect("a short input");
        batch[8..12].copy_from_slice(&length.to_be_bytes());
        batch[16] = 2;
        let crc = crc32c(&batch[CRC_START..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
    }
    let Ok(header) = BatchHeader::parse_whole(&batch) else { return };
    let Ok(bytes) = record_bytes(&header, &batch, 1 << 20) else { return };
    assert!(bytes.len() <= (1 << 20).max(batch.len()));
    let mut records = 0;
    for record in Records::new(&header, &bytes).map_while(Result::ok) {
        records += 1;
        assert!(record.headers.iter().count() <= bytes.len());
    }
    assert!(records <= bytes.len());
});
