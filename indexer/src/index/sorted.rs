//! Sorts any number of (key, number) pairs in bounded memory: runs on disk, merged at the end.
//!
//! The runs are written beside the generation being built and removed before it is finished. It knows nothing of
//! what a key means; keys compare as bytes, equal keys by number, and a pair given twice comes out once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files::FileLayer;
use crate::index::Error;
use crate::index::out_file::OutFile;

/// Longer keys are cut; what they order is then equal.
const LONGEST: usize = 1_000;
/// Bytes of keys and items that are kept before a run is written.
const KEPT: usize = if cfg!(test) { 1 << 10 } else { 12 << 20 };

#[derive(Clone, Copy)]
struct Item {
    /// The first eight bytes of the key, so that most comparisons end here.
    prefix: u64,
    at: u32,
    len: u16,
    number: u32,
}

pub(crate) struct Sorter {
    path: PathBuf,
    files: Arc<dyn FileLayer>,
    arena: Vec<u8>,
    items: Vec<Item>,
    runs: Runs,
    n: u64,
}

/// Run files, removed when they are no longer needed.
struct Runs {
    files: Arc<dyn FileLayer>,
    paths: Vec<PathBuf>,
}

impl Drop for Runs {
    fn drop(&mut self) {
        for path in &self.paths {
            // What stays behind is in a folder that the next build clears away.
            let _ = self.files.remove(path);
        }
    }
}

impl Sorter {
    /// Runs are named after `path`.
    pub(crate) fn new(files: &Arc<dyn FileLayer>, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            files: Arc::clone(files),
            arena: Vec::new(),
            items: Vec::new(),
            runs: Runs { files: Arc::clone(files), paths: Vec::new() },
            n: 0,
        }
    }

    pub(crate) fn push(&mut self, key: &[u8], number: u32) -> Result<(), Error> {
        let key = &key[..key.len().min(LONGEST)];
        let mut prefix = [0; 8];
        let head = key.len().min(8);
        prefix[..head].copy_from_slice(&key[..head]);
        let (at, len) = (self.arena.len() as u32, key.len() as u16);
        self.items.push(Item { prefix: u64::from_be_bytes(prefix), at, len, number });
        self.arena.extend_from_slice(key);
        self.n += 1;
        if self.arena.len() + self.items.len() * size_of::<Item>() > KEPT { self.spill() } else { Ok(()) }
    }

    /// Pairs given so far.
    pub(crate) fn n(&self) -> u64 {
        self.n
    }

    fn sort(&mut self) {
        let arena = &self.arena;
        self.items.sort_unstable_by(|a, b| {
            a.prefix
                .cmp(&b.prefix)
                .then_with(|| key_of(arena, a).cmp(key_of(arena, b)))
                .then(a.number.cmp(&b.number))
        });
    }

    fn spill(&mut self) -> Result<(), Error> {
        self.sort();
        let path = self.path.with_added_extension(format!("run{}", self.runs.paths.len()));
        self.runs.paths.push(path.clone());
        let mut out = OutFile::create(&*self.files, &path)?;
        for item in &self.items {
            out.write(&item.len.to_le_bytes())?;
            out.write(&item.number.to_le_bytes())?;
            out.write(key_of(&self.arena, item))?;
        }
        out.flush()?;
        self.items.clear();
        self.arena.clear();
        Ok(())
    }

    /// The pairs in order.
    pub(crate) fn merged(mut self) -> Result<Merged, Error> {
        self.sort();
        let mut sources = Vec::new();
        for path in &self.runs.paths {
            let file = File::open(path).map_err(Error::io("read", path))?;
            sources.push(Source::Disk(path.clone(), BufReader::with_capacity(1 << 16, file)));
        }
        sources.push(Source::Memory(std::mem::take(&mut self.arena), std::mem::take(&mut self.items), 0));
        let mut merged = Merged { sources, heads: BinaryHeap::new(), last: None, _runs: self.runs };
        for source in 0..merged.sources.len() {
            merged.refill(source, Vec::new())?;
        }
        Ok(merged)
    }
}

fn key_of<'a>(arena: &'a [u8], item: &Item) -> &'a [u8] {
    &arena[item.at as usize..item.at as usize + usize::from(item.len)]
}

enum Source {
    Disk(PathBuf, BufReader<File>),
    Memory(Vec<u8>, Vec<Item>, usize),
}

impl Source {
    /// The number of the next pair, its key in `key`.
    fn next(&mut self, key: &mut Vec<u8>) -> Result<Option<u32>, Error> {
        key.clear();
        match self {
            Self::Memory(arena, items, next) => {
                let Some(item) = items.get(*next) else { return Ok(None) };
                *next += 1;
                key.extend_from_slice(key_of(arena, item));
                Ok(Some(item.number))
            }
            Self::Disk(path, file) => {
                let mut head = [0; 6];
                let more = read_or_end(file, &mut head).map_err(Error::io("read", &*path))?;
                if !more {
                    return Ok(None);
                }
                let [a, b, number @ ..] = head;
                key.resize(usize::from(u16::from_le_bytes([a, b])), 0);
                file.read_exact(key).map_err(Error::io("read", &*path))?;
                Ok(Some(u32::from_le_bytes(number)))
            }
        }
    }
}

fn read_or_end(file: &mut impl Read, into: &mut [u8]) -> std::io::Result<bool> {
    let mut first = [0; 1];
    let Some((start, rest)) = into.split_first_mut() else { return Ok(true) };
    if file.read(&mut first)? == 0 {
        return Ok(false);
    }
    *start = first[0];
    file.read_exact(rest).map(|()| true)
}

/// The sorted pairs, one after the other.
pub(crate) struct Merged {
    sources: Vec<Source>,
    heads: BinaryHeap<Reverse<(Vec<u8>, u32, usize)>>,
    last: Option<(Vec<u8>, u32)>,
    _runs: Runs,
}

impl Merged {
    fn refill(&mut self, source: usize, mut key: Vec<u8>) -> Result<(), Error> {
        if let Some(number) = self.sources[source].next(&mut key)? {
            self.heads.push(Reverse((key, number, source)));
        }
        Ok(())
    }

    /// The next pair.
    pub(crate) fn next(&mut self) -> Result<Option<(&[u8], u32)>, Error> {
        while let Some(Reverse((key, number, source))) = self.heads.pop() {
            let again = self.last.as_ref().is_some_and(|(k, n)| *k == key && *n == number);
            let spare = if again { key } else { self.last.replace((key, number)).unwrap_or_default().0 };
            self.refill(source, spare)?;
            if !again {
                return Ok(self.last.as_ref().map(|(key, number)| (&key[..], *number)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::files::Disk;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn sorted_once_each_and_nothing_left_behind(
            pairs in prop::collection::vec((prop::collection::vec(0u8..4, 0..12), 0u32..9), 0..300)
        ) {
            let dir = tempfile::tempdir().expect("a folder");
            let files: Arc<dyn FileLayer> = Arc::new(Disk);
            let mut sorter = Sorter::new(&files, &dir.path().join("keys"));
            for (key, number) in &pairs {
                sorter.push(key, *number).expect("kept");
            }
            let mut merged = sorter.merged().expect("merged");
            let mut out = Vec::new();
            while let Some((key, number)) = merged.next().expect("read") {
                out.push((key.to_vec(), number));
            }
            let expect: Vec<_> = pairs.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(out, expect);
            drop(merged);
            prop_assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 0);
        }
    }
}
