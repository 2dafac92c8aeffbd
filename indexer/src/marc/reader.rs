//! The reader: any input that may hold MARC → framed records, with a full account of its bytes.
//!
//! Finds out the carrier form from the beginning of the input and lets the framer of that form cut it up.
//! Memory is bounded by `ReadOptions::max_record`, whatever the input. Knows nothing of what a record says.

use std::io::{self, Read};

use super::frame::{Framer, sniff};
use super::utf16::Utf8From16;
use super::window::Window;
use super::{Account, Flaw, FlawCode, RawRecord};

/// Limits of a reader.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// Longest record that is accepted in ISO 2709 and the text forms, in bytes.
    pub max_record: usize,
    /// Longest record in XML or JSON, which have no limit of their own: 4 MB have been seen.
    pub max_markup: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { max_record: 2 << 20, max_markup: 16 << 20 }
    }
}

/// What the reader found; the bytes are in the `RawRecord` in both cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// A record, to be parsed.
    Record,
    /// A quarantined fragment.
    Reject(Flaw),
}

/// The input could not be read. Faulty data is never an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading failed.
    #[error("cannot read the input at byte {offset}")]
    Read {
        /// Bytes consumed so far.
        offset: u64,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file cannot be opened.
    #[error("cannot open {path}")]
    Open {
        /// The file.
        path: std::path::PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Reads records one after the other from any input.
pub struct Reader<R> {
    window: Source<R>,
    framer: Option<Framer>,
    account: Account,
    options: ReadOptions,
    ended: bool,
}

/// The input as it came, or turned into UTF-8 first.
pub(crate) type Source<R> = Window<Input<R>>;

pub(crate) enum Input<R> {
    Plain(R),
    Utf16(Box<Utf8From16<Rest<R>>>),
    Gone,
}

/// What was read to find out the form, then all else.
type Rest<R> = io::Chain<io::Cursor<Vec<u8>>, Input<R>>;

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::Plain(input) => input.read(buffer),
            Input::Utf16(input) => input.read(buffer),
            Input::Gone => Ok(0),
        }
    }
}

impl<R: Read> Reader<R> {
    /// Reads from the beginning of a (decompressed) file.
    pub fn new(input: R, options: ReadOptions) -> Self {
        Self {
            window: Window::new(Input::Plain(input)),
            framer: None,
            account: Account::default(),
            options,
            ended: false,
        }
    }

    /// The next record or fragment; `None` at the end of the input.
    pub fn next(&mut self, raw: &mut RawRecord) -> Result<Option<Framed>, Error> {
        raw.clear();
        if self.ended {
            return Ok(None);
        }
        let step = self.step(raw);
        match step {
            Ok(Some(framed)) => Ok(Some(framed)),
            Ok(None) => Ok(self.end(raw)),
            Err(source) => Err(Error::Read { offset: self.window.offset(), source }),
        }
    }

    /// Where the bytes consumed so far went.
    pub fn account(&self) -> Account {
        self.account
    }

    /// The same, to settle what `parse` made of a record.
    pub fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }

    fn step(&mut self, raw: &mut RawRecord) -> io::Result<Option<Framed>> {
        if self.framer.is_none() {
            self.begin()?;
        }
        match &mut self.framer {
            Some(framer) => framer.next(&mut self.window, raw, &mut self.account),
            None => Ok(None),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.window.ensure(sniff::HEAD)?;
        if let Some(encoding) = sniff::utf16(self.window.data()) {
            let plain = std::mem::replace(&mut self.window, Window::new(Input::Gone));
            self.window = plain.transcode(|rest| Input::Utf16(Box::new(Utf8From16::new(rest, encoding))));
            self.window.ensure(sniff::HEAD)?;
        }
        let form = sniff::form(self.window.data());
        self.framer = Some(Framer::new(form, self.window.data(), self.options));
        Ok(())
    }

    /// What remains to be said at the end of the input.
    fn end(&mut self, raw: &mut RawRecord) -> Option<Framed> {
        raw.clear();
        if let Input::Utf16(input) = self.window.input_mut() {
            // A last odd byte is half a code unit: it belongs to no character.
            self.account.filler(std::mem::take(&mut input.odd_byte));
        }
        if let Some(code) = self.window.refused.take() {
            return Some(self.reject_rest(raw, code));
        }
        self.ended = true;
        if self.account.records == 0 {
            let framed = self.reject_rest(raw, FlawCode::NoRecord);
            raw.offset = 0;
            raw.length = self.account.bytes;
            self.account.close();
            return Some(framed);
        }
        self.account.close();
        None
    }

    /// A reject without bytes of its own, for a cause that concerns the whole file.
    fn reject_rest(&mut self, raw: &mut RawRecord, code: FlawCode) -> Framed {
        raw.offset = self.window.offset();
        raw.length = 0;
        self.account.quarantined(0);
        Framed::Reject(Flaw { code, at: raw.offset })
    }
}
