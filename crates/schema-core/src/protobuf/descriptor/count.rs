//! How many messages and texts in lists a serialized file holds, counted before memory is spent on
//! them: two bytes can stand for a message that takes hundreds once it is decoded.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// The messages of a descriptor, as far as they lead to lists.
#[derive(Clone, Copy)]
enum Kind {
    File,
    Message,
    Field,
    FieldOptions,
    Enum,
    EnumValue,
    Service,
    Range,
    RangeOptions,
    Options,
    Meta,
    /// Leads to no list.
    Leaf,
}

impl Kind {
    /// What a field with a length in front holds; `None` if it is not kept in a list.
    fn inner(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::File, 4) | (Self::Message, 3) => Self::Message,
            (Self::File, 7) | (Self::Message, 2 | 6) => Self::Field,
            (Self::File, 5) | (Self::Message, 4) => Self::Enum,
            (Self::File, 6) => Self::Service,
            (Self::Message, 5) => Self::Range,
            (Self::Enum, 2) => Self::EnumValue,
            (Self::Field, 8) => Self::FieldOptions,
            (Self::Range, 3) => Self::RangeOptions,
            (Self::File, 8) | (Self::Message, 7) | (Self::Enum | Self::EnumValue, 3) => {
                Self::Options
            }
            (Self::Options | Self::FieldOptions, 1088) => Self::Meta,
            (Self::File, 3)
            | (Self::Message, 8..=10)
            | (Self::Enum, 4 | 5)
            | (Self::FieldOptions, 20)
            | (Self::Service | Self::RangeOptions, 2)
            | (Self::Meta, 2..=4) => Self::Leaf,
            _ => return None,
        })
    }
}

/// Counts in `bytes`, up to the first that makes no sense.
pub(super) fn count(bytes: &[u8]) -> usize {
    let mut open = vec![(Kind::File, bytes)];
    let mut count = 0;
    while let Some((kind, mut rest)) = open.pop() {
        while let Ok((number, wire_type)) = decode_key(&mut rest) {
            if wire_type != WireType::LengthDelimited {
                let context = DecodeContext::default();
                if skip_field(wire_type, number, &mut rest, context).is_err() {
                    return count;
                }
                continue;
            }
            let length = decode_varint(&mut rest).ok().and_then(|len| usize::try_from(len).ok());
            let Some((inside, after)) = length.and_then(|length| rest.split_at_checked(length))
            else {
                return count;
            };
            rest = after;
            if let Some(inner) = kind.inner(number) {
                count += 1;
                open.push((inner, inside));
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn messages_and_texts_count_at_every_depth() {
        // A message with a name, two empty fields and an empty nested message.
        let message = [0x0a, 1, b'A', 0x12, 0, 0x12, 0, 0x1a, 0];
        let mut file = vec![0x22, 9];
        file.extend(message);
        assert_eq!(count(&file), 4);
        file.extend([0x1a, 0, 0x10, 7, 0xfa, 0x7f, 0]); // an import, a number, an unknown field
        assert_eq!(count(&file), 5);
    }

    #[test]
    fn counting_ends_where_the_bytes_make_no_sense() {
        assert_eq!(count(&[0x22, 0, 0x22, 0, 0x22, 9]), 2);
        assert_eq!(count(&[0xff; 20]), 0);
    }
}
