//! The order of relevance: how well the title answers, then who holds it and how new it is.
//!
//! The best few thousand candidates are compared by their stored normal forms. Which those are is decided by the
//! edge marks, so that a title that is or begins with what was typed is always among them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::index::terms::{self, VALUE};
use crate::search::docs::Docs;
use crate::search::grammar::{Asked, Atom};
use crate::search::readings::Reading;
use crate::search::segment::Segment;
use crate::search::texts::{Part, TextRecord};
use crate::search::{Catalogue, SearchField};

/// Candidates that are compared; those behind them follow in the order of the index.
const CAP: usize = 1_000;

/// With so many times the hits asked for among the beginnings, the rest is hardly ever read.
const ENOUGH: usize = 2;
/// As few as this are compared without asking for their edge marks first.
const FEW: usize = 64;
/// The best tier there is.
const MOST_TIER: u8 = 11;
/// The best tier without the mark of an end.
const START_TIER: u8 = 9;
/// The best tier without the mark of a beginning.
const OTHER_TIER: u8 = 7;
/// The best tier of what has not all terms of it in another access point either.
const PHRASE_TIER: u8 = 6;
/// The best tier of what only reads as was typed.
const PINYIN_TIER: u8 = 3;

/// A hit and the tier that it may have at best.
#[derive(Clone, Copy)]
struct Candidate {
    tier: u8,
    place: Place,
}

/// A document of a segment.
pub(crate) type Place = (usize, u32);

/// What hits are compared with.
pub(crate) struct Ranker<'a> {
    catalogue: &'a Catalogue,
    ways: Vec<Way>,
    part: Part,
    literal: &'a [Docs],
    readings: &'a [Reading],
}

/// One way to answer: with the first alternatives of every `OR`, with the second ones, and so on.
#[derive(PartialEq)]
struct Way {
    whole: String,
    words: Vec<String>,
}

impl Way {
    fn of(atoms: &[&Atom]) -> Self {
        let typed: Vec<&str> = atoms.iter().map(|atom| atom.typed.as_str()).collect();
        let words = atoms.iter().map(|atom| atom.normal.clone()).collect();
        Self { whole: terms::normal(&typed.join(" ")), words }
    }

    /// How well a value of the access point answers.
    fn tier_of(&self, n: usize, value: &str) -> u8 {
        let first = u8::from(n == 0);
        if value == self.whole {
            10 + first
        } else if terms::starts(value, &self.whole) {
            8 + first
        } else if self.words.len() > 1 && self.words.iter().any(|w| w == value)
            || terms::holds(value, &self.whole, true, false)
        {
            6
        } else {
            4
        }
    }
}

/// How well a hit answers; the greater the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Score {
    tier: u8,
    libraries: u16,
    year: i16,
    brevity: u16,
}

/// What a tier means, best last.
const TIERS: [&str; 12] = [
    "elsewhere",
    "pinyin",
    "pinyin at the start",
    "pinyin of the whole title",
    "words of the record",
    "all words in the title",
    "phrase in the title",
    "another access point",
    "start of another title",
    "start of the title",
    "another title",
    "the title",
];

impl<'a> Ranker<'a> {
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        asked: &Asked,
        field: SearchField,
        literal: &'a [Docs],
        readings: &'a [Reading],
    ) -> Self {
        let n_ways = asked.wanted().map(|c| c.any.len()).max().unwrap_or(0);
        let nth = |n: usize| asked.wanted().flat_map(move |c| c.any.get(n).or(c.any.last()));
        let atoms: Vec<&Atom> = nth(0).collect();
        // `title:心理 publisher:出版社` asks for a title 心理: words of other access points are none of it.
        let parts = || atoms.iter().map(|atom| part_of(atom.field));
        let part = parts().find(|&part| part == Some(Part::Titles)).or_else(|| parts().next());
        let part = part.unwrap_or_else(|| part_of(field));
        let way = |n| {
            let mut atoms: Vec<&Atom> = nth(n).filter(|atom| part_of(atom.field) == part).collect();
            if n_ways > 1 {
                // `家 OR 鲁迅：呐喊` asks twice for 家; 伊人，伊人 is a title.
                atoms.dedup();
            }
            Way::of(&atoms)
        };
        let mut ways: Vec<Way> = (0..n_ways).map(way).filter(|way| !way.words.is_empty()).collect();
        ways.dedup();
        let part = part.unwrap_or(Part::Titles);
        Self { catalogue, ways, part, literal, readings }
    }

    /// Whether anything was asked for that hits could answer better or worse.
    pub(crate) fn asks(&self) -> bool {
        !self.ways.is_empty()
    }

    /// The hits in order, up to `end`; all of them where there are fewer.
    pub(crate) fn order(&self, result: &[Docs], end: usize) -> tantivy::Result<Vec<Place>> {
        let total: usize = result.iter().map(|d| d.len() as usize).sum();
        let mut candidates: Vec<Candidate> = Vec::with_capacity(total.min(CAP));
        if total <= FEW {
            let any = |place| Candidate { tier: MOST_TIER, place };
            candidates.extend(places(result).map(any));
        } else {
            self.choose(result, end, &mut candidates)?;
        }
        // The order of ids is the same whatever the layers are.
        let id = |place: Place| self.catalogue.id(&self.catalogue.segments[place.0], place.1);
        let mut scored = self.scored(&candidates, end);
        let better = |a: &(Score, Place), b: &(Score, Place)| {
            b.0.cmp(&a.0).then_with(|| id(a.1).cmp(&id(b.1))).then(a.1.cmp(&b.1))
        };
        if end < scored.len() {
            scored.select_nth_unstable_by(end, better);
            scored.truncate(end);
        }
        scored.sort_unstable_by(better);
        let mut order: Vec<Place> = scored.into_iter().map(|(_, place)| place).collect();
        if order.len() < end && total > CAP {
            let mut known: Vec<Place> = candidates.into_iter().map(|c| c.place).collect();
            known.sort_unstable();
            let rest = places(result).filter(|place| known.binary_search(place).is_err());
            let missing = end - order.len();
            order.extend(rest.take(missing));
        }
        Ok(order)
    }

    /// The scores of all candidates that may be among the best `end`.
    ///
    /// The most promising are read first; where the score that is `end`th so far is better than what the next could
    /// have at best, the rest need not be read.
    fn scored(&self, candidates: &[Candidate], end: usize) -> Vec<(Score, Place)> {
        let mut hopes: Vec<(Score, Place)> =
            candidates.iter().map(|candidate| (self.at_best(candidate), candidate.place)).collect();
        hopes.sort_unstable_by(|a, b| b.cmp(a));
        let mut scored: Vec<(Score, Place)> = Vec::with_capacity(hopes.len().min(4 * end));
        let mut best: BinaryHeap<Reverse<Score>> = BinaryHeap::with_capacity(end + 1);
        for (hope, place) in hopes {
            if best.len() >= end && best.peek().is_none_or(|worst| worst.0 > hope) {
                break;
            }
            let score = self.score(place);
            scored.push((score, place));
            best.push(Reverse(score));
            if best.len() > end {
                best.pop();
            }
        }
        scored
    }

    /// What a candidate's score may be at best, read from the head of its text alone.
    fn at_best(&self, candidate: &Candidate) -> Score {
        let segment = &self.catalogue.segments[candidate.place.0];
        let (libraries, year) = self.catalogue.standing(segment, candidate.place.1).unwrap_or((0, i16::MIN));
        Score { tier: candidate.tier, libraries, year, brevity: u16::MAX }
    }

    /// Candidates by tiers of the edge marks: both, the first, then whatever comes.
    fn choose(&self, result: &[Docs], end: usize, candidates: &mut Vec<Candidate>) -> tantivy::Result<()> {
        let marks = |way: &Way| Some((terms::head_mark(&way.whole)?, terms::tail_mark(&way.whole)?));
        let marks: Option<Vec<(String, String)>> = self.ways.iter().map(marks).collect();
        let mut chosen: Vec<Docs> = vec![Docs::none(); result.len()];
        let mut other = MOST_TIER;
        if let Some(marks) = marks.filter(|_| self.part == Part::Titles) {
            let mut starts = Vec::new();
            for (n, segment) in self.catalogue.segments.iter().enumerate() {
                let (mut start, mut both) = (Docs::none(), Docs::none());
                for (head, tail) in &marks {
                    let here = segment.term(segment.fields.title, head)?.and(&result[n]);
                    both = both.or(segment.term(segment.fields.title, tail)?.and(&here));
                    start = start.or(here);
                }
                take(candidates, n, &both, MOST_TIER);
                starts.push(start);
                chosen[n] = both;
            }
            for (n, start) in starts.iter().enumerate() {
                take(candidates, n, &start.minus(&chosen[n]), START_TIER);
                chosen[n] = chosen[n].clone().or(start.clone());
            }
            other = OTHER_TIER;
            if candidates.len() < ENOUGH * end {
                // The rest is likely to be read: what cannot be another access point need not be hoped for.
                for (n, elsewhere) in self.elsewhere(result)?.into_iter().enumerate() {
                    // Not all the room: a title that holds the words is better than a subject that only holds them.
                    take_up_to(CAP / 2, candidates, n, &elsewhere.minus(&chosen[n]), OTHER_TIER);
                    chosen[n] = chosen[n].clone().or(elsewhere);
                }
                other = PHRASE_TIER;
            }
        }
        // Literal hits come before readings in pinyin.
        for (n, docs) in result.iter().enumerate() {
            let literal = self.literal.get(n).map_or_else(Docs::none, |l| l.and(docs));
            take(candidates, n, &literal.minus(&chosen[n]), other);
            chosen[n] = chosen[n].clone().or(literal);
        }
        for (n, docs) in result.iter().enumerate() {
            take(candidates, n, &docs.minus(&chosen[n]), PINYIN_TIER);
        }
        Ok(())
    }

    /// The literal hits that have all terms of what was asked in an access point other than the title.
    fn elsewhere(&self, result: &[Docs]) -> tantivy::Result<Vec<Docs>> {
        let required: Vec<_> = self.ways.iter().map(|way| terms::required(&way.whole, false)).collect();
        let of = |(n, segment): (usize, &Segment)| {
            let mut docs = Docs::none();
            for field in [segment.fields.author, segment.fields.subject, segment.fields.series] {
                for required in &required {
                    docs = docs.or(segment.all_terms(field, required)?.and(&result[n]));
                }
            }
            Ok(self.literal.get(n).map_or_else(Docs::none, |literal| literal.and(&docs)))
        };
        self.catalogue.segments.iter().enumerate().map(of).collect()
    }

    fn score(&self, place: Place) -> Score {
        let segment = &self.catalogue.segments[place.0];
        let Some(text) = self.catalogue.text(segment, place.1) else {
            return Score { tier: 0, libraries: 0, year: i16::MIN, brevity: 0 };
        };
        let tier = if self.is_literal(place) {
            self.ways.iter().map(|way| self.literal_tier(way, &text)).max().unwrap_or(0)
        } else {
            self.pinyin_tier(&text)
        };
        let title = text.part(Part::Titles).split(VALUE).next().unwrap_or_default();
        let brevity = u16::MAX - u16::try_from(title.len()).unwrap_or(u16::MAX);
        Score { tier, libraries: text.libraries, year: text.year, brevity }
    }

    /// Whether a hit matches as typed, not only as pinyin.
    pub(crate) fn is_literal(&self, place: Place) -> bool {
        self.literal.get(place.0).is_some_and(|docs| docs.contains(place.1))
    }

    fn literal_tier(&self, way: &Way, text: &TextRecord) -> u8 {
        let Way { whole, words } = way;
        if whole.is_empty() {
            return 0;
        }
        let values = text.part(self.part);
        let best = values.split(VALUE).enumerate().map(|(n, value)| way.tier_of(n, value)).max().unwrap_or(4);
        if best < 7 && self.part == Part::Titles {
            let others = [Part::Authors, Part::Subjects, Part::Series];
            let is_whole = |part| text.part(part).split(VALUE).any(|value| value == whole);
            if others.into_iter().any(is_whole) {
                return 7;
            }
        }
        let stands = |word: &String| terms::holds(values, word, false, false) && !word.is_empty();
        if best == 4 && words.iter().all(stands) {
            return if words.iter().all(|word| values.contains(word.as_str())) { 5 } else { 4 };
        }
        best
    }

    fn pinyin_tier(&self, text: &TextRecord) -> u8 {
        let title = text.part(Part::Titles).split(VALUE).next().unwrap_or_default();
        self.readings.iter().filter_map(|r| r.place(title)).max().map_or(0, |place| 1 + place)
    }

    /// How a hit's place came about, in words for `--explain-score`.
    pub(crate) fn explain(&self, place: Place) -> String {
        let score = self.score(place);
        let tier = TIERS.get(usize::from(score.tier)).copied().unwrap_or_default();
        format!("{}: {tier}; libraries {}; year {}", score.tier, score.libraries, score.year)
    }
}

/// The access point that words of a field are looked for in; `None` of numbers and codes.
fn part_of(field: SearchField) -> Option<Part> {
    match field {
        SearchField::Any | SearchField::Title | SearchField::Pinyin => Some(Part::Titles),
        SearchField::Author => Some(Part::Authors),
        SearchField::Subject => Some(Part::Subjects),
        SearchField::Publisher => Some(Part::Publishers),
        SearchField::Series => Some(Part::Series),
        SearchField::Isbn | SearchField::Issn | SearchField::CallNumber | SearchField::Class => None,
    }
}

fn take(candidates: &mut Vec<Candidate>, segment: usize, docs: &Docs, tier: u8) {
    take_up_to(CAP, candidates, segment, docs, tier);
}

fn take_up_to(most: usize, candidates: &mut Vec<Candidate>, segment: usize, docs: &Docs, tier: u8) {
    let room = most.saturating_sub(candidates.len());
    candidates.extend(docs.iter().take(room).map(|doc| Candidate { tier, place: (segment, doc) }));
}

/// All documents, segment by segment.
pub(crate) fn places(result: &[Docs]) -> impl Iterator<Item = Place> + '_ {
    result.iter().enumerate().flat_map(|(n, docs)| docs.iter().map(move |doc| (n, doc)))
}
