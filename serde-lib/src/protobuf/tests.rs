//! Bodies walked field by field: what is kept, what is refused and where.

use std::sync::LazyLock;

use levada_schema_core::Limits;
use levada_schema_core::protobuf::ProtobufSchema;
use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use super::wire::examine;
use crate::error::{DecodeError, DecodeKind};

const LIMIT: usize = 1 << 20;

fn message() -> MessageDescriptor {
    static MESSAGE: LazyLock<MessageDescriptor> =
        LazyLock::new(|| linked("map<string, Node> by = 7;"));
    MESSAGE.clone()
}

/// The same message with the map written out as the entries that it stands for: `prost-reflect`
/// reads a length behind the tag of a map whatever the wire type, and so is no judge of those.
fn entries() -> MessageDescriptor {
    static MESSAGE: LazyLock<MessageDescriptor> = LazyLock::new(|| {
        linked(
            "message Entry { optional string key = 1; optional Node value = 2; }
             repeated Entry by = 7;",
        )
    });
    MESSAGE.clone()
}

fn linked(by: &str) -> MessageDescriptor {
    let text = "syntax = \"proto2\"; package a;
        message Node {
          optional string text = 1;
          optional int32 number = 2;
          repeated Node nodes = 3;
          repeated fixed32 fixed = 4;
          repeated sint64 many = 5 [packed = true];
          optional group Grp = 6 { optional bool is = 1; }
          BY
          optional bytes raw = 8;
          optional double real = 9;
          extensions 100 to 199;
        }
        extend Node { optional string more = 100; }";
    let file = ProtobufSchema::parse(&text.replace("BY", by), &[], &Limits::default()).unwrap();
    file.linked().unwrap().messages().next().unwrap()
}

fn refusal(body: &[u8]) -> DecodeError {
    *examine(body, &message(), LIMIT).unwrap_err()
}

#[test]
fn readable_bodies_come_back_as_they_are() {
    for body in [
        &b""[..],
        b"\x0a\x01x\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x1a\x05\x1a\x03\x0a\x01x",
        b"\x22\x04\x01\x00\x00\x00\x25\x02\x00\x00\x00\x2a\x02\x01\x02\x28\x03",
        b"\x33\x08\x01\x34",
        b"\x3a\x07\x0a\x01k\x12\x02\x10\x01",
        b"\xa2\x06\x01e",
        b"\xf8\x07\x01\xfb\x07\x0a\x00\xfc\x07", // an unknown number and an unknown group
    ] {
        assert_eq!(examine(body, &message(), LIMIT).unwrap(), body, "{body:x?}");
    }
}

#[test]
fn fields_of_another_wire_type_are_left_out() {
    for (body, kept) in [
        (&b"\x08\x05\x10\x01"[..], &b"\x10\x01"[..]),
        (b"\x12\x01x\x10\x01", b"\x10\x01"),
        (b"\x1a\x04\x08\x01\x10\x02", b"\x1a\x02\x10\x02"),
        (b"\x33\x0a\x00\x34", b"\x33\x34"),
        (b"\x1b\x10\x01\x1c\x10\x01", b"\x10\x01"),
        (b"\x38\x01\x10\x01", b"\x10\x01"),
        (b"\x3b\x08\x01\x3c\x10\x01", b"\x10\x01"),
        (b"\x3a\x05\x08\x01\x12\x01\x08", b""),
    ] {
        match examine(body, &message(), LIMIT) {
            Ok(found) => assert_eq!(found, kept, "{body:x?}"),
            Err(error) => assert_eq!((error.kind, kept), (DecodeKind::UnexpectedEof, &b""[..])),
        }
    }
}

#[test]
fn broken_bodies_are_refused_where_they_break() {
    use DecodeKind::{
        InvalidTag, InvalidUtf8, InvalidWireType, LengthTooLarge, UnexpectedEof, VarintOverflow,
    };
    let huge = LengthTooLarge { length: 0xffff_ffff, available: 0 };
    for (body, path, offset, kind) in [
        (&b"\x80"[..], "", 0, UnexpectedEof),
        (b"\x00\x01", "", 0, InvalidTag(0)),
        (b"\x80\x80\x80\x80\x10", "", 0, InvalidTag(1 << 29)),
        (b"\x10\x80", "number", 1, UnexpectedEof),
        (b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "number", 1, VarintOverflow),
        (b"\x0a\xff\xff\xff\xff\x0f", "text", 1, huge),
        (b"\x0a\x02x", "text", 1, UnexpectedEof),
        (b"\x0a\x03x\xc3\x28", "text", 3, InvalidUtf8),
        (b"\x0e", "text", 0, InvalidWireType(6)),
        (b"\x0c", "text", 0, InvalidWireType(4)),
        (b"\x33\x2c", "grp.5", 1, InvalidWireType(4)),
        (b"\x33\x08\x01", "grp", 3, UnexpectedEof),
        (b"\x1a\x00\x1a\x02\x25\x00", "nodes[1].fixed", 5, UnexpectedEof),
        (b"\x22\x05\x01\x00\x00\x00\x01", "fixed", 6, UnexpectedEof),
        (b"\x2a\x01\x80", "many", 2, UnexpectedEof),
        (b"\x49\x00", "real", 1, UnexpectedEof),
        (b"\x3a\x04\x12\x02\x10\x80", "by[0].value.number", 5, UnexpectedEof),
        (b"\xa2\x06\x01\xff", "[a.more]", 3, InvalidUtf8),
    ] {
        let error = refusal(body);
        assert_eq!((&*error.path, error.offset, error.kind), (path, offset, kind), "{body:x?}");
    }
}

#[test]
fn nesting_and_memory_are_bounded() {
    let nested = |levels: usize| {
        (0..levels).fold(Vec::new(), |inner, _| {
            let mut outer = vec![0x1a];
            prost_reflect::prost::encoding::encode_varint(
                u64::try_from(inner.len()).unwrap(),
                &mut outer,
            );
            [outer, inner].concat()
        })
    };
    assert!(examine(&nested(100), &message(), LIMIT).is_ok());
    assert!(DynamicMessage::decode(message(), &nested(100)[..]).is_ok(), "as deep as the decoder");
    assert_eq!(refusal(&nested(101)).kind, DecodeKind::DepthLimitExceeded(100));
    assert!(DynamicMessage::decode(message(), &nested(101)[..]).is_err());
    let groups = [0x33; 200];
    assert_eq!(refusal(&groups).kind, DecodeKind::DepthLimitExceeded(100));
    let many = [0x1a, 0].repeat(LIMIT / 256 + 1);
    assert_eq!(refusal(&many).kind, DecodeKind::AllocationLimitExceeded(LIMIT));
}

/// Bodies that look like messages: fields of every tag that counts here, with values that mostly
/// fit, nested and cut.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop::sample::select(vec![
        0x0a_u8, 0x10, 0x1a, 0x25, 0x22, 0x28, 0x2a, 0x33, 0x34, 0x3a, 0x42, 0x49, 0x08, 0x12,
        0x4d, 0x38, 0x3b, 0x3c, 0x1b, 0x1c,
    ]);
    let value = prop_oneof![
        prop::collection::vec(0x80..=0xff_u8, 0..3).prop_map(|high| [&high[..], &[1]].concat()),
        prop::collection::vec(any::<u8>(), 0..5).prop_map(|text| [
            &[u8::try_from(text.len()).unwrap()][..],
            &text
        ]
        .concat()),
        Just(vec![0; 8]),
        Just(vec![7; 4]),
    ];
    let field = (tag, value).prop_map(|(tag, value)| [&[tag][..], &value].concat());
    let fields = prop::collection::vec(field, 0..4).prop_map(|fields| fields.concat());
    let nested = fields.prop_recursive(4, 60, 4, |inner| {
        prop::collection::vec((prop::sample::select(vec![0x1a_u8, 0x3a, 0x33]), inner), 0..4)
            .prop_map(|parts| {
                let part = |(tag, body): (u8, Vec<u8>)| match tag {
                    0x33 => [&[tag][..], &body, &[0x34]].concat(),
                    _ => [&[tag, u8::try_from(body.len() & 0x7f).unwrap()][..], &body].concat(),
                };
                parts.into_iter().flat_map(part).collect()
            })
    });
    (nested, any::<prop::sample::Index>(), any::<Option<(prop::sample::Index, u8)>>()).prop_map(
        |(mut body, cut, change)| {
            if let Some((at, byte)) = change.filter(|_| !body.is_empty()) {
                let at = at.index(body.len());
                body[at] = byte;
                body.truncate(cut.index(body.len()) + 1);
            }
            body
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever the decoder takes, the walk takes and leaves as it means; what the walk leaves,
    /// the decoder takes.
    #[test]
    fn walk_and_decoder_agree(body in body()) {
        let decoded = DynamicMessage::decode(entries(), &body[..]);
        match (decoded, examine(&body, &entries(), LIMIT)) {
            (Ok(decoded), walked) => {
                let again = DynamicMessage::decode(entries(), &walked.unwrap()[..]).unwrap();
                prop_assert_eq!(decoded.encode_to_vec(), again.encode_to_vec());
            }
            (Err(_), Ok(kept)) => {
                prop_assert!(DynamicMessage::decode(entries(), &kept[..]).is_ok());
            }
            (Err(_), Err(_)) => {}
        }
    }
}
