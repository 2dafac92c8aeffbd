//! How the tests here read a file: as `lianmu marc` does. And how they compose records.

use std::io::Read;

use indexer::marc::{
    Account, Field, FlawCode, Framed, ParseOptions, RawRecord, ReadOptions, Reader, Record, parse,
};

/// One record or fragment as it was read.
pub(crate) struct Outcome {
    pub(crate) raw: RawRecord,
    pub(crate) record: Record,
    pub(crate) reject: Option<FlawCode>,
}

impl Outcome {
    pub(crate) fn codes(&self) -> Vec<FlawCode> {
        match self.reject {
            Some(code) => vec![code],
            None => self.record.flaws.iter().map(|f| f.code).collect(),
        }
    }

    pub(crate) fn title(&self) -> Option<&str> {
        let field = self.record.fields().find(|f| matches!(&f.tag(), b"200" | b"245"))?;
        field.first('a')
    }
}

impl Outcome {
    /// Every field as a line.
    pub(crate) fn texts(&self) -> Vec<String> {
        let line = |field: Field<'_>| {
            let subfields: Vec<_> = field.subfields().collect();
            format!("{} {:?} {} {subfields:?}", field.tag_text(), field.indicators(), field.value())
        };
        self.record.fields().map(line).collect()
    }
}

/// Reads everything, checks the account.
pub(crate) fn read_all(input: impl Read, options: ReadOptions) -> (Vec<Outcome>, Account) {
    let mut reader = Reader::new(input, options);
    let mut raw = RawRecord::default();
    let mut outcomes = Vec::new();
    while let Some(framed) = reader.next(&mut raw).expect("the input can be read") {
        let mut record = Record::default();
        let reject = match framed {
            Framed::Reject(flaw) => Some(flaw.code),
            Framed::Record => {
                let outcome = parse(&raw, &ParseOptions::default(), &mut record);
                reader.account_mut().settle(&raw, &outcome, &record);
                outcome.err().map(|flaw| flaw.code)
            }
        };
        // Reading the fields must not panic, whatever is in them.
        for field in record.fields() {
            let _ = (field.tag_text(), field.value(), field.subfields().count());
        }
        outcomes.push(Outcome { raw: raw.clone(), record, reject });
    }
    let account = reader.account();
    assert!(account.adds_up(), "{account:?}");
    assert_eq!(account.records, outcomes.len() as u64);
    assert_eq!(account.rejected, outcomes.iter().filter(|o| o.reject.is_some()).count() as u64);
    (outcomes, account)
}

pub(crate) fn read_bytes(bytes: &[u8]) -> (Vec<Outcome>, Account) {
    let (outcomes, account) = read_all(std::io::Cursor::new(bytes.to_vec()), ReadOptions::default());
    assert_eq!(account.bytes, bytes.len() as u64, "{account:?}");
    (outcomes, account)
}

/// A well-formed ISO 2709 record of these fields.
pub(crate) fn iso2709(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut directory = Vec::new();
    let mut data = Vec::new();
    for (tag, content) in fields {
        directory.extend_from_slice(format!("{tag}{:04}{:05}", content.len() + 1, data.len()).as_bytes());
        data.extend_from_slice(content);
        data.push(0x1E);
    }
    let base = 24 + directory.len() + 1;
    let mut record = format!("{:05}nam a22{base:05}   450 ", base + data.len() + 1).into_bytes();
    record.extend_from_slice(&directory);
    record.push(0x1E);
    record.extend_from_slice(&data);
    record.push(0x1D);
    record
}

/// A record with a control number and a title.
pub(crate) fn titled(number: &str, title: &str) -> Vec<u8> {
    let title = format!("1 \u{1F}a{title}");
    iso2709(&[("001", number.as_bytes()), ("200", title.as_bytes())])
}
