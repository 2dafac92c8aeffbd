//! Files → a library's archive, with a report that accounts for every record and every byte.
//!
//! Reads on one thread, parses on all cores, decides in file order. It knows neither the lock nor the clock:
//! the name of the run comes in with the request.

use std::path::PathBuf;
use std::sync::PoisonError;

use super::error::{Error, Result};
use super::examine::{Examined, examine_all};
use super::file_end::{self, LastPiece};
use super::file_set::{SetFile, files_of};
use super::framing::{Piece, with_pieces};
use super::import_report::{FileReport, ImportOutcome, ImportReport, MAX_NAMED_REJECTS};
use super::profile::prepare_profile;
use super::progress::{Progress, Stage};
use super::removal_list;
use super::sketch::{Sketch, Sketcher};
use crate::archive::{
    Archive, ChangeSet, ImportMode, InForce, LibraryArchive, PendingBlock, Prepared, Quarantine, RecordKey,
    Reject,
};
use crate::bib::LibraryCode;
use crate::marc::{Account, Carrier, FlawCode, Framed, RawRecord, contained_files};

/// What to import, and as what.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// Whose records they are.
    pub library: LibraryCode,
    /// What the set says about records that it does not contain.
    pub mode: ImportMode,
    /// Files and folders: together one set.
    pub paths: Vec<PathBuf>,
    /// Name of the run, under which rejects are kept.
    pub run: String,
}

/// Takes a set of files into a library's archive, and puts it in force.
pub fn import(archive: &Archive, request: &ImportRequest, progress: &dyn Progress) -> Result<ImportReport> {
    prepare_import(archive, request, progress)?.put_in_force(None, None)
}

/// Takes a set of files into a library's archive without putting it in force yet.
pub fn prepare_import(
    archive: &Archive,
    request: &ImportRequest,
    progress: &dyn Progress,
) -> Result<PreparedImport> {
    prepare_import_with(archive, request, &[], progress)
}

/// The same with records that the source says are gone, besides what its files say.
pub fn prepare_import_with(
    archive: &Archive,
    request: &ImportRequest,
    removals: &[RecordKey],
    progress: &dyn Progress,
) -> Result<PreparedImport> {
    let files = files_of(&request.paths)?;
    let library = archive.library(&request.library)?;
    let changes = library.begin_with(request.mode, in_parallel)?;
    let mut run = Run {
        mode: request.mode,
        changes,
        quarantine: library.quarantine(&request.run),
        report: ImportReport::default(),
        sketcher: Sketcher::default(),
        half_read: None,
    };
    progress.begin(Stage::Import, plain_size(&files));
    for file in &files {
        run.take(file, progress)?;
    }
    for key in removals {
        run.changes.remove(*key);
    }
    progress.end();
    run.settle(&library)
}

/// An import that is written and accounted for, but not in force yet.
pub struct PreparedImport {
    /// Its account.
    pub report: ImportReport,
    /// What a gate may want to know beyond it.
    pub impression: Impression,
    before: InForce,
    // Nothing where nothing may come in force: the set was not whole, or nothing usable came.
    prepared: Option<Prepared>,
}

/// What a set of files looks like, whatever becomes of its records.
#[derive(Clone, Debug, Default)]
pub struct Impression {
    /// Records in force before it.
    pub records_before: u64,
    /// The first file that is not whole, and how that shows.
    pub half_read: Option<String>,
    /// What its records can be compared by.
    pub sketch: Sketch,
}

impl PreparedImport {
    /// What is in force before it.
    pub fn before(&self) -> &InForce {
        &self.before
    }

    /// Number of the state in force after it.
    pub fn number_after(&self) -> u64 {
        self.prepared.as_ref().map_or(self.before.number, |prepared| prepared.state().number)
    }

    /// Whether it may come in force.
    pub fn is_usable(&self) -> bool {
        self.prepared.is_some()
    }

    /// Puts it in force, with the day as which the data counts from now on and a line about the run.
    pub fn put_in_force(self, as_of: Option<String>, run: Option<String>) -> Result<ImportReport> {
        if let Some(prepared) = self.prepared {
            let changes_nothing = prepared.state().number == self.before.number;
            if !(changes_nothing && as_of.is_none() && run.is_none()) {
                prepared.put_in_force(as_of, run)?;
            }
        }
        Ok(self.report)
    }
}

fn in_parallel(blocks: &[PendingBlock]) -> Vec<std::io::Result<Vec<u8>>> {
    use rayon::prelude::*;
    blocks.par_iter().map(PendingBlock::compressed).collect()
}

// Known only where nothing is compressed.
fn plain_size(files: &[SetFile]) -> Option<u64> {
    files.iter().try_fold(0u64, |sum, file| {
        let name = file.name.to_ascii_lowercase();
        let compressed = [".gz", ".zst", ".zip"].iter().any(|ending| name.ends_with(ending));
        let size = std::fs::metadata(&file.path).ok()?.len();
        (!compressed).then(|| sum.saturating_add(size))
    })
}

struct Run {
    mode: ImportMode,
    changes: ChangeSet,
    quarantine: Quarantine,
    report: ImportReport,
    sketcher: Sketcher,
    half_read: Option<String>,
}

impl Run {
    fn take(&mut self, file: &SetFile, progress: &dyn Progress) -> Result<()> {
        if self.mode == ImportMode::Delete && removal_list::looks_like_one(&file.path) {
            return self.take_removals(file, progress);
        }
        let contained = match contained_files(&file.path) {
            Ok(contained) => contained,
            Err(source) => {
                self.report.broke_off(Error::Read { file: file.name.clone(), source });
                return Ok(());
            }
        };
        for (full_name, input) in contained {
            let name = file.contained(&full_name);
            self.changes.set_source(&name);
            let mut account = Account::default();
            let (input, ends) = file_end::watch(input);
            let (mut last, mut carrier) = (None, Carrier::default());
            with_pieces(input, |piece| match piece {
                Piece::Batch(batch) => {
                    if let Some((framed, raw)) = batch.last() {
                        last = Some(LastPiece::of(*framed, raw));
                        carrier = raw.carrier;
                    }
                    self.take_batch(&name, batch, &mut account, progress)
                }
                Piece::End { account: framed, error } => {
                    add_up(&mut account, &framed);
                    let ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
                    let fault = file_end::fault(&ends, last.as_ref(), carrier, account.bytes);
                    self.note_fault(&name, fault);
                    if let Some(source) = error {
                        self.report.broke_off(Error::Read { file: name.clone(), source });
                    }
                    Ok(())
                }
            })?;
            self.report.bytes += account.bytes;
            self.report.files.push(FileReport { name, account });
        }
        Ok(())
    }

    fn note_fault(&mut self, file: &str, fault: Option<&str>) {
        if let (None, Some(fault)) = (&self.half_read, fault) {
            self.half_read = Some(format!("{file} {fault}"));
        }
    }

    fn take_batch(
        &mut self,
        file: &str,
        batch: Vec<(Framed, RawRecord)>,
        account: &mut Account,
        progress: &dyn Progress,
    ) -> Result<()> {
        let examined = examine_all(&batch);
        for ((_, raw), examined) in batch.iter().zip(examined) {
            match examined {
                Ok(examined) => {
                    account.repaired += u64::from(examined.flawed);
                    self.take_record(raw, &examined)?;
                }
                // An empty file rejects nothing; whether nothing is enough, `settle` says.
                Err((FlawCode::NoRecord, _)) if raw.length == 0 => {}
                Err((code, framed)) => {
                    if framed {
                        account.rejected += 1;
                        account.bytes_quarantined += raw.length;
                    }
                    self.take_reject(file, account.records, raw, code)?;
                }
            }
            account.records += 1;
        }
        progress.advance(batch.iter().map(|(_, raw)| raw.length).sum(), batch.len() as u64);
        Ok(())
    }

    fn take_record(&mut self, raw: &RawRecord, examined: &Examined) -> Result<()> {
        let key = examined.key;
        if self.mode == ImportMode::Delete || examined.deleted {
            self.changes.remove_record(key, examined.content, examined.auxiliary);
            return Ok(());
        }
        self.report.repaired += u64::from(examined.flawed);
        self.sketcher.add(examined.content);
        self.sketcher.add_codes(&examined.codes);
        self.changes.add(raw, key, examined.content, examined.auxiliary)?;
        Ok(())
    }

    fn take_reject(&mut self, file: &str, n: u64, raw: &RawRecord, code: FlawCode) -> Result<()> {
        let reject = Reject {
            file: file.to_owned(),
            n,
            offset: raw.offset,
            length: raw.length,
            code: code.code().to_owned(),
        };
        self.quarantine.keep(&reject, &raw.bytes)?;
        self.report.rejected += 1;
        if matches!(code, FlawCode::DamagedArchive | FlawCode::ArchiveBomb | FlawCode::TooManyFiles) {
            self.report.incomplete = true;
            self.note_fault(file, Some("cannot be decompressed to its end"));
        }
        if self.report.rejects.len() < MAX_NAMED_REJECTS {
            self.report.rejects.push(reject);
        }
        Ok(())
    }

    fn take_removals(&mut self, file: &SetFile, progress: &dyn Progress) -> Result<()> {
        let open_error = |source| Error::Open { path: file.path.clone(), source };
        let mut account = Account::default();
        for line in removal_list::lines(&file.path).map_err(open_error)? {
            let line = line.map_err(open_error)?;
            account.records += 1;
            account.bytes += line.n_bytes;
            account.bytes_in_records += line.n_bytes;
            if let Some(key) = RecordKey::of_control_number(&line.control_number) {
                self.changes.remove_numbered(key);
            }
            progress.advance(line.n_bytes, 1);
        }
        self.report.bytes += account.bytes;
        self.report.files.push(FileReport { name: file.name.clone(), account });
        Ok(())
    }

    /// Prepares the changes, unless the set is not whole or nothing usable came.
    fn settle(mut self, library: &LibraryArchive) -> Result<PreparedImport> {
        self.quarantine.finish()?;
        let mut counts = self.changes.counts();
        let is_full = self.mode == ImportMode::Full;
        let n_read = counts.new + counts.changed + counts.same + counts.duplicate + counts.deleted;
        let nothing_came = n_read == 0 && (is_full || self.report.rejected > 0 || self.report.is_broken());
        self.report.outcome = if nothing_came {
            ImportOutcome::Failed
        } else if self.report.is_broken() {
            ImportOutcome::Partial
        } else {
            ImportOutcome::Ok
        };
        let usable = match self.report.outcome {
            ImportOutcome::Failed => false,
            ImportOutcome::Partial => !is_full,
            ImportOutcome::Ok | ImportOutcome::NothingNew => true,
        };
        let before = library.in_force()?;
        let impression = Impression {
            records_before: self.changes.records_before(),
            half_read: self.half_read,
            sketch: self.sketcher.finish(),
        };
        let prepared = if usable {
            let prepared = self.changes.prepare()?;
            counts = prepared.counts();
            prepare_profile(library, prepared.state())?;
            Some(prepared)
        } else {
            counts.deleted = 0;
            None
        };
        if self.report.outcome == ImportOutcome::Ok && counts.new + counts.changed + counts.deleted == 0 {
            self.report.outcome = ImportOutcome::NothingNew;
        }
        self.report.set_counts(counts);
        Ok(PreparedImport { report: self.report, impression, before, prepared })
    }
}

// The framing's account plus what parsing found out.
fn add_up(parsed: &mut Account, framed: &Account) {
    let moved = parsed.bytes_quarantined.min(framed.bytes_in_records);
    *parsed = Account {
        bytes: framed.bytes,
        records: framed.records,
        repaired: parsed.repaired,
        rejected: framed.rejected + parsed.rejected,
        bytes_in_records: framed.bytes_in_records - moved,
        bytes_filler: framed.bytes_filler,
        bytes_quarantined: framed.bytes_quarantined + moved,
    };
    parsed.close();
}
