//! One hit as a card, and one hint as a line.

use std::collections::BTreeSet;

use indexer::bib::LibraryCode;

use super::drawing::{marked, marked_by};
use super::search::View;
use crate::ask;
use crate::i18n::{Lang, grouped};
use crate::wire::{
    AdviceDocument, HoldingDocument, LibraryHits, RecordDocument, SearchDocument, library_name,
};

/// What a list shows of a record.
pub(super) struct Card {
    pub(super) id: String,
    /// Its title as a whole.
    pub(super) name: String,
    pub(super) in_basket: bool,
    pub(super) href: String,
    pub(super) title: Vec<(String, bool)>,
    pub(super) rest: Vec<(String, bool)>,
    pub(super) line: Vec<(String, bool)>,
    pub(super) kind: String,
    pub(super) call_number: Option<String>,
    pub(super) holder: String,
    pub(super) more: Option<String>,
    /// As of when the holder's data is.
    pub(super) as_of: Option<String>,
}

/// A hint and where it leads.
pub(super) struct AdviceLine {
    pub(super) text: String,
    pub(super) link: Option<(String, String)>,
}

/// As of which days the data of these libraries is.
pub(super) fn as_of(document: &SearchDocument, lang: Lang) -> Option<String> {
    let days = || document.libraries.iter().filter_map(|library| library.as_of.as_deref());
    let (first, last) = (days().min()?, days().max()?);
    let key = if first == last { "fares.as_of" } else { "fares.as_of_range" };
    Some(lang.fill(key, &[("first", first), ("last", last)]))
}

fn copies<'a>(holdings: impl Iterator<Item = &'a HoldingDocument>) -> u64 {
    holdings.map(|h| u64::from(h.copies)).sum()
}

/// `另有 11 馆 25 册`
fn others(holdings: &[HoldingDocument], library: &str, lang: Lang) -> Option<String> {
    let others = || holdings.iter().filter(|h| h.library != library);
    let n = others().map(|h| h.library.as_str()).collect::<BTreeSet<_>>().len();
    let key = if copies(others()) > 0 { "search.holders_more_copies" } else { "search.holders_more" };
    let gaps = [("n", grouped(n as u64)), ("copies", grouped(copies(others())))];
    (n > 0).then(|| lang.fill(key, &gaps.each_ref().map(|(name, value)| (*name, value.as_str()))))
}

impl View<'_> {
    pub(super) fn card(&self, record: &RecordDocument, libraries: &[LibraryHits]) -> Card {
        let lang = self.lang();
        let ranges = record.highlight.as_ref().map_or(&[][..], |h| &h.title);
        let title = record.title.as_deref().unwrap_or(lang.t("search.no_title"));
        let rest = [&record.part, &record.subtitle].into_iter().flatten().cloned().collect::<Vec<_>>();
        let year = record.year.map(|y| y.to_string());
        let line = [&record.responsibility, &record.publisher, &year];
        let held = self.first_holding(&record.holdings);
        let name = |h: &HoldingDocument| {
            let name = library_name(self.members, &LibraryCode::new(h.library.as_str()));
            match copies(record.holdings.iter().filter(|other| other.library == h.library)) {
                0 => name,
                n => format!("{name} {}", lang.fill("search.copies", &[("n", &grouped(n))])),
            }
        };
        Card {
            id: record.id.clone(),
            name: title.chars().take(60).collect(),
            in_basket: self.reader.remembered.basket.has(&record.id),
            href: self.record_link(&record.id),
            title: marked(title, ranges),
            rest: marked_by(self.marks, &rest.join(" : ")),
            line: marked_by(
                self.marks,
                &line.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · "),
            ),
            kind: record.type_label.clone(),
            call_number: held.and_then(|h| h.call_number.clone()),
            holder: held.map_or_else(|| lang.t("search.no_holdings").to_owned(), name),
            as_of: held.and_then(|held| {
                let of = libraries.iter().find(|library| library.code == held.library)?;
                Some(lang.fill("search.as_of", &[("day", of.as_of.as_deref()?)]))
            }),
            more: held.and_then(|held| others(&record.holdings, &held.library, lang)),
        }
    }

    /// The record's page, where what was asked for is marked too.
    fn record_link(&self, id: &str) -> String {
        let asked = ["q", "field"].into_iter().filter_map(|name| Some((name, self.asked().get(name)?)));
        ask::link(&format!("/record/{id}"), asked)
    }

    /// Where a reader would go first: the list at hand, this machine's library, the chosen ones in their order.
    fn first_holding<'r>(&self, holdings: &'r [HoldingDocument]) -> Option<&'r HoldingDocument> {
        let chosen = &self.choice.libraries;
        let home = self.query.home.as_ref().filter(|home| chosen.is_empty() || chosen.contains(home));
        let mut wanted = self.only.into_iter().chain(home).chain(chosen);
        let of = |code: &LibraryCode| holdings.iter().find(|h| h.library == code.as_str());
        wanted.find_map(of).or_else(|| holdings.first())
    }

    pub(super) fn advice(&self, advice: &AdviceDocument) -> AdviceLine {
        let lang = self.lang();
        let n = grouped(advice.hits.unwrap_or_default());
        let q = advice.q.as_deref().unwrap_or(&self.query.text);
        let gaps = [("n", n.as_str()), ("q", q)];
        let asked = self.asked();
        let href = match advice.kind {
            "other-libraries" => asked.link("/search", &["library", "group", "only", "page"], &[]),
            "pinyin-offered" => asked.link("/search", &["field", "page"], &[("field", "pinyin")]),
            "fewer-words" | "other-spelling" | "same-sound" => {
                asked.link("/search", &["q", "page"], &[("q", q)])
            }
            "any-field" => asked.link("/search", &["q", "field", "page"], &[("q", q)]),
            "fewer-filters" => {
                asked.link("/search", &["type", "language", "class", "from", "to", "page"], &[])
            }
            _ => String::new(),
        };
        let label = format!("advice.{}-link", advice.kind);
        let link = (!href.is_empty()).then(|| (href, lang.fill(&label, &gaps)));
        AdviceLine { text: lang.fill(&format!("advice.{}", advice.kind), &gaps), link }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_counted_by_library_and_copy() {
        let held = |library: &str, copies| HoldingDocument {
            library: library.to_owned(),
            call_number: None,
            copies,
            location: None,
            lendable: None,
            lendable_reason: None,
        };
        let many = [held("BJFU", 2), held("BUPT", 3), held("BUPT", 4), held("NLC", 0)];
        for (holdings, expect) in [
            (&many[..1], None),
            (&many[..], Some("另有 2 馆 7 册")),
            (&[held("BJFU", 2), held("NLC", 0)][..], Some("另有 1 馆")),
        ] {
            assert_eq!(others(holdings, "BJFU", Lang::ZhHans).as_deref(), expect);
        }
    }
}
