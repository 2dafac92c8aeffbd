//! The pairs of neighbouring characters that a field has, so that syllables find theirs without walking the dictionary.
//!
//! Made once a segment and field, at the first question in pinyin: twelve bytes a pair. It knows no pinyin.

use tantivy::SegmentReader;
use tantivy::postings::TermInfo;
use tantivy::schema::Field;

/// Bits of a place in the postings, eight terabytes; the second character of a pair stands above them.
const PLACE: u32 = 43;

/// Pairs in the order of their characters.
#[derive(Default)]
pub(crate) struct Pairs {
    /// Each first character, and the number of its first pair.
    firsts: Vec<(char, u32)>,
    /// For each pair its second character, and where its documents begin in the postings.
    seconds: Vec<u64>,
    /// For each pair how many documents have it.
    documents: Vec<u32>,
    /// Where the documents of the last pair end.
    end: u64,
}

impl Pairs {
    pub(crate) fn of(reader: &SegmentReader, field: Field) -> tantivy::Result<Self> {
        let index = reader.inverted_index(field)?;
        let mut stream = index.terms().stream()?;
        // Room that is never touched costs nothing; growing leaves holes behind.
        let n = index.terms().num_terms();
        let mut pairs =
            Self { seconds: Vec::with_capacity(n), documents: Vec::with_capacity(n), ..Self::default() };
        while stream.advance() {
            if let Some((first, second)) = pair(stream.key()) {
                pairs.push(first, second, stream.value());
            }
        }
        pairs.seconds.shrink_to_fit();
        pairs.documents.shrink_to_fit();
        Ok(pairs)
    }

    /// Appends a pair. Terms and their documents are in the same order, that of the characters; what stands elsewhere
    /// in a damaged dictionary is left out.
    fn push(&mut self, first: char, second: char, info: &TermInfo) {
        let postings = info.postings_range.start as u64..info.postings_range.end as u64;
        let place = u64::from(u32::from(second)) << PLACE | postings.start;
        let last = self.firsts.last().map(|&(last, _)| last);
        let is_behind = last.is_none_or(|last| first > last)
            || last == Some(first) && self.seconds.last().is_some_and(|&last| place > last);
        if !is_behind || postings.start < self.end || postings.end >> PLACE > 0 {
            return;
        }
        if last != Some(first) {
            self.firsts.push((first, self.seconds.len() as u32));
        }
        self.seconds.push(place);
        self.documents.push(info.doc_freq);
        self.end = postings.end;
    }

    /// The numbers of the pairs that begin with a character.
    fn behind(&self, first: char) -> std::ops::Range<usize> {
        let Ok(at) = self.firsts.binary_search_by_key(&first, |&(known, _)| known) else { return 0..0 };
        let end = self.firsts.get(at + 1).map_or(self.seconds.len(), |&(_, end)| end as usize);
        self.firsts[at].1 as usize..end
    }

    /// First and second characters of pairs, and their numbers.
    fn of_both<'a>(
        &'a self,
        first: &'a [char],
        second: &'a [char],
    ) -> impl Iterator<Item = (char, char, usize)> + 'a {
        let of = move |&a: &char| self.behind(a).filter_map(move |n| Some((a, self.second(n)?, n)));
        first.iter().flat_map(of).filter(|(_, b, _)| second.binary_search(b).is_ok())
    }

    fn second(&self, n: usize) -> Option<char> {
        char::from_u32((self.seconds.get(n)? >> PLACE) as u32)
    }

    /// The places of all pairs of a character of `first` and one of `second`, both sorted. What stands in the postings
    /// up to the next pair counts to each; nobody reads it.
    pub(crate) fn places<'a>(
        &'a self,
        first: &'a [char],
        second: &'a [char],
    ) -> impl Iterator<Item = TermInfo> + 'a {
        let place = |n: usize| self.seconds.get(n).map_or(self.end, |second| second & ((1 << PLACE) - 1));
        self.of_both(first, second).map(move |(_, _, n)| TermInfo {
            doc_freq: self.documents[n],
            postings_range: place(n) as usize..place(n + 1) as usize,
            positions_range: 0..0,
        })
    }

    /// Those characters of `first` and of `second`, both sorted, that are in such a pair.
    pub(crate) fn characters(&self, first: &[char], second: &[char]) -> (Vec<char>, Vec<char>) {
        let (mut before, mut after): (Vec<char>, Vec<char>) =
            self.of_both(first, second).map(|(a, b, _)| (a, b)).unzip();
        before.dedup();
        after.sort_unstable();
        after.dedup();
        (before, after)
    }
}

/// Two characters that are no ASCII, such as the marks of edges.
fn pair(term: &[u8]) -> Option<(char, char)> {
    if term.first()?.is_ascii() || term.last()?.is_ascii() || term.len() > 8 {
        return None;
    }
    let mut chars = std::str::from_utf8(term).ok()?.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(first), Some(second), None) => Some((first, second)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_two_characters_beyond_ascii() {
        for (term, expect) in [
            ("三国", Some(('三', '国'))),
            ("𠮷田", Some(('𠮷', '田'))),
            ("三", None),
            ("^三", None),
            ("三$", None),
            ("三国演", None),
            ("", None),
        ] {
            assert_eq!(pair(term.as_bytes()), expect, "{term}");
        }
    }

    #[test]
    fn places_of_the_characters_asked_for() {
        let mut pairs = Pairs::default();
        let mut push = |first, second, documents, postings_range| {
            pairs.push(
                first,
                second,
                &TermInfo { doc_freq: documents, postings_range, positions_range: 0..0 },
            );
        };
        push('三', '国', 4, 10..20);
        push('三', '果', 5, 20..24);
        push('山', '国', 9, 30..40);
        push('水', '浒', 11, 40..50);
        // Not where they belong.
        push('三', '山', 12, 50..60);
        push('水', '国', 13, 50..60);
        push('火', '国', 14, 20..24);
        let places = |first: &[char], second: &[char]| {
            let places = pairs.places(first, second).map(|info| (info.doc_freq, info.postings_range));
            places.collect::<Vec<_>>()
        };
        assert_eq!(places(&['三', '山'], &['国', '果']), [(4, 10..20), (5, 20..30), (9, 30..40)]);
        assert_eq!(places(&['水'], &['国', '浒']), [(11, 40..50)]);
        assert!(places(&['国', '火'], &['三', '国']).is_empty());
        let both = pairs.characters(&['三', '国', '山'], &['国', '果', '浒']);
        assert_eq!(both, (vec!['三', '山'], vec!['国', '果']));
    }
}
