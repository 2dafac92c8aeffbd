//! What is wrong with a library's own records, said with its own record numbers.
//!
//! It looks at the records in force as they were received; what could not even be framed stands in the quarantine.
//! What to call a fault, and in which language, is not known here.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::error::Result;
use super::library_records::LibraryRecords;
use super::profile::stored_profile;
use crate::analysis::fold::fold;
use crate::archive::LibraryArchive;
use crate::bib::{Bib, MaterialType};
use crate::mapping::{Dialect, Mapped, dialect};
use crate::marc::{Carrier, FlawCode, RawRecord, Record};

/// A kind of fault, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// What is archived cannot be read any more.
    Unreadable,
    /// Text in a wrong or damaged charset.
    Encoding,
    /// The leader says what is not so.
    Leader,
    /// Directory, fields or subfields are not as ISO 2709 wants them.
    Structure,
    /// An ISBN whose length or check digit cannot be.
    Isbn,
    /// A Chinese record without a class of 690.
    NoClass,
    /// A Chinese record without the pinyin of its title, 200 $9.
    NoPinyin,
    /// A record without any field that says where the book stands.
    NoHoldings,
    /// The same edition more than once in the library's own records.
    Duplicate,
}

impl FaultKind {
    /// All of them, the worst first.
    pub const ALL: [FaultKind; 9] = [
        FaultKind::Unreadable,
        FaultKind::Encoding,
        FaultKind::Leader,
        FaultKind::Structure,
        FaultKind::Isbn,
        FaultKind::Duplicate,
        FaultKind::NoHoldings,
        FaultKind::NoClass,
        FaultKind::NoPinyin,
    ];

    /// The word in files, addresses and JSON.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Unreadable => "unreadable",
            FaultKind::Encoding => "encoding",
            FaultKind::Leader => "leader",
            FaultKind::Structure => "structure",
            FaultKind::Isbn => "isbn",
            FaultKind::NoClass => "no-class",
            FaultKind::NoPinyin => "no-pinyin",
            FaultKind::NoHoldings => "no-holdings",
            FaultKind::Duplicate => "duplicate",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn of(code: FlawCode) -> Self {
        match code {
            FlawCode::MixedCharsets
            | FlawCode::UndecodableText
            | FlawCode::ControlCharacters
            | FlawCode::EntitiesInText
            | FlawCode::TextRepaired
            | FlawCode::BadReference => FaultKind::Encoding,
            FlawCode::WrongLength
            | FlawCode::WrongBaseAddress
            | FlawCode::ShiftedLeader
            | FlawCode::DamagedLeader => FaultKind::Leader,
            _ => FaultKind::Structure,
        }
    }
}

/// One fault of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub kind: FaultKind,
    /// The library's number of the record, 001; empty where it has none.
    pub control_number: String,
    /// Title proper, to know the record again.
    pub title: String,
    /// The code of a flaw, the ISBN as it stands, or the number of the record that is the same.
    pub detail: String,
}

/// What was looked at, and how many records have each kind of fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QualityCounts {
    /// Bibliographic records that were looked at.
    pub records: u64,
    /// Records by kind of fault.
    pub by_kind: BTreeMap<FaultKind, u64>,
}

/// What one record comes to.
struct Looked {
    findings: Vec<Finding>,
    // Of editions that are the same.
    identity: Option<(u64, String, String)>,
}

/// Looks at all records of a library and hands over every fault, record by record, duplicates last.
///
/// Memory is some bytes a record, for the duplicates.
pub fn quality(library: &LibraryArchive, mut found: impl FnMut(Finding)) -> Result<QualityCounts> {
    let profile = stored_profile(library)?;
    let tags: Vec<String> =
        profile.iter().flat_map(|stored| &stored.profile.fields).map(|field| field.tag.clone()).collect();
    let records = LibraryRecords::open(library, profile.as_ref())?;
    let mut counts = QualityCounts::default();
    let mut identities: Vec<(u64, String, String)> = Vec::new();
    let look = |raw: &RawRecord, read: Option<(&Record, Mapped)>| looked(raw, read, &tags);
    records.each_in_order(look, |looked: Option<Looked>| {
        let Some(Looked { findings, identity }) = looked else { return };
        counts.records += 1;
        let mut seen = Vec::new();
        for finding in findings {
            if !seen.contains(&finding.kind) {
                seen.push(finding.kind);
                *counts.by_kind.entry(finding.kind).or_default() += 1;
            }
            found(finding);
        }
        identities.extend(identity);
    })?;
    identities.sort();
    for same in identities.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        for (_, control_number, title) in &same[1..] {
            *counts.by_kind.entry(FaultKind::Duplicate).or_default() += 1;
            found(Finding {
                kind: FaultKind::Duplicate,
                control_number: control_number.clone(),
                title: title.clone(),
                detail: same[0].1.clone(),
            });
        }
    }
    Ok(counts)
}

// `None` for holdings and authority records.
fn looked(raw: &RawRecord, read: Option<(&Record, Mapped)>, tags: &[String]) -> Option<Looked> {
    let Some((record, Mapped { bib, holdings_of, .. })) = read else {
        let finding = Finding {
            kind: FaultKind::Unreadable,
            control_number: String::new(),
            title: String::new(),
            detail: FlawCode::Unreadable.code().to_owned(),
        };
        return Some(Looked { findings: vec![finding], identity: None });
    };
    if holdings_of.is_some() || matches!(bib.material_type, MaterialType::Authority | MaterialType::Holdings)
    {
        return None;
    }
    let control_number = bib.control_number.clone().unwrap_or_default();
    let title = bib.title.clone().unwrap_or_default();
    let mut findings = Vec::new();
    let mut find = |kind, detail: &str| {
        findings.push(Finding {
            kind,
            control_number: control_number.clone(),
            title: title.clone(),
            detail: detail.to_owned(),
        });
    };
    let mut codes: Vec<FlawCode> = record.flaws.iter().map(|flaw| flaw.code).collect();
    codes.extend(has_wrong_length(raw).then_some(FlawCode::WrongLength));
    codes.sort_unstable();
    codes.dedup();
    codes.iter().for_each(|code| find(FaultKind::of(*code), code.code()));
    bib.invalid_isbns.iter().for_each(|isbn| find(FaultKind::Isbn, isbn));
    let is_chinese = dialect(record) == Dialect::Cnmarc && bib.languages.iter().any(|code| code == "chi");
    if is_chinese && record.field(b"690").is_none() {
        find(FaultKind::NoClass, "690");
    }
    if is_chinese && bib.title_pinyin.is_empty() {
        find(FaultKind::NoPinyin, "200$9");
    }
    let says_where = |tag: &[u8]| record.fields().any(|field| field.tag() == tag);
    if !tags.is_empty() && !tags.iter().any(|tag| says_where(tag.as_bytes())) {
        find(FaultKind::NoHoldings, tags.first().map_or("905", String::as_str));
    }
    let identity = identity(&bib).map(|hash| (hash, control_number.clone(), title.clone()));
    Some(Looked { findings, identity })
}

fn has_wrong_length(raw: &RawRecord) -> bool {
    let digits = raw.bytes.get(..5).and_then(|digits| std::str::from_utf8(digits).ok());
    let said = digits.and_then(|digits| digits.parse::<usize>().ok());
    // A record beyond 99,999 bytes cannot say its length, whatever stands there.
    raw.carrier == Carrier::Iso2709 && raw.bytes.len() <= 99_999 && said != Some(raw.bytes.len())
}

/// By what a record of the same library is the same edition; `None` where too little is said to tell.
///
/// Stricter than between libraries: parts, years and titles must be equal, because two volumes of a set share an
/// ISBN, and whoever is told of a duplicate that is none stops reading.
fn identity(bib: &Bib) -> Option<u64> {
    let title = fold(bib.title.as_deref()?);
    let isbn = bib.isbns.first();
    let author = bib.responsibility.as_deref().map(fold).unwrap_or_default();
    let publisher = bib.publisher.as_deref().map(fold).unwrap_or_default();
    let is_serial = !bib.issns.is_empty();
    if title.is_empty() || is_serial || isbn.is_none() && (author.is_empty() || publisher.is_empty()) {
        return None;
    }
    let year = bib.year?;
    let mut hasher = FxHasher::default();
    (title, isbn, author, publisher, year).hash(&mut hasher);
    (&bib.subtitle, &bib.edition, format!("{:?}", bib.part), &bib.extent).hash(&mut hasher);
    bib.material_type.code().hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::archive::{Archive, ImportMode};
    use crate::bib::LibraryCode;
    use crate::pipeline::{ImportRequest, import};

    const SOUND: &str = "=LDR  00000nam0 2200000   450 \n=001  {n}\n=010  \\\\$a{isbn}\n\
                         =100  \\\\$a20130101d2013    em y0chiy0110    ea\n=101  0\\$achi\n\
                         =200  1\\$a{title}$9san guo$f罗贯中著\n=210  \\\\$a北京$c人民文学出版社$d2013\n\
                         =690  \\\\$aI242.4$v5\n=905  \\\\$aBJFU$dI242.4$eL55\n\n";

    fn record(n: &str, isbn: &str, title: &str) -> String {
        SOUND.replace("{n}", n).replace("{isbn}", isbn).replace("{title}", title)
    }

    fn looked_at(text: &str) -> (QualityCounts, Vec<(&'static str, String, String)>) {
        let folder = tempfile::tempdir().unwrap();
        let export = folder.path().join("北林.mrk");
        std::fs::write(&export, text).unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        let library = LibraryCode::new("BJFU");
        let request = ImportRequest {
            library: library.clone(),
            mode: ImportMode::Full,
            paths: vec![export],
            run: "first".to_owned(),
        };
        import(&archive, &request, &()).unwrap();
        let mut findings = Vec::new();
        let counts = quality(&archive.library(&library).unwrap(), |finding| {
            findings.push((finding.kind.name(), finding.control_number, finding.detail));
        });
        findings.sort();
        (counts.unwrap(), findings)
    }

    #[test]
    fn a_sound_record_has_no_fault() {
        let (counts, findings) = looked_at(&record("1", "978-7-02-000872-8", "三国演义"));
        assert_eq!((counts.records, findings), (1, Vec::new()));
    }

    #[test]
    fn each_fault_is_told_with_the_librarys_own_number() {
        let bare = record("2", "978-7-02-000872-8", "红楼梦")
            .replace("$9san guo", "")
            .replace("=690  \\\\$aI242.4$v5\n", "");
        let text = [
            record("1", "978-7-02-000872-8", "三国演义"),
            bare,
            record("3", "978-7-02-000872-1", "水浒传"),
            record("4", "978-7-02-000872-8", "三国演义"),
            record("5", "978-7-02-000872-8", "三国演义").replace("$f", "$h下册$f"),
        ]
        .concat();
        let (counts, findings) = looked_at(&text);
        let expect = [
            ("duplicate", "4", "1"),
            ("isbn", "3", "978-7-02-000872-1"),
            ("no-class", "2", "690"),
            ("no-pinyin", "2", "200$9"),
        ];
        let expect: Vec<_> = expect.map(|(kind, n, detail)| (kind, n.to_owned(), detail.to_owned())).into();
        assert_eq!(findings, expect, "volume 下册 is no duplicate");
        assert_eq!((counts.records, counts.by_kind[&FaultKind::Duplicate]), (5, 1));
    }

    #[test]
    fn a_record_without_a_place_is_told_where_others_have_one() {
        let without =
            record("2", "978-7-02-000873-5", "红楼梦").replace("=905  \\\\$aBJFU$dI242.4$eL55\n", "");
        let (_, findings) = looked_at(&[record("1", "978-7-02-000872-8", "三国演义"), without].concat());
        assert!(
            findings.iter().any(|(kind, n, _)| (*kind, n.as_str()) == ("no-holdings", "2")),
            "{findings:?}"
        );
    }

    #[test]
    fn kinds_are_found_by_their_names() {
        for kind in FaultKind::ALL {
            assert_eq!(FaultKind::named(kind.name()), Some(kind));
        }
        assert_eq!(FaultKind::named("无"), None);
    }
}
