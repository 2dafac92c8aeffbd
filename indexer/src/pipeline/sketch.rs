//! A set of records in a few thousand numbers, by which two sets can be compared: are these the same records, do
//! they stand in the same rooms?
//!
//! Of the content hashes the smallest are kept: of two such samples the part below the smaller bound is a fair
//! sample of both. Location codes are counted as they stand in the records. It judges nothing.

use std::collections::BTreeMap;
use std::collections::BinaryHeap;

use super::error::Result;
use super::library_records::LibraryRecords;
use crate::archive::{ContentHash, LibraryArchive};
use crate::marc::Record;

const FILE: &str = "sketch";
const MAGIC: &str = "lianmu-sketch 2";
/// Begins the last line, which is the hash of those before.
const CHECK: &str = "blake3 ";
/// Hashes that are kept.
const KEPT: usize = 4096;
/// Different codes that are counted.
const MAX_CODES: usize = 512;
const MAX_CODE_BYTES: usize = 64;
/// Records of an archive that codes are read from.
const SAMPLE: usize = 2000;
/// Fewer coded records than this say nothing.
const ENOUGH: u32 = 8;

/// What is left of a set of records when it is to be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    // Ascending.
    contents: Vec<u64>,
    codes: BTreeMap<String, u32>,
}

impl Sketch {
    /// Share of these records that are in the other set, byte for byte.
    pub fn share_in(&self, other: &Self) -> f64 {
        let bound = self.bound().min(other.bound());
        let below = self.contents.iter().take_while(|&&hash| hash <= bound);
        let (mut n, mut n_shared) = (0u32, 0u32);
        for hash in below {
            n += 1;
            n_shared += u32::from(other.contents.binary_search(hash).is_ok());
        }
        if n == 0 { 0.0 } else { f64::from(n_shared) / f64::from(n) }
    }

    /// Overlap of the location codes between 0 and 1; nothing where either set has too few to compare.
    pub fn likeness_of_codes(&self, other: &Self) -> Option<f64> {
        let (n_own, n_other) = (self.n_codes(), other.n_codes());
        if n_own < u64::from(ENOUGH) || n_other < u64::from(ENOUGH) {
            return None;
        }
        let share = |n: u32, of: u64| f64::from(n) / of as f64;
        let overlap = self.codes.iter().map(|(code, &n)| {
            let in_other = other.codes.get(code).copied().unwrap_or(0);
            share(n, n_own).min(share(in_other, n_other))
        });
        Some(overlap.sum())
    }

    /// The commonest location code.
    pub fn commonest_code(&self) -> Option<&str> {
        let (code, _) = self.codes.iter().max_by_key(|(code, n)| (**n, std::cmp::Reverse(*code)))?;
        Some(code)
    }

    fn n_codes(&self) -> u64 {
        self.codes.values().map(|&n| u64::from(n)).sum()
    }

    // Every hash up to here is in the sample.
    fn bound(&self) -> u64 {
        if self.contents.len() < KEPT { u64::MAX } else { self.contents.last().copied().unwrap_or(u64::MAX) }
    }

    fn to_text(&self, state: u64) -> String {
        let hashes: Vec<String> = self.contents.iter().map(|hash| format!("{hash:x}")).collect();
        let codes: String = self.codes.iter().map(|(code, n)| format!("{n} {code}\n")).collect();
        let text = format!("{MAGIC}\n{state}\n{}\n{codes}", hashes.join(" "));
        let check = check_line(&text);
        text + &check
    }

    // A sketch of another state, or one that cannot be read, is made anew.
    fn parse(text: &str, state: u64) -> Option<Self> {
        let (before, check) = text.split_at(text.rfind(CHECK)?);
        (check == check_line(before)).then_some(())?;
        let mut lines = before.lines();
        let fits = lines.next()? == MAGIC && lines.next()?.parse() == Ok(state);
        fits.then_some(())?;
        let hashes = lines.next()?.split_whitespace().map(|hash| u64::from_str_radix(hash, 16).ok());
        let mut contents = hashes.collect::<Option<Vec<u64>>>()?;
        contents.sort_unstable();
        let codes = lines.map(|line| {
            let (n, code) = line.split_once(' ')?;
            Some((code.to_owned(), n.parse().ok()?))
        });
        Some(Self { contents, codes: codes.collect::<Option<_>>()? })
    }
}

/// A sketch being made.
#[derive(Debug, Default)]
pub(super) struct Sketcher {
    smallest: BinaryHeap<u64>,
    codes: BTreeMap<String, u32>,
}

impl Sketcher {
    pub(super) fn add(&mut self, content: ContentHash) {
        let hash = short(content);
        if self.smallest.len() < KEPT {
            self.smallest.push(hash);
        } else if self.smallest.peek().is_some_and(|&largest| hash < largest) {
            self.smallest.pop();
            self.smallest.push(hash);
        }
    }

    pub(super) fn add_codes(&mut self, codes: &[String]) {
        for code in codes {
            if let Some(n) = self.codes.get_mut(code) {
                *n = n.saturating_add(1);
            } else if self.codes.len() < MAX_CODES {
                self.codes.insert(code.clone(), 1);
            }
        }
    }

    pub(super) fn finish(self) -> Sketch {
        let mut contents = self.smallest.into_sorted_vec();
        contents.dedup();
        Sketch { contents, codes: self.codes }
    }
}

/// Whether the codes of a record with this content are to be read: those of one in eight.
pub(super) fn is_sampled(content: ContentHash) -> bool {
    content.as_bytes()[15] & 7 == 0
}

/// The location codes of a record, each once.
pub(super) fn codes_of(record: &Record) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for (tag, wanted) in [(b"905", ['a', 'a']), (b"852", ['a', 'b'])] {
        for field in record.fields_tagged(tag).filter(|field| !field.is_control()) {
            for (_, text) in field.subfields().filter(|(code, _)| wanted.contains(code)) {
                let text = text.trim();
                let fits = !text.is_empty() && text.len() <= MAX_CODE_BYTES && !text.contains('\n');
                if fits && !codes.iter().any(|have| have == text) {
                    codes.push(text.to_owned());
                }
            }
        }
    }
    codes
}

/// The sketch of a library's current records, made anew only where the records are other ones.
pub fn sketch_of(library: &LibraryArchive) -> Result<Sketch> {
    let Some(stamp) = library.stamp()? else { return Ok(Sketch::default()) };
    // Nothing hangs on it: one that is no text any more is made anew too.
    let kept = library.read_small(FILE).unwrap_or_default();
    if let Some(sketch) = kept.and_then(|text| Sketch::parse(&text, stamp.number)) {
        return Ok(sketch);
    }
    let mut sketcher = Sketcher::default();
    library.state()?.slots.iter().for_each(|slot| sketcher.add(slot.content));
    for record in LibraryRecords::open(library, None)?.sample(SAMPLE)? {
        sketcher.add_codes(&codes_of(&record));
    }
    let sketch = sketcher.finish();
    library.write_small(FILE, &sketch.to_text(stamp.number))?;
    Ok(sketch)
}

fn check_line(text: &str) -> String {
    format!("{CHECK}{}\n", &blake3::hash(text.as_bytes()).to_hex()[..16])
}

fn short(content: ContentHash) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&content.as_bytes()[..8]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marc::Carrier;

    fn sketch(records: std::ops::Range<u32>, code: &str) -> Sketch {
        let mut sketcher = Sketcher::default();
        for n in records {
            sketcher.add(ContentHash::of_parts(Carrier::Iso2709, format!("红楼梦{n}").as_bytes()));
            sketcher.add_codes(&[code.to_owned(), "总馆".to_owned()]);
        }
        sketcher.finish()
    }

    #[test]
    fn shares_are_about_right_at_any_size() {
        for (own, other, expect) in [
            (0..10, 0..10, 1.0),
            (0..10, 5..20, 0.5),
            (0..20_000, 10_000..50_000, 0.5),
            (0..3000, 0..50_000, 1.0),
            (0..50_000, 0..3000, 0.06),
            (0..10, 20..30, 0.0),
            (0..0, 0..10, 0.0),
        ] {
            let share = sketch(own.clone(), "a").share_in(&sketch(other.clone(), "a"));
            assert!((share - expect).abs() < 0.06, "{own:?} in {other:?}: {share}");
        }
    }

    #[test]
    fn codes_are_compared_by_their_shares() {
        let [a, also_a, b] = [sketch(0..50, "北林"), sketch(50..90, "北林"), sketch(0..50, "邮电")];
        assert_eq!(a.likeness_of_codes(&also_a), Some(1.0));
        assert_eq!(a.likeness_of_codes(&b), Some(0.5), "both have a main building");
        assert_eq!(a.likeness_of_codes(&sketch(0..2, "北林")), None, "too few to say");
        assert_eq!(b.commonest_code(), Some("总馆"));
    }

    #[test]
    fn a_sketch_is_written_and_read() {
        let sketch = sketch(0..5000, "三层 自科阅览");
        assert_eq!(Sketch::parse(&sketch.to_text(7), 7), Some(sketch.clone()));
        assert_eq!(Sketch::parse(&sketch.to_text(7), 8), None, "of another state");
        assert_eq!(Sketch::parse("", 7), None);
        assert_eq!(Sketch::parse(&sketch.to_text(7)[..40], 7), None);
    }

    #[test]
    fn no_flipped_bit_is_read() {
        let whole = sketch(0..9, "blake3 阅览").to_text(7).into_bytes();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = String::from_utf8(bytes).ok().and_then(|text| Sketch::parse(&text, 7));
            assert_eq!(found, None, "bit {bit}");
        }
    }
}
