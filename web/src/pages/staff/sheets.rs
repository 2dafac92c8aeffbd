//! Tables of figures, on a page and as files: CSV with a BOM, and XLSX. No cell becomes a formula.

use crate::money::yuan;
use rust_xlsxwriter::{Format, Workbook};

use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::pages::admin::quality_table::quoted;

/// A table with its name.
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) total: Option<Vec<Cell>>,
}

/// What stands in a cell.
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// A number.
    Count(u64),
    /// A share of one.
    Share(f64),
    /// Fen.
    Money(u64),
}

impl Cell {
    /// As a person reads it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(n) => grouped(*n),
            Self::Share(share) => format!("{:.1} %", share * 100.0),
            Self::Money(fen) => yuan(*fen),
        }
    }

    /// Whether it stands at the right.
    pub(super) fn is_number(&self) -> bool {
        !matches!(self, Self::Text(_))
    }

    // Numbers as programs read them; words that no program takes for a formula.
    fn as_csv(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Count(n) => n.to_string(),
            Self::Share(share) => format!("{share:.4}"),
            Self::Money(fen) => yuan(*fen),
        }
    }
}

impl Sheet {
    pub(super) fn new(
        lang: Lang,
        title: &str,
        head: &[&str],
        rows: Vec<Vec<Cell>>,
        total: Vec<Cell>,
    ) -> Self {
        // Of nothing there is no sum.
        let total = (!rows.is_empty()).then_some(total);
        let head = head.iter().map(|key| lang.t(key).to_owned()).collect();
        Self { title: lang.t(title).to_owned(), head, rows, total }
    }
}

/// All tables one after the other, a blank line between them.
pub(super) fn csv(sheets: &[Sheet]) -> String {
    let mut text = String::from('\u{feff}');
    for (n, sheet) in sheets.iter().enumerate() {
        if n > 0 {
            text.push_str("\r\n");
        }
        text.push_str(&format!("{}\r\n", quoted(&sheet.title)));
        let head: Vec<String> = sheet.head.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&format!("{}\r\n", head.join(",")));
        for row in sheet.rows.iter().chain(&sheet.total) {
            let cells: Vec<String> = row.iter().map(Cell::as_csv).collect();
            text.push_str(&format!("{}\r\n", cells.join(",")));
        }
    }
    text
}

/// A book with a sheet a table.
pub(super) fn xlsx(sheets: &[Sheet]) -> Result<Vec<u8>, WebError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let (share, money) = (Format::new().set_num_format("0.0%"), Format::new().set_num_format("0.00"));
    for sheet in sheets {
        let paper = book.add_worksheet();
        // Names of sheets are short, and some signs may not stand in them.
        let name: String = sheet.title.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
        paper.set_name(name).map_err(WebError::internal)?;
        for (at, cell) in (0..).zip(&sheet.head) {
            paper.write_string_with_format(0, at, cell, &bold).map_err(WebError::internal)?;
        }
        for (line, row) in (1..).zip(sheet.rows.iter().chain(&sheet.total)) {
            for (at, cell) in (0..).zip(row) {
                // Strings are written as strings: what begins with "=" is no formula.
                let written = match cell {
                    Cell::Text(text) => paper.write_string(line, at, text),
                    Cell::Count(n) => paper.write_number(line, at, *n as f64),
                    Cell::Share(part) => paper.write_number_with_format(line, at, *part, &share),
                    Cell::Money(fen) => paper.write_number_with_format(line, at, *fen as f64 / 100.0, &money),
                };
                written.map_err(WebError::internal)?;
            }
        }
        paper.autofit();
    }
    book.save_to_buffer().map_err(WebError::internal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn sheet() -> Sheet {
        let rows = vec![vec![
            Cell::Text("=HYPERLINK(\"x\")".into()),
            Cell::Count(1234),
            Cell::Share(0.5),
            Cell::Money(1250),
        ]];
        Sheet { title: "各馆/各月".into(), head: vec!["馆".into(), "借出".into()], rows, total: None }
    }

    #[test]
    fn files_hold_numbers_and_harmless_words() {
        let text = csv(&[sheet(), sheet()]);
        assert!(text.starts_with("\u{feff}\"各馆/各月\"\r\n\"馆\",\"借出\"\r\n\"'=HYPERLINK(\"\"x\"\")\",1234,0.5000,12.50\r\n\r\n"), "{text}");
        let book = xlsx(&[sheet()]).unwrap();
        assert!(book.starts_with(b"PK"));
        assert!(!book.windows(3).any(|w| w == b"<f>"), "no formula");
        assert_eq!(Cell::Share(0.875).shown(), "87.5 %");
    }
}
