//! Names and subject headings that complete what was typed, those with most entries first.
//!
//! Headings are counted over some of the documents that have what was typed; forms that fold to one are one, and
//! the commonest form is shown.

use rustc_hash::FxHashMap;
use tantivy::columnar::StrColumn;

use crate::index::terms;
use crate::search::Catalogue;
use crate::search::docs::Docs;
use crate::search::headings::{Headings, forms_of};
use crate::search::suggest::Candidate;
use crate::search::suggest::gather::{Access, Ways, some_of};
use crate::search::suggest::typed::Typed;

/// Documents whose headings are counted, all segments together.
const COUNTED: usize = 2_000;
/// Headings of a segment that are read, the commonest.
const READ: usize = 48;

struct Known {
    rank: u8,
    entries: u32,
    shown: String,
    shown_entries: u32,
}

/// The best headings, at most `most`.
pub(super) fn headings(
    catalogue: &Catalogue,
    typed: &Typed,
    ways: &[Ways],
    access: Access,
    most: usize,
) -> tantivy::Result<Vec<Candidate>> {
    let mut known: FxHashMap<String, Known> = FxHashMap::default();
    for (segment, ways) in catalogue.segments.iter().zip(ways) {
        let column = if access == Access::Author { &segment.authors } else { &segment.subjects };
        let Some(column) = column.as_ref().map(Headings::column) else { continue };
        let share = (COUNTED / catalogue.segments.len().max(1)).max(COUNTED / 10);
        for docs in [&ways.literal, &ways.initials, &ways.syllables] {
            for (ordinal, entries) in commonest(column, docs, share) {
                let mut term = String::new();
                column.ord_to_str(ordinal, &mut term)?;
                let text = forms_of(&term).1.to_owned();
                let normal = terms::normal(&text);
                let Some(rank) = typed.rank(&normal) else { continue };
                let best = known.entry(normal).or_insert_with(|| Known {
                    rank,
                    entries: 0,
                    shown: text.clone(),
                    shown_entries: entries,
                });
                best.entries += entries;
                if entries > best.shown_entries {
                    (best.shown, best.shown_entries) = (text, entries);
                }
            }
        }
    }
    let mut best: Vec<Known> = known.into_values().collect();
    best.sort_by(|a, b| (b.rank, b.entries).cmp(&(a.rank, a.entries)).then_with(|| a.shown.cmp(&b.shown)));
    Ok(best.into_iter().take(most).map(|k| Candidate { rank: k.rank, text: k.shown }).collect())
}

fn commonest(column: &StrColumn, docs: &Docs, counted: usize) -> Vec<(u64, u32)> {
    let mut entries: FxHashMap<u64, u32> = FxHashMap::default();
    for doc in some_of(docs, counted) {
        column.term_ords(doc).for_each(|ordinal| *entries.entry(ordinal).or_default() += 1);
    }
    let mut all: Vec<(u64, u32)> = entries.into_iter().collect();
    let better = |a: &(u64, u32), b: &(u64, u32)| b.1.cmp(&a.1).then(a.0.cmp(&b.0));
    if all.len() > READ {
        all.select_nth_unstable_by(READ, better);
        all.truncate(READ);
    }
    all
}
