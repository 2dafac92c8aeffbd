//! What the gate holds: its files are kept in `inbox/<CODE>/held/<run>/` until a person releases or discards it.
//!
//! A release is an import of the same files that no gate looks at; it is a run of its own. What was in force
//! stays in force meanwhile.

use std::io;
use std::path::{Path, PathBuf};

use indexer::archive::{ImportMode, RecordKey};
use indexer::bib::LibraryCode;
use indexer::files::{FileLayer, remove_tree};
use indexer::pipeline::{Progress, files_of};

use crate::import::{Imported, Incoming, begin, take_in};
use crate::store::{Decision, Hold};
use crate::writer::Writer;
use crate::{Error, Result};

/// Folder in the inbox of a library.
pub(crate) const FOLDER: &str = "held";

/// Takes in what is held, without asking the gate again.
pub fn release(writer: &Writer, run: &str, progress: &dyn Progress) -> Result<Imported> {
    let hold = open_hold(writer, run)?;
    let library = LibraryCode::new(hold.library.as_str());
    let folder = folder_of(writer, &library, run);
    let paths = staged(&folder)?;
    let removals: Vec<RecordKey> = hold.removals.iter().filter_map(|text| key_of(text)).collect();
    let shown = writer.store.run(run)?.map_or_else(String::new, |open| open.shown);
    let mode = mode_of(&hold.mode);
    let begun = begin(writer, &library, mode, None, &shown)?;
    let incoming = Incoming {
        paths: &paths,
        removals: &removals,
        fingerprint: hold.fingerprint.as_deref(),
        is_gated: false,
        ..Incoming::new(&begun, &library, mode)
    };
    let imported = take_in(writer, &incoming, progress)?;
    if imported.run.state.is_good() {
        let decision = Decision::Released { became: imported.run.run.clone() };
        writer.store.decide(run, &decision, writer.now())?;
        remove(writer, &folder);
    }
    Ok(imported)
}

/// Throws away what is held.
pub fn discard(writer: &Writer, run: &str) -> Result<()> {
    let hold = open_hold(writer, run)?;
    writer.store.decide(run, &Decision::Discarded, writer.now())?;
    remove(writer, &folder_of(writer, &LibraryCode::new(hold.library.as_str()), run));
    Ok(())
}

/// Puts the files of a run aside, durably. Those in the inbox are moved, others are copied.
pub(crate) fn put_aside(writer: &Writer, library: &LibraryCode, run: &str, paths: &[PathBuf]) -> Result<()> {
    let folder = folder_of(writer, library, run);
    let inbox = writer.data_dir.join("inbox");
    let files = writer.files.as_ref();
    for (number, file) in files_of(paths)?.iter().enumerate() {
        let place = folder.join(format!("{number:05}"));
        let name = file.path.file_name().unwrap_or_default();
        let target = place.join(name);
        let write = || -> io::Result<()> {
            files.create_dir_all(&place)?;
            if file.path.starts_with(&inbox) {
                files.rename(&file.path, &target)?;
            } else {
                copy(files, &file.path, &target)?;
            }
            files.sync_dir(&place)
        };
        write().map_err(Error::writing(&target))?;
    }
    files.create_dir_all(&folder).and_then(|()| files.sync_dir(&folder)).map_err(Error::writing(&folder))
}

fn copy(files: &dyn FileLayer, from: &Path, to: &Path) -> io::Result<()> {
    let mut source = std::fs::File::open(from)?;
    let mut target = files.create(to)?;
    io::copy(&mut source, &mut target)?;
    target.sync()
}

fn open_hold(writer: &Writer, run: &str) -> Result<Hold> {
    let hold = writer.store.held_run(run)?.ok_or_else(|| Error::NotHeld { run: run.to_owned() })?;
    match hold.decided {
        None => Ok(hold),
        Some(decision) => Err(Error::Decided { run: run.to_owned(), decision }),
    }
}

fn folder_of(writer: &Writer, library: &LibraryCode, run: &str) -> PathBuf {
    writer.data_dir.join("inbox").join(library.as_str()).join(FOLDER).join(run)
}

fn staged(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut places = Vec::new();
    for item in std::fs::read_dir(folder).map_err(Error::reading(folder))? {
        places.push(item.map_err(Error::reading(folder))?.path());
    }
    places.sort();
    Ok(places)
}

fn remove(writer: &Writer, folder: &Path) {
    if let Err(error) = remove_tree(writer.files.as_ref(), folder) {
        tracing::warn!(%error, folder = %folder.display(), "could not remove what is no longer held");
    }
}

fn mode_of(text: &str) -> ImportMode {
    match text {
        "delta" => ImportMode::Delta,
        "delete" => ImportMode::Delete,
        _ => ImportMode::Full,
    }
}

/// A key as hexadecimal text.
pub(crate) fn text_of(key: &RecordKey) -> String {
    key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key_of(text: &str) -> Option<RecordKey> {
    let mut bytes = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(RecordKey::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_text() {
        let key = RecordKey::of_control_number("012005000123").expect("a number");
        assert_eq!(key_of(&text_of(&key)), Some(key));
        for text in ["", "00", "zz", &"红".repeat(11)] {
            assert_eq!(key_of(text), None, "{text}");
        }
    }
}
