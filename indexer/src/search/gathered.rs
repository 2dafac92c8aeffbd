//! The documents of posting lists, as they are read: few in a list, many as bits at once.
//!
//! Which of the two is known beforehand by how many there are, so no list grows large only to become bits.

use tantivy::postings::BlockSegmentPostings;

use crate::search::docs::Docs;
use crate::search::words::Words;

/// Documents of one segment, in force or not.
pub(crate) enum Gathered {
    /// In any order, some perhaps twice.
    Few(Vec<u32>),
    /// One bit a document.
    Many(Words),
}

impl Gathered {
    /// Room for `n` documents at most of a segment of `max`.
    pub(crate) fn new(n: u64, max: u32) -> Self {
        if Docs::are_many(n, max) {
            Self::Many(Words::all(0, (max as usize).div_ceil(64)))
        } else {
            Self::Few(Vec::with_capacity(n as usize))
        }
    }

    /// Adds a posting list.
    pub(crate) fn add(&mut self, mut postings: BlockSegmentPostings) {
        while let docs @ [_, ..] = postings.docs() {
            match self {
                Self::Few(list) => list.extend_from_slice(docs),
                Self::Many(words) => docs.iter().for_each(|&doc| words.set(doc)),
            }
            postings.advance();
        }
    }
}
