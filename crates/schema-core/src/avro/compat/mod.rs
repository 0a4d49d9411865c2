//! stub
use super::AvroSchema;
use crate::{CheckError, Incompatibility, Limits, Side};
#[expect(clippy::unnecessary_wraps)]
pub(crate) fn compare(
    _reader: &AvroSchema,
    _writer: &AvroSchema,
    _side: Side,
    _limits: &Limits,
) -> Result<Vec<Incompatibility>, CheckError> {
    Ok(Vec::new())
}
