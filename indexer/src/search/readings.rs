//! Queries of Latin letters read as pinyin: syllables by the pairs of the index, initials by their own terms.
//!
//! There is no pinyin index of titles: the characters of two neighbouring syllables name the pairs to look for in
//! the term dictionary, so all readings of all characters count and no byte is spent. It knows no order.

use tantivy::schema::Field;

use crate::index::reading::{self, Piece};
use crate::index::terms::VALUE;
use crate::search::docs::Docs;
use crate::search::find::{self, Found};
use crate::search::grammar::{Asked, Clause};
use crate::search::segment::{MOST_TERMS, Segment};
use crate::search::texts::{Part, TextRecord};
use crate::search::{Catalogue, SearchField};

/// Candidates whose characters are verified one by one.
const CAP: u32 = 20_000;
/// Candidates that are verified rather than thinned out by further pairs.
const FEW: u32 = 200;
/// A set of more characters is no whole syllable.
const WIDE: usize = 300;
/// Longer queries are not pinyin of anything.
const MOST_LETTERS: usize = 60;
/// Fewer letters are no beginning of a reading that a cataloguer gave.
const LEAST_GIVEN: usize = 4;
/// Readings that are tried where letters can be parted in several ways: `xian` is 先 and 西安.
const MOST_SPLITS: usize = 4;

/// Letters that may be read as pinyin.
pub(crate) struct Letters {
    field: SearchField,
    splits: Vec<Vec<Piece>>,
    /// Readings with too few whole syllables to stand beside what is found as typed: `jia`, `honglm`.
    weak: Vec<Vec<Piece>>,
    letters: String,
    initials: Option<String>,
    /// As typed.
    pub(crate) typed: String,
}

/// A syllable or its beginning as the set of its characters.
pub(crate) struct Reading(Vec<Vec<char>>);

impl AsRef<[Vec<char>]> for Reading {
    fn as_ref(&self) -> &[Vec<char>] {
        &self.0
    }
}

impl Reading {
    /// The reading of syllables given as the sorted characters of each.
    pub(crate) fn of(sets: Vec<Vec<char>>) -> Self {
        Self(sets)
    }

    /// Where the reading stands in a value: 2 it is the whole, 1 the start, 0 elsewhere, `None` nowhere.
    pub(crate) fn place(&self, value: &str) -> Option<u8> {
        let (first, others) = self.0.split_first()?;
        let holds = |set: &[char], c: char| set.binary_search(&c).is_ok();
        for (at, c) in value.char_indices().filter(|&(_, c)| holds(first, c)) {
            let mut after = value[at + c.len_utf8()..].chars();
            if others.iter().all(|set| after.next().is_some_and(|c| holds(set, c))) {
                return Some(match (at, after.next()) {
                    (1.., _) => 0,
                    (0, None) => 2,
                    (0, Some(_)) => 1,
                });
            }
        }
        None
    }
}

impl Letters {
    /// The letters of a query that could be pinyin.
    pub(crate) fn of(asked: &Asked) -> Option<Self> {
        let mut typed = String::new();
        let mut field = None;
        for clause in &asked.clauses {
            let [atom] = &clause.any[..] else { return None };
            let pinyin = matches!(
                atom.field,
                SearchField::Any
                    | SearchField::Title
                    | SearchField::Author
                    | SearchField::Subject
                    | SearchField::Pinyin
            );
            if clause.excluded
                || atom.phrase
                || atom.prefix
                || !pinyin
                || field.is_some_and(|f| f != atom.field)
            {
                return None;
            }
            field = Some(atom.field);
            if !typed.is_empty() {
                typed.push(' ');
            }
            typed.push_str(&atom.typed);
        }
        if typed.chars().count() > MOST_LETTERS || !typed.chars().all(is_typed_in_pinyin) {
            return None;
        }
        let field = field?;
        let least = if field == SearchField::Pinyin { 1 } else { 2 };
        let n_whole = |split: &Vec<Piece>| split.iter().filter(|p| p.is_whole()).count();
        // `pyhton` is no pinyin for its o.
        let is_telling = |split: &Vec<Piece>| split.iter().any(|p| p.is_whole() && p.letters().len() > 1);
        let (mut splits, mut weak): (Vec<_>, Vec<_>) =
            reading::split(&typed).into_iter().partition(|split| n_whole(split) >= least);
        weak.retain(is_telling);
        splits.truncate(MOST_SPLITS);
        let joined: String = reading::folded_letters(&typed);
        let has_tones = typed.contains(|c: char| !c.is_alphabetic() && c != ' ' || !c.is_ascii());
        let initials = ((2..=20).contains(&joined.len()) && !has_tones).then(|| joined.clone());
        Some(Self { field, splits, weak, letters: joined, initials, typed })
    }

    /// The same of what is left when nothing else was found: readings with one whole syllable.
    pub(crate) fn weakly(mut self) -> Option<Self> {
        self.splits = std::mem::take(&mut self.weak);
        self.initials = None;
        (!self.splits.is_empty()).then_some(self)
    }

    /// Whether it reads as whole syllables, at least two.
    fn is_read(&self) -> bool {
        self.splits.iter().any(|split| split.len() > 1)
    }

    /// The readings, for ranking; those of initials where they took part.
    pub(crate) fn readings(&self, by_initials: bool) -> Vec<Reading> {
        let sets = |split: &Vec<Piece>| Reading(split.iter().map(reading::chars).collect());
        let mut readings: Vec<Reading> = self.splits.iter().map(sets).collect();
        if let Some(initials) = self.initials.as_ref().filter(|_| by_initials) {
            let chars = |c: char| reading::chars(&Piece::Prefix(c.to_string()));
            readings.push(Reading(initials.chars().map(chars).collect()));
        }
        readings
    }

    /// Entries with a piece that reads as the syllables.
    pub(crate) fn by_syllables(&self, catalogue: &Catalogue) -> tantivy::Result<Found> {
        let mut found = Found { docs: Vec::new(), exact: true };
        let mut text = TextRecord::empty();
        for segment in &catalogue.segments {
            let mut docs = Docs::none();
            for split in &self.splits {
                let sets: Vec<Vec<char>> = split.iter().map(reading::chars).collect();
                if sets.iter().any(Vec::is_empty) {
                    continue;
                }
                let reading = Reading(sets);
                for (field, part) in self.places(segment) {
                    let mut here = neighbours(segment, field, &reading.0)?;
                    if reading.0.len() > 2 {
                        if here.len() > CAP {
                            found.exact = false;
                        } else {
                            here.retain(|doc| {
                                catalogue.text_into(segment, doc, &mut text).is_some()
                                    && text.part(part).split(VALUE).any(|v| reading.place(v).is_some())
                            });
                        }
                    }
                    docs = docs.or(here);
                }
            }
            found.docs.push(docs.or(self.as_catalogued(segment)?));
        }
        Ok(found)
    }

    /// Entries whose cataloguer gave this reading, or one that begins so.
    fn as_catalogued(&self, segment: &Segment) -> tantivy::Result<Docs> {
        let letters = &self.letters;
        if letters.len() < LEAST_GIVEN || self.splits.is_empty() {
            return Ok(Docs::none());
        }
        let mut docs = Docs::none();
        let every = matches!(self.field, SearchField::Any | SearchField::Pinyin);
        for (kind, access) in [("p", SearchField::Title), ("q", SearchField::Author)] {
            if every || self.field == access {
                let sets = segment.sets(segment.fields.initials, &format!("{kind}{letters}"), |_| true)?;
                docs = docs.or(Docs::union(sets.into_iter().map(|(_, docs)| docs), segment.max));
            }
        }
        Ok(docs)
    }

    fn places(&self, segment: &Segment) -> Vec<(Field, Part)> {
        let fields = &segment.fields;
        let all = [
            (SearchField::Title, fields.title, Part::Titles),
            (SearchField::Author, fields.author, Part::Authors),
            (SearchField::Subject, fields.subject, Part::Subjects),
        ];
        let every = matches!(self.field, SearchField::Any | SearchField::Pinyin);
        all.into_iter()
            .filter(|(f, ..)| every || *f == self.field)
            .map(|(_, field, part)| (field, part))
            .collect()
    }

    /// Entries of which a whole title, name or subject has these initials, or a title begins with four or more.
    pub(crate) fn by_initials(&self, catalogue: &Catalogue) -> tantivy::Result<Found> {
        let mut found = Found { docs: Vec::new(), exact: true };
        for segment in &catalogue.segments {
            let mut docs = Docs::none();
            if let Some(initials) = &self.initials {
                let field = segment.fields.initials;
                for (kind, access) in
                    [("t", SearchField::Title), ("n", SearchField::Author), ("s", SearchField::Subject)]
                {
                    if matches!(self.field, SearchField::Any | SearchField::Pinyin) || self.field == access {
                        docs = docs.or(segment.term(field, &format!("{kind}{initials}"))?);
                    }
                }
                if initials.len() >= 4 && !matches!(self.field, SearchField::Author | SearchField::Subject) {
                    let sets = segment.sets(field, &format!("t{initials}"), |_| true)?;
                    found.exact &= sets.len() < MOST_TERMS;
                    docs = docs.or(Docs::union(sets.into_iter().map(|(_, docs)| docs), segment.max));
                }
                if self.field == SearchField::Pinyin {
                    // Java简明教程 has the initials javajmjc, but `java` is no reading in it.
                    docs = docs.minus(&segment.term(segment.fields.title, initials)?);
                }
            }
            found.docs.push(docs);
        }
        Ok(found)
    }
}

/// Letters, also full-width ones and those with a tone, tone numbers, and what stands between syllables.
fn is_typed_in_pinyin(c: char) -> bool {
    let latin = |c: char| reading::folded_letters(c.encode_utf8(&mut [0; 4])).len() == 1;
    matches!(c, ' ' | '\'' | '’' | '1'..='5' | '１'..='５') || c.is_alphabetic() && (c.is_ascii() || latin(c))
}

/// Words of letters that may be pinyin each for itself: `luoguanzhong sanguo`, `java jiaocheng`.
pub(crate) struct LetterWords(Vec<(Asked, Letters)>);

impl LetterWords {
    /// The words of a query of several; `None` where none of them is read as pinyin.
    pub(crate) fn of(asked: &Asked) -> Option<Self> {
        let alone = |clause: &Clause| Asked { clauses: vec![clause.clone()], ignored: Vec::new() };
        let read = |asked: Asked| Letters::of(&asked).map(|letters| (asked, letters));
        let words: Vec<_> = asked.clauses.iter().map(alone).map(read).collect::<Option<_>>()?;
        (words.len() > 1 && words.iter().any(|(_, letters)| letters.is_read())).then_some(Self(words))
    }

    /// Whether each of them reads as whole syllables.
    pub(crate) fn are_all_read(&self) -> bool {
        self.0.iter().all(|(_, letters)| letters.is_read())
    }

    /// Entries that have every word, as typed or as it reads.
    pub(crate) fn found(&self, catalogue: &Catalogue) -> tantivy::Result<Found> {
        let mut all: Option<Found> = None;
        for (asked, letters) in &self.0 {
            let mut word = find::find(catalogue, asked)?;
            word.add(letters.by_syllables(catalogue)?);
            all = Some(match all {
                None => word,
                Some(all) => Found {
                    docs: all.docs.iter().zip(&word.docs).map(|(all, word)| all.and(word)).collect(),
                    exact: all.exact && word.exact,
                },
            });
        }
        Ok(all.unwrap_or(Found { docs: Vec::new(), exact: true }))
    }

    /// The readings of all words, for ranking.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        self.0.iter().flat_map(|(_, letters)| letters.readings(false)).collect()
    }
}

/// Documents with pairs of neighbouring characters in some reading; more than two characters are to be verified.
pub(crate) fn neighbours(segment: &Segment, field: Field, sets: &[Vec<char>]) -> tantivy::Result<Docs> {
    if let [only] = sets {
        let single = only.iter().map(|c| segment.term(field, &c.to_string()));
        return Ok(Docs::union(single.collect::<tantivy::Result<Vec<_>>>()?.into_iter(), segment.max));
    }
    let mut sets = sets.to_vec();
    let mut waiting: Vec<usize> = (0..sets.len() - 1).collect();
    let mut docs: Option<Docs> = None;
    // The narrowest pair first; what it has in this field narrows the characters beside it.
    while let Some(n) = (0..waiting.len())
        .min_by_key(|&n| sets[waiting[n]].len() * sets[waiting[n] + 1].len())
        .map(|n| waiting.swap_remove(n))
    {
        let (first, second) = (&sets[n], &sets[n + 1]);
        // Beginnings of syllables stand for hundreds of characters: what the narrow pairs left is verified anyway.
        let few = docs.as_ref().is_some_and(|docs| docs.len() <= FEW);
        if docs.is_some() && (few || first.len() > WIDE || second.len() > WIDE) {
            break;
        }
        let here = segment.any_pair(field, first, second)?;
        let both = docs.map_or(here.clone(), |docs| docs.and(&here));
        if both.is_empty() || waiting.is_empty() {
            return Ok(both);
        }
        docs = Some(both);
        (sets[n], sets[n + 1]) = segment.paired(field, first, second)?;
    }
    Ok(docs.unwrap_or_else(Docs::none))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_reading_stands() {
        let reading = Reading::of(vec![vec!['三', '山'], vec!['国', '果']]);
        let whole = [("三国", Some(2)), ("山果演义", Some(1)), ("新三国", Some(0)), ("山三国", Some(0))];
        for (value, place) in whole.into_iter().chain([("三", None), ("国三", None), ("", None)]) {
            assert_eq!(reading.place(value), place, "{value}");
        }
        assert_eq!(Reading::of(Vec::new()).place("三国"), None);
    }
}
