//! What may help a reader: other libraries, fewer filters, fewer words, another spelling.
//!
//! Each advice says how many hits following it would give. It looks further only where nothing was found.

use rustc_hash::FxHashMap;

use crate::index::terms::{self, VALUE};
use crate::search::answering::Reckoned;
use crate::search::docs::Docs;
use crate::search::find::{self, Found};
use crate::search::grammar::{Asked, Atom, Clause};
use crate::search::segment::Segment;
use crate::search::texts::Part;
use crate::search::{Advice, AdviceKind, Catalogue, Query, SearchField, filter};

/// Documents of the rarest terms that are counted when a misspelt title is looked for.
const COUNTED: usize = 20_000;
/// Titles compared with a misspelt one.
const COMPARED: usize = 300;
/// Clauses of which each is left out in turn.
const TRIED: usize = 4;
/// Other spellings that are looked up.
const SPELLINGS: usize = 3;

/// Adds what may help; never leaves nothing where nothing was found.
pub(crate) fn advise(
    catalogue: &Catalogue,
    query: &Query,
    reckoned: &Reckoned,
    total: u64,
    in_all_libraries: u64,
    advice: &mut Vec<Advice>,
) -> tantivy::Result<()> {
    let mut say =
        |kind, hits: u64, query: Option<String>| advice.push(Advice { kind, hits: Some(hits), query });
    if !query.libraries.is_empty() && in_all_libraries > total {
        say(AdviceKind::OtherLibraries, in_all_libraries - total, None);
    }
    if total > 0 {
        return Ok(());
    }
    let unfiltered = reckoned.found.total();
    if unfiltered > 0 && filter::any(query) {
        say(AdviceKind::FewerFilters, unfiltered, None);
    }
    if unfiltered == 0 {
        if let Some((words, hits)) = fewer_words(catalogue, query, &reckoned.asked)? {
            say(AdviceKind::FewerWords, hits, Some(words));
        }
        if let Some((words, hits)) = other_spelling(catalogue, query, &reckoned.asked)? {
            say(AdviceKind::OtherSpelling, hits, Some(words));
        }
    }
    if advice.iter().all(|a| a.kind == AdviceKind::Ignored) {
        advice.push(Advice { kind: AdviceKind::NothingFound, hits: None, query: None });
    }
    Ok(())
}

fn passing(catalogue: &Catalogue, query: &Query, found: &Found) -> tantivy::Result<u64> {
    Ok(catalogue.pass(&found.docs, query)?.iter().map(|d| u64::from(d.len())).sum())
}

/// The query without the one clause whose absence gives the fewest hits, which is the nearest to what was asked.
fn fewer_words(
    catalogue: &Catalogue,
    query: &Query,
    asked: &Asked,
) -> tantivy::Result<Option<(String, u64)>> {
    let mut best: Option<(String, u64)> = None;
    if asked.wanted().count() < 2 {
        return Ok(None);
    }
    for n in (0..asked.clauses.len()).filter(|&n| !asked.clauses[n].excluded).take(TRIED) {
        let mut fewer = asked.clone();
        fewer.clauses.remove(n);
        let hits = passing(catalogue, query, &find::find(catalogue, &fewer)?)?;
        if hits > 0 && best.as_ref().is_none_or(|(_, fewest)| hits < *fewest) {
            best = Some((typed(&fewer, query.field), hits));
        }
    }
    Ok(best)
}

/// The clauses as a reader would type them.
fn typed(asked: &Asked, field: SearchField) -> String {
    let atom = |atom: &Atom| {
        let name = if atom.field == field { String::new() } else { format!("{}:", atom.field.name()) };
        let star = if atom.prefix { "*" } else { "" };
        if atom.phrase { format!("{name}\"{}\"", atom.typed) } else { format!("{name}{}{star}", atom.typed) }
    };
    let clause = |clause: &Clause| {
        let any: Vec<String> = clause.any.iter().map(atom).collect();
        format!("{}{}", if clause.excluded { "-" } else { "" }, any.join(" OR "))
    };
    asked.clauses.iter().map(clause).collect::<Vec<_>>().join(" ")
}

/// The query with one word spelt as the catalogue spells it: one character wrong, missing, too many or swapped.
fn other_spelling(
    catalogue: &Catalogue,
    query: &Query,
    asked: &Asked,
) -> tantivy::Result<Option<(String, u64)>> {
    let mut best: Option<(String, u64)> = None;
    for n in (0..asked.clauses.len()).take(TRIED) {
        let [atom] = &asked.clauses[n].any[..] else { continue };
        if asked.clauses[n].excluded {
            continue;
        }
        for spelling in spellings(catalogue, atom)? {
            let mut other = asked.clone();
            other.clauses[n].any =
                vec![Atom { normal: terms::normal(&spelling), typed: spelling, ..atom.clone() }];
            let hits = passing(catalogue, query, &find::find(catalogue, &other)?)?;
            if hits > best.as_ref().map_or(0, |(_, most)| *most) {
                best = Some((typed(&other, query.field), hits));
            }
        }
    }
    Ok(best)
}

fn spellings(catalogue: &Catalogue, atom: &Atom) -> tantivy::Result<Vec<String>> {
    let dense = atom.normal.chars().count() >= 3 && terms::pieces(&atom.normal).count() == 1;
    if atom.normal.is_ascii()
        && atom.normal.len() >= 4
        && atom.normal.len() <= 24
        && !atom.normal.contains(' ')
    {
        letters(catalogue, atom)
    } else if dense && !atom.normal.is_ascii() {
        runs(catalogue, atom)
    } else {
        Ok(Vec::new())
    }
}

/// Words of the index one edit away.
fn letters(catalogue: &Catalogue, atom: &Atom) -> tantivy::Result<Vec<String>> {
    let mut edits: Vec<String> = Vec::new();
    let word = &atom.normal;
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
        for (field, _) in find::gram_fields(&segment.fields, atom.field) {
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
    let mut known: Vec<(String, u32)> = known.into_iter().collect();
    known.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(known.into_iter().take(SPELLINGS).map(|(word, _)| word).collect())
}

/// Pieces of titles that share most pairs with the run and are one edit away from it.
fn runs(catalogue: &Catalogue, atom: &Atom) -> tantivy::Result<Vec<String>> {
    let asked: Vec<char> = atom.normal.chars().collect();
    let mut wanted = terms::required(&atom.normal, false);
    wanted.extend(asked.iter().map(char::to_string));
    let mut found: Vec<String> = Vec::new();
    for segment in &catalogue.segments {
        let mut shared: FxHashMap<u32, u32> = FxHashMap::default();
        let mut left = COUNTED / catalogue.segments.len().max(1);
        for docs in rarest_first(segment, &wanted)? {
            if docs.len() as usize > left {
                break;
            }
            left -= docs.len() as usize;
            docs.iter().for_each(|doc| *shared.entry(doc).or_default() += 1);
        }
        let mut near: Vec<(u32, u32)> = shared.into_iter().map(|(doc, n)| (u32::MAX - n, doc)).collect();
        near.sort_unstable();
        for (_, doc) in near.into_iter().take(COMPARED) {
            let Some(text) = catalogue.text(segment, doc) else { continue };
            for value in text.part(Part::Titles).split(VALUE) {
                found.extend(piece_near(value, &asked));
            }
        }
    }
    found.sort();
    found.dedup();
    found.truncate(SPELLINGS);
    Ok(found)
}

/// The documents of each term, the rarest first; none of a term too common to be counted at all.
fn rarest_first(segment: &Segment, wanted: &[String]) -> tantivy::Result<Vec<Docs>> {
    let index = segment.reader.inverted_index(segment.fields.title)?;
    let mut terms: Vec<(u32, &String)> = Vec::new();
    for text in wanted {
        let term = tantivy::Term::from_field_text(segment.fields.title, text);
        let hits = index.doc_freq(&term)?;
        if hits > 0 && hits as usize <= COUNTED {
            terms.push((hits, text));
        }
    }
    terms.sort_unstable();
    terms.into_iter().map(|(_, term)| segment.term(segment.fields.title, term)).collect()
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
