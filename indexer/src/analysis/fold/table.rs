//! The fold table unpacked: every character's class and target in two array reads.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// How a character of folded text behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Class {
    /// Leaves no trace.
    Gone,
    /// Separates words of letters.
    Blank,
    /// Written without blanks between words: Han, kana, Hangul.
    Dense,
    /// Letters, digits and their marks in every other script.
    Word,
    /// May become one with the character before it.
    Joining,
}

/// What a character folds to.
pub(super) enum Entry<'a> {
    One(char, Class),
    Many(&'a [(char, Class)]),
}

/// A cell is `kind << 28 | value`: a class with the character folded to (0: itself), or the number of an
/// expansion.
const MANY: u32 = 15 << 28;

const PAGE: usize = 256;

pub(super) struct Table {
    pages: Vec<u16>,
    cells: Vec<u32>,
    many: Vec<Box<[(char, Class)]>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::unpack(data::fold::TABLE));

pub(super) fn table() -> &'static Table {
    &TABLE
}

/// The class of a character of folded text.
pub(crate) fn class_of(c: char) -> Class {
    match TABLE.entry(c) {
        Entry::One(_, class) => class,
        Entry::Many(_) => Class::Word,
    }
}

fn cell(c: char, class: Class) -> u32 {
    (class as u32) << 28 | c as u32
}

impl Table {
    #[inline]
    pub(super) fn entry(&self, c: char) -> Entry<'_> {
        let code = c as usize;
        let cell = self.cells[usize::from(self.pages[code / PAGE]) * PAGE + code % PAGE];
        let class = match cell >> 28 {
            0 => Class::Gone,
            1 => Class::Blank,
            2 => Class::Dense,
            3 => Class::Word,
            4 => Class::Joining,
            _ => return Entry::Many(&self.many[(cell & !MANY) as usize]),
        };
        let target = if cell & !MANY == 0 { c } else { char::from_u32(cell & !MANY).unwrap_or(c) };
        Entry::One(target, class)
    }

    fn unpack(text: &str) -> Self {
        let mut marks = Vec::new();
        let mut targets: FxHashMap<char, &str> = FxHashMap::default();
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let Some((target, sources)) = line.split_once('\t') else { continue };
            if target == "=marks" {
                marks.extend(sources.split(' ').filter_map(span));
            } else {
                targets.extend(sources.chars().map(|c| (c, target)));
            }
        }
        let class = |c: char| own_class(c, &marks);
        let (mut pages, mut cells, mut many) = (Vec::new(), Vec::new(), Vec::new());
        let mut known: FxHashMap<Vec<u32>, u16> = FxHashMap::default();
        for first in (0..=char::MAX as u32).step_by(PAGE) {
            // Planes without characters, or with private ones alone.
            let uniform =
                matches!(first, 0x4_0000..0xE_0000 | 0xF_0000..).then(|| char::from_u32(first)).flatten();
            if let (Some(c), Some(&number)) = (uniform, pages.last())
                && first % 0x1_0000 != 0
                && cells.get(usize::from(number) * PAGE) == Some(&cell('\0', class(c)))
            {
                pages.push(number);
                continue;
            }
            let page: Vec<u32> = (first..first + PAGE as u32)
                .map(|code| {
                    let Some(c) = char::from_u32(code) else { return cell('\0', Class::Gone) };
                    let Some(target) = targets.get(&c) else { return cell('\0', class(c)) };
                    let mut chars = target.chars().map(|c| if c == '_' { ' ' } else { c });
                    match (chars.next(), chars.next()) {
                        (None, _) => cell('\0', Class::Gone),
                        (Some(one), None) => cell(one, class(one)),
                        _ => {
                            let all = target.chars().map(|c| if c == '_' { ' ' } else { c });
                            many.push(all.map(|c| (c, class(c))).collect());
                            MANY | (many.len() - 1) as u32
                        }
                    }
                })
                .collect();
            let number = *known.entry(page).or_insert_with_key(|page| {
                cells.extend_from_slice(page);
                (cells.len() / PAGE - 1) as u16
            });
            pages.push(number);
        }
        Self { pages, cells, many }
    }
}

fn span(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once('-')?;
    Some((u32::from_str_radix(first, 16).ok()?, u32::from_str_radix(last, 16).ok()?))
}

fn own_class(c: char, marks: &[(u32, u32)]) -> Class {
    match c as u32 {
        0x3099 | 0x309A | 0x1161..=0x1175 | 0x11A8..=0x11C2 => Class::Joining,
        // Han, its radicals, bopomofo, kana, Hangul; private characters stand for Han that had no code.
        0x1100..=0x11FF | 0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x3035 => {
            Class::Dense
        }
        0x3041..=0x318E | 0x31A0..=0x31BF | 0x31F0..=0x31FF if c.is_alphanumeric() => Class::Dense,
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA960..=0xA97C | 0xAC00..=0xD7FB | 0xE000..=0xFAFF => {
            Class::Dense
        }
        0x16FE0..=0x18DFF | 0x1AFF0..=0x1B2FF if c.is_alphanumeric() => Class::Dense,
        0x20000..=0x3FFFF | 0xF0000..=0x10FFFF => Class::Dense,
        code => {
            let marked = || {
                let at = marks.partition_point(|&(_, last)| last < code);
                marks.get(at).is_some_and(|&(first, _)| first <= code)
            };
            if c.is_alphanumeric() || marked() { Class::Word } else { Class::Blank }
        }
    }
}

pub(super) fn is_jamo(c: char) -> bool {
    matches!(c as u32, 0x1100..=0x11FF)
}

/// The character that two become: か and ゛, or the parts of a Hangul syllable.
pub(super) fn compose(first: char, second: char) -> Option<char> {
    unicode_normalization::char::compose(first, second)
}
