//! Several member records → the one entry that readers see.
//!
//! The fullest record is the main one; title, part, publisher and year are what most members say, anything the main
//! record lacks comes from the next that has it, and the entry says from whom. Whatever members say otherwise stays
//! searchable. The result depends on the set of members alone, not on their order.

use crate::analysis::fold::{Class, class_of, fold};
use crate::bib::{
    Bib, BibField, EditionId, Entry, Holding, LibraryCode, LibraryHolding, Member, MemberLink, RecordLocator,
};

use super::name::NAME;
use super::record::{MatchRecord, Text, hash};
use super::resolve::Link;
use super::variants::gather_variants;

/// One member record with what it says.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Whose record.
    pub library: &'a LibraryCode,
    /// Its birth key.
    pub birth: u64,
    /// Number of the import in which its key first came.
    pub first_seen: u32,
    /// Its description.
    pub bib: &'a Bib,
    /// Its holdings.
    pub holdings: &'a [Holding],
    /// Where its bytes are.
    pub locator: RecordLocator,
}

/// The entry of records that are one edition; `links` by their places in `sources`. `None` without a source.
pub fn merge(sources: &[Source<'_>], links: &[Link]) -> Option<Entry> {
    let eldest = sources.iter().min_by_key(|s| (s.first_seen, s.birth))?;
    // Members stand in the order of their libraries; the order of preference is another.
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|&i| (sources[i].library, &sources[i].bib.control_number, sources[i].birth));
    let mut place = vec![0u16; sources.len()];
    for (at, &i) in order.iter().enumerate() {
        place[i] = u16::try_from(at).unwrap_or(u16::MAX);
    }
    let mut preferred = order.clone();
    preferred.sort_by_key(|&i| {
        (std::cmp::Reverse(fullness(sources[i].bib)), sources[i].first_seen, sources[i].birth)
    });
    let (bib, chosen) = describe(&preferred.iter().map(|&i| sources[i].bib).collect::<Vec<_>>());
    let mut provenance: Vec<(BibField, u16)> =
        chosen.into_iter().filter_map(|(field, from)| Some((field, place[*preferred.get(from)?]))).collect();
    let main = preferred.first().map_or(0, |&i| place[i]);
    if main != 0 {
        provenance.insert(0, (BibField::Main, main));
    }
    let members = order.iter().map(|&i| Member {
        library: sources[i].library.clone(),
        control_number: sources[i].bib.control_number.clone(),
        locator: sources[i].locator,
    });
    let holdings = order.iter().flat_map(|&i| {
        let library = sources[i].library;
        sources[i].holdings.iter().map(|h| LibraryHolding { library: library.clone(), holding: h.clone() })
    });
    Some(Entry {
        id: EditionId::from_key(eldest.birth),
        bib,
        holdings: holdings.collect(),
        members: members.collect(),
        provenance,
        links: member_links(links, &place),
        siblings: Vec::new(),
    })
}

/// Links by number of members, in their order.
fn member_links(links: &[Link], place: &[u16]) -> Vec<MemberLink> {
    let by_number = links.iter().filter_map(|link| {
        let (a, b) = (*place.get(link.a)?, *place.get(link.b)?);
        let weight = link.weight.round().clamp(0.0, f32::from(i16::MAX)) as i16;
        Some(MemberLink { a: a.min(b), b: a.max(b), weight, grounds: link.grounds })
    });
    let mut found: Vec<MemberLink> = by_number.collect();
    found.sort_unstable_by_key(|link| (link.a, link.b, link.weight, link.grounds.0));
    found
}

/// The key of the work: the same for all its editions. `None` where title or author is not known.
pub fn work_key(bib: &Bib) -> Option<u64> {
    let record = MatchRecord::of(bib);
    let title = record.get(Text::Title);
    let author = record.get(Text::Names).split(NAME).next()?;
    (!title.is_empty() && !author.is_empty()).then(|| hash(format!("{title}\0{author}").as_bytes()))
}

/// How much a description says that a reader wants to see.
fn fullness(bib: &Bib) -> i32 {
    let any = |given: bool, worth: i32| if given { worth } else { 0 };
    let is_damaged = |text: &Option<String>| text.as_deref().is_some_and(|t| t.contains('\u{fffd}'));
    let dense = bib.title.as_deref().is_some_and(|t| t.chars().any(|c| class_of(c) == Class::Dense));
    any(bib.title.is_some(), 8)
        + any(dense, 4)
        + any(bib.subtitle.is_some(), 2)
        + any(bib.responsibility.is_some(), 2)
        + any(!bib.agents.is_empty(), 3)
        + any(bib.publisher.is_some(), 2)
        + any(bib.year.is_some(), 2)
        + any(bib.extent.is_some(), 1)
        + any(!bib.isbns.is_empty(), 3)
        + any(!bib.clc.is_empty(), 2)
        + any(!bib.subjects.is_empty(), 2)
        + any(!bib.series.is_empty(), 1)
        + any(bib.abstract_text.is_some(), 3)
        + any(bib.contents.is_some(), 2)
        - any(is_damaged(&bib.title) || is_damaged(&bib.responsibility), 12)
}

/// The description chosen from `bibs`, which stand in order of preference, and where a part of it came from another
/// than the first.
fn describe(bibs: &[&Bib]) -> (Bib, Vec<(BibField, usize)>) {
    let Some(first) = bibs.first() else { return (Bib::empty(crate::bib::MaterialType::Other), Vec::new()) };
    let mut bib = (*first).clone();
    if bibs.len() == 1 {
        return (bib, Vec::new());
    }
    let mut from = Vec::new();
    let mut choose = |field, at: Option<usize>| {
        if let Some(at) = at.filter(|&at| at > 0) {
            from.push((field, at));
        }
        at.and_then(|at| bibs.get(at))
    };
    let titles = alike(bibs, |b| b.title.as_deref());
    let title = most(bibs, |at, _| titles[at]);
    if let Some(source) = choose(BibField::Title, title) {
        bib.title.clone_from(&source.title);
        bib.title_skip = source.title_skip;
        bib.romanised_title.clone_from(&source.romanised_title);
    }
    // A subtitle belongs to the title beside which it stands.
    let of_title = |at: usize| title.map_or(titles[at].is_none(), |title| titles[at] == titles[title]);
    let subtitle = (0..bibs.len()).find(|&at| bibs[at].subtitle.is_some() && of_title(at));
    bib.subtitle = choose(BibField::Subtitle, subtitle).and_then(|b| b.subtitle.clone());
    if let Some(source) = choose(BibField::Part, most(bibs, |_, b| b.part.as_ref().map(|p| format!("{p:?}"))))
    {
        bib.part.clone_from(&source.part);
    }
    let publishers = alike(bibs, |b| b.publisher.as_deref());
    if let Some(source) = choose(BibField::Publisher, most(bibs, |at, _| publishers[at])) {
        bib.publisher.clone_from(&source.publisher);
    }
    if let Some(source) = choose(BibField::Year, most(bibs, |_, b| b.year)) {
        bib.year = source.year;
        bib.date_text.clone_from(&source.date_text);
    }
    macro_rules! first_with {
        ($field:ident, $given:expr, $($own:ident),+) => {
            if let Some(source) = choose(BibField::$field, bibs.iter().position($given)) {
                $(bib.$own.clone_from(&source.$own);)+
            }
        };
    }
    first_with!(Responsibility, |b| b.responsibility.is_some(), responsibility);
    first_with!(Agents, |b| !b.agents.is_empty(), agents);
    first_with!(Edition, |b| b.edition.is_some(), edition);
    first_with!(Place, |b| b.place.is_some(), place);
    first_with!(Extent, |b| b.extent.is_some(), extent);
    first_with!(Classes, |b| !b.clc.is_empty(), clc);
    first_with!(Subjects, |b| !b.subjects.is_empty(), subjects);
    first_with!(Series, |b| !b.series.is_empty(), series);
    first_with!(Notes, |b| !b.notes.is_empty(), notes);
    first_with!(Contents, |b| b.contents.is_some(), contents);
    first_with!(Abstract, |b| b.abstract_text.is_some(), abstract_text);
    gather_variants(&mut bib, bibs);
    (bib, from)
}

/// For each description the first that says the same when folded. What is the same letter by letter is folded once.
fn alike<'a>(bibs: &[&'a Bib], text: impl Fn(&'a Bib) -> Option<&'a str>) -> Vec<Option<usize>> {
    let mut known: Vec<(&str, String, usize)> = Vec::new();
    let first = |(at, bib): (usize, &&'a Bib)| {
        let own = text(bib)?;
        if let Some((.., first)) = known.iter().find(|(text, ..)| *text == own) {
            return Some(*first);
        }
        let folded = fold(own);
        let first = known.iter().find(|(_, other, _)| *other == folded).map_or(at, |(.., first)| *first);
        known.push((own, folded, first));
        Some(first)
    };
    bibs.iter().enumerate().map(first).collect()
}

/// The first of the descriptions that say what most of them say; earlier ones win a tie.
fn most<K: PartialEq>(bibs: &[&Bib], key: impl Fn(usize, &Bib) -> Option<K>) -> Option<usize> {
    let mut counts: Vec<(K, usize, usize)> = Vec::new();
    for (at, bib) in bibs.iter().enumerate() {
        let Some(own) = key(at, bib) else { continue };
        match counts.iter_mut().find(|(known, ..)| *known == own) {
            Some((_, _, n)) => *n += 1,
            None => counts.push((own, at, 1)),
        }
    }
    counts.iter().max_by_key(|(_, at, n)| (*n, std::cmp::Reverse(*at))).map(|(_, at, _)| *at)
}
