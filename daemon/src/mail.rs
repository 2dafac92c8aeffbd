//! Mail goes out from here, one after the other, and waits where the server cannot be reached.
//!
//! What is sent leaves the store; what nobody waits for any more is dropped there. No text of a mail is ever logged.

mod news;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};

use crate::settings::{MailSecurity, MailSettings};
use crate::store::{Mail, Store};
use crate::{Error, Result};

pub use news::WriteNews;

/// How long a server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// After a failure the next try waits, twice as long each time.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(15);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// The way out.
pub(crate) struct Post {
    server: SmtpTransport,
    from: Mailbox,
}

impl Post {
    /// By the settings; fails with a sentence where they cannot be used.
    pub(crate) fn of(settings: &MailSettings) -> Result<Self> {
        let why = |why: String| Error::MailSettings { why };
        let from = settings.from.parse::<Mailbox>();
        let from = from.map_err(|cause| why(format!("mail.from {:?}: {cause}", settings.from)))?;
        let host = settings.host.as_str();
        let builder = match settings.security {
            MailSecurity::Tls => SmtpTransport::relay(host),
            MailSecurity::StartTls => SmtpTransport::starttls_relay(host),
            MailSecurity::None => Ok(SmtpTransport::builder_dangerous(host)),
        };
        let mut builder = builder.map_err(|cause| why(cause.to_string()))?.timeout(Some(PATIENCE));
        if let Some(port) = settings.port {
            builder = builder.port(port);
        }
        if !settings.user.is_empty() {
            builder = builder.credentials(Credentials::new(settings.user.clone(), password(settings)?));
        }
        Ok(Self { server: builder.build(), from })
    }

    fn send(&self, mail: &Mail) -> std::result::Result<(), String> {
        let to: Mailbox = mail.to.parse().map_err(|_| "the account has no address to write to".to_owned())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.clone())
            .map_err(|cause| cause.to_string())?;
        self.server.send(&message).map(drop).map_err(|cause| crate::import::chain(&cause))
    }
}

fn password(settings: &MailSettings) -> Result<String> {
    let Some(path) = &settings.password_file else {
        return std::env::var("LIANMU_MAIL_PASSWORD").map_err(|_| Error::MailSettings {
            why: "mail.user is set, but neither mail.password_file nor LIANMU_MAIL_PASSWORD".to_owned(),
        });
    };
    let text = std::fs::read_to_string(path).map_err(Error::reading(path))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Leaves mails of what readers were told.
pub(crate) fn gather_news(store: &Store, write: &WriteNews, now: Timestamp) -> Result<()> {
    news::gather(store, write, now)
}

/// Sends everything whose turn it is, until `stop` says so.
pub(crate) fn send_due(
    store: &Store,
    post: &Post,
    now: impl Fn() -> Timestamp,
    stop: impl Fn() -> bool,
) -> Result<()> {
    while !stop() {
        let Some(mail) = store.next_mail(now())? else { return Ok(()) };
        match post.send(&mail) {
            Ok(()) => store.mail_sent(mail.id)?,
            Err(error) => {
                tracing::warn!(error, attempts = mail.attempts + 1, "a mail could not be sent");
                let doublings = mail.attempts.min(8);
                let wait = (FIRST_WAIT * (1i32 << doublings)).min(LONGEST_WAIT);
                store.mail_failed(mail.id, &error, now() + wait)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::store::NewMail;
    use crate::trial::new_account;

    /// A mail server that takes one mail and hands it over.
    fn server() -> (u16, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let say = |text: &str| write!(&stream, "{text}\r\n").unwrap();
            say("220 here");
            let mut mail = String::new();
            while let Some(Ok(line)) = lines.next() {
                let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
                match word.as_str() {
                    "DATA" => {
                        say("354 go on");
                        for line in lines.by_ref().map_while(Result::ok).take_while(|line| line != ".") {
                            mail += &format!("{line}\n");
                        }
                        say("250 taken");
                        tell.send(mail.clone()).unwrap();
                    }
                    "QUIT" => {
                        say("221 bye");
                        return;
                    }
                    _ => {
                        mail += &format!("{line}\n");
                        say("250 ok");
                    }
                }
            }
        });
        (port, told)
    }

    fn settings(port: u16) -> MailSettings {
        MailSettings {
            host: "127.0.0.1".to_owned(),
            port: Some(port),
            security: MailSecurity::None,
            from: "图书馆 <lib@example.edu.cn>".to_owned(),
            user: String::new(),
            password_file: None,
        }
    }

    #[test]
    fn a_mail_waits_for_its_server_and_is_gone_when_it_was_sent() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let id = store.add_account(&new_account("BJFU", "001"), now).unwrap().unwrap();
        let until = now + SignedDuration::from_hours(1);
        let mail = NewMail { subject: "重设密码", body: "一次性代码：ABCD-EFGH\n", until };
        store.add_recovery_code(id, [1; 32], until, Some(&mail)).unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let send = |port, at| send_due(&store, &Post::of(&settings(port)).unwrap(), || at, || false).unwrap();
        send(closed, now);
        assert_eq!(store.next_mail(now).unwrap(), None, "the next try waits");
        let later = now + FIRST_WAIT;
        assert_eq!(store.next_mail(later).unwrap().unwrap().attempts, 1);
        let (port, told) = server();
        send(port, later);
        let sent = told.recv_timeout(PATIENCE).unwrap();
        assert!(sent.contains("RCPT TO:<wf@example.cn>"), "{sent}");
        assert!(!sent.contains("\r\n.\r\n") && sent.contains("Subject: =?utf-8?"), "{sent}");
        assert_eq!(store.next_mail(later).unwrap(), None, "it is gone");
    }

    #[test]
    fn what_nobody_waits_for_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let id = store.add_account(&new_account("BJFU", "001"), now).unwrap().unwrap();
        let until = now + SignedDuration::from_hours(1);
        store
            .add_recovery_code(id, [1; 32], until, Some(&NewMail { subject: "x", body: "y", until }))
            .unwrap();
        assert!(store.next_mail(now).unwrap().is_some());
        assert_eq!(store.next_mail(until).unwrap(), None);
        assert_eq!(store.next_mail(now).unwrap(), None, "it is not there any more");
    }

    #[test]
    fn a_clock_that_stands_ahead_for_a_while_drops_no_mail_and_delays_none() {
        let store = Store::in_memory();
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let ahead = now + SignedDuration::from_hours(3650 * 24);
        store.begin_life(1, now).unwrap();
        let id = store.add_account(&new_account("BJFU", "001"), now).unwrap().unwrap();
        let until = now + SignedDuration::from_hours(1);
        let mail = NewMail { subject: "x", body: "y", until };
        store.add_recovery_code(id, [1; 32], until, Some(&mail)).unwrap();
        let waits = store.next_mail(ahead).unwrap().unwrap();
        store.mail_failed(waits.id, "no server", ahead + FIRST_WAIT).unwrap();
        assert_eq!(store.next_mail(ahead).unwrap(), None, "its turn comes");
        assert_eq!(store.next_mail(now).unwrap().unwrap().attempts, 1);
    }

    #[test]
    fn settings_that_cannot_be_used_are_a_sentence() {
        let no_address = MailSettings { from: "nobody".to_owned(), ..settings(25) };
        let no_password = MailSettings { user: "lib".to_owned(), ..settings(25) };
        let no_file = MailSettings { password_file: Some("/nowhere/x".into()), ..no_password.clone() };
        for wrong in [no_address, no_password, no_file] {
            assert!(Post::of(&wrong).is_err(), "{wrong:?}");
        }
    }
}
