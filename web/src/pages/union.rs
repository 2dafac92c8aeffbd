//! The union behind one entry as its page shows it: the member records unmerged, and other editions.

use indexer::bib::{Bib, BibField, EditionId, Entry};
use indexer::cluster::Decision;
use indexer::library::Members;
use indexer::pipeline::MemberError;

use crate::ask;
use crate::decided::splits;
use crate::i18n::{Lang, grouped};
use crate::state::Beside;
use crate::union::{ASPECTS, Aspect, apart, field_name, ground_words, holders};
use crate::wire::{library_name, part_text};

/// The member records side by side.
pub(super) struct MembersView {
    pub(super) rows: Vec<MemberRow>,
    /// How many are left out.
    pub(super) left_out: Option<String>,
    /// What holds two members together, a line a link.
    pub(super) links: Vec<String>,
}

/// One library's record.
pub(super) struct MemberRow {
    pub(super) library: String,
    pub(super) code: String,
    pub(super) number: Option<String>,
    /// Its MARC.
    pub(super) href: String,
    /// What of the entry is from this record and stands in no column.
    pub(super) gives: Option<String>,
    /// Title and names; imprint; numbers.
    pub(super) columns: [Vec<Cell>; 3],
    /// Why there is nothing to show.
    pub(super) missing: Option<&'static str>,
}

/// What a member says of one thing.
pub(super) struct Cell {
    pub(super) label: String,
    pub(super) text: String,
    /// Otherwise than shown.
    pub(super) differs: bool,
    /// The entry shows this.
    pub(super) adopted: bool,
}

/// Another entry of the same work, or one that is kept apart.
pub(super) struct OtherEdition {
    pub(super) href: String,
    pub(super) label: String,
    pub(super) holders: String,
    /// Why it is another.
    pub(super) why: Option<&'static str>,
}

/// A page shows so many member records at most; more belong to no sound entry.
const MAX_ROWS: usize = 500;
/// A page shows so many other editions.
pub(super) const MAX_EDITIONS: usize = 20;

/// What every member says, in the order of the members.
pub(super) fn members_view(
    entry: &Entry,
    said: &[Result<Bib, MemberError>],
    members: &Members,
    lang: Lang,
) -> MembersView {
    let row = |(at, own): (usize, &Result<Bib, MemberError>)| member_row(entry, at, own, members, lang);
    let name = |at: u16| {
        let member = entry.members.get(usize::from(at));
        member.map_or_else(String::new, |member| library_name(members, &member.library))
    };
    let links = entry.links.iter().map(|link| {
        let grounds = ground_words(link.grounds, lang);
        lang.fill("union.link", &[("a", &name(link.a)), ("b", &name(link.b)), ("grounds", &grounds)])
    });
    let left_out = entry.members.len().saturating_sub(MAX_ROWS);
    MembersView {
        rows: said.iter().enumerate().take(MAX_ROWS).filter_map(row).collect(),
        left_out: (left_out > 0).then(|| lang.fill("union.left_out", &[("n", &grouped(left_out as u64))])),
        links: links.collect(),
    }
}

fn member_row(
    entry: &Entry,
    at: usize,
    own: &Result<Bib, MemberError>,
    members: &Members,
    lang: Lang,
) -> Option<MemberRow> {
    let member = entry.members.get(at)?;
    let mut row = MemberRow {
        library: library_name(members, &member.library),
        code: member.library.to_string(),
        number: member.control_number.clone(),
        href: marc_link(&entry.id, Some(member.library.as_str()), 1),
        gives: gives(entry, at, lang),
        columns: [const { Vec::new() }; 3],
        missing: None,
    };
    match own {
        Ok(own) => {
            let of =
                |aspects: &[Aspect]| aspects.iter().filter_map(|a| cell(entry, at, own, a, lang)).collect();
            row.columns = [of(&ASPECTS[..4]), of(&ASPECTS[4..7]), of(&ASPECTS[7..])];
        }
        Err(MemberError::Unreadable) => row.missing = Some(lang.t("record.marc_broken")),
        Err(_) => row.missing = Some(lang.t("record.marc_missing")),
    }
    Some(row)
}

fn cell(entry: &Entry, at: usize, own: &Bib, aspect: &Aspect, lang: Lang) -> Option<Cell> {
    let text = (aspect.of)(own);
    (!text.is_empty()).then(|| Cell {
        label: lang.label("shown", aspect.name),
        differs: aspect.differs(own, &entry.bib),
        adopted: entry.members.len() > 1 && aspect.is_from(entry, at),
        text,
    })
}

/// Parts of the description that are this member's and have no column of their own.
fn gives(entry: &Entry, at: usize, lang: Lang) -> Option<String> {
    if entry.members.len() < 2 {
        return None;
    }
    let in_columns = |field: BibField| ASPECTS.iter().any(|a| a.name == field_name(field));
    let own = entry.provenance.iter().filter(|(_, from)| usize::from(*from) == at);
    let mut fields: Vec<BibField> = own.map(|(field, _)| *field).filter(|f| !in_columns(*f)).collect();
    // Where no main record is named it is the first.
    if at == 0 && !entry.provenance.iter().any(|(field, _)| *field == BibField::Main) {
        fields.insert(0, BibField::Main);
    }
    let labels: Vec<String> = fields.into_iter().map(|f| lang.label("shown", field_name(f))).collect();
    (!labels.is_empty()).then(|| lang.fill("union.gives", &[("fields", &labels.join(lang.t("union.and")))]))
}

/// Where the MARC of an entry's members stands: all of them, or one library's.
pub(super) fn marc_link(id: &EditionId, library: Option<&str>, page: usize) -> String {
    let page = page.to_string();
    let pairs = [
        Some(("view", "marc")),
        library.map(|code| ("library", code)),
        (page != "1").then_some(("page", &page)),
    ];
    format!("{}#marc", ask::link(&format!("/record/{id}"), pairs.into_iter().flatten()))
}

/// Other editions of the work, and entries whose records were compared with these and kept apart.
pub(super) fn other_editions(
    entry: &Entry,
    Beside { same_work, siblings }: &Beside,
    decisions: &[Decision],
    lang: Lang,
) -> Vec<OtherEdition> {
    let is_sibling = |other: &Entry| siblings.iter().any(|s| s.id == other.id);
    let mut others: Vec<&Entry> =
        siblings.iter().chain(same_work.iter().filter(|o| !is_sibling(o))).collect();
    others.retain(|other| other.id != entry.id);
    others.sort_by_key(|other| (std::cmp::Reverse(other.bib.year), other.id.clone()));
    let other = |other: &Entry| OtherEdition {
        href: format!("/record/{}", other.id),
        label: edition_label(entry, other, lang),
        holders: lang.fill("union.libraries", &[("n", &holders(other).len().to_string())]),
        why: is_sibling(other).then(|| lang.t(why(entry, other, decisions))),
    };
    others.into_iter().take(MAX_EDITIONS).map(other).collect()
}

fn why(entry: &Entry, other: &Entry, decisions: &[Decision]) -> &'static str {
    match splits(entry, other, decisions).is_empty() {
        true => apart(entry, other),
        false => "apart.hand",
    }
}

/// What tells another edition from this one; its title only where that differs.
fn edition_label(entry: &Entry, other: &Entry, lang: Lang) -> String {
    let bib = &other.bib;
    let title = bib.title.clone().filter(|_| bib.title != entry.bib.title);
    let kind =
        (bib.material_type != entry.bib.material_type).then(|| lang.label("type", bib.material_type.code()));
    let year = bib.year.map(|y| y.to_string());
    let pieces = [title, part_text(bib), bib.edition.clone(), year, bib.publisher.clone(), kind];
    let label = pieces.into_iter().flatten().collect::<Vec<_>>().join(lang.t("union.comma"));
    if label.is_empty() { lang.t("search.no_title").to_owned() } else { label }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use indexer::bib::Grounds;

    use super::*;
    use crate::union::tests::{book, entry};

    #[test]
    fn members_stand_side_by_side() {
        let mut entry =
            entry(book("三国演义", 2001), &["BJFU", "BUPT", "NLC"], &[Grounds::ISBN, Grounds::TITLE]);
        entry.provenance = vec![(BibField::Main, 1), (BibField::Abstract, 0), (BibField::Year, 0)];
        let said = [Ok(book("三国演义", 2001)), Ok(book("三国志演义", 2002)), Err(MemberError::Unreadable)];
        let view = members_view(&entry, &said, &Members::embedded(), Lang::ZhHans);
        let marks = |row: &MemberRow| {
            let cells = row.columns.iter().flatten();
            cells.map(|c| (c.text.clone(), c.differs, c.adopted)).collect::<Vec<_>>()
        };
        let cell = |text: &str, differs, adopted| (text.to_owned(), differs, adopted);
        assert_eq!(
            marks(&view.rows[0]),
            [cell("三国演义", false, false), cell("清华大学出版社", false, false), cell("2001", false, true)]
        );
        assert_eq!(
            marks(&view.rows[1]),
            [cell("三国志演义", true, true), cell("清华大学出版社", false, true), cell("2002", true, false)]
        );
        assert_eq!(view.rows[0].gives.as_deref(), Some("另采用：提要"));
        assert_eq!(view.rows[1].gives.as_deref(), Some("另采用：未另注明的各项"));
        assert_eq!(view.rows[2].gives, None);
        assert!(view.rows[2].missing.is_some() && view.rows[2].columns.iter().all(Vec::is_empty));
        assert_eq!(view.links[0], "北京林业大学图书馆 — 北京邮电大学图书馆：ISBN");
        assert_eq!(view.rows[1].href, format!("/record/{}?view=marc&library=BUPT#marc", entry.id));
    }

    #[test]
    fn other_editions_say_what_is_other() {
        let own = entry(book("三国演义", 2001), &["BJFU"], &[]);
        let edition = |key, year, title: &str| {
            let mut other = entry(book(title, year), &["NLC"], &[]);
            other.id = EditionId::from_key(key);
            other.bib.edition = Some(format!("第{key}版"));
            other
        };
        let (second, third) = (edition(2, 2010, "三国演义"), edition(3, 2015, "新编三国演义"));
        let same_work = vec![own.clone(), second.clone(), third];
        let beside = Beside { same_work, siblings: vec![second] };
        let found = other_editions(&own, &beside, &[], Lang::ZhHans);
        let shown: Vec<(&str, Option<&str>)> = found.iter().map(|o| (o.label.as_str(), o.why)).collect();
        assert_eq!(
            shown,
            [
                ("新编三国演义，第3版，2015，清华大学出版社", None),
                ("第2版，2010，清华大学出版社", Some("版次不同")),
            ]
        );
    }
}
