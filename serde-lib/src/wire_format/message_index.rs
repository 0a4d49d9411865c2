//! [`MessageIndex`]: which message of a Protobuf file a body holds.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::{FrameError, read_zigzag, write_zigzag};

/// Levels that are kept without a place of their own.
const INLINE: usize = 6;

/// Which message of a Protobuf file a body holds: the position among the top-level messages,
/// then among the nested messages of that one, and so on.
///
/// On the wire: the number of levels, then each position, all as zigzag varints. The commonest
/// index, `[0]`, is one byte `00`.
#[derive(Clone)]
pub struct MessageIndex(Path);

#[derive(Clone)]
enum Path {
    /// `[0]`: named apart, so that the commonest message costs nothing to tell.
    First,
    Inline {
        levels: u8,
        positions: [u32; INLINE],
    },
    Boxed(Box<[u32]>),
}

impl MessageIndex {
    /// Most levels that are read; Protobuf compilers stop far earlier.
    pub const DEPTH_MAX: usize = 64;

    /// The first message of its file.
    pub(crate) const FIRST: Self = Self(Path::First);

    /// An index of at least one and at most [`Self::DEPTH_MAX`] levels.
    pub fn new(path: &[u32]) -> Result<Self, FrameError> {
        let count = i64::try_from(path.len()).unwrap_or(i64::MAX);
        if path.is_empty() || path.len() > Self::DEPTH_MAX {
            return Err(FrameError::IndexTooLong { count });
        }
        match path.iter().find(|&&index| i32::try_from(index).is_err()) {
            Some(&index) => Err(FrameError::IndexOutOfRange { index: i64::from(index) }),
            None => Ok(Self(Path::of(path))),
        }
    }

    /// Whether it is the first message of its file, as most are.
    #[inline]
    pub(crate) fn is_first(&self) -> bool {
        matches!(self.0, Path::First)
    }

    /// Positions from the outermost message inwards; never empty.
    pub fn path(&self) -> &[u32] {
        match &self.0 {
            Path::First => &[0],
            Path::Inline { levels, positions } => {
                positions.get(..usize::from(*levels)).unwrap_or(positions)
            }
            Path::Boxed(path) => path,
        }
    }

    /// Reads an index from the front of `bytes` and returns what follows it.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<(Self, &[u8]), FrameError> {
        match bytes.split_first() {
            Some((0, rest)) => Ok((Self::FIRST, rest)),
            _ => Self::read_long(bytes),
        }
    }

    #[cold]
    fn read_long(bytes: &[u8]) -> Result<(Self, &[u8]), FrameError> {
        let (count, mut rest) = read_zigzag(bytes)?;
        if count < 0 {
            return Err(FrameError::IndexNegativeCount { count });
        }
        let levels = match usize::try_from(count) {
            Ok(0) => return Ok((Self::FIRST, rest)), // a padded zero still means `[0]`
            Ok(levels) if levels <= Self::DEPTH_MAX => levels,
            _ => return Err(FrameError::IndexTooLong { count }),
        };
        let mut path = [0; Self::DEPTH_MAX];
        for slot in path.iter_mut().take(levels) {
            let (index, tail) = read_zigzag(rest)?;
            let position =
                i32::try_from(index).ok().and_then(|position| u32::try_from(position).ok());
            *slot = position.ok_or(FrameError::IndexOutOfRange { index })?;
            rest = tail;
        }
        Ok((Self(Path::of(path.get(..levels).unwrap_or(&path))), rest))
    }

    /// Appends the index as it stands on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        let path = self.path();
        if path == [0] {
            return out.push(0);
        }
        write_zigzag(i64::try_from(path.len()).unwrap_or(i64::MAX), out);
        for &position in path {
            write_zigzag(i64::from(position), out);
        }
    }
}

impl Path {
    fn of(path: &[u32]) -> Self {
        if path == [0] {
            return Self::First;
        }
        let mut positions = [0; INLINE];
        match (positions.get_mut(..path.len()), u8::try_from(path.len())) {
            (Some(slots), Ok(levels)) => {
                slots.copy_from_slice(path);
                Self::Inline { levels, positions }
            }
            _ => Self::Boxed(path.into()),
        }
    }
}

impl PartialEq for MessageIndex {
    fn eq(&self, other: &Self) -> bool {
        self.path() == other.path()
    }
}

impl Eq for MessageIndex {}

impl PartialOrd for MessageIndex {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MessageIndex {
    fn cmp(&self, other: &Self) -> Ordering {
        self.path().cmp(other.path())
    }
}

impl Hash for MessageIndex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path().hash(state);
    }
}

/// The positions, such as `[1, 0]`.
impl fmt::Debug for MessageIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().fmt(f)
    }
}

/// The positions, such as `[1, 0]`.
impl fmt::Display for MessageIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
