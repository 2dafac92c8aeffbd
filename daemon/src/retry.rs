//! Quarantined records once more: after a repair of the program, or of a profile, what could not be read may be.
//!
//! Only the pieces of one run are read again, as a delta that is a run of its own. A record that came in another
//! way since then is newer than what was rejected, and is left as it is; so is the day as which the data counts.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use indexer::archive::{ImportMode, LibraryArchive, RecordKey, Reject, State};
use indexer::files::remove_tree;
use indexer::pipeline::{Progress, record_keys};
use serde::Deserialize;

use crate::import::{Imported, Incoming, begin, take_in};
use crate::runs;
use crate::undo::library_of;
use crate::writer::Writer;
use crate::{Error, Result};

/// Pieces that one retry takes; the others are taken by retrying what the retry rejects or by another full set.
const MAX_PIECES: usize = 10_000;
/// A longer piece is no record but a stretch of noise.
const MAX_PIECE: u64 = 16 << 20;

// A line of `rejects.jsonl`.
#[derive(Deserialize)]
struct Piece {
    #[serde(flatten)]
    reject: Reject,
    raw_at: u64,
}

/// Reads again what a run had to reject. Fails with a sentence where nothing of it can be read now, or where all of
/// it came since.
pub fn retry(writer: &Writer, run: &str, progress: &dyn Progress) -> Result<Imported> {
    let archive = writer.archive()?;
    let code = library_of(&writer.data_dir, run)?;
    let library = archive.library(&code)?;
    let folder = writer.data_dir.join("inbox").join(code.as_str()).join("retry");
    remove_tree(writer.files.as_ref(), &folder).or_else(unless_missing).map_err(Error::writing(&folder))?;
    let paths = readable_pieces(&library, run, &folder)?;
    if paths.is_empty() {
        return Err(Error::NothingToRetry { run: run.to_owned() });
    }
    let begun = begin(writer, &code, ImportMode::Delta, None, &format!("quarantine of {run}"))?;
    let incoming = Incoming {
        paths: &paths,
        is_gated: false,
        renews_day: false,
        ..Incoming::new(&begun, &code, ImportMode::Delta)
    };
    let imported = take_in(writer, &incoming, progress);
    if let Err(error) = remove_tree(writer.files.as_ref(), &folder) {
        tracing::warn!(%error, folder = %folder.display(), "could not remove what was read again");
    }
    imported
}

fn unless_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

// Each piece a file of its own: what is damaged does not swallow its neighbour.
fn readable_pieces(library: &LibraryArchive, run: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    let quarantine = library.quarantine(run);
    let lines = match std::fs::read_to_string(quarantine.folder().join("rejects.jsonl")) {
        Ok(lines) => lines,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::reading(quarantine.folder())(error)),
    };
    let mut raw =
        File::open(quarantine.folder().join("rejects.raw")).map_err(Error::reading(quarantine.folder()))?;
    let then_and_now = ThenAndNow::of(library, run)?;
    let pieces = lines.lines().filter_map(|line| serde_json::from_str::<Piece>(line).ok());
    let mut paths = Vec::new();
    for piece in pieces.filter(|piece| piece.reject.length <= MAX_PIECE) {
        let bytes = read_at(&mut raw, &piece).map_err(Error::reading(quarantine.folder()))?;
        let keys: Vec<RecordKey> =
            record_keys(&*bytes).unwrap_or_default().into_iter().filter_map(|met| met.key).collect();
        if keys.is_empty() || keys.iter().any(|key| then_and_now.came_since(key)) {
            continue;
        }
        let path = folder.join(format!("{:05}", paths.len()));
        let write = || std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &bytes));
        write().map_err(Error::writing(&path))?;
        paths.push(path);
        if paths.len() == MAX_PIECES {
            break;
        }
    }
    Ok(paths)
}

fn read_at(raw: &mut File, piece: &Piece) -> std::io::Result<Vec<u8>> {
    raw.seek(SeekFrom::Start(piece.raw_at))?;
    let mut bytes = Vec::new();
    raw.take(piece.reject.length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a library had right after a run, and what it has now.
struct ThenAndNow {
    then: Option<State>,
    now: HashMap<RecordKey, indexer::archive::ContentHash>,
}

impl ThenAndNow {
    fn of(library: &LibraryArchive, run: &str) -> Result<Self> {
        let history = runs::settle(library)?;
        let after = history.find(run).and_then(|written| written.effect.as_ref()).map(|effect| effect.after);
        let then = after.filter(|&number| library.keeps_state(number));
        Ok(Self {
            then: then.map(|number| library.state_numbered(number)).transpose()?,
            now: library.state()?.slots.iter().map(|slot| (slot.key, slot.content)).collect(),
        })
    }

    // Where it is not known any more what there was, whatever is there counts as newer.
    fn came_since(&self, key: &RecordKey) -> bool {
        let Some(now) = self.now.get(key) else { return false };
        let then = self.then.as_ref().and_then(|state| state.slots.iter().find(|slot| slot.key == *key));
        then.is_none_or(|slot| slot.content != *now)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::import::import;
    use crate::runs::RunState;
    use crate::trial::{adds_up, code, collection, n_records, record, records, set, writer};

    // What an earlier version of the program rejected and this one can read.
    fn reject(writer: &Writer, run: &str, bytes: &[u8]) {
        let archive = writer.archive().unwrap();
        let mut quarantine = archive.library(&code("BJFU")).unwrap().quarantine(run);
        let length = bytes.len() as u64;
        let file = "红楼梦.xml".to_owned();
        quarantine.keep(&Reject { file, n: 3, offset: 0, length, code: "old".to_owned() }, bytes).unwrap();
        quarantine.finish().unwrap();
    }

    #[test]
    fn what_can_be_read_now_comes_in_and_nothing_newer_is_overwritten() {
        let data = tempfile::tempdir().unwrap();
        let writer = writer(data.path());
        let import = |title: &str| {
            let text = collection(&records(0..5, title));
            import(&writer, &set(data.path(), "BJFU", &text), &()).unwrap().run
        };
        let first = import("红楼梦");
        let none = retry(&writer, &first.run, &()).unwrap_err();
        assert!(matches!(none, Error::NothingToRetry { .. }), "{none}");

        reject(&writer, &first.run, record("900001", "三国演义").as_bytes());
        let again = retry(&writer, &first.run, &()).unwrap().run;
        adds_up(&again);
        assert_eq!((again.state, again.new, again.seen), (RunState::Ok, 1, 1), "{again:?}");
        assert_eq!(again.source, format!("quarantine of {}", first.run));
        assert_eq!(n_records(&writer, "BJFU"), 6);
        // It is there since then.
        assert!(matches!(retry(&writer, &first.run, &()), Err(Error::NothingToRetry { .. })));
        assert!(!data.path().join("inbox/BJFU/retry").exists());

        // Another word on a record that changed meanwhile.
        let second = import("水浒传");
        reject(&writer, &second.run, record("000001", "西游记").as_bytes());
        let newer = retry(&writer, &second.run, &()).unwrap().run;
        assert_eq!((newer.new, newer.changed), (0, 1), "the reject was the newest word");
        assert!(matches!(retry(&writer, &second.run, &()), Err(Error::NothingToRetry { .. })));
    }
}
