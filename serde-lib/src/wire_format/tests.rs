//! Framing, by vectors and properties.

use proptest::prelude::*;

use super::*;

const GUID: Uuid = Uuid::from_u128(0x0f3f_6b1e_5d6a_5c5e_9d3b_3d2a_8f1e_7c11);

#[test]
fn id_prefix_is_magic_zero_and_big_endian_id() {
    assert_eq!(id_prefix(0x8000_0001), [0, 0x80, 0, 0, 1]);
    let frame = Frame { schema: SchemaRef::Id(u32::MAX), body: b"x" };
    assert_eq!(split(b"\x00\xff\xff\xff\xffx", None), Ok(frame));
}

#[test]
fn frame_of_five_bytes_has_an_empty_body() {
    let frame = Frame { schema: SchemaRef::Id(7), body: b"" };
    assert_eq!(split(b"\x00\x00\x00\x00\x07", None), Ok(frame));
}

#[test]
fn reframing_changes_the_id_alone_and_refuses_what_has_none() {
    let mut payload = *b"\x00\x00\x00\x00\x07\x02\x08body";
    reframe(&mut payload, 0x0102_0304).unwrap();
    assert_eq!(&payload, b"\x00\x01\x02\x03\x04\x02\x08body");
    for mut unframed in [vec![0, 0, 0, 7], vec![1; 17], b"{}".to_vec(), vec![]] {
        let before = unframed.clone();
        assert!(reframe(&mut unframed, 1).is_err(), "{before:x?}");
        assert_eq!(unframed, before);
    }
}

#[test]
fn payloads_shorter_than_their_frame_are_too_short() {
    for len in 0..5 {
        let payload = &[0u8; 5][..len];
        assert_eq!(split(payload, None), Err(FrameError::TooShort { needed: 5, len }));
    }
    for len in 1..17 {
        let payload = &[1u8; 17][..len];
        assert_eq!(split(payload, None), Err(FrameError::TooShort { needed: 17, len }));
    }
}

#[test]
fn unknown_magic_names_the_byte_and_hints_at_plain_json() {
    let error = split(b"{\"a\":1}", None).unwrap_err();
    assert_eq!(error, FrameError::UnknownMagic { magic: b'{' });
    assert!(error.to_string().ends_with("looks like plain JSON"), "{error}");
}

#[test]
fn header_names_the_schema_and_leaves_the_payload_alone() {
    let frame = Frame { schema: SchemaRef::Guid(GUID), body: b"\x0a" };
    assert_eq!(split(b"\x0a", Some(&guid_header(GUID))), Ok(frame));
    let frame = Frame { schema: SchemaRef::Id(3), body: b"" };
    assert_eq!(split(b"", Some(&id_prefix(3))), Ok(frame));
}

#[test]
fn broken_header_is_an_error_even_when_the_payload_is_framed() {
    let framed = b"\x00\x00\x00\x00\x07x";
    let mut trailing = guid_header(GUID).to_vec();
    trailing.push(0);
    for header in [&b""[..], b"\x00\x00\x00", b"\x01\x22", b"\x05abcd", &trailing] {
        let result = split(framed, Some(header));
        assert!(matches!(result, Err(FrameError::InvalidHeader { .. })), "{header:x?}: {result:?}");
    }
}

#[test]
fn protobuf_header_needs_exactly_one_message_index() {
    let mut header = guid_header(GUID).to_vec();
    let missing = split_indexed(b"", Some(&header));
    assert!(matches!(missing, Err(FrameError::InvalidHeader { .. })));
    header.push(0);
    let (frame, index) = split_indexed(b"b", Some(&header)).unwrap();
    assert_eq!(frame, Frame { schema: SchemaRef::Guid(GUID), body: b"b" });
    assert_eq!(index.path(), [0]);
}

#[test]
fn first_message_takes_one_byte_on_the_wire() {
    let mut out = Vec::new();
    MessageIndex::new(&[0]).unwrap().write(&mut out);
    assert_eq!(out, [0]);
    assert_eq!(MessageIndex::read(&[2, 0, 9]).unwrap().0.path(), [0], "the long form reads too");
}

#[test]
fn hostile_message_indexes_are_typed_errors() {
    let cases: [(&[u8], FrameError); 7] = [
        (&[], FrameError::IndexTruncated),
        (&[0x80], FrameError::IndexTruncated),
        (&[4, 2], FrameError::IndexTruncated),
        (&[1], FrameError::IndexNegativeCount { count: -1 }),
        (&[0x82, 0x01], FrameError::IndexTooLong { count: 65 }),
        (&[2, 1], FrameError::IndexOutOfRange { index: -1 }),
        (&[0xff; 11], FrameError::IndexVarintOverflow),
    ];
    for (bytes, expected) in cases {
        assert_eq!(MessageIndex::read(bytes), Err(expected), "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_split_or_fail_without_panic(
        payload in prop::collection::vec(any::<u8>(), 0..64),
        header in prop::option::of(prop::collection::vec(any::<u8>(), 0..32)),
    ) {
        let plain = split(&payload, header.as_deref());
        if header.is_none() && let Ok(Frame { schema: SchemaRef::Id(id), body }) = plain {
            prop_assert_eq!([&id_prefix(id)[..], body].concat(), payload.clone());
        }
        let _ = split_indexed(&payload, header.as_deref());
    }

    #[test]
    fn message_index_reads_back_what_was_written(
        path in prop::collection::vec(0u32..=0x7fff_ffff, 1..=64),
        tail in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let index = MessageIndex::new(&path).unwrap();
        let mut bytes = Vec::new();
        index.write(&mut bytes);
        bytes.extend_from_slice(&tail);
        prop_assert_eq!(MessageIndex::read(&bytes), Ok((index, &tail[..])));
    }

    #[test]
    fn zigzag_varints_of_any_length_read_back_whatever_follows(
        (value, shift) in (any::<i64>(), 0u32..64),
        tail in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let mut bytes = Vec::new();
        write_zigzag(value >> shift, &mut bytes);
        bytes.extend_from_slice(&tail);
        prop_assert_eq!(read_zigzag(&bytes), Ok((value >> shift, &tail[..])));
    }
}
