//! A window that slides over the input: the framers see a slice, the absolute offset travels with it.
//!
//! Knows nothing of records. It grows only as far as a framer asks, and every framer has a limit.

use std::io::{self, Read};

use super::FlawCode;

const CHUNK: usize = 256 * 1024;

/// A read error that stands for a flaw of the file rather than of the machine.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) FlawCode);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.sentence(super::Lang::En))
    }
}

impl std::error::Error for Refused {}

/// How many bytes of the file as received one byte of the window stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Bytes are as received.
    Plain,
    /// The window holds UTF-8 made of UTF-16.
    Utf16,
}

impl Measure {
    pub(crate) fn of(self, bytes: &[u8]) -> u64 {
        match self {
            Measure::Plain => bytes.len() as u64,
            // Additive over any cut: a lead byte stands for its code units, a continuation byte for nothing.
            Measure::Utf16 => bytes
                .iter()
                .map(|&b| match b {
                    0x80..=0xBF => 0,
                    0xF0.. => 4,
                    _ => 2,
                })
                .sum(),
        }
    }
}

pub(crate) struct Window<R> {
    input: R,
    // Filled part is `start..end`; what lies before `start` has been consumed.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    // Offset of `start` in the file as received.
    offset: u64,
    measure: Measure,
    at_end: bool,
    /// Why the input broke off, where it did.
    pub(crate) refused: Option<FlawCode>,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            measure: Measure::Plain,
            at_end: false,
            refused: None,
        }
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn input_mut(&mut self) -> &mut R {
        &mut self.input
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn measure(&self) -> Measure {
        self.measure
    }

    /// Reads some more; false at the end of the input.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        } else if self.start >= CHUNK && self.start >= (self.end - self.start) {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < self.end + CHUNK {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.at_end = true;
                    return Ok(false);
                }
                Ok(n) => {
                    self.end += n;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.refused = Some(refusal(error)?);
                    self.at_end = true;
                    return Ok(false);
                }
            }
        }
    }

    /// Reads until `n` bytes are there or the input ends; returns how many are there.
    pub(crate) fn ensure(&mut self, n: usize) -> io::Result<usize> {
        while self.end - self.start < n {
            if !self.more()? {
                break;
            }
        }
        Ok(self.end - self.start)
    }

    /// Moves past `n` bytes; returns their length in the file as received.
    pub(crate) fn consume(&mut self, n: usize) -> u64 {
        let n = n.min(self.end - self.start);
        let length = self.measure.of(&self.buffer[self.start..self.start + n]);
        self.start += n;
        self.offset += length;
        length
    }

    /// Replaces the input by one made of it and of the bytes already read.
    pub(crate) fn transcode<S>(self, make: impl FnOnce(io::Chain<io::Cursor<Vec<u8>>, R>) -> S) -> Window<S> {
        let head = self.buffer[self.start..self.end].to_vec();
        Window {
            input: make(io::Cursor::new(head).chain(self.input)),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: self.offset,
            measure: Measure::Utf16,
            at_end: false,
            refused: None,
        }
    }
}

/// The flaw behind a read error: damaged or refused contents are, a failing disk is not.
fn refusal(error: io::Error) -> io::Result<FlawCode> {
    if let Some(refused) = error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
        return Ok(refused.0);
    }
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            Ok(FlawCode::DamagedArchive)
        }
        _ => Err(error),
    }
}
