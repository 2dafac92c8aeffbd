//! Where an ISO 2709 record begins and ends when its leader may lie (DOMAIN §1.2).
//!
//! A record ends at its record terminator; the length in its leader is a hint. Does not look at fields.

use std::io::{self, Read};

use memchr::{memchr, memmem};

use super::super::reader::{Framed, Source};
use super::super::{Account, Carrier, Flaw, FlawCode, RawRecord};
use super::{close_reject, take_filler, take_record, take_reject};

/// Record terminator.
const RT: u8 = 0x1D;
/// Field terminator.
const FT: u8 = 0x1E;

pub(crate) struct Iso2709Framer {
    max_record: usize,
    // Bytes from the start of the window that are known to hold no record terminator.
    clear_of_rt: usize,
}

/// A decision about the bytes at the start of the window.
enum Cut {
    Record(usize),
    Stray(usize),
    TooLong,
}

impl Iso2709Framer {
    pub(super) fn next<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> io::Result<Option<Framed>> {
        self.skip_filler(window, account)?;
        if window.ensure(1)? == 0 {
            return Ok(None);
        }
        let end = self.find_rt(window, 0)?;
        let cut = match end {
            Some(rt) if is_as_stated(window.data(), rt + 1) => Cut::Record(rt + 1),
            _ => self.resolve(window, end, raw)?,
        };
        let framed = match cut {
            Cut::Record(n) => {
                let offset = window.offset();
                raw.flaws.iter_mut().for_each(|flaw| flaw.at += offset);
                let framed = take_record(window, n, Carrier::Iso2709, raw, account);
                self.moved(n);
                framed
            }
            Cut::Stray(n) => {
                take_reject(window, n, raw);
                self.moved(n);
                close_reject(raw, Carrier::Iso2709, FlawCode::StrayBytes, account)
            }
            Cut::TooLong => {
                self.skip_overlong(window, raw)?;
                close_reject(raw, Carrier::Iso2709, FlawCode::TooLong, account)
            }
        };
        Ok(Some(framed))
    }
}

impl Iso2709Framer {
    pub(crate) fn new(max_record: usize) -> Self {
        Self { max_record, clear_of_rt: 0 }
    }

    fn moved(&mut self, n: usize) {
        self.clear_of_rt = self.clear_of_rt.saturating_sub(n);
    }

    fn skip_filler<R: Read>(&mut self, window: &mut Source<R>, account: &mut Account) -> io::Result<()> {
        while window.ensure(24)? > 0 {
            let n = filler(window.data());
            if n == 0 {
                break;
            }
            take_filler(window, n, account);
            self.moved(n);
        }
        Ok(())
    }

    /// Index of the first record terminator at or after `from`; none before the end of the input or the limit.
    fn find_rt<R: Read>(&mut self, window: &mut Source<R>, from: usize) -> io::Result<Option<usize>> {
        let mut at = if from == 0 { self.clear_of_rt } else { from };
        loop {
            let data = window.data();
            let stop = data.len().min(self.max_record);
            if at < stop {
                if let Some(found) = memchr(RT, &data[at..stop]) {
                    if from == 0 {
                        self.clear_of_rt = at + found;
                    }
                    return Ok(Some(at + found));
                }
                at = stop;
                if from == 0 {
                    self.clear_of_rt = at;
                }
            }
            if stop == self.max_record || !window.more()? {
                return Ok(None);
            }
        }
    }

    /// The slow path: what the bytes up to the first record terminator, or up to the end, really are.
    fn resolve<R: Read>(
        &mut self,
        window: &mut Source<R>,
        rt: Option<usize>,
        raw: &mut RawRecord,
    ) -> io::Result<Cut> {
        let data = window.data();
        let span = rt.map_or(data.len().min(self.max_record), |rt| rt + 1);
        let within = &data[..span];
        if !is_leader(within) {
            return Ok(match find_leader(within, 1) {
                // A leader one character too long: parsing puts it right.
                Some(1) => Cut::Record(span),
                Some(at) if memchr(FT, &within[..at]).is_none() => Cut::Stray(at),
                Some(at) => missing_terminator(raw, at),
                None if rt.is_none() && span == self.max_record => Cut::TooLong,
                None if memchr(FT, within).is_none() => Cut::Stray(span),
                None => Cut::Record(span),
            });
        }
        if let Some(at) = find_leader_after_field(within, 24) {
            return Ok(missing_terminator(raw, at));
        }
        let Some(rt) = rt else {
            if span == self.max_record {
                return Ok(Cut::TooLong);
            }
            let code = if wanted(within) > span + 1 {
                FlawCode::TruncatedRecord
            } else {
                FlawCode::MissingTerminator
            };
            raw.flaws.push(Flaw { code, at: span as u64 });
            return Ok(Cut::Record(span));
        };
        let length = self.extend(window, rt + 1, raw)?;
        if stated_length(window.data()) != Some(length) {
            raw.flaws.push(Flaw { code: FlawCode::WrongLength, at: 0 });
        }
        Ok(Cut::Record(length))
    }

    /// Goes on over record terminators that stand inside the record: those after which the directory still
    /// promises data and no leader follows.
    fn extend<R: Read>(
        &mut self,
        window: &mut Source<R>,
        first: usize,
        raw: &mut RawRecord,
    ) -> io::Result<usize> {
        let wanted = wanted(&window.data()[..first]).min(self.max_record);
        let mut length = first;
        while length < wanted {
            window.ensure(length + 64)?;
            let rest = &window.data()[length..];
            let next = rest.get(filler(rest)..).unwrap_or_default();
            if next.is_empty() || is_leader(next) {
                break;
            }
            let Some(rt) = self.find_rt(window, length)? else { break };
            let between = &window.data()[length..rt];
            if rt >= wanted.saturating_add(8) || find_leader(between, 0).is_some() {
                break;
            }
            raw.flaws.push(Flaw { code: FlawCode::EmbeddedTerminator, at: length as u64 - 1 });
            length = rt + 1;
        }
        Ok(length)
    }

    /// Quarantines up to the next record terminator or leader, however far it is.
    fn skip_overlong<R: Read>(&mut self, window: &mut Source<R>, raw: &mut RawRecord) -> io::Result<()> {
        loop {
            let data = window.data();
            let rt = memchr(RT, data).map(|at| at + 1);
            let leader = find_leader_after_field(data, 24);
            if let Some(n) = [rt, leader].into_iter().flatten().min() {
                take_reject(window, n, raw);
                break;
            }
            // A leader may straddle the end of the window.
            let n = data.len().saturating_sub(32);
            take_reject(window, n, raw);
            if !window.more()? {
                let n = window.data().len();
                take_reject(window, n, raw);
                break;
            }
        }
        self.clear_of_rt = 0;
        Ok(())
    }
}

fn missing_terminator(raw: &mut RawRecord, at: usize) -> Cut {
    raw.flaws.push(Flaw { code: FlawCode::MissingTerminator, at: at as u64 });
    Cut::Record(at)
}

/// Number of bytes at the start that are padding between records.
fn filler(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        match byte {
            b' ' | 0 if is_leader(&data[at..]) => break,
            b'\r' | b'\n' | b' ' | b'\t' | 0 | 0x1A | RT => at += 1,
            0xEF if data[at..].starts_with(b"\xEF\xBB\xBF") => at += 3,
            _ => break,
        }
    }
    at
}

/// The length in the leader, where it is a number.
fn stated_length(data: &[u8]) -> Option<usize> {
    number(data.get(..5)?)
}

fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0usize, |sum, b| b.is_ascii_digit().then(|| sum * 10 + (b - b'0') as usize))
}

fn is_as_stated(data: &[u8], length: usize) -> bool {
    length > 24 && stated_length(data) == Some(length)
}

/// Whether 24 bytes look like a leader: `[0-9 ]{5}[a-z].{4}22[0-9 ]{5}.{3}45`.
pub(super) fn is_leader(data: &[u8]) -> bool {
    let Some(leader) = data.get(..24) else { return false };
    let number_like = |b: &u8| b.is_ascii_digit() || *b == b' ' || *b == 0;
    &leader[20..22] == b"45"
        && &leader[10..12] == b"22"
        && leader[..5].iter().all(number_like)
        && leader[5].is_ascii_alphabetic()
        && leader[12..17].iter().all(number_like)
}

/// Where the first leader begins, from `from` on.
fn find_leader(data: &[u8], from: usize) -> Option<usize> {
    let tail = data.get(from..)?;
    memmem::find_iter(tail, b"45")
        .filter_map(|at| (from + at).checked_sub(20))
        .find(|&at| at >= from && is_leader(&data[at..]))
}

/// The same, where a field or a line has just ended: what looks like a leader inside a text is none.
fn find_leader_after_field(data: &[u8], from: usize) -> Option<usize> {
    let tail = data.get(from..)?;
    memmem::find_iter(tail, b"45").filter_map(|at| (from + at).checked_sub(20)).find(|&at| {
        at >= from
            && is_leader(&data[at..])
            && (matches!(data[at - 1], FT | b'\n' | b'\r' | 0)
                || data[..at].ends_with(b"\xEF\xBB\xBF")
                || is_stated_end(data, at))
    })
}

/// Whether the record at the start is stated to end where the next leader begins, give or take its terminator.
fn is_stated_end(data: &[u8], at: usize) -> bool {
    stated_length(data).is_some_and(|stated| stated == at || stated == at + 1)
}

/// How long the record wants to be by its directory, or by its length where the directory cannot be read.
fn wanted(data: &[u8]) -> usize {
    by_directory(data).unwrap_or_else(|| stated_length(data).unwrap_or(0))
}

fn by_directory(data: &[u8]) -> Option<usize> {
    let base = number(data.get(12..17)?)?;
    let directory = data.get(24..base.checked_sub(1)?)?;
    if !directory.len().is_multiple_of(12) {
        return None;
    }
    let mut furthest = 0;
    for entry in directory.chunks_exact(12) {
        furthest = furthest.max(number(&entry[3..7])? + number(&entry[7..12])?);
    }
    Some(base + furthest + 1)
}
