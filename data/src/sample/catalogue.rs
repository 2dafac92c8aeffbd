//! One library's record of one work: the same book, in this library's hand.

use super::habits::{Habits, HoldingsField};
use super::random::Random;
use super::work::{Kind, Work};

/// A field to be written: tag, indicators, subfields; a control field has no indicators.
pub(super) struct MarcField {
    pub(super) tag: &'static str,
    pub(super) indicators: &'static str,
    pub(super) subfields: Vec<(char, String)>,
}

/// A record to be written.
pub(super) struct MarcRecord {
    pub(super) leader: [u8; 24],
    pub(super) fields: Vec<MarcField>,
}

fn control(tag: &'static str, text: String) -> MarcField {
    MarcField { tag, indicators: "", subfields: vec![(' ', text)] }
}

fn field<const N: usize>(
    tag: &'static str,
    indicators: &'static str,
    subfields: [(char, String); N],
) -> MarcField {
    MarcField { tag, indicators, subfields: subfields.into() }
}

/// Catalogues a work; `random` is this library's hand on this day.
pub(super) fn catalogue(
    work: &Work,
    habits: &Habits,
    control_number: &str,
    random: &mut Random,
) -> MarcRecord {
    let mut record = if habits.marc21 {
        marc21(work, control_number, random)
    } else {
        cnmarc(work, habits, control_number, random)
    };
    holdings(work, habits, random, &mut record.fields);
    record
}

fn cnmarc(work: &Work, habits: &Habits, control_number: &str, random: &mut Random) -> MarcRecord {
    let level = if work.kind == Kind::Serial { b's' } else { b'm' };
    let kind = if work.kind == Kind::Score { b'c' } else { b'a' };
    let mut leader = *b"00000nam0 2200000   450 ";
    (leader[6], leader[7]) = (kind, level);
    let mut fields = vec![control("001", control_number.to_owned())];
    if let Some(isbn) = written_isbn(work, habits, random) {
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
        fields.push(field("205", "  ", [('a', form.replace("{}", &edition.to_string()))]));
    }
    fields.push(imprint("210", ['a', 'c', 'd'], work, random));
    fields.push(field("215", "  ", [('a', format!("{}页", work.pages)), ('d', "26cm".to_owned())]));
    if let Some(text) = &work.abstract_text {
        fields.push(field("330", "  ", [('a', text.clone())]));
    }
    for subject in &work.subjects {
        fields.push(field("606", "0 ", [('a', subject.clone()), ('x', "研究".to_owned())]));
    }
    fields.push(field("690", "  ", [('a', work.class.to_owned()), ('v', "5".to_owned())]));
    if !random.chance(habits.missing_names) {
        for (i, (name, role)) in work.people.iter().enumerate() {
            let tag = if *role == "译" || i > 0 { "702" } else { "701" };
            fields.push(field(tag, " 0", [('a', name.clone()), ('4', (*role).to_owned())]));
        }
    }
    fields.push(field("801", " 0", [('a', "CN".to_owned()), ('c', "20240101".to_owned())]));
    MarcRecord { leader, fields }
}

fn cnmarc_title(work: &Work, habits: &Habits) -> MarcField {
    let mut subfields = Vec::new();
    match &work.subtitle {
        Some(subtitle) if habits.subtitle_in_title => {
            subfields.push(('a', format!("{}:{subtitle}", work.title)))
        }
        _ => subfields.push(('a', work.title.clone())),
    }
    if let Some(code) = habits.pinyin.filter(|_| work.title == "三国演义") {
        subfields.push((code, "san guo yan yi".to_owned()));
    }
    if let Some(part) = &work.part {
        subfields.push(('h', part.clone()));
    }
    if let Some(subtitle) = work.subtitle.as_ref().filter(|_| !habits.subtitle_in_title) {
        subfields.push(('e', subtitle.clone()));
    }
    subfields.extend(responsibility(work).into_iter().map(|statement| ('f', statement)));
    MarcField { tag: "200", indicators: "1 ", subfields }
}

fn marc21(work: &Work, control_number: &str, random: &mut Random) -> MarcRecord {
    let mut leader = *b"00000nam a2200000 a 4500";
    (leader[6], leader[7]) = match work.kind {
        Kind::Serial => (b'a', b's'),
        Kind::Score => (b'c', b'm'),
        Kind::Book | Kind::Thesis => (b'a', b'm'),
    };
    let contents = if work.kind == Kind::Thesis { 'm' } else { ' ' };
    let coded = format!("240101s{}    cc            {contents}000 0 {} d", work.year, work.language);
    let coded: String = format!("{coded:<40}").chars().take(40).collect();
    let mut fields = vec![control("001", control_number.to_owned()), control("008", coded)];
    if let Some(isbn) = &work.isbn {
        fields.push(field("020", "  ", [('a', isbn.clone()), ('q', "(pbk.)".to_owned())]));
    }
    if let Some(issn) = &work.issn {
        fields.push(field("022", "  ", [('a', issn.clone())]));
    }
    fields.push(field("084", "  ", [('a', work.class.to_owned()), ('2', "clc".to_owned())]));
    if let Some((name, _)) = work.people.first() {
        fields.push(field("100", "1 ", [('a', format!("{name},")), ('e', "author.".to_owned())]));
    }
    let mut title = vec![('a', work.title.clone())];
    if let Some(part) = &work.part {
        title.push(('n', part.clone()));
    }
    title.extend(work.subtitle.iter().map(|subtitle| ('b', subtitle.clone())));
    title.extend(responsibility(work).into_iter().map(|statement| ('c', format!("{statement}."))));
    // ISBD punctuation belongs to the part in front of it.
    let n_parts = title.len();
    for (i, (_, text)) in title.iter_mut().enumerate() {
        if i + 1 < n_parts {
            text.push_str(if i + 2 == n_parts && !work.people.is_empty() { " /" } else { " :" });
        }
    }
    fields.push(MarcField { tag: "245", indicators: "10", subfields: title });
    if let Some(edition) = work.edition {
        fields.push(field("250", "  ", [('a', format!("第{edition}版."))]));
    }
    fields.push(imprint("260", ['a', 'b', 'c'], work, random));
    fields.push(field("300", "  ", [('a', format!("{} pages ;", work.pages)), ('c', "26 cm".to_owned())]));
    fields.extend(work.abstract_text.iter().map(|text| field("520", "  ", [('a', text.clone())])));
    for subject in &work.subjects {
        fields.push(field("650", " 0", [('a', format!("{subject}."))]));
    }
    MarcRecord { leader, fields }
}

fn imprint(tag: &'static str, codes: [char; 3], work: &Work, random: &mut Random) -> MarcField {
    let publisher = if random.chance(0.08) {
        work.publisher.trim_end_matches("出版社").to_owned()
    } else {
        work.publisher.clone()
    };
    let date = match random.below(10) {
        0 => format!("{}.{:02}", work.year, 1 + random.below(12)),
        1 => format!("[{}]", work.year),
        _ => work.year.to_string(),
    };
    field(tag, "  ", [(codes[0], work.place.to_owned()), (codes[1], publisher), (codes[2], date)])
}

fn responsibility(work: &Work) -> Option<String> {
    let (first, role) = work.people.first()?;
    let country = work.country.map(|c| format!("({c})")).unwrap_or_default();
    let role = if *role == "author" { "" } else { role };
    let others: String = work.people[1..]
        .iter()
        .map(|(name, other)| if other == &"译" { format!(" ; {name}译") } else { format!(", {name}") })
        .collect();
    // Names joined by commas share the role that follows the last of them.
    Some(if others.contains(';') {
        format!("{country}{first}{role}{others}")
    } else {
        format!("{country}{first}{others}{role}")
    })
}

fn written_isbn(work: &Work, habits: &Habits, random: &mut Random) -> Option<String> {
    let isbn = work.isbn.as_ref().filter(|_| !random.chance(0.04))?;
    let digits = if habits.isbn10 && work.year < 2007 { isbn10(isbn) } else { isbn.clone() };
    if !habits.hyphens {
        return Some(digits);
    }
    let (prefix, rest) = if digits.len() == 13 { digits.split_at(3) } else { ("", digits.as_str()) };
    let hyphenated = format!("{}-{}-{}-{}", &rest[..1], &rest[1..5], &rest[5..9], &rest[9..]);
    Some(if prefix.is_empty() { hyphenated } else { format!("{prefix}-{hyphenated}") })
}

fn isbn10(isbn13: &str) -> String {
    let stem = &isbn13[3..12];
    let sum: u32 = stem.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * (10 - i as u32)).sum();
    match (11 - sum % 11) % 11 {
        10 => format!("{stem}X"),
        check => format!("{stem}{check}"),
    }
}

fn holdings(work: &Work, habits: &Habits, random: &mut Random, fields: &mut Vec<MarcField>) {
    let n_copies = 1 + random.below(4);
    let location = (*random.pick(&habits.locations)).to_owned();
    let class = work.class.to_owned();
    let book = match random.below(3) {
        0 => format!("{}", 1 + random.below(900)),
        1 => format!("L{}", 100 + random.below(900)),
        _ => format!("{:04}R", random.below(10_000)),
    };
    let barcode = 10_000_000 + random.below(80_000_000);
    let nth = |i: usize| format!("{:08}", barcode + i);
    let mut subfields = Vec::new();
    match habits.holdings {
        HoldingsField::Groups => {
            for i in 0..n_copies {
                subfields.extend([
                    ('a', location.clone()),
                    ('b', nth(i)),
                    ('d', class.clone()),
                    ('e', book.clone()),
                ]);
                subfields.extend([('f', "1".to_owned()), ('s', format!("{class}/{book}"))]);
            }
        }
        HoldingsField::RepeatedBarcode => {
            subfields.push(('a', location));
            subfields.extend((0..n_copies).map(|i| ('b', nth(i))));
            subfields.extend([('d', class), ('e', book)]);
        }
        HoldingsField::BarcodeRange => {
            let last = format!("{:04}", (barcode + n_copies - 1) % 10_000);
            let range = if n_copies > 1 && barcode % 10_000 + n_copies <= 10_000 {
                format!("{}-{last}", nth(0))
            } else {
                nth(0)
            };
            subfields.extend([('a', location), ('b', range), ('d', class), ('e', book)]);
        }
        HoldingsField::Accession => {
            subfields.extend([
                ('a', location),
                ('b', nth(0)),
                ('d', class),
                ('e', book),
                ('f', n_copies.to_string()),
            ]);
        }
        HoldingsField::CallNumber => subfields.extend([('a', location), ('f', format!("{class}/{book}"))]),
        HoldingsField::Field852 => {
            for i in 0..n_copies {
                fields.push(field(
                    "852",
                    "  ",
                    [('b', location.clone()), ('h', class.clone()), ('i', book.clone()), ('p', nth(i))],
                ));
            }
            return;
        }
    }
    fields.push(MarcField { tag: "905", indicators: "  ", subfields });
}
