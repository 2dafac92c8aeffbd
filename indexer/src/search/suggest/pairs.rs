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
        let mut known: Vec<(u16, u16, u32)> = Vec::new();
        for segment in &catalogue.segments {
            let index = segment.reader.inverted_index(field(segment))?;
            let mut stream = index.terms().stream()?;
            while stream.advance() {
                known.extend(pair(stream.key()).map(|(a, b)| (a, b, stream.value().doc_freq)));
            }
            known = together(known);
        }
        Ok(Self::likeliest(&known))
    }

    /// Of pairs in their order the likeliest of every two syllables.
    fn likeliest(known: &[(u16, u16, u32)]) -> Self {
        let mut syllables: FxHashMap<u16, Vec<u16>> = FxHashMap::default();
        for c in known.iter().flat_map(|&(a, b, _)| [a, b]) {
            syllables.entry(c).or_insert_with(|| read_as(c));
        }
        let n = all_syllables().len() as u16;
        // The characters that a syllable may stand for, in their order.
        let mut characters: Vec<Vec<u16>> = vec![Vec::new(); n.into()];
        let mut firsts: Vec<u16> = known.iter().map(|&(a, ..)| a).collect();
        firsts.dedup();
        firsts.iter().for_each(|a| syllables[a].iter().for_each(|&x| characters[usize::from(x)].push(*a)));
        let mut pairs = Self { starts: vec![0], pairs: Vec::new() };
        let mut of_first: Vec<(u16, u32, u16, u16)> = Vec::new();
        for characters in characters {
            of_first.clear();
            for first in characters {
                let start = known.partition_point(|&(a, ..)| a < first);
                for &(a, b, freq) in known[start..].iter().take_while(|&&(a, ..)| a == first) {
                    of_first.extend(syllables[&b].iter().map(|&y| (y, u32::MAX - freq, a, b)));
                }
            }
            of_first.sort_unstable();
            let mut rest = of_first.as_slice();
            for second in 0..n {
                let (own, others) = rest.split_at(rest.partition_point(|&(y, ..)| y <= second));
                let kept = own.iter().take(KEPT);
                pairs.pairs.extend(kept.map(|&(_, freq, a, b)| (a, b, u32::MAX - freq)));
                pairs.starts.push(pairs.pairs.len() as u32);
                rest = others;
            }
        }
        pairs.pairs.shrink_to_fit();
        pairs
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

/// Pairs in their order, each once, with the documents of all segments.
fn together(mut pairs: Vec<(u16, u16, u32)>) -> Vec<(u16, u16, u32)> {
    pairs.sort_unstable();
    pairs.dedup_by(|&mut (a, b, freq), kept| {
        let same = (kept.0, kept.1) == (a, b);
        kept.2 += if same { freq } else { 0 };
        same
    });
    pairs
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
    fn the_likeliest_stand_first_whatever_they_are_read_as() {
        let of = |text: &str, freq| {
            let mut chars = text.chars().map(|c| u32::from(c) as u16);
            (chars.next().expect("a first"), chars.next().expect("a second"), freq)
        };
        let known = [("三国", 2), ("音乐", 3), ("山国", 9), ("三国", 4), ("三果", 5), ("快乐", 1)];
        let pairs = Pairs::likeliest(&together(known.map(|(text, freq)| of(text, freq)).to_vec()));
        let each = |first: &str, second: &str| {
            let own = |s: &str| numbers(&Piece::Syllable(s.to_owned()), false);
            pairs.each(&own(first), &own(second)).collect::<Vec<_>>()
        };
        let text = |text: &str, freq| (text.to_owned(), freq);
        assert_eq!(each("san", "guo"), [text("三国", 6), text("三果", 5)]);
        assert_eq!(each("shan", "guo"), [text("山国", 9)]);
        assert_eq!(each("yin", "yue"), [text("音乐", 3)]);
        assert_eq!(each("kuai", "le"), [text("快乐", 1)]);
        assert!(each("guo", "san").is_empty());
    }

    #[test]
    fn only_two_characters_are_a_pair() {
        assert_eq!(pair("三国".as_bytes()), Some((0x4e09, 0x56fd)));
        for term in ["三", "三国演", "abcdef", "^三", "かな", "\u{20000}ab"] {
            assert_eq!(pair(term.as_bytes()), None, "{term}");
        }
    }
}
