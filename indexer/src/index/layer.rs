//! The side files of a layer: packed entries, normal forms, ids, keys, orders; each found by an entry's number.
//!
//! Numbers count within the layer here. `entries` holds one zstd frame an entry: a page of twenty costs twenty
//! small frames. `texts` holds what ranking and verifying read. Mapped files may be damaged: every look-up checks
//! its bounds and answers `None` or an error, never panics. It knows neither terms nor queries.

use std::path::PathBuf;
use std::sync::Arc;

use tantivy::directory::OwnedBytes;

use crate::bib::{EditionId, Entry};
use crate::files::FileLayer;
use crate::index::blob::{Blob, BlobWriter};
use crate::index::folder::Folder;
use crate::index::keys::{Keeps, KeyTable, KeyTableWriter};
use crate::index::lanes::Dealing;
use crate::index::manifest::Layer;
use crate::index::orders::{OrderKeys, Orders, OrdersWriter};
use crate::index::out_file::OutFile;
use crate::index::sorted::Sorter;
use crate::index::{Error, keys, pack};

const ENTRIES: &str = "entries";
const TEXTS: &str = "texts";
const IDS: &str = "ids";
const BY_ID: &str = "by-id";
const KEYS: &str = "keys";
const ORDERS: &str = "orders";
/// The side files of a layer, by the ends of their names.
pub(crate) const SIDE_FILES: [&str; 6] = [ENTRIES, TEXTS, IDS, BY_ID, KEYS, ORDERS];

/// Name of a side file of a layer.
pub(crate) fn side_file(layer: &str, kind: &str) -> String {
    format!("{layer}.{kind}")
}

/// What the side files keep of one entry.
pub(crate) struct Kept {
    pub(crate) id: u64,
    pub(crate) block_keys: Vec<u64>,
    pub(crate) order: OrderKeys,
}

/// An entry and its normal forms as their files have them.
pub(crate) struct StoredForms {
    pub(crate) frame: Vec<u8>,
    pub(crate) text: Vec<u8>,
}

/// Writes the side files of a layer.
pub(crate) struct LayerWriter {
    files: Arc<dyn FileLayer>,
    dir: PathBuf,
    name: String,
    entries: BlobWriter,
    texts: BlobWriter,
    ids: OutFile,
    by_id: Sorter,
    keys: Sorter,
    orders: OrdersWriter,
    keeps: Keeps,
    n: u32,
}

impl LayerWriter {
    pub(crate) fn create(
        files: &Arc<dyn FileLayer>,
        dir: PathBuf,
        name: &str,
        keeps: Keeps,
    ) -> Result<Self, Error> {
        let create = |kind| OutFile::create(&**files, &dir.join(side_file(name, kind)));
        let sorter = |kind: &str| Sorter::new(files, &dir.join(side_file(name, kind)));
        Ok(Self {
            entries: BlobWriter::new(create(ENTRIES)?),
            texts: BlobWriter::new(create(TEXTS)?),
            ids: create(IDS)?,
            by_id: sorter(BY_ID),
            keys: sorter(KEYS),
            orders: OrdersWriter::new(sorter),
            files: Arc::clone(files),
            name: name.to_owned(),
            dir,
            keeps,
            n: 0,
        })
    }

    /// Entries taken so far.
    pub(crate) fn n(&self) -> u32 {
        self.n
    }

    /// Takes the next entry but for its stored forms, which may come later.
    pub(crate) fn push(&mut self, kept: &Kept) -> Result<(), Error> {
        let number = self.n;
        self.n += 1;
        self.ids.write(&kept.id.to_le_bytes())?;
        self.by_id.push(&keys::kept(kept.id), number)?;
        for key in &kept.block_keys {
            self.keys.push(&keys::kept(*key), number)?;
        }
        self.orders.push(kept.id, number, &kept.order)
    }

    /// Takes a block key of an entry besides those it came with: the upper half of it.
    pub(crate) fn push_key(&mut self, key: u64, number: u32) -> Result<(), Error> {
        self.keys.push(&keys::kept(key), number)
    }

    /// Takes the stored forms of the next entry that has none yet.
    pub(crate) fn push_stored(&mut self, stored: &StoredForms) -> Result<(), Error> {
        self.texts.push(&stored.text)?;
        self.entries.push(&stored.frame)
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        self.entries.finish()?;
        self.texts.finish()?;
        self.ids.finish()?;
        let create = |kind| OutFile::create(&*self.files, &self.dir.join(side_file(&self.name, kind)));
        for (kind, sorter) in [(BY_ID, self.by_id), (KEYS, self.keys)] {
            let mut table = KeyTableWriter::new(create(kind)?, sorter.n(), self.n, self.keeps);
            let mut merged = sorter.merged()?;
            while let Some((key, number)) = merged.next()? {
                table.push(key, number)?;
            }
            table.finish()?;
        }
        self.orders.finish(create(ORDERS)?, self.n)
    }
}

/// Reads them.
pub(crate) struct LayerFiles {
    pub(crate) info: Layer,
    path: PathBuf,
    entries: Blob,
    texts: Blob,
    ids: OwnedBytes,
    by_id: KeyTable,
    pub(crate) keys: KeyTable,
    pub(crate) orders: Orders,
}

impl LayerFiles {
    pub(crate) fn open(folder: &Folder, info: &Layer) -> Result<Self, Error> {
        let path = |kind| folder.path().join(side_file(&info.name, kind));
        let read = |kind| folder.bytes(&side_file(&info.name, kind));
        let damaged = |kind| Error::damaged(path(kind), "it is not what its name says");
        let ids = read(IDS)?;
        if ids.len() as u64 != u64::from(info.entries) * 8 {
            return Err(damaged(IDS));
        }
        Ok(Self {
            entries: Blob::open(read(ENTRIES)?).ok_or_else(|| damaged(ENTRIES))?,
            texts: Blob::open(read(TEXTS)?).ok_or_else(|| damaged(TEXTS))?,
            by_id: KeyTable::open(read(BY_ID)?).ok_or_else(|| damaged(BY_ID))?,
            keys: KeyTable::open(read(KEYS)?).ok_or_else(|| damaged(KEYS))?,
            orders: Orders::open(read(ORDERS)?).ok_or_else(|| damaged(ORDERS))?,
            path: path(ENTRIES),
            info: info.clone(),
            ids,
        })
    }

    pub(crate) fn dealing(&self) -> Dealing {
        self.info.dealing()
    }

    /// The id of an entry.
    pub(crate) fn id(&self, number: u32) -> Option<u64> {
        let at = (number as usize).checked_mul(8)?;
        Some(u64::from_le_bytes(*self.ids.get(at..)?.first_chunk()?))
    }

    /// Calls `found` with each entry of this id: more than one where it was retired and came again.
    pub(crate) fn each_with_id(&self, id: u64, mut found: impl FnMut(u32)) {
        self.by_id.each(id, |number| {
            if self.id(number) == Some(id) {
                found(number);
            }
        });
    }

    /// What ranking and verifying read of an entry.
    pub(crate) fn text(&self, number: u32) -> Option<&[u8]> {
        self.texts.get(number)
    }

    /// An entry.
    pub(crate) fn entry(
        &self,
        number: u32,
        packs: &[u64],
        unpacker: &mut pack::Unpacker<'_>,
    ) -> Result<Entry, Error> {
        let damaged = |what| Error::damaged(&self.path, what);
        let frame = self.entries.get(number).ok_or_else(|| damaged("an entry is missing"))?;
        let id = self.id(number).ok_or_else(|| damaged("an id is missing"))?;
        pack::unpacked(EditionId::from_key(id), frame, packs, unpacker).map_err(damaged)
    }
}
