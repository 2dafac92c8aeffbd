//! The documents of CONTRACT §3, one set for the API and for `--json`. Inner types are turned into them
//! here and nowhere else.

pub(crate) mod requests;
pub(crate) mod snapshot;

use indexer::bib::{Bib, Entry, Lendable, LibraryCode, LibraryHolding, Member};
use indexer::library::Members;
use indexer::search::{Advice, Answer, Hit, Query};
use serde::Serialize;

use crate::i18n::Lang;
use crate::state::{Beside, Open};
use crate::union;

/// The answer to a search.
#[derive(Serialize)]
pub(crate) struct SearchDocument {
    pub(crate) query: String,
    pub(crate) generation: String,
    pub(crate) took_ms: f64,
    pub(crate) total: u64,
    pub(crate) total_is: &'static str,
    pub(crate) page: u32,
    pub(crate) pages: u32,
    pub(crate) per_page: u32,
    pub(crate) libraries: Vec<LibraryHits>,
    pub(crate) facets: FacetsDocument,
    pub(crate) records: Vec<RecordDocument>,
    pub(crate) advice: Vec<AdviceDocument>,
}

/// A chosen library with its own count.
#[derive(Serialize)]
pub(crate) struct LibraryHits {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) hits: u64,
    pub(crate) as_of: Option<String>,
}

/// Counts of values.
#[derive(Serialize)]
pub(crate) struct FacetsDocument {
    #[serde(rename = "type")]
    pub(crate) types: Vec<FacetValue>,
    #[serde(rename = "year")]
    pub(crate) years: Vec<FacetValue>,
    #[serde(rename = "language")]
    pub(crate) languages: Vec<FacetValue>,
    #[serde(rename = "class")]
    pub(crate) classes: Vec<FacetValue>,
    #[serde(rename = "author")]
    pub(crate) authors: Vec<FacetValue>,
    #[serde(rename = "subject")]
    pub(crate) subjects: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FacetValue {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) hits: u64,
}

/// A record as a list shows it.
#[derive(Serialize)]
pub(crate) struct RecordDocument {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    pub(crate) subtitle: Option<String>,
    pub(crate) responsibility: Option<String>,
    pub(crate) publisher: Option<String>,
    pub(crate) year: Option<i16>,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) type_label: String,
    pub(crate) language: Option<String>,
    pub(crate) isbn: Vec<String>,
    pub(crate) issn: Vec<String>,
    pub(crate) part: Option<String>,
    pub(crate) holdings: Vec<HoldingDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) highlight: Option<Highlight>,
    /// How the score came about: `--explain-score` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<String>,
}

/// A holding.
#[derive(Serialize)]
pub(crate) struct HoldingDocument {
    pub(crate) library: String,
    pub(crate) call_number: Option<String>,
    pub(crate) copies: u16,
    pub(crate) location: Option<String>,
    pub(crate) lendable: Option<bool>,
    pub(crate) lendable_reason: Option<String>,
}

/// Ranges that match.
#[derive(Serialize)]
pub(crate) struct Highlight {
    pub(crate) title: Vec<[u32; 2]>,
}

/// A hint.
#[derive(Serialize)]
pub(crate) struct AdviceDocument {
    pub(crate) kind: &'static str,
    pub(crate) hits: Option<u64>,
    pub(crate) q: Option<String>,
}

/// One record with what it was made from.
#[derive(Serialize)]
pub(crate) struct EntryDocument {
    #[serde(flatten)]
    pub(crate) record: RecordDocument,
    pub(crate) members: Vec<MemberDocument>,
    pub(crate) reasons: Vec<String>,
    pub(crate) related: Vec<String>,
}

/// A member record behind an entry.
#[derive(Serialize)]
pub(crate) struct MemberDocument {
    pub(crate) library: String,
    pub(crate) control_number: Option<String>,
}

/// The answer of the pinyin filter, or the whole list.
#[derive(Serialize)]
pub(crate) struct LibrariesDocument {
    pub(crate) total: usize,
    pub(crate) groups: Vec<GroupDocument>,
    pub(crate) libraries: Vec<LibraryDocument>,
}

/// A group of libraries.
#[derive(Serialize)]
pub(crate) struct GroupDocument {
    pub(crate) name: String,
    pub(crate) count: usize,
}

/// A member library.
#[derive(Serialize)]
pub(crate) struct LibraryDocument {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) short_name: String,
    pub(crate) group: String,
    pub(crate) parent: Option<String>,
    pub(crate) new: bool,
    pub(crate) initials: String,
    pub(crate) as_of: Option<String>,
    pub(crate) suspended: bool,
    pub(crate) records: u64,
}

/// State of the machine.
#[derive(Serialize)]
pub(crate) struct StatusDocument {
    pub(crate) version: &'static str,
    pub(crate) role: &'static str,
    pub(crate) generation: Option<String>,
    pub(crate) entries: u64,
    pub(crate) records: u64,
    pub(crate) libraries: Vec<LibraryStatus>,
    pub(crate) central: CentralStatus,
    pub(crate) snapshot: Option<snapshot::SnapshotStatus>,
}

/// State of one library's data.
#[derive(Serialize)]
pub(crate) struct LibraryStatus {
    pub(crate) code: String,
    pub(crate) as_of: Option<String>,
    pub(crate) last_try: Option<String>,
    pub(crate) state: &'static str,
    pub(crate) reason: Option<String>,
}

/// The centre, as far as this machine knows it.
#[derive(Serialize)]
pub(crate) struct CentralStatus {
    pub(crate) kind: &'static str,
    pub(crate) last_contact: Option<String>,
}

impl SearchDocument {
    /// The document of an answer.
    pub(crate) fn new(
        query: &Query,
        answer: Answer,
        took_ms: f64,
        open: &Open,
        members: &Members,
        lang: Lang,
    ) -> Self {
        let home = query.home.as_ref();
        let libraries = answer.libraries.iter().map(|(code, hits)| LibraryHits {
            code: code.to_string(),
            name: library_name(members, code),
            hits: *hits,
            as_of: open.library(code).and_then(|l| l.as_of.clone()),
        });
        Self {
            query: query.text.clone(),
            generation: open.catalogue.generation().to_owned(),
            took_ms: (took_ms * 10.0).round() / 10.0,
            total: answer.total,
            total_is: if answer.total_is_exact { "exact" } else { "approximate" },
            page: query.page,
            pages: answer.pages,
            per_page: query.per_page,
            libraries: libraries.collect(),
            facets: FacetsDocument {
                types: facet(answer.facets.types, |v| lang.label("type", v)),
                years: facet(answer.facets.years, str::to_owned),
                languages: facet(answer.facets.languages, |v| lang.label("language", v)),
                classes: facet(answer.facets.classes, |v| class_label(lang, v)),
                authors: facet(answer.facets.authors, str::to_owned),
                subjects: facet(answer.facets.subjects, str::to_owned),
            },
            records: answer.hits.into_iter().map(|hit| RecordDocument::of_hit(hit, home, lang)).collect(),
            advice: answer.advice.into_iter().map(AdviceDocument::from).collect(),
        }
    }
}

/// `TP 自动化、计算机`; a class without a name is its number.
fn class_label(lang: Lang, class: &str) -> String {
    match lang.label("class", class) {
        name if name == class => name,
        name => format!("{class} {name}"),
    }
}

/// The name of a member; the code of one that has left.
pub(crate) fn library_name(members: &Members, code: &LibraryCode) -> String {
    members.get(code).map_or_else(|| code.to_string(), |l| l.name.clone())
}

fn facet(counts: Vec<(String, u64)>, label: impl Fn(&str) -> String) -> Vec<FacetValue> {
    let value = |(value, hits): (String, u64)| FacetValue { label: label(&value), value, hits };
    counts.into_iter().map(value).collect()
}

impl RecordDocument {
    fn of_hit(hit: Hit, home: Option<&LibraryCode>, lang: Lang) -> Self {
        let title = hit.title_highlight.iter().map(|range| [range.start, range.end]).collect();
        let mut record = Self::new(&hit.entry, home, lang);
        record.highlight = Some(Highlight { title });
        record.score = hit.score;
        record
    }

    /// The record of an entry, the holdings of the library of this machine first.
    pub(crate) fn new(entry: &Entry, home: Option<&LibraryCode>, lang: Lang) -> Self {
        let bib = &entry.bib;
        let mut holdings: Vec<&LibraryHolding> = entry.holdings.iter().collect();
        holdings.sort_by_key(|held| Some(&held.library) != home);
        let kind = bib.material_type.code();
        Self {
            id: entry.id.to_string(),
            title: bib.title.clone(),
            subtitle: bib.subtitle.clone(),
            responsibility: bib.responsibility.clone(),
            publisher: bib.publisher.clone(),
            year: bib.year,
            kind,
            type_label: lang.label("type", kind),
            language: bib.languages.first().cloned(),
            isbn: bib.isbns.iter().map(ToString::to_string).collect(),
            issn: bib.issns.iter().map(ToString::to_string).collect(),
            part: part_text(bib),
            holdings: holdings.into_iter().map(HoldingDocument::new).collect(),
            highlight: None,
            score: None,
        }
    }
}

/// Number, title and volume of a part in one line.
pub(crate) fn part_text(bib: &Bib) -> Option<String> {
    let part = bib.part.as_ref()?;
    let words = [&part.number, &part.title, &part.volume];
    let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

impl HoldingDocument {
    fn new(held: &LibraryHolding) -> Self {
        let (lendable, lendable_reason) = match &held.holding.lendable {
            Lendable::Yes => (Some(true), None),
            Lendable::No { reason } => (Some(false), Some(reason.clone())),
            Lendable::Unknown => (None, None),
        };
        Self {
            library: held.library.to_string(),
            call_number: held.holding.call_number.clone(),
            copies: held.holding.copies,
            location: held.holding.location.clone(),
            lendable,
            lendable_reason,
        }
    }
}

impl From<Advice> for AdviceDocument {
    fn from(advice: Advice) -> Self {
        Self { kind: advice.kind.name(), hits: advice.hits, q: advice.query }
    }
}

impl EntryDocument {
    /// The document of an entry.
    pub(crate) fn new(entry: &Entry, beside: &Beside, home: Option<&LibraryCode>, lang: Lang) -> Self {
        let mut related: Vec<String> = Vec::new();
        for other in beside.same_work.iter().chain(&beside.siblings).map(|other| other.id.as_str()) {
            if other != entry.id.as_str() && !related.iter().any(|known| known == other) {
                related.push(other.to_owned());
            }
        }
        let members = entry.members.iter().map(MemberDocument::from);
        Self {
            record: RecordDocument::new(entry, home, lang),
            members: members.collect(),
            reasons: union::reasons(entry),
            related,
        }
    }
}

impl From<&Member> for MemberDocument {
    fn from(member: &Member) -> Self {
        Self { library: member.library.to_string(), control_number: member.control_number.clone() }
    }
}

impl LibrariesDocument {
    /// The libraries that match, best first; all in list order for an empty query.
    pub(crate) fn new(members: &Members, open: Option<&Open>, q: &str) -> Self {
        let found: Vec<_> = if q.is_empty() { members.iter().collect() } else { members.filter(q) };
        let mut groups: Vec<GroupDocument> = Vec::new();
        for library in &found {
            match groups.iter_mut().find(|g| g.name == library.group) {
                Some(group) => group.count += 1,
                None => groups.push(GroupDocument { name: library.group.clone(), count: 1 }),
            }
        }
        let libraries = found.into_iter().map(|library| {
            let state = open.and_then(|o| o.library(&library.code)).cloned().unwrap_or_default();
            LibraryDocument {
                code: library.code.to_string(),
                name: library.name.clone(),
                short_name: library.short_name.clone(),
                group: library.group.clone(),
                parent: library.parent.as_ref().map(ToString::to_string),
                new: library.new,
                initials: library.initials.clone(),
                as_of: state.as_of,
                suspended: library.suspended,
                records: state.records,
            }
        });
        let libraries: Vec<_> = libraries.collect();
        Self { total: libraries.len(), groups, libraries }
    }
}
