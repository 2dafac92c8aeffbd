//! `Bib` → what programs in a browser read off a page: COinS (OpenURL in a span) and `citation_*` tags.
//!
//! Both are values to be escaped by whoever writes the page.

use crate::bib::{Bib, MaterialType};

use super::contributors::contributors;
use super::ris::full_title;

/// More of a kind than this says nothing more to a reference manager.
const MOST: usize = 20;

/// The `title` of a span of class `Z3988`, percent-encoded.
pub fn write_coins(bib: &Bib, url: Option<&str>) -> String {
    let names = contributors(bib);
    let (format, genre, title) = match bib.material_type {
        MaterialType::SerialChi | MaterialType::SerialWes | MaterialType::SerialOth => {
            ("journal", "journal", "rft.jtitle")
        }
        MaterialType::Newspaper => ("journal", "journal", "rft.jtitle"),
        MaterialType::Thesis => ("dissertation", "dissertation", "rft.title"),
        _ => ("book", "book", "rft.btitle"),
    };
    let mut pairs = vec![
        ("ctx_ver", "Z39.88-2004".to_owned()),
        ("rft_val_fmt", format!("info:ofi/fmt:kev:mtx:{format}")),
        ("rft.genre", genre.to_owned()),
        (title, full_title(bib)),
    ];
    pairs.extend(names.leading().iter().take(MOST).map(|name| ("rft.au", name.heading())));
    let one = |name: &'static str, value: Option<String>| value.map(|value| (name, value));
    pairs.extend(one("rft.pub", bib.publisher.clone()));
    pairs.extend(one("rft.place", bib.place.clone()));
    pairs.extend(one("rft.date", bib.year.map(|y| y.to_string())));
    pairs.extend(one("rft.edition", bib.edition.clone()));
    pairs.extend(bib.isbns.iter().take(MOST).map(|n| ("rft.isbn", n.to_string())));
    pairs.extend(bib.issns.iter().take(MOST).map(|n| ("rft.issn", n.to_string())));
    pairs.extend(one("rft_id", url.map(str::to_owned)));
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

/// Names and contents of `<meta>` tags, as scholarly search engines read them.
pub fn citation_tags(bib: &Bib) -> Vec<(&'static str, String)> {
    let names = contributors(bib);
    let mut tags = vec![("citation_title", full_title(bib))];
    tags.extend(names.leading().iter().take(MOST).map(|name| ("citation_author", name.heading())));
    tags.extend(bib.year.map(|y| ("citation_publication_date", y.to_string())));
    tags.extend(bib.publisher.clone().map(|p| ("citation_publisher", p)));
    tags.extend(bib.isbns.iter().take(MOST).map(|n| ("citation_isbn", n.to_string())));
    tags.extend(bib.issns.iter().take(MOST).map(|n| ("citation_issn", n.to_string())));
    tags.extend(bib.languages.first().map(|l| ("citation_language", l.clone())));
    tags.retain(|(_, value)| !value.is_empty());
    tags
}

fn encoded(value: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    value.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::Isbn;

    #[test]
    fn a_book_is_said_to_programs() {
        let bib = Bib {
            title: Some("三国 & \"演义\"".to_owned()),
            responsibility: Some("罗贯中著".to_owned()),
            publisher: Some("<b>社</b>".to_owned()),
            year: Some(2001),
            isbns: vec![Isbn(9_787_302_312_345)],
            ..Bib::empty(MaterialType::BookChi)
        };
        let coins = write_coins(&bib, Some("http://x/record/1"));
        assert!(
            coins.starts_with("ctx_ver=Z39.88-2004&rft_val_fmt=info%3Aofi%2Ffmt%3Akev%3Amtx%3Abook&"),
            "{coins}"
        );
        assert!(coins.contains("rft.btitle=%E4%B8%89%E5%9B%BD%20%26%20%22%E6%BC%94"), "{coins}");
        assert!(coins.contains("&rft.au=%E7%BD%97") && coins.contains("&rft.isbn=978"), "{coins}");
        assert!(!coins.contains('<') && !coins.contains('"'), "{coins}");
        let tags = citation_tags(&bib);
        assert!(tags.contains(&("citation_author", "罗贯中".to_owned())), "{tags:?}");
        assert!(tags.contains(&("citation_publication_date", "2001".to_owned())), "{tags:?}");
        let empty = citation_tags(&Bib::empty(MaterialType::Other));
        assert_eq!(empty, []);
    }
}
