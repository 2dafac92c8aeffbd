//! Writes a generation: a new base, or a layer on top of the generation in force; `finish` puts it in force.
//!
//! Everything is written beside the generation in force and switched by one rename; a build that is killed or
//! dropped leaves the old one served. Entries are prepared on any number of threads and pushed in one order, which
//! is the order of their numbers and of the documents in every segment. It reads no archive and decides nothing
//! about entries.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tantivy::TantivyDocument;

use crate::bib::{EditionId, Entry};
use crate::cluster::work_key;
use crate::files::{FileLayer, remove_tree};
use crate::index::finish::Finished;
use crate::index::folder::Folder;
use crate::index::generation::Generation;
use crate::index::keys::Keeps;
use crate::index::lanes::{Lanes, MOST_IN_BASE, MOST_IN_LAYER, RUN};
use crate::index::layer::{Kept, LayerWriter, StoredForms};
use crate::index::manifest::{Layer, Manifest, ManifestInput};
use crate::index::pack::{self, Dictionary, Level};
use crate::index::redirects::Pairs;
use crate::index::retired::Retired;
use crate::index::schema::{Fields, schema};
use crate::index::switch::{self, GenerationSummary};
use crate::index::{Error, carry, document};

/// What tantivy needs a thread at least.
const LEAST_BYTES_A_LANE: usize = 16 << 20;
/// Lanes of a base. Two keep both cores of a small machine busy, and each gives a segment at least.
const MOST_LANES: usize = 2;

/// How to build.
#[derive(Clone, Copy, Debug)]
pub struct BuilderOptions {
    /// Threads that write the index; the callers of `prepare` come on top.
    pub threads: usize,
    /// Memory for terms not yet written, all threads together.
    pub memory_bytes: usize,
}

/// An entry ready to be pushed.
pub struct Prepared {
    kept: Kept,
    document: TantivyDocument,
    forms: Forms,
}

enum Forms {
    /// There was no dictionary yet.
    Raw(Raw),
    Stored(StoredForms),
}

/// The forms of an entry as they are before there is a dictionary.
struct Raw {
    packed: Vec<u8>,
    head: [u8; 4],
    text: String,
}

/// The key of its work stands among an entry's block keys: so its other editions are found.
fn add_work(entry: &Entry, keys: &mut Vec<u64>) {
    // Keys that come from an older layer are halves.
    let half = |key: &u64| key >> 32;
    keys.extend(work_key(&entry.bib).filter(|work| !keys.iter().any(|key| half(key) == half(work))));
}

/// A generation being written.
pub struct Builder {
    pub(super) files: Arc<dyn FileLayer>,
    pub(super) dir: PathBuf,
    pub(super) number: u64,
    pub(super) folder: Folder,
    /// The generation in force, where there is one that can be read.
    pub(super) before: Option<Arc<Generation>>,
    /// Its layers that this one keeps.
    pub(super) kept: Vec<Layer>,
    /// Whether it is a base that says what the one before says, in good order again.
    pub(super) rewrites: bool,
    pub(super) retired: Retired,
    pub(super) redirects: Pairs,
    pub(super) dictionary: OnceLock<Arc<Dictionary>>,
    pub(super) lanes: u32,
    fields: Fields,
    writing: Mutex<Option<Writing>>,
    ended: bool,
    switched: bool,
}

/// What entries are pushed to.
pub(super) struct Writing {
    pub(super) layer: LayerWriter,
    pub(super) lanes: Lanes,
    /// What waits for a dictionary.
    waiting: Vec<Raw>,
}

impl Builder {
    /// Begins a new base in `catalogue_dir` and clears away what a killed build left.
    ///
    /// Old ids of the generation in force are carried along: those that are no entries of the new one are gone,
    /// unless `redirect` says otherwise.
    pub fn create(
        catalogue_dir: &Path,
        options: BuilderOptions,
        files: Arc<dyn FileLayer>,
    ) -> Result<Self, Error> {
        // A generation that is damaged or of another version has nothing to say; that is why it is built anew.
        let before = Generation::open_in_force(catalogue_dir).unwrap_or_default().map(Arc::new);
        Self::create_after(catalogue_dir, before, options, files)
    }

    /// The same where the caller has the generation in force open.
    pub fn create_after(
        catalogue_dir: &Path,
        before: Option<Arc<Generation>>,
        options: BuilderOptions,
        files: Arc<dyn FileLayer>,
    ) -> Result<Self, Error> {
        let lanes = options.threads.clamp(1, MOST_LANES) as u32;
        let place = switch::begin(&*files, catalogue_dir)?;
        Self::begin(place, options, files, before, &[], lanes, Keeps::Enough)
    }

    /// Begins a base in `place` that will say what `before` says (`rewrite`). How it is written depends on nothing
    /// but that and the memory, so that another machine writes the same.
    pub(super) fn rewriting(
        place: (PathBuf, u64),
        before: Arc<Generation>,
        memory_bytes: usize,
        keeps: Keeps,
        files: Arc<dyn FileLayer>,
    ) -> Result<Self, Error> {
        let options = BuilderOptions { threads: MOST_LANES, memory_bytes };
        let mut builder = Self::begin(place, options, files, Some(before), &[], MOST_LANES as u32, keeps)?;
        builder.rewrites = true;
        Ok(builder)
    }

    /// Begins a layer on top of the generation in force, whose files it takes over without touching them.
    pub fn extend(
        catalogue_dir: &Path,
        options: BuilderOptions,
        files: Arc<dyn FileLayer>,
    ) -> Result<Self, Error> {
        let absent = || Error::Absent { path: catalogue_dir.to_owned() };
        let parent = Arc::new(Generation::open_in_force(catalogue_dir)?.ok_or_else(absent)?);
        Self::extend_upon(catalogue_dir, parent, options, files)
    }

    /// The same where the caller has the generation in force open.
    pub fn extend_upon(
        catalogue_dir: &Path,
        parent: Arc<Generation>,
        options: BuilderOptions,
        files: Arc<dyn FileLayer>,
    ) -> Result<Self, Error> {
        let kept = carry::kept_layers(&parent.manifest.layers).to_vec();
        let place = switch::begin(&*files, catalogue_dir)?;
        Self::begin(place, options, files, Some(parent), &kept, 1, Keeps::All)
    }

    /// Begins a layer on top of any generation in a folder of its own: what another machine wrote, written again.
    /// Nothing is put in force; `finish_beside` ends it.
    pub(crate) fn extend_beside(
        dir: &Path,
        number: u64,
        parent: Arc<Generation>,
        options: BuilderOptions,
        files: Arc<dyn FileLayer>,
    ) -> Result<Self, Error> {
        let kept = carry::kept_layers(&parent.manifest.layers).to_vec();
        files.create_dir_all(dir).map_err(Error::io("create", dir))?;
        Self::begin((dir.to_owned(), number), options, files, Some(parent), &kept, 1, Keeps::All)
    }

    fn begin(
        (dir, number): (PathBuf, u64),
        options: BuilderOptions,
        files: Arc<dyn FileLayer>,
        before: Option<Arc<Generation>>,
        kept: &[Layer],
        lanes: u32,
        keeps: Keeps,
    ) -> Result<Self, Error> {
        let folder = Folder::open(&dir, Some(Arc::clone(&files)))?;
        let layer = LayerWriter::create(&files, dir.clone(), &format!("{number:06}"), keeps)?;
        let bytes = options.memory_bytes.max(LEAST_BYTES_A_LANE * lanes as usize).min(4 << 30);
        let most = if kept.is_empty() { MOST_IN_BASE } else { MOST_IN_LAYER };
        let lanes_writer = Lanes::start(&folder, lanes, most, bytes);
        let writing = Writing { layer, lanes: lanes_writer, waiting: Vec::new() };
        let mut builder = Self {
            files,
            dir,
            number,
            folder,
            before,
            kept: kept.to_vec(),
            rewrites: false,
            retired: Retired::default(),
            redirects: Pairs::new(),
            dictionary: OnceLock::new(),
            lanes,
            fields: schema().1,
            writing: Mutex::new(Some(writing)),
            ended: false,
            switched: false,
        };
        if !kept.is_empty() {
            carry::take_over(&mut builder)?;
        }
        Ok(builder)
    }

    /// Name of the layer that is written.
    pub fn layer_name(&self) -> String {
        format!("{:06}", self.number)
    }

    /// The generation in force, already open and verified; for a new base only where it can be read.
    pub fn before(&self) -> Option<&Generation> {
        self.before.as_deref()
    }

    /// Learns how to store about `n_entries` entries from a sample of them. Without it the first few thousand entries are
    /// the sample, which in a sorted base are too much alike.
    pub fn train<'a>(&self, sample: impl Iterator<Item = &'a Entry>, n_entries: u32) {
        let sample: Vec<&Entry> = sample.take(pack::SAMPLES).collect();
        let members = sample.iter().flat_map(|entry| &entry.members);
        let mut packs: Vec<u64> = members.map(|member| member.locator.pack).collect();
        packs.sort_unstable();
        packs.dedup();
        let packed: Vec<_> = sample.iter().map(|entry| pack::packed(entry, &packs)).collect();
        let text = |entry: &&Entry| pack::text_of(&document::Texts::of(&entry.bib));
        let texts: Vec<_> = sample.iter().map(text).collect();
        self.dictionary.get_or_init(|| Arc::new(Dictionary::learnt(&packed, &texts, packs, n_entries)));
    }

    /// Everything about an entry that takes time: its terms, its stored form. May be called from many threads.
    pub fn prepare(&self, entry: &Entry, block_keys: &[u64]) -> Result<Prepared, Error> {
        let mut block_keys = block_keys.to_vec();
        add_work(entry, &mut block_keys);
        self.prepared(entry, block_keys)
    }

    /// The same for an entry whose keys come by themselves.
    pub(super) fn prepared(&self, entry: &Entry, block_keys: Vec<u64>) -> Result<Prepared, Error> {
        let id = entry.id.key().ok_or_else(|| Error::BadId { id: entry.id.as_str().to_owned() })?;
        let (document, text, order) = document::prepare(entry, &self.fields);
        let dictionary = self.dictionary.get();
        // Without a table every pack is written out, which any table can read.
        let packs = dictionary.map_or(&[][..], |dictionary| &dictionary.packs);
        let raw = Raw { packed: pack::packed(entry, packs), head: pack::text_head(entry), text };
        let forms = match dictionary {
            Some(dictionary) => Forms::Stored(self.stored(dictionary, &raw)?),
            None => Forms::Raw(raw),
        };
        Ok(Prepared { kept: Kept { id, block_keys, order }, document, forms })
    }

    fn stored(&self, dictionary: &Dictionary, raw: &Raw) -> Result<StoredForms, Error> {
        let level = if self.kept.is_empty() { Level::Base } else { Level::Layer };
        let frame =
            pack::stored(dictionary, &raw.packed, level).map_err(Error::io("compress for", &self.dir))?;
        let mut text = raw.head.to_vec();
        dictionary.symbols.write(&raw.text, &mut text);
        Ok(StoredForms { frame, text })
    }

    /// Takes the next entry; its number is one more than that of the entry before.
    pub fn push(&self, prepared: Prepared) -> Result<u32, Error> {
        let mut guard = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let writing = guard.as_mut().filter(|_| !self.ended).ok_or(Error::Stopped)?;
        let start = self.kept.last().map_or(0, Layer::end);
        let number = start.checked_add(writing.layer.n()).filter(|&n| n < u32::MAX);
        let number =
            number.ok_or_else(|| Error::TooLarge { path: self.dir.clone(), bytes: u32::MAX as usize })?;
        writing.layer.push(&prepared.kept)?;
        match (prepared.forms, self.dictionary.get()) {
            (Forms::Stored(forms), _) => {
                self.settle(writing)?;
                writing.layer.push_stored(&forms)?;
            }
            (Forms::Raw(raw), Some(dictionary)) => {
                self.settle(writing)?;
                writing.layer.push_stored(&self.stored(dictionary, &raw)?)?;
            }
            (Forms::Raw(raw), None) => {
                writing.waiting.push(raw);
                if writing.waiting.len() >= pack::SAMPLES {
                    self.settle(writing)?;
                }
            }
        }
        writing.lanes.push(prepared.document)?;
        Ok(number)
    }

    /// Stores what waited for a dictionary, which is learnt from it where there is none yet.
    fn settle(&self, writing: &mut Writing) -> Result<(), Error> {
        let waiting = std::mem::take(&mut writing.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        if self.dictionary.get().is_none() {
            let split = |raw: &Raw| (raw.packed.clone(), raw.text.clone());
            let (packed, texts): (Vec<_>, Vec<_>) = waiting.iter().map(split).unzip();
            self.dictionary.get_or_init(|| Arc::new(Dictionary::learnt(&packed, &texts, Vec::new(), 0)));
        }
        let Some(dictionary) = self.dictionary.get() else { return Ok(()) };
        waiting.iter().try_for_each(|raw| writing.layer.push_stored(&self.stored(dictionary, raw)?))
    }

    /// Takes a key that an entry has besides those it was pushed with; its upper half counts.
    pub(super) fn push_key(&mut self, key: u64, number: u32) -> Result<(), Error> {
        let writing = self.writing.get_mut().unwrap_or_else(PoisonError::into_inner);
        writing.as_mut().ok_or(Error::Stopped)?.layer.push_key(key, number)
    }

    /// Says that an entry of the generation in force is no longer one.
    pub fn retire(&mut self, number: u32) {
        self.retired.insert(number);
    }

    /// Says what has become of an entry that is none in this generation: part of another, or nothing.
    pub fn redirect(&mut self, old: &EditionId, successor: Option<&EditionId>) {
        if let Some(old) = old.key() {
            self.redirects.insert(old, successor.and_then(EditionId::key));
        }
    }

    /// Makes everything durable, writes the manifest and puts the generation in force.
    pub fn finish(mut self, input: ManifestInput) -> Result<GenerationSummary, Error> {
        let manifest = self.written(input)?;
        let catalogue = self.dir.parent().unwrap_or(Path::new("")).to_owned();
        let summary = switch::put_in_force(&*self.files, &catalogue, &self.dir, &manifest)?;
        self.switched = true;
        Ok(summary)
    }

    /// Makes everything durable and leaves the folder as it is, with a manifest that names its files and nothing else.
    pub(crate) fn finish_beside(mut self) -> Result<Manifest, Error> {
        let manifest = self.written(ManifestInput::default())?;
        switch::describe(&*self.files, &self.dir, &manifest)?;
        self.switched = true;
        Ok(manifest)
    }

    /// Says that all entries are pushed and all that go are retired: the last segments are written while the caller does
    /// something else. Without it `finish` says so.
    pub fn end_entries(&mut self) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        carry::fold(self)?;
        self.ended = true;
        let mut guard = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let writing = guard.as_mut().ok_or(Error::Stopped)?;
        self.settle(writing)?;
        writing.lanes.end()
    }

    fn written(&mut self, input: ManifestInput) -> Result<Manifest, Error> {
        self.end_entries()?;
        let writing = self.writing.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let writing = writing.ok_or(Error::Stopped)?;
        let name = self.layer_name();
        let start = self.kept.last().map_or(0, Layer::end);
        let entries = writing.layer.n();
        // The lanes write their last segments while the side files are sorted.
        let side_files = writing.layer.finish();
        let segments = writing.lanes.finish()?;
        side_files?;
        let layer = Layer { name, start, entries, run: RUN, lanes: self.lanes, segments };
        Finished { builder: self, layer, input }.manifest()
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        if !self.switched {
            // The writers' files go with them; what cannot be removed now the next build removes.
            drop(self.writing.get_mut().unwrap_or_else(PoisonError::into_inner).take());
            let _ = remove_tree(&*self.files, &self.dir);
        }
    }
}
