//! What a new layer takes over from the generation in force: files, retired numbers, old ids, small layers.
//!
//! Files are linked, so they cost neither time nor space, and are never written. When there are too many layers,
//! those on top of the base are folded: their entries in force are written again into the new layer.

use std::io::Read;
use std::sync::Arc;

use crate::files::FileLayer;
use crate::index::build::Builder;
use crate::index::generation::Generation;
use crate::index::layer::LayerFiles;
use crate::index::manifest::{FileHash, Layer};
use crate::index::out_file::OutFile;
use crate::index::{Error, Manifest};

/// A generation has at most this many layers, the base included.
pub(crate) const MOST_LAYERS: usize = 8;

/// The layers that the next one is laid on.
pub(crate) fn kept_layers(layers: &[Layer]) -> &[Layer] {
    if layers.len() < MOST_LAYERS { layers } else { &layers[..1] }
}

/// The files of the parent that stay.
pub(crate) fn kept_files<'a>(parent: &'a Manifest, kept: &'a [Layer]) -> impl Iterator<Item = &'a FileHash> {
    parent.files.iter().filter(|file| {
        parent.dictionary.as_ref() == Some(&file.name) || kept.iter().any(|layer| layer.owns(&file.name))
    })
}

/// Links the files that stay, and begins with what the parent says of numbers and ids.
pub(crate) fn take_over(builder: &mut Builder) -> Result<(), Error> {
    let Some(parent) = &builder.before else { return Ok(()) };
    for file in kept_files(&parent.manifest, &builder.kept) {
        let (from, to) = (parent.folder.path().join(&file.name), builder.dir.join(&file.name));
        if builder.files.hard_link(&from, &to).is_err() {
            copy(&*builder.files, &from, &to)?;
        }
    }
    // All layers are read with one dictionary: where a small base went without, so do those upon it.
    builder.dictionary.get_or_init(|| Arc::clone(&parent.dictionary));
    Ok(())
}

/// Not every file system has links.
fn copy(files: &dyn FileLayer, from: &std::path::Path, to: &std::path::Path) -> Result<(), Error> {
    let mut source = std::fs::File::open(from).map_err(Error::io("read", from))?;
    let mut out = OutFile::create(files, to)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        let n = source.read(&mut buffer).map_err(Error::io("read", from))?;
        if n == 0 {
            return out.finish();
        }
        out.write(&buffer[..n])?;
    }
}

/// The layers of the generation in force that are not kept but whose entries go on.
pub(crate) fn folded<'a>(before: &'a Generation, kept: &[Layer]) -> &'a [LayerFiles] {
    if kept.is_empty() { &[] } else { &before.layers[kept.len().min(before.layers.len())..] }
}

/// Writes the entries of folded layers again.
pub(crate) fn fold(builder: &Builder) -> Result<(), Error> {
    let Some(before) = &builder.before else { return Ok(()) };
    for layer in folded(before, &builder.kept) {
        let mut keys: Vec<(u32, u64)> = layer.keys.pairs().map(|(key, own)| (own, key)).collect();
        keys.sort_unstable();
        for own in 0..layer.info.entries {
            let number = layer.info.start + own;
            if before.retired.contains(number) || builder.retired.contains(number) {
                continue;
            }
            let from = keys.partition_point(|&(n, _)| n < own);
            let to = keys.partition_point(|&(n, _)| n <= own);
            let own_keys: Vec<u64> = keys[from..to].iter().map(|&(_, key)| key).collect();
            let prepared = builder.prepare(&before.entry(number)?, &own_keys)?;
            builder.push(prepared)?;
        }
    }
    Ok(())
}
