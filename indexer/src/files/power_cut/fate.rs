//! What becomes of one file or folder when the power goes: pure, and the same for the same seed.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::Loss;

/// A file is only ever written at its end.
#[derive(Default)]
pub(super) struct FileNode {
    pub(super) bytes: Vec<u8>,
    pub(super) n_synced: usize,
    /// What it held before it was opened anew, until that is synced.
    pub(super) before: Option<Vec<u8>>,
}

#[derive(Default)]
pub(super) struct FolderNode {
    pub(super) now: BTreeMap<OsString, usize>,
    pub(super) synced: BTreeMap<OsString, usize>,
    pub(super) pending: Vec<NameChange>,
}

#[derive(Clone)]
pub(super) enum NameChange {
    Set(OsString, usize),
    Unset(OsString),
    Move(OsString, OsString, usize),
}

impl FileNode {
    pub(super) fn truncate(&mut self) {
        let mut synced = std::mem::take(&mut self.bytes);
        synced.truncate(self.n_synced);
        self.before.get_or_insert(synced);
        self.n_synced = 0;
    }

    pub(super) fn after(&self, loss: Loss, dice: &mut Dice) -> Vec<u8> {
        let (synced, open) = self.bytes.split_at(self.n_synced);
        let old = self.before.as_deref().unwrap_or(synced);
        match loss {
            Loss::Nothing => self.bytes.clone(),
            Loss::All => old.to_vec(),
            Loss::Bytes => synced.to_vec(),
            Loss::Zeros => [synced, &vec![0; open.len()]].concat(),
            Loss::Seeded(_) if self.before.is_some() && dice.below(3) == 0 => old.to_vec(),
            Loss::Seeded(_) => [synced, &torn(open, dice)].concat(),
        }
    }
}

// All of it, none, a part from the beginning, or all with a hole of zeros.
fn torn(open: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = open.to_vec();
    match dice.below(4) {
        0 => {}
        1 => bytes.clear(),
        2 => bytes.truncate(dice.below(open.len() + 1)),
        _ => {
            let from = dice.below(open.len() + 1);
            let to = from + dice.below(open.len() - from + 1);
            bytes[from..to].fill(0);
        }
    }
    bytes
}

impl FolderNode {
    pub(super) fn after(&self, loss: Loss, dice: &mut Dice) -> BTreeMap<OsString, usize> {
        let mut names = self.synced.clone();
        for change in &self.pending {
            let arrived = match loss {
                Loss::Nothing | Loss::Bytes | Loss::Zeros => true,
                Loss::All => false,
                Loss::Seeded(_) => dice.below(2) == 0,
            };
            if arrived {
                change.apply(&mut names);
            }
        }
        names
    }
}

impl NameChange {
    pub(super) fn apply(&self, names: &mut BTreeMap<OsString, usize>) {
        match self {
            Self::Set(name, number) => {
                names.insert(name.clone(), *number);
            }
            Self::Unset(name) => {
                names.remove(name);
            }
            Self::Move(from, to, number) => {
                names.remove(from);
                names.insert(to.clone(), *number);
            }
        }
    }
}

/// A little generator of pseudo-random numbers (xorshift64*): the same seed loses the same.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }
}
