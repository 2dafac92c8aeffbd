//! The commonest pairs of characters of every two syllables, for all segments together.
//!
//! Made once, when somebody first types pinyin, out of the dictionaries of terms, and kept: eight bytes a pair and
//! reading. A search in pinyin looks at all pairs; here only the likely ones are wanted, and at once.

use rustc_hash::FxHashMap;
use std::ops::Range;
use tantivy::schema::Field;

use crate::analysis::pinyin::{self, all_syllables};
use crate::index::reading::Piece;
use crate::search::Catalogue;
use crate::search::segment::Segment;

/// Pairs kept of two syllables.
const KEPT: usize = 24;
/// Readings of a character that count.
const READINGS: usize = 3;

/// The syllables that a piece may stand for, as numbers; `open` where a whole syllable may go on.
pub(super) fn numbers(piece: &Piece, open: bool) -> Range<usize> {
    let letters = piece.letters();
    let first = all_syllables().partition_point(|s| *s < letters);
    let length = all_syllables()[first..].iter().take_while(|s| s.starts_with(letters)).count();
    let whole = piece.is_whole() && !open && all_syllables().get(first) == Some(&letters);
    first..first + if whole { 1 } else { length }
}

/// The pairs of one access point.
pub(super) struct Pairs {
    /// Where the pairs of the two syllables begin, by first and second.
    starts: Vec<u32>,
    /// Characters with their documents.
    pairs: Vec<(u16, u16, u32)>,
}

impl Pairs {
    /// Reads the dictionaries of a field.
    pub(super) fn of(catalogue: &Catalogue, field: impl Fn(&Segment) -> Field) -> tantivy::Result<Self> {
        let mut freqs: FxHashMap<(u16, u16), u32> = FxHashMap::default();
        for segment in &catalogue.segments {
            let index = segment.reader.inverted_index(field(segment))?;
            let mut stream = index.terms().stream()?;
            while stream.advance() {
                if let Some(pair) = pair(stream.key()) {
                    *freqs.entry(pair).or_default() += stream.value().doc_freq;
                }
            }
        }
        let mut known: FxHashMap<u16, Vec<u16>> = FxHashMap::default();
        let mut keyed: Vec<(u32, u32, u16, u16)> = Vec::with_capacity(freqs.len());
        for (&(a, b), &freq) in &freqs {
            for c in [a, b] {
                known.entry(c).or_insert_with(|| read_as(c));
            }
            for (x, y) in known[&a].iter().flat_map(|x| known[&b].iter().map(move |y| (x, y))) {
                let key = u32::from(*x) * all_syllables().len() as u32 + u32::from(*y);
                keyed.push((key, u32::MAX - freq, a, b));
            }
        }
        drop(freqs);
        keyed.sort_unstable();
        let n = all_syllables().len() * all_syllables().len();
        let mut pairs = Self { starts: Vec::with_capacity(n + 1), pairs: Vec::new() };
        let mut rest = keyed.as_slice();
        for key in 0..n as u32 {
            pairs.starts.push(pairs.pairs.len() as u32);
            let own = rest.partition_point(|(k, ..)| *k <= key);
            let kept = rest[..own].iter().take(KEPT);
            pairs.pairs.extend(kept.map(|&(_, freq, a, b)| (a, b, u32::MAX - freq)));
            rest = &rest[own..];
        }
        pairs.starts.push(pairs.pairs.len() as u32);
        pairs.pairs.shrink_to_fit();
        Ok(pairs)
    }

    /// The pairs of these syllables with their documents.
    pub(super) fn each(
        &self,
        first: &Range<usize>,
        second: &Range<usize>,
    ) -> impl Iterator<Item = (String, u32)> {
        let n = all_syllables().len();
        let own = first.clone().map(move |x| {
            let at = |y: usize| self.starts.get(x * n + y).copied().unwrap_or(0) as usize;
            at(second.start)..at(second.end)
        });
        let text = |&(a, b, freq): &(u16, u16, u32)| {
            let chars = [a, b].into_iter().filter_map(|c| char::from_u32(u32::from(c)));
            (chars.collect::<String>(), freq)
        };
        own.flat_map(move |own| self.pairs.get(own).unwrap_or_default().iter().map(text))
    }
}

/// The two Han characters of a term, those beyond the BMP left out.
fn pair(term: &[u8]) -> Option<(u16, u16)> {
    if term.len() != 6 {
        return None;
    }
    let mut chars = std::str::from_utf8(term).ok()?.chars();
    let mut han = || {
        let c = chars.next().filter(|c| ('\u{3400}'..='\u{9fff}').contains(c))?;
        u16::try_from(u32::from(c)).ok()
    };
    Some((han()?, han()?))
}

fn read_as(c: u16) -> Vec<u16> {
    let own = char::from_u32(u32::from(c)).into_iter().flat_map(pinyin::syllables).take(READINGS);
    own.filter_map(|s| all_syllables().binary_search(&s).ok()?.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_for_syllables() {
        let of = |piece: Piece, open| all_syllables()[numbers(&piece, open)].to_vec();
        assert_eq!(of(Piece::Syllable("guo".to_owned()), false), ["guo"]);
        assert_eq!(
            of(Piece::Syllable("gu".to_owned()), true),
            ["gu", "gua", "guai", "guan", "guang", "gui", "gun", "guo"]
        );
        assert_eq!(of(Piece::Prefix("zho".to_owned()), false), ["zhong", "zhou"]);
        assert!(of(Piece::Prefix("v".to_owned()), false).is_empty());
    }

    #[test]
    fn only_two_characters_are_a_pair() {
        assert_eq!(pair("三国".as_bytes()), Some((0x4e09, 0x56fd)));
        for term in ["三", "三国演", "abcdef", "^三", "かな", "\u{20000}ab"] {
            assert_eq!(pair(term.as_bytes()), None, "{term}");
        }
    }
}
