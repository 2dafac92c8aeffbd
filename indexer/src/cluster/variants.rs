//! What members say otherwise than the description shown: titles, names, subjects, publishers, numbers.
//!
//! A reader finds an entry as every member gives it (CONTRACT §3), but what folds to the same is kept once.

use rustc_hash::FxHashSet;

use crate::analysis::fold::fold;
use crate::bib::{Agent, Bib};
use crate::mapping::drop_romanised;

/// Variants kept of one kind; a group of more is no edition.
const MAX_VARIANTS: usize = 60;

/// What was said already. Members mostly say the same letter by letter, and that need not be folded to be known.
#[derive(Default)]
struct Said<'a> {
    as_it_stands: FxHashSet<&'a str>,
    folded: FxHashSet<String>,
}

impl<'a> Said<'a> {
    fn of<'b>(shown: impl Iterator<Item = &'b str>) -> Self {
        // The empty form is never new.
        Self { folded: shown.map(fold).chain([String::new()]).collect(), ..Self::default() }
    }

    fn is_new(&mut self, text: &'a str) -> bool {
        self.as_it_stands.insert(text) && self.folded.insert(fold(text))
    }
}

/// Adds to `bib` what `bibs` say besides.
pub(super) fn gather_variants(bib: &mut Bib, bibs: &[&Bib]) {
    titles(bib, bibs);
    let mut said = Said::of(bib.responsibility.as_deref().into_iter());
    let others = bibs.iter().flat_map(|b| b.responsibility.iter().chain(&b.other_responsibilities));
    bib.other_responsibilities =
        others.filter(|text| said.is_new(text)).take(MAX_VARIANTS).cloned().collect();
    agents(bib, bibs);
    add(&mut bib.other_publishers, bib.publisher.as_deref(), bibs, |b| {
        Box::new(b.publisher.iter().chain(&b.other_publishers))
    });
    add(&mut bib.subjects, None, bibs, |b| Box::new(b.subjects.iter()));
    add(&mut bib.clc, None, bibs, |b| Box::new(b.clc.iter()));
    add(&mut bib.other_classes, None, bibs, |b| Box::new(b.other_classes.iter()));
    add(&mut bib.invalid_isbns, None, bibs, |b| Box::new(b.invalid_isbns.iter()));
    add(&mut bib.other_ids, None, bibs, |b| Box::new(b.other_ids.iter()));
    add(&mut bib.urls, None, bibs, |b| Box::new(b.urls.iter()));
    add(&mut bib.languages, None, bibs, |b| Box::new(b.languages.iter()));
    add(&mut bib.title_pinyin, None, bibs, |b| Box::new(b.title_pinyin.iter()));
    for other in bibs {
        each_new(&mut bib.isbns, other.isbns.iter().copied());
        each_new(&mut bib.issns, other.issns.iter().copied());
        for series in &other.series {
            let is_known = |s: &crate::bib::Series| fold(&s.title) == fold(&series.title);
            if !bib.series.iter().any(is_known) && bib.series.len() < MAX_VARIANTS {
                bib.series.push(series.clone());
            }
        }
        bib.cn_book_no = bib.cn_book_no.take().or_else(|| other.cn_book_no.clone());
        bib.original_language = bib.original_language.take().or_else(|| other.original_language.clone());
        bib.serial_coverage = bib.serial_coverage.take().or_else(|| other.serial_coverage.clone());
        bib.price = bib.price.take().or_else(|| other.price.clone());
        bib.romanised_title = bib.romanised_title.take().or_else(|| other.romanised_title.clone());
    }
}

/// Titles, subtitles and part titles of any member become further titles.
fn titles(bib: &mut Bib, bibs: &[&Bib]) {
    let part = bib.part.as_ref();
    let shown = bib
        .title
        .iter()
        .chain(&bib.subtitle)
        .chain(&bib.romanised_title)
        .chain(part.and_then(|p| p.title.as_ref()));
    let mut said = Said::of(shown.map(String::as_str));
    bib.parallel_titles.retain(|title| said.folded.insert(fold(title)));
    bib.other_titles.retain(|title| said.folded.insert(fold(title)));
    for other in bibs {
        let part = other.part.as_ref().and_then(|p| p.title.as_ref());
        let own = other.title.iter().chain(&other.subtitle).chain(&other.romanised_title).chain(part);
        for title in own.chain(&other.parallel_titles).chain(&other.other_titles) {
            if bib.other_titles.len() < MAX_VARIANTS && said.is_new(title) {
                bib.other_titles.push(title.clone());
            }
        }
    }
}

/// Access points of any member, each name once.
fn agents(bib: &mut Bib, bibs: &[&Bib]) {
    let mut said = Said::of(bib.agents.iter().map(|a| a.name.as_str()));
    for agent in bibs.iter().flat_map(|b| &b.agents) {
        if bib.agents.len() < MAX_VARIANTS && said.is_new(&agent.name) {
            bib.agents.push(Agent { main: false, ..agent.clone() });
        }
    }
    drop_romanised(&mut bib.agents);
}

fn add(
    into: &mut Vec<String>,
    shown: Option<&str>,
    bibs: &[&Bib],
    of: impl for<'a> Fn(&'a Bib) -> Box<dyn Iterator<Item = &'a String> + 'a>,
) {
    let mut said = Said::of(shown.into_iter());
    into.retain(|text| said.folded.insert(fold(text)));
    for bib in bibs {
        for text in of(bib) {
            if into.len() < MAX_VARIANTS && said.is_new(text) {
                into.push(text.clone());
            }
        }
    }
}

fn each_new<T: PartialEq>(into: &mut Vec<T>, others: impl Iterator<Item = T>) {
    for other in others {
        if into.len() < MAX_VARIANTS && !into.contains(&other) {
            into.push(other);
        }
    }
}
