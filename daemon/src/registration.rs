//! What may stand in the form by which a reader registers, and in the profile afterwards. Pure.

use unicode_normalization::UnicodeNormalization;

use crate::requests::is_email;

/// The values as typed, without the password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Account`")]
pub struct AccountForm {
    pub barcode: String,
    pub code: String,
    pub name: String,
    pub email: String,
    pub phone: String,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountFault {
    /// It must be there.
    Missing,
    /// It is too long; nothing was cut.
    TooLong,
    /// Blanks or control characters stand in it.
    Unprintable,
    /// Nobody can be written to there.
    NoEmail,
}

/// Bytes of a value.
const MOST_BYTES: usize = 200;

impl AccountForm {
    /// In NFC, without blanks around; without a code of its own the barcode is the code.
    #[must_use]
    pub fn tidied(&self) -> Self {
        let tidy = |text: &str| text.nfc().collect::<String>().trim().to_owned();
        let barcode = tidy(&self.barcode);
        let code = Some(tidy(&self.code)).filter(|code| !code.is_empty());
        Self {
            code: code.unwrap_or_else(|| barcode.clone()),
            barcode,
            name: tidy(&self.name),
            email: tidy(&self.email),
            phone: tidy(&self.phone),
        }
    }

    /// Everything that is wrong, of the tidied form: the names of the fields as in forms.
    pub fn faults(&self) -> Vec<(&'static str, AccountFault)> {
        let fields = [
            ("barcode", &self.barcode),
            ("code", &self.code),
            ("name", &self.name),
            ("email", &self.email),
            ("phone", &self.phone),
        ];
        fields.into_iter().filter_map(|(name, text)| Some((name, fault(name, text)?))).collect()
    }
}

fn fault(name: &str, text: &str) -> Option<AccountFault> {
    let is_typed_to_sign_in = matches!(name, "barcode" | "code");
    let is_odd = |c: char| c.is_control() || is_typed_to_sign_in && c.is_whitespace();
    if text.is_empty() {
        return (name != "phone").then_some(AccountFault::Missing);
    }
    if text.len() > MOST_BYTES {
        return Some(AccountFault::TooLong);
    }
    if text.contains(is_odd) {
        return Some(AccountFault::Unprintable);
    }
    (name == "email" && !is_email(text)).then_some(AccountFault::NoEmail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_tidied_and_looked_at() {
        let form = |barcode: &str, code: &str, name: &str, email: &str| {
            let phone = String::new();
            let [barcode, code, name, email] = [barcode, code, name, email].map(str::to_owned);
            AccountForm { barcode, code, name, email, phone }.tidied()
        };
        let good = form(" 2026001\u{3000}", "", "王 芳", "wf@example.cn");
        assert_eq!((good.code.as_str(), good.faults()), ("2026001", vec![]));
        assert_eq!(form("1", "fang", "王芳", "wf@example.cn").code, "fang");
        let missing: Vec<_> = form("", "", " ", "").faults().into_iter().map(|(name, _)| name).collect();
        assert_eq!(missing, ["barcode", "code", "name", "email"]);
        for (barcode, code, name, email, at, fault) in [
            ("20 26", "x", "王芳", "wf@example.cn", "barcode", AccountFault::Unprintable),
            ("2026", "a\0b", "王芳", "wf@example.cn", "code", AccountFault::Unprintable),
            ("2026", "", "王\n芳", "wf@example.cn", "name", AccountFault::Unprintable),
            ("2026", "", "王芳", "wf", "email", AccountFault::NoEmail),
        ] {
            assert_eq!(form(barcode, code, name, email).faults(), [(at, fault)], "{name}");
        }
        assert_eq!(
            form("1", "", &"长".repeat(90), "wf@example.cn").faults(),
            [("name", AccountFault::TooLong)]
        );
    }
}
