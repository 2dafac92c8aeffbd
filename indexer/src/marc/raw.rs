//! A framed record: its bytes as received and where they stood.

/// The form in which a record was received; kept with it in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Carrier {
    /// ISO 2709 exchange record.
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

/// One record as received.
#[derive(Clone, Debug)]
pub struct RawRecord {
    /// Its bytes, delimiters included, as they stood in the decompressed file.
    pub bytes: Vec<u8>,
    /// Absolute byte offset of the first byte in the decompressed file.
    pub offset: u64,
    /// The form they are in.
    pub carrier: Carrier,
}
