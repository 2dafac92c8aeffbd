//! Hits a library and hits a facet value: result sets ∧ value sets, never an aggregation.
//!
//! Authors and subjects are counted in `headings`. It knows no words and no order.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use crate::bib::LibraryCode;
use crate::index::class_form;
use crate::search::docs::Docs;
use crate::search::filter::{Filters, Kind};
use crate::search::headings;
use crate::search::segment::{Segment, Sets};
use crate::search::{Catalogue, Facets, Query, Sort};

/// Counts kept at most: some six kilobytes each.
const MOST: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// Fewer hits are counted again as quickly.
const WORTH_KEEPING: u64 = if cfg!(test) { 1 } else { 1_000 };

/// Counts of values, collected over segments.
type Tally = BTreeMap<String, u64>;

/// The counts of a result.
pub(crate) struct Counts {
    pub(crate) libraries: Vec<(LibraryCode, u64)>,
    pub(crate) facets: Facets,
    /// Hits without the filter of libraries.
    pub(crate) in_all_libraries: u64,
}

/// Counts of searches with many hits: the next page, and another order, have the same.
pub(crate) struct Counted(Mutex<LruCache<Query, Arc<Counts>>>);

impl Default for Counted {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl Counted {
    /// The counts of a query, made where they are not kept.
    pub(crate) fn of(
        &self,
        query: &Query,
        make: impl FnOnce() -> tantivy::Result<Counts>,
    ) -> tantivy::Result<Arc<Counts>> {
        // What is shown of the hits does not change how many there are.
        let key = Query {
            page: 1,
            per_page: 1,
            sort: Sort::Relevance,
            home: None,
            explain_score: false,
            ..query.clone()
        };
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = kept().get(&key) {
            return Ok(Arc::clone(counts));
        }
        let counts = Arc::new(make()?);
        if counts.in_all_libraries >= WORTH_KEEPING {
            kept().put(key, Arc::clone(&counts));
        }
        Ok(counts)
    }
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
        tally(&mut libraries, segment, &segment.libraries, &docs);
        tally(&mut kinds, segment, &segment.kinds, &within(Kind::Type));
        tally(&mut languages, segment, &segment.languages, &within(Kind::Language));
        count_classes(segment, query, &within(Kind::Class), &mut classes)?;
        let docs = within(Kind::Year);
        let hits =
            if segment.is_all(&docs) { segment.years.totals().to_vec() } else { segment.years.hits(&docs) };
        for (year, hits) in segment.years.all().iter().zip(hits).filter(|&(_, hits)| hits > 0) {
            *years.entry(*year).or_default() += hits;
        }
    }
    let facets = Facets {
        types: by_hits(kinds),
        years: years.into_iter().map(|(year, hits)| (year.to_string(), hits)).collect(),
        languages: by_hits(languages),
        classes: by_hits(classes),
        authors: headings::commonest(catalogue, result, |s| s.authors.as_ref())?,
        subjects: headings::commonest(catalogue, result, |s| s.subjects.as_ref())?,
    };
    Ok(Counts { libraries: chosen(catalogue, query, &libraries), facets, in_all_libraries })
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

fn tally(tally: &mut Tally, segment: &Segment, sets: &Sets, docs: &Docs) {
    if docs.is_empty() {
        return;
    }
    // The home page and each browsed list count everything: that is known.
    let is_all = segment.is_all(docs);
    for (value, own) in sets {
        let hits = if is_all { own.len().into() } else { docs.and_count(own) };
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

/// The main classes, or those directly below a chosen one.
fn count_classes(segment: &Segment, query: &Query, docs: &Docs, classes: &mut Tally) -> tantivy::Result<()> {
    let mut chosen: Vec<String> =
        query.classes.iter().map(|c| class_form(c)).filter(|c| !c.is_empty()).collect();
    chosen.sort();
    chosen.dedup();
    if chosen.is_empty() {
        tally(classes, segment, &segment.main_classes, docs);
    }
    if docs.is_empty() {
        return Ok(());
    }
    let mut below = Tally::new();
    for class in chosen {
        for (value, own) in segment.classes_below(&class)? {
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
