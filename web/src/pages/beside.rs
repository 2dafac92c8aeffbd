//! What stands beside a record: the lender's own catalogue, the books left and right of it, its address as a square.
//!
//! All of it is made of catalogue data and of a table that people edit, so every value is escaped or refused here.

use std::fmt::Write;

use fast_qr::{ECL, QRBuilder};
use indexer::bib::{EditionId, Entry, LibraryCode};
use indexer::search::ShelfStart;

use crate::error::WebError;
use crate::state::{App, Open};
use crate::wire::library_name;

/// Books shown of a shelf.
const SPINES: usize = 9;

/// Whose shelf, and the books on it.
pub(super) struct Shelf {
    pub(super) library: String,
    pub(super) href: String,
    pub(super) spines: Vec<Spine>,
}

/// The back of a book.
pub(super) struct Spine {
    pub(super) href: String,
    pub(super) title: String,
    pub(super) call_number: String,
    pub(super) here: bool,
}

/// The shelf of the home library, else of the first that has a call number.
pub(super) fn shelf(
    app: &App,
    open: &Open,
    entry: &Entry,
    home: Option<&LibraryCode>,
) -> Result<Option<Shelf>, WebError> {
    let numbered = || entry.holdings.iter().filter(|h| h.holding.call_number.is_some()).map(|h| &h.library);
    let Some(library) = numbered().find(|code| home == Some(code)).or_else(|| numbered().next()) else {
        return Ok(None);
    };
    let start = ShelfStart::Around(entry.id.clone());
    let page = open.catalogue.shelf(library, &start, SPINES).map_err(WebError::internal)?;
    let spines: Vec<Spine> = page.entries.iter().map(|other| spine(other, library, &entry.id)).collect();
    Ok((spines.len() > 1).then(|| Shelf {
        library: library_name(&app.members(), library),
        href: crate::ask::link(
            "/browse/call-number",
            [("library", library.as_str()), ("near", entry.id.as_str())],
        ),
        spines,
    }))
}

fn spine(entry: &Entry, library: &LibraryCode, here: &EditionId) -> Spine {
    let held = entry.holdings.iter().filter(|h| h.library == *library);
    let title = entry.bib.title.as_deref().unwrap_or("—");
    Spine {
        href: format!("/record/{}", entry.id),
        title: title.chars().take(40).collect(),
        call_number: held.filter_map(|h| h.holding.call_number.clone()).next().unwrap_or_default(),
        here: entry.id == *here,
    }
}

/// A lender's catalogue, by its template with `{isbn}` and `{control_number}`; without the number that the template
/// wants there is no link.
pub(super) fn own_catalogue(template: Option<&str>, entry: &Entry, library: &LibraryCode) -> Option<String> {
    let template = template.filter(|t| t.starts_with("http://") || t.starts_with("https://"))?;
    let mut url = template.to_owned();
    if url.contains("{isbn}") {
        url = url.replace("{isbn}", &escaped(&entry.bib.isbns.first()?.to_string()));
    }
    if url.contains("{control_number}") {
        let own = entry.members.iter().filter(|m| m.library == *library);
        let number = own.filter_map(|m| m.control_number.as_deref()).next()?;
        url = url.replace("{control_number}", &escaped(number.trim()));
    }
    Some(url)
}

/// Where a catalogue begins, for a page that is not about one book.
pub(super) fn catalogue_root(template: &str) -> Option<String> {
    let (scheme, rest) = template.split_once("://")?;
    let known = matches!(scheme, "http" | "https");
    if !template.contains('{') {
        return known.then(|| template.to_owned());
    }
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty() && !host.contains('{'))?;
    known.then(|| format!("{scheme}://{host}/"))
}

/// Percent-encoded, so that a value stays one value wherever in an address it stands.
fn escaped(value: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    value.bytes().map(byte).collect()
}

/// A square to photograph: side in modules with its margin, and the path of the dark ones.
pub(super) fn square(text: &str) -> Option<(usize, String)> {
    const MARGIN: usize = 4;
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let mut path = String::new();
    for y in 0..code.size {
        let row = &code[y][..code.size];
        let mut x = 0;
        while x < code.size {
            let run = row[x..].iter().take_while(|module| module.value()).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + MARGIN, y + MARGIN);
            }
            x += run.max(1);
        }
    }
    Some((code.size + 2 * MARGIN, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexer::bib::{Bib, Isbn, MaterialType, Member, RecordLocator};

    #[test]
    fn a_lenders_catalogue_is_linked_by_its_template() {
        let library = LibraryCode::new("BJFU");
        let member = Member {
            library: library.clone(),
            control_number: Some("01/2&x=<y> ".to_owned()),
            locator: RecordLocator { pack: 1, slot: 0 },
        };
        let bib = Bib { isbns: vec![Isbn(9_787_302_312_345)], ..Bib::empty(MaterialType::BookChi) };
        let entry = Entry::new(EditionId::from_key(1), bib, Vec::new(), vec![member]);
        let link = |template: &str| own_catalogue(Some(template), &entry, &library);
        assert_eq!(link("https://o.cn/s?i={isbn}").as_deref(), Some("https://o.cn/s?i=9787302312345"));
        assert_eq!(
            link("https://o.cn/r/{control_number}").as_deref(),
            Some("https://o.cn/r/01%2F2%26x%3D%3Cy%3E")
        );
        assert_eq!(link("javascript:alert({isbn})"), None);
        assert_eq!(
            own_catalogue(Some("https://o.cn/{control_number}"), &entry, &LibraryCode::new("NLC")),
            None
        );
        let bare =
            Entry::new(EditionId::from_key(1), Bib::empty(MaterialType::BookChi), Vec::new(), Vec::new());
        assert_eq!(own_catalogue(Some("https://o.cn/{isbn}"), &bare, &library), None);
        assert_eq!(own_catalogue(None, &entry, &library), None);
    }

    #[test]
    fn a_catalogue_begins_at_its_host() {
        for (template, expect) in [
            ("https://o.cn:8080/s?i={isbn}", Some("https://o.cn:8080/")),
            ("https://o.cn/opac", Some("https://o.cn/opac")),
            ("https://{isbn}/x", None),
            ("javascript:{isbn}", None),
        ] {
            assert_eq!(catalogue_root(template).as_deref(), expect, "{template}");
        }
    }

    #[test]
    fn an_address_becomes_a_square() {
        let (side, path) = square("http://127.0.0.1:8046/record/0000000000abc").unwrap_or_default();
        assert!(side >= 33 && path.starts_with("M4 4h7v1h-7z"), "{side} {path}");
        assert!(square(&"长".repeat(5_000)).is_none());
    }
}
