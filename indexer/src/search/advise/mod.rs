//! What may help a reader: other libraries, fewer filters, fewer words, another spelling, the same sound.
//!
//! Each advice says how many hits following it would give, and is given only where there are some. It looks further
//! only where nothing was found, and never puts another word in place of what was typed by itself.

mod sound;
mod spelling;

use crate::index::terms;
use crate::search::answering::Reckoned;
use crate::search::find::{self, Found};
use crate::search::grammar::{Asked, Atom, Clause};
use crate::search::readings::Letters;
use crate::search::{Advice, AdviceKind, Catalogue, Query, SearchField, filter};

/// Clauses of which each is left out or spelt otherwise in turn.
const TRIED: usize = 4;
/// Of more words, or longer ones in bytes, it is not asked what they find elsewhere.
const MOST_WORDS: usize = 8;
const LONGEST_ELSEWHERE: usize = 240;
/// Letters that are read as pinyin once more for the sake of advice.
const LONGEST_READ: usize = 24;
/// Other spellings that are looked up.
const SPELLINGS: usize = 3;

/// Finds other words for a piece of what was typed, the likeliest first.
type Alternatives = fn(&Catalogue, SearchField, &str) -> tantivy::Result<Vec<String>>;

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
        if let Some((words, hits)) = any_field(catalogue, query, &reckoned.asked)? {
            say(AdviceKind::AnyField, hits, Some(words));
        }
        if let Some((words, hits)) = fewer_words(catalogue, query, &reckoned.asked)? {
            say(AdviceKind::FewerWords, hits, Some(words));
        }
        let mut said = None;
        let ways: [(AdviceKind, Alternatives); 2] =
            [(AdviceKind::OtherSpelling, spelling::near), (AdviceKind::SameSound, sound::alike)];
        for (kind, alternatives) in ways {
            let found = instead(catalogue, query, &reckoned.asked, alternatives)?;
            if let Some((words, hits)) = found.filter(|(words, _)| said.as_ref() != Some(words)) {
                say(kind, hits, Some(words.clone()));
                said = Some(words);
            }
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

/// What was asked of one access point, asked of all.
fn any_field(catalogue: &Catalogue, query: &Query, asked: &Asked) -> tantivy::Result<Option<(String, u64)>> {
    let mut everywhere = asked.clone();
    for atom in everywhere.clauses.iter_mut().flat_map(|clause| &mut clause.any) {
        atom.field = SearchField::Any;
    }
    // Nobody means dozens of words, and each is looked up in every field.
    let length: usize =
        everywhere.wanted().flat_map(|clause| &clause.any).map(|atom| atom.normal.len()).sum();
    if everywhere == *asked || length > LONGEST_ELSEWHERE || everywhere.wanted().count() > MOST_WORDS {
        return Ok(None);
    }
    let hits = passing(catalogue, query, &read(catalogue, &everywhere)?)?;
    Ok((hits > 0).then(|| (typed(&everywhere, SearchField::Any), hits)))
}

/// What the clauses find as typed, and as pinyin.
fn read(catalogue: &Catalogue, asked: &Asked) -> tantivy::Result<Found> {
    let mut found = find::find(catalogue, asked)?;
    if let Some(letters) = Letters::of(asked).filter(|letters| letters.typed.len() <= LONGEST_READ) {
        found.add(letters.by_syllables(catalogue)?);
    }
    Ok(found)
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
        let hits = passing(catalogue, query, &read(catalogue, &fewer)?)?;
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

/// The query with one piece put otherwise.
fn instead(
    catalogue: &Catalogue,
    query: &Query,
    asked: &Asked,
    alternatives: Alternatives,
) -> tantivy::Result<Option<(String, u64)>> {
    // 红楼蒙 is meant for 红楼梦 rather than for 红楼, although that has more hits.
    let mut best: Option<((bool, u64), String)> = None;
    for n in (0..asked.clauses.len()).take(TRIED) {
        let [atom] = &asked.clauses[n].any[..] else { continue };
        if asked.clauses[n].excluded {
            continue;
        }
        for normal in put_otherwise(catalogue, atom, alternatives)? {
            let is_as_long = normal.chars().count() >= atom.normal.chars().count();
            let mut other = asked.clone();
            other.clauses[n].any = vec![Atom { typed: normal.clone(), normal, ..atom.clone() }];
            let hits = passing(catalogue, query, &find::find(catalogue, &other)?)?;
            if hits > 0 && best.as_ref().is_none_or(|(most, _)| (is_as_long, hits) > *most) {
                best = Some(((is_as_long, hits), typed(&other, query.field)));
            }
        }
    }
    Ok(best.map(|((_, hits), words)| (words, hits)))
}

/// The atom's normal form with one of its pieces replaced.
fn put_otherwise(
    catalogue: &Catalogue,
    atom: &Atom,
    alternatives: Alternatives,
) -> tantivy::Result<Vec<String>> {
    let whole = &atom.normal;
    let mut all = Vec::new();
    let mut at = 0;
    for piece in terms::pieces(whole).take(TRIED) {
        let Some(start) = whole[at..].find(piece).map(|found| at + found) else { break };
        at = start + piece.len();
        let others = alternatives(catalogue, atom.field, piece)?;
        all.extend(others.into_iter().map(|other| format!("{}{other}{}", &whole[..start], &whole[at..])));
    }
    Ok(all)
}
