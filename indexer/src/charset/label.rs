//! Names of charsets: what a person or a declaration calls them, and what we call them in reports.

use encoding_rs::Encoding;

use super::Charset;

impl Charset {
    /// The charset that a label names, in any case and with the usual aliases; `None` for an unknown one.
    pub fn from_label(label: &str) -> Option<Self> {
        let label = label.trim().to_ascii_lowercase();
        Some(match label.as_str() {
            "ascii" | "us-ascii" | "iso646" | "iso-646" => Self::Ascii,
            "gbk" | "gb2312" | "gb18030" | "gb-18030" | "gb 18030" | "cp936" => Self::Gb18030,
            "big5" | "big5-hkscs" | "cp950" => Self::Big5,
            "marc-8" | "marc8" | "ansel" => Self::Marc8,
            "iso-5426" | "iso5426" => Self::Iso5426,
            "latin1" | "latin-1" | "latin 1" => Self::Latin1,
            _ => return Encoding::for_label_no_replacement(label.as_bytes()).map(Self::from_encoding),
        })
    }

    /// The label of reports: `gb18030`, `marc-8`, or the code page's name in lower case.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::Utf8 => "utf-8",
            Self::Gb18030 => "gb18030",
            Self::Big5 => "big5",
            Self::Marc8 => "marc-8",
            Self::Iso5426 => "iso-5426",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Latin1 => "windows-1252",
            Self::CodePage(encoding) => lower_name(encoding),
        }
    }

    fn from_encoding(encoding: &'static Encoding) -> Self {
        match encoding.name() {
            "UTF-8" => Self::Utf8,
            "gb18030" | "GBK" => Self::Gb18030,
            "Big5" => Self::Big5,
            "UTF-16LE" => Self::Utf16Le,
            "UTF-16BE" => Self::Utf16Be,
            "windows-1252" => Self::Latin1,
            _ => Self::CodePage(encoding),
        }
    }
}

// `Encoding::name` has capitals in these; the others are lower case already.
fn lower_name(encoding: &'static Encoding) -> &'static str {
    const CAPITALS: [(&str, &str); 17] = [
        ("EUC-JP", "euc-jp"),
        ("EUC-KR", "euc-kr"),
        ("IBM866", "ibm866"),
        ("ISO-2022-JP", "iso-2022-jp"),
        ("ISO-8859-10", "iso-8859-10"),
        ("ISO-8859-13", "iso-8859-13"),
        ("ISO-8859-14", "iso-8859-14"),
        ("ISO-8859-15", "iso-8859-15"),
        ("ISO-8859-16", "iso-8859-16"),
        ("ISO-8859-2", "iso-8859-2"),
        ("ISO-8859-3", "iso-8859-3"),
        ("ISO-8859-4", "iso-8859-4"),
        ("ISO-8859-5", "iso-8859-5"),
        ("ISO-8859-6", "iso-8859-6"),
        ("ISO-8859-7", "iso-8859-7"),
        ("KOI8-R", "koi8-r"),
        ("KOI8-U", "koi8-u"),
    ];
    const MORE: [(&str, &str); 4] = [
        ("ISO-8859-8", "iso-8859-8"),
        ("ISO-8859-8-I", "iso-8859-8-i"),
        ("Shift_JIS", "shift_jis"),
        ("UTF-8", "utf-8"),
    ];
    let name = encoding.name();
    CAPITALS.iter().chain(&MORE).find(|(n, _)| *n == name).map_or(name, |(_, lower)| lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_charsets() {
        for (label, expect) in [
            ("UTF-8", "utf-8"),
            ("utf8", "utf-8"),
            ("GBK", "gb18030"),
            ("gb2312", "gb18030"),
            ("Big5", "big5"),
            ("big5-hkscs", "big5"),
            ("MARC-8", "marc-8"),
            ("iso5426", "iso-5426"),
            ("utf-16", "utf-16le"),
            ("utf-16be", "utf-16be"),
            ("iso-8859-1", "windows-1252"),
            ("windows-1251", "windows-1251"),
            ("EUC-KR", "euc-kr"),
            ("shift-jis", "shift_jis"),
            ("koi8-r", "koi8-r"),
        ] {
            assert_eq!(Charset::from_label(label).map(Charset::label), Some(expect), "{label}");
        }
        assert_eq!(Charset::from_label("火星文"), None);
    }

    #[test]
    fn every_label_names_itself() {
        for label in ["ascii", "utf-8", "gb18030", "big5", "marc-8", "iso-5426", "utf-16le", "utf-16be"] {
            assert_eq!(Charset::from_label(label).map(Charset::label), Some(label));
        }
        for label in ["iso-8859-2", "iso-8859-16", "ibm866", "euc-jp", "iso-2022-jp", "macintosh"] {
            assert_eq!(Charset::from_label(label).map(Charset::label), Some(label));
        }
    }
}
