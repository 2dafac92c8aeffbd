//! Which entries satisfy the clauses: sets of documents, a set a segment.
//!
//! The grams of a word may all stand in a field without standing together, so sets of longer runs and of phrases
//! are *maybe*: they are verified against the stored normal forms up to a cap, beyond which the total is said to
//! be approximate. Notes take part where nothing but words is asked of `Any`: a word matches them where jieba's
//! words of it all stand in them, so whole words are found there and cuts through a word are not.
//! It knows neither filters nor order.

use memchr::memmem::Finder;
use tantivy::schema::Field;

use crate::index::schema::Fields;
use crate::index::terms;
use crate::index::{class_form, number_form};
use crate::mapping::callnumber::compare_form;
use crate::search::docs::Docs;
use crate::search::grammar::{Asked, Atom, Clause};
use crate::search::segment::{MOST_TERMS, Segment};
use crate::search::texts::{Part, TextRecord};
use crate::search::{Catalogue, SearchField, numbers};

/// Quoted phrases are verified on up to this many candidates.
const PHRASE_CAP: u64 = 20_000;
/// Words are verified on up to this many: beyond it at most one in two hundred is a chance meeting of pairs.
const WORD_CAP: u64 = 5_000;

/// The entries found.
pub(crate) struct Found {
    /// By segment.
    pub(crate) docs: Vec<Docs>,
    /// Whether every one of them was verified.
    pub(crate) exact: bool,
}

impl Found {
    pub(crate) fn total(&self) -> u64 {
        self.docs.iter().map(|d| u64::from(d.len())).sum()
    }

    /// Takes in what was found in another way.
    pub(crate) fn add(&mut self, more: Found) {
        self.exact &= more.exact;
        for (docs, more) in self.docs.iter_mut().zip(more.docs) {
            *docs = std::mem::replace(docs, Docs::none()).or(more);
        }
    }
}

/// What an atom matches in one segment.
struct Matches {
    sure: Docs,
    maybe: Docs,
    /// Whether a prefix had more terms than are looked at.
    cut: bool,
}

/// The access points that an atom's field searches by grams, and what verifies them.
pub(crate) fn gram_fields(fields: &Fields, field: SearchField) -> Vec<(Field, Part)> {
    let title = (fields.title, Part::Titles);
    let author = (fields.author, Part::Authors);
    let subject = (fields.subject, Part::Subjects);
    let publisher = (fields.publisher, Part::Publishers);
    let series = (fields.series, Part::Series);
    match field {
        SearchField::Any => vec![title, author, subject, publisher, series],
        SearchField::Title => vec![title],
        SearchField::Author => vec![author],
        SearchField::Subject => vec![subject],
        SearchField::Publisher => vec![publisher],
        SearchField::Series => vec![series],
        SearchField::Isbn | SearchField::Issn | SearchField::CallNumber | SearchField::Class => vec![],
        SearchField::Pinyin => vec![],
    }
}

/// The entries that satisfy every clause.
pub(crate) fn find(catalogue: &Catalogue, asked: &Asked) -> tantivy::Result<Found> {
    let mut found = Found { docs: Vec::new(), exact: true };
    let mut matches = Vec::new();
    for segment in &catalogue.segments {
        let wanted = asked.wanted().map(|clause| clause_matches(segment, clause));
        let wanted: Vec<Vec<Matches>> = wanted.collect::<tantivy::Result<_>>()?;
        let mut docs: Option<Docs> = None;
        for clause in &wanted {
            let any = clause.iter().fold(Docs::none(), |any, m| any.or(m.maybe.clone()).or(m.sure.clone()));
            docs = Some(docs.map_or(any.clone(), |docs| docs.and(&any)));
        }
        found.docs.push(docs.unwrap_or_else(|| segment.all()));
        found.exact &= !wanted.iter().flatten().any(|m| m.cut);
        matches.push(wanted);
    }
    for clause in asked.clauses.iter().filter(|c| c.excluded) {
        exclude(catalogue, clause, &mut found)?;
    }
    let clauses: Vec<&Clause> = asked.wanted().collect();
    verify(catalogue, &clauses, &matches, &mut found);
    Ok(found)
}

fn clause_matches(segment: &Segment, clause: &Clause) -> tantivy::Result<Vec<Matches>> {
    clause.any.iter().map(|atom| atom_matches(segment, atom)).collect()
}

fn exclude(catalogue: &Catalogue, clause: &Clause, found: &mut Found) -> tantivy::Result<()> {
    for (segment, docs) in catalogue.segments.iter().zip(&mut found.docs) {
        for atom in &clause.any {
            let mut matches = atom_matches(segment, atom)?;
            let (proof, mut text) = (Proof::of(&segment.fields, atom), TextRecord::empty());
            found.exact &= !matches.cut;
            matches.maybe = matches.maybe.and(docs);
            if u64::from(matches.maybe.len()) <= PHRASE_CAP {
                matches.maybe.retain(|doc| {
                    catalogue.text_into(segment, doc, &mut text).is_some() && proof.holds(&text)
                });
            } else {
                found.exact = false;
            }
            *docs = docs.minus(&matches.sure).minus(&matches.maybe);
        }
    }
    Ok(())
}

/// Drops what only seemed to match, where there is little enough to look at.
fn verify(catalogue: &Catalogue, clauses: &[&Clause], matches: &[Vec<Vec<Matches>>], found: &mut Found) {
    let doubtful = |n: usize| matches.iter().any(|segment| segment[n].iter().any(|m| !m.maybe.is_empty()));
    let doubtful: Vec<usize> = (0..clauses.len()).filter(|&n| doubtful(n)).collect();
    if doubtful.is_empty() {
        return;
    }
    let phrase = doubtful.iter().any(|&n| clauses[n].any.iter().any(|a| a.phrase));
    if found.total() > if phrase { PHRASE_CAP } else { WORD_CAP } {
        found.exact = false;
        return;
    }
    let mut text = TextRecord::empty();
    for ((segment, docs), matches) in catalogue.segments.iter().zip(&mut found.docs).zip(matches) {
        let proofs = |&n: &usize| -> Vec<(Proof<'_>, &Matches)> {
            let proof = |atom| Proof::of(&segment.fields, atom);
            clauses[n].any.iter().map(proof).zip(&matches[n]).collect()
        };
        let proofs: Vec<_> = doubtful.iter().map(proofs).collect();
        docs.retain(|doc| {
            let mut read = None;
            proofs.iter().all(|any| {
                any.iter().any(|(proof, m)| {
                    m.sure.contains(doc)
                        || m.maybe.contains(doc)
                            && *read
                                .get_or_insert_with(|| catalogue.text_into(segment, doc, &mut text).is_some())
                            && proof.holds(&text)
                })
            })
        });
    }
}

fn atom_matches(segment: &Segment, atom: &Atom) -> tantivy::Result<Matches> {
    let fields = &segment.fields;
    let mut cut = false;
    let mut sure = match atom.field {
        SearchField::CallNumber => by_prefix(segment, fields.call, &compare_form(&atom.typed), &mut cut)?,
        SearchField::Class => segment.term(fields.class, &class_form(&atom.typed))?,
        SearchField::Any if !atom.phrase => {
            let call = compare_form(&atom.typed);
            let notes = terms::note_words(&atom.normal);
            let coded = by_beginning(segment, atom, &call, &mut cut)?;
            segment.term(fields.call, &call)?.or(segment.all_terms(fields.note, &notes)?).or(coded)
        }
        _ => Docs::none(),
    };
    if matches!(atom.field, SearchField::Any | SearchField::Isbn | SearchField::Issn) {
        for term in numbers::terms(&atom.typed, atom.field) {
            sure = sure.or(segment.term(fields.number, &term)?);
        }
    }
    let doubtful = atom.phrase || terms::is_doubtful(&atom.normal);
    let mut maybe = Docs::none();
    for (field, _) in gram_fields(fields, atom.field) {
        maybe = maybe.or(by_grams(segment, field, atom, &mut cut)?);
    }
    if doubtful {
        Ok(Matches { sure, maybe, cut })
    } else {
        Ok(Matches { sure: sure.or(maybe), maybe: Docs::none(), cut })
    }
}

/// A class (`TP312`), the beginning of a call number (`TP312JA/8`) or of an ISBN (`978-7-302`), typed into any field.
fn by_beginning(segment: &Segment, atom: &Atom, call: &str, cut: &mut bool) -> tantivy::Result<Docs> {
    let fields = &segment.fields;
    let form = number_form(&atom.typed);
    if form.len() >= 4 && (form.starts_with("978") || form.starts_with("979")) && form.len() < 13 {
        return by_prefix(segment, fields.number, &format!("i{form}"), cut);
    }
    let letters = call.bytes().take_while(u8::is_ascii_uppercase).count();
    let is_class = (1..=2).contains(&letters) && call.as_bytes().get(letters).is_some_and(u8::is_ascii_digit);
    if !is_class {
        return Ok(Docs::none());
    }
    let class = segment.term(fields.class, &class_form(&atom.typed))?;
    // Shorter beginnings are classes; all their call numbers would be too many to look at.
    if call.len() >= 4 { Ok(class.or(by_prefix(segment, fields.call, call, cut)?)) } else { Ok(class) }
}

fn by_grams(segment: &Segment, field: Field, atom: &Atom, cut: &mut bool) -> tantivy::Result<Docs> {
    if atom.prefix
        && let Some((before, last)) = terms::split_last_word(&atom.normal)
    {
        let ends = by_prefix(segment, field, last, cut)?;
        let before = terms::required(before, false);
        return if before.is_empty() { Ok(ends) } else { Ok(segment.all_terms(field, &before)?.and(&ends)) };
    }
    segment.all_terms(field, &terms::required(&atom.normal, atom.phrase))
}

fn by_prefix(segment: &Segment, field: Field, prefix: &str, cut: &mut bool) -> tantivy::Result<Docs> {
    if prefix.is_empty() {
        return Ok(Docs::none());
    }
    let sets = segment.sets(field, prefix, |_| true)?;
    *cut |= sets.len() >= MOST_TERMS;
    Ok(Docs::union(sets.into_iter().map(|(_, docs)| docs), segment.max))
}

/// What verifies an atom: read once, asked of thousands of documents.
struct Proof<'a> {
    atom: &'a Atom,
    parts: Vec<Part>,
    /// The runs that an access point must hold, unless it is a phrase.
    runs: Vec<Finder<'a>>,
}

impl<'a> Proof<'a> {
    fn of(fields: &Fields, atom: &'a Atom) -> Self {
        let parts = gram_fields(fields, atom.field).into_iter().map(|(_, part)| part).collect();
        let runs =
            if atom.phrase { Vec::new() } else { terms::runs(&atom.normal).map(Finder::new).collect() };
        Self { atom, parts, runs }
    }

    /// Whether an access point holds the atom's runs, or its phrase as it stands.
    fn holds(&self, text: &TextRecord) -> bool {
        let Self { atom, parts, runs } = self;
        parts.iter().map(|&part| text.part(part)).any(|values| {
            let plainly = !atom.phrase && runs.iter().all(|run| run.find(values.as_bytes()).is_some());
            plainly || terms::holds(values, &atom.normal, atom.phrase, atom.prefix)
        })
    }
}
