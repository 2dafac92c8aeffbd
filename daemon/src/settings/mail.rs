//! `[mail]`: by which server mail goes out. Absent: nothing is sent, the desk gives the codes.

use std::path::{Path, PathBuf};

use super::check::{self, Fault, Setting};

/// How mail goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// Name of the server.
    pub host: String,
    /// Its port; `None` for the usual one.
    pub port: Option<u16>,
    /// How it is spoken to.
    pub security: MailSecurity,
    /// Address of the sender: `lib@example.edu.cn` or `图书馆 <lib@example.edu.cn>`.
    pub from: String,
    /// Name to sign in with; empty for none.
    pub user: String,
    /// File whose first line is the password; without one the environment's `LIANMU_MAIL_PASSWORD` counts.
    pub password_file: Option<PathBuf>,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS after a plain greeting; never without.
    StartTls,
    /// Plain: for a server on this machine or in this house.
    None,
}

pub(super) fn mail(settings: &[Setting], folder: &Path, faults: &mut Vec<Fault>) -> Option<MailSettings> {
    let text = |key: &str| check::text(settings, key);
    let (host, from, user, file) =
        (text("mail.host"), text("mail.from"), text("mail.user"), text("mail.password_file"));
    let is_meant = [host, from, user, file].iter().any(|text| !text.is_empty());
    if !is_meant {
        return None;
    }
    for (key, value) in [("mail.host", host), ("mail.from", from)] {
        if value.is_empty() {
            faults.push(Fault::new(key, "is missing"));
        }
    }
    let port = check::number(settings, "mail.port");
    if u16::try_from(port).is_err() {
        faults.push(Fault::new("mail.port", "is no port"));
    }
    Some(MailSettings {
        host: host.to_owned(),
        port: u16::try_from(port).ok().filter(|port| *port > 0),
        security: match text("mail.security") {
            "starttls" => MailSecurity::StartTls,
            "none" => MailSecurity::None,
            _ => MailSecurity::Tls,
        },
        from: from.to_owned(),
        user: user.to_owned(),
        password_file: (!file.is_empty()).then(|| folder.join(file)),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::super::Settings;
    use super::*;

    #[test]
    fn mail_is_off_whole_or_faulty() {
        let parse = |text: &str| Settings::parse(text, Path::new("/etc/lianmu.toml"));
        assert_eq!(parse("").unwrap().mail, None);
        let text = "[mail]\nhost = \"smtp.example.edu.cn\"\nport = 587\nsecurity = \"starttls\"\nfrom = \
                    \"lib@example.edu.cn\"\nuser = \"lib\"\npassword_file = \"mail.password\"";
        let mail = parse(text).unwrap().mail.unwrap();
        assert_eq!((mail.port, mail.security), (Some(587), MailSecurity::StartTls));
        assert_eq!(mail.password_file.unwrap(), Path::new("/etc/mail.password"));
        let wrong = "[mail]\nhost = \"x\"\nport = 70000\nsender = \"y\"";
        let error = parse(wrong).unwrap_err().to_string();
        for key in ["mail.from", "mail.port", "mail.sender"] {
            assert!(error.contains(&format!("\n  {key}")), "{key}: {error}");
        }
    }
}
