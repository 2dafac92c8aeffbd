//! An open generation and its door.
//!
//! `Catalogue` never changes: a new generation is a new `Catalogue`, and the old one goes on answering until it
//! is dropped. Every file is verified before the first answer. It opens read-only media and knows nothing of builds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tantivy::SegmentReader;

use crate::bib::{EditionId, Entry};
use crate::index::layer::LayerFiles;
use crate::index::{Error, Generation, Manifest, Successor, lanes, schema, switch};
use crate::search::browse::Browsing;
use crate::search::counts::Counted;
use crate::search::headings::Headings;
use crate::search::segment::Segment;
use crate::search::suggest::Suggesting;
use crate::search::texts::TextRecord;
use crate::search::{Answer, Query, answering, same_work};

/// The hits that can be reached: `page × per_page` goes no further.
pub const REACH: u32 = 10_000;

/// An open generation.
pub struct Catalogue {
    pub(crate) generation: Generation,
    pub(crate) segments: Vec<Segment>,
    pub(crate) browsing: Browsing,
    pub(crate) counted: Counted,
    pub(crate) suggesting: Suggesting,
}

impl Catalogue {
    /// Opens the generation in force in a catalogue folder.
    pub fn open(catalogue_dir: &Path) -> Result<Self, Error> {
        let dir = switch::in_force(catalogue_dir)?;
        Self::open_folder(&dir)
    }

    /// Opens a generation by its folder, in force or not.
    pub fn open_folder(dir: &Path) -> Result<Self, Error> {
        guarded(dir, || Self::open_generation(dir))
    }

    fn open_generation(dir: &Path) -> Result<Self, Error> {
        let generation = Generation::open(dir)?;
        let engine = |e: tantivy::TantivyError| Error::engine(dir)(e);
        let index = generation.folder.index()?;
        let (_, fields) = schema::schema();
        let mut segments = Vec::new();
        for (layer, files) in generation.layers.iter().enumerate() {
            for info in &files.info.segments {
                let own = lanes::opened(&index, info);
                let own = own.ok_or_else(|| Error::damaged(dir, "a segment's name is none"))?;
                let reader = SegmentReader::open(&own).map_err(engine)?;
                let place = (layer, &files.info, info);
                segments
                    .push(Segment::open(reader, fields.clone(), place, &generation.retired).map_err(engine)?);
            }
        }
        Headings::number(segments.iter_mut().filter_map(|s| s.authors.as_mut())).map_err(engine)?;
        Headings::number(segments.iter_mut().filter_map(|s| s.subjects.as_mut())).map_err(engine)?;
        Ok(Self {
            generation,
            segments,
            browsing: Browsing::default(),
            counted: Counted::default(),
            suggesting: Suggesting::default(),
        })
    }

    /// Answers a query.
    pub fn search(&self, query: &Query) -> Result<Answer, Error> {
        guarded(self.dir(), || answering::answer(self, query))
    }

    /// How many entries answer a query, and the ids of those on its page: no counts, no entries, no advice.
    pub fn ids(&self, query: &Query) -> Result<(u64, Vec<EditionId>), Error> {
        guarded(self.dir(), || answering::ids(self, query))
    }

    /// The entry with this id.
    pub fn entry(&self, id: &EditionId) -> Result<Option<Entry>, Error> {
        guarded(self.dir(), || match self.generation.number_of(id) {
            Some(number) => self.generation.entry(number).map(Some),
            None => Ok(None),
        })
    }

    /// The entries with these ids, those that there are, in their order.
    pub fn entries(&self, ids: &[EditionId]) -> Result<Vec<Entry>, Error> {
        guarded(self.dir(), || {
            let numbers: Vec<u32> = ids.iter().filter_map(|id| self.generation.number_of(id)).collect();
            let mut entries = Vec::with_capacity(numbers.len());
            self.generation.each_entry(&numbers, |entry| {
                entries.push(entry);
                Ok::<(), Error>(())
            })?;
            Ok(entries)
        })
    }

    /// Other editions of the work that an entry belongs to, newest first, at most `limit`.
    pub fn same_work(&self, entry: &Entry, limit: usize) -> Result<Vec<Entry>, Error> {
        guarded(self.dir(), || same_work::same_work(self, entry, limit))
    }

    /// Where the id of an entry that is no longer one leads; `None` for any other id.
    pub fn successor(&self, id: &EditionId) -> Option<Successor> {
        self.generation.successor(id)
    }

    /// What the generation says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.generation.manifest
    }

    /// The generation's name.
    pub fn generation(&self) -> &str {
        &self.generation.manifest.generation
    }

    pub(crate) fn dir(&self) -> &Path {
        self.generation.folder.path()
    }

    /// The layer that a segment belongs to.
    pub(crate) fn layer(&self, segment: &Segment) -> &LayerFiles {
        &self.generation.layers[segment.layer]
    }

    /// The normal forms of a document.
    pub(crate) fn text(&self, segment: &Segment, doc: u32) -> Option<TextRecord> {
        let text = self.layer(segment).text(segment.own_number(doc)?)?;
        TextRecord::read(text, &self.generation.dictionary.symbols)
    }

    /// The same, read into a record that is at hand.
    pub(crate) fn text_into(&self, segment: &Segment, doc: u32, text: &mut TextRecord) -> Option<()> {
        let bytes = self.layer(segment).text(segment.own_number(doc)?)?;
        text.read_again(bytes, &self.generation.dictionary.symbols)
    }

    /// How many libraries hold a document's entry, and its year.
    pub(crate) fn standing(&self, segment: &Segment, doc: u32) -> Option<(u16, i16)> {
        TextRecord::standing(self.layer(segment).text(segment.own_number(doc)?)?)
    }

    /// The id of a document's entry.
    pub(crate) fn id(&self, segment: &Segment, doc: u32) -> Option<u64> {
        self.layer(segment).id(segment.own_number(doc)?)
    }
}

/// tantivy may panic in a damaged file; a reader gets a sentence instead.
pub(crate) fn guarded<T>(dir: &Path, act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(act))
        .unwrap_or_else(|_| Err(Error::Damaged { path: dir.to_owned(), what: "reading it failed" }))
}
