//! A work in CNMARC, in one library's hand.

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

/// The record of a work as a CNMARC library writes it.
pub(super) fn catalogue(
    described: &Described,
    habits: &Habits,
    control_number: &str,
    random: &mut Random,
) -> MarcRecord {
    let work = &described.work;
    let level = if work.kind == Kind::Serial { b's' } else { b'm' };
    let kind = if work.kind == Kind::Score { b'c' } else { b'a' };
    let mut leader = *b"00000nam0 2200000   450 ";
    (leader[6], leader[7]) = (kind, level);
    let mut fields = vec![control("001", control_number.to_owned())];
    if let Some(isbn) = written_isbn(work, habits) {
        fields.push(field("010", "  ", [('a', isbn), ('d', format!("CNY{}.00", work.price))]));
    }
    if let Some(issn) = &work.issn {
        fields.push(field("011", "  ", [('a', issn.clone())]));
    }
    let coded = format!("20240101d{}    em y0chiy50      ea", work.year);
    fields.push(field("100", "  ", [('a', coded)]));
    fields.push(field(
        "101",
        if work.country.is_some() { "1 " } else { "0 " },
        [('a', work.language.to_owned())],
    ));
    fields.push(field("102", "  ", [('a', "CN".to_owned()), ('b', "110000".to_owned())]));
    if work.kind == Kind::Thesis {
        fields.push(field("328", "  ", [('a', "硕士学位论文".to_owned())]));
    }
    fields.push(cnmarc_title(work, habits));
    if let Some(edition) = work.edition {
        let form = *random.pick(&["{}版", "第{}版"]);
        let statement = edition_statement(work, edition, form);
        fields.push(field("205", "  ", [('a', statement)]));
    }
    fields.push(imprint("210", ['a', 'c', 'd'], work, random));
    let extent = written_pages(work, random).map_or_else(|| "1册".to_owned(), |pages| format!("{pages}页"));
    fields.push(field("215", "  ", [('a', extent), ('d', "26cm".to_owned())]));
    if let Some(series) = &work.series {
        fields.push(field("225", "2 ", [('a', series.clone())]));
    }
    if let Some(text) = &work.abstract_text {
        fields.push(field("330", "  ", [('a', text.clone())]));
    }
    for subject in &work.subjects {
        fields.push(field("606", "0 ", [('a', subject.clone()), ('x', "研究".to_owned())]));
    }
    fields.push(field("690", "  ", [('a', work.class.to_owned()), ('v', "5".to_owned())]));
    if !described.variations.has(Variation::NoHeading) {
        for (i, (name, role)) in work.people.iter().enumerate() {
            let tag = if matches!(*role, "译" | "校注") || i > 0 { "702" } else { "701" };
            fields.push(field(tag, " 0", [('a', name.clone()), ('4', (*role).to_owned())]));
        }
    }
    fields.push(field("801", " 0", [('a', "CN".to_owned()), ('c', "20240101".to_owned())]));
    MarcRecord { leader, fields }
}

fn cnmarc_title(work: &Work, habits: &Habits) -> MarcField {
    let mut subfields = vec![('a', work.title.clone())];
    if let Some((code, reading)) = habits.pinyin.zip(readings::romanised(&work.title)) {
        subfields.push((code, reading));
    }
    if let Some(part) = &work.part {
        subfields.push(('h', part.clone()));
    }
    if let Some(subtitle) = &work.subtitle {
        subfields.push(('e', subtitle.clone()));
    }
    subfields.extend(responsibility(work, habits).into_iter().map(|statement| ('f', statement)));
    MarcField { tag: "200", indicators: "1 ", subfields }
}
