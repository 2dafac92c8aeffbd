//! Pieces of files as they lie in a repository: cut at fixed places, packed where that makes them smaller.
//!
//! A piece is compared with its hash before it is unpacked, and unpacks to no more than was signed.

use std::io;

use super::manifest::Block;

/// Length of a piece, but for the last one of a file: what a broken transfer may cost at most.
pub const BLOCK: usize = if cfg!(test) { 4 << 10 } else { 4 << 20 };
/// Higher levels gain a hundredth and cost a night.
const LEVEL: i32 = 12;

/// Packs a piece.
pub fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(bytes, LEVEL)
}

/// Unpacks a piece; `None` where it is damaged or holds more than `most` bytes.
pub fn unpack(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let whole = zstd::bulk::decompress(bytes, most).ok()?;
    (whole.len() == most).then_some(whole)
}

impl Block {
    /// Whether bytes are this piece as it lies in a repository.
    pub fn is(&self, stored: &[u8]) -> bool {
        stored.len() as u64 == self.stored && blake3::hash(stored).to_hex().as_str() == self.blake3
    }

    /// The piece of the file; `None` where the bytes are not this piece.
    pub fn open(&self, stored: Vec<u8>) -> Option<Vec<u8>> {
        if !self.is(&stored) {
            return None;
        }
        if self.stored == self.bytes {
            Some(stored)
        } else {
            unpack(&stored, usize::try_from(self.bytes).ok()?)
        }
    }
}
