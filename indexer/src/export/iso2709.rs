//! `Record` → ISO 2709 in UTF-8: lengths, offsets and the base address counted in bytes.
//!
//! A record that the form cannot hold is refused, never written with a wrapped length (DOMAIN §1.1).

use crate::marc::{Field, Record};

const RECORD_END: u8 = 0x1D;
const FIELD_END: u8 = 0x1E;
const SUBFIELD: u8 = 0x1F;
const LEADER: usize = 24;
const ENTRY: usize = 12;
const MAX_RECORD: usize = 99_999;
const MAX_FIELD: usize = 9_999;

/// A record that does not fit: MARCXML and MARC-in-JSON know no such limits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLong {
    /// More than 99,999 bytes.
    #[error("record of {bytes} bytes, ISO 2709 holds 99999")]
    Record {
        /// Length that the record would have.
        bytes: usize,
    },
    /// A field of more than 9,999 bytes.
    #[error("field {tag} of {bytes} bytes, ISO 2709 holds 9999")]
    Field {
        /// Tag of the field.
        tag: String,
        /// Length that it would have, its terminator included.
        bytes: usize,
    },
}

/// Appends the record; `out` is as before where it does not fit.
pub fn write_iso2709(record: &Record, out: &mut Vec<u8>) -> Result<(), TooLong> {
    let mut directory = Vec::with_capacity(record.n_fields() * ENTRY);
    let mut data = Vec::with_capacity(record.text().len() + record.n_fields() * 8);
    for field in record.fields() {
        let start = data.len();
        write_field(field, &mut data);
        let bytes = data.len() - start;
        if bytes > MAX_FIELD {
            return Err(TooLong::Field { tag: field.tag_text(), bytes });
        }
        directory.extend(field.tag().map(printable));
        directory.extend_from_slice(format!("{bytes:04}{start:05}").as_bytes());
    }
    let base = LEADER + directory.len() + 1;
    let length = base + data.len() + 1;
    // Checked last: an offset of six digits implies a length of six digits.
    if length > MAX_RECORD {
        return Err(TooLong::Record { bytes: length });
    }
    out.extend_from_slice(&leader(record, length, base));
    out.extend_from_slice(&directory);
    out.push(FIELD_END);
    out.extend_from_slice(&data);
    out.push(RECORD_END);
    Ok(())
}

fn write_field(field: Field<'_>, data: &mut Vec<u8>) {
    if is_control(field) {
        data.extend_from_slice(field.value().as_bytes());
    } else {
        data.extend(field.indicators().map(printable));
        for (code, text) in field.subfields() {
            data.push(SUBFIELD);
            data.extend_from_slice(code.encode_utf8(&mut [0; 4]).as_bytes());
            data.extend_from_slice(text.as_bytes());
        }
    }
    data.push(FIELD_END);
}

/// Whether a field is written without indicators; one that lost all its subfields still has them.
pub(super) fn is_control(field: Field<'_>) -> bool {
    field.is_control() && (field.tag().starts_with(b"00") || !field.value().is_empty())
}

fn leader(record: &Record, length: usize, base: usize) -> [u8; LEADER] {
    let mut leader = record.leader().0.map(printable);
    leader[..5].copy_from_slice(format!("{length:05}").as_bytes());
    leader[10..12].copy_from_slice(b"22");
    leader[12..17].copy_from_slice(format!("{base:05}").as_bytes());
    // MARC 21 says here that it is in UTF-8; in the UNIMARC family the position means nothing.
    if record.field(b"200").is_none() {
        leader[9] = b'a';
    }
    leader[20..23].copy_from_slice(b"450");
    leader
}

fn printable(byte: u8) -> u8 {
    if (0x20..0x7F).contains(&byte) { byte } else { b' ' }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::marc::{Carrier, Leader, ParseOptions, RawRecord, parse};

    fn sample() -> Record {
        let mut record = Record::default();
        record.set_leader(Leader(*b"00000nam0 2200000   450 "));
        record.push_control(*b"001", |t| t.push_str("012001"));
        record.push_data(*b"200", *b"1 ");
        record.push_subfield('a', |t| t.push_str("三国演义"));
        record.push_subfield('f', |t| t.push_str("罗贯中著"));
        record
    }

    #[test]
    fn lengths_are_counted_in_bytes() {
        let mut out = Vec::new();
        write_iso2709(&sample(), &mut out).expect("fits");
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(
            text,
            "00088nam0 2200049   450 001000700000200003100007\u{1E}012001\u{1E}1 \u{1F}a三国演义\u{1F}f罗贯中著\u{1E}\u{1D}"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut record = sample();
        record.push_data(*b"330", *b"  ");
        record.push_subfield('a', |t| t.push_str(&"提要".repeat(1_700)));
        let mut out = b"before".to_vec();
        let refused = write_iso2709(&record, &mut out);
        assert_eq!(refused, Err(TooLong::Field { tag: "330".into(), bytes: 10_205 }));
        let mut record = sample();
        for _ in 0..20 {
            record.push_data(*b"905", *b"  ");
            record.push_subfield('a', |t| t.push_str(&"x".repeat(6_000)));
        }
        assert!(matches!(write_iso2709(&record, &mut out), Err(TooLong::Record { .. })));
        assert_eq!(out, b"before");
    }

    type Plain = (String, [u8; 2], String, Vec<(char, String)>);

    fn fields(record: &Record) -> Vec<Plain> {
        record
            .fields()
            .map(|f| {
                let subfields = f.subfields().map(|(c, t)| (c, t.to_owned())).collect();
                (f.tag_text(), f.indicators(), f.value().to_owned(), subfields)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn written_records_read_the_same(
            id in "[0-9A-Z]{1,12}",
            data in proptest::collection::vec(
                ("[1-9][0-9]{2}", "[ 0-9]{2}", proptest::collection::vec(("[a-z0-9]", "[一-龥a-zA-Z0-9éü𠮷，。 ]{0,12}[一-龥a-z]"), 1..5)),
                0..20,
            ),
        ) {
            let mut record = Record::default();
            record.set_leader(Leader(*b"00000nam0 2200000   450 "));
            record.push_control(*b"001", |t| t.push_str(&id));
            for (tag, indicators, subfields) in &data {
                let tag = tag.as_bytes().try_into().expect("three characters");
                record.push_data(tag, indicators.as_bytes().try_into().expect("two"));
                for (code, text) in subfields {
                    let code = code.chars().next().expect("a code");
                    record.push_subfield(code, |t| t.push_str(text.trim()));
                }
            }
            let mut bytes = Vec::new();
            write_iso2709(&record, &mut bytes).expect("fits");
            let mut again = Record::default();
            parse(&RawRecord::new(bytes, 0, Carrier::Iso2709), &ParseOptions::default(), &mut again)
                .expect("our own record can be read");
            prop_assert_eq!(fields(&again), fields(&record));
        }
    }
}
