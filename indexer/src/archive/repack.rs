//! A pack taken apart and put together again, byte for byte. Pure.
//!
//! What is alike in two packs can be seen only before their blocks are compressed. Whether what was put together is
//! the pack that is meant is for the caller to compare: another version of the compressor may write other bytes.

use serde::{Deserialize, Serialize};

use super::pack::{MAGIC, VERSION};
use super::pack_writer::{foot, frame, index_line};

/// A pack before its blocks are compressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unpacked {
    /// Each block with its first slot.
    pub(super) blocks: Vec<(u32, Vec<u8>)>,
    pub(super) n_slots: u32,
    pub(super) words: Vec<Box<str>>,
}

impl Unpacked {
    /// Bytes of its blocks.
    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(|(_, plain)| plain.len()).sum()
    }

    /// The bytes of the file.
    pub(super) fn packed(&self) -> std::io::Result<Vec<u8>> {
        let mut pack = [&MAGIC[..], &[VERSION]].concat();
        let mut index = Vec::new();
        for (first_slot, plain) in &self.blocks {
            let frame = frame(plain, self.blocks.len())?;
            index.extend_from_slice(&index_line(pack.len() as u64, frame.len(), *first_slot));
            pack.extend_from_slice(&frame);
        }
        let at = pack.len() as u64;
        pack.extend_from_slice(&foot(at, self.blocks.len() as u32, &index, self.n_slots, &self.words));
        Ok(pack)
    }
}
