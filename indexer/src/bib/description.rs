//! The bibliographic description of one record.

use serde::{Deserialize, Serialize};

use super::{Isbn, Issn, MaterialType};

/// One record's description; field sources are named CNMARC / MARC21 (DOMAIN §2.1, §2.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bib {
    /// Control number, trimmed: 001.
    pub control_number: Option<String>,
    /// Material type by DOMAIN §2.4.
    pub material_type: MaterialType,
    /// Title proper for display, ISBD punctuation trimmed, NFC: first 200 / 245 `$a` (880 where that is the original script).
    pub title: Option<String>,
    /// The title as it stands in 200/245 `$a` itself when an 880 took its place in `title`.
    pub romanised_title: Option<String>,
    /// Characters of `title` that filing skips: 245 second indicator, articles such as `The `.
    pub title_skip: u8,
    /// Other title information: 200 `$e` / 245 `$b`.
    pub subtitle: Option<String>,
    /// Part number, part title, volume: 200 `$h $i $v` / 245 `$n $p`.
    pub part: Option<Part>,
    /// Parallel titles: 200 `$d`, 510 / 246 ind2 = 1.
    pub parallel_titles: Vec<String>,
    /// All other titles to search by: further 200 `$a $c`, 5xx / 130 240 246 730 740, linked 880.
    pub other_titles: Vec<String>,
    /// Pinyin that the cataloguer gave (200 `$9 $A`): for recall only.
    pub title_pinyin: Vec<String>,
    /// Statement of responsibility as it stands: 200 `$f $g` / 245 `$c`.
    pub responsibility: Option<String>,
    /// Statements of other member records that say it otherwise: to search by.
    pub other_responsibilities: Vec<String>,
    /// Access points: 7xx / 100 110 111 700 710 711 and their 880.
    pub agents: Vec<Agent>,
    /// Edition statement as it stands: 205 / 250.
    pub edition: Option<String>,
    /// Place of publication: 210 `$a` / 260 264 `$a`.
    pub place: Option<String>,
    /// Publisher: 210 `$c` / 260 264 `$b`.
    pub publisher: Option<String>,
    /// Further publishers, and the publisher in another script: to search by.
    pub other_publishers: Vec<String>,
    /// Year of publication, from the imprint, else from 100 / 008.
    pub year: Option<i16>,
    /// The date as written in the imprint.
    pub date_text: Option<String>,
    /// Extent, illustrations, size: 215 / 300.
    pub extent: Option<String>,
    /// Valid ISBNs, first one main: 010 / 020.
    pub isbns: Vec<Isbn>,
    /// ISBN strings that are not valid, as they stand.
    pub invalid_isbns: Vec<String>,
    /// Valid ISSNs: 011 / 022.
    pub issns: Vec<Issn>,
    /// Unified book number 统一书号: 091.
    pub cn_book_no: Option<String>,
    /// Binding and price as they stand: 010 `$b $d` / 020 `$q $c`.
    pub price: Option<String>,
    /// Languages of the text, ISO 639-2 codes, main one first: 101 / 008 041.
    pub languages: Vec<String>,
    /// Original language of a translation: 101 `$c` / 041 `$h`.
    pub original_language: Option<String>,
    /// Chinese Library Classification 中图分类号, main one first: 690 / 084 with `$2 clc`, 905 `$d`.
    pub clc: Vec<String>,
    /// Other class numbers as `scheme:number` (`ddc:005.13`, `lcc:QA76`, `las:73.87`).
    pub other_classes: Vec<String>,
    /// Subject headings, subdivisions joined by `--`: 6xx.
    pub subjects: Vec<String>,
    /// Series: 225 410 46x / 440 490 830.
    pub series: Vec<Series>,
    /// Notes: 3xx / 5xx.
    pub notes: Vec<String>,
    /// Contents 目次: 327 / 505.
    pub contents: Option<String>,
    /// Abstract 提要: 330 / 520.
    pub abstract_text: Option<String>,
    /// Serial numbering: 207 / 362.
    pub serial_coverage: Option<String>,
    /// Links: 856 `$u`.
    pub urls: Vec<String>,
    /// Numbers in other systems, `(prefix)value`: 035.
    pub other_ids: Vec<String>,
}

impl Bib {
    /// A description that says nothing yet.
    pub fn empty(material_type: MaterialType) -> Self {
        Self {
            material_type,
            control_number: None,
            title: None,
            romanised_title: None,
            title_skip: 0,
            subtitle: None,
            part: None,
            parallel_titles: Vec::new(),
            other_titles: Vec::new(),
            title_pinyin: Vec::new(),
            responsibility: None,
            other_responsibilities: Vec::new(),
            agents: Vec::new(),
            edition: None,
            place: None,
            publisher: None,
            other_publishers: Vec::new(),
            year: None,
            date_text: None,
            extent: None,
            isbns: Vec::new(),
            invalid_isbns: Vec::new(),
            issns: Vec::new(),
            cn_book_no: None,
            price: None,
            languages: Vec::new(),
            original_language: None,
            clc: Vec::new(),
            other_classes: Vec::new(),
            subjects: Vec::new(),
            series: Vec::new(),
            notes: Vec::new(),
            contents: None,
            abstract_text: None,
            serial_coverage: None,
            urls: Vec::new(),
            other_ids: Vec::new(),
        }
    }
}

/// Part of a multi-volume work; decisive for identity (DOMAIN §4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Part number as it stands: 200 `$h` / 245 `$n`.
    pub number: Option<String>,
    /// Part title: 200 `$i` / 245 `$p`.
    pub title: Option<String>,
    /// Volume designation: 200 `$v`.
    pub volume: Option<String>,
}

/// A person, body or meeting that is an access point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Heading for display and browse, `[美]` and dates split off.
    pub name: String,
    /// Person, body or meeting.
    pub kind: AgentKind,
    /// Role as the cataloguer wrote it: `$4` 著, 主编; `$e`.
    pub role: Option<String>,
    /// Qualifier such as the country, and dates: `$c $f` / `$c $d`.
    pub qualifier: Option<String>,
    /// Pinyin that the cataloguer gave: `$9 $A`.
    pub pinyin: Option<String>,
    /// Main responsibility (700 710 / 1xx) rather than added.
    pub main: bool,
}

impl Agent {
    /// An agent with main responsibility of whom only the name is known.
    pub fn new(name: &str, kind: AgentKind) -> Self {
        Self { name: name.to_owned(), kind, role: None, qualifier: None, pinyin: None, main: true }
    }
}

/// What an access point names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentKind {
    /// A person: 70x / 100 700.
    Person,
    /// A body: 71x / 110 710.
    Body,
    /// A meeting: 71x ind1 = 1 / 111 711.
    Meeting,
}

/// A series or set that the record belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its title.
    pub title: String,
    /// Number within it.
    pub volume: Option<String>,
}
