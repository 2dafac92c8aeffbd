//! What holds for any input: no panic, every byte accounted for, damage to one record costs no other.

use std::io::{Cursor, Read};

use indexer::marc::{Carrier, FlawCode, ReadOptions};
use proptest::prelude::*;

use crate::reading::{iso2709, read_all, read_bytes, titled};

/// Pieces that steer arbitrary bytes into every framer.
const PIECES: [&[u8]; 24] = [
    b"\x1D",
    b"\x1E",
    b"\x1F",
    b"00714nam a2200229   450 ",
    b"\xEF\xBB\xBF",
    b"\n",
    b"<record>",
    b"</record>",
    b"<leader>",
    b"<datafield tag=\"200\"><subfield code=\"a\">",
    b"<!--",
    b"<![CDATA[",
    b"<!DOCTYPE",
    b"&#x1D;",
    b"{\"leader\":\"",
    b"\"fields\":[",
    b"}]",
    b"=LDR  ",
    b"=200  1\\$a",
    b"\n\n",
    b"***\n",
    b"2001 \x1Fa",
    b"\xB1\xB1\x81",
    b"\xFF\xFE",
];

fn input() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => (0..PIECES.len()).prop_map(|i| PIECES[i].to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => Just(titled("1", "三国演义")),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Common Han; any Han of the first two blocks; of extension B; all of them beside Latin.
fn title() -> impl Strategy<Value = String> {
    prop_oneof![
        "[的一是不人在有这上来到时大地为子中国年和三演义红楼梦水浒传西游记史论概研究教程]{1,20}",
        "[\u{4E00}-\u{9FA5}\u{3400}-\u{4DB5}]{1,20}",
        "[\u{20000}-\u{2A6D6}]{1,8}",
        "[\u{20000}-\u{2A6D6}㐀-䶵一-龥a-zA-Z0-9 ，。：（）《》é]{0,19}[一-龥]",
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_accounted_for(bytes in input()) {
        read_bytes(&bytes);
    }

    #[test]
    fn small_limits_hold(bytes in input(), limit in 1024usize..2048) {
        let options = ReadOptions { max_record: limit, max_markup: limit };
        let (outcomes, account) = read_all(Cursor::new(bytes.repeat(20)), options);
        prop_assert_eq!(account.bytes, bytes.len() as u64 * 20);
        // A tag or line that straddles the limit is let through whole.
        prop_assert!(outcomes.iter().filter(|o| o.reject.is_none()).all(|o| o.raw.bytes.len() <= limit + 1024));
    }

    #[test]
    fn the_size_of_reads_changes_nothing(bytes in input(), chunk in 1usize..50) {
        let (whole, account) = read_bytes(&bytes);
        let (pieces, same) = read_all(Trickle { bytes: Cursor::new(bytes), chunk }, ReadOptions::default());
        prop_assert_eq!(account, same);
        prop_assert_eq!(whole.len(), pieces.len());
    }

    #[test]
    fn records_come_out_as_they_went_in(titles in proptest::collection::vec(title(), 1..20)) {
        let records: Vec<Vec<u8>> = titles.iter().map(|t| titled("1", t)).collect();
        let (outcomes, account) = read_bytes(&records.concat());
        prop_assert_eq!(account.bytes_filler + account.bytes_quarantined, 0);
        prop_assert_eq!(outcomes.len(), titles.len());
        for ((outcome, bytes), title) in outcomes.iter().zip(&records).zip(&titles) {
            prop_assert_eq!(&outcome.raw.bytes, bytes);
            prop_assert_eq!(outcome.title(), Some(title.as_str()));
            prop_assert!(outcome.codes().is_empty());
        }
    }
}

/// A record whose directory names its fields in another order is read piece by piece, the others as a whole.
#[test]
fn both_ways_of_reading_say_the_same() {
    for (name, encode, title, responsibility, publisher) in [
        ("utf-8", utf8 as fn(&str) -> Vec<u8>, "Java简明教程（第2版）", "林某某主编", "清风出版社"),
        ("gb18030", gbk, "Java简明教程（第2版）", "林某某主编", "清风出版社"),
        ("big5", big5, "Java簡明教程（第2版）", "林某某主編，陳某某譯", "清風出版社"),
    ] {
        let fields = [
            ("001", "0123".to_owned()),
            ("100", "  \u{1F}a20131108d2013    em y0chiy50      ea".to_owned()),
            ("200", format!("1 \u{1F}a{title}\u{1F}f{responsibility}")),
            ("210", format!("  \u{1F}a北京\u{1F}c{publisher}\u{1F}d2013.06")),
            ("690", "  \u{1F}aTP312JA\u{1F}v5".to_owned()),
            ("905", "  \u{1F}b20295403-5405\u{1F}dTP312JA\u{1F}e8.5C".to_owned()),
        ];
        let fields: Vec<(&str, Vec<u8>)> = fields.iter().map(|(tag, text)| (*tag, encode(text))).collect();
        let fields: Vec<(&str, &[u8])> = fields.iter().map(|(tag, bytes)| (*tag, bytes.as_slice())).collect();
        let sound = iso2709(&fields);
        let mut shuffled = sound.clone();
        shuffled[24..48].rotate_left(12);
        let read = |bytes: &[u8]| {
            let (outcomes, _) = read_bytes(bytes);
            assert_eq!(outcomes[0].codes(), [], "{name}");
            assert_eq!(outcomes[0].record.charset.label(), name);
            let mut texts = outcomes[0].texts();
            texts.sort();
            texts
        };
        assert_eq!(read(&sound), read(&shuffled));
        assert_eq!(read(&sound).len(), fields.len());
    }
}

/// Gives a few bytes at a time.
struct Trickle {
    bytes: Cursor<Vec<u8>>,
    chunk: usize,
}

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.chunk.min(buffer.len());
        self.bytes.read(&mut buffer[..n])
    }
}

/// Endless input without a terminator.
fn endless(byte: u8, length: u64) -> impl Read {
    std::io::repeat(byte).take(length)
}

#[test]
fn two_gigabytes_without_a_terminator_are_one_reject() {
    // A tenth of it by default: the law is that nothing grows with the length.
    let length = if std::env::var_os("LIANMU_SLOW_TESTS").is_some() { 2 << 30 } else { 200 << 20 };
    for start in [
        b"00714nam a2200229   450 ".as_slice(),
        b"<record><leader>",
        b"<record><leader><!--",
        b"{\"leader\":\"",
        b"=LDR  0",
        b"x",
    ] {
        let input = Cursor::new(start.to_vec()).chain(endless(b'0', length / 5));
        let (outcomes, account) = read_all(input, ReadOptions::default());
        assert_eq!(outcomes.len(), 1, "{start:?}");
        assert_eq!(account.bytes_quarantined, start.len() as u64 + length / 5);
        assert!(outcomes[0].raw.bytes.len() <= 1 << 20);
    }
}

#[test]
fn noise_between_records_is_no_record() {
    let (before, after) = (titled("1", "红楼梦"), titled("2", "三国演义"));
    for seed in 0..200u8 {
        let mut noise = vec![0; 3_000];
        blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut noise);
        let (outcomes, account) = read_bytes(&[&before[..], &noise, &after].concat());
        let read: Vec<_> = outcomes.iter().filter(|outcome| outcome.reject.is_none()).collect();
        let titles: Vec<_> = read.iter().filter_map(|outcome| outcome.title()).collect();
        assert_eq!(titles, ["红楼梦", "三国演义"], "seed {seed}");
        assert_eq!(read.len(), 2, "seed {seed}");
        assert!(account.bytes_quarantined >= 2_900, "seed {seed}");
    }
}

#[test]
fn a_damaged_record_costs_no_other() {
    let (one, two, three) = (titled("1", "红楼梦"), titled("2", "三国演义"), titled("3", "水浒传"));
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(two.clone()).unwrap();
        assert!(text.contains(from), "{from} is not in the sample");
        text.replacen(from, to, 1).into_bytes()
    };
    let without_rt = two[..two.len() - 1].to_vec();
    let length = format!("{:05}", two.len());
    let damages: Vec<(&str, Vec<u8>)> = vec![
        ("sound", two.clone()),
        ("line ends", [b"\r\n".as_slice(), &two, b"\r\n \0\x1A"].concat()),
        ("byte order mark", [b"\xEF\xBB\xBF".as_slice(), &two].concat()),
        ("length too small", replaced(&length, "00050")),
        ("length too big", replaced(&length, "00300")),
        ("length blank", replaced(&length, "     ")),
        ("length zero", replaced(&length, "00000")),
        ("length of the limit", replaced(&length, "99999")),
        ("terminator missing", without_rt.clone()),
        ("terminator missing, line end", [without_rt.as_slice(), b"\r\n"].concat()),
        ("terminator inside", replaced("三国演义", "三国\u{1D}演义")),
        ("base address wrong", replaced("2200049", "2200047")),
        ("base address no number", replaced("2200049", "220004x")),
        ("directory counts characters", replaced("200001700002", "200000900002")),
        ("leader long", [b"0".as_slice(), &two].concat()),
        ("leader short", two[1..].to_vec()),
        ("no field terminators", replaced("\u{1E}\u{1D}", "\u{1D}")),
        ("padding", [two.as_slice(), &[b' '; 500], &[0; 500]].concat()),
    ];
    for (name, damaged) in damages {
        let file = [one.as_slice(), &damaged, &three].concat();
        let (outcomes, _) = read_bytes(&file);
        let titles: Vec<_> = outcomes.iter().filter_map(|o| o.title()).collect();
        assert_eq!(titles, ["红楼梦", "三国演义", "水浒传"], "{name}");
    }
}

#[test]
fn lost_beyond_repair_is_quarantined_between_its_neighbours() {
    let (one, three) = (titled("1", "红楼梦"), titled("3", "水浒传"));
    let file = [one.as_slice(), b"HTTP 500 while exporting\x1D", &three].concat();
    let (outcomes, account) = read_bytes(&file);
    assert_eq!(outcomes.len(), 3);
    assert_eq!(outcomes[1].reject, Some(FlawCode::StrayBytes));
    assert_eq!(account.bytes_quarantined, 25);
    assert_eq!(outcomes[2].title(), Some("水浒传"));
}

#[test]
fn every_carrier_gives_the_same_record() {
    let leader = "00714nam0 2200229   450 ";
    let iso = iso2709(&[("001", b"0123"), ("200", "1 \u{1F}aJava简明教程\u{1F}f林巧民主编".as_bytes())]);
    let xml = |prefix: &str, namespace: &str| {
        format!(
            "<?xml version=\"1.0\"?><{prefix}collection{namespace}><{prefix}record><{prefix}leader>{leader}</{prefix}leader>\
             <{prefix}controlfield tag=\"001\">0123</{prefix}controlfield><{prefix}datafield tag='200' ind1='1' ind2=' '>\
             <{prefix}subfield code='a'>Java简明教程</{prefix}subfield><{prefix}subfield code='f'>林巧民主编</{prefix}subfield>\
             </{prefix}datafield></{prefix}record></{prefix}collection>"
        )
    };
    let plain = xml("", "");
    let oai = format!(
        "<OAI-PMH><ListRecords><record><header status=\"deleted\"/></record><record><header/><metadata>{plain}</metadata></record></ListRecords></OAI-PMH>"
    );
    let json = format!(
        "{{\"leader\":\"{leader}\",\"fields\":[{{\"001\":\"0123\"}},{{\"200\":{{\"ind1\":\"1\",\"ind2\":\" \",\"subfields\":[{{\"a\":\"Java简明教程\"}},{{\"f\":\"林巧民主编\"}}]}}}}]}}"
    );
    let worksheet =
        |sign: &str| format!("{leader}\n0010123\n2001 {sign}aJava简明教程{sign}f林巧民主编\n***\n");
    let samples: Vec<(&str, Carrier, Vec<u8>)> = vec![
        ("iso2709", Carrier::Iso2709, iso.clone()),
        ("utf-16", Carrier::Iso2709, utf16(&String::from_utf8(iso).unwrap())),
        ("xml", Carrier::Xml, plain.clone().into_bytes()),
        ("slim", Carrier::Xml, xml("", " xmlns=\"http://www.loc.gov/MARC21/slim\"").into_bytes()),
        ("prefix", Carrier::Xml, xml("marc:", " xmlns:marc=\"http://www.loc.gov/MARC21/slim\"").into_bytes()),
        ("oai", Carrier::Xml, oai.into_bytes()),
        ("gbk xml", Carrier::Xml, gbk(&plain.replace("\"1.0\"", "\"1.0\" encoding=\"GBK\""))),
        ("json", Carrier::Json, json.clone().into_bytes()),
        ("json array", Carrier::Json, format!("[{json}]").into_bytes()),
        (
            "wrapped json",
            Carrier::Json,
            format!("{{\"records\":[{{\"content\":{json},\"id\":1}}]}}").into_bytes(),
        ),
        ("json lines", Carrier::Json, format!("{json}\n").into_bytes()),
        (
            "mrk",
            Carrier::Mrk,
            format!("=LDR  {leader}\n=001  0123\n=200  1\\$aJava简明教程$f林巧民主编\n").into_bytes(),
        ),
        (
            "yaz",
            Carrier::Line,
            format!("{leader}\n001 0123\n200 1  $a Java简明教程 $f 林巧民主编\n").into_bytes(),
        ),
        ("worksheet ▼", Carrier::Worksheet, gbk(&worksheet("▼"))),
        ("worksheet ǂ", Carrier::Worksheet, worksheet("ǂ").into_bytes()),
        ("worksheet ‡", Carrier::Worksheet, worksheet("‡").into_bytes()),
        ("worksheet |", Carrier::Worksheet, gbk(&worksheet("|"))),
        ("worksheet @", Carrier::Worksheet, gbk(&worksheet("@"))),
        ("worksheet $", Carrier::Worksheet, gbk(&worksheet("$"))),
        ("worksheet 1F", Carrier::Worksheet, gbk(&worksheet("\u{1F}"))),
        ("opac", Carrier::Worksheet, "001\t0123\n200\t1 \t|aJava简明教程|f林巧民主编\n".as_bytes().to_vec()),
    ];
    for (name, carrier, bytes) in samples {
        let (outcomes, _) = read_bytes(&bytes);
        assert_eq!(outcomes.len(), 1, "{name}: {:?}", outcomes.iter().map(|o| o.codes()).collect::<Vec<_>>());
        let record = &outcomes[0].record;
        assert_eq!(outcomes[0].raw.carrier, carrier, "{name}");
        assert_eq!(record.field(b"001").unwrap().value(), "0123", "{name}");
        let title: Vec<_> = record.field(b"200").unwrap().subfields().collect();
        assert_eq!(title, [('a', "Java简明教程"), ('f', "林巧民主编")], "{name}");
        assert_eq!(record.field(b"200").unwrap().indicators(), *b"1 ", "{name}");
    }
}

fn utf8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn big5(text: &str) -> Vec<u8> {
    encoding_rs::BIG5.encode(text).0.into_owned()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}
