//! Files that a person brought by a page: each in a folder of its own, `inbox/<CODE>/upload/<name>/`, until its
//! import has ended, however it ended. What the gate holds it has moved away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indexer::bib::LibraryCode;

use crate::writer::Writer;

const FOLDER: &str = "upload";
/// What an import that never was left behind: longer than any queue of jobs.
const STALE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Where the file of an upload shall be; `name` is one word.
pub fn place(data_dir: &Path, library: &LibraryCode, name: &str) -> PathBuf {
    data_dir.join("inbox").join(library.as_str()).join(FOLDER).join(name)
}

/// Removes those among the files of an import that were uploaded.
pub(crate) fn remove(writer: &Writer, paths: &[PathBuf]) {
    for folder in paths.iter().filter_map(|path| path.parent()) {
        let above = folder.parent();
        let is_upload = above.is_some_and(|above| {
            above.file_name().is_some_and(|name| name == FOLDER)
                && above.starts_with(writer.data_dir().join("inbox"))
        });
        if is_upload {
            remove_folder(folder);
        }
    }
}

/// Removes what was uploaded long ago and never imported: its writer was killed.
pub(crate) fn remove_stale(library_inbox: &Path) {
    let Ok(items) = std::fs::read_dir(library_inbox.join(FOLDER)) else { return };
    for item in items.flatten() {
        let age = item.metadata().and_then(|about| about.modified()).map(|time| time.elapsed());
        if matches!(age, Ok(Ok(age)) if age > STALE) {
            remove_folder(&item.path());
        }
    }
}

fn remove_folder(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(%error, folder = %folder.display(), "could not remove an upload");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;
    use crate::jobs::{Mode, Request, carry_out};
    use crate::lock::Holder;
    use crate::settings::Settings;

    #[test]
    fn an_upload_goes_with_its_import_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::load(None).unwrap();
        let writer =
            Writer::open(folder.path(), &settings, Holder::Command, Arc::new(SystemClock::default()))
                .unwrap();
        let uploaded = place(folder.path(), &LibraryCode::new("BJFU"), "7");
        let own = folder.path().join("exports");
        for (place, is_kept) in [(&uploaded, false), (&own, true)] {
            std::fs::create_dir_all(place).unwrap();
            let file = place.join("北林.mrk");
            std::fs::write(&file, "=LDR  00000nam0 2200000   450 \n=001  7\n=200  1\\$a红楼梦\n\n").unwrap();
            let request =
                Request::Import { library: "BJFU".to_owned(), mode: Mode::Delta, paths: vec![file.clone()] };
            carry_out(&writer, &request, &()).unwrap();
            assert_eq!(file.exists(), is_kept, "{}", file.display());
        }
    }
}
