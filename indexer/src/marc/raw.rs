//! A framed record: its bytes as received and where they stood.

use crate::charset::Charset;

use super::Flaw;

/// The form in which a record was received; kept with it in the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Carrier {
    /// ISO 2709 exchange record.
    #[default]
    Iso2709 = 0,
    /// One `<record>` element of MARCXML or UNIMARC slim.
    Xml = 1,
    /// One MARC-in-JSON object.
    Json = 2,
    /// MarcEdit `.mrk` block.
    Mrk = 3,
    /// YAZ line form block.
    Line = 4,
    /// Chinese worksheet 工作单 block.
    Worksheet = 5,
}

impl Carrier {
    /// The carrier with this number in an archive.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Iso2709, Self::Xml, Self::Json, Self::Mrk, Self::Line, Self::Worksheet]
            .into_iter()
            .find(|c| *c as u8 == number)
    }
}

/// One record as received, or a fragment that was quarantined.
#[derive(Clone, Debug, Default)]
pub struct RawRecord {
    /// Its bytes, delimiters included, as they stood in the decompressed file; a UTF-16 file is held as UTF-8.
    /// Of a quarantined fragment only the beginning may be kept, see `length`.
    pub bytes: Vec<u8>,
    /// Absolute byte offset of the first byte in the decompressed file.
    pub offset: u64,
    /// Its length in the decompressed file.
    pub length: u64,
    /// The form they are in.
    pub carrier: Carrier,
    /// The charset that the file declares for all its records, as an XML declaration does; a hint only.
    pub declared: Option<Charset>,
    /// What was wrong with its frame.
    pub flaws: Vec<Flaw>,
}

impl RawRecord {
    /// A record read back from where it was kept.
    pub fn new(bytes: Vec<u8>, offset: u64, carrier: Carrier) -> Self {
        let length = bytes.len() as u64;
        Self { bytes, offset, length, carrier, declared: None, flaws: Vec::new() }
    }

    /// Forgets the content, keeps the buffers.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.flaws.clear();
        self.offset = 0;
        self.length = 0;
        self.declared = None;
    }
}
