//! Documents → segments, in the order in which they come.
//!
//! Each lane is a thread with its own segment; runs of documents go to the lanes in turn, so both cores work and
//! the order of the entries survives in every segment. Where a document stands is arithmetic (`Lane`): no number
//! is stored with it. It knows documents and segments, not entries.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use tantivy::index::SegmentId;
use tantivy::indexer::merge_filtered_segments;
use tantivy::tokenizer::TokenizerManager;
use tantivy::{Index, SingleSegmentIndexWriter, TantivyDocument};

use crate::index::folder::{self, Folder};
use crate::index::{Error, schema};

/// Documents that go to one lane in succession.
pub(crate) const RUN: u32 = if cfg!(test) { 4 } else { 512 };
/// Segments of a base beyond this many are joined: each costs every query a little.
pub(crate) const MOST_IN_BASE: u32 = 4;
/// Seven layers on a base give eleven segments.
pub(crate) const MOST_IN_LAYER: u32 = 1;
/// Runs that wait for a lane.
const WAITING: usize = 2;

/// A segment and where its documents stand among the entries of its layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its name, as in the names of its files.
    pub id: String,
    /// Number of its documents.
    pub documents: u32,
    /// Its lane.
    pub lane: u32,
    /// Documents of the lane before it.
    pub before: u32,
}

/// How runs of documents were dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dealing {
    pub(crate) run: u32,
    pub(crate) lanes: u32,
}

impl Dealing {
    /// The entry, counted within the layer, of the `nth` document of a lane.
    pub(crate) fn entry(self, lane: u32, nth: u32) -> Option<u32> {
        let run = u64::from((nth / self.run).checked_mul(self.lanes)?.checked_add(lane)?);
        u32::try_from(run * u64::from(self.run) + u64::from(nth % self.run)).ok()
    }

    /// The lane of an entry and its place there.
    pub(crate) fn place(self, entry: u32) -> (u32, u32) {
        let run = entry / self.run;
        (run % self.lanes, run / self.lanes * self.run + entry % self.run)
    }
}

/// The lanes of a layer being written.
pub(crate) struct Lanes {
    senders: Vec<SyncSender<Message>>,
    workers: Vec<JoinHandle<Result<Vec<Segment>, Error>>>,
    waiting: Vec<TantivyDocument>,
    next: usize,
}

enum Message {
    Documents(Vec<TantivyDocument>),
    /// Without it a lane was given up, and its segment need not be written.
    End,
}

impl Lanes {
    /// Starts `lanes` threads that write `most` segments together, or one each.
    pub(crate) fn start(folder: &Folder, lanes: u32, most: u32, memory_bytes: usize) -> Self {
        let mut all = Self { senders: Vec::new(), workers: Vec::new(), waiting: Vec::new(), next: 0 };
        for lane in 0..lanes {
            let (sender, receiver) = sync_channel(WAITING);
            let writer = Writer {
                folder: folder.apart(),
                lane,
                most: (most / lanes).max(1) as usize,
                memory_bytes: memory_bytes / lanes as usize,
                done: Vec::new(),
            };
            all.senders.push(sender);
            all.workers.push(std::thread::spawn(move || writer.work(&receiver)));
        }
        all
    }

    /// Takes the next document.
    pub(crate) fn push(&mut self, document: TantivyDocument) -> Result<(), Error> {
        self.waiting.push(document);
        if self.waiting.len() < RUN as usize { Ok(()) } else { self.deal() }
    }

    fn deal(&mut self) -> Result<(), Error> {
        let run = std::mem::take(&mut self.waiting);
        let lane = self.next % self.senders.len();
        self.next += 1;
        if self.senders[lane].send(Message::Documents(run)).is_ok() {
            return Ok(());
        }
        // A lane ends early only by an error.
        self.senders.clear();
        self.join().map(|_| ())
    }

    fn join(&mut self) -> Result<Vec<Segment>, Error> {
        let mut segments = Vec::new();
        let mut outcome = Ok(());
        for worker in self.workers.drain(..) {
            match worker.join() {
                Ok(Ok(own)) => segments.extend(own),
                Ok(Err(error)) => outcome = outcome.and(Err(error)),
                Err(_) => outcome = outcome.and(Err(Error::Stopped)),
            }
        }
        outcome.map(|()| segments)
    }

    /// Says that no document follows: the lanes write what is left.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        if !self.waiting.is_empty() {
            self.deal()?;
        }
        for sender in self.senders.drain(..) {
            // A lane that no longer listens tells why when it is joined.
            let _ = sender.send(Message::End);
        }
        Ok(())
    }

    /// Waits for the lanes, after `end`; returns the segments, lane by lane in order.
    pub(crate) fn finish(mut self) -> Result<Vec<Segment>, Error> {
        self.join()
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.senders.clear();
        let _ = self.join();
    }
}

/// One lane.
struct Writer {
    folder: Folder,
    lane: u32,
    most: usize,
    memory_bytes: usize,
    done: Vec<Segment>,
}

impl Writer {
    fn work(mut self, receiver: &Receiver<Message>) -> Result<Vec<Segment>, Error> {
        let mut open: Option<SingleSegmentIndexWriter<TantivyDocument>> = None;
        loop {
            match receiver.recv() {
                Ok(Message::Documents(run)) => {
                    let mut segment = match open.take() {
                        Some(segment) => segment,
                        None => self.begin()?,
                    };
                    for document in run {
                        segment.add_document(document).map_err(Error::engine(self.folder.path()))?;
                    }
                    if segment.mem_usage() > self.memory_bytes {
                        self.end(segment)?;
                    } else {
                        open = Some(segment);
                    }
                }
                Ok(Message::End) => {
                    if let Some(segment) = open.take() {
                        self.end(segment)?;
                    }
                    self.join()?;
                    return Ok(self.done);
                }
                Err(_) => return Ok(Vec::new()),
            }
        }
    }

    fn begin(&self) -> Result<SingleSegmentIndexWriter<TantivyDocument>, Error> {
        let (schema, _) = schema::schema();
        let tokenizers = TokenizerManager::default();
        schema::register(&tokenizers);
        Index::builder()
            .schema(schema)
            .settings(folder::settings())
            .tokenizers(tokenizers)
            .single_segment_index_writer(self.folder.apart(), self.memory_bytes)
            .map_err(Error::engine(self.folder.path()))
    }

    fn end(&mut self, segment: SingleSegmentIndexWriter<TantivyDocument>) -> Result<(), Error> {
        let index = segment.finalize().map_err(Error::engine(self.folder.path()))?;
        let own = self.written(&index)?;
        self.done.extend(own);
        Ok(())
    }

    /// The only segment of an index that was just written.
    fn written(&self, index: &Index) -> Result<Option<Segment>, Error> {
        let metas = index.searchable_segment_metas().map_err(Error::engine(self.folder.path()))?;
        let before = self.done.iter().map(|s| s.documents).sum();
        Ok(metas.first().map(|meta| Segment {
            id: meta.id().uuid_string(),
            documents: meta.max_doc(),
            lane: self.lane,
            before,
        }))
    }

    /// Joins the segments of the lane where there are too many.
    fn join(&mut self) -> Result<(), Error> {
        if self.done.len() <= self.most {
            return Ok(());
        }
        let engine = |e: tantivy::TantivyError| Error::engine(self.folder.path())(e);
        let index = self.folder.index()?;
        let parts = self.done.iter().map(|s| opened(&index, s)).collect::<Option<Vec<_>>>();
        let parts = parts.ok_or(Error::Stopped)?;
        let none = parts.iter().map(|_| None).collect();
        let merged =
            merge_filtered_segments(&parts, folder::settings(), none, self.folder.apart()).map_err(engine)?;
        let old = std::mem::take(&mut self.done);
        self.done.extend(self.written(&merged)?);
        for segment in old {
            self.folder.remove_segment(&segment.id)?;
        }
        Ok(())
    }
}

/// A segment by its name.
pub(crate) fn opened(index: &Index, segment: &Segment) -> Option<tantivy::Segment> {
    let id = SegmentId::from_uuid_string(&segment.id).ok()?;
    Some(index.segment(index.new_segment_meta(id, segment.documents)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dealing_is_undone() {
        for (run, lanes) in [(4, 1), (4, 2), (512, 2), (1, 3)] {
            let dealing = Dealing { run, lanes };
            let mut next = vec![0u32; lanes as usize];
            for entry in 0..3_000u32 {
                let (lane, nth) = dealing.place(entry);
                assert_eq!(next[lane as usize], nth, "{entry}");
                next[lane as usize] += 1;
                assert_eq!(dealing.entry(lane, nth), Some(entry));
            }
        }
        assert_eq!(Dealing { run: 512, lanes: u32::MAX }.entry(7, u32::MAX), None);
    }
}
