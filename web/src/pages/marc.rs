//! The members' original records behind an entry, field by field, with what each field means.

use indexer::archive::Archive;
use indexer::bib::{Entry, Member};
use indexer::library::Members;
use indexer::mapping::{Dialect, dialect};
use indexer::marc::{ParseOptions, Record, parse};

use crate::i18n::Lang;
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

/// A page shows so many records at most: an entry may have hundreds.
const MAX_VIEWS: usize = 50;

/// The records behind an entry, as far as they are on this machine.
pub(super) fn marc_views(entry: &Entry, archive: &Archive, members: &Members, lang: Lang) -> Vec<MarcView> {
    let shown = entry.members.iter().take(MAX_VIEWS);
    shown.map(|member| marc_view(member, archive, members, lang)).collect()
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
