//! What the archive must know of a record: its number, its hash, whether it is marked deleted. Pure.

use rayon::prelude::*;

use super::sketch;
use crate::archive::{ContentHash, RecordKey};
use crate::marc::{FlawCode, Framed, ParseOptions, RawRecord, Record, parse};

/// A readable record, looked at.
pub(super) struct Examined {
    /// Key of its control number, if it has one; that of a holdings or authority record is another.
    pub(super) key: Option<RecordKey>,
    pub(super) content: ContentHash,
    /// Its leader announces a holdings or authority record.
    pub(super) auxiliary: bool,
    /// Its leader says that it is deleted.
    pub(super) deleted: bool,
    /// It was read in spite of a flaw.
    pub(super) flawed: bool,
    /// Location codes, of some records only.
    pub(super) codes: Vec<String>,
}

/// Looks at all records of a batch on all cores. A reject comes back with its cause, and whether it had been
/// framed as a record.
pub(super) fn examine_all(batch: &[(Framed, RawRecord)]) -> Vec<Result<Examined, (FlawCode, bool)>> {
    batch
        .par_iter()
        .map_init(Record::default, |record, (framed, raw)| match framed {
            Framed::Reject(flaw) => Err((flaw.code, false)),
            Framed::Record => examine(raw, record).map_err(|code| (code, true)),
        })
        .collect()
}

pub(super) fn examine(raw: &RawRecord, record: &mut Record) -> Result<Examined, FlawCode> {
    parse(raw, &ParseOptions::default(), record).map_err(|flaw| flaw.code)?;
    let control_number = record.field(b"001").map(|field| {
        // Some exports write 001 as a data field.
        if field.is_control() { field.value() } else { field.first('a').unwrap_or("") }
    });
    let leader = record.leader();
    let content = ContentHash::of(raw);
    Ok(Examined {
        key: control_number.and_then(RecordKey::of_control_number),
        content,
        auxiliary: matches!(leader.at(6), b'u'..=b'z'),
        deleted: leader.at(5) == b'd',
        flawed: !record.flaws.is_empty(),
        codes: if sketch::is_sampled(content) { sketch::codes_of(record) } else { Vec::new() },
    })
}
