//! The small language that the declarations are written in.

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    ControlNumber,
    Leader008,
    General100,
    Monograph105,
    Serial110,
    Isbn,
    Issn,
    OtherId,
    CnBookNo,
    Languages,
    Title,
    /// A title to search by.
    OtherTitle,
    ParallelTitle,
    /// MARC21 246: parallel where the second indicator says so.
    VaryingTitle,
    Edition,
    Imprint,
    Extent,
    Series,
    /// A title embedded by `$1 200` or given as `$t`.
    LinkedSeries,
    /// The same, where it is another title of this work: 454, the original of a translation.
    LinkedTitle,
    Note,
    Contents,
    Abstract,
    Thesis,
    SerialCoverage,
    Subject,
    /// Every `$a` is a subject of its own.
    Keywords,
    Clc,
    /// MARC21 084: a class of the scheme in `$2`.
    ClassByScheme,
    /// A class number of this scheme.
    Class(&'static str),
    Person {
        main: bool,
    },
    Body {
        main: bool,
    },
    Meeting {
        main: bool,
    },
    Url,
    /// 004 of a MARC21 holdings record.
    HoldingsOf,
    /// The original script of another field.
    Linked,
}

/// One line of a declaration: the field, what becomes of it, and its subfields in the order of reading.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) tag: &'static [u8; 3],
    pub(super) to: Target,
    pub(super) subfields: &'static str,
}

pub(super) const fn field(tag: &'static [u8; 3], to: Target, subfields: &'static str) -> Rule {
    Rule { tag, to, subfields }
}

/// Rules by tag number, so that a field finds its rule in one step.
pub(super) struct RuleTable {
    by_number: Box<[u8; 1000]>,
    rules: &'static [Rule],
}

const NONE: u8 = u8::MAX;

impl RuleTable {
    /// The rules whose target is wanted; the others are as if they were not written.
    pub(super) fn new(rules: &'static [Rule], wanted: impl Fn(Target) -> bool) -> Self {
        let mut by_number = Box::new([NONE; 1000]);
        for (i, rule) in rules.iter().enumerate().filter(|(_, rule)| wanted(rule.to)) {
            if let Some(number) = number(rule.tag) {
                by_number[number] = i as u8;
            }
        }
        Self { by_number, rules }
    }

    pub(super) fn get(&self, tag: &[u8; 3]) -> Option<&'static Rule> {
        self.rules.get(usize::from(self.by_number[number(tag)?]))
    }
}

fn number(tag: &[u8; 3]) -> Option<usize> {
    tag.iter().try_fold(0usize, |n, b| b.is_ascii_digit().then(|| n * 10 + usize::from(b - b'0')))
}
