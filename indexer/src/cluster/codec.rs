//! Match records as bytes and back: varints and texts behind a version byte.
//!
//! What cannot be a record is `None`; nothing is allocated that the bytes do not hold.

use crate::bib::MaterialType;

use super::edition::Edition;
use super::extent::Extent;
use super::record::{MAX_NUMBERS, MatchRecord, N_TEXTS};

const VERSION: u8 = 1;

const REVISED: u8 = 1;
const FACSIMILE: u8 = 2;
const SET: u8 = 4;
const DENSE: u8 = 8;

impl MatchRecord {
    /// Appends the record's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        let flags = flag(self.edition.revised, REVISED)
            | flag(self.edition.facsimile, FACSIMILE)
            | flag(self.is_set, SET)
            | flag(self.is_dense, DENSE);
        out.extend([VERSION, self.kind as u8, flags, self.edition.number]);
        out.extend([self.extent.volumes, self.extent.height]);
        put(out, u64::from(self.extent.pages));
        put(out, u64::from(self.year.cast_unsigned()));
        put(out, u64::from(self.other_year.cast_unsigned()));
        out.extend(self.figures.to_le_bytes());
        out.extend(self.all_figures.to_le_bytes());
        let mut before = 0;
        for end in self.ends {
            put(out, u64::from(end - before));
            before = end;
        }
        out.extend(self.text.as_bytes());
        for numbers in [&self.isbns, &self.wrong_isbns, &self.issns, &self.controls] {
            out.push(numbers.len() as u8);
            numbers.iter().for_each(|n| put(out, *n));
        }
    }

    /// Reads what `encode` wrote; `None` for other bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[version, kind, flags, number, volumes, height], mut rest) = bytes.split_first_chunk::<6>()?;
        let kind = *MaterialType::ALL.get(usize::from(kind))?;
        if version != VERSION || flags > 15 {
            return None;
        }
        let pages = u16::try_from(take(&mut rest)?).ok()?;
        let year = u16::try_from(take(&mut rest)?).ok()?.cast_signed();
        let other_year = u16::try_from(take(&mut rest)?).ok()?.cast_signed();
        let (figures, after) = rest.split_first_chunk::<4>()?;
        let (all_figures, after) = after.split_first_chunk::<4>()?;
        let [figures, all_figures] = [figures, all_figures].map(|f| u32::from_le_bytes(*f));
        rest = after;
        let mut ends = [0u16; N_TEXTS];
        let mut end = 0u16;
        for slot in &mut ends {
            end = end.checked_add(u16::try_from(take(&mut rest)?).ok()?)?;
            *slot = end;
        }
        let (text, after) = rest.split_at_checked(usize::from(end))?;
        let text = std::str::from_utf8(text).ok()?;
        if !ends.iter().all(|&e| text.is_char_boundary(usize::from(e))) {
            return None;
        }
        rest = after;
        let [isbns, wrong_isbns, issns, controls] =
            [numbers(&mut rest)?, numbers(&mut rest)?, numbers(&mut rest)?, numbers(&mut rest)?];
        let edition = Edition { number, revised: flags & REVISED != 0, facsimile: flags & FACSIMILE != 0 };
        rest.is_empty().then(|| Self {
            kind,
            text: text.to_owned(),
            ends,
            isbns,
            wrong_isbns,
            issns,
            controls,
            year,
            other_year,
            figures,
            all_figures,
            edition,
            extent: Extent { pages, volumes, height },
            is_set: flags & SET != 0,
            is_dense: flags & DENSE != 0,
        })
    }
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for i in 0..10 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if i == 9 && byte > 1 {
            return None;
        }
        n |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

fn numbers(bytes: &mut &[u8]) -> Option<Vec<u64>> {
    let (&len, rest) = bytes.split_first()?;
    *bytes = rest;
    if usize::from(len) > MAX_NUMBERS {
        return None;
    }
    (0..len).map(|_| take(bytes)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use proptest::prelude::*;

    use super::*;
    use crate::bib::{Bib, Isbn, Issn};

    fn sample() -> MatchRecord {
        let mut bib = Bib::empty(MaterialType::BookChi);
        bib.title = Some("三國演義（第2版）：校注本".into());
        bib.responsibility = Some("罗贯中著 ; 张三校注".into());
        bib.publisher = Some("人民文学出版社".into());
        bib.place = Some("北京".into());
        bib.year = Some(1998);
        bib.date_text = Some("1998 (2004)".into());
        bib.extent = Some("3册(1208页) ; 20cm".into());
        bib.isbns = vec![Isbn(9787533918453)];
        bib.issns = vec![Issn(*b"03785955")];
        bib.other_ids = vec!["(NLC)0012345".into()];
        MatchRecord::of(&bib)
    }

    #[test]
    fn records_round_trip_in_few_bytes() {
        let mut bytes = Vec::new();
        sample().encode(&mut bytes);
        assert!(bytes.len() < 150, "{}", bytes.len());
        assert_eq!(MatchRecord::decode(&bytes).unwrap(), sample());
        for end in 0..bytes.len() {
            assert_eq!(MatchRecord::decode(&bytes[..end]), None, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            at in any::<proptest::sample::Index>(),
            to in any::<u8>(),
        ) {
            let _ = MatchRecord::decode(&bytes);
            let mut damaged = Vec::new();
            sample().encode(&mut damaged);
            let at = at.index(damaged.len());
            damaged[at] = to;
            // What is still a record can be compared.
            if let Some(record) = MatchRecord::decode(&damaged) {
                let mut keys = Vec::new();
                crate::cluster::block_keys(&record, &mut keys);
                crate::cluster::compare(&record, &sample());
                crate::cluster::explain(&record, &sample());
            }
        }
    }
}
