//! A card becomes a MARC record: the habits of a house, and a writer that no reader of ours has a part in.

use std::collections::HashMap;
use std::sync::LazyLock;

use data::sample::Random;

use super::card::Card;

/// How a library writes.
pub(super) struct House {
    marc21: bool,
    gbk: bool,
    pub(super) traditional: bool,
    pub(super) subtitle_in_title: bool,
    pub(super) short_publishers: bool,
    pub(super) parts_in_words: bool,
    pub(super) square_brackets: bool,
    hyphens: bool,
}

impl House {
    pub(super) fn of(seed: u64, position: usize) -> Self {
        let mut random = Random::new(seed ^ 0x0068_6f75_7365, position as u64);
        Self {
            marc21: position % 7 == 5,
            gbk: position.is_multiple_of(3),
            traditional: matches!(position, 4 | 17 | 40),
            subtitle_in_title: position % 9 == 1,
            short_publishers: position % 5 == 2,
            parts_in_words: position % 3 == 2,
            square_brackets: random.chance(0.5),
            hyphens: random.chance(0.5),
        }
    }
}

type Subfields = Vec<(char, String)>;

/// The bytes of a record.
pub(super) fn record(card: &Card, house: &House, control_number: &str, random: &mut Random) -> Vec<u8> {
    let mut fields: Vec<(&str, &str, Subfields)> = vec![("001", "", vec![(' ', control_number.to_owned())])];
    if house.marc21 {
        marc21(card, house, random, &mut fields);
    } else {
        cnmarc(card, house, random, &mut fields);
    }
    let template = if house.marc21 { b"00000nam a2200000 i 4500" } else { b"00000nam0 2200000   450 " };
    let mut leader = *template;
    if !house.gbk {
        leader[9] = b'a';
    }
    iso2709(leader, &fields, house)
}

fn written_isbn(card: &Card, house: &House) -> Option<String> {
    let isbn = card.isbn.clone()?;
    let (start, end) = (isbn.len() - 10, isbn.len());
    let hyphenated = || {
        let prefix = if start == 3 { "978-" } else { "" };
        format!(
            "{prefix}{}-{}-{}-{}",
            &isbn[start..start + 1],
            &isbn[start + 1..start + 4],
            &isbn[start + 4..end - 1],
            &isbn[end - 1..]
        )
    };
    Some(if house.hyphens { hyphenated() } else { isbn.clone() })
}

fn call_number(random: &mut Random) -> (String, String) {
    let class =
        *random.pick(&["I247.5", "I267", "K825", "B84", "F270", "TP312", "G634", "D92", "H31", "J22"]);
    (class.to_owned(), format!("{}/{}", random.below(999), random.below(99)))
}

fn cnmarc(card: &Card, house: &House, random: &mut Random, fields: &mut Vec<(&str, &str, Subfields)>) {
    if let Some(isbn) = written_isbn(card, house) {
        let price = format!("CNY{}.80", 9 + random.below(90));
        fields.push(("010", "  ", vec![('a', isbn), ('b', "平装".to_owned()), ('d', price)]));
    }
    let coded = format!("20190312d{}    em y0chiy0110    ea", card.year);
    fields.push(("100", "  ", vec![('a', coded)]));
    fields.push(("101", "0 ", vec![('a', "chi".to_owned())]));
    let mut title = vec![('a', card.title.clone())];
    title.extend(card.subtitle.iter().map(|text| ('e', text.clone())));
    title.extend(card.part.iter().map(|text| ('h', text.clone())));
    title.extend((!card.statement.is_empty()).then(|| ('f', card.statement.clone())));
    fields.push(("200", "1 ", title));
    if card.edition > 1 {
        let in_words = ["二", "三"].get(usize::from(card.edition) - 2).unwrap_or(&"四");
        let forms =
            [format!("第{}版", card.edition), format!("{}版", card.edition), format!("第{in_words}版")];
        fields.push(("205", "  ", vec![('a', random.pick(&forms).clone())]));
    }
    let date = if random.chance(0.3) {
        format!("{}.{}", card.year, 1 + random.below(12))
    } else {
        card.year.to_string()
    };
    fields.push(("210", "  ", vec![('c', card.publisher.clone()), ('d', date)]));
    fields.push((
        "215",
        "  ",
        vec![('a', format!("{}页", card.pages)), ('c', "图".to_owned()), ('d', "21cm".to_owned())],
    ));
    let (class, number) = call_number(random);
    fields.push(("690", "  ", vec![('a', class.clone()), ('v', "5".to_owned())]));
    for (i, (name, role)) in card.headings.iter().enumerate() {
        fields.push((
            if i == 0 { "701" } else { "702" },
            " 0",
            vec![('a', name.clone()), ('4', role.clone())],
        ));
    }
    fields.push(("801", " 0", vec![('a', "CN".to_owned()), ('c', "20190312".to_owned())]));
    let barcode = format!("{:08}", random.below(100_000_000));
    fields.push(("905", "  ", vec![('a', "总馆".to_owned()), ('b', barcode), ('d', class), ('e', number)]));
}

fn marc21(card: &Card, house: &House, random: &mut Random, fields: &mut Vec<(&str, &str, Subfields)>) {
    let coded = format!("190312s{}    cc            000 0 chi d", card.year);
    fields.push(("008", "", vec![(' ', format!("{coded:<40}"))]));
    if let Some(isbn) = written_isbn(card, house) {
        fields.push(("020", "  ", vec![('a', isbn)]));
    }
    if let Some((name, _)) = card.headings.first() {
        fields.push(("100", "1 ", vec![('a', format!("{name}."))]));
    }
    let mut title = vec![('a', card.title.clone())];
    title.extend(card.part.iter().map(|text| ('n', text.clone())));
    title.extend(card.subtitle.iter().map(|text| ('b', text.clone())));
    title.extend((!card.statement.is_empty()).then(|| ('c', format!("{}.", card.statement))));
    let n_parts = title.len();
    for (i, (_, text)) in title.iter_mut().enumerate().take(n_parts - 1) {
        text.push_str(if i + 2 == n_parts && !card.statement.is_empty() { " /" } else { " :" });
    }
    fields.push(("245", "10", title));
    if card.edition > 1 {
        fields.push(("250", "  ", vec![('a', format!("第{}版.", card.edition))]));
    }
    fields.push(("264", " 1", vec![('b', format!("{},", card.publisher)), ('c', format!("{}.", card.year))]));
    fields.push(("300", "  ", vec![('a', format!("{} 页 ;", card.pages)), ('c', "21 公分".to_owned())]));
    for (name, role) in card.headings.iter().skip(1) {
        fields.push(("700", "1 ", vec![('a', format!("{name},")), ('e', format!("{role}."))]));
    }
    let (class, number) = call_number(random);
    let barcode = format!("{:09}", random.below(1_000_000_000));
    fields.push(("852", "  ", vec![('b', "MAIN".to_owned()), ('h', class), ('i', number), ('p', barcode)]));
}

/// Simplified → traditional, the first form of each in the fold table that Big5 has.
static TRADITIONAL: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let big5 = |c: char| !encoding_rs::BIG5.encode(c.encode_utf8(&mut [0; 4])).2;
    let han = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c);
    let rows = data::fold::TABLE.lines().filter_map(|line| line.split_once('\t'));
    rows.filter_map(|(simple, forms)| {
        let simple = simple.chars().next().filter(|c| han(c) && !big5(*c))?;
        Some((simple, forms.chars().find(|c| han(c) && big5(*c))?))
    })
    .collect()
});

fn iso2709(mut leader: [u8; 24], fields: &[(&str, &str, Subfields)], house: &House) -> Vec<u8> {
    let text = |text: &str| -> Vec<u8> {
        let traditional = |c: char| TRADITIONAL.get(&c).copied().unwrap_or(c);
        let text: String =
            if house.traditional { text.chars().map(traditional).collect() } else { text.to_owned() };
        if house.gbk { encoding_rs::GB18030.encode(&text).0.into_owned() } else { text.into_bytes() }
    };
    let (mut directory, mut body) = (String::new(), Vec::new());
    for (tag, indicators, subfields) in fields {
        let start = body.len();
        body.extend_from_slice(indicators.as_bytes());
        for (code, value) in subfields {
            if !indicators.is_empty() {
                body.extend_from_slice(&[0x1F, *code as u8]);
            }
            body.extend(text(value));
        }
        body.push(0x1E);
        directory.push_str(&format!("{tag}{:04}{start:05}", body.len() - start));
    }
    let base = 24 + directory.len() + 1;
    leader[..5].copy_from_slice(format!("{:05}", base + body.len() + 1).as_bytes());
    leader[12..17].copy_from_slice(format!("{base:05}").as_bytes());
    [&leader, directory.as_bytes(), b"\x1E", &body, b"\x1D"].concat()
}
