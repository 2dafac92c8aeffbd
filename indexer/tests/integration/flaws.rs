//! Walks the manifest of flaws: every code is in it, and its sample raises it through the whole reader.

use std::io::{Read, Write};

use indexer::marc::{FlawCode, Lang, ReadOptions, contained_files};

use crate::reading::read_all;

#[derive(serde::Deserialize)]
struct Manifest {
    flaw: Vec<Entry>,
}

#[derive(serde::Deserialize)]
struct Entry {
    code: String,
    grade: String,
    sample: String,
    #[serde(default = "one")]
    repeat: usize,
    #[serde(default)]
    wrap: Vec<String>,
    name: Option<String>,
    #[serde(default = "one")]
    files: usize,
}

fn one() -> usize {
    1
}

fn manifest() -> Manifest {
    toml::from_str(include_str!("../../src/marc/flaws.toml")).expect("the manifest is TOML")
}

/// `\xNN`, `\n` and `\\` stand for bytes.
fn unescaped(sample: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = sample.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match tail[0] {
            b'n' => bytes.push(b'\n'),
            b'\\' => bytes.push(b'\\'),
            b'x' => {
                let digits = std::str::from_utf8(&tail[1..3]).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &tail[2..];
            }
            other => panic!("unknown escape {other}"),
        }
        rest = &rest[1..];
    }
    bytes
}

fn wrapped(entry: &Entry) -> Vec<u8> {
    let mut bytes = unescaped(&entry.sample).repeat(entry.repeat);
    for kind in &entry.wrap {
        bytes = match kind.as_str() {
            "gzip" => {
                let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                gzip.write_all(&bytes).unwrap();
                gzip.finish().unwrap()
            }
            "zip" => {
                let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
                for n in 0..entry.files {
                    let name = entry.name.clone().unwrap_or_else(|| format!("{n}.mrc"));
                    zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
                    zip.write_all(&bytes).unwrap();
                }
                zip.finish().unwrap().into_inner()
            }
            other => panic!("unknown wrapping {other}"),
        };
    }
    bytes
}

fn raised(bytes: &[u8]) -> Vec<FlawCode> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample");
    std::fs::write(&path, bytes).unwrap();
    let options = ReadOptions { max_record: 32 * 1024, max_markup: 32 * 1024 };
    let mut codes = Vec::new();
    for (_, input) in contained_files(&path).unwrap() {
        let input: Box<dyn Read + Send> = input;
        codes.extend(read_all(input, options).0.iter().flat_map(|o| o.codes()));
    }
    codes
}

#[test]
fn every_code_is_in_the_manifest_once_with_its_grade() {
    let manifest = manifest();
    for &code in FlawCode::ALL {
        let entries: Vec<_> = manifest.flaw.iter().filter(|e| e.code == code.code()).collect();
        assert_eq!(entries.len(), 1, "{code}");
        assert_eq!(entries[0].grade, code.grade().name(), "{code}");
        assert_eq!(FlawCode::from_code(code.code()), Some(code));
        for lang in [Lang::ZhHans, Lang::ZhHant, Lang::En] {
            assert_ne!(code.sentence(lang), code.code(), "{code} has no sentence");
            assert_ne!(code.advice(lang), code.code(), "{code} has no advice");
        }
    }
    assert_eq!(manifest.flaw.len(), FlawCode::ALL.len(), "the manifest names an unknown code");
}

#[test]
fn every_sample_raises_its_flaw() {
    let silent: Vec<String> = manifest()
        .flaw
        .iter()
        .filter_map(|entry| {
            let codes = raised(&wrapped(entry));
            let found = codes.iter().any(|c| c.code() == entry.code);
            (!found).then(|| format!("{} raised only {codes:?}", entry.code))
        })
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}
