//! Letters of readers that go out by mail too: what is worth a mail, and when. In which words is said by whoever
//! starts the daemon, since pages and mails say the same.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::Result;
use crate::requests::State;
use crate::store::{NewMail, News, NewsLine, Store};

/// Writes a mail: its subject, and its text.
pub type WriteNews = Arc<dyn Fn(&News) -> (String, String) + Send + Sync>;

/// A request moves several steps at once: what it comes to is said once.
const GATHERED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// What is older when mail is set up, or the machine was off, is no news.
const NEWS_FOR: SignedDuration = SignedDuration::from_hours(48);
/// A mail that could not be sent for so long helps nobody.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(72);

/// Leaves a mail for each reader who was told something.
pub(super) fn gather(store: &Store, write: &WriteNews, now: Timestamp) -> Result<()> {
    let before = |span| now.checked_sub(span).unwrap_or(now);
    while let Some(news) = store.news(before(NEWS_FOR), before(GATHERED_FOR))? {
        let worth = worth_a_mail(&news);
        if worth.lines.is_empty() {
            store.news_told(&news, None, now)?;
            continue;
        }
        let (subject, body) = write(&worth);
        let until = now.saturating_add(GOOD_FOR).unwrap_or(now);
        store.news_told(&news, Some(&NewMail { subject: &subject, body: &body, until }), now)?;
    }
    Ok(())
}

// Of a request only how it stands last; steps in between and what was read already are left out.
fn worth_a_mail(news: &News) -> News {
    let is_last = |place: usize, line: &NewsLine| {
        line.reminder.is_some()
            || line.request.is_none()
            || !news.lines[place + 1..]
                .iter()
                .any(|later| later.request == line.request && later.state.is_some())
    };
    let is_worth = |(place, line): &(usize, &NewsLine)| {
        news.by_mail && !line.is_read && line.state.is_none_or(State::is_news) && is_last(*place, line)
    };
    let lines = news.lines.iter().enumerate().filter(is_worth).map(|(_, line)| line.clone()).collect();
    News { lines, ..news.clone() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::bib::LibraryCode;
    use jiff::civil::date;

    use super::*;
    use crate::requests::{Event, Party, Reminder};
    use crate::store::Profile;
    use crate::trial::{kept_request, reader};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    // As lines: of the words nothing is decided here.
    fn write() -> WriteNews {
        Arc::new(|news| {
            let said = |line: &NewsLine| {
                let state = line.state.map(|state| state.code()).unwrap_or_default();
                format!("{state}{}{}\n", line.reminder.map(|r| r.code()).unwrap_or_default(), line.due)
            };
            ("subject".to_owned(), news.lines.iter().map(said).collect())
        })
    }

    #[test]
    fn a_reader_is_written_once_what_all_came_to_and_not_what_others_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let account = reader(&store, at(0)).id;
        let id = kept_request(&store, account, at(0));
        let home = LibraryCode::new("BJFU");
        let lender = LibraryCode::new("PKU");
        let event = |by: (&LibraryCode, Party), event: &Event, note: &str, when| {
            store.record_event(id, by, event, note, at(when)).unwrap().unwrap().unwrap();
        };
        event((&home, Party::Branch), &Event::Transmit, "", 0);
        event((&lender, Party::Lender), &Event::Accept, "欧阳的书", 1);
        store.write_letter(account, account, "请来一趟", at(2)).unwrap();
        let mail = |when| {
            gather(&store, &write(), at(when)).unwrap();
            let mail = store.next_mail(at(when)).unwrap();
            mail.map(|mail| {
                store.mail_sent(mail.id).unwrap();
                mail.body
            })
        };
        assert_eq!(mail(30), None, "more may come");
        assert_eq!(
            mail(61).as_deref(),
            Some("accepted\n\n"),
            "the step before is left out, words of others too"
        );
        assert_eq!(mail(999), None, "once");
        store.note_reminder(id, Reminder::Day, Some(date(2026, 12, 25)), at(1_000)).unwrap();
        assert_eq!(mail(1_061).as_deref(), Some("day2026-12-25\n"));
        store.write_letter(account, account, "已读", at(2_000)).unwrap();
        let letter = store.letters(account, 1).unwrap()[0].id;
        store.read_letters(account, letter, at(2_001)).unwrap();
        assert_eq!(mail(2_061), None, "what was read is no news");
        store.write_letter(account, account, "旧", at(3_000)).unwrap();
        assert_eq!(mail(3_000 + 49 * 3_600), None, "too old");
        let profile = Profile { code: "x", email: "wf@example.cn", phone: "", lang: "en", by_mail: false };
        assert!(store.set_profile(account, &profile).unwrap());
        store.write_letter(account, account, "新", at(900_000)).unwrap();
        assert_eq!(mail(900_061), None, "the reader does not want it");
        assert_eq!(store.news(at(899_999), at(999_999)).unwrap(), None, "and is not asked about again");
    }
}
