//! UTF-16 input as UTF-8 output, piece by piece: a UTF-16 file is transcoded before it is framed (DOMAIN §1.2 row 20).

use std::io::{self, Read};

/// Which byte of a code unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

pub(crate) struct Utf8From16<R> {
    input: R,
    order: ByteOrder,
    // Bytes read and not yet decoded: at most half a code unit or a lone high surrogate after a read.
    pending: Vec<u8>,
    // UTF-8 that did not fit into the caller's buffer.
    ready: Vec<u8>,
    ready_from: usize,
    at_end: bool,
    /// 1 when the input ended in the middle of a code unit.
    pub(crate) odd_byte: u64,
}

impl<R: Read> Utf8From16<R> {
    pub(crate) fn new(input: R, order: ByteOrder) -> Self {
        Self {
            input,
            order,
            pending: Vec::new(),
            ready: Vec::new(),
            ready_from: 0,
            at_end: false,
            odd_byte: 0,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0u8; 16 * 1024];
        let n = loop {
            match self.input.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.at_end = n == 0;
        self.pending.extend_from_slice(&chunk[..n]);
        let mut units: Vec<u16> = self
            .pending
            .chunks_exact(2)
            .map(|pair| match self.order {
                ByteOrder::Little => u16::from_le_bytes([pair[0], pair[1]]),
                ByteOrder::Big => u16::from_be_bytes([pair[0], pair[1]]),
            })
            .collect();
        let mut used = units.len() * 2;
        if !self.at_end && units.last().is_some_and(|u| (0xD800..0xDC00).contains(u)) {
            units.pop();
            used -= 2;
        }
        self.ready.clear();
        self.ready_from = 0;
        let mut utf8 = [0u8; 4];
        for unit in char::decode_utf16(units) {
            let character = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        self.pending.drain(..used);
        if self.at_end {
            self.odd_byte = self.pending.len() as u64;
            self.pending.clear();
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8From16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready_from == self.ready.len() {
            if self.at_end {
                return Ok(0);
            }
            self.fill()?;
        }
        let n = buffer.len().min(self.ready.len() - self.ready_from);
        buffer[..n].copy_from_slice(&self.ready[self.ready_from..self.ready_from + n]);
        self.ready_from += n;
        Ok(n)
    }
}
