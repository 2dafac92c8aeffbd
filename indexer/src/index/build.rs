//! Writes a generation: entries come from several threads, one `finish` puts it in force.
//!
//! Everything is written beside the generation in force and switched by one rename; a build that is killed or
//! dropped leaves the old one served. It reads no archive and decides nothing about entries.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::indexer::NoMergePolicy;
use tantivy::{Index, IndexSettings, IndexWriter, SegmentMeta, TantivyDocument};

use crate::bib::Entry;
use crate::index::generation::{self, GenerationSummary, Manifest, ManifestInput};
use crate::index::schema::{self, Fields};
use crate::index::{Error, document, pack};

/// No generation has more segments: each costs every query a little.
const MOST_SEGMENTS: usize = 6;
/// What tantivy needs a thread at least.
const LEAST_BYTES_A_THREAD: usize = 16 << 20;

/// How to build.
#[derive(Clone, Copy, Debug)]
pub struct BuilderOptions {
    /// Threads that write the index; the callers of `add` come on top.
    pub threads: usize,
    /// Memory for terms not yet written, all threads together.
    pub memory_bytes: usize,
}

/// A generation being written.
pub struct Builder {
    catalogue: PathBuf,
    dir: PathBuf,
    number: u64,
    index: Index,
    fields: Fields,
    writer: Option<IndexWriter<TantivyDocument>>,
    pack: Mutex<Option<pack::Writer>>,
    switched: AtomicBool,
}

impl Builder {
    /// Begins a new generation in `catalogue_dir` and clears away what a killed build left.
    pub fn create(catalogue_dir: &Path, options: BuilderOptions) -> Result<Self, Error> {
        let (dir, number) = generation::begin(catalogue_dir)?;
        let (schema, fields) = schema::schema();
        let settings = IndexSettings {
            docstore_compression: tantivy::store::Compressor::None,
            docstore_compress_dedicated_thread: false,
            ..IndexSettings::default()
        };
        let directory = tantivy::directory::MmapDirectory::open(&dir).map_err(Error::engine(&dir))?;
        let index = Index::create(directory, schema, settings).map_err(Error::engine(&dir))?;
        schema::register(&index);
        let threads = options.threads.clamp(1, 8);
        let bytes = options.memory_bytes.max(LEAST_BYTES_A_THREAD * threads).min((4 << 30) - (1 << 20));
        let writer = index.writer_with_num_threads(threads, bytes).map_err(Error::engine(&dir))?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let pack = Mutex::new(Some(pack::Writer::create(&dir)?));
        Ok(Self {
            catalogue: catalogue_dir.to_owned(),
            dir,
            number,
            index,
            fields,
            writer: Some(writer),
            pack,
            switched: AtomicBool::new(false),
        })
    }

    /// Adds an entry; may be called from several threads.
    pub fn add(&self, entry: &Entry) -> Result<(), Error> {
        let Some(key) = entry.id.key() else {
            return Err(Error::BadId { id: entry.id.as_str().to_owned() });
        };
        let prepared = document::prepare(entry, &self.fields);
        let dictionary = self.with_pack(|pack| Ok(pack.dictionary()))?;
        let (stored, compressed) = match &dictionary {
            Some(dictionary) => {
                let frame = pack::compress(dictionary, &prepared.packed);
                (frame.map_err(Error::io("compress for", &self.dir))?, true)
            }
            None => (prepared.packed, false),
        };
        let number = self.with_pack(|pack| pack.push(key, stored, compressed, &prepared.text))?;
        let mut document = prepared.document;
        document.add_u64(self.fields.rec, u64::from(number));
        if let Some(writer) = &self.writer {
            writer.add_document(document).map_err(Error::engine(&self.dir))?;
        }
        Ok(())
    }

    fn with_pack<T>(&self, act: impl FnOnce(&mut pack::Writer) -> Result<T, Error>) -> Result<T, Error> {
        let mut guard = self.pack.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match guard.as_mut() {
            Some(pack) => act(pack),
            None => Err(Error::Damaged { path: self.dir.clone(), what: "the build is closed" }),
        }
    }

    /// Commits, makes everything durable, writes the manifest and puts the generation in force.
    pub fn finish(mut self, input: ManifestInput) -> Result<GenerationSummary, Error> {
        let pack = self.pack.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let entries = pack.map_or(Ok(0), pack::Writer::finish)?;
        if let Some(mut writer) = self.writer.take() {
            writer.commit().map_err(Error::engine(&self.dir))?;
            self.merge(&mut writer)?;
            writer.wait_merging_threads().map_err(Error::engine(&self.dir))?;
        }
        let manifest = Manifest::describe(&self.dir, self.number, entries, input)?;
        let summary = generation::put_in_force(&self.catalogue, &self.dir, &manifest)?;
        self.switched.store(true, Ordering::Relaxed);
        Ok(summary)
    }

    /// Joins the smallest segments until there are few enough.
    fn merge(&self, writer: &mut IndexWriter<TantivyDocument>) -> Result<(), Error> {
        let mut metas = self.index.searchable_segment_metas().map_err(Error::engine(&self.dir))?;
        if metas.len() > MOST_SEGMENTS {
            metas.sort_by_key(SegmentMeta::max_doc);
            let ids: Vec<_> = metas[..=metas.len() - MOST_SEGMENTS].iter().map(SegmentMeta::id).collect();
            drop(metas);
            writer.merge(&ids).wait().map_err(Error::engine(&self.dir))?;
            writer.garbage_collect_files().wait().map_err(Error::engine(&self.dir))?;
        }
        Ok(())
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        if !self.switched.load(Ordering::Relaxed) {
            // The writer's files go with it; what cannot be removed now the next build removes.
            drop(self.writer.take());
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}
