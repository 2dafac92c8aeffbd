//! One entry → what the index keeps of it: a document of terms, a line of normal forms, a packed entry.
//!
//! The packed form is postcard behind a version byte. Nothing is written here.

use rustc_hash::FxHashSet;
use tantivy::TantivyDocument;
use tantivy::schema::Field;

use crate::analysis;
use crate::bib::{Bib, Entry};
use crate::index::orders::OrderKeys;
use crate::index::schema::Fields;
use crate::index::terms::{VALUE, normal, normal_into};
use crate::index::{pack, reading};
use crate::mapping::callnumber::compare_form;
use crate::mapping::statement;

/// Values of one field joined by `VALUE`, without repetition.
#[derive(Default)]
pub(crate) struct Values(String);

impl Values {
    fn add(&mut self, text: &str) {
        let start = self.0.len();
        if start > 0 {
            self.0.push(VALUE);
        }
        let from = self.0.len();
        normal_into(text, &mut self.0);
        self.settle(start, from);
    }

    fn add_raw(&mut self, text: &str) {
        let start = self.0.len();
        if start > 0 {
            self.0.push(VALUE);
        }
        let from = self.0.len();
        self.0.push_str(text);
        self.settle(start, from);
    }

    /// Takes the last value back where it is empty or said already.
    fn settle(&mut self, start: usize, from: usize) {
        let (before, value) = (&self.0[..start], &self.0[from..]);
        if value.is_empty() || before.split(VALUE).any(|known| known == value && start > 0) {
            self.0.truncate(start);
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(VALUE).filter(|v| !v.is_empty())
    }
}

/// The normal forms of an entry by access point, as indexed and as verified.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) titles: Values,
    pub(crate) authors: Values,
    pub(crate) subjects: Values,
    pub(crate) publishers: Values,
    pub(crate) series: Values,
}

impl Texts {
    pub(crate) fn of(bib: &Bib) -> Self {
        let mut texts = Self::default();
        let titles = &mut texts.titles;
        if let Some(title) = &bib.title {
            titles.add(title);
        }
        for title in bib
            .subtitle
            .iter()
            .chain(&bib.romanised_title)
            .chain(&bib.parallel_titles)
            .chain(&bib.other_titles)
        {
            titles.add(title);
        }
        if let Some(part) = &bib.part {
            for text in part.title.iter().chain(&part.number).chain(&part.volume) {
                titles.add(text);
            }
            whole_title(bib, titles);
        }
        for series in &bib.series {
            texts.series.add(&series.title);
        }
        for agent in &bib.agents {
            texts.authors.add(&agent.name);
            // Pinyin is found by its syllables; any other romanisation only as it stands.
            if let Some(romanised) = agent.pinyin.as_ref().filter(|given| !reading::is_pinyin(given)) {
                texts.authors.add(romanised);
            }
        }
        // 林巧民主编 names nobody called 民主: roles and origins are values of their own.
        let is_name = |text: &str| bib.agents.iter().any(|agent| agent.name == text);
        for text in bib.responsibility.iter().chain(&bib.other_responsibilities) {
            statement::pieces(text, is_name).for_each(|piece| texts.authors.add(piece));
        }
        for subject in &bib.subjects {
            for part in subject.split("--") {
                texts.subjects.add(part);
            }
        }
        for text in bib.publisher.iter().chain(&bib.other_publishers) {
            texts.publishers.add(text);
        }
        texts
    }
}

/// Title proper with its part, so that 三国演义上册 typed in one piece is found too.
fn whole_title(bib: &Bib, titles: &mut Values) {
    let (Some(title), Some(part)) = (&bib.title, &bib.part) else { return };
    let mut whole = title.clone();
    for text in part.number.iter().chain(&part.title) {
        whole.push(' ');
        whole.push_str(text);
    }
    titles.add(&whole);
}

/// The document of an entry, its normal forms, and the keys of the orders it is listed in.
pub(crate) fn prepare(entry: &Entry, fields: &Fields) -> (TantivyDocument, String, OrderKeys) {
    let texts = Texts::of(&entry.bib);
    let mut document = TantivyDocument::new();
    for (field, values) in [
        (fields.title, &texts.titles),
        (fields.author, &texts.authors),
        (fields.subject, &texts.subjects),
        (fields.publisher, &texts.publishers),
        (fields.series, &texts.series),
        (fields.number, &numbers(&entry.bib)),
        (fields.call, &calls(entry)),
        (fields.class, &classes(&entry.bib)),
        (fields.library, &libraries(entry)),
        (fields.language, &languages(&entry.bib)),
        (fields.initials, &letters(&entry.bib, &texts)),
        (fields.note, &notes(&entry.bib)),
    ] {
        if !values.0.is_empty() {
            document.add_text(field, &values.0);
        }
    }
    document.add_text(fields.kind, entry.bib.material_type.code());
    if let Some(year) = entry.bib.year {
        document.add_text(fields.year, year.to_string());
    }
    add_fast(&mut document, entry, fields);
    (document, pack::text_of(&texts), OrderKeys::of(entry))
}

fn add_fast(document: &mut TantivyDocument, entry: &Entry, fields: &Fields) {
    let bib = &entry.bib;
    let mut seen = Values::default();
    bib.agents.iter().for_each(|agent| add_heading(document, fields.author_heading, &agent.name, &mut seen));
    let mut seen = Values::default();
    bib.subjects.iter().for_each(|name| add_heading(document, fields.subject_heading, name, &mut seen));
}

/// A heading is counted by its folded form and shown as written; where the two are one it is said once.
fn add_heading(document: &mut TantivyDocument, field: Field, name: &str, seen: &mut Values) {
    let folded = normal(name);
    let before = seen.0.len();
    seen.add_raw(&folded);
    if seen.0.len() > before {
        let shown = name.replace(VALUE, " ");
        let term = if shown == folded { folded } else { format!("{folded}{VALUE}{shown}") };
        document.add_text(field, term);
    }
}

/// A class number as its prefixes are compared: the dot has no value.
pub(crate) fn class_form(class: &str) -> String {
    let mut form = compare_form(class);
    form.retain(|c| c != '.' && c != VALUE && c != '[' && c != ']');
    form
}

fn numbers(bib: &Bib) -> Values {
    let mut values = Values::default();
    for isbn in &bib.isbns {
        values.add_raw(&format!("i{isbn}"));
    }
    for isbn in &bib.invalid_isbns {
        values.add_raw(&format!("i{}", number_form(isbn)));
    }
    for issn in &bib.issns {
        values.add_raw(&format!("s{}", String::from_utf8_lossy(&issn.0)));
    }
    if let Some(number) = &bib.cn_book_no {
        values.add_raw(&format!("u{}", number_form(number)));
    }
    values
}

/// Digits and letters of a standard number.
pub(crate) fn number_form(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).take(40).collect()
}

fn calls(entry: &Entry) -> Values {
    let mut values = Values::default();
    for holding in &entry.holdings {
        if let Some(call) = &holding.holding.call_number {
            values.add_raw(&compare_form(call));
        }
    }
    values
}

fn classes(bib: &Bib) -> Values {
    let mut values = Values::default();
    for class in &bib.clc {
        let form = class_form(class);
        let mut end = 0;
        for c in form.chars().take(24) {
            end += c.len_utf8();
            values.add_raw(&form[..end]);
        }
    }
    values
}

fn libraries(entry: &Entry) -> Values {
    let mut values = Values::default();
    for code in entry.holdings.iter().map(|h| &h.library).chain(entry.members.iter().map(|m| &m.library)) {
        values.add_raw(code.as_str());
    }
    values
}

fn languages(bib: &Bib) -> Values {
    let mut values = Values::default();
    for language in &bib.languages {
        values.add_raw(language);
    }
    values
}

/// Initials, and the readings that the cataloguer gave where ours differ.
fn letters(bib: &Bib, texts: &Texts) -> Values {
    let mut values = Values::default();
    for (letter, source) in [('t', &texts.titles), ('n', &texts.authors), ('s', &texts.subjects)] {
        for text in source.iter().filter(|text| !statement::is_role(text)) {
            let mut term = String::from(letter);
            if reading::initials(text, &mut term) {
                values.add_raw(&term);
            }
        }
    }
    let titles = bib.title_pinyin.iter().chain(&bib.romanised_title);
    let titles = titles.map(|given| ('p', given, bib.title.as_deref().unwrap_or_default()));
    let names = bib.agents.iter().filter_map(|a| Some(('q', a.pinyin.as_ref()?, a.name.as_str())));
    for (letter, given, of) in titles.chain(names) {
        let mut term = String::from(letter);
        if reading::given(given, of, &mut term) {
            values.add_raw(&term);
        }
    }
    values
}

/// The words of notes, contents and abstract, each once.
fn notes(bib: &Bib) -> Values {
    let mut values = Values::default();
    let mut seen = FxHashSet::default();
    for text in bib.notes.iter().chain(&bib.contents).chain(&bib.abstract_text) {
        analysis::words(&normal(text), &mut |word| {
            if word.len() <= 60 && seen.insert(word.to_owned()) {
                values.0.push_str(word);
                values.0.push(VALUE);
            }
        });
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_once() {
        let mut values = Values::default();
        ["三国", "三國", "", "演义"].iter().for_each(|text| values.add(text));
        assert_eq!(values.as_str(), "三国\u{1f}演义");
    }
}
