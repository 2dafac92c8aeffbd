//! Titles that complete what was typed, those that most libraries hold first.
//!
//! Candidates are chosen by how many libraries hold them, which stands in front of their texts and costs no
//! reading. Titles that fold to one are one.

use rustc_hash::FxHashMap;

use crate::index::terms::{self, VALUE};
use crate::search::Catalogue;
use crate::search::docs::Docs;
use crate::search::rank::Place;
use crate::search::suggest::Candidate;
use crate::search::suggest::gather::{Ways, some_of};
use crate::search::suggest::typed::Typed;
use crate::search::texts::Part;

/// Documents whose holders are looked at, all segments together.
const LOOKED_AT: usize = 2_000;
/// Titles that are read, all segments together, in each way.
const READ: usize = 200;

struct Known {
    rank: u8,
    libraries: u32,
    place: Place,
}

/// The best titles, at most `most`.
pub(super) fn titles(
    catalogue: &Catalogue,
    typed: &Typed,
    ways: &[Ways],
    most: usize,
) -> tantivy::Result<Vec<Candidate>> {
    let mut known: FxHashMap<String, Known> = FxHashMap::default();
    for (n, ways) in ways.iter().enumerate() {
        let segment = &catalogue.segments[n];
        let mut literal = ways.literal.clone();
        if let Some(head) = terms::head_mark(&typed.needle).filter(|_| literal.len() as usize > READ) {
            let starts = segment.term(segment.fields.title, &head)?.and(&literal);
            if !starts.is_empty() {
                literal = starts;
            }
        }
        for docs in [&literal, &ways.initials, &ways.syllables] {
            for doc in most_held(catalogue, n, docs) {
                let Some(text) = catalogue.text(segment, doc) else { continue };
                let Some(title) = text.part(Part::Titles).split(VALUE).next() else { continue };
                let Some(rank) = typed.rank(title) else { continue };
                let libraries = u32::from(text.libraries);
                let best =
                    known.entry(title.to_owned()).or_insert(Known { rank, libraries: 0, place: (n, doc) });
                best.libraries += libraries;
            }
        }
    }
    let mut best: Vec<(String, Known)> = known.into_iter().collect();
    best.sort_by(|(a, x), (b, y)| {
        (y.rank, y.libraries).cmp(&(x.rank, x.libraries)).then(a.len().cmp(&b.len())).then(a.cmp(b))
    });
    let shown = best.into_iter().take(most).filter_map(|(_, known)| {
        let number = catalogue.segments[known.place.0].number(known.place.1)?;
        let text = catalogue.generation.entry(number).ok()?.bib.title?;
        Some(Candidate { rank: known.rank, text })
    });
    Ok(shown.collect())
}

/// The documents that most libraries hold.
fn most_held(catalogue: &Catalogue, n: usize, docs: &Docs) -> Vec<u32> {
    let share = |all: usize| (all / catalogue.segments.len().max(1)).max(all / 10);
    let (looked_at, read) = (share(LOOKED_AT), share(READ));
    if docs.len() as usize <= read {
        return docs.iter().collect();
    }
    let segment = &catalogue.segments[n];
    let layer = catalogue.layer(segment);
    let held = |doc: u32| {
        let text = layer.text(segment.own_number(doc)?)?;
        text.first_chunk::<2>().map(|libraries| (std::cmp::Reverse(u16::from_le_bytes(*libraries)), doc))
    };
    let mut held: Vec<_> = some_of(docs, looked_at).into_iter().filter_map(held).collect();
    if held.len() > read {
        held.select_nth_unstable(read);
        held.truncate(read);
    }
    held.into_iter().map(|(_, doc)| doc).collect()
}
