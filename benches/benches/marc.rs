//! Records a second on one core: framing, and decoding, and mapping, with the crates `marc` and `mrrc` beside it.
//!
//! Input: composed records of about 900 bytes and the exports of the sample consortium, or files given as
//! arguments: `cargo bench -p benches --bench marc -- FILE…`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figures and may panic")]

use std::io::Cursor;
use std::time::Instant;

use data::sample::{Config, Consortium, ExportCharset};
use indexer::mapping::{Dialect, HoldingsProfile, dialect, map};
use indexer::marc::{Framed, ParseOptions, RawRecord, ReadOptions, Reader, Record, parse};

const N_RECORDS: usize = 40_000;
const N_WORKS: u32 = 12_000;
const ROUNDS: usize = 5;

fn main() {
    let files: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let inputs: Vec<(String, Vec<u8>)> = match files.is_empty() {
        true => composed().into_iter().chain(sample()).collect(),
        false => files.into_iter().map(|name| (name.clone(), std::fs::read(name).unwrap())).collect(),
    };
    println!("records/s on one core, best of {ROUNDS}");
    println!("input | bytes a record | framing | + decoding | + mapping | crate marc | crate mrrc");
    for (name, file) in inputs {
        let (_, n_records) = timed(&file, frame);
        let figures =
            [frame, decode, describe, peer_marc, peer_mrrc].map(|work| best(&file, n_records, work));
        let cells = figures.map(|figure| figure.map_or("fails".to_owned(), |f| format!("{f:.0}")));
        println!("{name} | {} | {}", file.len() / n_records.max(1), cells.join(" | "));
    }
}

/// The best of some rounds, in records a second; none where not all records are read.
fn best(file: &[u8], n_records: usize, work: fn(&[u8]) -> usize) -> Option<f64> {
    let mut best = 0.0f64;
    for _ in 0..ROUNDS {
        let (seconds, n) = timed(file, work);
        if n < n_records {
            return None;
        }
        best = best.max(n as f64 / seconds);
    }
    Some(best)
}

fn timed(file: &[u8], work: fn(&[u8]) -> usize) -> (f64, usize) {
    let start = Instant::now();
    let n_records = work(file);
    (start.elapsed().as_secs_f64(), n_records)
}

fn frame(file: &[u8]) -> usize {
    let mut reader = Reader::new(Cursor::new(file), ReadOptions::default());
    let mut raw = RawRecord::default();
    let mut n_records = 0;
    while let Some(framed) = reader.next(&mut raw).unwrap() {
        n_records += usize::from(framed == Framed::Record);
    }
    n_records
}

fn decode(file: &[u8]) -> usize {
    each_record(file, |record| assert!(record.text().len() < 1 << 20))
}

fn describe(file: &[u8]) -> usize {
    let profiles = [Dialect::Cnmarc, Dialect::Unimarc, Dialect::Marc21].map(HoldingsProfile::default_for);
    each_record(file, |record| {
        let dialect = dialect(record);
        let mapped = map(record, dialect, &profiles[dialect as usize]);
        std::hint::black_box(mapped);
    })
}

fn each_record(file: &[u8], mut see: impl FnMut(&Record)) -> usize {
    let mut reader = Reader::new(Cursor::new(file), ReadOptions::default());
    let mut raw = RawRecord::default();
    let mut record = Record::default();
    let mut n_records = 0;
    while let Some(framed) = reader.next(&mut raw).unwrap() {
        if framed == Framed::Record {
            n_records += 1;
            if parse(&raw, &ParseOptions::default(), &mut record).is_ok() {
                see(&record);
            }
        }
    }
    n_records
}

/// Frames and splits fields; leaves bytes undecoded.
fn peer_marc(file: &[u8]) -> usize {
    marc::Records::new(Cursor::new(file)).take_while(Result::is_ok).count()
}

/// Frames, splits and decodes as UTF-8 or MARC-8; knows no Chinese charset.
fn peer_mrrc(file: &[u8]) -> usize {
    let mut reader = mrrc::MarcReader::new(Cursor::new(file));
    let mut n_records = 0;
    while let Ok(Some(_)) = reader.read_record() {
        n_records += 1;
    }
    n_records
}

/// Undamaged exports of the sample consortium, one file a charset; without the line breaks behind records that
/// the peers cannot read.
fn sample() -> Vec<(String, Vec<u8>)> {
    let consortium = Consortium::new(Config { damage: 0.0, ..Config::demo(3, N_WORKS) });
    [ExportCharset::Utf8, ExportCharset::Gb18030, ExportCharset::Big5]
        .into_iter()
        .map(|charset| {
            let of_charset = (0..consortium.libraries().len()).filter(|&position| {
                let habits = consortium.habits(position);
                habits.charset == charset && !habits.line_breaks
            });
            let file: Vec<u8> = of_charset.flat_map(|position| consortium.export(position).bytes).collect();
            (format!("sample {charset:?}"), file)
        })
        .filter(|(_, file)| !file.is_empty())
        .collect()
}

fn composed() -> Vec<(String, Vec<u8>)> {
    let charsets = [("utf-8", utf8 as fn(&str) -> Vec<u8>), ("gb18030", gb18030), ("ascii", ascii)];
    charsets.map(|(name, encode)| (format!("composed {name}"), compose(encode))).into()
}

fn utf8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn ascii(text: &str) -> Vec<u8> {
    text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'a' + (c as u32 % 26) as u8 }).collect()
}

fn compose(encode: fn(&str) -> Vec<u8>) -> Vec<u8> {
    let words = [
        "三国",
        "演义",
        "计算机",
        "程序",
        "设计",
        "教程",
        "中国",
        "历史",
        "研究",
        "导论",
        "文学",
        "概论",
        "经济",
    ];
    let mut seed = 0x2026_1125_u64;
    let mut some = |n: usize| -> String {
        (0..n)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                words[(seed >> 33) as usize % words.len()]
            })
            .collect()
    };
    let mut file = Vec::new();
    for n in 0..N_RECORDS {
        let fields: Vec<(&str, String)> = vec![
            ("001", format!("01{n:08}")),
            ("005", "20251125120000.0".into()),
            ("010", "  \u{1F}a978-7-302-33210-2\u{1F}dCNY39.00".into()),
            ("100", "  \u{1F}a20251125d2013    em y0chiy50      ea".into()),
            ("101", "0 \u{1F}achi".into()),
            ("102", "  \u{1F}aCN\u{1F}b110000".into()),
            ("200", format!("1 \u{1F}a{}\u{1F}e{}\u{1F}f{}编著", some(4), some(3), some(1))),
            ("210", "  \u{1F}a北京\u{1F}c清华大学出版社\u{1F}d2013".into()),
            ("215", "  \u{1F}a356页\u{1F}d26cm".into()),
            ("330", format!("  \u{1F}a{}", some(45))),
            ("606", format!("0 \u{1F}a{}\u{1F}x{}", some(1), some(1))),
            ("690", "  \u{1F}aTP312JA\u{1F}v5".into()),
            ("701", format!(" 0\u{1F}a{}\u{1F}4编著", some(1))),
            ("801", " 0\u{1F}aCN\u{1F}bBJFU\u{1F}c20251125".into()),
            ("905", "  \u{1F}aBJFU\u{1F}b0012345\u{1F}dTP312JA\u{1F}e8.5C\u{1F}f2".into()),
        ];
        push_record(&fields, encode, &mut file);
    }
    file
}

fn push_record(fields: &[(&str, String)], encode: fn(&str) -> Vec<u8>, file: &mut Vec<u8>) {
    let mut directory = String::new();
    let mut data = Vec::new();
    for (tag, text) in fields {
        let bytes = encode(text);
        directory += &format!("{tag}{:04}{:05}", bytes.len() + 1, data.len());
        data.extend_from_slice(&bytes);
        data.push(0x1E);
    }
    let base = 24 + directory.len() + 1;
    file.extend_from_slice(
        format!("{:05}nam0a22{base:05}   450 {directory}\u{1E}", base + data.len() + 1).as_bytes(),
    );
    file.extend_from_slice(&data);
    file.push(0x1D);
}
