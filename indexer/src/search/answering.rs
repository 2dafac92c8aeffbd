//! From a query to its answer: read, find, filter, count, order, advise.
//!
//! One sentence of the other modules; it decides only what a reading in pinyin adds and when initials answer.

use crate::analysis;
use crate::bib::{EditionId, Entry, LibraryCode};
use crate::index::{Error, pack};
use crate::search::catalogue::REACH;
use crate::search::docs::Docs;
use crate::search::filter::{self, Filters};
use crate::search::find::{self, Found};
use crate::search::grammar::{self, Asked};
use crate::search::rank::{Place, Ranker};
use crate::search::readings::{LetterWords, Letters, Reading};
use crate::search::segment::Segment;
use crate::search::{
    Advice, AdviceKind, Answer, Catalogue, Hit, Query, SearchField, Sort, advise, counts, order,
};

/// What the words of a query came to.
pub(crate) struct Reckoned {
    pub(crate) asked: Asked,
    pub(crate) found: Found,
    /// Hits that match as typed; the others match as pinyin.
    pub(crate) literal: Vec<Docs>,
    pub(crate) readings: Vec<Reading>,
    pub(crate) advice: Vec<Advice>,
}

/// The hits of the page that was asked for: from the first to before the second.
fn page_of(query: &Query) -> Result<(u32, u32), Error> {
    let per_page = query.per_page.clamp(1, 100);
    let page = query.page.max(1);
    let end = page.checked_mul(per_page).filter(|&end| end <= REACH);
    let end = end.ok_or(Error::TooFar { page, per_page, limit: REACH })?;
    Ok((end - per_page, end))
}

/// The total and the ids of the page.
pub(crate) fn ids(catalogue: &Catalogue, query: &Query) -> Result<(u64, Vec<EditionId>), Error> {
    let (start, end) = page_of(query)?;
    let engine = |e| Error::engine(catalogue.dir())(e);
    let reckoned = reckon(catalogue, query).map_err(engine)?;
    let result = catalogue.pass(&reckoned.found.docs, query).map_err(engine)?;
    let total = result.iter().map(|d| u64::from(d.len())).sum();
    let places = places(catalogue, query, &ranker(catalogue, query, &reckoned), &result, end as usize)?;
    let page = places.into_iter().skip(start as usize);
    let ids = page.filter_map(|(n, doc)| catalogue.id(&catalogue.segments[n], doc));
    Ok((total, ids.map(EditionId::from_key).collect()))
}

pub(crate) fn answer(catalogue: &Catalogue, query: &Query) -> Result<Answer, Error> {
    let (start, end) = page_of(query)?;
    let per_page = end - start;
    let engine = |e| Error::engine(catalogue.dir())(e);
    let mut reckoned = reckon(catalogue, query).map_err(engine)?;
    let filters: Vec<Filters> = catalogue
        .segments
        .iter()
        .map(|s| Filters::of(s, query))
        .collect::<tantivy::Result<_>>()
        .map_err(engine)?;
    let found = &reckoned.found.docs;
    let result: Vec<Docs> = filters.iter().zip(found).map(|(f, docs)| f.pass(docs, None)).collect();
    let total: u64 = result.iter().map(|d| u64::from(d.len())).sum();
    let count = || counts::count(catalogue, query, found, &filters, &result);
    let counts = catalogue.counted.of(query, count).map_err(engine)?;
    let hits = hits(catalogue, query, &reckoned, &result, (start, end))?;
    let mut advice = std::mem::take(&mut reckoned.advice);
    advise::advise(catalogue, query, &reckoned, total, counts.in_all_libraries, &mut advice)
        .map_err(engine)?;
    Ok(Answer {
        total,
        total_is_exact: reckoned.found.exact,
        pages: u32::try_from(total.div_ceil(u64::from(per_page))).unwrap_or(u32::MAX).min(REACH / per_page),
        libraries: counts.libraries.clone(),
        facets: counts.facets.clone(),
        hits,
        advice,
    })
}

/// Finds what the words say, and what they say as pinyin.
pub(crate) fn reckon(catalogue: &Catalogue, query: &Query) -> tantivy::Result<Reckoned> {
    let asked = grammar::read(&query.text, query.field);
    let mut advice: Vec<Advice> = asked
        .ignored
        .iter()
        .map(|typed| Advice { kind: AdviceKind::Ignored, hits: None, query: Some(typed.clone()) })
        .collect();
    if asked.clauses.is_empty() {
        let lists_all = query.text.trim().is_empty();
        let docs = |segment: &Segment| if lists_all { segment.all() } else { Docs::none() };
        let docs: Vec<Docs> = catalogue.segments.iter().map(docs).collect();
        let found = Found { docs: docs.clone(), exact: true };
        return Ok(Reckoned { asked, found, literal: docs, readings: Vec::new(), advice });
    }
    let mut found = find::find(catalogue, &asked)?;
    let literal = found.docs.clone();
    let mut readings = Vec::new();
    if let Some(letters) = Letters::of(&asked) {
        readings = read_letters(catalogue, query, &asked, letters, &mut found, &mut advice)?;
    }
    Ok(Reckoned { asked, found, literal, readings, advice })
}

/// Adds what the letters of a query say as pinyin to what was found as typed, and says so; the readings that took part.
fn read_letters(
    catalogue: &Catalogue,
    query: &Query,
    asked: &Asked,
    letters: Letters,
    found: &mut Found,
    advice: &mut Vec<Advice>,
) -> tantivy::Result<Vec<Reading>> {
    let typed = letters.typed.clone();
    let mut say = |kind, hits| advice.push(Advice { kind, hits: Some(hits), query: Some(typed.clone()) });
    let as_typed = passing(catalogue, query, found)?;
    let words = LetterWords::of(asked);
    found.add(letters.by_syllables(catalogue)?);
    let mut readings = Vec::new();
    if let Some(words) = words.as_ref().filter(|words| words.are_all_read()) {
        found.add(words.found(catalogue)?);
        readings = words.readings();
    }
    let with_syllables = passing(catalogue, query, found)?;
    let mut initials = letters.by_initials(catalogue)?;
    initials.docs = initials.docs.iter().zip(&found.docs).map(|(docs, known)| docs.minus(known)).collect();
    let by_initials = passing(catalogue, query, &initials)?;
    let is_pinyin = query.field == SearchField::Pinyin;
    if with_syllables == 0 && by_initials > 0 {
        found.add(initials);
        say(AdviceKind::ReadAsPinyin, by_initials);
    } else if as_typed == 0 && with_syllables > 0 {
        say(AdviceKind::ReadAsPinyin, with_syllables);
    } else if by_initials > 0 && !is_pinyin {
        say(AdviceKind::PinyinOffered, by_initials);
    } else if by_initials > 0 {
        found.add(initials);
    }
    readings.extend(letters.readings(by_initials > 0 && (with_syllables == 0 || is_pinyin)));
    if with_syllables == 0 && by_initials == 0 {
        let (more, of_more) = at_last(catalogue, words, letters)?;
        let hits = passing(catalogue, query, &more)?;
        if hits > 0 {
            found.add(more);
            readings = of_more;
            say(AdviceKind::ReadAsPinyin, hits);
        }
    }
    Ok(readings)
}

/// What letters may mean where nothing else was found: some of the words are pinyin, or there is one whole syllable.
fn at_last(
    catalogue: &Catalogue,
    words: Option<LetterWords>,
    letters: Letters,
) -> tantivy::Result<(Found, Vec<Reading>)> {
    if let Some(words) = words {
        let found = words.found(catalogue)?;
        if found.total() > 0 {
            return Ok((found, words.readings()));
        }
    }
    match letters.weakly() {
        Some(weak) => Ok((weak.by_syllables(catalogue)?, weak.readings(false))),
        None => Ok((Found { docs: Vec::new(), exact: true }, Vec::new())),
    }
}

fn passing(catalogue: &Catalogue, query: &Query, found: &Found) -> tantivy::Result<u64> {
    if !filter::any(query) {
        return Ok(found.total());
    }
    Ok(catalogue.pass(&found.docs, query)?.iter().map(|d| u64::from(d.len())).sum())
}

fn ranker<'a>(catalogue: &'a Catalogue, query: &Query, reckoned: &'a Reckoned) -> Ranker<'a> {
    Ranker::new(catalogue, &reckoned.asked, query.field, &reckoned.literal, &reckoned.readings)
}

/// The hits up to `end` in the order that was asked for.
fn places(
    catalogue: &Catalogue,
    query: &Query,
    ranker: &Ranker<'_>,
    result: &[Docs],
    end: usize,
) -> Result<Vec<Place>, Error> {
    let places = if query.sort == Sort::Relevance && ranker.asks() {
        ranker.order(result, end)
    } else {
        order::order(catalogue, query, result, end)
    };
    places.map_err(|e| Error::engine(catalogue.dir())(e))
}

fn hits(
    catalogue: &Catalogue,
    query: &Query,
    reckoned: &Reckoned,
    result: &[Docs],
    (start, end): (u32, u32),
) -> Result<Vec<Hit>, Error> {
    let (start, end) = (start as usize, end as usize);
    let ranker = ranker(catalogue, query, reckoned);
    let places = places(catalogue, query, &ranker, result, end)?;
    let needles: Vec<String> = reckoned
        .asked
        .wanted()
        .flat_map(|clause| &clause.any)
        .filter(|atom| matches!(atom.field, SearchField::Any | SearchField::Title))
        .map(|atom| format!("{}{}", atom.normal, if atom.prefix { "*" } else { "" }))
        .collect();
    let mut unpacker = pack::unpacker(&catalogue.generation.decoder);
    let mut hits = Vec::with_capacity(end - start);
    for &place in places.get(start..).unwrap_or_default() {
        let segment = &catalogue.segments[place.0];
        let Some(number) = segment.own_number(place.1) else { continue };
        let mut entry =
            catalogue.layer(segment).entry(number, &catalogue.generation.dictionary.packs, &mut unpacker)?;
        home_first(&mut entry, query.home.as_ref());
        let title = entry.bib.title.as_deref().unwrap_or_default();
        let mut title_highlight = analysis::highlight(title, &needles);
        if title_highlight.is_empty() && !ranker.is_literal(place) {
            title_highlight = analysis::highlight_readings(title, &reckoned.readings);
        }
        let score = query.explain_score.then(|| ranker.explain(place));
        hits.push(Hit { entry, title_highlight, score });
    }
    Ok(hits)
}

fn home_first(entry: &mut Entry, home: Option<&LibraryCode>) {
    if let Some(home) = home {
        entry.holdings.sort_by_key(|holding| &holding.library != home);
    }
}
