//! What readers are told by mail, in the words of `/me/messages`: which book, how the request stands, by which day it is
//! to be back. What somebody wrote is read where the reader signs in, never in a mail.

use std::sync::Arc;

use daemon::requests::Reminder;
use daemon::run::WriteNews;
use daemon::settings::Settings;
use daemon::store::{Answer, News, NewsLine};

use crate::i18n::Lang;
use crate::requests::state_words;

/// Writes the mails of this site.
pub(crate) fn write(settings: &Settings) -> WriteNews {
    let url = settings.server.public_url.trim_end_matches('/').to_owned();
    Arc::new(move |news| mail(news, &url))
}

fn mail(news: &News, url: &str) -> (String, String) {
    let lang = Lang::from_tag(&news.lang).unwrap_or_default();
    let is_reminder = news.lines.iter().any(|line| line.reminder.is_some());
    let subject = lang.t(if is_reminder { "mail.reminder_subject" } else { "mail.news_subject" });
    let lines: Vec<String> = news.lines.iter().map(|line| about(line, lang)).collect();
    let gaps = [("news", lines.join("\n\n")), ("url", url.to_owned())];
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (subject.to_owned(), lang.fill("mail.news", &gaps))
}

fn about(line: &NewsLine, lang: Lang) -> String {
    let said = match (line.answer, line.reminder, line.state) {
        (Some(answer), ..) => answered(answer, &line.due, lang),
        (_, Some(reminder), _) => reminded(reminder, &line.due, lang),
        (.., Some(state)) if state.is_lent() && !line.due.is_empty() => {
            lang.fill("mail.moved_due", &[("state", state_words(state, lang)), ("day", &line.due)])
        }
        (.., Some(state)) => lang.fill("message.moved", &[("state", state_words(state, lang))]),
        (.., None) => lang.t("mail.from_library").to_owned(),
    };
    let Some((number, title)) = &line.request else { return said };
    lang.fill("mail.line", &[("title", &plain(title)), ("number", number), ("said", &said)])
}

/// What the lender answered.
pub(crate) fn answered(answer: Answer, day: &str, lang: Lang) -> String {
    let key = match answer {
        Answer::Renewed if day.is_empty() => "message.renewed_somehow",
        Answer::Renewed => "message.renewed",
        Answer::Extended => "message.extended",
        Answer::NotRenewed => "message.not_renewed",
        Answer::NotWithdrawn => "message.not_withdrawn",
    };
    lang.fill(key, &[("day", day)])
}

/// What a reader is reminded of.
pub(crate) fn reminded(reminder: Reminder, day: &str, lang: Lang) -> String {
    let key = match reminder {
        Reminder::Overdue => "message.overdue",
        Reminder::Recall => "message.recalled",
        Reminder::Week | Reminder::Day => "message.due",
    };
    lang.fill(key, &[("day", day)])
}

// A title is one line, and turns no other line round.
fn plain(title: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    title.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use daemon::requests::State;

    use super::*;

    #[test]
    fn a_mail_says_book_and_state_in_the_readers_language_and_where_it_can_be_turned_off() {
        let request = Some(("BJFU-26-000001".to_owned(), "Java\n\u{202e}简明教程".to_owned()));
        let line = |state, reminder, due: &str| NewsLine {
            letter: 1,
            request: request.clone(),
            state,
            reminder,
            answer: None,
            due: due.to_owned(),
            is_read: false,
        };
        for (lang, tag) in Lang::ALL.map(|lang| (lang, lang.tag())) {
            let lines = vec![
                line(Some(State::OnLoan), None, "2026-12-30"),
                line(None, Some(Reminder::Day), "2026-12-25"),
                NewsLine { request: None, ..line(None, None, "") },
                NewsLine { answer: Some(Answer::Renewed), ..line(Some(State::OnLoan), None, "2027-01-24") },
            ];
            let account = daemon::store::AccountId::parse("1").expect("a number");
            let news = News { account, lang: tag.to_owned(), by_mail: true, lines };
            let (subject, body) = mail(&news, "http://ill.example.org");
            assert_eq!(subject, lang.t("mail.reminder_subject"));
            let said = [
                state_words(State::OnLoan, lang),
                "2026-12-30",
                "2026-12-25",
                "2027-01-24",
                "Java 简明教程",
                "BJFU-26-000001",
            ];
            for words in said.into_iter().chain(["http://ill.example.org/me/messages", "/me/profile"]) {
                assert!(body.contains(words), "{tag}: {words} is not in {body}");
            }
            assert!(!body.contains(['{', '\u{202e}']), "{body}");
        }
    }
}
