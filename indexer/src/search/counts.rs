//! Hits a library and hits a facet value: result sets ∧ value sets, never an aggregation.
//!
//! Authors and subjects are counted over the first `HEADINGS_CAP` hits of the result: beyond them the counts are
//! lower bounds and the choice of the twenty is a sample. It knows no words and no order.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tantivy::columnar::StrColumn;

use crate::bib::LibraryCode;
use crate::index::class_form;
use crate::search::docs::Docs;
use crate::search::filter::{Filters, Kind};
use crate::search::segment::{NO_YEAR, Segment, Sets};
use crate::search::{Catalogue, Facets, Query};

/// Hits whose authors and subjects are counted.
const HEADINGS_CAP: usize = 10_000;
/// From this many documents on a slot for each heading of the segment is quicker than a map …
const MANY: usize = 1_000;
/// … unless there are more headings than this.
const MOST_SLOTS: usize = 4 << 20;
/// Authors and subjects shown.
const HEADINGS: usize = 20;
/// Headings of one segment that take part in the choice of the commonest.
const HEADINGS_A_SEGMENT: usize = 40;

/// Counts of values, collected over segments.
type Tally = BTreeMap<String, u64>;

/// The counts of a result.
pub(crate) struct Counts {
    pub(crate) libraries: Vec<(LibraryCode, u64)>,
    pub(crate) facets: Facets,
    /// Hits without the filter of libraries.
    pub(crate) in_all_libraries: u64,
}

/// Counts what `found` gives, each facet within the other filters; `result` is what passes all of them.
pub(crate) fn count(
    catalogue: &Catalogue,
    query: &Query,
    found: &[Docs],
    filters: &[Filters],
    result: &[Docs],
) -> tantivy::Result<Counts> {
    let [mut libraries, mut kinds, mut languages, mut classes] = [const { Tally::new() }; 4];
    let mut years: BTreeMap<i16, u64> = BTreeMap::new();
    let mut in_all_libraries = 0;
    for (n, segment) in catalogue.segments.iter().enumerate() {
        let filters = &filters[n];
        let all = result[n].clone().for_counting(segment.max);
        let within = |kind| {
            let docs = || filters.pass(&found[n], Some(kind)).for_counting(segment.max);
            if filters.has(kind) { Cow::Owned(docs()) } else { Cow::Borrowed(&all) }
        };
        let docs = within(Kind::Library);
        in_all_libraries += u64::from(docs.len());
        tally(&mut libraries, &segment.libraries, &docs);
        tally(&mut kinds, &segment.kinds, &within(Kind::Type));
        tally(&mut languages, &segment.languages, &within(Kind::Language));
        count_classes(segment, query, &within(Kind::Class), &mut classes)?;
        count_years(segment, &within(Kind::Year), &mut years);
    }
    let facets = Facets {
        types: by_hits(kinds),
        years: years.into_iter().map(|(year, hits)| (year.to_string(), hits)).collect(),
        languages: by_hits(languages),
        classes: by_hits(classes),
        authors: headings(catalogue, result, |s| s.authors.as_ref())?,
        subjects: headings(catalogue, result, |s| s.subjects.as_ref())?,
    };
    Ok(Counts { libraries: chosen(catalogue, query, &libraries), facets, in_all_libraries })
}

/// Years are many and thin: each document says its own.
fn count_years(segment: &Segment, docs: &Docs, years: &mut BTreeMap<i16, u64>) {
    let mut hits = vec![0u64; segment.years.len()];
    docs.each(|doc| {
        let place = segment.year_of.get(doc as usize).copied().unwrap_or(NO_YEAR);
        if let Some(n) = hits.get_mut(usize::from(place)) {
            *n += 1;
        }
    });
    for ((year, _), hits) in segment.years.iter().zip(hits).filter(|&(_, hits)| hits > 0) {
        *years.entry(*year).or_default() += hits;
    }
}

/// Each chosen library, all of the generation when none is chosen, with its hits.
fn chosen(catalogue: &Catalogue, query: &Query, tally: &Tally) -> Vec<(LibraryCode, u64)> {
    let mut codes = query.libraries.clone();
    if codes.is_empty() {
        codes = catalogue.manifest().libraries.iter().map(|l| l.code.clone()).collect();
        codes.extend(tally.keys().map(|code| LibraryCode::new(code.as_str())));
    }
    codes.sort();
    codes.dedup();
    codes
        .into_iter()
        .map(|code| (tally.get(code.as_str()).copied().unwrap_or(0), code))
        .map(|(n, c)| (c, n))
        .collect()
}

fn tally(tally: &mut Tally, sets: &Sets, docs: &Docs) {
    if docs.is_empty() {
        return;
    }
    for (value, own) in sets {
        let hits = docs.and_count(own);
        if hits == 0 {
            continue;
        }
        match tally.get_mut(value) {
            Some(n) => *n += hits,
            None => {
                tally.insert(value.clone(), hits);
            }
        }
    }
}

/// The main classes, or the classes one character longer than a chosen one.
fn count_classes(segment: &Segment, query: &Query, docs: &Docs, classes: &mut Tally) -> tantivy::Result<()> {
    let mut chosen: Vec<String> =
        query.classes.iter().map(|c| class_form(c)).filter(|c| !c.is_empty()).collect();
    chosen.sort();
    chosen.dedup();
    if chosen.is_empty() {
        tally(classes, &segment.main_classes, docs);
    }
    if docs.is_empty() {
        return Ok(());
    }
    let mut below = Tally::new();
    for class in chosen {
        let length = class.chars().count() + 1;
        for (value, own) in
            segment.sets(segment.fields.class, &class, |term| term.chars().count() == length)?
        {
            below.insert(value, docs.and_count(&own));
        }
    }
    for (value, hits) in below.into_iter().filter(|&(_, hits)| hits > 0) {
        *classes.entry(value).or_default() += hits;
    }
    Ok(())
}

fn by_hits(tally: Tally) -> Vec<(String, u64)> {
    let mut values: Vec<_> = tally.into_iter().collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    values
}

/// Hits by ordinal in one segment: a slot an ordinal where many documents are counted, else a map.
enum Ordinals {
    Few(FxHashMap<u64, u64>),
    Many { hits: Vec<u32>, seen: Vec<u64> },
}

impl Ordinals {
    fn of(column: &StrColumn, docs: &Docs, room: usize) -> Self {
        let few = room.min(docs.len() as usize) < MANY;
        let docs = docs.iter().take(room);
        let terms = column.num_terms();
        if few || terms > MOST_SLOTS {
            let mut few = FxHashMap::default();
            docs.for_each(|doc| column.term_ords(doc).for_each(|o| *few.entry(o).or_default() += 1));
            return Self::Few(few);
        }
        let (mut hits, mut seen) = (vec![0u32; terms], Vec::new());
        for ordinal in docs.flat_map(|doc| column.term_ords(doc)) {
            if let Some(slot) = hits.get_mut(ordinal as usize) {
                if *slot == 0 {
                    seen.push(ordinal);
                }
                *slot += 1;
            }
        }
        Self::Many { hits, seen }
    }

    fn get(&self, ordinal: u64) -> u64 {
        match self {
            Self::Few(few) => few.get(&ordinal).copied().unwrap_or(0),
            Self::Many { hits, .. } => hits.get(ordinal as usize).copied().unwrap_or(0).into(),
        }
    }

    /// The commonest, with their hits.
    fn top(&self, keep: usize) -> Vec<(u64, u64)> {
        let mut top: Vec<(u64, u64)> = match self {
            Self::Few(few) => few.iter().map(|(&o, &n)| (n, o)).collect(),
            Self::Many { seen, .. } => seen.iter().map(|&o| (self.get(o), o)).collect(),
        };
        if top.len() > keep {
            top.select_nth_unstable_by(keep, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            top.truncate(keep);
        }
        top
    }
}

/// The commonest headings. Ordinals are counted a segment at a time; only those in the running become text.
fn headings(
    catalogue: &Catalogue,
    result: &[Docs],
    column: impl Fn(&Segment) -> Option<&StrColumn>,
) -> tantivy::Result<Vec<(String, u64)>> {
    let mut room = HEADINGS_CAP;
    let mut counted: Vec<Ordinals> = Vec::new();
    let mut total = Tally::new();
    let mut cut = false;
    let keep = if catalogue.segments.len() == 1 { HEADINGS } else { HEADINGS_A_SEGMENT };
    for (segment, docs) in catalogue.segments.iter().zip(result) {
        let Some(column) = column(segment).filter(|_| room > 0 && !docs.is_empty()) else {
            counted.push(Ordinals::Few(FxHashMap::default()));
            continue;
        };
        let ordinals = Ordinals::of(column, docs, room);
        let running = ordinals.top(keep);
        cut |= running.len() == keep;
        for (hits, ordinal) in running {
            let mut text = String::new();
            column.ord_to_str(ordinal, &mut text)?;
            *total.entry(text).or_default() += hits;
        }
        room = room.saturating_sub(docs.len() as usize);
        counted.push(ordinals);
    }
    let mut top = by_hits(total);
    top.truncate(HEADINGS);
    if cut && catalogue.segments.len() > 1 {
        recount(catalogue, &counted, &column, &mut top)?;
    }
    Ok(top)
}

/// A heading may have been common in one segment and rare in another: the chosen ones get their full counts.
fn recount<'a>(
    catalogue: &'a Catalogue,
    counted: &[Ordinals],
    column: &impl Fn(&'a Segment) -> Option<&'a StrColumn>,
    top: &mut [(String, u64)],
) -> tantivy::Result<()> {
    for (text, hits) in top.iter_mut() {
        *hits = 0;
        for (segment, ordinals) in catalogue.segments.iter().zip(counted) {
            if let Some(column) = column(segment)
                && let Some(ordinal) = column.dictionary().term_ord(text.as_bytes())?
            {
                *hits += ordinals.get(ordinal);
            }
        }
    }
    top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(())
}
