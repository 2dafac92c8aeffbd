//! The documents in which completions are looked for: as typed, as initials, as syllables.
//!
//! Of the many terms that a beginning may stand for, the commonest are taken: a completion is a guess, and the
//! likely ones are wanted. It knows no titles and no order.

use std::ops::Range;

use tantivy::schema::Field;

use crate::analysis::pinyin;
use crate::search::Catalogue;
use crate::search::docs::Docs;
use crate::search::segment::Segment;
use crate::search::suggest::typed::{Syllables, Typed};

/// Terms that a beginning is taken for.
const TAKEN: usize = 48;
/// Terms that are looked at for it.
const LOOKED_AT: usize = 5_000;
/// Documents of the terms that are taken, but for the commonest one.
const DOCUMENTS: u32 = 50_000;
/// Pairs of syllables that narrow a reading down.
const PAIRS: usize = 3;
/// What stands for more pairs of syllables narrows nothing down.
const NARROW: usize = 4;

/// Access points that are completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Title,
    Author,
    Subject,
}

impl Access {
    pub(super) fn field(self, segment: &Segment) -> Field {
        match self {
            Self::Title => segment.fields.title,
            Self::Author => segment.fields.author,
            Self::Subject => segment.fields.subject,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Title => 't',
            Self::Author => 'n',
            Self::Subject => 's',
        }
    }
}

/// The documents of one segment.
pub(super) struct Ways {
    pub(super) literal: Docs,
    pub(super) initials: Docs,
    pub(super) syllables: Docs,
}

impl Ways {
    /// By segment.
    pub(super) fn of(catalogue: &Catalogue, typed: &Typed, access: Access) -> tantivy::Result<Vec<Self>> {
        let of_segment = |segment: &Segment| {
            let field = access.field(segment);
            Ok(Self {
                literal: literal(segment, field, typed)?,
                initials: initials(segment, typed, access)?,
                syllables: syllables(catalogue, segment, typed, access)?,
            })
        };
        catalogue.segments.iter().map(of_segment).collect()
    }
}

fn literal(segment: &Segment, field: Field, typed: &Typed) -> tantivy::Result<Docs> {
    let whole = segment.all_terms(field, &typed.before);
    let Some(last) = &typed.last else { return whole };
    let mut common = Commonest::default();
    common.look(segment, field, last, |_| true)?;
    let goes_on = common.docs(segment, field)?;
    if typed.before.is_empty() { Ok(goes_on) } else { Ok(whole?.and(&goes_on)) }
}

fn initials(segment: &Segment, typed: &Typed, access: Access) -> tantivy::Result<Docs> {
    let Some(letters) = &typed.initials else { return Ok(Docs::none()) };
    let field = segment.fields.initials;
    let begin = format!("{}{letters}", access.letter());
    let exact = segment.term(field, &begin)?;
    let mut common = Commonest::default();
    common.look(segment, field, &begin, |_| true)?;
    Ok(common.docs(segment, field)?.or(exact))
}

fn syllables(
    catalogue: &Catalogue,
    segment: &Segment,
    typed: &Typed,
    access: Access,
) -> tantivy::Result<Docs> {
    let field = access.field(segment);
    let mut docs = Docs::none();
    for syllables in &typed.readings {
        docs = docs.or(match syllables.reading.as_ref() {
            [only] => one_syllable(segment, field, only, access)?,
            _ => neighbours(catalogue, segment, syllables, access)?,
        });
    }
    Ok(docs)
}

/// Titles that begin with a character of this reading; names and subjects that have one.
fn one_syllable(segment: &Segment, field: Field, chars: &[char], access: Access) -> tantivy::Result<Docs> {
    let index = segment.reader.inverted_index(field)?;
    let mut common = Commonest::default();
    for c in chars.iter().filter(|c| pinyin::is_common(**c)) {
        let term = if access == Access::Title { format!("^{c}") } else { c.to_string() };
        let freq = index.doc_freq(&tantivy::Term::from_field_text(field, &term))?;
        common.offer(freq, &term);
    }
    common.docs(segment, field)
}

/// Documents with the commonest pairs that the syllables may stand for; the rest is verified later.
fn neighbours(
    catalogue: &Catalogue,
    segment: &Segment,
    syllables: &Syllables,
    access: Access,
) -> tantivy::Result<Docs> {
    let known = catalogue.suggesting.pairs(catalogue, access)?;
    let mut order: Vec<&[Range<usize>]> = syllables.numbers.windows(2).collect();
    order.sort_by_key(|pair| pair[0].len() * pair[1].len());
    let mut docs: Option<Docs> = None;
    for pair in order.into_iter().take(PAIRS) {
        // Open ends stand for too much to narrow anything down.
        if docs.is_some() && pair[0].len() * pair[1].len() > NARROW {
            break;
        }
        let mut common = Commonest::default();
        known.each(&pair[0], &pair[1]).for_each(|(term, freq)| common.offer(freq, &term));
        let here = common.docs(segment, access.field(segment))?;
        docs = Some(docs.map_or(here.clone(), |docs| docs.and(&here)));
    }
    Ok(docs.unwrap_or_else(Docs::none))
}

/// Some of the documents, evenly over all of them: a segment is sorted by publisher, and the first ones are all of
/// a few. About `most`, and quickly however many there are.
pub(super) fn some_of(docs: &Docs, most: usize) -> Vec<u32> {
    let step = (docs.len() as usize / most.max(1)).max(1);
    match docs {
        Docs::List(list) => list.iter().copied().step_by(step).take(most).collect(),
        Docs::Bits(words, _) => {
            let of_word = |(at, &word): (usize, &u64)| {
                (0..64u32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at as u32 * 64 + bit)
            };
            words.iter().enumerate().step_by(step).flat_map(of_word).take(most).collect()
        }
    }
}

/// The commonest of many terms.
#[derive(Default)]
struct Commonest {
    kept: Vec<(u32, String)>,
    least: u32,
    looked_at: usize,
}

impl Commonest {
    /// Looks at the terms that begin so and are wanted.
    fn look(
        &mut self,
        segment: &Segment,
        field: Field,
        begin: &str,
        want: impl Fn(&str) -> bool,
    ) -> tantivy::Result<()> {
        let index = segment.reader.inverted_index(field)?;
        let mut stream = index.terms().range().ge(begin).into_stream()?;
        while self.looked_at < LOOKED_AT && stream.advance() {
            if !stream.key().starts_with(begin.as_bytes()) {
                break;
            }
            self.looked_at += 1;
            let freq = stream.value().doc_freq;
            if freq > self.least
                && let Ok(term) = std::str::from_utf8(stream.key())
                && want(term)
            {
                self.offer(freq, term);
            }
        }
        Ok(())
    }

    fn offer(&mut self, freq: u32, term: &str) {
        if freq <= self.least {
            return;
        }
        self.kept.push((freq, term.to_owned()));
        if self.kept.len() >= 2 * TAKEN {
            self.thin_out();
        }
    }

    fn thin_out(&mut self) {
        if self.kept.len() > TAKEN {
            self.kept.select_nth_unstable_by(TAKEN, |a, b| b.cmp(a));
            self.kept.truncate(TAKEN);
            self.least = self.kept.iter().map(|(freq, _)| *freq).min().unwrap_or(0);
        }
    }

    fn docs(mut self, segment: &Segment, field: Field) -> tantivy::Result<Docs> {
        self.thin_out();
        self.kept.sort_unstable_by(|a, b| b.cmp(a));
        let mut documents = 0;
        let taken = self.kept.iter().take_while(|(freq, _)| {
            let first = documents == 0;
            documents += freq;
            first || documents <= DOCUMENTS
        });
        let sets = taken.map(|(_, term)| segment.term(field, term));
        Ok(Docs::union(sets.collect::<tantivy::Result<Vec<_>>>()?.into_iter(), segment.max))
    }
}
