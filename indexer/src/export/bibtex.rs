//! `Bib` → BibTeX in UTF-8, with the reading that Chinese author-year styles sort by.

use std::fmt::Write;

use pinyin::ToPinyin;

use crate::bib::{Bib, MaterialType};

use super::contributors::{Name, contributors};
use super::ris::full_title;

/// Appends one entry; `key` is the citation key, of which only ASCII letters, digits and `-_:` are kept.
pub fn write_bibtex(bib: &Bib, key: &str, url: Option<&str>, out: &mut String) {
    let names = contributors(bib);
    let key: String =
        key.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')).collect();
    // Writing to a String cannot fail.
    let _ = write!(out, "@{}{{{}", kind(bib.material_type), if key.is_empty() { "entry" } else { &key });
    let mut field = |name: &str, value: &str| {
        if !value.trim().is_empty() {
            let _ = write!(out, ",\n  {name} = {{{value}}}");
        }
    };
    field("title", &escaped(&full_title(bib)));
    field("author", &joined(&names.authors));
    field("editor", &joined(&names.editors));
    field("translator", &joined(&names.translators));
    let place = if bib.material_type == MaterialType::Thesis { "school" } else { "publisher" };
    field(place, &escaped(bib.publisher.as_deref().unwrap_or_default()));
    field("address", &escaped(bib.place.as_deref().unwrap_or_default()));
    field("year", &bib.year.map(|y| y.to_string()).unwrap_or_default());
    field("edition", &escaped(bib.edition.as_deref().unwrap_or_default()));
    field("series", &escaped(bib.series.first().map(|s| s.title.as_str()).unwrap_or_default()));
    field("isbn", &bib.isbns.first().map(ToString::to_string).unwrap_or_default());
    field("issn", &bib.issns.first().map(ToString::to_string).unwrap_or_default());
    field("url", &escaped(url.or(bib.urls.first().map(String::as_str)).unwrap_or_default()));
    field("language", language(bib));
    field("key", &sort_key(names.leading()));
    out.push_str("\n}\n");
}

fn kind(material_type: MaterialType) -> &'static str {
    match material_type {
        MaterialType::SerialChi | MaterialType::SerialWes | MaterialType::SerialOth => "periodical",
        MaterialType::Thesis => "phdthesis",
        MaterialType::BookChi
        | MaterialType::BookWes
        | MaterialType::BookJpn
        | MaterialType::BookRus
        | MaterialType::BookKor
        | MaterialType::BookMin
        | MaterialType::Rare
        | MaterialType::Score => "book",
        _ => "misc",
    }
}

fn language(bib: &Bib) -> &'static str {
    match bib.languages.first().map(String::as_str) {
        Some("chi" | "zho") => "chinese",
        Some("eng") => "english",
        Some("jpn") => "japanese",
        Some("rus") => "russian",
        Some("kor") => "korean",
        Some("fre" | "fra") => "french",
        Some("ger" | "deu") => "german",
        _ => "",
    }
}

fn joined(names: &[Name]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| match name {
            // Braces keep BibTeX from looking for a family name.
            Name::Body(body) => format!("{{{}}}", escaped(body)),
            Name::Whole(_) | Name::Inverted { .. } => escaped(&name.heading()),
        })
        .collect();
    names.join(" and ")
}

// gbt7714 styles sort by this: `lin2 qiao3 min2`. Names in letters sort by themselves.
fn sort_key(names: &[Name]) -> String {
    let Some(first) = names.first() else {
        return String::new();
    };
    let heading = first.heading();
    let readings: Vec<String> = heading
        .as_str()
        .to_pinyin()
        .flatten()
        .map(|reading| reading.with_tone_num_end().replace('ü', "v"))
        .collect();
    readings.join(" ")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '{' | '}' | '%' | '&' | '#' | '_' | '$' => out.extend(['\\', c]),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '\\' => out.push_str("\\textbackslash{}"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::{Agent, AgentKind};

    #[test]
    fn a_book_becomes_an_entry() {
        let bib = Bib {
            title: Some("Java & C#: 100% {简明}_教程".into()),
            agents: vec![
                Agent::new("林巧民", AgentKind::Person),
                Agent::new("清华大学 计算机系", AgentKind::Body),
            ],
            publisher: Some("清华大学出版社".into()),
            year: Some(2013),
            languages: vec!["chi".into()],
            ..Bib::empty(MaterialType::BookChi)
        };
        let mut out = String::new();
        write_bibtex(&bib, "0a三b/1", None, &mut out);
        assert_eq!(
            out,
            "@book{0ab1,\n  title = {Java \\& C\\#: 100\\% \\{简明\\}\\_教程},\n  \
             author = {林巧民 and {清华大学 计算机系}},\n  publisher = {清华大学出版社},\n  year = {2013},\n  \
             language = {chinese},\n  key = {lin2 qiao3 min2}\n}\n"
        );
    }

    #[test]
    fn special_characters_are_escaped() {
        for (text, expect) in [
            (r"a\b", r"a\textbackslash{}b"),
            ("~^", r"\textasciitilde{}\textasciicircum{}"),
            ("$5_#", r"\$5\_\#"),
            ("三国", "三国"),
        ] {
            assert_eq!(escaped(text), expect);
        }
    }
}
