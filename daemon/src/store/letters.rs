//! What readers are told: that a request moved on, and what staff write to them; with marks of what was read.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::accounts::AccountId;
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;
use crate::requests::{EXTENDED, Event, Party, Recorded, Reminder, RequestId, State};

/// Letters on a page.
pub const LETTERS_A_PAGE: u32 = 20;

/// What the lender answered to a reader, where the state alone would not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The due date is a later one; the letter names it, where it is known.
    Renewed,
    /// The common vacation moves the due date, which nobody asked for.
    Extended,
    /// The due date stays.
    NotRenewed,
    /// The request goes on.
    NotWithdrawn,
}

impl Answer {
    const ALL: [Self; 4] = [Self::Renewed, Self::Extended, Self::NotRenewed, Self::NotWithdrawn];

    fn of(recorded: &Recorded) -> Option<Self> {
        match recorded.event {
            Event::AnswerRenew { granted: true, .. } if recorded.note == EXTENDED => Some(Self::Extended),
            Event::AnswerRenew { granted: true, .. } => Some(Self::Renewed),
            Event::AnswerRenew { granted: false, .. } => Some(Self::NotRenewed),
            Event::AnswerCancel { granted: false } => Some(Self::NotWithdrawn),
            _ => None,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Extended => "extended",
            Self::NotRenewed => "not_renewed",
            Self::NotWithdrawn => "not_withdrawn",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.code() == code)
    }
}

/// Something that a reader is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// When it was written.
    pub at: Timestamp,
    /// Which request it is about, with number and title.
    pub request: Option<(RequestId, String, String)>,
    /// How that request stands since then.
    pub state: Option<State>,
    /// Of what the reader is reminded.
    pub reminder: Option<Reminder>,
    /// What the lender answered.
    pub answer: Option<Answer>,
    /// The due date of which it tells, as it is written; empty where it tells of none.
    pub day: String,
    /// Name of whoever of the staff writes; empty where nobody does.
    pub sender: String,
    /// What was said.
    pub text: String,
    /// When it was read.
    pub read: Option<Timestamp>,
}

const OF_ACCOUNT: &str = "SELECT l.id, l.at, l.request, r.number, r.title, l.state, coalesce(s.name, ''), l.text, l.read, l.reminder, l.answer, l.day FROM letters l LEFT \
     JOIN requests r ON r.id = l.request LEFT JOIN accounts s ON s.id = l.staff WHERE l.account = ?1 ORDER BY l.id DESC \
     LIMIT ?2 OFFSET ?3";

impl Store {
    /// A page of what a reader was told, the newest first; pages count from 1.
    pub fn letters(&self, account: AccountId, page: u32) -> Result<Vec<Letter>> {
        let before = LETTERS_A_PAGE.saturating_mul(page.saturating_sub(1));
        self.read(|connection| {
            connection
                .prepare_cached(OF_ACCOUNT)?
                .query_map(params![account.number(), LETTERS_A_PAGE, before], letter_of)?
                .collect()
        })
    }

    /// How many letters a reader has, and how many of them are unread.
    pub fn count_letters(&self, account: AccountId) -> Result<(u32, u32)> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT count(*), count(*) - count(read) FROM letters WHERE account = ?1")?
                .query_row([account.number()], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// Marks letters of a reader as read up to this one; later ones may not have been seen yet.
    pub fn read_letters(&self, account: AccountId, up_to: i64, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE letters SET read = ?3 WHERE account = ?1 AND id <= ?2 AND read IS NULL",
                params![account.number(), up_to, now.as_second()],
            )?;
            Ok(())
        })
    }

    /// Marks one letter of a reader as read, or as unread again.
    pub fn mark_letter(&self, account: AccountId, id: i64, read: Option<Timestamp>) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE letters SET read = ?3 WHERE account = ?1 AND id = ?2",
                params![account.number(), id, read.map(Timestamp::as_second)],
            )?;
            Ok(())
        })
    }

    /// Writes to a reader in the name of somebody of the staff.
    pub fn write_letter(
        &self,
        account: AccountId,
        staff: AccountId,
        text: &str,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "INSERT INTO letters (account, at, staff, text) VALUES (?1, ?2, ?3, ?4)",
                params![account.number(), now.as_second(), staff.number(), text],
            )?;
            Ok(())
        })
    }
}

/// Tells the reader of a request how it stands now, where that is news: what he did himself he knows, what has become
/// overdue is said by a reminder, and a step on the way without a word is seen at the request.
pub(super) fn put_letter(
    transaction: &Transaction<'_>,
    id: RequestId,
    recorded: &Recorded,
    (before, state): (State, State),
    now: Timestamp,
) -> rusqlite::Result<()> {
    let answer = Answer::of(recorded);
    // A report that comes late moves nothing; an answer is told also where the state stays.
    let is_news = before != state && state.is_news() || answer.is_some() || !recorded.note.is_empty();
    // What the lender says to a librarian's question stands in the history.
    let is_silent =
        matches!(recorded.event, Event::BecomeOverdue | Event::TakeBackOverdue | Event::TellStatus);
    if recorded.party == Party::Reader || is_silent || !is_news {
        return Ok(());
    }
    let day = match recorded.event {
        Event::AnswerRenew { granted: true, due: Some(due) } => due.to_string(),
        _ => String::new(),
    };
    // What the answer says by itself is not said twice.
    let text = if answer == Some(Answer::Extended) { "" } else { &recorded.note };
    let answer = answer.map(Answer::code);
    transaction.run(
        "INSERT INTO letters (account, at, request, state, answer, day, text) SELECT account, ?2, id, ?3, ?4, ?5, ?6 FROM \
         requests WHERE id = ?1 AND account IS NOT NULL",
        params![id.as_bytes(), now.as_second(), state.code(), answer, day, text],
    )?;
    Ok(())
}

/// Reminds the reader of a request.
pub(super) fn put_reminder(
    transaction: &Transaction<'_>,
    id: RequestId,
    reminder: Reminder,
    due: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO letters (account, at, request, reminder, day, text) SELECT account, ?2, id, ?3, ?4, '' FROM requests \
         WHERE id = ?1 AND account IS NOT NULL",
        params![id.as_bytes(), now.as_second(), reminder.code(), due],
    )?;
    Ok(())
}

fn letter_of(row: &Row<'_>) -> rusqlite::Result<Letter> {
    let request: Option<[u8; 16]> = row.get(2)?;
    let about = |id| Ok::<_, rusqlite::Error>((RequestId::from_bytes(id), row.get(3)?, row.get(4)?));
    Ok(Letter {
        id: row.get(0)?,
        at: instant(row.get(1)?),
        request: request.map(about).transpose()?,
        state: row.get::<_, Option<String>>(5)?.as_deref().and_then(State::from_code),
        sender: row.get(6)?,
        text: row.get(7)?,
        read: row.get::<_, Option<i64>>(8)?.map(instant),
        reminder: row.get::<_, Option<String>>(9)?.as_deref().and_then(Reminder::from_code),
        answer: row.get::<_, Option<String>>(10)?.as_deref().and_then(Answer::from_code),
        day: row.get(11)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::bib::LibraryCode;

    use super::*;
    use crate::trial::{kept_request, new_account, reader};

    #[test]
    fn a_reader_is_told_what_others_did_and_marks_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let account = reader(&store, now).id;
        let id = kept_request(&store, account, now);
        assert_eq!(store.count_letters(account).unwrap(), (0, 0), "what one does oneself is no news");
        let home = LibraryCode::new("BJFU");
        store.record_event(id, (&home, Party::Branch), &Event::Transmit, "", now).unwrap().unwrap().unwrap();
        assert_eq!(store.count_letters(account).unwrap(), (0, 0), "a step on the way is seen at the request");
        let lender = LibraryCode::new("PKU");
        let said = "读者证请带上";
        store
            .record_event(id, (&lender, Party::Lender), &Event::Accept, said, now)
            .unwrap()
            .unwrap()
            .unwrap();
        // The receipt that comes late moves nothing, and has nothing to say.
        store
            .record_event(id, (&lender, Party::Lender), &Event::Acknowledge, "", now)
            .unwrap()
            .unwrap()
            .unwrap();
        let staff = store.add_account(&new_account("BJFU", "0007"), now).unwrap().unwrap();
        store.write_letter(account, staff, "书到了", now).unwrap();
        let letters = store.letters(account, 1).unwrap();
        let states: Vec<_> = letters.iter().map(|letter| letter.state).collect();
        assert_eq!(states, [None, Some(State::Accepted)]);
        assert_eq!((letters[0].sender.as_str(), letters[1].text.as_str()), ("王芳", said));
        assert_eq!(letters[1].request.as_ref().unwrap().0, id);
        assert!(store.letters(account, 2).unwrap().is_empty());
        store.read_letters(account, letters[1].id, now).unwrap();
        assert_eq!(store.count_letters(account).unwrap(), (2, 1));
        store.mark_letter(account, letters[1].id, None).unwrap();
        store.mark_letter(AccountId::of(99), letters[0].id, Some(now)).unwrap();
        assert_eq!(store.count_letters(account).unwrap(), (2, 2), "nobody marks another's letters");
        let due = Some(jiff::civil::date(2026, 12, 25));
        assert!(store.note_reminder(id, Reminder::Week, due, now).unwrap());
        assert!(!store.note_reminder(id, Reminder::Week, due, now).unwrap(), "once");
        let letter = &store.letters(account, 1).unwrap()[0];
        assert_eq!(letter.answer, None);
        assert_eq!((letter.reminder, letter.day.as_str()), (Some(Reminder::Week), "2026-12-25"));
    }

    #[test]
    fn a_reminder_of_an_older_version_keeps_its_day() {
        let folder = tempfile::tempdir().unwrap();
        let mut older = rusqlite::Connection::open(folder.path().join("state.db")).unwrap();
        let steps = &crate::store::migrations::ALL[..17];
        crate::store::migrations::bring_up_to_date(&mut older, folder.path(), steps).unwrap();
        let kept = "PRAGMA foreign_keys = OFF; INSERT INTO letters (account, at, reminder, text) VALUES (1, 0, 'week', \
                    '2026-12-25')";
        older.execute_batch(kept).unwrap();
        drop(older);
        let store = Store::open(folder.path()).unwrap();
        let letter = store.letters(AccountId::of(1), 1).unwrap().remove(0);
        assert_eq!((letter.reminder, letter.day.as_str()), (Some(Reminder::Week), "2026-12-25"));
        assert_eq!(letter.text, "");
    }

    #[test]
    fn an_answer_is_told_though_the_state_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let account = reader(&store, now).id;
        let id = kept_request(&store, account, now);
        let (home, lender) = (LibraryCode::new("BJFU"), LibraryCode::new("PKU"));
        let due = Some(jiff::civil::date(2026, 12, 25));
        let does = |party, event, note| {
            let library = if party == Party::Lender { &lender } else { &home };
            store.record_event(id, (library, party), &event, note, now).unwrap().unwrap().unwrap();
        };
        does(Party::Branch, Event::Transmit, "");
        does(Party::Lender, Event::Accept, "");
        does(Party::Reader, Event::AskCancel, "");
        does(Party::Lender, Event::AnswerCancel { granted: false }, "");
        does(Party::Lender, Event::Ship { due: None }, "");
        does(Party::Requester, Event::Receive, "");
        does(Party::Requester, Event::CheckOut, "");
        does(Party::Reader, Event::AskRenew, "");
        does(Party::Lender, Event::AnswerRenew { granted: true, due }, "下不为例");
        does(Party::Reader, Event::AskRenew, "");
        does(Party::Lender, Event::AnswerRenew { granted: false, due: None }, "");
        let told = store.letters(account, 1).unwrap();
        let answers: Vec<_> = told.iter().filter_map(|letter| letter.answer).collect();
        assert_eq!(answers, [Answer::NotRenewed, Answer::Renewed, Answer::NotWithdrawn]);
        let texts: Vec<_> =
            told.iter().take(2).map(|letter| (letter.day.as_str(), letter.text.as_str())).collect();
        assert_eq!(texts, [("", ""), ("2026-12-25", "下不为例")]);
        let news = store.news(now - jiff::SignedDuration::from_secs(1), now).unwrap().unwrap();
        let told: Vec<_> = news.lines.iter().filter_map(|line| line.answer).collect();
        assert_eq!(told, [Answer::NotWithdrawn, Answer::Renewed, Answer::NotRenewed]);
        assert!(news.lines.iter().all(|line| !line.due.contains("下不为例")), "mails say nobody's words");
    }
}
