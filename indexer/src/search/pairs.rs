//! The pairs of neighbouring characters that a field has, so that syllables find theirs without walking the dictionary.
//!
//! Made once a segment and field, at the first question in pinyin: 24 bytes a pair. It knows no pinyin.

use tantivy::SegmentReader;
use tantivy::postings::TermInfo;
use tantivy::schema::Field;

/// Pairs in the order of their characters.
pub(crate) struct Pairs(Vec<Pair>);

/// A pair, and where the documents are that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    first: char,
    second: char,
    documents: u32,
    bytes: u32,
    start: u64,
}

impl Pairs {
    pub(crate) fn of(reader: &SegmentReader, field: Field) -> tantivy::Result<Self> {
        let index = reader.inverted_index(field)?;
        let mut stream = index.terms().stream()?;
        let mut pairs = Vec::new();
        while stream.advance() {
            if let Some((first, second)) = pair(stream.key()) {
                let TermInfo { doc_freq: documents, postings_range, .. } = stream.value();
                let bytes = u32::try_from(postings_range.len()).unwrap_or(u32::MAX);
                pairs.push(Pair {
                    first,
                    second,
                    documents: *documents,
                    bytes,
                    start: postings_range.start as u64,
                });
            }
        }
        // A dictionary is in the order of bytes, which is that of characters; a damaged one may not be.
        if !pairs.is_sorted() {
            pairs.sort_unstable();
        }
        Ok(Self(pairs))
    }

    fn of_both<'a>(&'a self, first: &'a [char], second: &'a [char]) -> impl Iterator<Item = &'a Pair> {
        let of = |&a: &char| {
            let start = self.0.partition_point(|pair| pair.first < a);
            self.0[start..].iter().take_while(move |pair| pair.first == a)
        };
        first.iter().flat_map(of).filter(|pair| second.binary_search(&pair.second).is_ok())
    }

    /// The places of all pairs of a character of `first` and one of `second`, both sorted.
    pub(crate) fn places<'a>(
        &'a self,
        first: &'a [char],
        second: &'a [char],
    ) -> impl Iterator<Item = TermInfo> + 'a {
        self.of_both(first, second).map(|pair| TermInfo {
            doc_freq: pair.documents,
            postings_range: pair.start as usize..pair.start as usize + pair.bytes as usize,
            positions_range: 0..0,
        })
    }

    /// Those characters of `first` and of `second`, both sorted, that are in such a pair.
    pub(crate) fn characters(&self, first: &[char], second: &[char]) -> (Vec<char>, Vec<char>) {
        let (mut before, mut after): (Vec<char>, Vec<char>) =
            self.of_both(first, second).map(|pair| (pair.first, pair.second)).unzip();
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
        let pair = |(first, second, documents)| Pair { first, second, documents, bytes: 2, start: 7 };
        let all = [('三', '国', 4), ('三', '果', 5), ('山', '国', 9), ('水', '浒', 11)];
        let pairs = Pairs(all.map(pair).to_vec());
        let documents = |first: &[char], second: &[char]| {
            pairs.places(first, second).map(|info| info.doc_freq).collect::<Vec<_>>()
        };
        assert_eq!(documents(&['三', '山'], &['国', '果']), [4, 5, 9]);
        assert!(documents(&['国'], &['三']).is_empty());
        let both = pairs.characters(&['三', '国', '山'], &['国', '果', '浒']);
        assert_eq!(both, (vec!['三', '山'], vec!['国', '果']));
    }
}
