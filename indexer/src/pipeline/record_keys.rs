//! Under which keys an import will know the records of some bytes. Pure; it changes nothing.
//!
//! A harvester asks it to tie what a provider calls a record to the key that the archive gives it.

use std::io::Read;

use super::examine::{Examined, examine};
use crate::archive::RecordKey;
use crate::marc::{Error, Framed, RawRecord, ReadOptions, Reader, Record};

/// A record or fragment that an import would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetRecord {
    /// Byte at which it begins.
    pub offset: u64,
    /// Key of its control number, else of its content; `None` where it would be rejected.
    pub key: Option<RecordKey>,
    /// Key of its content, by which it is known where another record of the run has its number.
    pub content_key: Option<RecordKey>,
}

/// What an import of these bytes would meet, in order.
pub fn record_keys(input: impl Read) -> Result<Vec<MetRecord>, Error> {
    let mut reader = Reader::new(input, ReadOptions::default());
    let (mut raw, mut record) = (RawRecord::default(), Record::default());
    let mut met = Vec::new();
    while let Some(framed) = reader.next(&mut raw)? {
        let examined = match framed {
            Framed::Record => examine(&raw, &mut record).ok(),
            Framed::Reject(_) => None,
        };
        let content_key = examined.as_ref().map(|e| RecordKey::of_content(e.content));
        let numbered = |e: Examined| e.key.map(|key| if e.auxiliary { key.auxiliary() } else { key });
        let key = examined.and_then(numbered).or(content_key);
        met.push(MetRecord { offset: raw.offset, key, content_key });
    }
    Ok(met)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_record_is_known_by_its_number_or_its_content() {
        let record = |inside: &str| {
            let title = "<datafield tag=\"200\"><subfield code=\"a\">红楼梦</subfield></datafield>";
            format!("<record><leader>00000nam0 2200000   450 </leader>{inside}{title}</record>")
        };
        let numbered = record("<controlfield tag=\"001\"> 012005000123 </controlfield>");
        let text = format!("<a>{}{}</a>", numbered, record(""));
        let met = record_keys(text.as_bytes()).unwrap();
        assert_eq!(met.iter().map(|m| m.offset).collect::<Vec<_>>(), [3, 3 + numbered.len() as u64]);
        assert_eq!(met[0].key, RecordKey::of_control_number("012005000123"));
        assert!(met[1].key.is_some() && met[1].key != met[0].key);
        let nothing = record_keys(&b"\0\0"[..]).unwrap();
        assert!(nothing.iter().all(|m| m.key.is_none()));
    }
}
