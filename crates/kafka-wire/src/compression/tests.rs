//! Every codec: what comes back, where the cap bites, what hostile input does.

use proptest::prelude::*;

use super::*;

const CODECS: [Codec; 5] = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

fn compress(codec: Codec, plain: &[u8]) -> Vec<u8> {
    super::compress(codec, plain).unwrap()
}

fn xerial(blocks: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];
    for block in blocks {
        let raw = compress(Codec::Snappy, block);
        out.extend(i32::try_from(raw.len()).unwrap().to_be_bytes());
        out.extend(raw);
    }
    out
}

#[test]
fn every_codec_gives_back_what_went_in_at_exactly_the_cap() {
    let plain = b"offset ".repeat(5000);
    for codec in CODECS {
        let packed = compress(codec, &plain);
        assert_eq!(decompress(codec, &packed, plain.len()), Ok(plain.clone()), "{codec:?}");
        let max_out = plain.len() - 1;
        assert_eq!(
            decompress(codec, &packed, max_out),
            Err(CompressionError::TooLarge { max_out }),
            "{codec:?}"
        );
    }
}

#[test]
fn bombs_stop_at_the_cap() {
    let plain = vec![0; 64 << 20];
    for codec in CODECS {
        let packed = compress(codec, &plain);
        let max_out = 1 << 20;
        assert_eq!(
            decompress(codec, &packed, max_out),
            Err(CompressionError::TooLarge { max_out }),
            "{codec:?}"
        );
    }
}

#[test]
fn snappy_blocks_of_the_java_framing_are_joined() {
    let packed = xerial(&[b"first ", b"", b"second"]);
    assert_eq!(decompress(Codec::Snappy, &packed, 12), Ok(b"first second".to_vec()));
    assert_eq!(
        decompress(Codec::Snappy, &packed, 11),
        Err(CompressionError::TooLarge { max_out: 11 })
    );
}

#[test]
fn snappy_lengths_that_lie_are_refused_before_memory_is_taken() {
    // A raw block of five bytes that claims 2³¹−1.
    let claim = [0xff, 0xff, 0xff, 0xff, 0x07];
    assert!(matches!(
        decompress(Codec::Snappy, &claim, usize::MAX),
        Err(CompressionError::Corrupt { codec: Codec::Snappy, .. })
    ));
    let mut negative = xerial(&[]);
    negative.extend((-1_i32).to_be_bytes());
    assert!(decompress(Codec::Snappy, &negative, 1000).is_err());
}

#[test]
fn unknown_codec_ids_are_named() {
    assert_eq!(Codec::try_from(5), Err(CompressionError::UnknownCodec(5)));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(input in proptest::collection::vec(any::<u8>(), 0..300)) {
        for codec in CODECS {
            if let Ok(out) = decompress(codec, &input, 4096) {
                prop_assert!(out.len() <= 4096);
            }
        }
    }

    #[test]
    fn flipped_bits_never_panic(at in 0_usize..2000, bit in 0_u8..8) {
        let plain = b"some record bytes".repeat(100);
        for codec in CODECS {
            let mut packed = compress(codec, &plain);
            let at = at % packed.len();
            packed[at] ^= 1 << bit;
            if let Ok(out) = decompress(codec, &packed, 4096) {
                prop_assert!(out.len() <= 4096);
            }
        }
    }
}
