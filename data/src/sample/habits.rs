//! How one library catalogues and exports: dialect, charset, holdings field, hand.

use super::random::Random;

/// The habits of a library; the same for all its records.
#[derive(Clone, Debug, PartialEq)]
pub struct Habits {
    /// MARC21 instead of CNMARC.
    pub marc21: bool,
    /// Charset of the export.
    pub charset: ExportCharset,
    /// Writes traditional characters.
    pub traditional: bool,
    /// Where the holdings are.
    pub holdings: HoldingsField,
    /// Hyphens in ISBNs.
    pub hyphens: bool,
    /// ISBN-10 for books before 2007, as most do.
    pub isbn10: bool,
    /// Pinyin in `$9` (true) or `$A` (false) of titles; none.
    pub pinyin: Option<char>,
    /// Subtitle inside `$a`, behind this.
    pub subtitle_in_title: Option<&'static str>,
    /// `第一卷` for `第1卷`.
    pub parts_in_words: bool,
    /// Parts in brackets inside `$a`.
    pub part_in_title: bool,
    /// Short names of publishers, in four of ten records.
    pub short_publishers: bool,
    /// `[美]` instead of `(美)`.
    pub square_brackets: bool,
    /// MARC21 with romanised titles and names, the original script in 880.
    pub romanised: bool,
    /// Leaves 701 out this often.
    pub missing_names: f64,
    /// Line breaks behind every record.
    pub line_breaks: bool,
    /// A byte order mark at the head of the file.
    pub byte_order_mark: bool,
    /// Names of its shelving locations.
    pub locations: Vec<&'static str>,
}

/// Charset of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportCharset {
    /// GB 18030, as most Chinese systems of the last decades.
    Gb18030,
    /// UTF-8.
    Utf8,
    /// Big5, traditional characters; a record that cannot be written so is UTF-8.
    Big5,
    /// MARC-8 with EACC; a record that cannot be written so is UTF-8.
    Marc8,
}

/// Variants of 905 and 852 (DOMAIN §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldingsField {
    /// A group of subfields a copy, complete call number in `$s`.
    Groups,
    /// One field, barcode repeated.
    RepeatedBarcode,
    /// A range of barcodes.
    BarcodeRange,
    /// Accession number, copies in `$f`.
    Accession,
    /// Complete call number in `$f`.
    CallNumber,
    /// MARC21 852.
    Field852,
}

const LOCATIONS: [&str; 10] = [
    "中文外借书库",
    "自科借阅区",
    "社科流通书库",
    "三层阅览室",
    "保存本库",
    "工具书阅览室",
    "总馆外借处",
    "新书阅览区",
    "分馆书库",
    "特藏室",
];

impl Habits {
    /// The habits of the library at this place of the list.
    pub(super) fn of(seed: u64, position: usize) -> Self {
        let mut random = Random::new(seed ^ 0x6861_6269_7473, position as u64);
        let marc21 = position % 8 == 6;
        let charset = match position {
            9 => ExportCharset::Big5,
            14 => ExportCharset::Marc8,
            p if p % 3 == 1 => ExportCharset::Utf8,
            _ => ExportCharset::Gb18030,
        };
        let holdings = match (marc21, position % 5) {
            (true, _) => HoldingsField::Field852,
            (_, 0) => HoldingsField::Groups,
            (_, 1) => HoldingsField::RepeatedBarcode,
            (_, 2) => HoldingsField::BarcodeRange,
            (_, 3) => HoldingsField::Accession,
            _ => HoldingsField::CallNumber,
        };
        let first = random.below(LOCATIONS.len());
        Self {
            marc21,
            charset,
            traditional: matches!(position, 9 | 20 | 31),
            holdings,
            hyphens: random.chance(0.7),
            isbn10: position % 7 != 3,
            pinyin: *random.pick(&[Some('9'), Some('A'), None]),
            subtitle_in_title: (position % 8 == 2).then(|| *random.pick(&[":", "：", "——"])),
            parts_in_words: position % 4 == 1,
            part_in_title: position % 23 == 12,
            short_publishers: position % 5 == 4,
            square_brackets: random.chance(0.4),
            romanised: marc21 && position % 16 == 6,
            missing_names: random.unit() * 0.2,
            line_breaks: random.chance(0.2),
            byte_order_mark: position == 25,
            locations: (0..4).map(|i| LOCATIONS[(first + i * 3) % LOCATIONS.len()]).collect(),
        }
    }
}
