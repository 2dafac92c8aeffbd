//! A work in MARC21, in one library's hand: romanised with 880 fields where the library does so.

use super::catalogue::{
    MarcField, MarcRecord, control, edition_statement, field, imprint, responsibility, written_isbn,
    written_pages,
};
use super::habits::Habits;
use super::random::Random;
use super::readings;
use super::truth::Variation;
use super::vary::Described;
use super::work::{Kind, Work};

/// The record of a work as a MARC21 library writes it.
pub(super) fn catalogue(
    described: &Described,
    habits: &Habits,
    control_number: &str,
    random: &mut Random,
) -> MarcRecord {
    let work = &described.work;
    let mut original_script = Vec::new();
    let mut leader = *b"00000nam a2200000 a 4500";
    (leader[6], leader[7]) = match work.kind {
        Kind::Serial => (b'a', b's'),
        Kind::Score => (b'c', b'm'),
        Kind::Book | Kind::Thesis => (b'a', b'm'),
    };
    let contents = if work.kind == Kind::Thesis { 'm' } else { ' ' };
    let coded = format!("240101s{}    cc       {contents}    000 0 {} d", work.year, work.language);
    let coded: String = format!("{coded:<40}").chars().take(40).collect();
    let mut fields = vec![control("001", control_number.to_owned()), control("008", coded)];
    if let Some(isbn) = written_isbn(work, habits) {
        fields.push(field("020", "  ", [('a', isbn), ('q', "(pbk.)".to_owned())]));
    }
    if let Some(issn) = &work.issn {
        fields.push(field("022", "  ", [('a', issn.clone())]));
    }
    fields.push(field("084", "  ", [('a', work.class.to_owned()), ('2', "clc".to_owned())]));
    let heading = !described.variations.has(Variation::NoHeading);
    let author = work.people.first().filter(|_| heading).map(|(name, _)| name.as_str());
    let romanised = readings::romanised(&work.title).filter(|_| habits.romanised);
    match (author, &romanised) {
        (Some(name), Some(_)) if readings::romanised(name).is_some() => {
            let reading = readings::romanised(name).unwrap_or_default();
            fields.push(linked("100", "1 ", "880-01", vec![('a', capitalised(&reading))]));
        }
        (Some(name), _) => {
            fields.push(field("100", "1 ", [('a', format!("{name},")), ('e', "author.".to_owned())]))
        }
        _ => {}
    }
    let title = with_punctuation(title_parts(work, habits), !work.people.is_empty());
    match romanised {
        Some(reading) => {
            fields.push(linked("245", "10", "880-02", vec![('a', capitalised(&reading))]));
            original_script
                .extend(author.map(|name| linked("880", "1 ", "100-01/$1", vec![('a', name.to_owned())])));
            original_script.push(linked("880", "10", "245-02/$1", title));
        }
        None => fields.push(MarcField { tag: "245", indicators: "10", subfields: title }),
    }
    if let Some(edition) = work.edition {
        fields.push(field("250", "  ", [('a', format!("{}.", edition_statement(work, edition, "第{}版")))]));
    }
    fields.push(imprint("260", ['a', 'b', 'c'], work, random));
    let extent =
        written_pages(work, random).map_or_else(|| "1 volume".to_owned(), |pages| format!("{pages} pages"));
    fields.push(field("300", "  ", [('a', format!("{extent} ;")), ('c', "26 cm".to_owned())]));
    if work.kind == Kind::Thesis {
        fields.push(field("502", "  ", [('a', "Thesis (M.A.)".to_owned())]));
    }
    fields.extend(work.series.iter().map(|series| field("490", "0 ", [('a', series.clone())])));
    fields.extend(work.abstract_text.iter().map(|text| field("520", "  ", [('a', text.clone())])));
    for subject in &work.subjects {
        fields.push(field("650", " 0", [('a', format!("{subject}."))]));
    }
    fields.extend(original_script);
    MarcRecord { leader, fields }
}

fn title_parts(work: &Work, habits: &Habits) -> Vec<(char, String)> {
    let mut parts = vec![('a', work.title.clone())];
    parts.extend(work.part.iter().map(|part| ('n', part.clone())));
    parts.extend(work.subtitle.iter().map(|subtitle| ('b', subtitle.clone())));
    parts.extend(responsibility(work, habits).into_iter().map(|statement| ('c', format!("{statement}."))));
    parts
}

/// ISBD punctuation belongs to the part in front of it.
fn with_punctuation(mut parts: Vec<(char, String)>, has_statement: bool) -> Vec<(char, String)> {
    let n_parts = parts.len();
    for (i, (_, text)) in parts.iter_mut().enumerate() {
        if i + 1 < n_parts {
            text.push_str(if i + 2 == n_parts && has_statement { " /" } else { " :" });
        }
    }
    parts
}

fn linked(tag: &'static str, indicators: &'static str, link: &str, rest: Vec<(char, String)>) -> MarcField {
    let mut subfields = vec![('6', link.to_owned())];
    subfields.extend(rest);
    MarcField { tag, indicators, subfields }
}

fn capitalised(reading: &str) -> String {
    let mut chars = reading.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
