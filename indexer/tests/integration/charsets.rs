//! Composed records in every charset that exports come in, through the real reader; real titles in GBK.
#![allow(clippy::print_stderr, reason = "a skipped check is named")]

use std::fmt::Write;
use std::path::Path;

use encoding_rs::{BIG5, Encoding, GB18030, UTF_8};
use indexer::charset::{Charset, Hint, detect};
use indexer::marc::{Framed, ParseOptions, RawRecord, ReadOptions, Reader, Record, parse};

/// Title and statement of responsibility with ideographs outside GBK, four bytes each in GB 18030.
const FOUR_BYTE_HAN: [(&str, &str); 10] = [
    ("𠮷野作造选集", "𠮷野作造著"),
    ("㐂寿文集", "陈㐂年编"),
    ("𪚥字考释", "王𪚥撰"),
    ("广韵𠀀部疏证", "李𠀋著"),
    ("㑳俗字谱", "刘㑳主编"),
    ("𫖯仰集", "赵𫖯著"),
    ("说文𣎴部笺", "孙𣎴注"),
    ("䶮国史稿", "刘䶮著"),
    ("𬭚于铭文研究", "马𬭚编著"),
    ("方言㥥字汇释", "周㥥辑"),
];

/// One CNMARC record in the bytes of a charset; composed here, since test data must not come from our writer.
fn cnmarc(encoding: &'static Encoding, title: &str, responsibility: &str) -> Vec<u8> {
    let field = |text: String| encoding.encode(&text).0.into_owned();
    record(
        b"nam0 2200000   450 ",
        &[
            ("001", b"012002000046".to_vec()),
            ("100", field("  \u{1F}a20020424d2002    em y0chiy0110    ea".into())),
            ("101", field("0 \u{1F}achi".into())),
            ("200", field(format!("1 \u{1F}a{title}\u{1F}f{responsibility}"))),
            ("210", field("  \u{1F}a北京\u{1F}c中华书局\u{1F}d2002".into())),
        ],
    )
}

fn record(leader: &[u8; 19], fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut directory = String::new();
    let mut data = Vec::new();
    for (tag, field) in fields {
        write!(directory, "{tag}{:04}{:05}", field.len() + 1, data.len()).expect("a string takes all");
        data.extend_from_slice(field);
        data.push(0x1E);
    }
    let base = 24 + directory.len() + 1;
    let mut bytes = format!("{:05}", base + data.len() + 1).into_bytes();
    bytes.extend_from_slice(leader);
    bytes[12..17].copy_from_slice(format!("{base:05}").as_bytes());
    bytes.extend_from_slice(directory.as_bytes());
    bytes.push(0x1E);
    bytes.extend_from_slice(&data);
    bytes.push(0x1D);
    bytes
}

fn read_all(bytes: &[u8]) -> Vec<Record> {
    let mut reader = Reader::new(bytes, ReadOptions::default());
    let mut raw = RawRecord::new(Vec::new(), 0, indexer::marc::Carrier::Iso2709);
    let mut records = Vec::new();
    while let Some(framed) = reader.next(&mut raw).expect("memory can be read") {
        assert_eq!(framed, Framed::Record);
        let mut record = Record::default();
        parse(&raw, &ParseOptions::default(), &mut record).expect("a whole record");
        records.push(record);
    }
    records
}

fn check(bytes: &[u8], charset: &str, tag: &[u8; 3], subfields: &[(char, &str)]) {
    let records = read_all(bytes);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].charset.label(), charset, "{subfields:?}");
    let field = records[0].field(tag).expect("the field is there");
    assert_eq!(field.subfields().collect::<Vec<_>>(), subfields);
    assert!(records[0].flaws.is_empty(), "{subfields:?}: {:?}", records[0].flaws);
}

#[test]
fn four_byte_han_reads_from_gb18030() {
    for (title, responsibility) in FOUR_BYTE_HAN {
        let subfields = [('a', title), ('f', responsibility)];
        check(&cnmarc(GB18030, title, responsibility), "gb18030", b"200", &subfields);
        check(&cnmarc(UTF_8, title, responsibility), "utf-8", b"200", &subfields);
    }
}

#[test]
fn scripts_of_minorities_read_from_gb18030() {
    for (title, responsibility) in [
        ("ئۇيغۇر خەلق چۆچەكلىرى", "ئابدۇكېرىم راخمان"),
        ("བོད་ཀྱི་ལོ་རྒྱུས་རགས་རིམ།", "ཚེ་བརྟན་རྒྱ་མཚོ།"),
        ("ᠮᠣᠩᠭᠣᠯ ᠤᠨ ᠨᠢᠭᠤᠴᠠ ᠲᠣᠪᠴᠢᠶᠠᠨ", "ᠪᠠᠶᠠᠷ"),
    ] {
        let subfields = [('a', title), ('f', responsibility)];
        check(&cnmarc(GB18030, title, responsibility), "gb18030", b"200", &subfields);
        check(&cnmarc(UTF_8, title, responsibility), "utf-8", b"200", &subfields);
    }
}

#[test]
fn big5_with_hkscs_reads() {
    // 㗎 and 啩 are Cantonese particles of the Hong Kong supplementary set, which no encoder of ours writes.
    let mut title = b"1 \x1Fa\xBC\x73\xAA\x46\xB8\xDC\x9D\xEE\x9E\x4E\xC3\xE3\xA8\xE5\x1Ff".to_vec();
    title.extend_from_slice(&BIG5.encode("張勵妍編著").0);
    let publisher = BIG5.encode("  \u{1F}a香港\u{1F}c商務印書館").0.into_owned();
    let bytes = record(b"nam0 2200000   450 ", &[("001", b"1".to_vec()), ("200", title), ("210", publisher)]);
    check(&bytes, "big5", b"200", &[('a', "廣東話㗎啩辭典"), ('f', "張勵妍編著")]);
}

#[test]
fn marc8_with_eacc_reads() {
    // Bytes as `yaz-iconv -f utf-8 -t marc8` makes them.
    let bytes = record(
        b"nam  2200000 a 4500",
        &[
            ("001", b"82000001".to_vec()),
            ("245", b"10\x1F6880-01\x1FaHong lou meng yan jiu =\x1Fb\xE2Etude du r\xE3eve.".to_vec()),
            ("880", b"10\x1F6245-01/$1\x1Fa\x1B$1!Pr!EJ!9$!N7!ON\x1B(B =\x1Fbx.".to_vec()),
        ],
    );
    check(&bytes, "marc-8", b"880", &[('6', "245-01/$1"), ('a', "紅樓夢硏究 ="), ('b', "x.")]);
    check(
        &bytes,
        "marc-8",
        b"245",
        &[('6', "880-01"), ('a', "Hong lou meng yan jiu ="), ('b', "Étude du rêve.")],
    );
}

#[test]
fn a_gbk_field_in_a_utf8_record_reads() {
    let mut field = "  ".as_bytes().to_vec();
    field.extend_from_slice(b"\x1Fa");
    field.extend_from_slice(&GB18030.encode("北京林业大学图书馆阅览室").0);
    let bytes = record(
        b"nam0 2200000   450 ",
        &[
            ("001", b"1".to_vec()),
            ("200", "1 \u{1F}a数据库系统概论\u{1F}f王珊，萨师煊著".as_bytes().to_vec()),
            ("330", "  \u{1F}a本书系统地阐述了数据库系统的基础理论、技术和设计方法。".as_bytes().to_vec()),
            ("905", field),
        ],
    );
    let records = read_all(&bytes);
    assert_eq!(records[0].charset.label(), "utf-8");
    let field = records[0].field(b"905").expect("the field is there");
    assert_eq!(field.first('a'), Some("北京林业大学图书馆阅览室"));
}

/// Titles of the real book descriptions beside the workspace, where they are there.
fn real_titles() -> Option<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/zh_books.tsv");
    let Ok(rows) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    };
    Some(rows.lines().skip(1).filter_map(|row| row.split('\t').next().map(str::to_owned)).collect())
}

#[test]
fn even_single_titles_are_recognised_in_gbk() {
    let Some(titles) = real_titles() else { return };
    let alone = Hint { declared: None, prior: None };
    // As among the records of a file in GBK, whose 100 $a claims something else.
    let among_others = Hint { declared: Some(Charset::Utf8), prior: Some(Charset::Gb18030) };
    let (mut n, mut n_alone, mut n_among_others) = (0, 0, 0);
    for title in titles.iter().step_by(5).filter(|t| !t.is_ascii()) {
        let bytes = GB18030.encode(title).0;
        n += 1;
        n_alone += usize::from(detect(&[&bytes], alone) == Charset::Gb18030);
        n_among_others += usize::from(detect(&[&bytes], among_others) == Charset::Gb18030);
        assert_eq!(detect(&[title.as_bytes()], alone), Charset::Utf8, "{title}");
    }
    assert!(n_alone * 1000 >= n * 990, "{n_alone} of {n} single titles");
    assert!(n_among_others * 1000 >= n * 998, "{n_among_others} of {n} titles among others");
}
