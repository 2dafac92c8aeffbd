//! Under which keys a record meets those that may be the same edition.
//!
//! Keys must be specific: a block of more than `BLOCK_CAP` records says nothing and is skipped, so that 文集 does not
//! make every library's collected works candidates of each other. A record that nothing specific can be said of has
//! no key and stays alone (DOMAIN §4.3). Keys are stored: changing them asks for a full build.

use super::name::NAME;
use super::record::{MatchRecord, Text, hash};
use super::title_level::is_short;

/// A block of more records is no evidence.
pub const BLOCK_CAP: usize = 400;

/// What a key is made of; the same bytes of another kind are another key.
#[derive(Clone, Copy)]
enum Kind {
    Isbn = 1,
    BookNumber,
    Issn,
    Control,
    TitleYear,
    TitleAuthor,
    TitlePublisher,
    AuthorYear,
    WholeTitle,
    AuthorPages,
    PublisherPages,
}

/// Appends the record's keys, sorted and distinct.
pub fn block_keys(record: &MatchRecord, out: &mut Vec<u64>) {
    let start = out.len();
    add_numbers(record, out);
    add_described(record, out);
    sort_from(start, out);
}

/// Appends the keys under which an entry with this record is found, sorted and distinct.
///
/// Two records with one ISBN each that is not the same are never one edition (`compare`). So what such a record's
/// description gives stands under a key of its own, and of the other records with one ISBN only those are met that
/// share a number.
pub fn stored_keys(record: &MatchRecord, out: &mut Vec<u64>) {
    let start = out.len();
    add_described(record, out);
    if record.isbns.len() == 1 {
        out[start..].iter_mut().for_each(|key| *key = with_one_isbn(*key));
    }
    add_numbers(record, out);
    sort_from(start, out);
}

/// Appends the stored keys of everything that the record may match, sorted and distinct.
pub fn wanted_keys(record: &MatchRecord, out: &mut Vec<u64>) {
    let start = out.len();
    add_described(record, out);
    if record.isbns.len() != 1 {
        out.extend_from_within(start..);
        let n = (out.len() - start) / 2;
        out[start + n..].iter_mut().for_each(|key| *key = with_one_isbn(*key));
    }
    add_numbers(record, out);
    sort_from(start, out);
}

/// The stored form of a key of `block_keys` where a record with one ISBN has it by its description.
pub fn with_one_isbn(key: u64) -> u64 {
    key ^ 0x5851_f42d_4c95_7f2d
}

/// The keys by numbers.
fn add_numbers(record: &MatchRecord, out: &mut Vec<u64>) {
    let mut keys = Keys { out, buffer: Vec::with_capacity(64) };
    for isbn in &record.isbns {
        keys.add(Kind::Isbn, &[&(isbn / 10).to_le_bytes()]);
    }
    for stem in &record.wrong_isbns {
        keys.add(Kind::Isbn, &[&stem.to_le_bytes()]);
    }
    for issn in &record.issns {
        keys.add(Kind::Issn, &[&issn.to_le_bytes()]);
    }
    for control in record.controls.chunks_exact(2) {
        keys.add(Kind::Control, &[&control[1].to_le_bytes()]);
    }
    let number = record.get(Text::BookNumber);
    if !number.is_empty() {
        keys.add(Kind::BookNumber, &[number.as_bytes()]);
    }
}

/// The keys by description.
fn add_described(record: &MatchRecord, out: &mut Vec<u64>) {
    Keys { out, buffer: Vec::with_capacity(64) }.add_described(record);
}

fn sort_from(start: usize, out: &mut Vec<u64>) {
    out[start..].sort_unstable();
    let mut kept = start;
    for at in start..out.len() {
        if at == start || out[at] != out[kept - 1] {
            out[kept] = out[at];
            kept += 1;
        }
    }
    out.truncate(kept);
}

struct Keys<'a> {
    out: &'a mut Vec<u64>,
    buffer: Vec<u8>,
}

impl Keys<'_> {
    fn add(&mut self, kind: Kind, pieces: &[&[u8]]) {
        self.buffer.clear();
        self.buffer.push(kind as u8);
        for piece in pieces {
            self.buffer.extend_from_slice(piece);
            self.buffer.push(0xff);
        }
        self.out.push(hash(&self.buffer));
    }

    fn add_described(&mut self, record: &MatchRecord) {
        let title = record.get(Text::Title);
        let names = record.get(Text::Names);
        if title.is_empty() || names.is_empty() && record.year == 0 && !record.has_identifier() {
            return;
        }
        let head = head(title, record.is_dense).as_bytes();
        let year = record.year.to_le_bytes();
        if record.year != 0 {
            self.add(Kind::TitleYear, &[head, &year]);
        }
        for name in names.split(NAME).filter(|n| !n.is_empty()).take(2) {
            self.add(
                Kind::TitleAuthor,
                &[beginning(title, record.is_dense).as_bytes(), surname(name).as_bytes()],
            );
        }
        if let Some(name) = names.split(NAME).next().filter(|n| !n.is_empty())
            && record.year != 0
        {
            self.add(Kind::AuthorYear, &[surname(name).as_bytes(), &year]);
        }
        if let Some(name) = names.split(NAME).next().filter(|n| !n.is_empty())
            && record.extent.pages > 60
        {
            self.add(Kind::AuthorPages, &[surname(name).as_bytes(), &record.extent.pages.to_le_bytes()]);
        }
        if let Some(publisher) = record.get(Text::Publishers).split(NAME).next().filter(|p| !p.is_empty()) {
            // Western titles begin in more ways than Chinese ones.
            if !record.is_dense && record.extent.pages > 60 && record.year != 0 {
                let pages = record.extent.pages.to_le_bytes();
                self.add(Kind::PublisherPages, &[beginning(publisher, false).as_bytes(), &year, &pages]);
            }
            self.add(Kind::TitlePublisher, &[head, beginning(publisher, record.is_dense).as_bytes()]);
        }
        if !is_short(title, record.is_dense) {
            self.add(Kind::WholeTitle, &[title.as_bytes()]);
        }
    }
}

/// The first eight characters, or the first three words.
fn head(title: &str, is_dense: bool) -> &str {
    let end = if is_dense {
        title.char_indices().nth(8).map(|(at, _)| at)
    } else {
        title.match_indices(' ').nth(2).map(|(at, _)| at)
    };
    &title[..end.unwrap_or(title.len())]
}

/// The first two characters, or the first word.
fn beginning(text: &str, is_dense: bool) -> &str {
    let end = if is_dense { text.char_indices().nth(2).map(|(at, _)| at) } else { text.find(' ') };
    &text[..end.unwrap_or(text.len())]
}

fn surname(name: &str) -> &str {
    name.rsplit_once(' ').filter(|(_, initial)| initial.len() == 1).map_or(name, |(surname, _)| surname)
}
