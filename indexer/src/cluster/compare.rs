//! Are two member records the same edition? A pure decision that can say why.
//!
//! First the vetoes, which no likeness outweighs (DOMAIN §4.2); then the sum of what each comparison contributes;
//! then the rule that titles which many books share never suffice. Symmetric; knows two records and no others.

use crate::bib::{Grounds, MaterialType};

use super::edition::{Edition, REVISIONS};
use super::levels::{
    AUTHOR, BOOK_NUMBER, COMPARISONS, CONTROL, EQUAL, FIGURES, ISBN, ISSN, Levels, PAGES, PUBLISHER, TITLE,
    YEAR, levels,
};
use super::part::parts_differ;
use super::record::{MatchRecord, Text};
use super::title_level::{Title, is_generic, title};
use super::title_words::{Place, says_other};
use super::weights::Weights;

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same edition.
    Same,
    /// Too little speaks for it.
    Different,
    /// A rule forbids it, whatever else agrees.
    Vetoed,
}

/// The outcome for one pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The decision.
    pub verdict: Verdict,
    /// By how much the sum of the weights is above the threshold; 0 for a veto.
    pub weight: f32,
    /// What agreed.
    pub grounds: Grounds,
}

/// Whether two records describe the same edition.
pub fn compare(a: &MatchRecord, b: &MatchRecord) -> Comparison {
    if veto(a, b).is_some() {
        return Comparison { verdict: Verdict::Vetoed, weight: 0.0, grounds: Grounds::default() };
    }
    let levels = levels(a, b);
    let weights = Weights::get(a.is_dense || b.is_dense);
    let weight = weights.sum(&levels) - weights.threshold;
    let grounds = grounds_of(&levels);
    let same = weight >= 0.0 && !is_too_little(a, b, grounds, &levels);
    Comparison { verdict: if same { Verdict::Same } else { Verdict::Different }, weight, grounds }
}

/// What agreed, as a set.
fn grounds_of(levels: &Levels) -> Grounds {
    let title = levels[TITLE];
    let mut found = Grounds::default();
    for (ground, agrees) in [
        (Grounds::ISBN, matches!(levels[ISBN], 1 | 2)),
        (Grounds::BOOK_NUMBER, levels[BOOK_NUMBER] == EQUAL),
        (Grounds::ISSN, levels[ISSN] == EQUAL),
        (Grounds::CONTROL_NUMBER, levels[CONTROL] == EQUAL),
        (
            Grounds::TITLE,
            (title <= Title::Similar as u8 || title == Title::OtherSubtitle as u8) && levels[FIGURES] == 0,
        ),
        (Grounds::AUTHOR, matches!(levels[AUTHOR], 1..=4)),
        (Grounds::PUBLISHER, matches!(levels[PUBLISHER], 1 | 2)),
        (Grounds::YEAR, matches!(levels[YEAR], 1 | 2)),
        (Grounds::PAGES, matches!(levels[PAGES], 1 | 2)),
    ] {
        if agrees {
            found = found.with(ground);
        }
    }
    found
}

/// A rule by which two records can never be one edition (DOMAIN §4.2); cheap ones first.
pub(super) fn veto(a: &MatchRecord, b: &MatchRecord) -> Option<&'static str> {
    let disjoint = |x: &[u64], y: &[u64]| !x.is_empty() && !y.is_empty() && !x.iter().any(|n| y.contains(n));
    if !kinds_agree(a, b) {
        Some("veto: another material type")
    } else if a.isbns.len() == 1 && b.isbns.len() == 1 && a.isbns != b.isbns {
        Some("veto: another ISBN")
    } else if disjoint(&a.issns, &b.issns) && a.is_serial() {
        Some("veto: another ISSN")
    } else if a.edition.differs(b.edition) && !a.is_serial() && !is_left_out(a, b) {
        Some("veto: another edition")
    } else if a.is_set != b.is_set && is_volume(if a.is_set { b } else { a }) && !same_pages(a, b) {
        Some("veto: a set and a volume")
    } else if parts_differ(a.get(Text::Part), b.get(Text::Part)) && !has_part_in_title(a, b) {
        Some("veto: another part")
    } else if has_other_figures(a, b) {
        Some("veto: another number in the title")
    } else if says_other_part(a, b) {
        Some("veto: another word in the title")
    } else if is_other_volume_of_set(a, b) {
        Some("veto: another ISBN beside the common one")
    } else {
        None
    }
}

/// Whether a record that is no set describes a single volume, rather than not saying.
fn is_volume(record: &MatchRecord) -> bool {
    !record.get(Text::Part).is_empty() || record.extent.pages > 0 || record.extent.volumes == 1
}

/// Whether one record has the part's number in the midst of its title: 钱从哪里来4：岛链化经济.
fn has_part_in_title(a: &MatchRecord, b: &MatchRecord) -> bool {
    let [x, y] = [a, b].map(|r| r.get(Text::Part).is_empty());
    let with_part = if x { b } else { a };
    // The number must be the part's: 20世纪中国文学史 has figures in any volume.
    x != y && a.all_figures == b.all_figures && with_part.figures != with_part.all_figures
}

/// Whether two titles are alike but for their figures: 英语一年级 and 英语二年级 may well have one ISBN.
fn has_other_figures(a: &MatchRecord, b: &MatchRecord) -> bool {
    a.figures != b.figures
        && a.figures != 0
        && b.figures != 0
        && (a.is_dense || !a.isbns.is_empty() && !b.isbns.is_empty())
        && is_alike(title(a, b))
}

/// Titles that may be one with a slip; under equal titles the subtitles may be such.
fn is_alike(level: Title) -> bool {
    use Title::{Equal, EqualShort, Loose, Near, OtherSubtitle, Similar};
    matches!(level, Equal | EqualShort | Near | Similar | Loose | OtherSubtitle)
}

/// Whether titles or, under one title, subtitles name different books of one row.
fn says_other_part(a: &MatchRecord, b: &MatchRecord) -> bool {
    let texts = |text: Text| (a.get(text), b.get(text));
    let (title, other) = (texts(Text::Title), texts(Text::Other));
    a.is_dense
        && b.is_dense
        && (says_other(title.0, title.1, Place::Title)
            || title.0 == title.1 && says_other(other.0, other.1, Place::Subtitle))
}

/// Whether two records have one ISBN in common, that of the set, and each another one, that of its volume.
fn is_other_volume_of_set(a: &MatchRecord, b: &MatchRecord) -> bool {
    let has_own = |x: &MatchRecord, y: &MatchRecord| x.isbns.iter().any(|n| !y.isbns.contains(n));
    a.is_dense && b.is_dense && has_own(a, b) && has_own(b, a) && a.isbns.iter().any(|n| b.isbns.contains(n))
}

/// `2册(1208页)` and `1208页` are one set, counted otherwise.
fn same_pages(a: &MatchRecord, b: &MatchRecord) -> bool {
    a.extent.pages > 60 && a.extent.pages == b.extent.pages
}

/// Whether one record leaves out which edition it is: no statement, but the same year and the same pages. A new
/// edition has a new year.
fn is_left_out(a: &MatchRecord, b: &MatchRecord) -> bool {
    (a.edition == Edition::default() || b.edition == Edition::default())
        && a.year == b.year
        && a.year != 0
        && same_pages(a, b)
}

fn kinds_agree(a: &MatchRecord, b: &MatchRecord) -> bool {
    if a.kind == b.kind {
        return true;
    }
    use MaterialType::{BookChi, BookJpn, BookKor, BookMin, BookRus, BookWes, Other};
    // The language of a book is coded with less care than that it is a book; `Other` does not say.
    let is_book =
        |r: &MatchRecord| matches!(r.kind, BookChi | BookJpn | BookKor | BookMin | BookRus | BookWes | Other);
    is_book(a) && is_book(b) || a.is_serial() && b.is_serial()
}

/// Whether the titles are those of two books, whatever number both bear.
fn is_other_title(a: &MatchRecord, b: &MatchRecord, levels: &Levels) -> bool {
    let is_title = |level: Title| levels[TITLE] == level as u8;
    // A number that was given again after years (DOMAIN §4.2).
    let is_old = a.year != 0 && b.year != 0 && a.year.abs_diff(b.year) > 10;
    // The ISBN of a series stands on every title of it, also on those that begin in the same way.
    is_title(Title::Differs)
        || is_title(Title::OtherSubtitle) && (levels[AUTHOR] == 5 || a.is_dense && levels[PAGES] == 4)
        || is_old && (is_title(Title::Similar) || is_title(Title::Loose))
}

/// Without a number a title alone, or with a year, is no evidence: there are hundreds of 高等数学.
fn is_too_little(a: &MatchRecord, b: &MatchRecord, grounds: Grounds, levels: &Levels) -> bool {
    if is_other_title(a, b, levels) {
        return true;
    }
    // A romanised record and one in Han: the number, and nothing that speaks against it.
    if levels[TITLE] == Title::OtherScript as u8 {
        return !grounds.identifier() || levels[PAGES] > 2 || levels[YEAR] > 3;
    }
    !grounds.identifier() && !is_described_alike(a, b, grounds, levels)
}

/// Whether two records that share no number agree in enough of what they say.
fn is_described_alike(a: &MatchRecord, b: &MatchRecord, grounds: Grounds, levels: &Levels) -> bool {
    let is_title = |level: Title| levels[TITLE] == level as u8;
    let generic = [a, b].iter().any(|r| is_generic(r.get(Text::Title)));
    // The title with its subtitle is the key (DOMAIN §4.2); in letters subtitles are told with less care.
    if is_title(Title::OtherSubtitle) && (a.is_dense || generic) {
        return false;
    }
    // Another publisher has another edition, often by another translator, whatever else agrees. A reprint is known by
    // its number alone (DOMAIN §4.2: without ISBN publisher and year are the same).
    if a.is_dense && levels[PUBLISHER] == 3 || matches!(levels[YEAR], 4 | 5) {
        return false;
    }
    let mut agree =
        [Grounds::AUTHOR, Grounds::PUBLISHER, Grounds::YEAR, Grounds::PAGES].map(|g| grounds.has(g));
    // A slip of the year, where all else is there.
    agree[2] |= levels[YEAR] == 3 && levels[AUTHOR] == 1 && agree[1];
    if generic && !(agree[0] && agree[1] && levels[YEAR] == EQUAL) {
        return false;
    }
    let known = agree[0] || agree[1];
    agree[3] &= agree[0] || levels[PAGES] == EQUAL;
    let n_agree = agree.iter().filter(|agrees| **agrees).count();
    let short = is_title(Title::EqualShort) || is_title(Title::ProperShort);
    // Neither names anybody: all that a book without an author says agrees.
    let nameless = a.is_dense && [a, b].iter().all(|r| r.get(Text::Names).is_empty());
    let own_title = nameless && a.get(Text::Title).chars().nth(3).is_some() && !generic;
    grounds.has(Grounds::TITLE) && known && n_agree >= if short && !own_title { 3 } else { 2 }
}

/// What one comparison contributed to a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// What was compared; `rule` for the last, which decides.
    pub comparison: &'static str,
    /// What the first record says.
    pub left: String,
    /// What the second record says.
    pub right: String,
    /// What the comparison came to.
    pub level: &'static str,
    /// What that is worth.
    pub weight: f32,
}

/// What `compare` weighed, line by line, and last the rule or sum that decided.
pub fn explain(a: &MatchRecord, b: &MatchRecord) -> Vec<Contribution> {
    let levels = levels(a, b);
    let weights = Weights::get(a.is_dense || b.is_dense);
    let mut lines: Vec<Contribution> = COMPARISONS
        .iter()
        .enumerate()
        .map(|(at, (name, names))| Contribution {
            comparison: name,
            left: shown(a, at),
            right: shown(b, at),
            level: names.get(usize::from(levels[at])).copied().unwrap_or("missing"),
            weight: weights.of(at, levels[at]),
        })
        .filter(|line| !(line.left.is_empty() && line.right.is_empty()))
        .collect();
    let comparison = compare(a, b);
    let level = match (veto(a, b), comparison.verdict) {
        (Some(veto), _) => veto,
        (_, Verdict::Same) => "sum reaches the threshold",
        _ if comparison.weight >= 0.0 => "another title, or too little besides the title",
        _ => "sum is below the threshold",
    };
    lines.push(Contribution {
        comparison: "rule",
        left: part_shown(a),
        right: part_shown(b),
        level,
        weight: comparison.weight,
    });
    lines
}

/// What is not compared by weight but may veto: part, set, type.
fn part_shown(record: &MatchRecord) -> String {
    let part = record.get(Text::Part).replace('\u{1f}', " ");
    let set = if record.is_set { " set" } else { "" };
    format!("{}{set} {part}", record.kind.code()).trim_end().to_owned()
}

fn shown(record: &MatchRecord, comparison: usize) -> String {
    let number = |n: i64| if n == 0 { String::new() } else { n.to_string() };
    let joined = |numbers: &[u64]| numbers.iter().map(|n| format!("{n:013}")).collect::<Vec<_>>().join(" ");
    match COMPARISONS[comparison].0 {
        "isbn" if record.isbns.is_empty() => record.wrong_isbns.iter().map(|n| format!("{n:012}?")).collect(),
        "isbn" => joined(&record.isbns),
        "book_number" => record.get(Text::BookNumber).to_owned(),
        "issn" => {
            record.issns.iter().map(|n| String::from_utf8_lossy(&n.to_be_bytes()).into_owned()).collect()
        }
        "control_number" => record.controls.chunks_exact(2).map(|c| format!("{:016x} ", c[1])).collect(),
        "title" | "figures" => {
            let (title, other) = (record.get(Text::Title), record.get(Text::Other));
            if other.is_empty() { title.to_owned() } else { format!("{title} : {other}") }
        }
        "author" if record.get(Text::Names).is_empty() => record.get(Text::Statement).to_owned(),
        "author" => record.get(Text::Names).replace('\u{1f}', ", "),
        "publisher" => record.get(Text::Publishers).replace('\u{1f}', ", "),
        "place" => record.get(Text::Place).to_owned(),
        "year" => {
            format!("{} {}", number(record.year.into()), number(record.other_year.into())).trim().to_owned()
        }
        "pages" => number(record.extent.pages.into()),
        "height" => number(record.extent.height.into()),
        _ => {
            let edition = record.edition;
            let flags = [(edition.revised, " revised"), (edition.facsimile, " facsimile")];
            let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
            format!("{}{flags}", number((edition.number % REVISIONS).into())).trim().to_owned()
        }
    }
}
