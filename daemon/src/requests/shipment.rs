//! What travels with an item: barcodes, the number of the parcel, what was left out. It is the note of the event
//! that says so, in lines that a person can read and a program can take apart again.

/// What a librarian says with an item that goes out or back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipment {
    /// Barcodes of the items (条码).
    pub barcodes: Vec<String>,
    /// Number that the courier gave (运单号).
    pub tracking: String,
    /// Number of our parcel (交接单号).
    pub parcel: String,
    /// What of the request does not come with it (缺).
    pub missing: String,
    /// Anything else.
    pub words: String,
}

const BARCODES: &str = "条码 ";
const TRACKING: &str = "运单 ";
const PARCEL: &str = "交接单 ";
const MISSING: &str = "缺 ";

impl Shipment {
    /// Barcodes as they were typed or scanned: one a line, or with blanks and commas between them.
    pub fn barcodes_of(typed: &str) -> Vec<String> {
        let is_between =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '，' | '；' | '、');
        let mut barcodes: Vec<String> = Vec::new();
        for barcode in typed.split(is_between).filter(|barcode| !barcode.is_empty()) {
            if !barcodes.iter().any(|known| known == barcode) {
                barcodes.push(barcode.to_owned());
            }
        }
        barcodes
    }

    /// As the note of an event.
    pub fn to_note(&self) -> String {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let parts = [
            (BARCODES, self.barcodes.join(" ")),
            (TRACKING, one_line(&self.tracking)),
            (PARCEL, one_line(&self.parcel)),
            (MISSING, one_line(&self.missing)),
            ("", self.words.trim().to_owned()),
        ];
        let lines = parts.into_iter().filter(|(_, text)| !text.is_empty());
        lines.map(|(name, text)| format!("{name}{text}")).collect::<Vec<_>>().join("\n")
    }

    /// Out of a note; what is none of its lines is words.
    pub fn of_note(note: &str) -> Self {
        let mut shipment = Self::default();
        let mut words = Vec::new();
        for line in note.lines() {
            let slots = [
                (TRACKING, &mut shipment.tracking),
                (PARCEL, &mut shipment.parcel),
                (MISSING, &mut shipment.missing),
            ];
            if let Some(barcodes) = line.strip_prefix(BARCODES).filter(|_| shipment.barcodes.is_empty()) {
                shipment.barcodes = Self::barcodes_of(barcodes);
            } else {
                let slot = slots.into_iter().find_map(|(name, slot)| Some((slot, line.strip_prefix(name)?)));
                match slot.filter(|(slot, _)| slot.is_empty() && words.is_empty()) {
                    Some((slot, text)) => *slot = text.to_owned(),
                    None => words.push(line),
                }
            }
        }
        shipment.words = words.join("\n").trim().to_owned();
        shipment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn barcodes_are_taken_as_they_come_from_a_scanner() {
        let check =
            |typed: &str, expect: &[&str]| assert_eq!(Shipment::barcodes_of(typed), expect, "{typed:?}");
        check("", &[]);
        check(" 00123\r\n00124\r\n", &["00123", "00124"]);
        check("00123、00124，00123", &["00123", "00124"]);
    }

    #[test]
    fn a_note_says_the_same_again() {
        let full = Shipment {
            barcodes: vec!["00123".into(), "00124".into()],
            tracking: "SF 100 2003".into(),
            parcel: "PKU-261129-1".into(),
            missing: "下册".into(),
            words: "封面破损\n请轻放".into(),
        };
        let note = full.to_note();
        assert_eq!(
            note,
            "条码 00123 00124\n运单 SF 100 2003\n交接单 PKU-261129-1\n缺 下册\n封面破损\n请轻放"
        );
        assert_eq!(Shipment::of_note(&note), full);
        for plain in ["", "请尽快归还", "缺书", "first\n缺 second"] {
            let read = Shipment::of_note(plain);
            assert_eq!((read.words.as_str(), read.to_note().as_str()), (plain, plain));
        }
    }
}
