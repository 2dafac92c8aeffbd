//! An entry in the formats that other programs read: which there are, and the answer that carries one.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use indexer::archive::Archive;
use indexer::bib::{Bib, Entry};
use indexer::export::{self, Gb7714};
use indexer::marc::{Carrier, ParseOptions, RawRecord, Record, parse};

use crate::error::WebError;

/// A format of `/record/{id}/export/{format}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Iso2709,
    Marcxml,
    Ris,
    Bibtex,
    Csl,
    Gb7714,
}

impl Format {
    /// All formats.
    pub(crate) const ALL: [Format; 6] =
        [Self::Iso2709, Self::Marcxml, Self::Ris, Self::Bibtex, Self::Csl, Self::Gb7714];

    /// Its name in the contract.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Iso2709 => "iso2709",
            Self::Marcxml => "marcxml",
            Self::Ris => "ris",
            Self::Bibtex => "bibtex",
            Self::Csl => "csl",
            Self::Gb7714 => "gb7714",
        }
    }

    /// Its name for readers.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Iso2709 => "ISO 2709",
            Self::Marcxml => "MARCXML",
            Self::Ris => "RIS",
            Self::Bibtex => "BibTeX",
            Self::Csl => "CSL JSON",
            Self::Gb7714 => "GB/T 7714",
        }
    }

    /// The format with this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// All names.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(" ")
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Iso2709 => "application/marc",
            Self::Marcxml => "application/marcxml+xml; charset=utf-8",
            Self::Ris => "application/x-research-info-systems; charset=utf-8",
            Self::Bibtex => "application/x-bibtex; charset=utf-8",
            Self::Csl => "application/vnd.citationstyles.csl+json",
            Self::Gb7714 => "text/plain; charset=utf-8",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Iso2709 => "mrc",
            Self::Marcxml => "xml",
            Self::Ris => "ris",
            Self::Bibtex => "bib",
            Self::Csl => "json",
            Self::Gb7714 => "txt",
        }
    }
}

/// The citation by GB/T 7714.
fn citation(bib: &Bib) -> String {
    written(|out| export::write_gb7714(bib, Gb7714::Of2015, out))
}

/// Names of styles with the reference in each; where both GB/T 7714 say the same it stands once.
pub(crate) fn citations(bib: &Bib) -> Vec<(&'static str, String)> {
    let of_2025 = written(|out| export::write_gb7714(bib, Gb7714::Of2025, out));
    let of_2015 = citation(bib);
    let apa = ("APA 7", written(|out| export::write_apa(bib, out)));
    if of_2015 == of_2025 {
        vec![("GB/T 7714—2025, 2015", of_2025), apa]
    } else {
        vec![("GB/T 7714—2025", of_2025), ("GB/T 7714—2015", of_2015), apa]
    }
}

/// The entry in a format.
pub(crate) fn write(format: Format, entry: &Entry, archive: &Archive) -> Result<Vec<u8>, WebError> {
    Ok(match format {
        Format::Iso2709 => iso2709(entry, archive)?,
        Format::Marcxml => marcxml(entry, archive)?.into_bytes(),
        Format::Ris => text(|out| export::write_ris(&entry.bib, None, out)),
        Format::Bibtex => text(|out| export::write_bibtex(&entry.bib, entry.id.as_str(), None, out)),
        Format::Csl => format!("{}\n", export::write_csl(&entry.bib, entry.id.as_str(), None)).into_bytes(),
        Format::Gb7714 => format!("{}\n", citation(&entry.bib)).into_bytes(),
    })
}

/// Several entries in a format, as one file; those whose MARC is not here are left out of a file of MARC.
pub(crate) fn write_all(format: Format, entries: &[Entry], archive: &Archive) -> Result<Vec<u8>, WebError> {
    match format {
        Format::Csl => {
            let items = entries.iter().map(|e| export::write_csl(&e.bib, e.id.as_str(), None)).collect();
            return Ok(format!("{}\n", serde_json::Value::Array(items)).into_bytes());
        }
        Format::Marcxml => {
            let found: Vec<RawRecord> =
                entries.iter().filter_map(|e| originals(e, archive).ok()).flatten().collect();
            return if found.is_empty() {
                Err(WebError::NoOriginal)
            } else {
                Ok(as_marcxml(&found).into_bytes())
            };
        }
        _ => {}
    }
    let mut out = Vec::new();
    for entry in entries {
        match write(format, entry, archive) {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(WebError::NoOriginal) => {}
            Err(cause) => return Err(cause),
        }
    }
    if out.is_empty() && !entries.is_empty() { Err(WebError::NoOriginal) } else { Ok(out) }
}

fn text(write: impl FnOnce(&mut String)) -> Vec<u8> {
    written(write).into_bytes()
}

fn written(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

/// The formats in which an entry can be had: those of MARC only where an original is on this machine.
pub(crate) fn formats_of(entry: &Entry, archive: &Archive) -> impl Iterator<Item = Format> {
    let is_kept = entry.members.iter().any(|m| archive.record(&m.library, m.locator).is_ok());
    let of_marc = |format: &Format| matches!(format, Format::Iso2709 | Format::Marcxml);
    Format::ALL.into_iter().filter(move |format| is_kept || !of_marc(format))
}

/// The original records behind an entry that are on this machine.
fn originals(entry: &Entry, archive: &Archive) -> Result<Vec<RawRecord>, WebError> {
    let found = entry.members.iter().filter_map(|m| archive.record(&m.library, m.locator).ok());
    let found: Vec<RawRecord> = found.collect();
    if found.is_empty() { Err(WebError::NoOriginal) } else { Ok(found) }
}

fn read(raw: &RawRecord) -> Option<Record> {
    let mut record = Record::default();
    parse(raw, &ParseOptions::default(), &mut record).ok()?;
    Some(record)
}

/// One record after another: what came as ISO 2709 goes out as it came.
fn iso2709(entry: &Entry, archive: &Archive) -> Result<Vec<u8>, WebError> {
    let mut out = Vec::new();
    for raw in originals(entry, archive)? {
        if raw.carrier == Carrier::Iso2709 {
            out.extend_from_slice(&raw.bytes);
        } else if let Some(record) = read(&raw) {
            // A record too long for the format is left to MARCXML.
            let before = out.len();
            if export::write_iso2709(&record, &mut out).is_err() {
                out.truncate(before);
            }
        }
    }
    if out.is_empty() { Err(WebError::NoOriginal) } else { Ok(out) }
}

fn marcxml(entry: &Entry, archive: &Archive) -> Result<String, WebError> {
    Ok(as_marcxml(&originals(entry, archive)?))
}

fn as_marcxml(records: &[RawRecord]) -> String {
    let mut out = export::MARCXML_BEGIN.to_owned();
    for record in records.iter().filter_map(read) {
        export::write_marcxml(&record, &mut out);
    }
    out.push_str(export::MARCXML_END);
    out
}

/// The answer that carries the entry as a file.
pub(crate) fn response(format: Format, entry: &Entry, archive: &Archive) -> Result<Response, WebError> {
    Ok(file(format, entry.id.as_str(), write(format, entry, archive)?))
}

/// The answer that carries a file of this name, without its ending.
pub(crate) fn file(format: Format, name: &str, body: Vec<u8>) -> Response {
    let name = format!("attachment; filename=\"{name}.{}\"", format.extension());
    let about = [(header::CONTENT_TYPE, format.content_type()), (header::CONTENT_DISPOSITION, &name)];
    (about, body).into_response()
}
