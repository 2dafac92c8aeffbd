//! An open generation and its door.
//!
//! `Catalogue` never changes: a new generation is a new `Catalogue`, and the old one goes on answering until it
//! is dropped. It opens read-only media and knows nothing of builds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tantivy::directory::MmapDirectory;
use tantivy::{Index, IndexReader, ReloadPolicy};

use crate::bib::{EditionId, Entry};
use crate::index::schema;
use crate::index::{Error, Manifest, generation};
use crate::search::directory::ReadOnly;
use crate::search::segment::Segment;
use crate::search::sides::Sides;
use crate::search::{Answer, Query, answering};

/// The hits that can be reached: `page × per_page` goes no further.
pub const REACH: u32 = 10_000;

/// An open generation.
pub struct Catalogue {
    pub(crate) dir: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) segments: Vec<Segment>,
    pub(crate) sides: Sides,
}

impl Catalogue {
    /// Opens the generation in force in a catalogue folder.
    pub fn open(catalogue_dir: &Path) -> Result<Self, Error> {
        let dir = generation::in_force(catalogue_dir)?;
        guarded(&dir, || Self::open_generation(&dir))
    }

    fn open_generation(dir: &Path) -> Result<Self, Error> {
        let manifest = Manifest::read(dir)?;
        for file in &manifest.files {
            let path = dir.join(&file.name);
            let found = std::fs::metadata(&path).map_err(Error::io("open", &path))?.len();
            if found != file.bytes {
                return Err(Error::Damaged { path, what: "its length is not that of the manifest" });
            }
        }
        let engine = |e: tantivy::TantivyError| Error::engine(dir)(e);
        let directory = ReadOnly(MmapDirectory::open(dir).map_err(|e| Error::engine(dir)(e))?);
        let sides = Sides::open(dir, &directory)?;
        let index = Index::open(directory).map_err(engine)?;
        schema::register(&index);
        let reader: IndexReader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(engine)?;
        let (_, fields) = schema::schema();
        let mut segments = Vec::new();
        for reader in reader.searcher().segment_readers() {
            segments.push(Segment::open(reader.clone(), fields.clone()).map_err(engine)?);
        }
        Ok(Self { dir: dir.to_owned(), manifest, segments, sides })
    }

    /// Answers a query.
    pub fn search(&self, query: &Query) -> Result<Answer, Error> {
        guarded(&self.dir, || answering::answer(self, query))
    }

    /// The entry with this id.
    pub fn entry(&self, id: &EditionId) -> Result<Option<Entry>, Error> {
        guarded(&self.dir, || match id.key().and_then(|key| self.sides.number(key)) {
            Some(number) => self.sides.entry(number, &mut self.sides.unpacker()?).map(Some),
            None => Ok(None),
        })
    }

    /// What the generation says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The generation's name.
    pub fn generation(&self) -> &str {
        &self.manifest.generation
    }
}

/// tantivy does not check its files and may panic in a damaged one; a reader gets a sentence instead.
fn guarded<T>(dir: &Path, act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(act))
        .unwrap_or_else(|_| Err(Error::Damaged { path: dir.to_owned(), what: "reading it failed" }))
}
