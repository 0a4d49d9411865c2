//! Frames and request headers: what stands before every request body.
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | length of all that follows |
//! | 4..6 | api key |
//! | 6..8 | api version |
//! | 8..12 | correlation id |
//! | 12.. | client id, nullable text with a two-byte length in every header version |
//! | | tagged fields, when the body is flexible (header v2) |

use bytes::Bytes;
use kafka_protocol::messages::ApiKey;

use crate::reader::{Reader, WireError};

/// Bytes of the length in front of a frame.
pub const LENGTH_BYTES: usize = 4;

/// The length of the frame that `prefix` announces, at most `max`.
pub fn frame_length(prefix: [u8; LENGTH_BYTES], max: usize) -> Result<usize, WireError> {
    let length = i32::from_be_bytes(prefix);
    let length = usize::try_from(length).map_err(|_| WireError::NegativeFrame(length))?;
    if length > max {
        return Err(WireError::FrameTooLarge { length, max });
    }
    Ok(length)
}

/// Which request a frame holds, and where its body begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHeader {
    pub api_key: i16,
    pub api_version: i16,
    pub correlation_id: i32,
    /// Valid UTF-8.
    pub client_id: Option<Bytes>,
    /// Bytes of the header.
    pub header_bytes: usize,
}

impl RequestHeader {
    /// Reads the header at the front of `frame`. The key need not be a known one: its body is
    /// then taken for not flexible.
    pub fn read(frame: &Bytes) -> Result<Self, WireError> {
        let mut reader = Reader::new(frame);
        let (api_key, api_version) = (reader.i16()?, reader.i16()?);
        let correlation_id = reader.i32()?;
        let client_id = reader.text(false)?;
        if is_flexible(api_key, api_version) {
            reader.skip_tagged_fields()?;
        }
        let header_bytes = reader.position();
        Ok(Self { api_key, api_version, correlation_id, client_id, header_bytes })
    }
}

/// Whether the request body ends its structs with tagged fields and writes compact lengths.
pub fn is_flexible(api_key: i16, api_version: i16) -> bool {
    ApiKey::try_from(api_key).is_ok_and(|key| key.request_header_version(api_version) >= 2)
}

/// Whether tagged fields follow the correlation id of the response. `ApiVersions` answers without
/// them in every version, because a client reads that answer before it knows any version.
pub fn has_tagged_response_header(api_key: i16, api_version: i16) -> bool {
    is_flexible(api_key, api_version) && api_key != ApiKey::ApiVersions as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_and_oversized_frames_are_refused() {
        assert_eq!(frame_length([255; 4], 100), Err(WireError::NegativeFrame(-1)));
        assert_eq!(
            frame_length([0, 0, 0, 101], 100),
            Err(WireError::FrameTooLarge { length: 101, max: 100 })
        );
        assert_eq!(frame_length([0, 0, 0, 100], 100), Ok(100));
    }

    #[test]
    fn client_id_keeps_its_two_byte_length_in_flexible_headers() {
        let frame = Bytes::from_static(b"\x00\x12\x00\x03\x00\x00\x00\x07\x00\x02me\x01\x05\x01x!");
        assert_eq!(
            RequestHeader::read(&frame),
            Ok(RequestHeader {
                api_key: 18,
                api_version: 3,
                correlation_id: 7,
                client_id: Some(Bytes::from_static(b"me")),
                header_bytes: 16,
            })
        );
    }

    #[test]
    fn every_prefix_of_a_header_is_an_error() {
        let whole = Bytes::from_static(b"\x00\x00\x00\x09\x00\x00\x00\x07\x00\x02me\x00");
        assert!(RequestHeader::read(&whole).is_ok());
        for end in 0..whole.len() {
            assert!(RequestHeader::read(&whole.slice(..end)).is_err(), "{end} bytes");
        }
    }

    #[test]
    fn unknown_key_is_read_as_far_as_its_client_id() {
        let frame = Bytes::from_static(b"\x7f\xff\x00\x00\x00\x00\x00\x01\xff\xff");
        let header = RequestHeader::read(&frame).unwrap();
        assert_eq!((header.api_key, header.client_id), (i16::MAX, None));
    }

    #[test]
    fn only_api_versions_answers_flexible_bodies_under_a_plain_header() {
        assert!(!has_tagged_response_header(18, 3));
        assert!(has_tagged_response_header(3, 9));
        assert!(!has_tagged_response_header(3, 8));
    }
}
