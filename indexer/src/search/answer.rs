//! What is answered: plain values; the web crate gives them names and JSON.

use std::ops::Range;

use crate::bib::{Entry, LibraryCode};

/// The answer to a `Query`.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Number of entries found.
    pub total: u64,
    /// Whether `total` is exact.
    pub total_is_exact: bool,
    /// Pages that can be reached (`page × per_page` ≤ 10,000).
    pub pages: u32,
    /// Hits of each chosen library, all libraries of the generation when none is chosen, in code order.
    pub libraries: Vec<(LibraryCode, u64)>,
    /// Counts within the other filters.
    pub facets: Facets,
    /// The hits of the page.
    pub hits: Vec<Hit>,
    /// What may help; never empty when `total` is 0.
    pub advice: Vec<Advice>,
}

/// One hit.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The entry, holdings of the home library first.
    pub entry: Entry,
    /// Half-open ranges of the title in Unicode scalar values.
    pub title_highlight: Vec<Range<u32>>,
    /// How the score came about, only when asked for.
    pub score: Option<String>,
}

/// Counts of facet values, most hits first (years ascending).
#[derive(Clone, Debug, Default)]
pub struct Facets {
    /// By material type code.
    pub types: Vec<(String, u64)>,
    /// By year.
    pub years: Vec<(String, u64)>,
    /// By language code.
    pub languages: Vec<(String, u64)>,
    /// By class of the level below the chosen one.
    pub classes: Vec<(String, u64)>,
    /// By author, the twenty commonest.
    pub authors: Vec<(String, u64)>,
    /// By subject, the twenty commonest.
    pub subjects: Vec<(String, u64)>,
}

/// A hint for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What kind: the `kind` of the contract.
    pub kind: AdviceKind,
    /// Hits that following it would give, where known.
    pub hits: Option<u64>,
    /// The query or words it speaks of.
    pub query: Option<String>,
}

/// Kinds of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdviceKind {
    /// Libraries that were not chosen have hits.
    OtherLibraries,
    /// The query was read as pinyin.
    ReadAsPinyin,
    /// It could also be read as pinyin.
    PinyinOffered,
    /// With fewer words there are hits.
    FewerWords,
    /// Another spelling has hits.
    OtherSpelling,
    /// Other characters of the same sound have hits.
    SameSound,
    /// Without the filters there are hits.
    FewerFilters,
    /// In any field there are hits.
    AnyField,
    /// A part of what was typed was ignored.
    Ignored,
    /// Nothing helps: ask the library for it.
    NothingFound,
}

impl AdviceKind {
    /// The `kind` in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherLibraries => "other-libraries",
            Self::ReadAsPinyin => "read-as-pinyin",
            Self::PinyinOffered => "pinyin-offered",
            Self::FewerWords => "fewer-words",
            Self::OtherSpelling => "other-spelling",
            Self::SameSound => "same-sound",
            Self::FewerFilters => "fewer-filters",
            Self::AnyField => "any-field",
            Self::Ignored => "ignored",
            Self::NothingFound => "nothing-found",
        }
    }
}
