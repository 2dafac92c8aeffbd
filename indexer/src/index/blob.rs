//! Many small records in one file, each found by its number.
//!
//! Records of sixteen numbers make a group: the table behind the records says in five bytes where a group begins
//! and in two bytes each where its records end; a group too wide for that says so and carries wider ends in front.
//! So a record costs 2.3 bytes to be found. It knows nothing of what is in a record.

use tantivy::directory::OwnedBytes;

use crate::index::Error;
use crate::index::out_file::OutFile;

/// Records of a group.
const GROUP: usize = 16;
/// Bytes of a group's place; its highest bit marks a wide group.
const PLACE: usize = 5;
const WIDE: u64 = 1 << (8 * PLACE - 1);
/// Bytes of the table a group.
const ROW: usize = PLACE + 2 * GROUP;
/// Number of records and place of the table.
const TRAILER: usize = 4 + 8;
/// No record is larger.
pub(crate) const LARGEST: usize = 64 << 20;

/// Writes records in the order of their numbers.
pub(crate) struct BlobWriter {
    out: OutFile,
    group: Vec<u8>,
    ends: Vec<u32>,
    table: Vec<u8>,
    n: u32,
}

impl BlobWriter {
    pub(crate) fn new(out: OutFile) -> Self {
        Self { out, group: Vec::new(), ends: Vec::with_capacity(GROUP), table: Vec::new(), n: 0 }
    }

    pub(crate) fn push(&mut self, record: &[u8]) -> Result<(), Error> {
        if record.len() > LARGEST {
            return Err(Error::TooLarge { path: self.out.path().to_owned(), bytes: record.len() });
        }
        self.group.extend_from_slice(record);
        // Sixteen records of at most 64 MiB stay below four gigabytes.
        self.ends.push(self.group.len() as u32);
        self.n += 1;
        if self.ends.len() == GROUP { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), Error> {
        if self.ends.is_empty() {
            return Ok(());
        }
        self.ends.resize(GROUP, self.group.len() as u32);
        let wide = self.group.len() > usize::from(u16::MAX);
        let place = self.out.at() | if wide { WIDE } else { 0 };
        self.table.extend_from_slice(&place.to_le_bytes()[..PLACE]);
        for end in &self.ends {
            self.table.extend_from_slice(&(*end as u16).to_le_bytes());
            if wide {
                self.out.write(&end.to_le_bytes())?;
            }
        }
        self.out.write(&self.group)?;
        self.group.clear();
        self.ends.clear();
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.close()?;
        let table = self.out.at();
        self.out.write(&self.table)?;
        self.out.write(&self.n.to_le_bytes())?;
        self.out.write(&table.to_le_bytes())?;
        self.out.finish()
    }
}

/// Reads them.
pub(crate) struct Blob {
    bytes: OwnedBytes,
    n: u32,
    table: usize,
}

impl Blob {
    /// `None` where the bytes are no such file.
    pub(crate) fn open(bytes: OwnedBytes) -> Option<Self> {
        let trailer = bytes.len().checked_sub(TRAILER)?;
        let (n, table) = bytes.get(trailer..)?.split_first_chunk::<4>()?;
        let n = u32::from_le_bytes(*n);
        let table = usize::try_from(u64::from_le_bytes(table.try_into().ok()?)).ok()?;
        let rows = (n as usize).div_ceil(GROUP);
        (table.checked_add(rows.checked_mul(ROW)?)? == trailer).then_some(Self { bytes, n, table })
    }

    pub(crate) fn get(&self, number: u32) -> Option<&[u8]> {
        if number >= self.n {
            return None;
        }
        let (group, nth) = (number as usize / GROUP, number as usize % GROUP);
        let row = self.bytes.get(self.table + group * ROW..)?.get(..ROW)?;
        let mut place = [0; 8];
        place[..PLACE].copy_from_slice(&row[..PLACE]);
        let place = u64::from_le_bytes(place);
        let mut start = usize::try_from(place & !WIDE).ok()?;
        let end_of = |nth: usize| -> Option<usize> {
            if place & WIDE == 0 {
                let end = row.get(PLACE + 2 * nth..)?.first_chunk::<2>()?;
                Some(usize::from(u16::from_le_bytes(*end)))
            } else {
                let end = self.bytes.get(usize::try_from(place & !WIDE).ok()? + 4 * nth..)?;
                Some(u32::from_le_bytes(*end.first_chunk::<4>()?) as usize)
            }
        };
        let from = if nth == 0 { 0 } else { end_of(nth - 1)? };
        let to = end_of(nth)?;
        if place & WIDE != 0 {
            start += 4 * GROUP;
        }
        self.bytes.get(start..self.table)?.get(from..to)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::Disk;

    fn written(records: &[Vec<u8>]) -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("blob");
        let mut writer = BlobWriter::new(OutFile::create(&Disk, &path).expect("created"));
        records.iter().for_each(|record| writer.push(record).expect("written"));
        writer.finish().expect("finished");
        std::fs::read(path).expect("read")
    }

    #[test]
    fn wide_groups_and_narrow_ones() {
        let mut records: Vec<Vec<u8>> = (0..40u8).map(|n| vec![n; usize::from(n)]).collect();
        records[20] = vec![7; 70_000];
        records[22] = vec![8; 70_000];
        let blob = Blob::open(OwnedBytes::new(written(&records))).expect("a blob");
        for (n, record) in (0..).zip(&records) {
            assert_eq!(blob.get(n), Some(&record[..]), "{n}");
        }
        assert_eq!(blob.get(40), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn records_come_back_and_damage_never_panics(
            records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..50),
            flip in any::<(usize, u8)>(),
        ) {
            let mut bytes = written(&records);
            let blob = Blob::open(OwnedBytes::new(bytes.clone())).expect("a blob");
            for (n, record) in (0..).zip(&records) {
                prop_assert_eq!(blob.get(n), Some(&record[..]));
            }
            let at = flip.0 % bytes.len();
            bytes[at] ^= flip.1;
            if let Some(blob) = Blob::open(OwnedBytes::new(bytes)) {
                (0..60).for_each(|n| { blob.get(n); });
            }
        }
    }
}
