//! The quality report as sentences, as CSV and as a drawing. Pure.

use daemon::store::QualityRow;
use indexer::marc::{FlawCode, Lang as FlawLang};
use indexer::pipeline::{FaultKind, Finding};

use crate::i18n::{Lang, grouped};

/// What is wrong, in a sentence.
pub(super) fn sentence(finding: &Finding, lang: Lang) -> String {
    let detail = [("detail", finding.detail.as_str())];
    match finding.kind {
        FaultKind::Isbn => lang.fill("quality.isbn", &detail),
        FaultKind::Duplicate => lang.fill("quality.duplicate", &detail),
        FaultKind::NoClass | FaultKind::NoPinyin | FaultKind::NoHoldings => {
            lang.fill("quality.missing", &detail)
        }
        FaultKind::Unreadable | FaultKind::Encoding | FaultKind::Leader | FaultKind::Structure => {
            flaw_sentence(&finding.detail, lang)
        }
    }
}

/// What a flaw of this code is, in a sentence; the code where it is of another version.
pub(super) fn flaw_sentence(code: &str, lang: Lang) -> String {
    let language = match lang {
        Lang::ZhHans => FlawLang::ZhHans,
        Lang::ZhHant => FlawLang::ZhHant,
        Lang::En => FlawLang::En,
    };
    FlawCode::from_code(code).map_or_else(|| code.to_owned(), |code| code.sentence(language).to_owned())
}

/// UTF-8 with the mark by which spreadsheets know it; no cell can be taken for a formula.
pub(super) fn csv(findings: &[Finding], lang: Lang) -> String {
    let mut text = String::from("\u{feff}");
    let head = ["quality.kind", "quality.number", "quality.record_title", "quality.what", "quality.code"];
    line(&mut text, &head.map(|key| lang.t(key).to_owned()));
    for finding in findings {
        let Finding { kind, control_number, title, detail } = finding;
        let cells = [
            lang.label("fault", kind.name()),
            control_number.clone(),
            title.clone(),
            sentence(finding, lang),
            detail.clone(),
        ];
        line(&mut text, &cells);
    }
    text
}

fn line(text: &mut String, cells: &[String]) {
    for (n, cell) in cells.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&quoted(cell));
    }
    text.push_str("\r\n");
}

/// A cell of CSV that no program takes for a formula.
pub(in crate::pages) fn quoted(cell: &str) -> String {
    let is_formula = cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || cell.starts_with(['\t', '\r', '\n']);
    let harmless = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    format!("\"{}\"", harmless.replace('"', "\"\""))
}

/// How many records had a fault, night by night.
pub(super) struct Trend {
    /// What the drawing shows, in a sentence.
    pub(super) label: String,
    /// Points of the line: `x,y x,y …`.
    pub(super) points: String,
    /// The dots, with what each says.
    pub(super) dots: Vec<(u32, u32, String)>,
    /// The same as a table, newest first.
    pub(super) rows: Vec<(String, String, String)>,
}

const WIDTH: u32 = 600;
const HEIGHT: u32 = 120;
const MARGIN: u32 = 6;

/// The line of all faults; `None` where there is no second night.
pub(super) fn trend(nights: &[QualityRow], lang: Lang) -> Option<Trend> {
    let faults = |row: &QualityRow| FaultKind::ALL.iter().map(|kind| row.count(*kind)).sum::<u64>();
    let (first, last) = (nights.first()?, nights.last()?);
    if nights.len() < 2 {
        return None;
    }
    let most = nights.iter().map(faults).max().unwrap_or(0).max(1);
    let place = |n: usize, count: u64| {
        let x = MARGIN
            + (WIDTH - 2 * MARGIN) * u32::try_from(n).unwrap_or(0)
                / u32::try_from(nights.len() - 1).unwrap_or(1);
        let height = u128::from(HEIGHT - 2 * MARGIN) * u128::from(count) / u128::from(most);
        (x, HEIGHT - MARGIN - u32::try_from(height).unwrap_or(0))
    };
    let dots: Vec<(u32, u32, String)> = nights
        .iter()
        .enumerate()
        .map(|(n, row)| {
            let (x, y) = place(n, faults(row));
            (x, y, format!("{}: {}", row.day, grouped(faults(row))))
        })
        .collect();
    let (from, to) = (grouped(faults(first)), grouped(faults(last)));
    let gaps = [("first", first.day.as_str()), ("last", last.day.as_str()), ("from", &from), ("to", &to)];
    Some(Trend {
        label: lang.fill("quality.trend_label", &gaps),
        points: dots.iter().map(|(x, y, _)| format!("{x},{y} ")).collect::<String>().trim_end().to_owned(),
        dots,
        rows: nights
            .iter()
            .rev()
            .map(|row| (row.day.clone(), grouped(row.records), grouped(faults(row))))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn finding(kind: FaultKind, number: &str, title: &str, detail: &str) -> Finding {
        Finding { kind, control_number: number.into(), title: title.into(), detail: detail.into() }
    }

    #[test]
    fn cells_are_quoted_and_no_formula() {
        for (cell, expect) in [
            ("三国演义", "\"三国演义\""),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("=HYPERLINK(\"http://evil\")", "\"'=HYPERLINK(\"\"http://evil\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM", "\"'@SUM\""),
            ("  =1", "\"'  =1\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1", "\"'＝1\""),
        ] {
            assert_eq!(quoted(cell), expect, "{cell}");
        }
        let text = csv(&[finding(FaultKind::Isbn, "-7", "=cmd|'/C calc'!A0", "978")], Lang::ZhHans);
        assert!(text.starts_with('\u{feff}'));
        assert!(text.contains("\"'-7\",\"'=cmd|'/C calc'!A0\""), "{text}");
        assert_eq!(text.matches("\r\n").count(), 2);
    }

    #[test]
    fn every_finding_has_a_sentence() {
        for lang in Lang::ALL {
            for kind in FaultKind::ALL {
                let said = sentence(&finding(kind, "1", "红楼梦", "undecodable-text"), lang);
                assert!(said.chars().count() > 4 && !said.contains('{'), "{kind:?} {lang:?}: {said}");
            }
        }
    }

    #[test]
    fn the_trend_falls_when_faults_do() {
        let night = |day: &str, isbn: u64| QualityRow {
            state: 1,
            day: day.to_owned(),
            records: 10,
            by_kind: [("isbn".to_owned(), isbn)].into(),
        };
        assert!(trend(&[night("2026-11-24", 4)], Lang::En).is_none());
        let drawn = trend(&[night("2026-11-24", 4), night("2026-11-25", 2)], Lang::En).unwrap();
        assert_eq!(drawn.points, "6,6 594,60");
        assert_eq!(drawn.rows[0], ("2026-11-25".to_owned(), "10".to_owned(), "2".to_owned()));
        let flat = trend(&[night("2026-11-24", 0), night("2026-11-25", 0)], Lang::En).unwrap();
        assert_eq!(flat.points, "6,114 594,114");
        let many: Vec<QualityRow> = (0..90).map(|n| night("2026-11-24", u64::MAX / 200 + n)).collect();
        assert_eq!(trend(&many, Lang::En).unwrap().dots.len(), 90);
    }
}
