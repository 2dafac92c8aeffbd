//! What one member record is compared by, and no more: folded once, kept in about a hundred bytes.
//!
//! Knows descriptions, not other records.

use crate::analysis::fold::{Class, class_of, fold, fold_into};
use crate::bib::{Bib, MaterialType};

use super::edition::Edition;
use super::extent::Extent;
use super::name::names_into;
use super::part::{is_whole_set, part_key};
use super::publisher::publishers_into;
use super::title::TitleParts;

/// Texts of a match record, in their order.
#[derive(Clone, Copy)]
pub(super) enum Text {
    Title,
    Other,
    Part,
    Names,
    Publishers,
    Place,
    /// Words of the statement of responsibility in letters.
    Statement,
    BookNumber,
}

pub(super) const N_TEXTS: usize = 8;

/// Longest texts kept, in bytes.
const MAX_TITLE: usize = 180;
const MAX_OTHER: usize = 120;
const MAX_STATEMENT: usize = 60;
const MAX_PLACE: usize = 16;
const MAX_BOOK_NUMBER: usize = 24;

/// Identifiers kept of each kind.
pub(super) const MAX_NUMBERS: usize = 12;

/// A record in the form in which records are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchRecord {
    pub(super) kind: MaterialType,
    pub(super) text: String,
    pub(super) ends: [u16; N_TEXTS],
    pub(super) isbns: Vec<u64>,
    /// ISBNs whose check digit is wrong, without it.
    pub(super) wrong_isbns: Vec<u64>,
    pub(super) issns: Vec<u64>,
    /// Hashes of `(prefix)` and of `(prefix)value`, one behind the other.
    pub(super) controls: Vec<u64>,
    pub(super) year: i16,
    /// A second year of the imprint: `1950 [c1949]`.
    pub(super) other_year: i16,
    /// Hash of the figures in title and subtitle, also of what is cut off; 0 where there are none.
    pub(super) figures: u32,
    /// The same with those of the part, wherever it is written.
    pub(super) all_figures: u32,
    pub(super) edition: Edition,
    pub(super) extent: Extent,
    /// The record describes all volumes of a set.
    pub(super) is_set: bool,
    /// The title is in Han, kana or Hangul.
    pub(super) is_dense: bool,
}

impl MatchRecord {
    /// What `bib` is compared by.
    pub fn of(bib: &Bib) -> Self {
        let mut record = Self::blank(bib.material_type);
        let skip = usize::from(bib.title_skip);
        let title = bib.title.as_deref().unwrap_or_default();
        let title = title.char_indices().nth(skip).map_or(title, |(at, _)| &title[at..]);
        let parts = TitleParts::of(title);
        let subtitle = TitleParts::of_subtitle(bib.subtitle.as_deref().unwrap_or_default());
        record.add_titles(&parts, &subtitle);
        record.all_figures = all_figures(bib);
        let in_title = parts.part.or(subtitle.part).or_else(|| own_series_volume(bib));
        record.add(Text::Part, |out| part_key(bib.part.as_ref(), in_title, out));
        record.add(Text::Names, |out| names_into(&bib.agents, bib.responsibility.as_deref(), out));
        let publishers = bib.publisher.iter().chain(&bib.other_publishers).map(String::as_str);
        record.add(Text::Publishers, |out| publishers_into(publishers, out));
        record.add(Text::Place, |out| place_into(bib.place.as_deref().unwrap_or_default(), out));
        record.add(Text::Statement, |out| {
            statement_into(bib.responsibility.as_deref().unwrap_or_default(), out)
        });
        record.add(Text::BookNumber, |out| {
            out.extend(bib.cn_book_no.iter().flat_map(|n| n.chars()).filter(|c| !c.is_whitespace()));
            cut(out, MAX_BOOK_NUMBER);
        });
        record.add_numbers(bib);
        record.year = bib.year.unwrap_or(0);
        record.other_year = bib.date_text.as_deref().map_or(0, |text| second_year(text, record.year));
        record.extent = bib.extent.as_deref().map(Extent::of).unwrap_or_default();
        record.edition =
            Edition::of(bib.edition.as_deref().or(parts.edition).or(subtitle.edition).unwrap_or_default());
        let has_part = !record.get(Text::Part).is_empty();
        let says_all = parts.set || subtitle.set || is_whole_set(bib.part.as_ref());
        record.is_set = (says_all || record.extent.is_set()) && !has_part;
        record
    }

    fn blank(kind: MaterialType) -> Self {
        Self {
            kind,
            text: String::with_capacity(160),
            ends: [0; N_TEXTS],
            isbns: Vec::new(),
            wrong_isbns: Vec::new(),
            issns: Vec::new(),
            controls: Vec::new(),
            year: 0,
            other_year: 0,
            figures: 0,
            all_figures: 0,
            edition: Edition::default(),
            extent: Extent::default(),
            is_set: false,
            is_dense: false,
        }
    }

    fn add_titles(&mut self, title: &TitleParts<'_>, subtitle: &TitleParts<'_>) {
        let mut figures = 0;
        self.add(Text::Title, |out| {
            fold_into(title.proper, out);
            drop_article(out);
            figures = note_figures(0, out);
            cut(out, MAX_TITLE);
        });
        self.is_dense = self.text.chars().any(|c| class_of(c) == Class::Dense);
        self.add(Text::Other, |out| {
            for piece in [title.other, subtitle.proper, subtitle.other] {
                // Blanks between words only: folding both ends of the joint says whether one is due.
                let from = out.len();
                fold_into(piece, out);
                if from > 0 && out.len() > from && out.as_bytes()[from - 1].is_ascii() {
                    out.insert(from, ' ');
                }
            }
            figures = note_figures(figures, out);
            cut(out, MAX_OTHER);
        });
        self.figures = figures;
    }

    fn add_numbers(&mut self, bib: &Bib) {
        let new = |into: &mut Vec<u64>, n: u64| {
            if into.len() < MAX_NUMBERS && !into.contains(&n) {
                into.push(n);
            }
        };
        bib.isbns.iter().for_each(|isbn| new(&mut self.isbns, isbn.0));
        for text in &bib.invalid_isbns {
            if let Some(n) = wrong_isbn(text) {
                new(&mut self.wrong_isbns, n);
            }
        }
        bib.issns.iter().for_each(|issn| new(&mut self.issns, u64::from_be_bytes(issn.0)));
        for id in bib.other_ids.iter().take(MAX_NUMBERS / 2) {
            if let Some((prefix, value)) = id.strip_prefix('(').and_then(|r| r.split_once(')'))
                && !prefix.is_empty()
                && !value.trim().is_empty()
            {
                let prefix = prefix.trim().to_ascii_uppercase();
                self.controls.push(hash(prefix.as_bytes()));
                self.controls.push(hash(format!("{prefix}\0{}", control_value(value)).as_bytes()));
            }
        }
    }

    /// Appends one text; to be called in the order of `Text`.
    fn add(&mut self, text: Text, write: impl FnOnce(&mut String)) {
        let mut own = String::new();
        write(&mut own);
        self.text.push_str(&own);
        let end = self.text.len() as u16;
        self.ends[text as usize..].fill(end);
    }

    /// The publisher as compared, the year and the title as compared: what a catalogue is sorted by.
    pub(super) fn order(&self) -> (&str, i16, &str) {
        (self.get(Text::Publishers), self.year, self.get(Text::Title))
    }

    /// One of the texts; empty where the record does not say.
    pub(super) fn get(&self, text: Text) -> &str {
        let idx = text as usize;
        let start = if idx == 0 { 0 } else { usize::from(self.ends[idx - 1]) };
        self.text.get(start..usize::from(self.ends[idx])).unwrap_or_default()
    }

    pub(super) fn is_serial(&self) -> bool {
        use MaterialType::{Newspaper, SerialChi, SerialOth, SerialWes};
        matches!(self.kind, SerialChi | SerialWes | SerialOth | Newspaper)
    }

    /// Whether a veto says the same of both, whatever the third record.
    pub(super) fn vetoes_like(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.edition == other.edition
            && self.is_set == other.is_set
            && self.extent == other.extent
            && self.year == other.year
            && self.all_figures == other.all_figures
            && self.get(Text::Title) == other.get(Text::Title)
            && self.get(Text::Other) == other.get(Text::Other)
            && self.isbns == other.isbns
            && self.issns == other.issns
            && self.get(Text::Part) == other.get(Text::Part)
    }

    /// Whether it has any number that others may share.
    pub(super) fn has_identifier(&self) -> bool {
        !self.isbns.is_empty()
            || !self.issns.is_empty()
            || !self.controls.is_empty()
            || !self.get(Text::BookNumber).is_empty()
    }
}

/// The volume where the set is named as a series of its own title: 200 `$a鲁迅全集`, 461 `$t鲁迅全集$v第1卷`.
fn own_series_volume(bib: &Bib) -> Option<&str> {
    let mut numbered = bib.series.iter().filter(|series| series.volume.is_some()).peekable();
    if bib.part.is_some() || numbered.peek().is_none() {
        return None;
    }
    let title = fold(bib.title.as_deref()?);
    numbered.find(|series| fold(&series.title) == title)?.volume.as_deref()
}

/// The figures of title, part and subtitle in this order; folded, as those of the title are.
fn all_figures(bib: &Bib) -> u32 {
    let part = bib.part.iter().flat_map(|p| p.number.iter().chain(&p.volume));
    let texts = bib.title.iter().chain(part).chain(&bib.subtitle);
    texts.fold(0, |hash, text| note_figures(hash, &fold(text)))
}

/// Goes on hashing the figures of a text: 第一次, 2019, 甲; 上, 中 and 下 at its end only, elsewhere they are words.
fn note_figures(mut hash: u32, text: &str) -> u32 {
    const HAN: [char; 18] = [
        '零', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '甲', '乙', '丙', '丁', '前', '后',
        '续',
    ];
    let figure = |c: char| match c {
        '0'..='9' => Some(c as u32 - '0' as u32 + 1),
        '\0'..='\u{2fff}' => None,
        _ => HAN.iter().position(|d| *d == c).map(|at| at as u32 + 1),
    };
    let end = text.chars().next_back().and_then(|c| ['上', '中', '下'].iter().position(|d| *d == c));
    for digit in text.chars().filter_map(figure).chain(end.map(|at| at as u32 + 20)) {
        hash = hash.wrapping_mul(0x0100_0193).wrapping_add(digit);
    }
    hash
}

/// Truncates at a character.
fn cut(text: &mut String, longest: usize) {
    let end = text.floor_char_boundary(longest);
    text.truncate(end);
}

/// Articles, which some libraries tell filing to skip and others do not.
fn drop_article(title: &mut String) {
    for article in ["the ", "an ", "a "] {
        if title.starts_with(article) && title.len() > article.len() + 1 {
            title.drain(..article.len());
            return;
        }
    }
}

/// The city: `New York, N.Y.` → `new york`, 北京市 → 北京.
fn place_into(place: &str, out: &mut String) {
    let place = &place[..place.floor_char_boundary(60)];
    let city = place.split([',', ';', '，', '；', ':']).next().unwrap_or_default();
    fold_into(city, out);
    if let Some(bare) = out.strip_suffix('市').filter(|w| w.chars().nth(1).is_some()) {
        out.truncate(bare.len());
    }
    cut(out, MAX_PLACE);
}

/// The words of letters that may be names: long ones, in their order.
fn statement_into(text: &str, out: &mut String) {
    let folded = fold(&text[..text.floor_char_boundary(300)]);
    if folded.chars().any(|c| class_of(c) == Class::Dense) {
        return;
    }
    const EMPTY: [&str; 16] = [
        "by",
        "the",
        "and",
        "of",
        "with",
        "an",
        "in",
        "ed",
        "edited",
        "from",
        "illustrated",
        "translated",
        "introduction",
        "author",
        "editor",
        "for",
    ];
    for word in folded.split(' ').filter(|w| w.len() > 2 && !EMPTY.contains(w)) {
        if out.len() + word.len() >= MAX_STATEMENT {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// Another year of the imprint than the one taken.
fn second_year(text: &str, first: i16) -> i16 {
    let text = &text[..text.floor_char_boundary(60)];
    let runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 4);
    let years = runs.filter_map(|run| run.parse().ok());
    years.into_iter().find(|year: &i16| *year != first && (1000..=2100).contains(year)).unwrap_or(0)
}

/// The first twelve digits of a number that wants to be an ISBN: its check digit cannot be relied on.
fn wrong_isbn(text: &str) -> Option<u64> {
    let digits: String =
        text.chars().filter(|c| c.is_ascii_digit() || matches!(c, 'X' | 'x')).take(14).collect();
    match digits.len() {
        10 => format!("978{}", &digits[..9]).parse().ok(),
        13 => digits[..12].parse().ok(),
        _ => None,
    }
}

/// `ocm00012345` and `12345` are one number.
fn control_value(value: &str) -> String {
    let value: String = value.chars().filter(|c| c.is_ascii_alphanumeric()).take(40).collect();
    let digits = value.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim_start_matches('0');
    if digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty() { digits.to_owned() } else { value }
}

/// A hash that is the same on every machine and in every version: block keys are stored.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        state ^= state >> 29;
    }
    state = (state ^ state >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    state ^ state >> 32
}
