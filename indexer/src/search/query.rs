//! What is asked: the parameters of CONTRACT §3 as values.

use crate::bib::{LibraryCode, MaterialType};

/// A search as the reader asked it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// What was typed; empty lists everything that passes the filters.
    pub text: String,
    /// Access point.
    pub field: SearchField,
    /// The chosen libraries; none means all.
    pub libraries: Vec<LibraryCode>,
    /// Material types, any of them.
    pub types: Vec<MaterialType>,
    /// Languages, any of them.
    pub languages: Vec<String>,
    /// Class prefixes, any of them: `TP3`.
    pub classes: Vec<String>,
    /// First year, inclusive.
    pub from: Option<i16>,
    /// Last year, inclusive.
    pub to: Option<i16>,
    /// Order of the hits.
    pub sort: Sort,
    /// The library of this machine: its call numbers sort and its holdings come first.
    pub home: Option<LibraryCode>,
    /// Page from 1.
    pub page: u32,
    /// Hits a page, 1–100.
    pub per_page: u32,
    /// Whether each hit says how its score came about.
    pub explain_score: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: String::new(),
            field: SearchField::Any,
            libraries: Vec::new(),
            types: Vec::new(),
            languages: Vec::new(),
            classes: Vec::new(),
            from: None,
            to: None,
            sort: Sort::Relevance,
            home: None,
            page: 1,
            per_page: 20,
            explain_score: false,
        }
    }
}

/// Access point of a search (检索点).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SearchField {
    /// Every access point.
    #[default]
    Any,
    /// 题名
    Title,
    /// 著者: access points and statement of responsibility.
    Author,
    /// 主题
    Subject,
    /// 出版社
    Publisher,
    /// ISBN in any form, 统一书号 too.
    Isbn,
    /// ISSN.
    Issn,
    /// 索书号
    CallNumber,
    /// 分类号, a prefix.
    Class,
    /// 丛书
    Series,
    /// The pinyin reading alone.
    Pinyin,
}

impl SearchField {
    /// All access points, in the order of the contract.
    pub const ALL: [SearchField; 11] = [
        Self::Any,
        Self::Title,
        Self::Author,
        Self::Subject,
        Self::Publisher,
        Self::Isbn,
        Self::Issn,
        Self::CallNumber,
        Self::Class,
        Self::Series,
        Self::Pinyin,
    ];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Title => "title",
            Self::Author => "author",
            Self::Subject => "subject",
            Self::Publisher => "publisher",
            Self::Isbn => "isbn",
            Self::Issn => "issn",
            Self::CallNumber => "call_number",
            Self::Class => "class",
            Self::Series => "series",
            Self::Pinyin => "pinyin",
        }
    }

    /// The access point with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// Order of the hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Best first.
    #[default]
    Relevance,
    /// Newest year first.
    Newest,
    /// Oldest year first.
    Oldest,
    /// Title by pinyin.
    Title,
    /// Shelf order.
    CallNumber,
}

impl Sort {
    /// All orders, in the order of the contract.
    pub const ALL: [Sort; 5] = [Self::Relevance, Self::Newest, Self::Oldest, Self::Title, Self::CallNumber];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Title => "title",
            Self::CallNumber => "call_number",
        }
    }

    /// The order with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}
