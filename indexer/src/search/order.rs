//! The orders other than relevance: by year, by title, by shelf.
//!
//! Years walk the kept sets; titles and call numbers compare ordinals inside a segment and texts between
//! segments. Ties stand in the order of the index. It knows no words.

use tantivy::columnar::BytesColumn;

use crate::bib::LibraryCode;
use crate::search::docs::Docs;
use crate::search::rank::{Place, places};
use crate::search::segment::Segment;
use crate::search::{Catalogue, Query, Sort};

/// The hits of `result` up to `end` in the order that `sort` names.
pub(crate) fn order(
    catalogue: &Catalogue,
    query: &Query,
    result: &[Docs],
    end: usize,
) -> tantivy::Result<Vec<Place>> {
    match query.sort {
        Sort::Title => {
            by_key(catalogue, result, end, |segment, docs, keep| Ok(by_title(segment, docs, keep)))
        }
        Sort::CallNumber => {
            let library = match &query.libraries[..] {
                [only] => Some(only),
                _ => query.home.as_ref(),
            };
            by_key(catalogue, result, end, |segment, docs, keep| by_shelf(segment, docs, keep, library))
        }
        Sort::Oldest => Ok(by_year(catalogue, result, end, false)),
        Sort::Newest | Sort::Relevance => Ok(by_year(catalogue, result, end, true)),
    }
}

/// Entries without a year come last.
fn by_year(catalogue: &Catalogue, result: &[Docs], end: usize, newest: bool) -> Vec<Place> {
    let mut years: Vec<i16> =
        catalogue.segments.iter().flat_map(|s| s.years.iter().map(|(y, _)| *y)).collect();
    years.sort_unstable();
    years.dedup();
    if newest {
        years.reverse();
    }
    let mut order = Vec::with_capacity(end.min(1024));
    let mut left: Vec<Docs> = result.to_vec();
    for year in years {
        for (n, segment) in catalogue.segments.iter().enumerate() {
            let Ok(at) = segment.years.binary_search_by_key(&year, |(y, _)| *y) else { continue };
            let own = result[n].and(&segment.years[at].1);
            order.extend(own.iter().take(end - order.len()).map(|doc| (n, doc)));
            if order.len() >= end {
                return order;
            }
            left[n] = left[n].minus(&own);
        }
    }
    let missing = end - order.len();
    order.extend(places(&left).take(missing));
    order
}

/// A sort key of a document: missing ones last, then by ordinal.
type Key = (bool, u64);

/// Takes the first `end` of every segment and merges them by the texts of their keys.
fn by_key(
    catalogue: &Catalogue,
    result: &[Docs],
    end: usize,
    keyed: impl Fn(&Segment, &Docs, usize) -> tantivy::Result<Vec<(Key, Vec<u8>, u32)>>,
) -> tantivy::Result<Vec<Place>> {
    let mut all: Vec<(bool, Vec<u8>, Place)> = Vec::new();
    for (n, (segment, docs)) in catalogue.segments.iter().zip(result).enumerate() {
        all.extend(keyed(segment, docs, end)?.into_iter().map(|((last, _), key, doc)| (last, key, (n, doc))));
    }
    if catalogue.segments.len() > 1 {
        all.sort();
    }
    Ok(all.into_iter().take(end).map(|(.., place)| place).collect())
}

fn first(mut keys: Vec<(Key, u32)>, keep: usize) -> Vec<(Key, u32)> {
    if keys.len() > keep {
        keys.select_nth_unstable(keep);
        keys.truncate(keep);
    }
    keys.sort_unstable();
    keys
}

fn by_title(segment: &Segment, docs: &Docs, keep: usize) -> Vec<(Key, Vec<u8>, u32)> {
    let Some(column) = &segment.title_order else { return Vec::new() };
    let key = |doc| column.term_ords(doc).next().map_or((true, 0), |ordinal| (false, ordinal));
    let keys = first(docs.iter().map(|doc| (key(doc), doc)).collect(), keep);
    let text = |ordinal| {
        let mut text = String::new();
        // An ordinal that cannot be read sorts first, no worse than anywhere else.
        let _ = column.ord_to_str(ordinal, &mut text);
        text.into_bytes()
    };
    keys.into_iter().map(|(key, doc)| (key, if key.0 { Vec::new() } else { text(key.1) }, doc)).collect()
}

/// The call number of `library` where it has one; else, and behind those, class and title.
fn by_shelf(
    segment: &Segment,
    docs: &Docs,
    keep: usize,
    library: Option<&LibraryCode>,
) -> tantivy::Result<Vec<(Key, Vec<u8>, u32)>> {
    let Some(column) = &segment.shelf_order else { return Ok(Vec::new()) };
    let own = library.map(|library| ordinals_of(column, library)).transpose()?;
    let key = |doc| {
        let shelf = own.and_then(|(from, to)| column.term_ords(doc).filter(|o| (from..to).contains(o)).min());
        // The key by class begins with a zero byte, so it is the least of a document's.
        shelf.map_or_else(
            || (true, column.term_ords(doc).min().unwrap_or(u64::MAX)),
            |ordinal| (false, ordinal),
        )
    };
    let keys = first(docs.iter().map(|doc| (key(doc), doc)).collect(), keep);
    let text = |ordinal| {
        let mut text = Vec::new();
        let _ = column.ord_to_bytes(ordinal, &mut text);
        text
    };
    Ok(keys.into_iter().map(|(key, doc)| (key, text(key.1), doc)).collect())
}

/// The half-open range of ordinals of a library's call numbers.
fn ordinals_of(column: &BytesColumn, library: &LibraryCode) -> tantivy::Result<(u64, u64)> {
    use std::ops::Bound;
    let mut from = library.as_str().as_bytes().to_vec();
    from.push(0);
    let mut to = library.as_str().as_bytes().to_vec();
    to.push(1);
    let (from, to) = column.dictionary().term_bounds_to_ord(Bound::Included(from), Bound::Excluded(to))?;
    let start = match from {
        Bound::Included(o) => o,
        Bound::Excluded(o) => o + 1,
        Bound::Unbounded => 0,
    };
    let end = match to {
        Bound::Included(o) => o + 1,
        Bound::Excluded(o) => o,
        Bound::Unbounded => u64::MAX,
    };
    Ok((start, end))
}
