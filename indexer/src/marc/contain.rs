//! What a file contains: itself, or what is compressed in it. Found by its first bytes, never by its name.
//!
//! Everything a hostile archive can do ends as a flaw that the reader reports: a bomb, an archive inside an
//! archive, a name that leads out, damage. Knows nothing of MARC.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::window::Refused;
use super::{Error, FlawCode};

/// Most files that an archive may hold.
const MAX_FILES: usize = 10_000;
/// Most plain bytes that one compressed file may give.
const MAX_PLAIN: u64 = 64 << 30;
/// A bomb gives more than this many plain bytes for one compressed byte …
const MAX_RATIO: u64 = 200;
/// … after it has given this much: short files of blanks are no bombs.
const RATIO_FREE: u64 = 64 << 20;
/// Largest zstd window, as a power of two: memory for decompression.
const ZSTD_WINDOW_LOG: u32 = 27;

/// The contents of one file, to be read one after the other.
pub struct ContainedFiles {
    path: PathBuf,
    name: String,
    contents: Contents,
}

enum Contents {
    One(Option<Box<dyn Read + Send>>),
    Zip { entries: std::vec::IntoIter<ZipEntry> },
}

struct ZipEntry {
    name: String,
    place: Result<Place, FlawCode>,
}

struct Place {
    start: u64,
    length: u64,
    deflated: bool,
}

/// Opens a file and finds what it contains: names (`a.zip!b.mrc`) and readers.
///
/// What is refused is contained too: its reader ends in a flaw.
pub fn contained_files(path: &Path) -> Result<ContainedFiles, Error> {
    let open_error = |source| Error::Open { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(open_error)?;
    if file.metadata().map_err(open_error)?.is_dir() {
        return Err(open_error(io::ErrorKind::IsADirectory.into()));
    }
    let mut head = [0u8; 4];
    let n = fill(&mut file, &mut head).map_err(open_error)?;
    let name = path.to_string_lossy().into_owned();
    let contents = match kind(&head[..n]) {
        Kind::Zip => zip_contents(file, &name),
        compressed => {
            // What cannot be rewound, such as a pipe, is read from where it stands.
            let whole: Box<dyn Read + Send> = match file.seek(SeekFrom::Start(0)) {
                Ok(_) => Box::new(file),
                Err(_) => Box::new(io::Cursor::new(head[..n].to_vec()).chain(file)),
            };
            Contents::One(Some(decompressed(compressed, whole)))
        }
    };
    Ok(ContainedFiles { path: path.to_owned(), name, contents })
}

impl Iterator for ContainedFiles {
    type Item = (String, Box<dyn Read + Send>);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.contents {
            Contents::One(content) => Some((self.name.clone(), content.take()?)),
            Contents::Zip { entries } => {
                let entry = entries.next()?;
                let content = match entry.place {
                    Ok(place) => {
                        open_entry(&self.path, &place).unwrap_or_else(|error| Box::new(Failing(Some(error))))
                    }
                    Err(code) => refusing(code),
                };
                Some((entry.name, content))
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Gzip,
    Zstd,
    Zip,
}

fn kind(head: &[u8]) -> Kind {
    match head {
        [0x1F, 0x8B, 0x08, ..] => Kind::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD] => Kind::Zstd,
        [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => Kind::Zip,
        _ => Kind::Plain,
    }
}

fn decompressed(kind: Kind, input: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    let counted = Counted { input, count: std::sync::Arc::default() };
    let count = counted.count.clone();
    match kind {
        Kind::Plain | Kind::Zip => counted.input,
        Kind::Gzip => {
            guarded(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, counted)), count)
        }
        Kind::Zstd => match zstd::Decoder::new(counted) {
            Ok(mut decoder) => match decoder.window_log_max(ZSTD_WINDOW_LOG) {
                Ok(()) => guarded(decoder, count),
                Err(_) => refusing(FlawCode::DamagedArchive),
            },
            Err(_) => refusing(FlawCode::DamagedArchive),
        },
    }
}

fn zip_contents(file: File, name: &str) -> Contents {
    let refused = |code| ZipEntry { name: name.to_owned(), place: Err(code) };
    let entries = match zip::ZipArchive::new(BufReader::new(file)) {
        Err(_) => vec![refused(FlawCode::DamagedArchive)],
        Ok(archive) if archive.len() > MAX_FILES => vec![refused(FlawCode::TooManyFiles)],
        Ok(mut archive) => (0..archive.len())
            .filter_map(|i| match archive.by_index_raw(i) {
                Err(_) => Some(refused(FlawCode::DamagedArchive)),
                Ok(entry) if entry.is_dir() => None,
                Ok(entry) => {
                    let inner = String::from_utf8_lossy(entry.name_raw()).into_owned();
                    Some(ZipEntry { name: format!("{name}!{inner}"), place: place(&entry, &inner) })
                }
            })
            .collect(),
    };
    Contents::Zip { entries: entries.into_iter() }
}

fn place<R: Read>(entry: &zip::read::ZipFile<'_, R>, name: &str) -> Result<Place, FlawCode> {
    if is_unsafe(name) {
        return Err(FlawCode::UnsafeName);
    }
    let deflated = match entry.compression() {
        zip::CompressionMethod::Stored => false,
        zip::CompressionMethod::Deflated => true,
        _ => return Err(FlawCode::DamagedArchive),
    };
    if entry.encrypted() {
        return Err(FlawCode::DamagedArchive);
    }
    let start = entry.data_start().ok_or(FlawCode::DamagedArchive)?;
    Ok(Place { start, length: entry.compressed_size(), deflated })
}

/// Names that lead out of a folder they would be unpacked into.
fn is_unsafe(name: &str) -> bool {
    name.starts_with(['/', '\\'])
        || name.as_bytes().get(1) == Some(&b':')
        || name.contains('\0')
        || name.split(['/', '\\']).any(|part| part == "..")
}

fn open_entry(path: &Path, place: &Place) -> io::Result<Box<dyn Read + Send>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(place.start))?;
    let input: Box<dyn Read + Send> = Box::new(file.take(place.length));
    let counted = Counted { input, count: std::sync::Arc::default() };
    let count = counted.count.clone();
    let mut plain: Box<dyn Read + Send> = if place.deflated {
        guarded(flate2::read::DeflateDecoder::new(BufReader::with_capacity(1 << 16, counted)), count)
    } else {
        counted.input
    };
    let mut head = [0u8; 4];
    let n = fill(&mut plain, &mut head)?;
    if kind(&head[..n]) != Kind::Plain {
        return Ok(refusing(FlawCode::NestedArchive));
    }
    Ok(Box::new(io::Cursor::new(head[..n].to_vec()).chain(plain)))
}

fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match input.read(&mut buffer[n..]) {
            Ok(0) => break,
            Ok(read) => n += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

fn refusing(code: FlawCode) -> Box<dyn Read + Send> {
    Box::new(Failing(Some(refusal(code))))
}

fn refusal(code: FlawCode) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Refused(code))
}

/// Fails once, then is at its end.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Counts the compressed bytes that are read.
struct Counted {
    input: Box<dyn Read + Send>,
    count: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.count.fetch_add(n as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(n)
    }
}

fn guarded(
    plain: impl Read + Send + 'static,
    compressed: std::sync::Arc<std::sync::atomic::AtomicU64>,
) -> Box<dyn Read + Send> {
    Box::new(Guarded { plain, compressed, given: 0, head: Vec::new() })
}

/// Ends in a flaw when the plain bytes are out of proportion, are an archive again, or cannot be had.
struct Guarded<R> {
    plain: R,
    compressed: std::sync::Arc<std::sync::atomic::AtomicU64>,
    given: u64,
    head: Vec<u8>,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.plain.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            // The decoders tell damage by many kinds; a disk that fails is told by its own.
            _ if error.raw_os_error().is_some() => error,
            _ => refusal(FlawCode::DamagedArchive),
        })?;
        if self.head.len() < 4 {
            self.head.extend_from_slice(&buffer[..n.min(4 - self.head.len())]);
            if kind(&self.head) != Kind::Plain {
                return Err(refusal(FlawCode::NestedArchive));
            }
        }
        self.given += n as u64;
        let compressed = self.compressed.load(std::sync::atomic::Ordering::Relaxed);
        let bomb = self.given > RATIO_FREE && self.given > compressed.saturating_mul(MAX_RATIO);
        if bomb || self.given > MAX_PLAIN {
            return Err(refusal(FlawCode::ArchiveBomb));
        }
        Ok(n)
    }
}
