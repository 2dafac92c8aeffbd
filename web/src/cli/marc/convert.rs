//! `--to`: records as they were read, written in another form.

use std::io::{self, Write};

use indexer::marc::Account;

use super::{Item, Sink};

/// Forms that records can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// ISO 2709 in UTF-8.
    Iso2709,
    /// MARCXML, one collection.
    Marcxml,
    /// MARC-in-JSON, one record a line.
    Jsonl,
}

pub(super) struct Converter<W> {
    form: Form,
    out: W,
}

impl<W: Write> Converter<W> {
    pub(super) fn new(form: Form, out: W) -> Self {
        Self { form, out }
    }
}

impl<W: Write> Sink for Converter<W> {
    fn item(&mut self, _item: &Item<'_>) -> io::Result<()> {
        let _ = self.form;
        Ok(())
    }

    fn summary(&mut self, _file: &str, _account: &Account) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
