//! What is written in any form reads back as the same record.

use indexer::export::{MARCXML_BEGIN, MARCXML_END, write_iso2709, write_marc_json, write_marcxml};
use indexer::marc::{Leader, Record};
use proptest::prelude::*;

use crate::reading::read_bytes;

/// Tag, indicators and subfields of a data field.
type Field = (String, [u8; 2], Vec<(char, String)>);

fn field() -> impl Strategy<Value = Field> {
    let indicator = prop_oneof![Just(b' '), b'0'..=b'9'];
    let text = "[一-龥a-zA-Z0-9]([ 一-龥㐀-㐄𠀀-𠀄éßЖاབᠮ。《》<>\"'/;:,.&$-]{0,12}[一-龥a-z0-9])?";
    let subfield = ("[a-z0-9]", text).prop_map(|(code, text)| (code.chars().next().unwrap_or('a'), text));
    ("[1-9][0-9]{2}", [indicator.clone(), indicator], proptest::collection::vec(subfield, 1..5))
}

fn compose(fields: &[Field]) -> Record {
    let mut record = Record::default();
    record.set_leader(Leader(*b"00000nam0 2200000   450 "));
    record.push_control(*b"001", |out| out.push_str("0192000001"));
    for (tag, indicators, subfields) in fields {
        record.push_data(tag.as_bytes().try_into().unwrap(), *indicators);
        for (code, text) in subfields {
            record.push_subfield(*code, |out| out.push_str(text));
        }
    }
    record
}

fn content(record: &Record) -> (Vec<Field>, String) {
    let number = record.field(b"001").map(|f| f.value().to_owned()).unwrap_or_default();
    let data = record.fields().filter(|f| !f.is_control());
    let fields = data.map(|field| {
        let subfields = field.subfields().map(|(code, text)| (code, text.to_owned())).collect();
        (field.tag_text(), field.indicators(), subfields)
    });
    (fields.collect(), number)
}

fn check(form: &str, bytes: &[u8], n_records: usize, fields: &[Field]) -> Result<(), TestCaseError> {
    let (outcomes, account) = read_bytes(bytes);
    prop_assert_eq!(outcomes.len(), n_records, "{}", form);
    prop_assert_eq!(account.bytes_quarantined, 0, "{}", form);
    for outcome in &outcomes {
        prop_assert_eq!(outcome.codes(), vec![], "{}", form);
        let (found, number) = content(&outcome.record);
        prop_assert_eq!(found.as_slice(), fields, "{}", form);
        prop_assert_eq!(number, "0192000001", "{}", form);
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_form_keeps_every_field(fields in proptest::collection::vec(field(), 1..12)) {
        let record = compose(&fields);
        let mut binary = Vec::new();
        let mut markup = String::from(MARCXML_BEGIN);
        let mut lines = String::new();
        for _ in 0..2 {
            prop_assert_eq!(write_iso2709(&record, &mut binary), Ok(()));
            write_marcxml(&record, &mut markup);
            write_marc_json(&record, &mut lines);
        }
        markup.push_str(MARCXML_END);
        check("iso2709", &binary, 2, &fields)?;
        check("marcxml", markup.as_bytes(), 2, &fields)?;
        check("jsonl", lines.as_bytes(), 2, &fields)?;
    }
}
