//! The generation in force, read for the next build: entries, their keys, old ids. No terms, no search tables.
//!
//! It opens in the time that verifying takes, and answers by entry numbers, which are those of this generation.

use std::path::Path;
use std::sync::Arc;

use zstd::dict::DecoderDictionary;

use crate::bib::{EditionId, Entry};
use crate::index::folder::Folder;
use crate::index::layer::LayerFiles;
use crate::index::manifest::Manifest;
use crate::index::pack::{self, Dictionary};
use crate::index::redirects::{Redirects, Successor};
use crate::index::retired::Retired;
use crate::index::{Error, switch, verify};

/// Name of the file with the numbers that are no longer in force.
pub(crate) const RETIRED: &str = "retired";
/// Name of the file with the old ids.
pub(crate) const REDIRECTS: &str = "redirects";

/// An open generation as a build reads it.
pub struct Generation {
    pub(crate) folder: Folder,
    pub(crate) manifest: Manifest,
    pub(crate) layers: Vec<LayerFiles>,
    pub(crate) retired: Retired,
    pub(crate) redirects: Redirects,
    pub(crate) dictionary: Arc<Dictionary>,
    pub(crate) decoder: DecoderDictionary<'static>,
}

impl Generation {
    /// Opens and verifies the generation in force; `None` where there is none.
    pub fn open_in_force(catalogue: &Path) -> Result<Option<Self>, Error> {
        match switch::in_force(catalogue) {
            Ok(dir) => Self::open(&dir).map(Some),
            Err(Error::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens and verifies a generation by its folder, in force or not.
    pub fn open_folder(dir: &Path) -> Result<Self, Error> {
        Self::open(dir)
    }

    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let manifest = Manifest::read(dir)?;
        verify::verify(dir, &manifest.files)?;
        let folder = Folder::read_only(dir)?;
        let layers = manifest.layers.iter().map(|layer| LayerFiles::open(&folder, layer));
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        let damaged = |name: &str| Error::damaged(dir.join(name), "it is not what its name says");
        let retired = Retired::open(&folder.bytes(RETIRED)?).ok_or_else(|| damaged(RETIRED))?;
        let redirects = Redirects::open(folder.bytes(REDIRECTS)?).ok_or_else(|| damaged(REDIRECTS))?;
        let dictionary = match &manifest.dictionary {
            Some(name) => Dictionary::from_bytes(&folder.bytes(name)?).ok_or_else(|| damaged(name))?,
            None => Dictionary::empty(),
        };
        let decoder = dictionary.decoder();
        let dictionary = Arc::new(dictionary);
        Ok(Self { folder, manifest, layers, retired, redirects, dictionary, decoder })
    }

    /// What the generation says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Entries in force.
    pub fn n_entries_live(&self) -> u64 {
        self.manifest.entries
    }

    /// Layers, the base included.
    pub fn n_layers(&self) -> usize {
        self.layers.len()
    }

    /// Stored entries that are no longer in force, as a share of all that are stored.
    pub fn retired_share(&self) -> f64 {
        let stored = self.manifest.entries + self.manifest.retired;
        if stored == 0 { 0.0 } else { self.manifest.retired as f64 / stored as f64 }
    }

    /// The layer of an entry and its number there.
    pub(crate) fn place(&self, number: u32) -> Option<(&LayerFiles, u32)> {
        let at = self.layers.partition_point(|layer| layer.info.end() <= number);
        let layer = self.layers.get(at)?;
        Some((layer, number.checked_sub(layer.info.start)?))
    }

    /// An entry, in force or not.
    pub fn entry(&self, number: u32) -> Result<Entry, Error> {
        let missing = || Error::damaged(self.folder.path(), "it has no entry of that number");
        let (layer, own) = self.place(number).ok_or_else(missing)?;
        let mut unpacker = pack::unpacker(&self.decoder);
        layer.entry(own, &self.dictionary.packs, &mut unpacker)
    }

    /// Calls `take` with the entries of these numbers, in their order: cheaper than asking for one at a time.
    pub fn each_entry<E: From<Error>>(
        &self,
        numbers: &[u32],
        mut take: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<(), E> {
        let missing = || Error::damaged(self.folder.path(), "it has no entry of that number");
        let mut unpacker = pack::unpacker(&self.decoder);
        for &number in numbers {
            let (layer, own) = self.place(number).ok_or_else(missing)?;
            take(layer.entry(own, &self.dictionary.packs, &mut unpacker)?)?;
        }
        Ok(())
    }

    /// What is stored of an entry, before it is compressed: for measurements.
    pub fn packed(&self, number: u32) -> Result<Vec<u8>, Error> {
        Ok(pack::packed(&self.entry(number)?, &self.dictionary.packs))
    }

    /// The id of an entry, in force or not.
    pub fn id(&self, number: u32) -> Option<EditionId> {
        self.key(number).map(EditionId::from_key)
    }

    pub(crate) fn key(&self, number: u32) -> Option<u64> {
        let (layer, own) = self.place(number)?;
        layer.id(own)
    }

    /// The number of the entry in force with this id.
    pub fn number_of(&self, id: &EditionId) -> Option<u32> {
        self.number_of_key(id.key()?)
    }

    pub(crate) fn number_of_key(&self, key: u64) -> Option<u32> {
        let mut found = None;
        // The newest stands last.
        for layer in &self.layers {
            layer.each_with_id(key, |own| {
                let number = layer.info.start + own;
                if !self.retired.contains(number) {
                    found = Some(number);
                }
            });
        }
        found
    }

    /// Adds the entries in force under a block key, in ascending order. Now and then it adds one too many.
    pub fn entries_with_key(&self, key: u64, into: &mut Vec<u32>) {
        for layer in &self.layers {
            layer.keys.each(key, |own| {
                let number = layer.info.start + own;
                if !self.retired.contains(number) {
                    into.push(number);
                }
            });
        }
    }

    /// The numbers of all entries in force, in ascending order.
    pub fn live(&self) -> impl Iterator<Item = u32> {
        let numbers = self.layers.iter().flat_map(|layer| layer.info.start..layer.info.end());
        numbers.filter(|&number| !self.retired.contains(number))
    }

    /// Old ids and what they lead to.
    pub fn redirects(&self) -> impl Iterator<Item = (EditionId, Option<EditionId>)> {
        self.redirects.pairs().map(|(old, to)| (EditionId::from_key(old), to.map(EditionId::from_key)))
    }

    /// Where an old id leads; `None` where it never was one or is in force.
    pub fn successor(&self, id: &EditionId) -> Option<Successor> {
        self.redirects.get(id.key()?)
    }
}
