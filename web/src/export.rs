//! An entry in the formats that other programs read: which there are, and the answer that carries one.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use indexer::archive::Archive;
use indexer::bib::{Bib, Entry};
use indexer::export;
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

    fn content_type(self) -> &'static str {
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
pub(crate) fn citation(bib: &Bib) -> String {
    let mut text = String::new();
    export::write_gb7714(bib, &mut text);
    text
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

fn text(write: impl FnOnce(&mut String)) -> Vec<u8> {
    let mut out = String::new();
    write(&mut out);
    out.into_bytes()
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
    let mut out = export::MARCXML_BEGIN.to_owned();
    for record in originals(entry, archive)?.iter().filter_map(read) {
        export::write_marcxml(&record, &mut out);
    }
    out.push_str(export::MARCXML_END);
    Ok(out)
}

/// The answer that carries the entry as a file.
pub(crate) fn response(format: Format, entry: &Entry, archive: &Archive) -> Result<Response, WebError> {
    let body = write(format, entry, archive)?;
    let name = format!("attachment; filename=\"{}.{}\"", entry.id, format.extension());
    let about = [(header::CONTENT_TYPE, format.content_type()), (header::CONTENT_DISPOSITION, &name)];
    Ok((about, body).into_response())
}
