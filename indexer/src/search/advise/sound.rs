//! The same sound: other characters that are read alike, as an input method offers them by mistake.
//!
//! Short runs are looked for by all pairs that their syllables may stand for, longer ones among the values that
//! share most pairs. 景点 leads to 经典 only as an offer: they are different words.

use rustc_hash::FxHashMap;

use crate::analysis::pinyin;
use crate::index::terms::VALUE;
use crate::search::advise::spelling::{commonest, pieces_like};
use crate::search::readings::neighbours;
use crate::search::{Catalogue, SearchField, find};

/// Runs that are looked for by their syllables alone.
const SHORT: usize = 4;
/// Longer runs are not looked for.
const LONGEST: usize = 40;
/// Readings of a character that count: the rest are rare.
const READINGS: usize = 2;
/// Documents looked at, all segments together.
const LOOKED_AT: usize = 2_000;
/// Where they are looked for: titles, names, subjects, publishers, series.
const ACCESS_POINTS: usize = 5;

/// Runs of the catalogue that sound like the piece.
pub(super) fn alike(catalogue: &Catalogue, access: SearchField, piece: &str) -> tantivy::Result<Vec<String>> {
    let asked: Vec<char> = piece.chars().collect();
    let sets: Vec<Vec<char>> = asked.iter().map(|c| sounding_like(*c)).collect();
    if !(2..=LONGEST).contains(&asked.len()) || sets.iter().any(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let like = |value: &str| sounding(value, &sets, &asked);
    if asked.len() > SHORT {
        return pieces_like(catalogue, access, piece, &like);
    }
    for nth in 0..ACCESS_POINTS {
        let mut found: FxHashMap<String, u32> = FxHashMap::default();
        for segment in &catalogue.segments {
            let Some(&(field, part)) = find::gram_fields(&segment.fields, access).get(nth) else { continue };
            let docs = neighbours(segment, field, &sets)?;
            let share = LOOKED_AT / catalogue.segments.len().max(1);
            let step = (docs.len() as usize / share.max(1)).max(1);
            for doc in docs.iter().step_by(step) {
                let Some(text) = catalogue.text(segment, doc) else { continue };
                for piece in text.part(part).split(VALUE).filter_map(like) {
                    *found.entry(piece).or_default() += 1;
                }
            }
        }
        // 位 can be read li, yet 位理 is the last that 历吏 may stand for.
        let (usual, rare): (FxHashMap<_, _>, FxHashMap<_, _>) =
            found.into_iter().partition(|(piece, _)| is_usual(piece, &asked));
        if !usual.is_empty() || !rare.is_empty() {
            return Ok(commonest(if usual.is_empty() { rare } else { usual }));
        }
    }
    Ok(Vec::new())
}

/// Whether the first reading of each character is one of what stands in its place.
fn is_usual(piece: &str, asked: &[char]) -> bool {
    let first = |c: char| pinyin::syllables(c).next();
    piece.chars().zip(asked).all(|(own, asked)| {
        pinyin::syllables(*asked).take(READINGS).any(|syllable| Some(syllable) == first(own))
    })
}

/// The characters that are read as this one, itself among them, sorted; none where it has no reading.
fn sounding_like(c: char) -> Vec<char> {
    let own = pinyin::syllables(c).take(READINGS).flat_map(pinyin::chars_of_syllable);
    let mut chars: Vec<char> = own.copied().collect();
    chars.sort_unstable();
    chars.dedup();
    chars
}

/// The first piece of a value that sounds like the run and is another.
fn sounding(value: &str, sets: &[Vec<char>], asked: &[char]) -> Option<String> {
    let chars: Vec<char> = value.chars().collect();
    let like = |piece: &&[char]| {
        *piece != asked && sets.iter().zip(*piece).all(|(set, c)| set.binary_search(c).is_ok())
    };
    chars.windows(sets.len()).find(like).map(|piece| piece.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_alike() {
        let sets = |text: &str| text.chars().map(sounding_like).collect::<Vec<_>>();
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (asked, value, expect) in [
            ("景点", "音乐经典一百首", Some("经典")),
            ("景点", "旅游景点", None),
            ("张云", "张匀传", Some("张匀")),
            ("三国", "三国演义", None),
        ] {
            let found = sounding(value, &sets(asked), &chars(asked));
            assert_eq!(found.as_deref(), expect, "{asked} {value}");
        }
        assert!(sounding_like('か').is_empty());
    }
}
