//! What the gate is shown of a prepared import: what it would do, and whose records these seem to be.
//!
//! Other libraries are looked at only where the records are not the library's own anyway.

use indexer::archive::{Archive, ImportMode};
use indexer::bib::LibraryCode;
use indexer::pipeline::{PreparedImport, Sketch, sketch_of};

use crate::Result;
use crate::harvest::gate::{Evidence, Likeness};
use crate::import::Incoming;

/// From this share of unchanged records on, nobody else's are looked at.
const OWN: f64 = 0.5;

pub(crate) fn evidence(
    archive: &Archive,
    incoming: &Incoming<'_>,
    prepared: &PreparedImport,
) -> Result<Evidence> {
    let (report, impression) = (&prepared.report, &prepared.impression);
    let n_records = report.new + report.changed + report.same;
    let own = if n_records == 0 { 0.0 } else { report.same as f64 / n_records as f64 };
    let mut evidence = Evidence {
        records_before: impression.records_before,
        is_first: prepared.before().number == 0,
        changed: report.changed,
        deleted: report.deleted,
        is_empty: report.bytes == 0 && !incoming.paths.is_empty() && report.broken.is_none(),
        half_read: impression.half_read.clone(),
        own: Likeness { records: own, ..Likeness::default() },
        others: Vec::new(),
    };
    if incoming.mode == ImportMode::Delete || n_records == 0 || own >= OWN {
        return Ok(evidence);
    }
    evidence.own = Likeness { records: own, ..likeness(archive, incoming.library, &impression.sketch) };
    for code in archive.libraries()? {
        if code != *incoming.library {
            let likeness = likeness(archive, &code, &impression.sketch);
            evidence.others.push((code, likeness));
        }
    }
    Ok(evidence)
}

// A damaged archive of another library says nothing, and stops no import but its own.
fn likeness(archive: &Archive, code: &LibraryCode, set: &Sketch) -> Likeness {
    let sketch = match archive.library(code).map_err(Into::into).and_then(|library| sketch_of(&library)) {
        Ok(sketch) => sketch,
        Err(error) => {
            tracing::warn!(library = code.as_str(), %error, "cannot compare with the records of a library");
            return Likeness::default();
        }
    };
    Likeness {
        records: set.share_in(&sketch),
        codes: set.likeness_of_codes(&sketch),
        names_it: set.commonest_code().is_some_and(|name| name.eq_ignore_ascii_case(code.as_str())),
    }
}
