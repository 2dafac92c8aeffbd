//! One hit as a card, and one hint as a line.

use indexer::bib::LibraryCode;

use super::drawing::marked;
use super::search::View;
use crate::i18n::grouped;
use crate::wire::{AdviceDocument, HoldingDocument, RecordDocument, library_name};

/// What a list shows of a record.
pub(super) struct Card {
    pub(super) id: String,
    pub(super) title: Vec<(String, bool)>,
    pub(super) rest: String,
    pub(super) line: String,
    pub(super) kind: String,
    pub(super) call_number: Option<String>,
    pub(super) holder: String,
    pub(super) more: Option<String>,
}

/// A hint and where it leads.
pub(super) struct AdviceLine {
    pub(super) text: String,
    pub(super) link: Option<(String, String)>,
}

impl View<'_> {
    pub(super) fn card(&self, record: &RecordDocument) -> Card {
        let lang = self.lang();
        let ranges = record.highlight.as_ref().map_or(&[][..], |h| &h.title);
        let title = record.title.as_deref().unwrap_or(lang.t("search.no_title"));
        let rest = [&record.part, &record.subtitle].into_iter().flatten().cloned().collect::<Vec<_>>();
        let year = record.year.map(|y| y.to_string());
        let line = [&record.responsibility, &record.publisher, &year];
        let held = self.only.and_then(|only| record.holdings.iter().find(|h| h.library == only.as_str()));
        let held = held.or_else(|| record.holdings.first());
        let mut libraries: Vec<&str> = record.holdings.iter().map(|h| h.library.as_str()).collect();
        libraries.sort_unstable();
        libraries.dedup();
        let others = libraries.len().saturating_sub(1);
        let copies = held.map(|h| h.copies).filter(|copies| *copies > 0);
        let name = |h: &HoldingDocument| {
            let name = library_name(self.members, &LibraryCode::new(h.library.as_str()));
            match copies {
                Some(n) => format!("{name} {}", lang.fill("search.copies", &[("n", &n.to_string())])),
                None => name,
            }
        };
        Card {
            id: record.id.clone(),
            title: marked(title, ranges),
            rest: rest.join(" : "),
            line: line.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · "),
            kind: record.type_label.clone(),
            call_number: held.and_then(|h| h.call_number.clone()),
            holder: held.map_or_else(|| lang.t("search.no_holdings").to_owned(), name),
            more: (others > 0).then(|| lang.fill("search.holders_more", &[("n", &others.to_string())])),
        }
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
            "fewer-words" | "other-spelling" => asked.link("/search", &["q", "page"], &[("q", q)]),
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
