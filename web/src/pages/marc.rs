//! The members' original records behind an entry, field by field, with what each field means.

use std::collections::BTreeSet;

use indexer::archive::Archive;
use indexer::bib::{Entry, LibraryCode, Member};
use indexer::library::Members;
use indexer::mapping::{Dialect, dialect};
use indexer::marc::{ParseOptions, Record, parse};

use super::union::marc_link;
use crate::i18n::Lang;
use crate::reader::Reader;
use crate::wire::library_name;

/// One member's record.
pub(super) struct MarcView {
    /// `北京林业大学图书馆的记录`
    pub(super) caption: String,
    /// Charset and dialect, as read.
    pub(super) about: String,
    pub(super) leader: String,
    pub(super) fields: Vec<MarcField>,
    /// Why there are no fields.
    pub(super) missing: Option<&'static str>,
}

pub(super) struct MarcField {
    pub(super) tag: String,
    pub(super) label: &'static str,
    pub(super) indicators: String,
    pub(super) subfields: Vec<(String, String)>,
}

/// The MARC records of one page.
pub(super) struct MarcPage {
    pub(super) views: Vec<MarcView>,
    /// Each library on its own: name and address.
    pub(super) libraries: Vec<(String, String)>,
    /// Which page of how many, and the others.
    pub(super) pages: Option<Pages>,
}

pub(super) struct Pages {
    pub(super) page_of: String,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

/// A page shows so many records at most: an entry may have hundreds.
const MAX_VIEWS: usize = 50;

/// `?view=marc&library=CODE&page=N`: the records behind an entry, as far as they are on this machine.
pub(super) fn marc_page(
    archive: &Archive,
    entry: &Entry,
    members: &Members,
    reader: &Reader,
) -> Option<MarcPage> {
    if !reader.asked.has("view", "marc") {
        return None;
    }
    let lang = reader.lang;
    let library = reader.asked.get("library");
    let of_library = |member: &&Member| library.is_none_or(|code| member.library.as_str() == code);
    let chosen: Vec<&Member> = entry.members.iter().filter(of_library).collect();
    let pages = chosen.len().div_ceil(MAX_VIEWS).max(1);
    let page = reader.asked.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
    let shown = chosen.iter().skip((page - 1) * MAX_VIEWS).take(MAX_VIEWS);
    let href = |page| marc_link(&entry.id, library, page);
    let numbers = [("page", page.to_string()), ("pages", pages.to_string())];
    let numbers = numbers.each_ref().map(|(name, n)| (*name, n.as_str()));
    let codes: BTreeSet<&LibraryCode> = entry.members.iter().map(|member| &member.library).collect();
    let link =
        |code: &LibraryCode| (library_name(members, code), marc_link(&entry.id, Some(code.as_str()), 1));
    Some(MarcPage {
        views: shown.map(|member| marc_view(member, archive, members, lang)).collect(),
        libraries: if codes.len() > 1 { codes.into_iter().map(link).collect() } else { Vec::new() },
        pages: (pages > 1).then(|| Pages {
            page_of: lang.fill("union.marc_page", &numbers),
            previous: (page > 1).then(|| href(page - 1)),
            next: (page < pages).then(|| href(page + 1)),
        }),
    })
}

fn marc_view(member: &Member, archive: &Archive, members: &Members, lang: Lang) -> MarcView {
    let library = library_name(members, &member.library);
    let mut view = MarcView {
        caption: lang.fill("record.marc_of", &[("library", &library)]),
        about: String::new(),
        leader: String::new(),
        fields: Vec::new(),
        missing: None,
    };
    let Ok(raw) = archive.record(&member.library, member.locator) else {
        view.missing = Some(lang.t("record.marc_missing"));
        return view;
    };
    let mut record = Record::default();
    if parse(&raw, &ParseOptions::default(), &mut record).is_err() {
        view.missing = Some(lang.t("record.marc_broken"));
        return view;
    }
    let dialect = dialect(&record);
    view.about = format!("{} · {}", name(dialect), record.charset.label());
    view.leader = String::from_utf8_lossy(&record.leader().0).into_owned();
    view.fields = record
        .fields()
        .map(|field| {
            let tag = field.tag_text();
            let label = lang.find(&format!("{}.{tag}", section(dialect))).unwrap_or_default();
            let subfields = if field.is_control() {
                vec![(String::new(), field.value().to_owned())]
            } else {
                field.subfields().map(|(code, text)| (code.to_string(), text.to_owned())).collect()
            };
            let indicators = if field.is_control() {
                String::new()
            } else {
                field
                    .indicators()
                    .iter()
                    .map(|&b| if b.is_ascii_graphic() { b as char } else { '␣' })
                    .collect()
            };
            MarcField { tag, label, indicators, subfields }
        })
        .collect();
    view
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Cnmarc => "CNMARC",
        Dialect::Unimarc => "UNIMARC",
        Dialect::Marc21 => "MARC21",
    }
}

/// Both families of UNIMARC name their fields alike.
fn section(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Cnmarc | Dialect::Unimarc => "marc_unimarc",
        Dialect::Marc21 => "marc_marc21",
    }
}
