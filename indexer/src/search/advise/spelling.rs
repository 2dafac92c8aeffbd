//! Another spelling: a word of letters one edit away, a run of characters with one wrong, missing, too many, swapped.
//!
//! Nothing is stored for this: words are looked up in the dictionary of terms, runs in the values that share most
//! pairs with them. What is found is offered, never searched in place of what was typed.

use rustc_hash::FxHashMap;
use tantivy::schema::Field;

use crate::index::terms::{self, VALUE};
use crate::search::advise::SPELLINGS;
use crate::search::docs::Docs;
use crate::search::find;
use crate::search::segment::Segment;
use crate::search::{Catalogue, SearchField};

/// Documents of the rarest terms that are counted when a misspelt title is looked for.
const COUNTED: usize = 20_000;
/// Values compared with a misspelt one.
const COMPARED: usize = 300;
/// Where runs of characters are looked for: titles, names, subjects, publishers, series.
const ACCESS_POINTS: usize = 5;
/// Shorter runs have too many neighbours.
const SHORTEST_RUN: usize = 3;
/// Longer runs are no title of which one character is wrong.
const LONGEST_RUN: usize = 40;

/// Spellings of a piece that the catalogue has.
pub(super) fn near(catalogue: &Catalogue, access: SearchField, piece: &str) -> tantivy::Result<Vec<String>> {
    let length = piece.chars().count();
    if piece.bytes().all(|b| b.is_ascii_alphabetic()) && (4..=24).contains(&length) {
        letters(catalogue, access, piece)
    } else if !piece.is_ascii() && (SHORTEST_RUN..=LONGEST_RUN).contains(&length) {
        runs(catalogue, access, piece)
    } else {
        Ok(Vec::new())
    }
}

/// Words of the index one edit away.
fn letters(catalogue: &Catalogue, access: SearchField, word: &str) -> tantivy::Result<Vec<String>> {
    let mut edits: Vec<String> = Vec::new();
    for at in 0..=word.len() {
        let (head, tail) = word.split_at(at);
        let rest = tail.get(1..).unwrap_or_default();
        edits.extend(('a'..='z').map(|c| format!("{head}{c}{tail}")));
        if !tail.is_empty() {
            edits.extend(('a'..='z').map(|c| format!("{head}{c}{rest}")));
            edits.push(format!("{head}{rest}"));
        }
        if let Some([a, b]) = tail.as_bytes().first_chunk::<2>() {
            edits.push(format!("{head}{}{}{}", char::from(*b), char::from(*a), &tail[2..]));
        }
    }
    edits.sort();
    edits.dedup();
    let mut known: FxHashMap<String, u32> = FxHashMap::default();
    for segment in &catalogue.segments {
        for (field, _) in find::gram_fields(&segment.fields, access) {
            let index = segment.reader.inverted_index(field)?;
            for edit in &edits {
                let term = tantivy::Term::from_field_text(field, edit);
                let Some(info) = index.get_term_info(&term)? else { continue };
                let hits =
                    if segment.has_retired() { segment.term(field, edit)?.len() } else { info.doc_freq };
                if hits > 0 {
                    *known.entry(edit.clone()).or_default() += hits;
                }
            }
        }
    }
    Ok(commonest(known))
}

/// Pieces of titles and names that share most pairs with the run and are one edit away from it.
fn runs(catalogue: &Catalogue, access: SearchField, run: &str) -> tantivy::Result<Vec<String>> {
    let asked: Vec<char> = run.chars().collect();
    pieces_like(catalogue, access, run, &|value| piece_near(value, &asked))
}

/// Pieces of the values that share most terms with the run, the commonest first; of the first access point that
/// has any.
pub(super) fn pieces_like(
    catalogue: &Catalogue,
    access: SearchField,
    run: &str,
    like: &dyn Fn(&str) -> Option<String>,
) -> tantivy::Result<Vec<String>> {
    let mut wanted = terms::required(run, false);
    wanted.extend(run.chars().map(String::from));
    wanted.sort_unstable();
    wanted.dedup();
    for nth in 0..ACCESS_POINTS {
        let mut found: FxHashMap<String, u32> = FxHashMap::default();
        for segment in &catalogue.segments {
            let Some(&(field, part)) = find::gram_fields(&segment.fields, access).get(nth) else { continue };
            for doc in sharing_most(catalogue, segment, field, &wanted)? {
                let Some(text) = catalogue.text(segment, doc) else { continue };
                for piece in text.part(part).split(VALUE).filter_map(like) {
                    *found.entry(piece).or_default() += 1;
                }
            }
        }
        if !found.is_empty() {
            return Ok(commonest(found));
        }
    }
    Ok(Vec::new())
}

/// The commonest few.
pub(super) fn commonest(found: FxHashMap<String, u32>) -> Vec<String> {
    let mut found: Vec<(String, u32)> = found.into_iter().collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.into_iter().take(SPELLINGS).map(|(text, _)| text).collect()
}

/// The documents with most of the terms.
fn sharing_most(
    catalogue: &Catalogue,
    segment: &Segment,
    field: Field,
    wanted: &[String],
) -> tantivy::Result<Vec<u32>> {
    let mut shared: FxHashMap<u32, u32> = FxHashMap::default();
    let mut left = COUNTED / catalogue.segments.len().max(1);
    for docs in rarest_first(segment, field, wanted)? {
        if docs.len() as usize > left {
            break;
        }
        left -= docs.len() as usize;
        docs.iter().for_each(|doc| *shared.entry(doc).or_default() += 1);
    }
    let mut near: Vec<(u32, u32)> = shared.into_iter().map(|(doc, n)| (u32::MAX - n, doc)).collect();
    if near.len() > COMPARED {
        near.select_nth_unstable(COMPARED);
        near.truncate(COMPARED);
    }
    Ok(near.into_iter().map(|(_, doc)| doc).collect())
}

/// The documents of each term, the rarest first; none of a term too common to be counted at all.
fn rarest_first(segment: &Segment, field: Field, wanted: &[String]) -> tantivy::Result<Vec<Docs>> {
    let index = segment.reader.inverted_index(field)?;
    let mut terms: Vec<(u32, &String)> = Vec::new();
    for text in wanted {
        let term = tantivy::Term::from_field_text(field, text);
        let hits = index.doc_freq(&term)?;
        if hits > 0 && hits as usize <= COUNTED {
            terms.push((hits, text));
        }
    }
    terms.sort_unstable();
    terms.into_iter().map(|(_, term)| segment.term(field, term)).collect()
}

/// A piece of `value` that is exactly one edit away.
fn piece_near(value: &str, asked: &[char]) -> Option<String> {
    let chars: Vec<char> = value.chars().collect();
    let n = asked.len();
    [n, n + 1, n - 1].into_iter().find_map(|length| {
        let piece = chars.windows(length).find(|piece| one_edit(piece, asked))?;
        Some(piece.iter().collect())
    })
}

/// Whether one replacement, omission, insertion or swap of neighbours turns one into the other.
fn one_edit(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[same..], &long[same..]);
    match (short, long) {
        ([], []) => false,
        (_, [_, rest @ ..]) if long.len() == short.len() + 1 => rest == short,
        ([x, short @ ..], [y, long @ ..]) if short.len() == long.len() => {
            short == long
                || matches!((short, long), ([p, short @ ..], [q, long @ ..]) if p == y && q == x && short == long)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits() {
        for (a, b, expect) in [
            ("三国演义", "三国演艺", true),
            ("三国演义", "三演义", true),
            ("三国演义", "三国国演义", true),
            ("三国演义", "三演国义", true),
            ("三国演义", "三国演义", false),
            ("三国演义", "水浒传", false),
            ("三国演义", "三国志传", false),
        ] {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            assert_eq!(one_edit(&chars(a), &chars(b)), expect, "{a} {b}");
            assert_eq!(one_edit(&chars(b), &chars(a)), expect, "{b} {a}");
        }
    }
}
