//! What can be wrong with a record, as values.
//!
//! Code, grade and sentences of each stand in `flaws.toml` with a sample that raises it; a test walks them all.

use std::fmt;
use std::sync::LazyLock;

/// How much a flaw hurts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Repaired without loss.
    Minor,
    /// Some text may be lost or wrong.
    Major,
    /// The record could not be read: a reject.
    Fatal,
}

impl Grade {
    /// `minor`, `major` or `fatal`.
    pub fn name(self) -> &'static str {
        match self {
            Grade::Minor => "minor",
            Grade::Major => "major",
            Grade::Fatal => "fatal",
        }
    }
}

/// A flaw and where it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Which one.
    pub code: FlawCode,
    /// Absolute byte offset in the decompressed file.
    pub at: u64,
}

/// Language of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Simplified Chinese.
    ZhHans,
    /// Traditional Chinese.
    ZhHant,
    /// English.
    En,
}

macro_rules! flaw_codes {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $grade:ident;)*) => {
        /// Every flaw that the readers can raise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FlawCode {
            $($(#[$doc])* $name,)*
        }

        impl FlawCode {
            /// All of them.
            pub const ALL: &'static [FlawCode] = &[$(FlawCode::$name,)*];

            /// The code as it is written in reports: `wrong-length`.
            pub fn code(self) -> &'static str {
                match self { $(FlawCode::$name => $code,)* }
            }

            /// How much it hurts.
            pub fn grade(self) -> Grade {
                match self { $(FlawCode::$name => Grade::$grade,)* }
            }
        }
    };
}

flaw_codes! {
    /// The length in the leader is not the record's length.
    WrongLength, "wrong-length", Minor;
    /// The record terminator is missing.
    MissingTerminator, "missing-terminator", Minor;
    /// A record terminator stands inside the record.
    EmbeddedTerminator, "embedded-terminator", Minor;
    /// The base address in the leader is not where the data begins.
    WrongBaseAddress, "wrong-base-address", Minor;
    /// The directory's numbers do not fit the fields; they were split at their terminators.
    WrongDirectory, "wrong-directory", Minor;
    /// The directory is not made of entries of twelve characters.
    OddDirectory, "odd-directory", Minor;
    /// Directory and fields cannot be matched; fields were cut where the directory says.
    LossyDirectory, "lossy-directory", Major;
    /// The leader is a character too long or too short.
    ShiftedLeader, "shifted-leader", Minor;
    /// The leader holds bytes that cannot be there.
    DamagedLeader, "damaged-leader", Minor;
    /// The record breaks off before its end.
    TruncatedRecord, "truncated-record", Major;
    /// The record has a leader but no field.
    NoFields, "no-fields", Major;
    /// A field does not end in a field terminator.
    MissingFieldTerminator, "missing-field-terminator", Minor;
    /// A data field does not begin with two indicators and a subfield.
    OddIndicators, "odd-indicators", Minor;
    /// A subfield is empty.
    EmptySubfield, "empty-subfield", Minor;
    /// A subfield's code is not a letter, digit or sign.
    BadSubfieldCode, "bad-subfield-code", Minor;
    /// Fields of one record are in different charsets.
    MixedCharsets, "mixed-charsets", Minor;
    /// Bytes are of no charset.
    UndecodableText, "undecodable-text", Major;
    /// Control characters inside text were taken out.
    ControlCharacters, "control-characters", Minor;
    /// Character references stood in the text.
    EntitiesInText, "entities-in-text", Minor;
    /// Text that had been decoded by a wrong charset was mended.
    TextRepaired, "text-repaired", Major;
    /// The file is in UTF-16.
    Utf16File, "utf16-file", Minor;
    /// An XML reference names no character.
    BadReference, "bad-reference", Major;
    /// XML tags inside the record do not match.
    BadMarkup, "bad-markup", Minor;
    /// The record element is not closed.
    UnclosedRecord, "unclosed-record", Major;
    /// A part of the JSON record is not of the shape of MARC-in-JSON.
    OddJson, "odd-json", Major;
    /// A line of a text form is no field.
    OddLine, "odd-line", Major;
    /// The record is longer than the limit.
    TooLong, "too-long", Fatal;
    /// Bytes between records are no record.
    StrayBytes, "stray-bytes", Fatal;
    /// What is framed as a record cannot be read as one.
    Unreadable, "unreadable", Fatal;
    /// The JSON cannot be read.
    BadJson, "bad-json", Fatal;
    /// The file holds no record.
    NoRecord, "no-record", Fatal;
    /// The XML file has a DOCTYPE.
    Doctype, "doctype", Fatal;
    /// The compressed file is damaged or of an unknown kind.
    DamagedArchive, "damaged-archive", Fatal;
    /// The contents are out of all proportion to the compressed file.
    ArchiveBomb, "archive-bomb", Fatal;
    /// The archive holds too many files.
    TooManyFiles, "too-many-files", Fatal;
    /// An archive inside an archive.
    NestedArchive, "nested-archive", Fatal;
    /// A file name in the archive leads out of it.
    UnsafeName, "unsafe-name", Fatal;
}

impl FlawCode {
    /// The flaw with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.code() == code)
    }

    /// What is wrong, as a sentence for a librarian.
    pub fn sentence(self, lang: Lang) -> &'static str {
        self.texts(|t| &t.sentence, lang)
    }

    /// What to do about it.
    pub fn advice(self, lang: Lang) -> &'static str {
        self.texts(|t| &t.advice, lang)
    }

    fn texts(self, which: impl Fn(&'static Described) -> &'static Texts, lang: Lang) -> &'static str {
        // The manifest is complete by test; should a line be missing, the code itself is still true.
        let Some(described) = MANIFEST.flaw.iter().find(|f| f.code == self.code()) else {
            return self.code();
        };
        let texts = which(described);
        match lang {
            Lang::ZhHans => &texts.zh_hans,
            Lang::ZhHant => &texts.zh_hant,
            Lang::En => &texts.en,
        }
    }
}

impl fmt::Display for FlawCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[derive(serde::Deserialize)]
struct Manifest {
    flaw: Vec<Described>,
}

#[derive(serde::Deserialize)]
struct Described {
    code: String,
    sentence: Texts,
    advice: Texts,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Texts {
    zh_hans: String,
    zh_hant: String,
    en: String,
}

static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
    // A manifest that does not parse is caught by the test that walks it; the program then shows codes only.
    toml::from_str(include_str!("flaws.toml")).unwrap_or(Manifest { flaw: Vec::new() })
});
