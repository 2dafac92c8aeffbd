//! The commonest authors and subjects of a result, one heading a folded form: 羅貫中 and 罗贯中 are one.
//!
//! The headings of all segments are numbered together when a generation is opened, so hits are counted by number
//! and only the twenty that are shown become text. A heading is shown in the form that most of the hits have.
//! Counted are the first `CAP` hits: beyond them the counts are lower bounds and the choice of the twenty is a
//! sample. It knows no words, filters and order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tantivy::columnar::StrColumn;

use crate::index::terms::VALUE;
use crate::search::Catalogue;
use crate::search::docs::Docs;
use crate::search::segment::Segment;

/// Hits whose headings are counted.
const CAP: u16 = 10_000;
/// Headings shown.
const SHOWN: usize = 20;

/// The headings of a segment, in the order of their folded forms.
pub(crate) struct Headings {
    column: StrColumn,
    /// The number of each term's folded form, the same in all segments; ascending.
    numbers: Vec<u32>,
}

/// The folded form of a term of the column, and the form as written.
pub(crate) fn forms_of(term: &str) -> (&str, &str) {
    term.split_once(VALUE).unwrap_or((term, term))
}

fn folded(term: &[u8]) -> &[u8] {
    term.split(|&byte| byte == VALUE as u8).next().unwrap_or_default()
}

impl Headings {
    pub(crate) fn of(column: StrColumn) -> Self {
        Self { numbers: Vec::with_capacity(column.num_terms()), column }
    }

    /// The terms, of which `forms_of` gives the forms.
    pub(crate) fn column(&self) -> &StrColumn {
        &self.column
    }

    /// Numbers the folded forms of all segments together.
    pub(crate) fn number<'a>(all: impl Iterator<Item = &'a mut Self>) -> tantivy::Result<()> {
        let mut all: Vec<(&StrColumn, &mut Vec<u32>)> =
            all.map(|headings| (&headings.column, &mut headings.numbers)).collect();
        let mut streams = Vec::with_capacity(all.len());
        let mut heads = BinaryHeap::new();
        for (n, (column, _)) in all.iter().enumerate() {
            let mut stream = column.dictionary().stream()?;
            if stream.advance() {
                heads.push(Reverse((folded(stream.key()).to_vec(), n)));
            }
            streams.push(stream);
        }
        let (mut number, mut last): (u32, Option<Vec<u8>>) = (0, None);
        while let Some(Reverse((mut form, n))) = heads.pop() {
            number += u32::from(last.as_ref().is_some_and(|last| *last != form));
            let kept = last.get_or_insert_default();
            kept.clone_from(&form);
            // As long as this segment's next form is the same, or the only one, there is nothing to compare.
            loop {
                all[n].1.push(number);
                if !streams[n].advance() {
                    break;
                }
                let next = folded(streams[n].key());
                if next != form {
                    form.clear();
                    form.extend_from_slice(next);
                    heads.push(Reverse((form, n)));
                    break;
                }
            }
        }
        Ok(())
    }

    /// The terms with this number.
    fn terms(&self, number: u32) -> Range<usize> {
        let start = self.numbers.partition_point(|&n| n < number);
        let same = self.numbers[start..].iter().take_while(|&&n| n == number).count();
        start..start + same
    }
}

/// Slots to count in, left empty: as many as there are terms, and as there are numbers.
#[derive(Default)]
struct Slots {
    by_term: Vec<u16>,
    terms: Vec<usize>,
    by_number: Vec<u16>,
    numbers: Vec<u32>,
}

/// Slots that nobody counts in. They are large, so as many as counted at the same time, and not one a thread.
static FREE: Mutex<Vec<Slots>> = Mutex::new(Vec::new());

fn free() -> MutexGuard<'static, Vec<Slots>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slots {
    /// Counts the headings of the first `CAP` hits; `bases` are the places of each segment's first term.
    fn count(&mut self, all: &[(Option<&Headings>, &Docs)], bases: &[usize]) {
        let terms = bases.last().copied().unwrap_or_default();
        let numbers = all.iter().filter_map(|(h, _)| h.and_then(|h| h.numbers.last())).max();
        self.by_term.resize(self.by_term.len().max(terms), 0);
        self.by_number.resize(self.by_number.len().max(numbers.map_or(0, |&n| n as usize + 1)), 0);
        let mut room = u32::from(CAP);
        for ((headings, docs), base) in all.iter().zip(bases) {
            let Some(headings) = headings else { continue };
            let first = self.terms.len();
            docs.each_of_first(room, |doc| {
                for ordinal in headings.column.term_ords(doc) {
                    let term = base + ordinal as usize;
                    let Some(hits) = self.by_term.get_mut(term) else { continue };
                    if *hits == 0 {
                        self.terms.push(term);
                    }
                    *hits = hits.saturating_add(1);
                }
            });
            // Forms come together once each, not once a hit.
            for term in &self.terms[first..] {
                let Some(&number) = headings.numbers.get(term - base) else { continue };
                let sum = &mut self.by_number[number as usize];
                if *sum == 0 {
                    self.numbers.push(number);
                }
                *sum = sum.saturating_add(self.by_term[*term]);
            }
            room = room.saturating_sub(docs.len());
        }
    }

    /// The numbers with most hits; of equally common ones the first by folded form.
    fn top(&mut self) -> Vec<(u16, u32)> {
        let mut top: Vec<(u16, u32)> =
            self.numbers.iter().map(|&number| (self.by_number[number as usize], number)).collect();
        let better = |a: &(u16, u32), b: &(u16, u32)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
        if top.len() > SHOWN {
            top.select_nth_unstable_by(SHOWN, better);
            top.truncate(SHOWN);
        }
        top.sort_unstable_by(better);
        top
    }

    fn clear(&mut self) {
        self.terms.drain(..).for_each(|term| self.by_term[term] = 0);
        self.numbers.drain(..).for_each(|number| self.by_number[number as usize] = 0);
    }
}

/// The commonest headings of a result, with their hits.
pub(crate) fn commonest(
    catalogue: &Catalogue,
    result: &[Docs],
    column: impl Fn(&Segment) -> Option<&Headings>,
) -> tantivy::Result<Vec<(String, u64)>> {
    let all: Vec<(Option<&Headings>, &Docs)> =
        catalogue.segments.iter().zip(result).map(|(segment, docs)| (column(segment), docs)).collect();
    let mut bases = vec![0];
    for (headings, _) in &all {
        bases.push(bases.last().copied().unwrap_or_default() + headings.map_or(0, |h| h.numbers.len()));
    }
    // Taken out of those that are free: where a panic loses them, others are made.
    let mut slots = free().pop().unwrap_or_default();
    slots.count(&all, &bases);
    let top = slots.top().into_iter();
    let shown = top.map(|(hits, number)| Ok((shown(&all, &bases, &slots.by_term, number)?, u64::from(hits))));
    let shown = shown.collect();
    slots.clear();
    free().push(slots);
    shown
}

/// The form that most of the hits have; of equally common ones the first.
fn shown(
    all: &[(Option<&Headings>, &Docs)],
    bases: &[usize],
    by_term: &[u16],
    number: u32,
) -> tantivy::Result<String> {
    let mut forms: BTreeMap<String, u64> = BTreeMap::new();
    let mut term = String::new();
    for ((headings, _), base) in all.iter().zip(bases) {
        let Some(headings) = headings else { continue };
        for ordinal in headings.terms(number) {
            let hits = by_term.get(base + ordinal).copied().unwrap_or_default();
            if hits > 0 {
                term.clear();
                headings.column.ord_to_str(ordinal as u64, &mut term)?;
                *forms.entry(forms_of(&term).1.to_owned()).or_default() += u64::from(hits);
            }
        }
    }
    Ok(forms.into_iter().rev().max_by_key(|(_, hits)| *hits).map(|(form, _)| form).unwrap_or_default())
}
