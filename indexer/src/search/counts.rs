//! Hits a library and hits a facet value: result sets ∧ value sets, never an aggregation.
//!
//! Authors and subjects are counted over the first `HEADINGS_CAP` hits of the result: beyond them the counts are
//! lower bounds and the choice of the twenty is a sample. It knows no words and no order.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tantivy::columnar::StrColumn;

use crate::bib::LibraryCode;
use crate::index::class_form;
use crate::search::docs::Docs;
use crate::search::filter::{Filters, Kind};
use crate::search::segment::{Segment, Sets};
use crate::search::{Catalogue, Facets, Query};

/// Hits whose authors and subjects are counted.
const HEADINGS_CAP: usize = 20_000;
/// Authors and subjects shown.
const HEADINGS: usize = 20;
/// Headings of one segment that take part in the choice of the commonest.
const HEADINGS_A_SEGMENT: usize = 60;

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
        let within = |kind| {
            if filters.has(kind) { filters.pass(&found[n], Some(kind)) } else { result[n].clone() }
        };
        let docs = within(Kind::Library);
        in_all_libraries += u64::from(docs.len());
        tally(&mut libraries, &segment.libraries, &docs);
        tally(&mut kinds, &segment.kinds, &within(Kind::Type));
        tally(&mut languages, &segment.languages, &within(Kind::Language));
        count_classes(segment, query, &within(Kind::Class), &mut classes)?;
        let docs = within(Kind::Year);
        for (year, own) in &segment.years {
            let hits = docs.and_count(own);
            if hits > 0 {
                *years.entry(*year).or_default() += hits;
            }
        }
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

/// Each chosen library, all of the generation when none is chosen, with its hits.
fn chosen(catalogue: &Catalogue, query: &Query, tally: &Tally) -> Vec<(LibraryCode, u64)> {
    let mut codes = query.libraries.clone();
    if codes.is_empty() {
        codes = catalogue.manifest.libraries.iter().map(|l| l.code.clone()).collect();
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

/// The commonest headings. Ordinals are counted a segment at a time; only those in the running become text.
fn headings(
    catalogue: &Catalogue,
    result: &[Docs],
    column: impl Fn(&Segment) -> Option<&StrColumn>,
) -> tantivy::Result<Vec<(String, u64)>> {
    let mut room = HEADINGS_CAP;
    let mut counted: Vec<FxHashMap<u64, u64>> = Vec::new();
    let mut total = Tally::new();
    for (segment, docs) in catalogue.segments.iter().zip(result) {
        let mut ordinals: FxHashMap<u64, u64> = FxHashMap::default();
        if let Some(column) = column(segment) {
            for doc in docs.iter().take(room) {
                for ordinal in column.term_ords(doc) {
                    *ordinals.entry(ordinal).or_default() += 1;
                }
            }
            let mut top: Vec<(u64, u64)> = ordinals.iter().map(|(&o, &n)| (n, o)).collect();
            let keep = if catalogue.segments.len() == 1 { HEADINGS } else { HEADINGS_A_SEGMENT };
            if top.len() > keep {
                top.select_nth_unstable_by(keep, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
                top.truncate(keep);
            }
            for (hits, ordinal) in top {
                let mut text = String::new();
                column.ord_to_str(ordinal, &mut text)?;
                *total.entry(text).or_default() += hits;
            }
        }
        room = room.saturating_sub(docs.len() as usize);
        counted.push(ordinals);
    }
    let mut top = by_hits(total);
    top.truncate(HEADINGS);
    if catalogue.segments.len() > 1 {
        recount(catalogue, &counted, &column, &mut top)?;
    }
    Ok(top)
}

/// A heading may have been common in one segment and rare in another: the chosen ones get their full counts.
fn recount<'a>(
    catalogue: &'a Catalogue,
    counted: &[FxHashMap<u64, u64>],
    column: &impl Fn(&'a Segment) -> Option<&'a StrColumn>,
    top: &mut Vec<(String, u64)>,
) -> tantivy::Result<()> {
    for (text, hits) in top.iter_mut() {
        *hits = 0;
        for (segment, ordinals) in catalogue.segments.iter().zip(counted) {
            if let Some(column) = column(segment).filter(|_| !ordinals.is_empty())
                && let Some(ordinal) = column.dictionary().term_ord(text.as_bytes())?
            {
                *hits += ordinals.get(&ordinal).copied().unwrap_or(0);
            }
        }
    }
    top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(())
}
