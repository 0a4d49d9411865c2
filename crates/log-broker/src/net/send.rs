//! Replies onto a socket: what is in memory by one system call, what lies in a file by the operating
//! system itself, without a copy through this process.

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;

use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::reply::{Part, Reply};
use crate::log::FileRange;

/// How many parts one system call takes; `IOV_MAX` is 1,024 or more everywhere.
const SLICES_MAX: usize = 64;

/// Writes all of it. After an error any prefix may have been sent.
pub(super) async fn reply(stream: &TcpStream, Reply(parts): &Reply) -> io::Result<()> {
    let mut rest = &parts[..];
    while !rest.is_empty() {
        let in_memory = rest.iter().take(SLICES_MAX).map_while(|part| match part {
            Part::Bytes(bytes) => Some(IoSlice::new(bytes)),
            Part::File(_) => None,
        });
        let mut slices: Vec<_> = in_memory.collect();
        let after = rest.get(slices.len()..).unwrap_or_default();
        send_bytes(stream, &mut slices, !after.is_empty()).await?;
        rest = match after {
            [Part::File(range), after @ ..] => {
                send_range(stream, range).await?;
                after
            }
            after => after,
        };
    }
    Ok(())
}

/// With `has_more` a packet may wait for what is sent next.
async fn send_bytes(
    stream: &TcpStream,
    mut left: &mut [IoSlice<'_>],
    has_more: bool,
) -> io::Result<()> {
    let flags = if has_more { MORE } else { SendFlags::empty() };
    while !left.is_empty() {
        let write = || Ok(sendmsg(stream, left, &mut SendAncillaryBuffer::default(), flags)?);
        let sent = stream.async_io(Interest::WRITABLE, write).await?;
        if sent == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut left, sent);
    }
    Ok(())
}

#[cfg(target_os = "linux")]
const MORE: SendFlags = SendFlags::MORE;
#[cfg(not(target_os = "linux"))]
const MORE: SendFlags = SendFlags::empty();

async fn send_range(stream: &TcpStream, range: &FileRange) -> io::Result<()> {
    let descriptor = range.file.descriptor().ok_or(io::ErrorKind::Unsupported)?;
    let mut position = range.position;
    let mut left = range.len;
    while left > 0 {
        let write = || send_file(stream, descriptor, &mut position, left);
        let sent = stream.async_io(Interest::WRITABLE, write).await?;
        // The file is shorter than it was.
        if sent == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left = left.saturating_sub(sent);
    }
    Ok(())
}

/// Moves `position` along.
#[cfg(target_os = "linux")]
fn send_file(
    stream: &TcpStream,
    file: BorrowedFd<'_>,
    position: &mut u64,
    len: usize,
) -> io::Result<usize> {
    Ok(rustix::fs::sendfile(stream, file, Some(position), len)?)
}

/// No file has a descriptor to send from.
#[cfg(not(target_os = "linux"))]
fn send_file(_: &TcpStream, _: BorrowedFd<'_>, _: &mut u64, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
