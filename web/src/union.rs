//! What an entry was made of and on what grounds, in words: for the pages, the API and `explain`.
//!
//! Pure: entries and descriptions in, texts out. It reads neither archive nor catalogue.

use std::collections::BTreeSet;

use indexer::analysis::fold::fold;
use indexer::bib::{Bib, BibField, Entry, Grounds, LibraryCode};
use indexer::cluster::{self, GROUP_CAP, MatchRecord, Verdict};

use crate::i18n::{Lang, grouped};
use crate::wire::part_text;

/// The distinct grounds of an entry's links, those of most links first.
fn grounds(entry: &Entry) -> Vec<Grounds> {
    let mut counts: Vec<(Grounds, usize)> = Vec::new();
    for link in &entry.links {
        match counts.iter_mut().find(|(known, _)| *known == link.grounds) {
            Some((_, n)) => *n += 1,
            None => counts.push((link.grounds, 1)),
        }
    }
    counts.sort_by_key(|(grounds, n)| (std::cmp::Reverse(*n), grounds.0));
    counts.into_iter().map(|(grounds, _)| grounds).collect()
}

/// The distinct grounds as programs read them: `isbn+title+year`.
pub(crate) fn reasons(entry: &Entry) -> Vec<String> {
    grounds(entry).into_iter().map(|g| g.names().collect::<Vec<_>>().join("+")).collect()
}

/// The same for a reader: `ISBN + 题名 + 年`.
pub(crate) fn ground_words(grounds: Grounds, lang: Lang) -> String {
    grounds.names().map(|name| lang.label("ground", name)).collect::<Vec<_>>().join(" + ")
}

/// Who holds an entry, each library once.
pub(crate) fn holders(entry: &Entry) -> BTreeSet<&LibraryCode> {
    entry.holdings.iter().map(|held| &held.library).collect()
}

/// `3 条记录，27 册，12 馆，依据 ISBN + 题名 + 年`. Copies that no export tells are not counted.
pub(crate) fn summary(entry: &Entry, lang: Lang) -> String {
    let copies: u64 = entry.holdings.iter().map(|h| u64::from(h.holding.copies)).sum();
    let count = |key, n: u64| lang.fill(key, &[("n", &grouped(n))]);
    let mut pieces = vec![count("union.records", entry.members.len() as u64)];
    if copies > 0 {
        pieces.push(count("union.copies", copies));
    }
    pieces.push(count("union.libraries", holders(entry).len() as u64));
    let grounds = grounds(entry);
    if let Some(first) = grounds.first() {
        let key = if grounds.len() > 1 { "union.grounds_more" } else { "union.grounds" };
        pieces.push(lang.fill(key, &[("grounds", &ground_words(*first, lang))]));
    }
    pieces.join(lang.t("union.comma"))
}

/// One thing that every member says for itself and of which the entry shows one.
pub(crate) struct Aspect {
    /// Its name in documents; its label is `shown.NAME`.
    pub(crate) name: &'static str,
    /// Under which name the entry remembers whose it shows.
    field: BibField,
    /// What a description says of it; empty where nothing.
    pub(crate) of: fn(&Bib) -> String,
}

/// What is compared before a reader's eyes.
pub(crate) const ASPECTS: [Aspect; 8] = [
    Aspect { name: "title", field: BibField::Title, of: |b| b.title.clone().unwrap_or_default() },
    Aspect { name: "part", field: BibField::Part, of: |b| part_text(b).unwrap_or_default() },
    Aspect { name: "subtitle", field: BibField::Subtitle, of: |b| b.subtitle.clone().unwrap_or_default() },
    Aspect {
        name: "responsibility",
        field: BibField::Responsibility,
        of: |b| b.responsibility.clone().unwrap_or_default(),
    },
    Aspect { name: "edition", field: BibField::Edition, of: |b| b.edition.clone().unwrap_or_default() },
    Aspect { name: "publisher", field: BibField::Publisher, of: |b| b.publisher.clone().unwrap_or_default() },
    Aspect { name: "year", field: BibField::Year, of: |b| b.year.map(|y| y.to_string()).unwrap_or_default() },
    Aspect { name: "isbn", field: BibField::Main, of: isbns },
];

fn isbns(bib: &Bib) -> String {
    let valid = bib.isbns.iter().map(ToString::to_string);
    valid.chain(bib.invalid_isbns.iter().cloned()).collect::<Vec<_>>().join(" ")
}

impl Aspect {
    /// Whether a member says it otherwise than the entry shows it; what it does not say differs from nothing.
    pub(crate) fn differs(&self, own: &Bib, shown: &Bib) -> bool {
        let said = (self.of)(own);
        if said.is_empty() {
            return false;
        }
        // The entry shows everybody's numbers; the first is its own.
        if self.name == "isbn" {
            return !shown.isbns.first().is_some_and(|first| own.isbns.contains(first));
        }
        fold(&said) != fold(&(self.of)(shown))
    }

    /// Whether what the entry shows is this member's.
    pub(crate) fn is_from(&self, entry: &Entry, member: usize) -> bool {
        giver(entry, self.field) == member && !(self.of)(&entry.bib).is_empty()
    }
}

/// Number of the member whose record gave a part of the description.
pub(crate) fn giver(entry: &Entry, field: BibField) -> usize {
    let of =
        |field| entry.provenance.iter().find(|(known, _)| *known == field).map(|(_, at)| usize::from(*at));
    of(field).or_else(|| of(BibField::Main)).unwrap_or(0)
}

/// The name of a part of the description in documents; its label is `shown.NAME`.
pub(crate) fn field_name(field: BibField) -> &'static str {
    match field {
        BibField::Main => "main",
        BibField::Title => "title",
        BibField::Subtitle => "subtitle",
        BibField::Part => "part",
        BibField::Responsibility => "responsibility",
        BibField::Agents => "agents",
        BibField::Edition => "edition",
        BibField::Place => "place",
        BibField::Publisher => "publisher",
        BibField::Year => "year",
        BibField::Extent => "extent",
        BibField::Classes => "classes",
        BibField::Subjects => "subjects",
        BibField::Series => "series",
        BibField::Notes => "notes",
        BibField::Contents => "contents",
        BibField::Abstract => "abstract",
    }
}

/// Whether two entries have too many records to become one without a person.
pub(crate) fn are_too_large(a: &Entry, b: &Entry) -> bool {
    a.members.len() + b.members.len() > GROUP_CAP
}

/// Why two entries are not one, as the key of a word: `apart.isbn`.
pub(crate) fn apart(one: &Entry, other: &Entry) -> &'static str {
    let (a, b) = (MatchRecord::of(&one.bib), MatchRecord::of(&other.bib));
    match cluster::compare(&a, &b).verdict {
        Verdict::Vetoed => veto_key(cluster::explain(&a, &b).last().map_or("", |line| line.level)),
        _ if are_too_large(one, other) => "apart.size",
        Verdict::Different => "apart.weak",
        // The entries as a whole would pass; some of their records do not.
        Verdict::Same => "apart.some",
    }
}

/// The word for a veto.
pub(crate) fn veto_key(level: &str) -> &'static str {
    match level {
        "veto: another material type" => "apart.type",
        "veto: another ISBN" | "veto: another ISBN beside the common one" => "apart.isbn",
        "veto: another ISSN" => "apart.issn",
        "veto: another edition" => "apart.edition",
        "veto: a set and a volume" => "apart.set",
        "veto: another part" => "apart.part",
        "veto: another number in the title" => "apart.figures",
        "veto: another word in the title" => "apart.title",
        _ => "apart.rule",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use indexer::bib::{EditionId, Isbn, MaterialType, Member, MemberLink, Part, RecordLocator};

    use super::*;

    pub(crate) fn book(title: &str, year: i16) -> Bib {
        let mut bib = Bib::empty(MaterialType::BookChi);
        bib.title = Some(title.to_owned());
        bib.publisher = Some("清华大学出版社".to_owned());
        bib.year = Some(year);
        bib
    }

    /// An entry of members of these libraries, in a chain of links on these grounds.
    pub(crate) fn entry(bib: Bib, libraries: &[&str], links: &[Grounds]) -> Entry {
        let member = |code: &&str| Member {
            library: LibraryCode::new(*code),
            control_number: Some("001".to_owned()),
            locator: RecordLocator { pack: 1, slot: 0 },
        };
        let mut entry =
            Entry::new(EditionId::from_key(1), bib, Vec::new(), libraries.iter().map(member).collect());
        let link =
            |(at, grounds): (u16, &Grounds)| MemberLink { a: at, b: at + 1, weight: 42, grounds: *grounds };
        entry.links = (0..).zip(links).map(link).collect();
        entry
    }

    fn on_isbn() -> Grounds {
        Grounds::ISBN.with(Grounds::TITLE).with(Grounds::YEAR)
    }

    #[test]
    fn reasons_are_said_once_and_the_usual_one_first() {
        let by_hand = Grounds::BY_HAND;
        for (links, expect) in [
            (vec![], vec![]),
            (vec![on_isbn()], vec!["isbn+title+year"]),
            (vec![by_hand, on_isbn(), on_isbn()], vec!["isbn+title+year", "by_hand"]),
        ] {
            let entry = entry(book("三国演义", 2001), &["BJFU", "BUPT", "NLC", "SHL"], &links);
            assert_eq!(reasons(&entry), expect);
        }
    }

    #[test]
    fn the_line_of_a_union() {
        let mut three = entry(book("三国演义", 2001), &["BJFU", "BUPT", "NLC"], &[on_isbn(), on_isbn()]);
        let held = |library: &str, copies| indexer::bib::LibraryHolding {
            library: LibraryCode::new(library),
            holding: indexer::bib::Holding {
                location: None,
                call_number: None,
                copies,
                barcodes: Vec::new(),
                coverage: None,
                lendable: indexer::bib::Lendable::Unknown,
            },
        };
        three.holdings = vec![held("BJFU", 2), held("BJFU", 20), held("BUPT", 5), held("NLC", 0)];
        let mut alone = entry(book("三国演义", 2001), &["NLC"], &[]);
        alone.holdings = vec![held("NLC", 0)];
        let mut mixed = three.clone();
        mixed.links[1].grounds = Grounds::BY_HAND;
        for (entry, lang, expect) in [
            (&three, Lang::ZhHans, "3 条记录，27 册，3 馆，依据 ISBN + 题名 + 年"),
            (&three, Lang::ZhHant, "3 條紀錄，27 冊，3 館，依據 ISBN + 題名 + 年"),
            (&three, Lang::En, "3 records, 27 copies, 3 libraries, matched on ISBN + title + year"),
            (&mixed, Lang::ZhHans, "3 条记录，27 册，3 馆，依据 ISBN + 题名 + 年等"),
            (&alone, Lang::ZhHans, "1 条记录，1 馆"),
            (&alone, Lang::En, "1 record, 1 library"),
        ] {
            assert_eq!(summary(entry, lang), expect);
        }
    }

    #[test]
    fn differences_are_of_substance() {
        let mut shown = book("三国演义", 2001);
        shown.isbns = vec![Isbn(9_787_302_312_345), Isbn(9_787_533_918_453)];
        let mut own = book("三國演義", 2002);
        own.publisher = None;
        own.subtitle = Some("校注本".to_owned());
        own.isbns = vec![Isbn(9_787_533_918_453)];
        let differing = ASPECTS.iter().filter(|a| a.differs(&own, &shown)).map(|a| a.name);
        assert_eq!(differing.collect::<Vec<_>>(), ["subtitle", "year", "isbn"]);
    }

    #[test]
    fn every_part_has_one_giver() {
        let mut entry = entry(book("三国演义", 2001), &["BJFU", "BUPT", "NLC"], &[]);
        entry.provenance = vec![(BibField::Main, 1), (BibField::Year, 2)];
        let from = |member| {
            let given = ASPECTS.iter().filter(|a| a.is_from(&entry, member)).map(|a| a.name);
            given.collect::<Vec<_>>()
        };
        assert_eq!((from(0), from(1), from(2)), (vec![], vec!["title", "publisher"], vec!["year"]));
        assert_eq!(giver(&entry, BibField::Subjects), 1);
    }

    #[test]
    fn what_keeps_entries_apart_has_a_word() {
        let mut part = book("三国演义", 2001);
        part.part = Some(Part { number: Some("下册".to_owned()), title: None, volume: None });
        let mut other_part = part.clone();
        other_part.part = Some(Part { number: Some("上册".to_owned()), title: None, volume: None });
        let mut isbn = book("三国演义", 2001);
        isbn.isbns = vec![Isbn(9_787_302_312_345)];
        let mut other_isbn = isbn.clone();
        other_isbn.isbns = vec![Isbn(9_787_533_918_453)];
        let map = Bib { material_type: MaterialType::Map, ..part.clone() };
        let set_of = |common: &Bib, own| {
            let mut volume = common.clone();
            volume.isbns.push(Isbn(own));
            volume
        };
        for (a, b, expect) in [
            (&part, &other_part, "apart.part"),
            (&isbn, &other_isbn, "apart.isbn"),
            (&set_of(&isbn, 9_787_533_918_453), &set_of(&isbn, 9_787_302_123_453), "apart.isbn"),
            (&book("有机化学", 2001), &book("无机化学", 2001), "apart.title"),
            (&part, &map, "apart.type"),
            (&book("三国演义", 2001), &book("红楼梦", 1982), "apart.weak"),
        ] {
            let [a, b] = [a, b].map(|bib| entry(bib.clone(), &["BJFU"], &[]));
            assert_eq!(apart(&a, &b), expect);
            assert_ne!(Lang::En.t(expect), expect, "it has a word");
        }
        let alike = |n| entry(book("三国演义", 2001), &vec!["BJFU"; n], &[]);
        assert_eq!(apart(&alike(GROUP_CAP - 1), &alike(1)), "apart.some");
        assert_eq!(apart(&alike(GROUP_CAP), &alike(1)), "apart.size");
    }
}
