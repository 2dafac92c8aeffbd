//! `--to`: records as they were read, written in another form; what could not be written is told on stderr.

use std::io::{self, Write};

use indexer::export::{MARCXML_BEGIN, MARCXML_END, write_iso2709, write_marc_json, write_marcxml};
use indexer::marc::{Account, Carrier, Lang};

use super::{Item, Sink};

/// Forms that records can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// ISO 2709: sound records byte for byte, others in UTF-8.
    Iso2709,
    /// MARCXML, one collection.
    Marcxml,
    /// MARC-in-JSON, one record a line.
    Jsonl,
}

pub(super) struct Converter<W> {
    form: Form,
    out: W,
    text: String,
    bytes: Vec<u8>,
    begun: bool,
    unwritten: u64,
}

impl<W: Write> Converter<W> {
    pub(super) fn new(form: Form, out: W) -> Self {
        Self { form, out, text: String::new(), bytes: Vec::new(), begun: false, unwritten: 0 }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.begun && self.form == Form::Marcxml {
            self.out.write_all(MARCXML_BEGIN.as_bytes())?;
        }
        self.begun = true;
        Ok(())
    }

    fn write_iso2709(&mut self, item: &Item<'_>) -> io::Result<()> {
        if item.raw.carrier == Carrier::Iso2709 && item.record.flaws.is_empty() {
            return self.out.write_all(&item.raw.bytes);
        }
        self.bytes.clear();
        match write_iso2709(item.record, &mut self.bytes) {
            Ok(()) => self.out.write_all(&self.bytes),
            Err(too_long) => {
                self.unwritten += 1;
                eprintln!("{}: record {}, byte {}: {too_long}", item.file, item.n, item.raw.offset);
                Ok(())
            }
        }
    }
}

impl<W: Write> Sink for Converter<W> {
    fn item(&mut self, item: &Item<'_>) -> io::Result<()> {
        self.begin()?;
        if let Some(flaw) = item.reject {
            let code = flaw.code;
            eprintln!(
                "{}: record {}, byte {}: {} [{code}]",
                item.file,
                item.n,
                flaw.at,
                code.sentence(Lang::En)
            );
            return Ok(());
        }
        self.text.clear();
        match self.form {
            Form::Iso2709 => return self.write_iso2709(item),
            Form::Marcxml => write_marcxml(item.record, &mut self.text),
            Form::Jsonl => {
                write_marc_json(item.record, &mut self.text);
                self.text.push('\n');
            }
        }
        self.out.write_all(self.text.as_bytes())
    }

    fn summary(&mut self, _file: &str, _account: &Account) -> io::Result<()> {
        Ok(())
    }

    fn unwritten(&self) -> u64 {
        self.unwritten
    }

    fn finish(&mut self) -> io::Result<()> {
        self.begin()?;
        if self.form == Form::Marcxml {
            self.out.write_all(MARCXML_END.as_bytes())?;
        }
        self.out.flush()
    }
}
