//! Which letters go out by mail too: once each, those of a reader together.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::accounts::AccountId;
use super::letters::Answer;
use super::mails::{NewMail, put_mail};
use super::{Cached, Store};
use crate::Result;
use crate::requests::{Reminder, State};

/// What a reader has been told and was not written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Who.
    pub account: AccountId,
    /// Tag of the language in which the reader is written to; empty where none was chosen.
    pub lang: String,
    /// The reader wants to be written to.
    pub by_mail: bool,
    /// Letter by letter, in their order.
    pub lines: Vec<NewsLine>,
}

/// A letter without what somebody wrote in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewsLine {
    /// Its number.
    pub letter: i64,
    /// Number and title of the request that it is about.
    pub request: Option<(String, String)>,
    /// How that request stands since then.
    pub state: Option<State>,
    /// Of what the reader is reminded.
    pub reminder: Option<Reminder>,
    /// What the lender answered.
    pub answer: Option<Answer>,
    /// The day on which the item is due, as it is written; may be empty.
    pub due: String,
    /// The reader has seen it.
    pub is_read: bool,
}

const WHO: &str = "SELECT a.id, a.lang, a.by_mail FROM letters l JOIN accounts a ON a.id = l.account WHERE l.mailed IS \
                   NULL AND l.at > ?1 AND l.at <= ?2 ORDER BY l.at LIMIT 1";
const LINES: &str = "SELECT l.id, r.number, r.title, l.state, l.reminder, l.answer, coalesce(nullif(l.day, ''), r.due, \
                     ''), l.read IS NOT NULL FROM letters l LEFT JOIN requests r ON r.id = l.request \
                     WHERE l.account = ?1 AND l.mailed IS NULL AND l.at > ?2 ORDER BY l.id LIMIT 50";

impl Store {
    /// What the next reader was told after a moment; nothing where the oldest of it was not said by `until`.
    pub fn news(&self, after: Timestamp, until: Timestamp) -> Result<Option<News>> {
        let (after, until) = (after.as_second(), until.as_second());
        self.read(|connection| {
            let who = |row: &Row<'_>| {
                Ok(News {
                    account: AccountId::of(row.get(0)?),
                    lang: row.get(1)?,
                    by_mail: row.get(2)?,
                    lines: Vec::new(),
                })
            };
            let Some(news) = connection.row(WHO, [after, until], who).optional()? else {
                return Ok(None);
            };
            let mut statement = connection.prepare_cached(LINES)?;
            let lines =
                statement.query_map([news.account.number(), after], line_of)?.collect::<Result<_, _>>()?;
            Ok(Some(News { lines, ..news }))
        })
    }

    /// Leaves the mail that tells it, or notes that there is none to be sent; both with one stroke.
    pub fn news_told(&self, news: &News, mail: Option<&NewMail<'_>>, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            // Erased in between: there is nobody to write to.
            if told(transaction, news, now)? > 0
                && let Some(mail) = mail
            {
                put_mail(transaction, news.account, mail)?;
            }
            Ok(())
        })
    }
}

fn told(transaction: &Transaction<'_>, news: &News, now: Timestamp) -> rusqlite::Result<usize> {
    let mut statement =
        transaction.prepare_cached("UPDATE letters SET mailed = ?2 WHERE id = ?1 AND mailed IS NULL")?;
    let mut n_told = 0;
    for line in &news.lines {
        n_told += statement.execute(params![line.letter, now.as_second()])?;
    }
    Ok(n_told)
}

fn line_of(row: &Row<'_>) -> rusqlite::Result<NewsLine> {
    let number: Option<String> = row.get(1)?;
    let title = |number| Ok::<_, rusqlite::Error>((number, row.get(2)?));
    Ok(NewsLine {
        letter: row.get(0)?,
        request: number.map(title).transpose()?,
        state: row.get::<_, Option<String>>(3)?.as_deref().and_then(State::from_code),
        reminder: row.get::<_, Option<String>>(4)?.as_deref().and_then(Reminder::from_code),
        answer: row.get::<_, Option<String>>(5)?.as_deref().and_then(Answer::from_code),
        due: row.get(6)?,
        is_read: row.get(7)?,
    })
}
