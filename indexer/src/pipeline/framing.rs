//! Reads one contained file on a thread of its own and hands framed records on in batches.
//!
//! At most three batches are under way, so that memory stays the same whatever the file's size.

use std::io::Read;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::marc::{Account, Error, Framed, RawRecord, ReadOptions, Reader};

const BATCH_RECORDS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// What comes out of a file.
pub(super) enum Piece {
    /// Some records, in file order.
    Batch(Vec<(Framed, RawRecord)>),
    /// The file has ended, or cannot be read further.
    End {
        /// Where its bytes went, as far as framing can tell.
        account: Account,
        /// Why it broke off.
        error: Option<Error>,
    },
}

/// Calls for each piece of a file on the calling thread, while the next is being read on another.
pub(super) fn with_pieces<E>(
    input: Box<dyn Read + Send>,
    mut each: impl FnMut(Piece) -> Result<(), E>,
) -> Result<(), E> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        scope.spawn(move || read(input, &sender));
        receiver.iter().try_for_each(&mut each)
    })
}

// A receiver that is gone has had enough: the reading simply ends.
fn read(input: Box<dyn Read + Send>, sender: &SyncSender<Piece>) {
    let mut reader = Reader::new(input, ReadOptions::default());
    let mut batch = Vec::new();
    let mut n_bytes = 0;
    let error = loop {
        let mut raw = RawRecord::default();
        match reader.next(&mut raw) {
            Ok(Some(framed)) => {
                n_bytes += raw.bytes.len();
                batch.push((framed, raw));
                if batch.len() >= BATCH_RECORDS || n_bytes >= BATCH_BYTES {
                    n_bytes = 0;
                    if sender.send(Piece::Batch(std::mem::take(&mut batch))).is_err() {
                        return;
                    }
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    if sender.send(Piece::Batch(batch)).is_ok() {
        let _ = sender.send(Piece::End { account: reader.account(), error });
    }
}
