//! Author and subject headings by pinyin, each with its entries; forms that fold to one stand as one.
//!
//! The order of a segment's headings is made once, when they are first browsed, and kept: four bytes a heading for
//! the order and four for the count. A heading that only retired entries have is not shown.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tantivy::columnar::StrColumn;

use crate::analysis::pinyin;
use crate::bib::Entry;
use crate::index::{Error, terms};
use crate::search::browse::window::{self, Sorted};
use crate::search::browse::{HeadingKind, Start};
use crate::search::docs::Docs;
use crate::search::headings::{self, forms_of};
use crate::search::segment::Segment;
use crate::search::{Catalogue, Query, Sort, catalogue, order};

/// Rows of one page that are read at most, for each that is shown: forms of one heading are several.
const FORMS: usize = 4;

/// A heading with its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadingRow {
    /// As most entries write it.
    pub text: String,
    /// Entries with it.
    pub entries: u64,
}

/// A page of headings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadingPage {
    /// The headings in order.
    pub rows: Vec<HeadingRow>,
    /// First heading of the page before.
    pub previous: Option<String>,
    /// First heading of the page behind.
    pub next: Option<String>,
}

/// The orders of all segments.
pub(crate) struct Headings(Vec<Ordered>);

/// Headings of one segment in order.
#[derive(Default)]
struct Ordered {
    ordinals: Vec<u32>,
    entries: Vec<u32>,
}

struct List<'a> {
    column: Option<&'a StrColumn>,
    ordered: &'a Ordered,
}

impl List<'_> {
    fn text(&self, at: usize) -> String {
        let mut text = String::new();
        if let (Some(column), Some(&ordinal)) = (self.column, self.ordered.ordinals.get(at)) {
            // What cannot be read is no heading.
            let _ = column.ord_to_str(u64::from(ordinal), &mut text);
        }
        forms_of(&text).1.to_owned()
    }
}

impl Sorted for List<'_> {
    type Said = Form;

    fn len(&self) -> usize {
        self.ordered.ordinals.len()
    }

    fn row(&self, at: usize) -> (Vec<u8>, Form) {
        let text = self.text(at);
        let entries = u64::from(self.ordered.entries.get(at).copied().unwrap_or(0));
        (pinyin::sort_key(&text).into_bytes(), Form { text, entries })
    }

    fn shown(&self, at: usize) -> bool {
        self.ordered.entries.get(at).is_some_and(|n| *n > 0)
    }
}

/// A heading as some entries write it.
struct Form {
    text: String,
    entries: u64,
}

fn column(segment: &Segment, kind: HeadingKind) -> Option<&StrColumn> {
    match kind {
        HeadingKind::Author => segment.authors.as_ref().map(headings::Headings::column),
        HeadingKind::Subject => segment.subjects.as_ref().map(headings::Headings::column),
    }
}

impl Ordered {
    fn of(segment: &Segment, kind: HeadingKind) -> tantivy::Result<Self> {
        let Some(column) = column(segment, kind) else { return Ok(Self::default()) };
        let mut by_ordinal = vec![0u32; column.num_terms()];
        segment.all().each(|doc| {
            for ordinal in column.term_ords(doc) {
                if let Some(n) = by_ordinal.get_mut(ordinal as usize) {
                    *n += 1;
                }
            }
        });
        let mut keys: Vec<u8> = Vec::new();
        let mut items: Vec<(usize, usize, u32)> = Vec::with_capacity(by_ordinal.len());
        let mut stream = column.dictionary().stream()?;
        let mut ordinal = 0;
        while stream.advance() {
            let from = keys.len();
            if let Ok(text) = std::str::from_utf8(stream.key()) {
                keys.extend_from_slice(pinyin::sort_key(forms_of(text).1).as_bytes());
            }
            items.push((from, keys.len(), ordinal));
            ordinal += 1;
        }
        items.sort_unstable_by(|a, b| keys[a.0..a.1].cmp(&keys[b.0..b.1]).then(a.2.cmp(&b.2)));
        let ordinals: Vec<u32> = items.into_iter().map(|(_, _, ordinal)| ordinal).collect();
        let entries = ordinals.iter().map(|&o| by_ordinal.get(o as usize).copied().unwrap_or(0)).collect();
        Ok(Self { ordinals, entries })
    }
}

impl Catalogue {
    /// A page of headings, at most `most` rows.
    pub fn headings(&self, kind: HeadingKind, start: &Start, most: usize) -> Result<HeadingPage, Error> {
        let engine = |e| Error::engine(self.dir())(e);
        catalogue::guarded(self.dir(), || self.headings_page(kind, start, most).map_err(engine))
    }

    /// Makes the orders of the headings, which the first reader who browses would wait for otherwise.
    pub fn prepare_browsing(&self) -> Result<(), Error> {
        for kind in [HeadingKind::Author, HeadingKind::Subject] {
            self.headings(kind, &Start::First, 1)?;
        }
        Ok(())
    }

    fn ordered(&self, kind: HeadingKind) -> tantivy::Result<&Headings> {
        let slot = &self.browsing.headings[kind as usize];
        if let Some(known) = slot.get() {
            return Ok(known);
        }
        let made = self.segments.iter().map(|segment| Ordered::of(segment, kind));
        let made = Headings(made.collect::<tantivy::Result<_>>()?);
        Ok(slot.get_or_init(|| made))
    }

    fn headings_page(&self, kind: HeadingKind, start: &Start, most: usize) -> tantivy::Result<HeadingPage> {
        let ordered = self.ordered(kind)?;
        let list = |(segment, ordered)| List { column: column(segment, kind), ordered };
        let lists: Vec<List<'_>> = self.segments.iter().zip(&ordered.0).map(list).collect();
        let from = window::places(&lists, &start.key_in(&lists, |form| form.entries));
        let (mut rows, all_read) = grouped(window::forward(&lists, &from), most + 1);
        // Many forms of few headings: the last one may have more than were read, so it begins the next page.
        let kept = if all_read { most } else { most.min(rows.len().saturating_sub(1)).max(1) };
        let next = rows.get(kept).map(|row| row.text.clone());
        rows.truncate(kept);
        let before = grouped(window::backward(&lists, &from), most).0;
        let previous = before.last().map(|row| row.text.clone());
        Ok(HeadingPage { rows, previous, next })
    }

    /// A page of the entries with exactly this heading, in any form that folds to it, newest first, and how many
    /// there are. Pages count from 0.
    pub fn under_heading(
        &self,
        kind: HeadingKind,
        heading: &str,
        page: usize,
        most: usize,
    ) -> Result<(u64, Vec<Entry>), Error> {
        let engine = |e| Error::engine(self.dir())(e);
        catalogue::guarded(self.dir(), || {
            let docs = self.with_heading(kind, heading).map_err(engine)?;
            let total = docs.iter().map(|d| u64::from(d.len())).sum();
            let end = (page + 1).saturating_mul(most);
            let newest = Query { sort: Sort::Newest, ..Query::default() };
            let places = order::order(self, &newest, &docs, end).map_err(engine)?;
            let shown = places.into_iter().skip(page.saturating_mul(most));
            let numbers: Vec<u32> = shown.filter_map(|(n, doc)| self.segments[n].number(doc)).collect();
            Ok((total, self.entries_of(&numbers)?))
        })
    }

    fn with_heading(&self, kind: HeadingKind, heading: &str) -> tantivy::Result<Vec<Docs>> {
        let wanted = terms::normal(heading);
        let parts: Vec<String> = match kind {
            HeadingKind::Author => vec![wanted.clone()],
            HeadingKind::Subject => heading.split("--").map(terms::normal).collect(),
        };
        let required: Vec<String> = parts.iter().flat_map(|part| terms::required(part, false)).collect();
        let mut all = Vec::new();
        for segment in &self.segments {
            let field = match kind {
                HeadingKind::Author => segment.fields.author,
                HeadingKind::Subject => segment.fields.subject,
            };
            let mut docs =
                if required.is_empty() { Docs::none() } else { segment.all_terms(field, &required)? };
            let Some(column) = column(segment, kind) else {
                all.push(Docs::none());
                continue;
            };
            let mut known: FxHashMap<u64, bool> = FxHashMap::default();
            docs.retain(|doc| {
                column.term_ords(doc).any(|ordinal| {
                    *known.entry(ordinal).or_insert_with(|| {
                        let mut text = String::new();
                        matches!(column.ord_to_str(ordinal, &mut text), Ok(true))
                            && terms::normal(forms_of(&text).1) == wanted
                    })
                })
            });
            all.push(docs);
        }
        Ok(all)
    }
}

/// Rows of one folded form become one, with the form that most entries have; so many of them, and whether none was
/// left out because it has too many forms.
fn grouped(rows: window::Merged<'_, List<'_>>, most: usize) -> (Vec<HeadingRow>, bool) {
    let mut all: Vec<(Vec<u8>, BTreeMap<String, u64>)> = Vec::new();
    let mut room = most * FORMS;
    for row in rows {
        if all.last().is_none_or(|(known, _)| *known != row.key) {
            if all.len() == most {
                break;
            }
            all.push((row.key, BTreeMap::new()));
        }
        if let Some((_, forms)) = all.last_mut() {
            *forms.entry(row.said.text).or_default() += row.said.entries;
        }
        room -= 1;
        if room == 0 {
            break;
        }
    }
    let row = |forms: BTreeMap<String, u64>| {
        let entries = forms.values().sum();
        let text = forms.into_iter().max_by_key(|(_, n)| *n).map(|(text, _)| text)?;
        Some(HeadingRow { text, entries })
    };
    (all.into_iter().filter_map(|(_, forms)| row(forms)).collect(), room > 0)
}
