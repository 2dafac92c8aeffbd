//! What readers have at home: who is to be reminded, and what has become overdue.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::params;

use super::accounts::AccountId;
use super::events::record;
use super::letters::put_reminder;
use super::requests::{StoredRequest, from_row, one};
use super::{Cached, Store};
use crate::Result;
use crate::requests::{Event, Party, Reminder, RequestId, State};

/// A loan with what its reader was reminded of.
#[derive(Clone, Debug, PartialEq)]
pub struct LoanRow {
    /// The request.
    pub request: StoredRequest,
    /// Whose it is; loans of erased readers are not listed.
    pub account: AccountId,
    /// Reminders for the present due date.
    pub reminded: Vec<Reminder>,
}

// Readers whose account is here: others are reminded where their library is served.
const LENT: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own, (SELECT group_concat(kind, \
                    ' ') FROM reminders m WHERE m.request = requests.id AND m.due = coalesce(requests.due, '')) AS said FROM \
                    requests WHERE state IN ('received', 'on_loan', 'overdue', 'recalled') AND account IS NOT NULL \
                    ORDER BY id";
const UNSAY: &str = "DELETE FROM reminders WHERE request = ?1 AND kind = ?2 AND due = ?3";

impl Store {
    /// What readers of this machine have, or could fetch.
    pub fn loans(&self) -> Result<Vec<LoanRow>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(LENT)?;
            let rows =
                statement.query_map([], |row| Ok((from_row(row)?, row.get::<_, Option<String>>("said")?)))?;
            let mut loans = Vec::new();
            for row in rows {
                let (request, kinds) = row?;
                let Some(account) = request.account else { continue };
                let reminded = kinds.unwrap_or_default().split(' ').filter_map(Reminder::from_code).collect();
                loans.push(LoanRow { request, account, reminded });
            }
            Ok(loans)
        })
    }

    /// What the clock says of a loan; how it stands then.
    pub fn note_by_clock(
        &self,
        id: RequestId,
        library: &LibraryCode,
        event: &Event,
        now: Timestamp,
    ) -> Result<Option<State>> {
        self.write(|transaction| {
            let Some(request) = one(transaction, id)? else { return Ok(None) };
            let recorded = record(transaction, &request, (library, Party::Branch), event, "", now)?;
            Ok(Some(recorded.map_or(request.state, |standing| standing.state)))
        })
    }

    /// Reminders that only a clock that stood wrong can have made count as never made: they will come in their time.
    pub fn forget_reminders(&self, id: RequestId, due: Option<Date>, kinds: &[Reminder]) -> Result<()> {
        let due = due.map(|day| day.to_string()).unwrap_or_default();
        self.write(|transaction| {
            for kind in kinds {
                transaction.run(UNSAY, params![id.as_bytes(), kind.code(), due])?;
            }
            Ok(())
        })
    }

    /// Reminds a reader by a letter; `false`: that was done before.
    pub fn note_reminder(
        &self,
        id: RequestId,
        kind: Reminder,
        due: Option<Date>,
        now: Timestamp,
    ) -> Result<bool> {
        let due = due.map(|day| day.to_string()).unwrap_or_default();
        self.write(|transaction| {
            let n_rows = transaction.run(
                "INSERT INTO reminders (request, kind, due, made) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                params![id.as_bytes(), kind.code(), due, now.as_second()],
            )?;
            if n_rows > 0 {
                put_reminder(transaction, id, kind, &due, now)?;
            }
            Ok(n_rows > 0)
        })
    }
}
