//! The request form (DOMAIN §8.1, CONTRACT §6): which values are taken, which are refused, and which are doubtful.
//!
//! Values that came from a record are looked at like typed ones.

use indexer::bib::{Isbn, Issn};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Characters of a note, as a person counts them: extended grapheme clusters after NFC.
pub const MOST_NOTE_CHARACTERS: usize = 50;
/// Bytes of a note, for a cluster may be of any length.
pub const MOST_NOTE_BYTES: usize = 2_000;
const MOST_BYTES: usize = 1_000;

/// How the item travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// 物流, paid by the centre.
    Courier,
    /// 自取, with the consortium card.
    Pickup,
}

/// A field of the form, named as in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in CONTRACT §6")]
pub enum Field {
    Title,
    Author,
    Year,
    Publisher,
    Isbn,
    Issn,
    CallNumber,
    Volume,
    Supplier,
    MaterialType,
    Delivery,
    Recipient,
    Phone,
    Email,
    Note,
}

impl Field {
    /// Its name in JSON and in forms.
    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Author => "author",
            Self::Year => "year",
            Self::Publisher => "publisher",
            Self::Isbn => "isbn",
            Self::Issn => "issn",
            Self::CallNumber => "call_number",
            Self::Volume => "volume",
            Self::Supplier => "supplier",
            Self::MaterialType => "material_type",
            Self::Delivery => "delivery",
            Self::Recipient => "recipient",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Note => "note",
        }
    }
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// It must be there.
    Missing,
    /// It is too long; nothing was cut.
    TooLong,
    /// A year is four digits.
    NoYear,
    /// `courier` or `pickup`.
    NoDelivery,
    /// Nobody can be written to there.
    NoEmail,
    /// It holds control characters.
    Unprintable,
}

/// A value that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where.
    pub field: Field,
    /// What.
    pub code: FaultCode,
}

/// A value that is taken, but marked: it may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// Where.
    pub field: Field,
}

/// The values, as typed or taken from a record; nothing is there that is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "as in CONTRACT §6")]
pub struct RequestForm {
    pub title: String,
    pub author: String,
    pub year: String,
    pub publisher: String,
    pub isbn: String,
    pub issn: String,
    pub call_number: String,
    pub volume: String,
    pub supplier: String,
    pub material_type: String,
    pub delivery: String,
    pub recipient: String,
    pub phone: String,
    pub email: String,
    pub note: String,
    pub record_id: String,
}

impl RequestForm {
    /// Out of the values that `value` gives for each name of CONTRACT §6.
    pub fn of(mut value: impl FnMut(&'static str) -> String) -> Self {
        Self {
            title: value("title"),
            author: value("author"),
            year: value("year"),
            publisher: value("publisher"),
            isbn: value("isbn"),
            issn: value("issn"),
            call_number: value("call_number"),
            volume: value("volume"),
            supplier: value("supplier"),
            material_type: value("material_type"),
            delivery: value("delivery"),
            recipient: value("recipient"),
            phone: value("phone"),
            email: value("email"),
            note: value("note"),
            record_id: value("record_id"),
        }
    }

    /// The value of this name; empty for a name that the form does not have.
    pub fn value(&self, name: &str) -> &str {
        if name == "record_id" {
            return &self.record_id;
        }
        self.fields().into_iter().find(|(field, _)| field.name() == name).map_or("", |(_, value)| value)
    }

    /// In NFC, without blanks around; line breaks stay in the note alone.
    #[must_use]
    pub fn tidied(&self) -> Self {
        Self::of(|name| self.value(name).nfc().collect::<String>().trim().to_owned())
    }

    fn fields(&self) -> [(Field, &str); 15] {
        [
            (Field::Title, &self.title),
            (Field::Author, &self.author),
            (Field::Year, &self.year),
            (Field::Publisher, &self.publisher),
            (Field::Isbn, &self.isbn),
            (Field::Issn, &self.issn),
            (Field::CallNumber, &self.call_number),
            (Field::Volume, &self.volume),
            (Field::Supplier, &self.supplier),
            (Field::MaterialType, &self.material_type),
            (Field::Delivery, &self.delivery),
            (Field::Recipient, &self.recipient),
            (Field::Phone, &self.phone),
            (Field::Email, &self.email),
            (Field::Note, &self.note),
        ]
    }

    /// Everything that is wrong, of the tidied form, in the order of its fields, one fault a field. An entry that is
    /// a set needs a volume.
    pub fn faults(&self, is_set: bool) -> Vec<Fault> {
        let fault_of = |(field, text): (Field, &str)| {
            let code = if text.is_empty() {
                (is_required(field) || field == Field::Volume && is_set).then_some(FaultCode::Missing)
            } else {
                fault(field, text)
            };
            code.map(|code| Fault { field, code })
        };
        self.fields().into_iter().filter_map(fault_of).collect()
    }

    /// Values that are marked for the reader to look at again. `this_year` is the year of today.
    pub fn doubts(&self, this_year: i16) -> Vec<Doubt> {
        let year = self.year.parse::<i16>();
        let found = [
            // Print began earlier, but what is lent did not; next year's books are sold in autumn.
            (Field::Year, year.is_ok_and(|year| year < 1450 || year > this_year + 1)),
            (Field::Isbn, !self.isbn.is_empty() && Isbn::parse(&self.isbn).is_none()),
            (Field::Issn, !self.issn.is_empty() && Issn::parse(&self.issn).is_none()),
        ];
        found.into_iter().filter(|(_, is)| *is).map(|(field, _)| Doubt { field }).collect()
    }
}

fn is_required(field: Field) -> bool {
    matches!(
        field,
        Field::Title
            | Field::Year
            | Field::CallNumber
            | Field::Supplier
            | Field::Delivery
            | Field::Recipient
            | Field::Email
    )
}

fn fault(field: Field, text: &str) -> Option<FaultCode> {
    let is_line_break = |c: char| field == Field::Note && matches!(c, '\n' | '\r');
    if text.chars().any(|c| c.is_control() && !is_line_break(c)) {
        return Some(FaultCode::Unprintable);
    }
    match field {
        Field::Note => {
            let is_long = text.len() > MOST_NOTE_BYTES || text.graphemes(true).count() > MOST_NOTE_CHARACTERS;
            is_long.then_some(FaultCode::TooLong)
        }
        _ if text.len() > MOST_BYTES => Some(FaultCode::TooLong),
        Field::Year => {
            let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
            (!is_year).then_some(FaultCode::NoYear)
        }
        Field::Delivery => (!matches!(text, "courier" | "pickup")).then_some(FaultCode::NoDelivery),
        Field::Email => (!is_email(text)).then_some(FaultCode::NoEmail),
        _ => None,
    }
}

/// One `@` with something on both sides and a dot behind it. Whether anybody reads there, only a letter shows.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let labels: Vec<&str> = domain.split('.').collect();
    !local.is_empty()
        && local.len() <= 64
        && text.len() <= 254
        && labels.len() >= 2
        && labels.iter().all(|label| !label.is_empty())
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"'))
        && !domain.contains('@')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::trial::request_form as filled;

    fn codes(form: &RequestForm, is_set: bool) -> Vec<(Field, FaultCode)> {
        form.tidied().faults(is_set).into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn what_must_be_there_is_asked_for() {
        assert_eq!(codes(&filled(), false), vec![]);
        assert_eq!(codes(&filled(), true), vec![(Field::Volume, FaultCode::Missing)]);
        let missing: Vec<Field> =
            codes(&RequestForm::default(), false).into_iter().map(|(field, _)| field).collect();
        let required = [
            Field::Title,
            Field::Year,
            Field::CallNumber,
            Field::Supplier,
            Field::Delivery,
            Field::Recipient,
            Field::Email,
        ];
        assert_eq!(missing, required);
        let blank = RequestForm { title: " \u{3000}\t".into(), ..filled() };
        assert_eq!(codes(&blank, false), vec![(Field::Title, FaultCode::Missing)]);
    }

    #[test]
    fn values_are_what_they_should_be() {
        let with = |change: fn(&mut RequestForm)| {
            let mut form = filled();
            change(&mut form);
            codes(&form, false)
        };
        assert_eq!(with(|f| f.year = "12".into()), vec![(Field::Year, FaultCode::NoYear)]);
        assert_eq!(with(|f| f.year = "２０１１".into()), vec![(Field::Year, FaultCode::NoYear)]);
        assert_eq!(with(|f| f.delivery = "drone".into()), vec![(Field::Delivery, FaultCode::NoDelivery)]);
        assert_eq!(with(|f| f.title = "a\0b".into()), vec![(Field::Title, FaultCode::Unprintable)]);
        assert_eq!(with(|f| f.title = "长".repeat(400)), vec![(Field::Title, FaultCode::TooLong)]);
        for wrong in
            ["lin", "lin@", "@example.org", "lin@example", "a@b@example.org", "a b@example.org", "<a@b.c>"]
        {
            let form = RequestForm { email: wrong.into(), ..filled() };
            assert_eq!(codes(&form, false), vec![(Field::Email, FaultCode::NoEmail)], "{wrong}");
        }
    }

    #[test]
    fn a_note_is_counted_as_a_person_counts() {
        let family = "👨‍👩‍👧‍👦";
        for character in ["书", family, "❤\u{fe0f}", "e\u{301}", "q\u{308}", "葛\u{e0100}", "🇨🇳"] {
            let note = |n: usize| RequestForm { note: character.repeat(n), ..filled() };
            assert_eq!(codes(&note(50), false), vec![], "{character}");
            assert_eq!(codes(&note(51), false), vec![(Field::Note, FaultCode::TooLong)], "{character}");
        }
        let tower = RequestForm { note: format!("e{}", "\u{301}".repeat(1_500)), ..filled() };
        assert_eq!(codes(&tower, false), vec![(Field::Note, FaultCode::TooLong)]);
        let lines = RequestForm { note: "第一\r\n第二".into(), ..filled() };
        assert_eq!(codes(&lines, false), vec![]);
    }

    #[test]
    fn what_may_be_wrong_is_marked_and_taken() {
        let fields =
            |form: &RequestForm| -> Vec<Field> { form.doubts(2026).iter().map(|d| d.field).collect() };
        assert_eq!(fields(&filled()), vec![]);
        let form = RequestForm {
            year: "2082".into(),
            isbn: "978-7-03-031234-2".into(),
            issn: "1000-1492".into(),
            ..filled()
        };
        assert_eq!(fields(&form), vec![Field::Year, Field::Isbn]);
        assert_eq!(codes(&form, false), vec![]);
    }
}
