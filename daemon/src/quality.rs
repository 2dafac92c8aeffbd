//! The quality report of each library: made after a build where its records changed, kept beside its archive.
//!
//! File `archive/<CODE>/quality.tsv`: the first line says version and number of the state that was looked at, each
//! other one a fault: kind, control number, title, detail, with tabs between. The counts stand in the store, one row
//! a state, so that a trend can be drawn.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use indexer::archive::Archive;
use indexer::bib::LibraryCode;
use indexer::pipeline::{self, FaultKind, Finding};

use crate::store::QualityRow;
use crate::writer::Writer;
use crate::{Error, Result};

const FILE: &str = "quality.tsv";
const HEAD: &str = "lianmu-quality\t1\t";
/// Faults of one kind that the file names; the counts are of all.
pub const MAX_NAMED: u64 = 20_000;

/// The faults in the report of a library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QualityReport {
    /// Number of the state that was looked at.
    pub state: u64,
    /// At most `MAX_NAMED` of each kind.
    pub findings: Vec<Finding>,
}

/// The latest report of a library; `None` where there is none yet.
pub fn report(data_dir: &Path, code: &LibraryCode) -> Result<Option<QualityReport>> {
    let library = Archive::open(data_dir)?.library(code)?;
    Ok(library.read_small(FILE)?.as_deref().and_then(parse))
}

/// Looks at every library whose records are others than those of its report.
pub(crate) fn bring_up_to_date(writer: &Writer, mut may_go_on: impl FnMut() -> bool) -> Result<()> {
    let archive = writer.archive()?;
    for code in archive.libraries()? {
        if !may_go_on() {
            return Ok(());
        }
        let library = archive.library(&code)?;
        let Some(number) = library.current_number()? else { continue };
        if !writer.store.has_quality(code.as_str(), number)? {
            look_at(writer, &code, number)?;
        }
    }
    Ok(())
}

fn look_at(writer: &Writer, code: &LibraryCode, number: u64) -> Result<()> {
    let library = writer.archive()?.library(code)?;
    let mut text = format!("{HEAD}{number}\n");
    let mut named: BTreeMap<FaultKind, u64> = BTreeMap::new();
    let counts = pipeline::quality(&library, |finding| {
        let n_named = named.entry(finding.kind).or_default();
        if *n_named < MAX_NAMED {
            *n_named += 1;
            let Finding { kind, control_number, title, detail } = &finding;
            let line = [kind.name(), control_number, title, detail].map(in_one_cell).join("\t");
            let _ = writeln!(text, "{line}");
        }
    })?;
    library.write_small(FILE, &text)?;
    let by_kind = counts.by_kind.iter().map(|(kind, n)| (kind.name().to_owned(), *n)).collect();
    let day = library.as_of().unwrap_or_else(|| writer.today());
    let row = QualityRow { state: number, day, records: counts.records, by_kind };
    writer.store.keep_quality(code.as_str(), &row)
}

fn in_one_cell(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

fn parse(text: &str) -> Option<QualityReport> {
    let mut lines = text.lines();
    let state = lines.next()?.strip_prefix(HEAD)?.parse().ok()?;
    let finding = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        let kind = FaultKind::named(&cells.next()?)?;
        Some(Finding { kind, control_number: cells.next()?, title: cells.next()?, detail: cells.next()? })
    };
    Some(QualityReport { state, findings: lines.filter_map(finding).collect() })
}

impl QualityRow {
    /// Records with a kind of fault.
    pub fn count(&self, kind: FaultKind) -> u64 {
        self.by_kind.get(kind.name()).copied().unwrap_or(0)
    }
}

pub(crate) fn counts_to_json(by_kind: &BTreeMap<String, u64>) -> Result<String> {
    serde_json::to_string(by_kind).map_err(|source| Error::Run { source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::sync::Arc;

    use indexer::archive::ImportMode;

    use super::*;
    use crate::clock::SystemClock;
    use crate::import::{ImportSet, import};
    use crate::lock::Holder;
    use crate::settings::Settings;

    #[test]
    fn a_report_follows_the_records_and_the_trend_remembers() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::load(None).unwrap();
        let clock = Arc::new(SystemClock::default());
        let writer = Writer::open(folder.path(), &settings, Holder::Command, clock).unwrap();
        let code = LibraryCode::new("BJFU");
        let take = |isbn: &str| {
            let export = folder.path().join("北林.mrk");
            let text = format!(
                "=LDR  00000nam0 2200000   450 \n=001  7\n=010  \\\\$a{isbn}\n=200  1\\$a红楼\t梦\n\n"
            );
            std::fs::write(&export, text).unwrap();
            let set = ImportSet { library: code.clone(), mode: ImportMode::Full, paths: vec![export] };
            import(&writer, &set, &()).unwrap();
            bring_up_to_date(&writer, || true).unwrap();
        };
        assert_eq!(report(folder.path(), &code).unwrap(), None);
        take("978-7-02-000872-1");
        let first = report(folder.path(), &code).unwrap().unwrap();
        let isbn = first.findings.iter().find(|finding| finding.kind == FaultKind::Isbn).unwrap();
        assert_eq!((isbn.control_number.as_str(), isbn.detail.as_str()), ("7", "978-7-02-000872-1"));
        take("978-7-02-000872-8");
        take("978-7-02-000872-8");
        let second = report(folder.path(), &code).unwrap().unwrap();
        assert!(second.findings.iter().all(|finding| finding.kind != FaultKind::Isbn));
        let trend = writer.store.quality_rows("BJFU", 100).unwrap();
        let isbns: Vec<u64> = trend.iter().map(|row| row.count(FaultKind::Isbn)).collect();
        assert_eq!(isbns, [1, 0], "oldest first, one a state");
        assert_eq!(trend[1].records, 1);
    }

    #[test]
    fn a_foreign_file_is_no_report() {
        for text in ["", "kind\tnumber", "lianmu-quality\t2\t7\n", "lianmu-quality\t1\tx\n"] {
            assert_eq!(parse(text), None, "{text}");
        }
        let torn = "lianmu-quality\t1\t7\nisbn\t1\n无\t1\t2\t3\nisbn\t1\t红楼梦\t978\n";
        assert_eq!(parse(torn).unwrap().findings.len(), 1);
    }
}
