//! Closed days, working days that would be none, common vacations, and on which days of the week a desk is closed.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, params};

use super::accounts::AccountId;
use super::{Cached, Store};
use crate::Result;

/// What days are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayKind {
    /// The desk is closed.
    Closed,
    /// The desk is open although the day of the week says otherwise (调休).
    Working,
    /// A common vacation: what is lent in it is due on one day after it.
    Vacation,
}

impl DayKind {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Working, Self::Vacation];

    /// Its word in the store and in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Working => "working",
            Self::Vacation => "vacation",
        }
    }

    /// The kind of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Some days of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarEntry {
    /// Its number; 0 before it is kept.
    pub id: i64,
    /// Whose calendar; `None` is the consortium's.
    pub library: Option<String>,
    /// What the days are.
    pub kind: DayKind,
    /// First day; of a vacation the first on which what is lent is extended.
    pub first: Date,
    /// Last day; of a vacation the day on which that is due.
    pub last: Date,
    /// Codes of lenders that take no part in a vacation.
    pub exempt: Vec<String>,
    /// For people: 国庆节.
    pub note: String,
}

const ALL: &str = "SELECT id, library, kind, first, last, exempt, note FROM calendar_days ORDER BY library IS NOT NULL, \
                   library, first, id";

impl Store {
    /// Adds days to a calendar.
    pub fn add_calendar_entry(&self, entry: &CalendarEntry, staff: AccountId, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "INSERT INTO calendar_days (library, kind, first, last, exempt, note, staff, written) VALUES (?1, ?2, ?3, \
                 ?4, ?5, ?6, ?7, ?8)",
                params![
                    entry.library,
                    entry.kind.code(),
                    entry.first.to_string(),
                    entry.last.to_string(),
                    entry.exempt.join(" "),
                    entry.note,
                    staff.number(),
                    now.as_second()
                ],
            )?;
            Ok(())
        })
    }

    /// Takes days out of a calendar; `of` is the library whose staff asks, none for all. Whether there were any.
    pub fn remove_calendar_entry(&self, id: i64, of: Option<&str>) -> Result<bool> {
        self.write(|transaction| {
            let n_rows = transaction.run(
                "DELETE FROM calendar_days WHERE id = ?1 AND (?2 IS NULL OR library = ?2)",
                params![id, of],
            )?;
            Ok(n_rows > 0)
        })
    }

    /// All calendars: the consortium's first, then library by library, by day.
    pub fn calendar_entries(&self) -> Result<Vec<CalendarEntry>> {
        self.read(|connection| connection.prepare_cached(ALL)?.query_map([], entry_of)?.collect())
    }

    /// Says on which days of the week the desk of a library is closed: 1 is Monday, 7 Sunday.
    pub fn set_closed_weekdays(&self, library: &str, days: &[i8]) -> Result<()> {
        let text: String =
            days.iter().filter(|day| (1..=7).contains(*day)).map(ToString::to_string).collect();
        self.write(|transaction| {
            transaction.run(
                "INSERT INTO closed_weekdays (library, days) VALUES (?1, ?2) ON CONFLICT (library) DO UPDATE SET days = \
                 excluded.days",
                params![library, text],
            )?;
            Ok(())
        })
    }

    /// On which days of the week desks are closed.
    pub fn closed_weekdays(&self) -> Result<Vec<(String, Vec<i8>)>> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT library, days FROM closed_weekdays ORDER BY library")?
                .query_map([], |row| {
                    let days: String = row.get(1)?;
                    let day = |c: char| c.to_digit(8).and_then(|digit| i8::try_from(digit).ok());
                    Ok((row.get(0)?, days.chars().filter_map(day).collect()))
                })?
                .collect()
        })
    }
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<CalendarEntry> {
    let day = |at| row.get::<_, String>(at).map(|text| text.parse().unwrap_or_default());
    Ok(CalendarEntry {
        id: row.get(0)?,
        library: row.get(1)?,
        kind: DayKind::from_code(&row.get::<_, String>(2)?).unwrap_or(DayKind::Closed),
        first: day(3)?,
        last: day(4)?,
        exempt: row.get::<_, String>(5)?.split_whitespace().map(str::to_owned).collect(),
        note: row.get(6)?,
    })
}
