//! What a file on the simulated disk holds, and what a power cut leaves of it.

#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) current: Vec<u8>,
    pub(super) durable: Vec<u8>,
    pub(super) since: Vec<Change>,
    /// A sync failed: the page cache shows the bytes, no later sync brings them to the disk.
    pub(super) is_lost: bool,
}

#[derive(Debug)]
pub(super) enum Change {
    Write { position: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl Content {
    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.since.push(change);
    }

    /// Durable bytes, a run of the later changes, and the next one torn. Writes may also be lost
    /// in the middle, as pages reach a disk in any order; their place then reads as zeros.
    pub(super) fn after_crash(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        let taken = dice.below(self.since.len() + 1);
        for change in &self.since[..taken] {
            match change {
                Change::Write { position, bytes: written } if dice.below(8) == 7 => {
                    let end = (position + written.len()).max(bytes.len());
                    bytes.resize(end, 0);
                }
                _ => change.apply(&mut bytes),
            }
        }
        if let Some(Change::Write { position, bytes: written }) = self.since.get(taken) {
            let part = written[..dice.below(written.len() + 1)].to_vec();
            if !part.is_empty() {
                Change::Write { position: *position, bytes: part }.apply(&mut bytes);
            }
        }
        bytes
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { position, bytes } => {
                let end = position + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*position..end].copy_from_slice(bytes);
            }
            Self::Truncate(len) => to.resize(*len, 0),
        }
    }
}

/// A small generator of repeatable choices; seed 0 always chooses 0.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from((self.0 >> 11) % bound).unwrap_or_default()
    }
}
