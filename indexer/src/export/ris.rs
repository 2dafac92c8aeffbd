//! `Bib` → RIS, for reference managers.

use std::fmt::Write;

use crate::bib::{Bib, MaterialType};

use super::contributors::contributors;

/// Appends one reference in UTF-8 with CRLF; `url` is the address of its page, if it has one.
pub fn write_ris(bib: &Bib, url: Option<&str>, out: &mut String) {
    let names = contributors(bib);
    let mut line = |tag: &str, value: &str| {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if !value.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(out, "{tag}  - {value}\r\n");
        }
    };
    line("TY", kind(bib.material_type));
    line("TI", &full_title(bib));
    names.authors.iter().for_each(|n| line("AU", &n.heading()));
    // A2 is the editor of a book, A4 its translator.
    names.editors.iter().for_each(|n| line("A2", &n.heading()));
    names.translators.iter().for_each(|n| line("A4", &n.heading()));
    for series in &bib.series {
        line("T3", &series.title);
    }
    line("PB", bib.publisher.as_deref().unwrap_or_default());
    line("CY", bib.place.as_deref().unwrap_or_default());
    line("PY", &bib.year.map(|y| y.to_string()).unwrap_or_default());
    line("ET", bib.edition.as_deref().unwrap_or_default());
    bib.isbns.iter().for_each(|n| line("SN", &n.to_string()));
    bib.issns.iter().for_each(|n| line("SN", &n.to_string()));
    line("CN", bib.clc.first().map(String::as_str).unwrap_or_default());
    line("LA", bib.languages.first().map(String::as_str).unwrap_or_default());
    bib.subjects.iter().for_each(|s| line("KW", s));
    line("AB", bib.abstract_text.as_deref().unwrap_or_default());
    for address in url.into_iter().chain(bib.urls.iter().map(String::as_str)) {
        line("UR", address);
    }
    out.push_str("ER  - \r\n");
}

/// Title proper, part and other title information, in the order and marks of ISBD.
pub(super) fn full_title(bib: &Bib) -> String {
    let mut title = bib.title.clone().unwrap_or_default();
    if let Some(part) = &bib.part {
        for piece in [&part.number, &part.title].into_iter().flatten() {
            title = format!("{title}. {piece}");
        }
    }
    if let Some(subtitle) = &bib.subtitle {
        title = format!("{title}: {subtitle}");
    }
    title
}

fn kind(material_type: MaterialType) -> &'static str {
    match material_type {
        MaterialType::SerialChi | MaterialType::SerialWes | MaterialType::SerialOth => "JFULL",
        MaterialType::Newspaper => "NEWS",
        MaterialType::Thesis => "THES",
        MaterialType::Audiovisual => "VIDEO",
        MaterialType::Electronic => "ELEC",
        MaterialType::Map => "MAP",
        MaterialType::Score => "MUSIC",
        MaterialType::Graphic => "ART",
        MaterialType::Rare => "ANCIENT",
        MaterialType::Other | MaterialType::Authority | MaterialType::Holdings => "GEN",
        _ => "BOOK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::{Isbn, Part};

    #[test]
    fn a_book_becomes_a_reference() {
        let bib = Bib {
            title: Some("资治通鉴".into()),
            subtitle: Some("文白\r\n对照".into()),
            part: Some(Part { number: Some("第3册".into()), ..Part::default() }),
            responsibility: Some("司马光编著 ; 张宏儒译".into()),
            publisher: Some("改革出版社".into()),
            place: Some("北京".into()),
            year: Some(1991),
            isbns: vec![Isbn(9_787_800_720_888)],
            clc: vec!["K204.3".into()],
            languages: vec!["chi".into()],
            ..Bib::empty(MaterialType::BookChi)
        };
        let mut out = String::new();
        write_ris(&bib, Some("http://127.0.0.1:8046/record/x"), &mut out);
        assert_eq!(
            out.lines().collect::<Vec<_>>(),
            [
                "TY  - BOOK",
                "TI  - 资治通鉴. 第3册: 文白 对照",
                "AU  - 司马光",
                "A4  - 张宏儒",
                "PB  - 改革出版社",
                "CY  - 北京",
                "PY  - 1991",
                "SN  - 9787800720888",
                "CN  - K204.3",
                "LA  - chi",
                "UR  - http://127.0.0.1:8046/record/x",
                "ER  - ",
            ]
        );
        assert!(out.ends_with("ER  - \r\n"));
    }
}
