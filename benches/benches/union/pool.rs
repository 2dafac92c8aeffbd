//! The consortium under test with its truth, and which entry each record was found in.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use benches::real::{CORPUS, RealConsortium};
use data::sample::judge::Judged;
use data::sample::{Config, Consortium, Truth};

use crate::Result;

const SEED: u64 = 46;

enum Source {
    Invented(Consortium),
    Real(RealConsortium),
}

/// All member records by library and row; a row that was withdrawn is `None`.
pub(crate) struct Pool {
    source: Source,
    pub(crate) libraries: Vec<String>,
    rows: Vec<Vec<Option<Judged>>>,
}

/// Library and row of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) library: u16,
    pub(crate) row: u32,
}

impl Pool {
    /// A pool of about so many records; nothing where the corpus of real titles is wanted and absent.
    pub(crate) fn of(n_records: usize, real: bool) -> Option<Self> {
        let demo = Config::demo(SEED, (n_records as f64 / 3.56) as u32);
        let libraries = demo.libraries.clone();
        let source = if real {
            let n_editions = (n_records as f64 / 3.68) as u32;
            Source::Real(RealConsortium::open(CORPUS.as_ref(), SEED, n_editions, libraries.clone())?)
        } else {
            Source::Invented(Consortium::new(demo))
        };
        let rows = vec![Vec::new(); libraries.len()];
        Some(Self { source, libraries, rows })
    }

    pub(crate) fn name(&self) -> String {
        match &self.source {
            Source::Invented(_) => format!("invented titles, seed {SEED}"),
            Source::Real(real) => format!("{} real books, seed {SEED}", real.n_books()),
        }
    }

    pub(crate) fn n_libraries(&self) -> usize {
        self.libraries.len()
    }

    pub(crate) fn n_records(&self) -> usize {
        self.rows.iter().flatten().flatten().count()
    }

    /// Writes an export file a library, named by its code, and keeps the truth.
    pub(crate) fn write_exports(&mut self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        for (position, library) in self.libraries.iter().enumerate() {
            let mut file = BufWriter::new(File::create(folder.join(library))?);
            let rows = &mut self.rows[position];
            let keep = |truth: Truth| rows.push(Some(Judged::of(&truth)));
            match &self.source {
                Source::Invented(consortium) => consortium.write_export(position, &mut file, keep)?,
                Source::Real(consortium) => consortium.write_export(position, &mut file, keep)?,
            }
            file.flush()?;
        }
        Ok(())
    }

    /// Writes what changes in a night: incremental exports and lists of withdrawn records. The pool is as after
    /// it; returns the rows as they were, and how many records were touched.
    pub(crate) fn write_night(
        &mut self,
        folder: &Path,
        share: f64,
    ) -> Result<(Vec<Vec<Option<Judged>>>, usize)> {
        let before = self.rows.clone();
        let mut n_touched = 0;
        let Source::Invented(consortium) = &self.source else { return Ok((before, 0)) };
        for name in ["changed", "withdrawn"] {
            std::fs::create_dir_all(folder.join(name))?;
        }
        for (position, library) in self.libraries.iter().enumerate() {
            let night = consortium.night(position, share);
            n_touched += night.truth.len() + night.deleted.len();
            if !night.truth.is_empty() {
                std::fs::write(folder.join("changed").join(library), &night.bytes)?;
            }
            if !night.deleted.is_empty() {
                std::fs::write(folder.join("withdrawn").join(library), night.deleted.join("\n"))?;
            }
            let rows = &mut self.rows[position];
            for truth in &night.truth {
                let row = row_of(&truth.control_number).unwrap_or(usize::MAX);
                match rows.get_mut(row) {
                    Some(known) => *known = Some(Judged::of(truth)),
                    None => rows.push(Some(Judged::of(truth))),
                }
            }
            let withdrawn = night.deleted.iter().filter_map(|number| row_of(number));
            withdrawn.for_each(|row| rows[row] = None);
        }
        Ok((before, n_touched))
    }

    /// Takes the rows back as they were.
    pub(crate) fn restore(&mut self, rows: Vec<Vec<Option<Judged>>>) {
        self.rows = rows;
    }

    /// Forgets in which entries the records are.
    pub(crate) fn forget_entries(&mut self) {
        self.rows.iter_mut().flatten().flatten().for_each(|record| record.entry = None);
    }

    /// The record of this control number of a library.
    pub(crate) fn find(&self, library: &str, control_number: Option<&str>) -> Option<Place> {
        let library = self.libraries.iter().position(|code| code == library)?;
        let row = row_of(control_number?)?;
        self.rows[library].get(row)?.as_ref()?;
        Some(Place { library: library as u16, row: row as u32 })
    }

    pub(crate) fn record(&self, place: Place) -> Option<&Judged> {
        self.rows[usize::from(place.library)].get(place.row as usize)?.as_ref()
    }

    /// Notes the entry of a record; returns the one that it was found in before.
    pub(crate) fn assign(&mut self, place: Place, entry: u32) -> Option<u32> {
        let record = self.rows[usize::from(place.library)].get_mut(place.row as usize)?.as_mut()?;
        record.entry.replace(entry)
    }

    /// All records, and where each is.
    pub(crate) fn judged(&self) -> (Vec<Judged>, Vec<Place>) {
        let libraries = self.rows.iter().enumerate();
        let all = libraries.flat_map(|(library, rows)| {
            rows.iter().enumerate().filter_map(move |(row, record)| {
                Some(((*record)?, Place { library: library as u16, row: row as u32 }))
            })
        });
        all.unzip()
    }

    /// What a record says, in one line.
    pub(crate) fn line(&self, place: Place) -> String {
        let (position, row) = (usize::from(place.library), place.row as usize);
        let said = match &self.source {
            Source::Real(real) => real.card(position, row).line(),
            Source::Invented(consortium) => consortium.described(position, row).map_or_else(
                || "new in a night".to_owned(),
                |work| {
                    let people: Vec<&str> = work.people.iter().map(|(name, _)| name.as_str()).collect();
                    format!(
                        "{} : {} | {} | {} | {}, {} | {} | ed. {:?} | {} p.",
                        work.title,
                        work.subtitle.as_deref().unwrap_or("-"),
                        work.part.as_deref().unwrap_or("-"),
                        people.join(", "),
                        work.publisher,
                        work.year,
                        work.isbn.as_deref().or(work.issn.as_deref()).unwrap_or("-"),
                        work.edition,
                        work.pages,
                    )
                },
            ),
        };
        let peculiar = self.record(place).map(Judged::peculiarities).unwrap_or_default();
        let edition = self.record(place).map_or(0, |record| record.edition);
        format!("{} {row} #{edition} [{peculiar}] {said}", self.libraries[position])
    }
}

/// `0700000043` is in row 42.
fn row_of(control_number: &str) -> Option<usize> {
    control_number.get(2..)?.parse::<usize>().ok()?.checked_sub(1)
}
